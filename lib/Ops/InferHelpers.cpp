// SPDX-License-Identifier: Apache-2.0
//
// Checks that many infer hooks share.
#include "InferHelpers.h"

namespace wnnx {

std::string describeOperand(std::string_view name, const Value *v) {
  return "`" + std::string(name) + "` " + v->type().str();
}

bool expectRank(InferContext &ctx, const Value *v, std::string_view name, int64_t rank,
                std::string_view layout) {
  if (!v || v->rank() == rank)
    return true;
  std::string want = std::to_string(rank) + (rank == 1 ? " dimension" : " dimensions");
  if (!layout.empty())
    want += " " + std::string(layout);
  ctx.error("`" + std::string(name) + "` must have " + want + "; found " + v->type().str());
  return false;
}

bool expectShape(InferContext &ctx, const Value *v, std::string_view name, const Shape &shape) {
  if (!v || v->shape() == shape)
    return true;
  ctx.error("`" + std::string(name) + "` must have shape " + shape.str() + "; found " +
            v->shape().str());
  return false;
}

bool expectFloat(InferContext &ctx, const Value *v, std::string_view name) {
  if (!v || isFloat(v->dtype()))
    return true;
  ctx.error("`" + std::string(name) + "` must have a float dtype; found " + v->type().str());
  return false;
}

bool expectSameDType(InferContext &ctx, const Value *v, std::string_view name, const Value *like,
                     std::string_view likeName) {
  if (!v || v->dtype() == like->dtype())
    return true;
  ctx.error("`" + std::string(name) + "` is " + std::string(dtypeName(v->dtype())) + ", but `" +
            std::string(likeName) + "` is " + std::string(dtypeName(like->dtype())))
      .hint("insert `to` where dtypes differ");
  return false;
}

bool expectInts(InferContext &ctx, std::string_view name, llvm::ArrayRef<int64_t> values,
                size_t count, int64_t minimum) {
  std::string quoted = "`" + std::string(name) + "`";
  if (values.size() != count) {
    ctx.error(quoted + " must have " + std::to_string(count) + " entries; found " +
              Attribute(values).str());
    return false;
  }
  for (int64_t v : values) {
    if (v < minimum || v > maxWindowValue) {
      ctx.error(quoted + " must be " +
                (v < minimum ? "at least " + std::to_string(minimum)
                             : "at most " + std::to_string(maxWindowValue)) +
                "; found " + Attribute(values).str());
      return false;
    }
  }
  return true;
}

std::optional<int64_t> expectDim(InferContext &ctx, std::string_view name, int64_t dim,
                                 int64_t rank) {
  std::optional<int64_t> d = normalizeDim(dim, rank);
  if (!d) {
    int64_t r = rank == 0 ? 1 : rank;
    ctx.error("`" + std::string(name) + "` must be in [" + std::to_string(-r) + ", " +
              std::to_string(r - 1) + "] for " + std::to_string(rank) + " dimensions; found " +
              std::to_string(dim));
  }
  return d;
}

LogicalResult finish(InferContext &ctx, DType dtype, Shape shape) {
  if (!checkedNumel(shape.ref()))
    return ctx.error("the result's shape " + shape.str() + " has more than 2^40 elements");
  ctx.result(dtype, std::move(shape));
  return success();
}

LogicalResult finishLikeInput(InferContext &ctx) {
  const TensorType &t = ctx.node.operand(0)->type();
  return finish(ctx, t.dtype, t.shape);
}

} // namespace wnnx
