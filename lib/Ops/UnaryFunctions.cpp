// SPDX-License-Identifier: Apache-2.0
//
// Elementwise functions of one operand that are not activations.
#include "Elements.h"
#include "ShapeChecks.h"

namespace wnnx {

/// What dtypes a function takes and gives, as PyTorch has it.
enum class UnaryRule {
  Same,      // any dtype, unchanged
  Number,    // any but bool, unchanged
  ToFloat,   // floats unchanged, others to f32
  Predicate, // any dtype to bool
};

static LogicalResult inferUnary(InferContext &ctx, UnaryRule rule) {
  const TensorType &type = ctx.node.operand(0)->type();
  switch (rule) {
  case UnaryRule::Number:
    if (failed(requireNotBool(ctx, 0)))
      return failure();
    [[fallthrough]];
  case UnaryRule::Same:
    ctx.results.push_back(type);
    break;
  case UnaryRule::ToFloat:
    ctx.result(isFloat(type.dtype) ? type.dtype : DType::F32, type.shape);
    break;
  case UnaryRule::Predicate:
    ctx.result(DType::Bool, type.shape);
    break;
  }
  return success();
}

#define WNNX_UNARY(Name, rule)                                                                     \
  LogicalResult infer##Name(InferContext &ctx) {                                                   \
    return inferUnary(ctx, UnaryRule::rule);                                                       \
  }
WNNX_UNARY(Abs, Number)
WNNX_UNARY(Neg, Number)
WNNX_UNARY(Exp, ToFloat)
WNNX_UNARY(Log, ToFloat)
WNNX_UNARY(Log2, ToFloat)
WNNX_UNARY(Log1p, ToFloat)
WNNX_UNARY(Expm1, ToFloat)
WNNX_UNARY(Sqrt, ToFloat)
WNNX_UNARY(Rsqrt, ToFloat)
WNNX_UNARY(Reciprocal, ToFloat)
WNNX_UNARY(Sin, ToFloat)
WNNX_UNARY(Cos, ToFloat)
WNNX_UNARY(Tan, ToFloat)
WNNX_UNARY(Erf, ToFloat)
WNNX_UNARY(Floor, Number)
WNNX_UNARY(Ceil, Number)
WNNX_UNARY(Round, Number)
WNNX_UNARY(Trunc, Number)
WNNX_UNARY(Sign, Same)
WNNX_UNARY(LogicalNot, Predicate)
WNNX_UNARY(IsNan, Predicate)
#undef WNNX_UNARY

LogicalResult inferBitwiseNot(InferContext &ctx) {
  const TensorType &type = ctx.node.operand(0)->type();
  if (isFloat(type.dtype))
    return ctx.error("`input` must be an integer or bool tensor; found " + type.str());
  ctx.results.push_back(type);
  return success();
}

template <class S, class F> static void mapReals(const EvalContext<S> &ctx, F f) {
  std::vector<S> in = realsOf(ctx.in(0), ctx.out().type.dtype);
  for (size_t i = 0; i < in.size(); ++i)
    ctx.out().reals[i] = f(in[i]);
}

template <class S, class F> static void mapInts(const EvalContext<S> &ctx, F f) {
  for (size_t i = 0; i < ctx.in(0).ints.size(); ++i)
    ctx.out().ints[i] = f(ctx.in(0).ints[i]);
}

/// Functions with a float result.
#define WNNX_REAL_FUNCTION(Name, function)                                                         \
  template <class S> void eval##Name(const EvalContext<S> &ctx) {                                  \
    mapReals(ctx, [](const S &x) { return scalar::function(x); });                                 \
  }                                                                                                \
  WNNX_INSTANTIATE_EVAL(Name);
WNNX_REAL_FUNCTION(Exp, exp)
WNNX_REAL_FUNCTION(Log, log)
WNNX_REAL_FUNCTION(Log2, log2)
WNNX_REAL_FUNCTION(Log1p, log1p)
WNNX_REAL_FUNCTION(Expm1, expm1)
WNNX_REAL_FUNCTION(Sqrt, sqrt)
WNNX_REAL_FUNCTION(Rsqrt, rsqrt)
WNNX_REAL_FUNCTION(Reciprocal, reciprocal)
WNNX_REAL_FUNCTION(Sin, sin)
WNNX_REAL_FUNCTION(Cos, cos)
WNNX_REAL_FUNCTION(Tan, tan)
WNNX_REAL_FUNCTION(Erf, erf)
#undef WNNX_REAL_FUNCTION

/// Functions that keep the dtype, with what they do to an integer `x`.
#define WNNX_NUMBER_FUNCTION(Name, onReal, onInt)                                                  \
  template <class S> void eval##Name(const EvalContext<S> &ctx) {                                  \
    if (ctx.in(0).real())                                                                          \
      mapReals(ctx, [](const S &x) { return onReal; });                                            \
    else                                                                                           \
      mapInts(ctx, [](int64_t x) { return onInt; });                                               \
  }                                                                                                \
  WNNX_INSTANTIATE_EVAL(Name);
WNNX_NUMBER_FUNCTION(Abs, scalar::abs(x), x < 0 ? wrapSub(0, x) : x)
WNNX_NUMBER_FUNCTION(Neg, -x, wrapSub(0, x))
WNNX_NUMBER_FUNCTION(Floor, scalar::floor(x), x)
WNNX_NUMBER_FUNCTION(Ceil, scalar::ceil(x), x)
WNNX_NUMBER_FUNCTION(Round, scalar::round(x), x)
WNNX_NUMBER_FUNCTION(Trunc, scalar::trunc(x), x)
WNNX_NUMBER_FUNCTION(Sign, scalar::sign(x), int64_t(x > 0) - int64_t(x < 0))
#undef WNNX_NUMBER_FUNCTION

template <class S> void evalLogicalNot(const EvalContext<S> &ctx) {
  const RefTensor<S> &in = ctx.in(0);
  for (size_t i = 0; i < ctx.out().ints.size(); ++i)
    ctx.out().ints[i] = in.real() ? in.reals[i] == scalar::real<S>(0) : in.ints[i] == 0;
}
WNNX_INSTANTIATE_EVAL(LogicalNot);

template <class S> void evalIsNan(const EvalContext<S> &ctx) {
  for (size_t i = 0; i < ctx.in(0).reals.size(); ++i) // integers stay false
    ctx.out().ints[i] = scalar::isNaN(ctx.in(0).reals[i]);
}
WNNX_INSTANTIATE_EVAL(IsNan);

template <class S> void evalBitwiseNot(const EvalContext<S> &ctx) {
  bool logical = ctx.in(0).type.dtype == DType::Bool;
  mapInts(ctx, [&](int64_t x) { return logical ? int64_t(x == 0) : ~x; });
}
WNNX_INSTANTIATE_EVAL(BitwiseNot);

} // namespace wnnx
