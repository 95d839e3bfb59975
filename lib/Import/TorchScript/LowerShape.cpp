// SPDX-License-Identifier: Apache-2.0
//
// Operators that move or repeat elements and make new tensors.
#include "OpCall.h"

#include "Limits.h"

#include <algorithm>
#include <fmt/format.h>

namespace wnnx::ts {
namespace {

using Ints = llvm::SmallVector<int64_t, 6>;

Ref cat(OpCall &c, std::vector<Ref> parts, int64_t dim) {
  if (parts.empty())
    return c.badRef("no tensors");
  // PyTorch lets one-dimensional empty tensors pass, whatever the others' rank.
  std::vector<Ref> kept;
  for (Ref r : parts)
    if (r->rank() != 1 || r->dim(0) != 0)
      kept.push_back(r);
  if (kept.empty())
    return parts[0];
  DType t = kept[0]->dtype();
  for (Ref r : kept)
    t = promote(t, r->dtype());
  for (Ref &r : kept)
    r = c.b.convert(r, t);
  if (c.b.failed)
    return kept[0];
  dim = c.dim(dim, kept[0]->rank());
  return kept.size() == 1 ? kept[0] : c.b.op(OpKind::Cat, kept, {{"dim", dim}});
}

Ref unsqueezed(OpCall &c, Ref r, int64_t dim) {
  Shape s = r->shape();
  s.insert(dim, 1);
  return c.b.reshape(r, s.ref());
}

} // namespace

Val lowerCat(OpCall &c) {
  return c.result(cat(c, c.list("tensors"), c.integer("dim")));
}

Val lowerStack(OpCall &c) {
  std::vector<Ref> parts = c.list("tensors");
  if (parts.empty() || c.b.failed)
    return c.error("no tensors");
  int64_t dim = c.dim(c.integer("dim"), parts[0]->rank() + 1);
  if (c.b.failed)
    return Val::poison();
  for (Ref &r : parts) {
    if (r->rank() < dim)
      return c.error("tensors of different ranks");
    r = unsqueezed(c, r, dim);
  }
  // Stacked empties keep their shape: none of them is PyTorch's one-dimensional special case.
  DType t = parts[0]->dtype();
  for (Ref r : parts)
    t = promote(t, r->dtype());
  for (Ref &r : parts)
    r = c.b.convert(r, t);
  return c.result(parts.size() == 1 ? parts[0] : c.b.op(OpKind::Cat, parts, {{"dim", dim}}));
}

Val lowerHstack(OpCall &c) {
  std::vector<Ref> parts = c.list("tensors");
  for (Ref &r : parts)
    if (r->rank() == 0)
      r = c.b.reshape(r, {1});
  bool vectors = parts.empty() || parts[0]->rank() == 1;
  return c.result(cat(c, std::move(parts), vectors ? 0 : 1));
}

Val lowerVstack(OpCall &c) {
  std::vector<Ref> parts = c.list("tensors");
  for (Ref &r : parts)
    if (r->rank() < 2)
      r = c.b.reshape(r, {1, r->type.numel()});
  return c.result(cat(c, std::move(parts), 0));
}

Val lowerRepeat(OpCall &c) {
  Ref x = c.in(0u);
  Ints repeats = c.ints(c.name == "tile" ? "dims" : "repeats");
  while (int64_t(repeats.size()) < x->rank() && c.name == "tile")
    repeats.insert(repeats.begin(), 1);
  return c.result(c.b.op(OpKind::Repeat, {x}, {{"repeats", llvm::ArrayRef<int64_t>(repeats)}}));
}

Val lowerRepeatInterleave(OpCall &c) {
  if (c.schema.indexOf("self") < 0)
    return c.error("the length of the result depends on the data");
  Ref x = c.in("self");
  if (!c.given("dim"))
    x = c.b.reshape(x, {x->type.numel()});
  int64_t dim = c.given("dim") ? c.dim(c.integer("dim"), x->rank()) : 0;
  if (c.b.failed || x->rank() == 0)
    return c.error("a tensor without dimensions");
  Val repeats = c.arg("repeats");
  if (repeats.isTensor()) {
    Ref counts = c.read(repeats.tensor);
    if (!counts->isConstant())
      return c.error("the length of the result depends on the data");
    std::vector<int64_t> rows;
    for (int64_t i = 0; i < x->dim(dim); ++i) {
      int64_t n = counts->constant.getInt(counts->type.numel() == 1 ? 0 : i);
      if (n < 0 || n + int64_t(rows.size()) > limits::constantElements)
        return c.error("impossible repetition");
      rows.insert(rows.end(), size_t(n), i);
    }
    Ref index = c.b.constant(Tensor::fromInts({int64_t(rows.size())}, rows));
    return c.result(c.b.op(OpKind::IndexSelect, {x, index}, {{"dim", dim}}));
  }
  if (repeats.i < 0 || repeats.i > limits::constantElements)
    return c.error("impossible repetition");
  Shape s = x->shape(), wide = s, flat = s;
  wide.insert(dim + 1, repeats.i);
  s.insert(dim + 1, 1);
  flat[dim] *= repeats.i;
  return c.result(c.b.reshape(c.b.expand(c.b.reshape(x, s.ref()), wide), flat.ref()));
}

Val lowerPad(OpCall &c) {
  Ref x = c.in(0u);
  Ints pad = c.ints(c.given("pad") ? "pad" : "padding");
  std::string mode = c.text("mode");
  if (c.name.starts_with("reflection"))
    mode = "reflect";
  else if (c.name.starts_with("replication"))
    mode = "replicate";
  else if (mode.empty())
    mode = "constant";
  return c.result(c.b.op(
      OpKind::Pad, {x},
      {{"pad", llvm::ArrayRef<int64_t>(pad)}, {"mode", mode}, {"value", c.numberOr("value", 0)}}));
}

Val lowerFlip(OpCall &c) {
  Ref x = c.in(0u);
  return c.result(
      c.b.op(OpKind::Flip, {x}, {{"dims", llvm::ArrayRef<int64_t>(c.dims("dims", x->rank()))}}));
}

Val lowerRoll(OpCall &c) {
  Ref x = c.in(0u);
  Ints shifts = c.ints("shifts"), dims = c.dims("dims", x->rank());
  if (!dims.empty())
    return c.result(c.b.op(
        OpKind::Roll, {x},
        {{"shifts", llvm::ArrayRef<int64_t>(shifts)}, {"dims", llvm::ArrayRef<int64_t>(dims)}}));
  Ref flat = c.b.reshape(x, {x->type.numel()});
  Ref rolled =
      c.b.op(OpKind::Roll, {flat},
             {{"shifts", llvm::ArrayRef<int64_t>(shifts)}, {"dims", std::vector<int64_t>{0}}});
  return c.result(c.b.reshape(rolled, x->shape().ref()));
}

static Val triangle(OpCall &c, OpKind kind) {
  return c.result(c.b.op(kind, {c.in(0u)}, {{"diagonal", c.integer("diagonal")}}));
}
Val lowerTril(OpCall &c) {
  return triangle(c, OpKind::Tril);
}
Val lowerTriu(OpCall &c) {
  return triangle(c, OpKind::Triu);
}

Val lowerMeshgrid(OpCall &c) {
  std::vector<Ref> axes = c.list("tensors");
  bool xy = c.text("indexing") == "xy" && axes.size() >= 2;
  Shape full;
  for (Ref r : axes)
    full.push(r->type.numel());
  if (xy)
    std::swap(full[0], full[1]);
  std::vector<Ref> out;
  for (size_t i = 0; i < axes.size(); ++i) {
    size_t dim = xy && i < 2 ? 1 - i : i;
    Shape s(llvm::SmallVector<int64_t, 6>(axes.size(), 1));
    s[int64_t(dim)] = axes[i]->type.numel();
    out.push_back(c.b.expand(c.b.reshape(axes[i], s.ref()), full));
  }
  return c.listOf(out);
}

Val lowerPixelShuffle(OpCall &c) {
  Ref x = c.in(0u);
  int64_t r = c.integer("upscale_factor"), n = x->rank();
  if (n < 3 || r <= 0 || r > 1 << 15 || x->dim(n - 3) % (r * r))
    return c.error("the number of channels is not divisible by the square of the factor");
  int64_t ch = x->dim(n - 3) / (r * r), h = x->dim(n - 2), w = x->dim(n - 1);
  int64_t batch = x->shape().product(0, n - 3);
  Ref y = c.b.permute(c.b.reshape(x, {batch, ch, r, r, h, w}), {0, 1, 4, 2, 5, 3});
  Shape out = x->shape();
  out[n - 3] = ch, out[n - 2] = h * r, out[n - 1] = w * r;
  return c.result(c.b.reshape(y, out.ref()));
}

Val lowerPixelUnshuffle(OpCall &c) {
  Ref x = c.in(0u);
  int64_t r = c.integer("downscale_factor"), n = x->rank();
  if (n < 3 || r <= 0 || r > 1 << 15 || x->dim(n - 2) % r || x->dim(n - 1) % r)
    return c.error("the size is not divisible by the factor");
  int64_t ch = x->dim(n - 3), h = x->dim(n - 2) / r, w = x->dim(n - 1) / r;
  int64_t batch = x->shape().product(0, n - 3);
  Ref y = c.b.permute(c.b.reshape(x, {batch, ch, h, r, w, r}), {0, 1, 3, 5, 2, 4});
  Shape out = x->shape();
  out[n - 3] = ch * r * r, out[n - 2] = h, out[n - 1] = w;
  return c.result(c.b.reshape(y, out.ref()));
}

Val lowerChannelShuffle(OpCall &c) {
  Ref x = c.in(0u);
  int64_t g = c.integer("groups"), n = x->rank();
  if (n < 3 || g <= 0 || x->dim(1) % g)
    return c.error("the number of channels is not divisible by the number of groups");
  int64_t rest = x->shape().product(2, n);
  Ref y = c.b.permute(c.b.reshape(x, {x->dim(0), g, x->dim(1) / g, rest}), {0, 2, 1, 3});
  return c.result(c.b.reshape(y, x->shape().ref()));
}

} // namespace wnnx::ts
