// SPDX-License-Identifier: Apache-2.0
//
// Evaluates compile-time tensor expressions in double, block by block: chains of elementwise
// functions, joins, paddings and selections never exist as a whole. What is used twice, reduced or
// contracted is computed once and kept. Large results are shared out among threads; each element is
// computed by the same operations in the same order however many there are. What is only passed on,
// reshaped or cut out in one piece is not copied.
#include "TensorWalk.h"

#include "wnnx/Pattern/TensorExpr.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <unordered_map>

namespace wnnx::pat {

namespace {

using Values = std::shared_ptr<std::vector<double>>;

/// Elements computed at a time.
constexpr int64_t blockSize = 1024;
/// Expressions computed through each other without keeping anything; bounds the stack.
constexpr unsigned maxDepth = 32;

void loadBlock(const Tensor &t, int64_t begin, int64_t end, double *out) {
  if (t.dtype() == DType::F32) {
    const uint8_t *p = t.data() + 4 * begin;
    for (int64_t i = 0; i < end - begin; ++i) {
      float v;
      std::memcpy(&v, p + 4 * i, 4);
      out[i] = v;
    }
    return;
  }
  for (int64_t i = begin; i < end; ++i)
    out[i - begin] = t.getDouble(i);
}

void storeBlock(DType dtype, uint8_t *to, const double *x, int64_t n) {
  if (dtype == DType::F32) {
    for (int64_t i = 0; i < n; ++i) {
      float v = float(x[i]);
      std::memcpy(to + 4 * i, &v, 4);
    }
    return;
  }
  unsigned step = dtypeBytes(dtype);
  for (int64_t i = 0; i < n; ++i)
    storeElement(dtype, to + i * step, x[i]);
}

/// What a reshape, cast or view makes of a tensor without touching its elements, if it can.
std::optional<Tensor> seenAs(const TensorExpr &e, const Tensor &t) {
  if (e.kind == TensorExpr::Reshape)
    return t.reshaped(e.shape);
  if (e.kind == TensorExpr::Cast)
    return t.dtype() == *e.dtype ? std::optional<Tensor>(t) : std::nullopt;
  auto own = e.shape.strides();
  for (int64_t i = 0; i < e.shape.rank(); ++i)
    if (e.shape[i] > 1 && e.ints[size_t(i)] != own[size_t(i)])
      return std::nullopt;
  if (e.shape.numel() == 0)
    return std::nullopt;
  return Tensor::view({t.dtype(), e.shape}, t.storage(),
                      t.data() + e.offset * dtypeBytes(t.dtype()));
}

/// The tensor itself, when the expression is a leaf in another shape, or one piece of it.
std::optional<Tensor> alias(const TensorExpr &e) {
  std::vector<const TensorExpr *> above;
  const TensorExpr *at = &e;
  for (; at->kind != TensorExpr::Leaf; at = at->args[0].get()) {
    if (at->kind != TensorExpr::Reshape && at->kind != TensorExpr::Cast &&
        at->kind != TensorExpr::View)
      return std::nullopt;
    above.push_back(at);
  }
  std::optional<Tensor> t = at->leaf;
  for (; t && !above.empty(); above.pop_back())
    t = seenAs(*above.back(), *t);
  return t;
}

class TensorEvaluator {
  std::unordered_map<const TensorExpr *, unsigned> uses;
  std::unordered_map<const TensorExpr *, Values> kept;
  std::unordered_map<const TensorExpr *, Tensor> aliases;
  std::unordered_map<const TensorExpr *, unsigned> depth;

  std::vector<const TensorExpr *> operandsFirst(const TensorExpr &root);
  void prepare(const TensorExpr &e);
  void keep(const TensorExpr &e);
  void block(const TensorExpr &e, int64_t begin, int64_t end, double *out) const;
  void binary(const TensorExpr &e, int64_t begin, int64_t end, double *out) const;
  void view(const TensorExpr &e, int64_t begin, int64_t end, double *out) const;
  void pieces(const TensorExpr &e, int64_t begin, int64_t end, double *out) const;
  void reduce(const TensorExpr &e, std::vector<double> &out) const;
  void contract(const TensorExpr &e, std::vector<double> &out) const;
  /// Element `i` of an operand that `prepare` has made readable at will.
  struct Source {
    const double *values = nullptr;
    const Tensor *tensor = nullptr;
    double operator[](int64_t i) const { return values ? values[i] : tensor->getDouble(i); }
  };
  Source source(const TensorExpr &e) const {
    if (auto it = kept.find(&e); it != kept.end())
      return {it->second->data(), nullptr};
    return {nullptr, &aliases.at(&e)};
  }

public:
  explicit TensorEvaluator(const TensorExpr &root) {
    for (const TensorExpr *e : operandsFirst(root))
      prepare(*e);
  }
  /// All elements in order; `f(begin, n, values)` may be called by several threads at once.
  template <class F> void run(const TensorExpr &e, F &&f) const {
    int64_t n = e.shape.numel();
    inParallel(n, blockSize, double(n), [&](int64_t begin, int64_t end) {
      double buffer[blockSize];
      block(e, begin, end, buffer);
      f(begin, end - begin, buffer);
    });
  }
};

/// `root` and all that is below it, and how many expressions use each. Rules may make expressions
/// that are thousands deep, so the stack is one of our own.
std::vector<const TensorExpr *> TensorEvaluator::operandsFirst(const TensorExpr &root) {
  std::vector<const TensorExpr *> order;
  std::vector<std::pair<const TensorExpr *, size_t>> stack; // with the next operand to look at
  auto use = [&](const TensorExpr &e) {
    if (++uses[&e] == 1)
      stack.push_back({&e, 0});
  };
  use(root);
  while (!stack.empty()) {
    auto &[e, next] = stack.back();
    if (next < e->args.size()) {
      use(*e->args[next++]);
    } else {
      order.push_back(e);
      stack.pop_back();
    }
  }
  return order;
}

/// Computes what must be there as a whole before blocks of `e` can be: operands that are read out
/// of order, sums, and what several others use. Operands are prepared.
void TensorEvaluator::prepare(const TensorExpr &e) {
  depth[&e] = 0;
  if (std::optional<Tensor> t = alias(e)) {
    aliases[&e] = *t;
    return;
  }
  auto atWill = [&](const TensorExpr &a) {
    if (!aliases.count(&a))
      keep(a);
  };
  if (e.kind == TensorExpr::View || e.kind == TensorExpr::Contract)
    for (const TensorRef &a : e.args)
      atWill(*a);
  if (e.kind == TensorExpr::Contract) // read many times: as doubles
    for (const TensorRef &a : e.args)
      keep(*a);
  if (e.kind == TensorExpr::Map2)
    for (const TensorRef &a : e.args)
      if (a->shape != e.shape)
        atWill(*a);
  bool light = e.kind == TensorExpr::Fill || e.kind == TensorExpr::Iota;
  unsigned deepest = 0;
  for (const TensorRef &a : e.args) {
    if (!kept.count(a.get()))
      deepest = std::max(deepest, depth[a.get()]);
  }
  depth[&e] = deepest + 1;
  if (e.kind == TensorExpr::Reduce || e.kind == TensorExpr::Contract || (uses[&e] > 1 && !light) ||
      deepest >= maxDepth)
    keep(e);
}

void TensorEvaluator::keep(const TensorExpr &e) {
  if (kept.count(&e))
    return;
  auto v = std::make_shared<std::vector<double>>(size_t(e.shape.numel()));
  if (e.kind == TensorExpr::Reduce)
    reduce(e, *v);
  else if (e.kind == TensorExpr::Contract)
    contract(e, *v);
  else
    run(e,
        [&](int64_t begin, int64_t n, const double *x) { std::copy(x, x + n, v->data() + begin); });
  kept[&e] = std::move(v);
}

/// Elements [begin, end) of `e`, at most a block.
void TensorEvaluator::block(const TensorExpr &e, int64_t begin, int64_t end, double *out) const {
  if (auto it = kept.find(&e); it != kept.end()) {
    std::copy(it->second->data() + begin, it->second->data() + end, out);
    return;
  }
  if (auto it = aliases.find(&e); it != aliases.end())
    return loadBlock(it->second, begin, end, out);
  int64_t n = end - begin;
  switch (e.kind) {
  case TensorExpr::Leaf:
  case TensorExpr::Reduce:
  case TensorExpr::Contract:
    return;
  case TensorExpr::Reshape:
    return block(*e.args[0], begin, end, out);
  case TensorExpr::Fill:
    return std::fill(out, out + n, e.value);
  case TensorExpr::Iota:
    for (int64_t i = 0; i < n; ++i)
      out[i] = double(begin + i);
    return;
  case TensorExpr::Map1:
    block(*e.args[0], begin, end, out);
    for (int64_t i = 0; i < n; ++i)
      out[i] = applyFn(e.fn, out[i]);
    return;
  case TensorExpr::Map2:
    return binary(e, begin, end, out);
  case TensorExpr::View:
    return view(e, begin, end, out);
  case TensorExpr::Cat:
  case TensorExpr::Pad:
  case TensorExpr::Select:
    return pieces(e, begin, end, out);
  case TensorExpr::Cast: {
    block(*e.args[0], begin, end, out);
    uint8_t one[8];
    for (int64_t i = 0; i < n; ++i) {
      storeElement(*e.dtype, one, out[i]);
      out[i] = Tensor::view({*e.dtype, {}}, nullptr, one).getDouble(0);
    }
    return;
  }
  }
}

void TensorEvaluator::binary(const TensorExpr &e, int64_t begin, int64_t end, double *out) const {
  double second[blockSize];
  for (int side = 0; side < 2; ++side) {
    const TensorExpr &a = *e.args[size_t(side)];
    double *to = side ? second : out;
    if (a.shape == e.shape) {
      block(a, begin, end, to);
      continue;
    }
    Strides strides = broadcastStrides(a.shape, e.shape);
    Source from = source(a);
    Walker w(e.shape, strides, 0, begin);
    for (int64_t i = 0, n = end - begin; i < n;) {
      int64_t run = std::min(w.run(), n - i), step = w.stride();
      for (int64_t k = 0; k < run; ++k)
        to[i + k] = from[w.offset + k * step];
      i += run;
      w.advance(run);
    }
  }
  int64_t n = end - begin;
  auto each = [&](auto &&f) {
    for (int64_t i = 0; i < n; ++i)
      out[i] = f(out[i], second[i]);
  };
  switch (e.fn) {
  case TensorFn::Add:
    return each([](double x, double y) { return x + y; });
  case TensorFn::Sub:
    return each([](double x, double y) { return x - y; });
  case TensorFn::Mul:
    return each([](double x, double y) { return x * y; });
  default:
    return each([&](double x, double y) { return applyFn(e.fn, x, y); });
  }
}

void TensorEvaluator::view(const TensorExpr &e, int64_t begin, int64_t end, double *out) const {
  Source from = source(*e.args[0]);
  Walker w(e.shape, e.ints, e.offset, begin);
  for (int64_t i = 0, n = end - begin; i < n;) {
    int64_t run = std::min(w.run(), n - i), step = w.stride();
    for (int64_t k = 0; k < run; ++k)
      out[i + k] = from[w.offset + k * step];
    i += run;
    w.advance(run);
  }
}

/// Joins, paddings and selections: runs of elements that lie together in an operand.
void TensorEvaluator::pieces(const TensorExpr &e, int64_t begin, int64_t end, double *out) const {
  for (int64_t i = begin; i < end;) {
    if (e.kind == TensorExpr::Pad) {
      // Row by row of the last dimension.
      const TensorExpr &a = *e.args[0];
      int64_t rank = e.shape.rank();
      if (rank == 0) {
        block(a, i, i + 1, out);
        return;
      }
      int64_t width = e.shape.back(), col = i % width, rest = i / width;
      int64_t left = e.ints.back(), own = a.shape.back(), row = 0, scale = 1;
      bool inside = true;
      for (int64_t d = rank - 1; d-- > 0;) {
        int64_t at = rest % e.shape[d] - e.ints[size_t(d)];
        rest /= e.shape[d];
        inside &= at >= 0 && at < a.shape[d];
        row += at * scale;
        scale *= a.shape[d];
      }
      int64_t run = std::min(end - i, width - col);
      if (inside && col >= left && col < left + own) {
        run = std::min(run, left + own - col);
        block(a, row * own + col - left, row * own + col - left + run, out + (i - begin));
      } else {
        if (inside && col < left)
          run = std::min(run, left - col);
        std::fill(out + (i - begin), out + (i - begin) + run, e.value);
      }
      i += run;
      continue;
    }
    int64_t inner = e.shape.product(e.dim + 1, e.shape.rank()), size = e.shape[e.dim];
    int64_t at = i / inner % size, outer = i / inner / size, offset = i % inner;
    if (e.kind == TensorExpr::Select) {
      const TensorExpr &a = *e.args[0];
      int64_t run = std::min(end - i, inner - offset);
      int64_t from = (outer * a.shape[e.dim] + e.ints[size_t(at)]) * inner + offset;
      block(a, from, from + run, out + (i - begin));
      i += run;
      continue;
    }
    size_t part = 0;
    while (at >= e.args[part]->shape[e.dim])
      at -= e.args[part++]->shape[e.dim];
    const TensorExpr &a = *e.args[part];
    int64_t own = a.shape[e.dim] * inner, inPart = at * inner + offset;
    int64_t run = std::min(end - i, own - inPart);
    block(a, outer * own + inPart, outer * own + inPart + run, out + (i - begin));
    i += run;
  }
}

void TensorEvaluator::reduce(const TensorExpr &e, std::vector<double> &out) const {
  const TensorExpr &a = *e.args[0];
  const Shape &from = a.shape;
  double start = e.fn == TensorFn::Amax   ? -std::numeric_limits<double>::infinity()
                 : e.fn == TensorFn::Amin ? std::numeric_limits<double>::infinity()
                                          : 0.0;
  std::fill(out.begin(), out.end(), start);
  Strides strides(size_t(from.rank()), 0);
  int64_t stride = 1, number = 1;
  for (int64_t i = from.rank(); i-- > 0;) {
    if (e.ints[size_t(i)]) {
      number *= from[i];
      continue;
    }
    strides[size_t(i)] = stride;
    stride *= from[i];
  }
  // The outermost dimension, when it is kept, parts the work into results of their own.
  int64_t total = from.numel();
  bool parts = from.rank() > 0 && !e.ints[0] && total > 0;
  int64_t outer = parts ? from[0] : 1, each = total / std::max<int64_t>(outer, 1);
  inParallel(outer, 1, double(total), [&](int64_t first, int64_t last) {
    double buffer[blockSize];
    for (int64_t i = first * each; i < last * each;) {
      int64_t n = std::min(blockSize, last * each - i);
      block(a, i, i + n, buffer);
      Walker w(from, strides, 0, i);
      for (int64_t k = 0; k < n;) {
        int64_t run = std::min(w.run(), n - k), step = w.stride();
        for (int64_t j = 0; j < run; ++j) {
          double &x = out[size_t(w.offset + j * step)];
          x = applyFn(e.fn, x, buffer[k + j]);
        }
        k += run;
        w.advance(run);
      }
      i += n;
    }
  });
  if (e.fn == TensorFn::Mean) {
    for (double &x : out)
      x /= double(number);
  }
}

void TensorEvaluator::contract(const TensorExpr &e, std::vector<double> &out) const {
  // The result's labels first, summed ones behind: one space over all, with strides for each part.
  size_t arrow = e.labels.find("->");
  std::string left = e.labels.substr(0, arrow), all = e.labels.substr(arrow + 2);
  size_t keptLabels = all.size();
  for (char c : left) {
    if (c != ',' && all.find(c) == std::string::npos)
      all += c;
  }
  Shape space;
  std::vector<Strides> strides(e.args.size());
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
  Shape summed(space.ref().drop_front(keptLabels)), outer(space.ref().take_front(keptLabels));
  int64_t sums = summed.numel(), width = outer.rank() ? outer.back() : 1;
  if (sums == 0 || out.empty())
    return;
  size_t parts = e.args.size();
  std::vector<const double *> data;
  for (const TensorRef &a : e.args)
    data.push_back(kept.at(a.get())->data());
  // Where the elements of each sum lie in each part, counted from the sum's first.
  std::vector<std::vector<int64_t>> inner(parts);
  std::vector<int64_t> across(parts); // step along the result's last dimension
  for (size_t p = 0; p < parts; ++p) {
    llvm::ArrayRef<int64_t> by = llvm::ArrayRef<int64_t>(strides[p]).drop_front(keptLabels);
    Walker w(summed, by, 0, 0);
    for (int64_t k = 0; k < sums; ++k) {
      inner[p].push_back(w.offset);
      w.advance(1);
    }
    across[p] = keptLabels ? strides[p][keptLabels - 1] : 0;
  }
  int64_t rows = int64_t(out.size()) / width;
  // Rows of the result are summed side by side: each element by itself in the order of the labels.
  inParallel(
      rows, 1, double(out.size()) * double(sums) * double(parts), [&](int64_t first, int64_t last) {
        std::vector<double> product;
        for (int64_t row = first; row < last; ++row) {
          double *to = out.data() + row * width;
          std::vector<const double *> at;
          for (size_t p = 0; p < parts; ++p) {
            llvm::ArrayRef<int64_t> by = llvm::ArrayRef<int64_t>(strides[p]).take_front(keptLabels);
            at.push_back(data[p] + Walker(outer, by, 0, row * width).offset);
          }
          for (int64_t k = 0; k < sums; ++k) {
            if (parts == 2) {
              const double *x = at[0] + inner[0][size_t(k)], *y = at[1] + inner[1][size_t(k)];
              int64_t dx = across[0], dy = across[1];
              if (dx == 0 && dy == 1) {
                for (int64_t j = 0; j < width; ++j)
                  to[j] += *x * y[j];
              } else {
                for (int64_t j = 0; j < width; ++j)
                  to[j] += x[j * dx] * y[j * dy];
              }
              continue;
            }
            product.assign(size_t(width), 1.0);
            for (size_t p = 0; p < parts; ++p) {
              const double *x = at[p] + inner[p][size_t(k)];
              for (int64_t j = 0; j < width; ++j)
                product[size_t(j)] *= x[j * across[p]];
            }
            for (int64_t j = 0; j < width; ++j)
              to[j] += product[size_t(j)];
          }
        }
      });
}

/// Whether only elements are moved, so that integers beyond 2^53 come through a copy unharmed.
bool movesOnly(const TensorExpr &e, DType dtype) {
  switch (e.kind) {
  case TensorExpr::Leaf:
    return e.leaf.dtype() == dtype;
  case TensorExpr::Reshape:
  case TensorExpr::View:
  case TensorExpr::Cat:
  case TensorExpr::Select:
    for (const TensorRef &a : e.args) {
      if (!movesOnly(*a, dtype))
        return false;
    }
    return true;
  default:
    return false;
  }
}

/// For `movesOnly` expressions of i64: the position of element i, and the leaf it lies in.
std::pair<const Tensor *, int64_t> locate(const TensorExpr &e, int64_t i) {
  switch (e.kind) {
  case TensorExpr::Leaf:
    return {&e.leaf, i};
  case TensorExpr::View:
    return locate(*e.args[0], Walker(e.shape, e.ints, e.offset, i).offset);
  case TensorExpr::Cat:
  case TensorExpr::Select: {
    int64_t inner = e.shape.product(e.dim + 1, e.shape.rank()), size = e.shape[e.dim];
    int64_t at = i / inner % size, outer = i / inner / size, offset = i % inner;
    size_t part = 0;
    if (e.kind == TensorExpr::Select)
      at = e.ints[size_t(at)];
    else
      while (at >= e.args[part]->shape[e.dim])
        at -= e.args[part++]->shape[e.dim];
    const TensorExpr &a = *e.args[part];
    return locate(a, (outer * a.shape[e.dim] + at) * inner + offset);
  }
  default:
    return locate(*e.args[0], i);
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
  std::vector<double> out(size_t(shape.numel()));
  TensorEvaluator ev(*this);
  ev.run(*this, [&](int64_t begin, int64_t n, const double *x) {
    std::copy(x, x + n, out.data() + begin);
  });
  return out;
}

Tensor TensorExpr::evaluate(const TensorType &type) const {
  if (std::optional<Tensor> t = alias(*this); t && t->dtype() == type.dtype)
    return *t;
  if (kind == Fill)
    return Tensor::splat(type, value);
  unsigned step = dtypeBytes(type.dtype);
  std::vector<uint8_t> bytes(size_t(type.bytes()));
  if (type.dtype == DType::I64 && movesOnly(*this, DType::I64)) {
    for (int64_t i = 0, n = type.numel(); i < n; ++i) {
      auto [t, at] = locate(*this, i);
      std::memcpy(bytes.data() + i * step, t->data() + at * step, step);
    }
    return Tensor::own(type, std::move(bytes));
  }
  TensorEvaluator ev(*this);
  ev.run(*this, [&](int64_t begin, int64_t n, const double *x) {
    storeBlock(type.dtype, bytes.data() + begin * step, x, n);
  });
  return Tensor::own(type, std::move(bytes));
}

} // namespace wnnx::pat
