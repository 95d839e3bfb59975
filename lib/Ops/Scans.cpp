// SPDX-License-Identifier: Apache-2.0
//
// Ops that work along one dimension and keep its size or order it: cumsum, softmax, log_softmax,
// topk, sort.
#include "ShapeChecks.h"

#include <fmt/format.h>

namespace wnnx {

LogicalResult inferCumsum(InferContext &ctx) {
  CumsumOp op(ctx.node);
  if (failed(checkedDim(ctx, op.dim(), op.input()->rank())))
    return failure();
  DType dtype = op.input()->dtype();
  ctx.result(isFloat(dtype) ? dtype : DType::I64, op.input()->shape());
  return success();
}

static LogicalResult inferSoftmaxAlong(InferContext &ctx, int64_t dim) {
  const Value *input = ctx.node.operand(0);
  if (failed(requireFloat(ctx, 0)) || failed(checkedDim(ctx, dim, input->rank())))
    return failure();
  ctx.results.push_back(input->type());
  return success();
}

LogicalResult inferSoftmax(InferContext &ctx) {
  return inferSoftmaxAlong(ctx, SoftmaxOp(ctx.node).dim());
}

LogicalResult inferLogSoftmax(InferContext &ctx) {
  return inferSoftmaxAlong(ctx, LogSoftmaxOp(ctx.node).dim());
}

LogicalResult inferTopk(InferContext &ctx) {
  TopkOp op(ctx.node);
  FailureOr<int64_t> dim = checkedDim(ctx, op.dim(), op.input()->rank());
  if (failed(requireNotBool(ctx, 0)) || failed(dim))
    return failure();
  Shape shape = op.input()->shape();
  int64_t size = shape.rank() ? shape[*dim] : 1;
  if (op.k() < 0 || op.k() > size)
    return ctx.error(fmt::format("`k` is {}, but dimension {} of shape {} has {} elements", op.k(),
                                 *dim, shape.str(), size));
  if (shape.rank())
    shape[*dim] = op.k();
  ctx.result(op.input()->dtype(), shape);
  ctx.result(DType::I64, shape);
  return success();
}

LogicalResult inferSort(InferContext &ctx) {
  SortOp op(ctx.node);
  if (failed(checkedDim(ctx, op.dim(), op.input()->rank())))
    return failure();
  ctx.results.push_back(op.input()->type());
  ctx.result(DType::I64, op.input()->shape());
  return success();
}

} // namespace wnnx
