// SPDX-License-Identifier: Apache-2.0
//
// Evaluates compile-time tensor expressions in double. Parts that are used twice are computed once.
#include "wnnx/Pattern/TensorExpr.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>

namespace wnnx::pat {

double applyFn(TensorFn f, double a, double b) {
  switch (f) {
  case TensorFn::Neg:
    return -a;
  case TensorFn::Abs:
    return std::fabs(a);
  case TensorFn::Sqrt:
    return std::sqrt(a);
  case TensorFn::Rsqrt:
    return 1.0 / std::sqrt(a);
  case TensorFn::Exp:
    return std::exp(a);
  case TensorFn::Log:
    return std::log(a);
  case TensorFn::Tanh:
    return std::tanh(a);
  case TensorFn::Sigmoid:
    return 1.0 / (1.0 + std::exp(-a));
  case TensorFn::Floor:
    return std::floor(a);
  case TensorFn::Ceil:
    return std::ceil(a);
  case TensorFn::Round:
    return std::nearbyint(a);
  case TensorFn::Add:
  case TensorFn::Sum:
  case TensorFn::Mean:
    return a + b;
  case TensorFn::Sub:
    return a - b;
  case TensorFn::Mul:
    return a * b;
  case TensorFn::Div:
    return a / b;
  case TensorFn::Min:
  case TensorFn::Amin:
    return std::isnan(a) || a < b ? a : b;
  case TensorFn::Max:
  case TensorFn::Amax:
    return std::isnan(a) || a > b ? a : b;
  case TensorFn::Pow:
    return std::pow(a, b);
  }
  return 0;
}

namespace {

using Values = std::shared_ptr<std::vector<double>>;

/// Calls `f(offset)` for every index of `shape` in row-major order, where offset moves by
/// `strides`.
template <class F>
void walk(const Shape &shape, llvm::ArrayRef<int64_t> strides, int64_t offset, F &&f) {
  int64_t rank = shape.rank();
  if (shape.numel() == 0)
    return;
  if (rank == 0)
    return f(offset);
  llvm::SmallVector<int64_t, 6> at(size_t(rank), 0);
  int64_t inner = shape[rank - 1], innerStride = strides[size_t(rank - 1)];
  while (true) {
    for (int64_t i = 0; i < inner; ++i)
      f(offset + i * innerStride);
    int64_t d = rank - 2;
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

class TensorEvaluator {
  std::unordered_map<const TensorExpr *, Values> done;

  void reduce(const TensorExpr &e, std::vector<double> &out);
  void contract(const TensorExpr &e, std::vector<double> &out);
  void placeParts(const TensorExpr &e, std::vector<double> &out);
  void compute(const TensorExpr &e, std::vector<double> &out);

public:
  Values get(const TensorExpr &e) {
    if (auto it = done.find(&e); it != done.end())
      return it->second;
    Values v;
    if (e.kind == TensorExpr::Reshape) {
      v = get(*e.args[0]);
    } else if (e.kind == TensorExpr::Leaf) {
      v = std::make_shared<std::vector<double>>(e.leaf.toDoubles());
    } else {
      v = std::make_shared<std::vector<double>>(size_t(e.shape.numel()));
      compute(e, *v);
    }
    done[&e] = v;
    return v;
  }
};

void TensorEvaluator::compute(const TensorExpr &e, std::vector<double> &out) {
  size_t n = 0;
  switch (e.kind) {
  case TensorExpr::Leaf:
  case TensorExpr::Reshape:
    return;
  case TensorExpr::Fill:
    std::fill(out.begin(), out.end(), e.value);
    return;
  case TensorExpr::Iota:
    for (double &x : out)
      x = double(n++);
    return;
  case TensorExpr::Map1: {
    Values a = get(*e.args[0]);
    for (; n < out.size(); ++n)
      out[n] = applyFn(e.fn, (*a)[n]);
    return;
  }
  case TensorExpr::Map2: {
    Values a = get(*e.args[0]), b = get(*e.args[1]);
    walk(e.shape, broadcastStrides(e.args[0]->shape, e.shape), 0,
         [&](int64_t at) { out[n++] = (*a)[size_t(at)]; });
    n = 0;
    walk(e.shape, broadcastStrides(e.args[1]->shape, e.shape), 0, [&](int64_t at) {
      out[n] = applyFn(e.fn, out[n], (*b)[size_t(at)]);
      ++n;
    });
    return;
  }
  case TensorExpr::View: {
    Values a = get(*e.args[0]);
    walk(e.shape, e.ints, e.offset, [&](int64_t at) { out[n++] = (*a)[size_t(at)]; });
    return;
  }
  case TensorExpr::Cat:
  case TensorExpr::Pad:
    return placeParts(e, out);
  case TensorExpr::Select: {
    Values a = get(*e.args[0]);
    const Shape &from = e.args[0]->shape;
    int64_t outer = from.product(0, e.dim), inner = from.product(e.dim + 1, from.rank());
    for (int64_t o = 0; o < outer; ++o) {
      for (int64_t i : e.ints) {
        for (int64_t k = 0; k < inner; ++k)
          out[n++] = (*a)[size_t((o * from[e.dim] + i) * inner + k)];
      }
    }
    return;
  }
  case TensorExpr::Reduce:
    return reduce(e, out);
  case TensorExpr::Contract:
    return contract(e, out);
  case TensorExpr::Cast: {
    Values a = get(*e.args[0]);
    out = Tensor::fromDoubles({*e.dtype, e.shape}, *a).toDoubles();
    return;
  }
  }
}

void TensorEvaluator::placeParts(const TensorExpr &e, std::vector<double> &out) {
  if (e.kind == TensorExpr::Pad)
    std::fill(out.begin(), out.end(), e.value);
  auto strides = e.shape.strides();
  int64_t base = 0;
  for (size_t i = 0; i < e.ints.size() && e.kind == TensorExpr::Pad; ++i)
    base += e.ints[i] * strides[i];
  for (const TensorRef &part : e.args) {
    Values a = get(*part);
    size_t n = 0;
    walk(part->shape, strides, base, [&](int64_t at) { out[size_t(at)] = (*a)[n++]; });
    if (e.kind == TensorExpr::Cat)
      base += part->shape[e.dim] * strides[size_t(e.dim)];
  }
}

void TensorEvaluator::reduce(const TensorExpr &e, std::vector<double> &out) {
  Values a = get(*e.args[0]);
  const Shape &from = e.args[0]->shape;
  double start = e.fn == TensorFn::Amax   ? -std::numeric_limits<double>::infinity()
                 : e.fn == TensorFn::Amin ? std::numeric_limits<double>::infinity()
                                          : 0.0;
  std::fill(out.begin(), out.end(), start);
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
  walk(from, strides, 0, [&](int64_t at) {
    double &x = out[size_t(at)];
    x = applyFn(e.fn, x, (*a)[n++]);
  });
  if (e.fn == TensorFn::Mean) {
    for (double &x : out)
      x /= double(count);
  }
}

void TensorEvaluator::contract(const TensorExpr &e, std::vector<double> &out) {
  // The result's labels first, summed ones behind: one walk over all, with strides for each part.
  size_t arrow = e.labels.find("->");
  std::string left = e.labels.substr(0, arrow), all = e.labels.substr(arrow + 2);
  size_t kept = all.size();
  for (char c : left) {
    if (c != ',' && all.find(c) == std::string::npos)
      all += c;
  }
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
  std::fill(out.begin(), out.end(), 0.0);
  int64_t sums = space.product(int64_t(kept), space.rank());
  if (sums == 0 || out.empty())
    return;
  std::vector<Values> parts;
  for (const TensorRef &a : e.args)
    parts.push_back(get(*a));
  std::vector<double> products;
  Shape summed(space.ref().drop_front(kept));
  Shape outer(space.ref().take_front(kept));
  // Offsets of each part at each result element, then the inner sums.
  std::vector<std::vector<int64_t>> starts(parts.size()), inner(parts.size());
  for (size_t p = 0; p < parts.size(); ++p) {
    llvm::ArrayRef<int64_t> s = strides[p];
    walk(outer, s.take_front(kept), 0, [&](int64_t at) { starts[p].push_back(at); });
    walk(summed, s.drop_front(kept), 0, [&](int64_t at) { inner[p].push_back(at); });
  }
  for (size_t o = 0; o < out.size(); ++o) {
    double sum = 0;
    for (size_t k = 0; k < size_t(sums); ++k) {
      double x = 1;
      for (size_t p = 0; p < parts.size(); ++p)
        x *= (*parts[p])[size_t(starts[p][o] + inner[p][k])];
      sum += x;
    }
    out[o] = sum;
  }
}

} // namespace

std::string TensorExpr::sourceName() const {
  if (kind == Leaf)
    return name;
  for (const TensorRef &a : args) {
    std::string n = a->sourceName();
    if (!n.empty())
      return n;
  }
  return "";
}

std::vector<double> TensorExpr::values() const {
  TensorEvaluator ev;
  return std::move(*ev.get(*this));
}

Tensor TensorExpr::evaluate(const TensorType &type) const {
  if (kind == Leaf && type.dtype == leaf.dtype())
    return leaf;
  if (kind == Reshape && args[0]->kind == Leaf && args[0]->leaf.dtype() == type.dtype)
    return args[0]->leaf.reshaped(shape);
  if (kind == Fill)
    return Tensor::splat(type, value);
  return Tensor::fromDoubles(type, values());
}

} // namespace wnnx::pat
