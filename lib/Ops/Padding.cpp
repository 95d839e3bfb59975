// SPDX-License-Identifier: Apache-2.0
//
// Ops that extend, join or rearrange whole dimensions: cat, pad, flip, roll, repeat, and the
// triangles tril and triu.
#include "ShapeChecks.h"

#include <fmt/format.h>

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
    return ctx.error(fmt::format("unknown `mode` {}{}", quote(mode),
                                 didYouMean(mode, {"constant", "reflect", "replicate",
                                                   "circular"})));
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
      return ctx.error(fmt::format("padding ({}, {}) of dimension {} is too large", before, after,
                                   dim));
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
    return ctx.error("`input` must have two dimensions or more, found " + type.str());
  ctx.results.push_back(type);
  return success();
}

LogicalResult inferTril(InferContext &ctx) { return inferTriangle(ctx); }
LogicalResult inferTriu(InferContext &ctx) { return inferTriangle(ctx); }

} // namespace wnnx
