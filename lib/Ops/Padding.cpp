// SPDX-License-Identifier: Apache-2.0
//
// Ops that extend, join or rearrange whole dimensions: cat, pad, flip, roll, repeat, and the
// triangles tril and triu.
#include "Elements.h"
#include "ShapeChecks.h"

#include <fmt/format.h>

#include <algorithm>

namespace wnnx {

LogicalResult inferCat(InferContext &ctx) {
  CatOp op(ctx.node);
  llvm::ArrayRef<Value *> inputs = op.inputs();
  if (inputs.empty())
    return ctx.error("there is nothing to join");
  const TensorType &first = inputs[0]->type();
  if (first.shape.rank() == 0)
    return ctx.error("`inputs` 0 has no dimensions; scalars can not be joined")
        .hint("reshape it to [1]");
  FailureOr<int64_t> dim = checkedDim(ctx, op.dim(), first.shape.rank());
  if (failed(dim))
    return failure();
  Shape shape = first.shape;
  for (unsigned i = 1; i < inputs.size(); ++i) {
    const Shape &other = inputs[i]->shape();
    if (failed(requireSameDType(ctx, 0, i)))
      return failure();
    bool fits = other.rank() == shape.rank();
    for (int64_t d = 0; fits && d < other.rank(); ++d)
      fits = d == *dim || other[d] == shape[d];
    if (!fits)
      return ctx.error(fmt::format("`inputs` 0 of shape {} and {} of shape {} do not join along "
                                   "dimension {}",
                                   first.shape.str(), i, other.str(), *dim));
    if (__builtin_add_overflow(shape[*dim], other[*dim], &shape[*dim]))
      return ctx.error("the joined dimension is too large");
  }
  return addResult(ctx, first.dtype, shape);
}

/// Limits of the modes that take their padding from the input.
static LogicalResult checkPadMode(InferContext &ctx, const std::string &mode, int64_t dim,
                                  int64_t size, int64_t before, int64_t after) {
  int64_t limit = INT64_MAX;
  if (mode == "reflect")
    limit = size - 1;
  else if (mode == "circular") // negative sides are cropped before the rest is wrapped around
    limit = size + std::min<int64_t>(before, 0) + std::min<int64_t>(after, 0);
  else if (mode == "replicate" && size == 0)
    limit = 0;
  if (before <= limit && after <= limit)
    return success();
  return ctx.error(fmt::format("padding ({}, {}) of dimension {} of size {} is too large for mode "
                               "\"{}\"",
                               before, after, dim, size, mode));
}

LogicalResult inferPad(InferContext &ctx) {
  PadOp op(ctx.node);
  const std::string &mode = op.mode();
  if (mode != "constant" && mode != "reflect" && mode != "replicate" && mode != "circular")
    return ctx.error(
        fmt::format("unknown `mode` {}{}", quote(mode),
                    didYouMean(mode, {"constant", "reflect", "replicate", "circular"})));
  const std::vector<int64_t> &pad = op.pad();
  Shape shape = op.input()->shape();
  if (pad.size() % 2 || int64_t(pad.size() / 2) > shape.rank())
    return ctx.error(fmt::format("`pad` has {} entries; shape {} takes pairs for up to {} "
                                 "dimensions",
                                 pad.size(), shape.str(), shape.rank()));
  for (size_t i = 0; i < pad.size() / 2; ++i) {
    int64_t dim = shape.rank() - 1 - int64_t(i), size = shape[dim];
    int64_t before = pad[2 * i], after = pad[2 * i + 1];
    int64_t sum = 0;
    if (__builtin_add_overflow(size, before, &sum) || __builtin_add_overflow(sum, after, &sum))
      return ctx.error(
          fmt::format("padding ({}, {}) of dimension {} is too large", before, after, dim));
    // Cropping both sides may not pass each other, nor one side the whole.
    if (sum < 0 || before < -size || after < -size)
      return ctx.error(fmt::format("padding ({}, {}) crops more than the {} elements of dimension "
                                   "{}",
                                   before, after, size, dim));
    if (failed(checkPadMode(ctx, mode, dim, size, before, after)))
      return failure();
    shape[dim] = sum;
  }
  return addResult(ctx, op.input()->dtype(), shape);
}

LogicalResult inferFlip(InferContext &ctx) {
  FlipOp op(ctx.node);
  if (failed(checkedDims(ctx, op.dims(), op.input()->rank())))
    return failure();
  ctx.results.push_back(op.input()->type());
  return success();
}

LogicalResult inferRoll(InferContext &ctx) {
  RollOp op(ctx.node);
  if (op.shifts().size() != op.dims().size())
    return ctx.error(fmt::format("`shifts` has {} entries and `dims` has {}", op.shifts().size(),
                                 op.dims().size()));
  if (!op.dims().empty() && op.input()->rank() == 0)
    return ctx.error("`input` has no dimensions");
  for (int64_t d : op.dims()) {
    if (failed(checkedDim(ctx, d, op.input()->rank())))
      return failure();
  }
  ctx.results.push_back(op.input()->type());
  return success();
}

LogicalResult inferRepeat(InferContext &ctx) {
  RepeatOp op(ctx.node);
  const Shape &from = op.input()->shape();
  Shape shape(op.repeats());
  int64_t added = shape.rank() - from.rank();
  if (added < 0)
    return ctx.error(fmt::format("`repeats` {} has fewer entries than shape {} has dimensions",
                                 Attribute(op.repeats()).str(), from.str()));
  for (int64_t i = 0; i < shape.rank(); ++i) {
    if (shape[i] < 0)
      return ctx.error(fmt::format("`repeats` has the negative entry {}", shape[i]));
    if (i >= added && __builtin_mul_overflow(shape[i], from[i - added], &shape[i]))
      return ctx.error("the result is too large");
  }
  return addResult(ctx, op.input()->dtype(), shape);
}

static LogicalResult inferTriangle(InferContext &ctx) {
  const TensorType &type = ctx.node.operand(0)->type();
  if (type.shape.rank() < 2)
    return ctx.error("`input` must have two dimensions or more; found " + type.str());
  ctx.results.push_back(type);
  return success();
}

LogicalResult inferTril(InferContext &ctx) {
  return inferTriangle(ctx);
}
LogicalResult inferTriu(InferContext &ctx) {
  return inferTriangle(ctx);
}

template <class S> void evalCat(const EvalContext<S> &ctx) {
  RefTensor<S> &out = ctx.out();
  Lines whole(out.shape(), CatOp(ctx.node).dim());
  int64_t at = 0; // where the operand begins along the dimension
  for (const RefTensor<S> *operand : ctx.operands) {
    Lines part(operand->shape(), CatOp(ctx.node).dim());
    int64_t block = part.size * part.inner;
    withElements(*operand, out, [&](const auto &from, auto &to) {
      for (int64_t o = 0; o < part.outer; ++o)
        std::copy_n(from.begin() + o * block, block,
                    to.begin() + (o * whole.size + at) * whole.inner);
    });
    at += part.size;
  }
}
WNNX_INSTANTIATE_EVAL(Cat);

/// The position in a dimension of `size` that a result position reads, or `outsideOffset`.
static int64_t padSource(const std::string &mode, int64_t i, int64_t size, int64_t before,
                         int64_t after) {
  int64_t at = i - before;
  if (mode == "circular") { // what is cropped does not come back on the other side
    int64_t first = std::max<int64_t>(-before, 0);
    int64_t kept = size - first - std::max<int64_t>(-after, 0);
    return first + ((at - first) % kept + kept) % kept;
  }
  if (at >= 0 && at < size)
    return at;
  if (mode == "reflect")
    return at < 0 ? -at : 2 * (size - 1) - at;
  if (mode == "replicate")
    return at < 0 ? 0 : size - 1;
  return outsideOffset;
}

template <class S> void evalPad(const EvalContext<S> &ctx) {
  PadOp op(ctx.node);
  const Shape &from = ctx.in(0).shape();
  RefTensor<S> &out = ctx.out();
  OffsetMaps maps = identityMaps(from);
  for (size_t i = 0; i < op.pad().size() / 2; ++i) {
    size_t dim = size_t(from.rank()) - 1 - i;
    maps[dim].clear();
    for (int64_t k = 0; k < out.shape()[int64_t(dim)]; ++k) {
      int64_t at =
          padSource(op.mode(), k, from[int64_t(dim)], op.pad()[2 * i], op.pad()[2 * i + 1]);
      maps[dim].push_back(at == outsideOffset ? at : at * from.strides()[dim]);
    }
  }
  if (out.real())
    std::fill(out.reals.begin(), out.reals.end(), scalar::real<S>(op.value()));
  else if (out.type.dtype == DType::Bool)
    std::fill(out.ints.begin(), out.ints.end(), int64_t(op.value() != 0));
  else
    std::fill(out.ints.begin(), out.ints.end(), scalar::toInt(op.value()));
  readMapped(ctx.in(0), out, maps);
}
WNNX_INSTANTIATE_EVAL(Pad);

template <class S> void evalFlip(const EvalContext<S> &ctx) {
  OffsetMaps maps = identityMaps(ctx.in(0).shape());
  if (!maps.empty()) {
    for (int64_t d : FlipOp(ctx.node).dims()) {
      std::vector<int64_t> &map = maps[size_t(*normalizeDim(d, int64_t(maps.size())))];
      std::reverse(map.begin(), map.end());
    }
  }
  readMapped(ctx.in(0), ctx.out(), maps);
}
WNNX_INSTANTIATE_EVAL(Flip);

template <class S> void evalRoll(const EvalContext<S> &ctx) {
  RollOp op(ctx.node);
  OffsetMaps maps = identityMaps(ctx.in(0).shape());
  for (size_t i = 0; i < op.dims().size(); ++i) {
    std::vector<int64_t> &map = maps[size_t(*normalizeDim(op.dims()[i], int64_t(maps.size())))];
    int64_t size = int64_t(map.size());
    if (size == 0)
      return;
    int64_t shift = (op.shifts()[i] % size + size) % size; // elements move towards the end
    std::rotate(map.begin(), map.end() - shift, map.end());
  }
  readMapped(ctx.in(0), ctx.out(), maps);
}
WNNX_INSTANTIATE_EVAL(Roll);

template <class S> void evalRepeat(const EvalContext<S> &ctx) {
  const Shape &from = ctx.in(0).shape(), &to = ctx.out().shape();
  OffsetMaps maps = identityMaps(from);
  maps.insert(maps.begin(), size_t(to.rank() - from.rank()), {0});
  for (size_t d = 0; d < maps.size(); ++d) {
    std::vector<int64_t> tile = std::move(maps[d]);
    maps[d].clear();
    for (int64_t k = 0; k < to[int64_t(d)]; ++k)
      maps[d].push_back(tile[size_t(k) % tile.size()]);
  }
  readMapped(ctx.in(0), ctx.out(), maps);
}
WNNX_INSTANTIATE_EVAL(Repeat);

/// Copies the elements whose column minus row is in [lo, hi]; the others stay zero.
template <class S> static void copyBand(const EvalContext<S> &ctx, int64_t lo, int64_t hi) {
  const Shape &shape = ctx.in(0).shape();
  int64_t rows = shape.back(1), columns = shape.back(0);
  withElements(ctx.in(0), ctx.out(), [&](const auto &in, auto &out) {
    for (size_t i = 0; i < in.size(); ++i) {
      int64_t diagonal = int64_t(i) % columns - int64_t(i) / columns % rows;
      if (diagonal >= lo && diagonal <= hi)
        out[i] = in[i];
    }
  });
}

template <class S> void evalTril(const EvalContext<S> &ctx) {
  copyBand(ctx, INT64_MIN, TrilOp(ctx.node).diagonal());
}
WNNX_INSTANTIATE_EVAL(Tril);

template <class S> void evalTriu(const EvalContext<S> &ctx) {
  copyBand(ctx, TriuOp(ctx.node).diagonal(), INT64_MAX);
}
WNNX_INSTANTIATE_EVAL(Triu);

} // namespace wnnx
