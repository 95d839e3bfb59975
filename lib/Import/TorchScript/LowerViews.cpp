// SPDX-License-Identifier: Apache-2.0
//
// Operators that return views of their operand, and those that do so only for some layouts.
#include "OpCall.h"

#include <algorithm>
#include <fmt/format.h>

namespace wnnx::ts {
namespace {

using Ints = llvm::SmallVector<int64_t, 6>;

/// Strides of a tensor seen under another shape, or nothing when its layout forbids that. Runs of
/// dimensions that lie evenly in memory are matched with runs of the new shape, from the last.
Strides viewStrides(const Shape &from, const Strides &strides, const Shape &to) {
  if (!strides)
    return std::nullopt;
  if (from.numel() == 0 || from.rank() == 0)
    return rowMajorStrides(to);
  Ints out(size_t(to.rank()), 1);
  int64_t next = to.rank() - 1;
  for (int64_t high = from.rank(); high > 0;) {
    int64_t low = high - 1, unit = (*strides)[size_t(high - 1)], run = from[high - 1];
    while (low > 0 && (from[low - 1] == 1 || (*strides)[size_t(low - 1)] == run * unit))
      run *= from[--low];
    int64_t made = 1;
    while (next >= 0 && (made < run || to[next] == 1)) {
      out[size_t(next)] = made * unit;
      made *= to[next--];
    }
    if (made != run)
      return std::nullopt;
    high = low;
  }
  return next < 0 ? Strides(out) : std::nullopt;
}

/// Replaces one -1.
bool resolveShape(OpCall &c, int64_t numel, Ints &shape) {
  int64_t known = 1, unknown = -1;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == -1 && unknown < 0)
      unknown = int64_t(i);
    else if (shape[i] < 0 || __builtin_mul_overflow(known, shape[i], &known))
      known = -1, unknown = -2;
  }
  if (unknown >= 0 && known > 0 && numel % known == 0)
    shape[size_t(unknown)] = numel / known;
  else if (unknown != -1 || known != numel) {
    c.error(fmt::format("shape {} does not fit {} elements", Shape(shape).str(), numel));
    return false;
  }
  return true;
}

ViewStep step(ViewStep::Kind kind, Ints ints) {
  ViewStep s;
  s.kind = kind;
  s.ints = std::move(ints);
  return s;
}

/// A reshape that is a view where the layout allows, as `reshape` and `flatten` promise; `view`
/// promises it always.
Val reshaped(OpCall &c, TensorObject *t, Ints shape, bool always) {
  if (c.b.failed)
    return Val::poison();
  Shape to(shape);
  if (to == t->type.shape)
    return c.alias(t);
  Strides strides = viewStrides(t->type.shape, t->strides, to);
  if (always || strides)
    return c.view(t, step(ViewStep::Reshape, shape), to, strides);
  Ref copy = c.b.reshape(c.read(t), shape);
  return t->strides ? c.result(copy) : c.perhapsView(t, copy);
}

Val permuted(OpCall &c, TensorObject *t, const Ints &dims) {
  if (c.b.failed)
    return Val::poison();
  Shape shape;
  Strides strides;
  if (t->strides)
    strides.emplace();
  for (int64_t d : dims) {
    shape.push(t->type.shape[d]);
    if (strides)
      strides->push_back((*t->strides)[size_t(d)]);
  }
  return c.view(t, step(ViewStep::Permute, dims), shape, strides);
}

Ints identityDims(int64_t rank) {
  Ints dims;
  for (int64_t i = 0; i < rank; ++i)
    dims.push_back(i);
  return dims;
}

Val expanded(OpCall &c, TensorObject *t, Ints shape) {
  int64_t rank = t->type.shape.rank(), lead = int64_t(shape.size()) - rank;
  if (lead < 0)
    return c.error(fmt::format("shape {} has fewer dimensions than {}", Shape(shape).str(),
                               t->type.shape.str()));
  Strides strides;
  if (t->strides)
    strides.emplace(size_t(lead), 0);
  for (int64_t i = 0; i < int64_t(shape.size()); ++i) {
    int64_t old = i < lead ? 1 : t->type.shape[i - lead];
    int64_t &want = shape[size_t(i)];
    if (want == -1 && i >= lead)
      want = old;
    if (want < 0 || (old != want && old != 1))
      return c.error(
          fmt::format("{} cannot be expanded to {}", t->type.shape.str(), Shape(shape).str()));
    if (strides && i >= lead)
      strides->push_back(old == want ? (*t->strides)[size_t(i - lead)] : 0);
  }
  Shape to(shape);
  return to == t->type.shape ? c.alias(t) : c.view(t, step(ViewStep::Expand, shape), to, strides);
}

Val sliced(OpCall &c, TensorObject *t, int64_t dim, int64_t start, int64_t end, int64_t stride) {
  if (c.b.failed)
    return Val::poison();
  if (t->type.shape.rank() == 0)
    return c.error("a slice of a tensor without dimensions");
  if (stride <= 0)
    return c.error("a slice with a step that is not positive");
  int64_t n = t->type.shape[dim];
  auto clamp = [n](int64_t i) { return std::clamp<int64_t>(i < 0 ? i + n : i, 0, n); };
  start = clamp(start);
  end = std::max(start, clamp(end));
  if (start == 0 && end == n && stride == 1)
    return c.alias(t);
  Shape shape = t->type.shape;
  shape[dim] = end == start ? 0 : (end - start - 1) / stride + 1;
  Strides strides = t->strides;
  if (strides && __builtin_mul_overflow((*strides)[size_t(dim)], stride, &(*strides)[size_t(dim)]))
    strides.reset();
  return c.view(t, step(ViewStep::Slice, {dim, start, end, stride}), shape, strides);
}

/// Consecutive pieces along `dim`, made by one node, each a view. With `select` the pieces are of
/// size 1 and lose the dimension.
Val pieces(OpCall &c, TensorObject *t, int64_t dim, llvm::ArrayRef<int64_t> sizes, bool select) {
  if (c.b.failed)
    return Val::poison();
  std::vector<Ref> parts;
  if (sizes.size() == 1)
    parts = {c.read(t)};
  else if (!sizes.empty())
    parts = c.b.emit(OpKind::Split, {c.read(t)}, {{"sizes", sizes.vec()}, {"dim", dim}});
  if (c.b.failed)
    return Val::poison();
  std::vector<Val> out;
  if (c.name.starts_with("unsafe_")) // copies, by contract
    return c.listOf(parts);
  int64_t at = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (!select && sizes.size() == 1) {
      out.push_back(c.alias(t));
      break;
    }
    Strides strides = t->strides;
    if (select) {
      Shape shape = t->type.shape;
      shape.erase(dim);
      if (strides)
        strides->erase(strides->begin() + dim);
      out.push_back(c.cachedView(t, step(ViewStep::Select, {dim, at}), strides,
                                 c.b.reshape(parts[i], shape.ref())));
    } else {
      out.push_back(
          c.cachedView(t, step(ViewStep::Slice, {dim, at, at + sizes[i], 1}), strides, parts[i]));
    }
    at += sizes[i];
  }
  return c.b.failed ? Val::poison() : c.heap.list(std::move(out));
}

} // namespace

Val lowerView(OpCall &c) {
  Ints shape = c.ints(c.given("shape") ? "shape" : "size");
  if (c.overload() == "dtype")
    return c.error("reinterpreting the bits of a tensor is not supported");
  if (!resolveShape(c, c.self()->type.numel(), shape))
    return Val::poison();
  return reshaped(c, c.self(), shape, c.name != "reshape");
}

Val lowerViewAs(OpCall &c) {
  llvm::ArrayRef<int64_t> shape = c.object("other")->type.shape.ref();
  Ints to(shape.begin(), shape.end());
  if (!resolveShape(c, c.self()->type.numel(), to))
    return Val::poison();
  return reshaped(c, c.self(), to, c.name == "view_as");
}

Val lowerFlatten(OpCall &c) {
  const Shape &s = c.self()->type.shape;
  if (s.rank() == 0)
    return reshaped(c, c.self(), {1}, false);
  int64_t first = c.dim(c.integer("start_dim"), s.rank()),
          last = c.dim(c.integer("end_dim"), s.rank());
  if (c.b.failed || first > last)
    return c.error("the first dimension lies behind the last");
  Ints shape;
  for (int64_t i = 0; i < first; ++i)
    shape.push_back(s[i]);
  shape.push_back(s.product(first, last + 1));
  for (int64_t i = last + 1; i < s.rank(); ++i)
    shape.push_back(s[i]);
  return reshaped(c, c.self(), shape, false);
}

Val lowerUnflatten(OpCall &c) {
  const Shape &s = c.self()->type.shape;
  int64_t dim = c.dim(c.integer("dim"), s.rank());
  Ints sizes = c.ints("sizes");
  if (c.b.failed || s.rank() == 0 || !resolveShape(c, s[dim], sizes))
    return Val::poison();
  Ints shape(s.begin(), s.begin() + dim);
  shape.append(sizes.begin(), sizes.end());
  shape.append(s.begin() + dim + 1, s.end());
  return reshaped(c, c.self(), shape, true);
}

Val lowerSqueeze(OpCall &c) {
  TensorObject *t = c.self();
  const Shape &s = t->type.shape;
  Ints dims = c.given("dim") ? c.dims("dim", s.rank()) : identityDims(s.rank());
  if (c.b.failed)
    return Val::poison();
  Shape shape;
  Strides strides;
  if (t->strides)
    strides.emplace();
  for (int64_t i = 0; i < s.rank(); ++i) {
    if (s[i] == 1 && llvm::is_contained(dims, i))
      continue;
    shape.push(s[i]);
    if (strides)
      strides->push_back((*t->strides)[size_t(i)]);
  }
  if (shape == s)
    return c.alias(t);
  Ints ints(shape.begin(), shape.end());
  return c.view(t, step(ViewStep::Reshape, ints), shape, strides);
}

Val lowerUnsqueeze(OpCall &c) {
  TensorObject *t = c.self();
  Shape shape = t->type.shape;
  int64_t dim = c.dim(c.integer("dim"), shape.rank() + 1);
  if (c.b.failed)
    return Val::poison();
  Strides strides = t->strides;
  if (strides) {
    int64_t stride =
        dim < shape.rank() ? int64_t(uint64_t(shape[dim]) * uint64_t((*strides)[size_t(dim)])) : 1;
    strides->insert(strides->begin() + dim, stride);
  }
  shape.insert(dim, 1);
  Ints ints(shape.begin(), shape.end());
  return c.view(t, step(ViewStep::Reshape, ints), shape, strides);
}

Val lowerTranspose(OpCall &c) {
  int64_t rank = c.self()->type.shape.rank();
  llvm::StringRef first = c.name == "swapaxes" ? "axis0" : "dim0";
  llvm::StringRef second = c.name == "swapaxes" ? "axis1" : "dim1";
  int64_t x = c.dim(c.integer(first), rank), y = c.dim(c.integer(second), rank);
  if (c.b.failed || rank == 0 || x == y)
    return c.b.failed ? Val::poison() : c.alias(c.self());
  Ints dims = identityDims(rank);
  std::swap(dims[size_t(x)], dims[size_t(y)]);
  return permuted(c, c.self(), dims);
}

Val lowerT(OpCall &c) {
  int64_t rank = c.self()->type.shape.rank();
  if (rank > 2)
    return c.error("a tensor of more than two dimensions");
  return rank < 2 ? c.alias(c.self()) : permuted(c, c.self(), {1, 0});
}

Val lowerNumpyT(OpCall &c) {
  Ints dims = identityDims(c.self()->type.shape.rank());
  std::reverse(dims.begin(), dims.end());
  return permuted(c, c.self(), dims);
}

Val lowerPermute(OpCall &c) {
  int64_t rank = c.self()->type.shape.rank();
  Ints dims = c.dims("dims", rank), seen = dims;
  llvm::sort(seen);
  if (!c.b.failed && seen != identityDims(rank))
    return c.error("the dimensions are no permutation");
  return permuted(c, c.self(), dims);
}

Val lowerMovedim(OpCall &c) {
  int64_t rank = c.self()->type.shape.rank();
  Ints from = c.dims("source", rank), to = c.dims("destination", rank);
  if (c.b.failed || from.size() != to.size())
    return c.error("as many sources as destinations are needed");
  Ints dims(size_t(rank), -1);
  for (size_t i = 0; i < from.size(); ++i)
    dims[size_t(to[i])] = from[i];
  int64_t next = 0;
  for (int64_t &d : dims) {
    if (d >= 0)
      continue;
    while (llvm::is_contained(from, next))
      ++next;
    d = next++;
  }
  Ints seen = dims;
  llvm::sort(seen);
  if (seen != identityDims(rank))
    return c.error("a dimension is moved twice");
  return permuted(c, c.self(), dims);
}

Val lowerExpand(OpCall &c) {
  return expanded(c, c.self(), c.ints("size"));
}

Val lowerExpandAs(OpCall &c) {
  llvm::ArrayRef<int64_t> shape = c.object("other")->type.shape.ref();
  return expanded(c, c.self(), Ints(shape.begin(), shape.end()));
}

Val lowerBroadcastTensors(OpCall &c) {
  const auto &items = c.arg("tensors").list->items;
  Shape all;
  for (const Val &v : items) {
    std::optional<Shape> s = broadcast(all, v.tensor->type.shape);
    if (!s)
      return c.error("shapes that do not broadcast");
    all = *s;
  }
  std::vector<Val> out;
  for (const Val &v : items)
    out.push_back(expanded(c, v.tensor, Ints(all.begin(), all.end())));
  return c.b.failed ? Val::poison() : c.heap.list(std::move(out));
}

Val lowerSlice(OpCall &c) {
  TensorObject *t = c.self();
  int64_t dim = c.dim(c.integer("dim"), t->type.shape.rank());
  return sliced(c, t, dim, c.given("start") ? c.integer("start") : 0,
                c.given("end") ? c.integer("end") : INT64_MAX, c.integer("step"));
}

Val lowerNarrow(OpCall &c) {
  TensorObject *t = c.self();
  int64_t rank = t->type.shape.rank(), dim = c.dim(c.integer("dim"), rank);
  Val start = c.arg("start");
  if (start.isTensor()) {
    Ref r = c.read(start.tensor);
    if (c.b.failed || !r->isConstant() || r->type.numel() != 1)
      return c.error("the start depends on the model's input");
    start = Val::integer(r->constant.getInt(0));
  }
  int64_t length = c.integer("length");
  if (c.b.failed || rank == 0)
    return c.error("a slice of a tensor without dimensions");
  int64_t n = t->type.shape[dim], from = start.i < 0 ? start.i + n : start.i;
  if (from < 0 || length < 0 || from > n || length > n - from)
    return c.error(fmt::format("{} elements from {} on, of {}", length, from, n));
  return sliced(c, t, dim, from, from + length, 1);
}

Val lowerSelect(OpCall &c) {
  TensorObject *t = c.self();
  Shape shape = t->type.shape;
  int64_t dim = c.dim(c.integer("dim"), shape.rank());
  if (c.b.failed || shape.rank() == 0)
    return c.error("a selection from a tensor without dimensions");
  std::optional<int64_t> index =
      c.integer("index") < 0 ? c.integer("index") + shape[dim] : c.integer("index");
  if (*index < 0 || *index >= shape[dim])
    return c.error(fmt::format("index {} is out of range for dimension {} of size {}",
                               c.integer("index"), dim, shape[dim]));
  shape.erase(dim);
  Strides strides = t->strides;
  if (strides)
    strides->erase(strides->begin() + dim);
  return c.view(t, step(ViewStep::Select, {dim, *index}), shape, strides);
}

/// Sizes of pieces of `size`, the last one perhaps smaller.
static Ints evenSizes(OpCall &c, int64_t total, int64_t size) {
  Ints sizes;
  if (size <= 0 || total / size > 100000) {
    c.error("impossible piece size");
    return sizes;
  }
  for (int64_t at = 0; at < total; at += size)
    sizes.push_back(std::min(size, total - at));
  if (total == 0)
    sizes.push_back(0);
  return sizes;
}

Val lowerSplit(OpCall &c) {
  TensorObject *t = c.self();
  int64_t dim = c.dim(c.integer("dim"), t->type.shape.rank());
  if (c.b.failed || t->type.shape.rank() == 0)
    return c.error("a tensor without dimensions");
  int64_t total = t->type.shape[dim];
  Ints sizes;
  if (c.arg("split_size").isInt())
    sizes = evenSizes(c, total, c.integer("split_size"));
  else
    sizes = c.ints(c.given("split_sizes") ? "split_sizes" : "split_size");
  int64_t sum = 0;
  for (int64_t s : sizes)
    if (s < 0 || __builtin_add_overflow(sum, s, &sum))
      sum = INT64_MIN;
  if (!c.b.failed && sum != total)
    return c.error(fmt::format("sizes {} do not add up to {}", Shape(sizes).str(), total));
  return pieces(c, t, dim, sizes, false);
}

Val lowerChunk(OpCall &c) {
  TensorObject *t = c.self();
  int64_t dim = c.dim(c.integer("dim"), t->type.shape.rank()), n = c.integer("chunks");
  if (c.b.failed || t->type.shape.rank() == 0 || n <= 0)
    return c.error("impossible number of pieces");
  int64_t total = t->type.shape[dim];
  return pieces(c, t, dim, evenSizes(c, total, std::max<int64_t>(total / n + (total % n != 0), 1)),
                false);
}

Val lowerUnbind(OpCall &c) {
  TensorObject *t = c.self();
  int64_t dim = c.dim(c.integer("dim"), t->type.shape.rank());
  if (c.b.failed || t->type.shape.rank() == 0)
    return c.error("a tensor without dimensions");
  if (t->type.shape[dim] == 0)
    return c.heap.list({});
  return pieces(c, t, dim, evenSizes(c, t->type.shape[dim], 1), true);
}

Val lowerAlias(OpCall &c) {
  return c.alias(c.self());
}

Val lowerDropout(OpCall &c) {
  if (c.flag("train"))
    return c.error(
        "random dropout: the model was saved in training mode",
        "call model.eval() before torch.jit.trace or torch.jit.script, and save it again");
  ViewStep s = step(ViewStep::Same, {});
  s.op = OpKind::Dropout;
  s.p = c.number("p");
  return c.view(c.self(), s, c.self()->type.shape, c.self()->strides);
}

Val lowerContiguous(OpCall &c) {
  TensorObject *t = c.self();
  bool rowMajorWanted = !c.given("memory_format") || c.integer("memory_format") <= 1;
  if (rowMajorWanted && Functionalizer::isContiguous(t))
    return c.alias(t);
  Ref copy = c.b.op(OpKind::Contiguous, {c.read(t)});
  return rowMajorWanted && t->strides ? c.result(copy) : c.perhapsView(t, copy);
}

Val lowerClone(OpCall &c) {
  return c.result(c.b.op(OpKind::Identity, {c.in(0u)}));
}

Val lowerTo(OpCall &c) {
  TensorObject *t = c.self();
  DType target = t->type.dtype;
  if (c.given("other"))
    target = c.object("other")->type.dtype;
  else if (std::optional<DType> asked = c.dtype())
    target = *asked;
  if (c.b.failed)
    return Val::poison();
  if (target == t->type.dtype)
    return c.flag("copy") ? lowerClone(c) : c.alias(t);
  return c.result(c.b.convert(c.read(t), target));
}

} // namespace wnnx::ts
