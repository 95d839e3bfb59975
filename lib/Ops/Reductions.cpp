// SPDX-License-Identifier: Apache-2.0
//
// Reductions over any set of dimensions: sum to var, argmax and argmin.
#include "ShapeChecks.h"

#include <fmt/format.h>

namespace wnnx {

/// The input's shape without the reduced dimensions, or with them as 1.
static Shape reducedShape(const Shape &shape, llvm::ArrayRef<bool> reduced, bool keepdim) {
  Shape out;
  for (int64_t i = 0; i < shape.rank(); ++i) {
    if (!reduced[size_t(i)])
      out.push(shape[i]);
    else if (keepdim)
      out.push(1);
  }
  return out;
}

/// Which dimensions `dim` means: all when the list is empty.
static FailureOr<llvm::SmallVector<bool, 6>> reducedDims(InferContext &ctx) {
  const Shape &shape = ctx.node.operand(0)->shape();
  const std::vector<int64_t> &dims = ctx.node.attr("dim").asInts();
  if (dims.empty())
    return llvm::SmallVector<bool, 6>(size_t(shape.rank()), true);
  return checkedDims(ctx, dims, shape.rank());
}

static LogicalResult inferReduction(InferContext &ctx, DType dtype) {
  FailureOr<llvm::SmallVector<bool, 6>> reduced = reducedDims(ctx);
  if (failed(reduced))
    return failure();
  ctx.result(dtype, reducedShape(ctx.node.operand(0)->shape(), *reduced,
                                 ctx.node.attr("keepdim").asBool()));
  return success();
}

/// Integers and bool add up as i64.
static LogicalResult inferWidening(InferContext &ctx) {
  DType dtype = ctx.node.operand(0)->dtype();
  return inferReduction(ctx, isFloat(dtype) ? dtype : DType::I64);
}

static LogicalResult inferFloatReduction(InferContext &ctx) {
  if (failed(requireFloat(ctx, 0)))
    return failure();
  return inferReduction(ctx, ctx.node.operand(0)->dtype());
}

/// The extreme of no elements has no value, unless there is no result element either.
static LogicalResult inferExtreme(InferContext &ctx) {
  const Value *input = ctx.node.operand(0);
  FailureOr<llvm::SmallVector<bool, 6>> reduced = reducedDims(ctx);
  if (failed(reduced))
    return failure();
  for (int64_t i = 0; i < input->rank(); ++i) {
    if ((*reduced)[size_t(i)] && input->dim(i) == 0)
      return ctx.error(fmt::format("dimension {} of shape {} has no elements to reduce", i,
                                   input->shape().str()));
  }
  return inferReduction(ctx, input->dtype());
}

LogicalResult inferSum(InferContext &ctx) { return inferWidening(ctx); }
LogicalResult inferProd(InferContext &ctx) { return inferWidening(ctx); }
LogicalResult inferMean(InferContext &ctx) { return inferFloatReduction(ctx); }
LogicalResult inferVar(InferContext &ctx) { return inferFloatReduction(ctx); }
LogicalResult inferAmax(InferContext &ctx) { return inferExtreme(ctx); }
LogicalResult inferAmin(InferContext &ctx) { return inferExtreme(ctx); }
LogicalResult inferAny(InferContext &ctx) { return inferReduction(ctx, DType::Bool); }
LogicalResult inferAll(InferContext &ctx) { return inferReduction(ctx, DType::Bool); }

static LogicalResult inferArg(InferContext &ctx, std::optional<int64_t> dim, bool keepdim) {
  if (failed(requireNotBool(ctx, 0)))
    return failure();
  const Shape &shape = ctx.node.operand(0)->shape();
  llvm::SmallVector<bool, 6> reduced(size_t(shape.rank()), !dim);
  if (dim) {
    FailureOr<int64_t> d = checkedDim(ctx, *dim, shape.rank());
    if (failed(d))
      return failure();
    if (shape.rank() > 0)
      reduced[size_t(*d)] = true;
  }
  for (int64_t i = 0; i < shape.rank(); ++i) {
    if (reduced[size_t(i)] && shape[i] == 0)
      return ctx.error(fmt::format("dimension {} of shape {} has no elements to choose from", i,
                                   shape.str()));
  }
  ctx.result(DType::I64, reducedShape(shape, reduced, keepdim));
  return success();
}

LogicalResult inferArgmax(InferContext &ctx) {
  ArgmaxOp op(ctx.node);
  return inferArg(ctx, op.dim(), op.keepdim());
}

LogicalResult inferArgmin(InferContext &ctx) {
  ArgminOp op(ctx.node);
  return inferArg(ctx, op.dim(), op.keepdim());
}

} // namespace wnnx
