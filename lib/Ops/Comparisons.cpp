// SPDX-License-Identifier: Apache-2.0
//
// Broadcasting comparisons, logic and bit operations, and where.
#include "Broadcast.h"
#include "ShapeChecks.h"

#include <fmt/format.h>

namespace wnnx {

static LogicalResult inferPredicate(InferContext &ctx) {
  LogicalResult ok = requireSameDType(ctx, 0, 1);
  FailureOr<Shape> shape = broadcastOperands(ctx, 0, 1);
  if (failed(ok) || failed(shape))
    return failure();
  return addResult(ctx, DType::Bool, *shape);
}

LogicalResult inferEq(InferContext &ctx) {
  return inferPredicate(ctx);
}
LogicalResult inferNe(InferContext &ctx) {
  return inferPredicate(ctx);
}
LogicalResult inferLt(InferContext &ctx) {
  return inferPredicate(ctx);
}
LogicalResult inferLe(InferContext &ctx) {
  return inferPredicate(ctx);
}
LogicalResult inferGt(InferContext &ctx) {
  return inferPredicate(ctx);
}
LogicalResult inferGe(InferContext &ctx) {
  return inferPredicate(ctx);
}
LogicalResult inferLogicalAnd(InferContext &ctx) {
  return inferPredicate(ctx);
}
LogicalResult inferLogicalOr(InferContext &ctx) {
  return inferPredicate(ctx);
}
LogicalResult inferLogicalXor(InferContext &ctx) {
  return inferPredicate(ctx);
}

static LogicalResult inferBitwise(InferContext &ctx) {
  const TensorType &type = ctx.node.operand(0)->type();
  if (isFloat(type.dtype))
    return ctx.error("`input` must be an integer or bool tensor; found " + type.str());
  if (failed(inferPredicate(ctx)))
    return failure();
  ctx.results[0].dtype = type.dtype;
  return success();
}

LogicalResult inferBitwiseAnd(InferContext &ctx) {
  return inferBitwise(ctx);
}
LogicalResult inferBitwiseOr(InferContext &ctx) {
  return inferBitwise(ctx);
}
LogicalResult inferBitwiseXor(InferContext &ctx) {
  return inferBitwise(ctx);
}

LogicalResult inferWhere(InferContext &ctx) {
  WhereOp op(ctx.node);
  if (op.condition()->dtype() != DType::Bool)
    return ctx.error("`condition` must be a bool tensor; found " + op.condition()->type().str());
  LogicalResult ok = requireSameDType(ctx, 1, 2);
  FailureOr<Shape> values = broadcastOperands(ctx, 1, 2);
  if (failed(ok) || failed(values))
    return failure();
  std::optional<Shape> shape = broadcast(op.condition()->shape(), *values);
  if (!shape)
    return ctx.error(fmt::format("shape {} of `condition` does not broadcast with shape {} of the "
                                 "values",
                                 op.condition()->shape().str(), values->str()));
  return addResult(ctx, op.input()->dtype(), *shape);
}

/// Nonzero; NaN is true.
template <class T> static bool isTrue(const T &x) {
  return x != T(0);
}

#define WNNX_PREDICATE(Name, expression)                                                           \
  template <class S> void eval##Name(const EvalContext<S> &ctx) {                                  \
    zipPredicate(ctx, [](const auto &a, const auto &b) -> bool { return expression; });            \
  }                                                                                                \
  WNNX_INSTANTIATE_EVAL(Name);
WNNX_PREDICATE(Eq, a == b)
WNNX_PREDICATE(Ne, a != b)
WNNX_PREDICATE(Lt, a < b)
WNNX_PREDICATE(Le, a <= b)
WNNX_PREDICATE(Gt, a > b)
WNNX_PREDICATE(Ge, a >= b)
WNNX_PREDICATE(LogicalAnd, isTrue(a) && isTrue(b))
WNNX_PREDICATE(LogicalOr, isTrue(a) || isTrue(b))
WNNX_PREDICATE(LogicalXor, isTrue(a) != isTrue(b))
#undef WNNX_PREDICATE

template <class S> void evalBitwiseAnd(const EvalContext<S> &ctx) {
  zipInts(ctx, [](int64_t a, int64_t b) { return a & b; });
}
WNNX_INSTANTIATE_EVAL(BitwiseAnd);

template <class S> void evalBitwiseOr(const EvalContext<S> &ctx) {
  zipInts(ctx, [](int64_t a, int64_t b) { return a | b; });
}
WNNX_INSTANTIATE_EVAL(BitwiseOr);

template <class S> void evalBitwiseXor(const EvalContext<S> &ctx) {
  zipInts(ctx, [](int64_t a, int64_t b) { return a ^ b; });
}
WNNX_INSTANTIATE_EVAL(BitwiseXor);

template <class S> void evalWhere(const EvalContext<S> &ctx) {
  RefTensor<S> &out = ctx.out();
  Expanded<S> condition(ctx.in(0), out.shape());
  Expanded<S> yes(ctx.in(1), out.shape()), no(ctx.in(2), out.shape());
  for (size_t i = 0; i < condition->ints.size(); ++i) {
    const RefTensor<S> &from = condition->ints[i] ? *yes : *no;
    if (out.real())
      out.reals[i] = from.reals[i];
    else
      out.ints[i] = from.ints[i];
  }
}
WNNX_INSTANTIATE_EVAL(Where);

} // namespace wnnx
