// SPDX-License-Identifier: Apache-2.0
//
// Broadcasting arithmetic of two operands: add to atan2. Integer division by zero has no value in
// PyTorch, which raises; here the result is 0 (see `wnnx/Eval/RuntimeErrors.h` for who reports it),
// and inference reports a divisor that is a constant zero.
#include "Broadcast.h"
#include "ShapeChecks.h"

#include <fmt/format.h>

namespace wnnx {

static LogicalResult inferArithmetic(InferContext &ctx, bool boolAllowed) {
  LogicalResult ok = requireSameDType(ctx, 0, 1);
  if (!boolAllowed && failed(requireNotBool(ctx, 0)))
    return failure();
  FailureOr<Shape> shape = broadcastOperands(ctx, 0, 1);
  if (failed(ok) || failed(shape))
    return failure();
  return addResult(ctx, ctx.node.operand(0)->dtype(), *shape);
}

LogicalResult inferAdd(InferContext &ctx) {
  return inferArithmetic(ctx, true);
}
LogicalResult inferSub(InferContext &ctx) {
  return inferArithmetic(ctx, false);
}
LogicalResult inferMul(InferContext &ctx) {
  return inferArithmetic(ctx, true);
}
LogicalResult inferPow(InferContext &ctx) {
  return inferArithmetic(ctx, false);
}
LogicalResult inferMaximum(InferContext &ctx) {
  return inferArithmetic(ctx, true);
}
LogicalResult inferMinimum(InferContext &ctx) {
  return inferArithmetic(ctx, true);
}

/// An integer divisor that is known to be zero somewhere is an error.
static LogicalResult inferIntDivision(InferContext &ctx) {
  if (failed(inferArithmetic(ctx, false)))
    return failure();
  const Tensor *divisor = ctx.node.operand(1)->constant();
  if (!divisor || isFloat(divisor->dtype()) || ctx.results[0].numel() == 0)
    return success();
  for (int64_t i = 0, n = divisor->numel(); i < n; ++i) {
    if (divisor->getInt(i) == 0)
      return ctx.error(fmt::format("integer division by zero: element {} of `other` is 0", i));
  }
  return success();
}

LogicalResult inferRemainder(InferContext &ctx) {
  return inferIntDivision(ctx);
}
LogicalResult inferFmod(InferContext &ctx) {
  return inferIntDivision(ctx);
}

LogicalResult inferDiv(InferContext &ctx) {
  const std::string &mode = DivOp(ctx.node).rounding_mode();
  if (mode == "trunc" || mode == "floor")
    return inferIntDivision(ctx);
  if (mode != "none")
    return ctx.error(fmt::format("`rounding_mode` is {}; it must be \"none\", \"trunc\" or "
                                 "\"floor\"",
                                 quote(mode)));
  if (failed(inferArithmetic(ctx, true)))
    return failure();
  if (!isFloat(ctx.results[0].dtype))
    ctx.results[0].dtype = DType::F32;
  return success();
}

LogicalResult inferAtan2(InferContext &ctx) {
  if (failed(inferArithmetic(ctx, true)))
    return failure();
  if (!isFloat(ctx.results[0].dtype))
    ctx.results[0].dtype = DType::F32;
  return success();
}

/// A float function and the same on integers.
template <class S, class F, class G>
static void zip(const EvalContext<S> &ctx, F onReals, G onInts) {
  if (ctx.out().real())
    zipReals(ctx, onReals);
  else
    zipInts(ctx, onInts);
}

template <class S> void evalAdd(const EvalContext<S> &ctx) {
  zip(ctx, [](const S &a, const S &b) { return a + b; }, wrapAdd);
}
WNNX_INSTANTIATE_EVAL(Add);

template <class S> void evalSub(const EvalContext<S> &ctx) {
  zip(ctx, [](const S &a, const S &b) { return a - b; }, wrapSub);
}
WNNX_INSTANTIATE_EVAL(Sub);

template <class S> void evalMul(const EvalContext<S> &ctx) {
  zip(ctx, [](const S &a, const S &b) { return a * b; }, wrapMul);
}
WNNX_INSTANTIATE_EVAL(Mul);

template <class S> void evalMaximum(const EvalContext<S> &ctx) {
  zip(
      ctx, [](const S &a, const S &b) { return scalar::max(a, b); },
      [](int64_t a, int64_t b) { return std::max(a, b); });
}
WNNX_INSTANTIATE_EVAL(Maximum);

template <class S> void evalMinimum(const EvalContext<S> &ctx) {
  zip(
      ctx, [](const S &a, const S &b) { return scalar::min(a, b); },
      [](int64_t a, int64_t b) { return std::min(a, b); });
}
WNNX_INSTANTIATE_EVAL(Minimum);

/// Wraps; a negative exponent gives the truncated reciprocal.
static int64_t intPower(int64_t base, int64_t exponent) {
  if (exponent < 0)
    return base == 1 ? 1 : base == -1 ? (exponent % 2 ? -1 : 1) : 0;
  int64_t result = 1;
  for (; exponent; exponent /= 2) {
    if (exponent % 2)
      result = wrapMul(result, base);
    base = wrapMul(base, base);
  }
  return result;
}

template <class S> void evalPow(const EvalContext<S> &ctx) {
  zip(ctx, [](const S &a, const S &b) { return scalar::pow(a, b); }, intPower);
}
WNNX_INSTANTIATE_EVAL(Pow);

// Integer division: by 0 it gives 0, and the one overflow wraps.

static int64_t truncDiv(int64_t a, int64_t b) {
  return b == 0 ? 0 : b == -1 ? wrapSub(0, a) : a / b;
}
static int64_t cRemainder(int64_t a, int64_t b) {
  return b == 0 || b == -1 ? 0 : a % b;
}
static int64_t floorDiv(int64_t a, int64_t b) {
  return truncDiv(a, b) - (cRemainder(a, b) != 0 && (a < 0) != (b < 0));
}
static int64_t floorRemainder(int64_t a, int64_t b) {
  int64_t r = cRemainder(a, b);
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

/// PyTorch's floor division of floats: each step rounded, the quotient from the exact remainder.
template <class S> static S floorDivide(DType dtype, const S &a, const S &b) {
  const S zero = scalar::real<S>(0), one = scalar::real<S>(1);
  if (b == zero)
    return scalar::div(a, b);
  S mod = scalar::fmod(a, b);
  S div = inOpMath(dtype, scalar::div(inOpMath(dtype, a - mod), b));
  if (mod != zero && (b < zero) != (mod < zero))
    div = inOpMath(dtype, div - one);
  if (div == zero) // a zero with the sign of the quotient
    return scalar::div(a, b) * zero;
  S floored = scalar::floor(div);
  return div - floored > scalar::real<S>(0.5) ? floored + one : floored;
}

template <class S> void evalDiv(const EvalContext<S> &ctx) {
  const std::string &mode = DivOp(ctx.node).rounding_mode();
  DType dtype = ctx.out().type.dtype;
  if (mode == "floor")
    return zip(ctx, [&](const S &a, const S &b) { return floorDivide<S>(dtype, a, b); }, floorDiv);
  if (mode == "trunc")
    return zip(
        ctx,
        [&](const S &a, const S &b) { return scalar::trunc(inOpMath(dtype, scalar::div(a, b))); },
        truncDiv);
  zipReals(ctx, [](const S &a, const S &b) { return scalar::div(a, b); });
}
WNNX_INSTANTIATE_EVAL(Div);

template <class S> void evalRemainder(const EvalContext<S> &ctx) {
  zip(ctx, [](const S &a, const S &b) { return scalar::remainder(a, b); }, floorRemainder);
}
WNNX_INSTANTIATE_EVAL(Remainder);

template <class S> void evalFmod(const EvalContext<S> &ctx) {
  zip(ctx, [](const S &a, const S &b) { return scalar::fmod(a, b); }, cRemainder);
}
WNNX_INSTANTIATE_EVAL(Fmod);

template <class S> void evalAtan2(const EvalContext<S> &ctx) {
  zipReals(ctx, [](const S &a, const S &b) { return scalar::atan2(a, b); });
}
WNNX_INSTANTIATE_EVAL(Atan2);

} // namespace wnnx
