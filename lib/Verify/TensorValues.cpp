// SPDX-License-Identifier: Apache-2.0
//
// Evaluates compile-time tensor expressions over the prime field, part by part as the rule
// language's own evaluator does in double.
#include "TensorValues.h"

#include "wnnx/Ops/Scalar.h"

#include <unordered_map>

namespace wnnx::verify {

using pat::TensorExpr;
using pat::TensorFn;
using Values = std::vector<Field>;

namespace {

/// What a one- or two-operand function is over the field; NaN when it is nothing.
Field apply(TensorFn f, Field a, Field b) {
  switch (f) {
  case TensorFn::Neg:
    return -a;
  case TensorFn::Abs:
    return scalar::abs(a);
  case TensorFn::Sqrt:
    return scalar::sqrt(a);
  case TensorFn::Rsqrt:
    return scalar::rsqrt(a);
  case TensorFn::Exp:
    return scalar::exp(a);
  case TensorFn::Log:
    return scalar::log(a);
  case TensorFn::Tanh:
    return scalar::tanh(a);
  case TensorFn::Sigmoid:
    return scalar::sigmoid(a);
  case TensorFn::Floor:
    return scalar::floor(a);
  case TensorFn::Ceil:
    return scalar::ceil(a);
  case TensorFn::Round:
    return scalar::round(a);
  case TensorFn::Sign:
    return scalar::sign(a);
  case TensorFn::Erf:
    return scalar::erf(a);
  case TensorFn::Logit:
    return scalar::log(scalar::div(a, Field(1) - a));
  case TensorFn::Sin:
    return scalar::sin(a);
  case TensorFn::Cos:
    return scalar::cos(a);
  case TensorFn::Log1p:
    return scalar::log1p(a);
  case TensorFn::Expm1:
    return scalar::expm1(a);
  case TensorFn::Add:
  case TensorFn::Sum:
  case TensorFn::Mean:
    return a + b;
  case TensorFn::Sub:
    return a - b;
  case TensorFn::Mul:
    return a * b;
  case TensorFn::Div:
    return scalar::div(a, b);
  case TensorFn::Min:
  case TensorFn::Amin:
    return scalar::min(a, b);
  case TensorFn::Max:
  case TensorFn::Amax:
    return scalar::max(a, b);
  case TensorFn::Pow:
    return scalar::pow(a, b);
  }
  return Field::nan();
}

/// Calls `f(offset)` for every index of `shape` in row-major order, where offset moves by
/// `strides`.
template <class F>
void walk(const Shape &shape, llvm::ArrayRef<int64_t> strides, int64_t offset, F &&f) {
  if (shape.numel() == 0)
    return;
  llvm::SmallVector<int64_t, 6> at(size_t(shape.rank()), 0);
  while (true) {
    f(offset);
    int64_t d = shape.rank() - 1;
    for (; d >= 0; --d) {
      offset += strides[size_t(d)];
      if (++at[size_t(d)] < shape[d])
        break;
      offset -= strides[size_t(d)] * shape[d];
      at[size_t(d)] = 0;
    }
    if (d < 0)
      return;
  }
}

/// Strides of `from` seen as the larger shape `to`.
llvm::SmallVector<int64_t, 6> broadcastStrides(const Shape &from, const Shape &to) {
  auto own = from.strides();
  llvm::SmallVector<int64_t, 6> s;
  int64_t lead = to.rank() - from.rank();
  for (int64_t i = 0; i < to.rank(); ++i)
    s.push_back(i < lead || from[i - lead] == 1 ? 0 : own[size_t(i - lead)]);
  return s;
}

class Evaluation {
  std::unordered_map<const TensorExpr *, std::shared_ptr<Values>> done;

  void placeParts(const TensorExpr &e, Values &out) {
    if (e.kind == TensorExpr::Pad)
      std::fill(out.begin(), out.end(), Field(e.value));
    auto strides = e.shape.strides();
    int64_t base = 0;
    for (size_t i = 0; i < e.ints.size() && e.kind == TensorExpr::Pad; ++i)
      base += e.ints[i] * strides[i];
    for (const pat::TensorRef &part : e.args) {
      const Values &a = *get(*part);
      size_t n = 0;
      walk(part->shape, strides, base, [&](int64_t at) { out[size_t(at)] = a[n++]; });
      if (e.kind == TensorExpr::Cat)
        base += part->shape[e.dim] * strides[size_t(e.dim)];
    }
  }

  void reduce(const TensorExpr &e, Values &out) {
    const Values &a = *get(*e.args[0]);
    const Shape &from = e.args[0]->shape;
    std::fill(out.begin(), out.end(),
              e.fn == TensorFn::Amax   ? Field::minusInfinity()
              : e.fn == TensorFn::Amin ? Field::infinity()
                                       : Field(0));
    llvm::SmallVector<int64_t, 6> strides(size_t(from.rank()), 0);
    int64_t stride = 1, count = 1;
    for (int64_t i = from.rank(); i-- > 0;) {
      if (e.ints[size_t(i)]) {
        count *= from[i];
        continue;
      }
      strides[size_t(i)] = stride;
      stride *= from[i];
    }
    size_t n = 0;
    walk(from, strides, 0,
         [&](int64_t at) { out[size_t(at)] = apply(e.fn, out[size_t(at)], a[n++]); });
    if (e.fn == TensorFn::Mean) {
      for (Field &x : out)
        x = scalar::div(x, Field(double(count)));
    }
  }

  void contract(const TensorExpr &e, Values &out) {
    size_t arrow = e.labels.find("->");
    std::string left = e.labels.substr(0, arrow), all = e.labels.substr(arrow + 2);
    size_t kept = all.size();
    for (char c : left) {
      if (c != ',' && all.find(c) == std::string::npos)
        all += c;
    }
    // Offsets into each part, and into the result, at every point of the space of all labels.
    Shape space;
    std::vector<llvm::SmallVector<int64_t, 6>> strides(e.args.size());
    for (char c : all) {
      int64_t size = 1;
      size_t arg = 0, at = 0;
      for (auto &s : strides)
        s.push_back(0);
      for (char l : left) {
        if (l == ',') {
          ++arg;
          at = 0;
          continue;
        }
        if (l == c) {
          size = e.args[arg]->shape[int64_t(at)];
          strides[arg].back() += e.args[arg]->shape.strides()[at];
        }
        ++at;
      }
      space.push(size);
    }
    llvm::SmallVector<int64_t, 6> to = e.shape.strides();
    to.resize(all.size(), 0);
    for (size_t i = kept; i < all.size(); ++i)
      to[i] = 0;
    std::vector<Field> products(size_t(space.numel()), Field(1));
    for (size_t p = 0; p < e.args.size(); ++p) {
      const Values &a = *get(*e.args[p]);
      size_t n = 0;
      walk(space, strides[p], 0, [&](int64_t at) {
        products[n] = products[n] * a[size_t(at)];
        ++n;
      });
    }
    size_t n = 0;
    walk(space, to, 0, [&](int64_t at) { out[size_t(at)] += products[n++]; });
  }

  void compute(const TensorExpr &e, Values &out) {
    size_t n = 0;
    switch (e.kind) {
    case TensorExpr::Leaf:
      for (Field &x : out)
        x = Field(e.leaf.getDouble(int64_t(n++)));
      return;
    case TensorExpr::Fill:
      std::fill(out.begin(), out.end(), Field(e.value));
      return;
    case TensorExpr::Iota:
      for (Field &x : out)
        x = Field(int(n++));
      return;
    case TensorExpr::Map1: {
      const Values &a = *get(*e.args[0]);
      for (; n < out.size(); ++n)
        out[n] = apply(e.fn, a[n], Field(0));
      return;
    }
    case TensorExpr::Map2: {
      const Values &a = *get(*e.args[0]), &b = *get(*e.args[1]);
      walk(e.shape, broadcastStrides(e.args[0]->shape, e.shape), 0,
           [&](int64_t at) { out[n++] = a[size_t(at)]; });
      n = 0;
      walk(e.shape, broadcastStrides(e.args[1]->shape, e.shape), 0, [&](int64_t at) {
        out[n] = apply(e.fn, out[n], b[size_t(at)]);
        ++n;
      });
      return;
    }
    case TensorExpr::Reshape:
      out = *get(*e.args[0]);
      return;
    case TensorExpr::View: {
      const Values &a = *get(*e.args[0]);
      walk(e.shape, e.ints, e.offset, [&](int64_t at) { out[n++] = a[size_t(at)]; });
      return;
    }
    case TensorExpr::Cat:
    case TensorExpr::Pad:
      return placeParts(e, out);
    case TensorExpr::Select: {
      const Values &a = *get(*e.args[0]);
      const Shape &from = e.args[0]->shape;
      int64_t outer = from.product(0, e.dim), inner = from.product(e.dim + 1, from.rank());
      for (int64_t o = 0; o < outer; ++o) {
        for (int64_t i : e.ints) {
          for (int64_t k = 0; k < inner; ++k)
            out[n++] = a[size_t((o * from[e.dim] + i) * inner + k)];
        }
      }
      return;
    }
    case TensorExpr::Reduce:
      return reduce(e, out);
    case TensorExpr::Contract:
      return contract(e, out);
    case TensorExpr::Cast:
      // Rounding has no meaning here; a cast claims to change nothing.
      if (isFloat(*e.dtype)) {
        out = *get(*e.args[0]);
        return;
      }
      break;
    default:
      break;
    }
    std::fill(out.begin(), out.end(), Field::nan());
  }

public:
  std::shared_ptr<Values> get(const TensorExpr &e) {
    if (auto it = done.find(&e); it != done.end())
      return it->second;
    auto v = std::make_shared<Values>(size_t(e.shape.numel()));
    compute(e, *v);
    done[&e] = v;
    return v;
  }
};

} // namespace

std::optional<std::vector<Field>> fieldValues(const TensorExpr &e) {
  Evaluation ev;
  Values v = *ev.get(e);
  for (Field x : v) {
    if (x.isNaN())
      return std::nullopt;
  }
  return v;
}

} // namespace wnnx::verify
