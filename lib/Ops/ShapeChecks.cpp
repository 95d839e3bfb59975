// SPDX-License-Identifier: Apache-2.0
//
// Shared checks of infer hooks, and their messages.
#include "ShapeChecks.h"

#include <fmt/format.h>

#include <algorithm>

namespace wnnx {

/// Tensors may have this many dimensions; PyTorch has the same limit.
static constexpr int64_t maxRank = 64;

std::string operandName(const Node &n, unsigned i) {
  unsigned fixed = n.info().numFixedOperands();
  std::string name(n.info().operands[std::min(i, fixed)].name);
  return i < fixed ? name : fmt::format("{}[{}]", name, i - fixed);
}

FailureOr<int64_t> checkedDim(InferContext &ctx, int64_t dim, int64_t rank) {
  std::optional<int64_t> d = expectDim(ctx, "dim", dim, rank);
  return d ? FailureOr<int64_t>(*d) : FailureOr<int64_t>(failure());
}

FailureOr<llvm::SmallVector<bool, 6>> checkedDims(InferContext &ctx, llvm::ArrayRef<int64_t> dims,
                                                  int64_t rank) {
  llvm::SmallVector<bool, 6> set(size_t(rank == 0 ? 1 : rank), false);
  for (int64_t dim : dims) {
    FailureOr<int64_t> d = checkedDim(ctx, dim, rank);
    if (failed(d))
      return failure();
    if (set[size_t(*d)])
      return ctx.error(fmt::format("dimension {} is listed twice", *d));
    set[size_t(*d)] = true;
  }
  set.resize(size_t(rank));
  return set;
}

LogicalResult addResult(InferContext &ctx, DType dtype, Shape shape) {
  if (shape.rank() > maxRank)
    return ctx.error(
        fmt::format("the result would have {} dimensions; the limit is {}", shape.rank(), maxRank));
  return finish(ctx, dtype, std::move(shape));
}

LogicalResult requireFloat(InferContext &ctx, unsigned i) {
  return success(expectFloat(ctx, ctx.node.operand(i), operandName(ctx.node, i)));
}

LogicalResult requireSameDType(InferContext &ctx, unsigned i, unsigned k) {
  return success(expectSameDType(ctx, ctx.node.operand(k), operandName(ctx.node, k),
                                 ctx.node.operand(i), operandName(ctx.node, i)));
}

LogicalResult requireNotBool(InferContext &ctx, unsigned i) {
  const TensorType &type = ctx.node.operand(i)->type();
  if (type.dtype != DType::Bool)
    return success();
  return ctx
      .error(fmt::format("`{}` must be a number; found {}", operandName(ctx.node, i), type.str()))
      .hint("convert it with `to`");
}

LogicalResult requireIndex(InferContext &ctx, unsigned i) {
  const TensorType &type = ctx.node.operand(i)->type();
  if (type.dtype == DType::I64 || type.dtype == DType::I32)
    return success();
  return ctx.error(fmt::format("`{}` must be an i64 or i32 tensor; found {}",
                               operandName(ctx.node, i), type.str()));
}

FailureOr<Shape> broadcastOperands(InferContext &ctx, unsigned i, unsigned k) {
  const Shape &a = ctx.node.operand(i)->shape(), &b = ctx.node.operand(k)->shape();
  if (std::optional<Shape> s = broadcast(a, b))
    return *s;
  return ctx.error(fmt::format("shape {} of `{}` and {} of `{}` do not broadcast", a.str(),
                               operandName(ctx.node, i), b.str(), operandName(ctx.node, k)));
}

SliceRange clampSlice(int64_t start, int64_t end, int64_t step, int64_t size) {
  if (start < 0)
    start += size;
  if (end < 0)
    end += size;
  start = std::clamp<int64_t>(start, 0, size);
  end = std::clamp<int64_t>(end, start, size);
  int64_t length = end - start;
  return {start, length / step + (length % step != 0), step};
}

} // namespace wnnx
