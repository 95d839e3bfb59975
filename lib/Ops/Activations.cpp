// SPDX-License-Identifier: Apache-2.0
//
// Activation functions as ops of their own, and prelu. What each function computes is said once, in
// `Activation.h`, which fused activations share.
#include "Elements.h"
#include "ShapeChecks.h"
#include "wnnx/Ops/Activation.h"

#include <fmt/format.h>

#include <cmath>

namespace wnnx {

static LogicalResult inferFloatUnary(InferContext &ctx) {
  if (failed(requireFloat(ctx, 0)))
    return failure();
  ctx.results.push_back(ctx.node.operand(0)->type());
  return success();
}

/// Functions that PyTorch also takes of integers, with a float result.
static LogicalResult inferToFloat(InferContext &ctx) {
  const TensorType &type = ctx.node.operand(0)->type();
  ctx.result(isFloat(type.dtype) ? type.dtype : DType::F32, type.shape);
  return success();
}

LogicalResult inferSigmoid(InferContext &ctx) {
  return inferToFloat(ctx);
}
LogicalResult inferTanh(InferContext &ctx) {
  return inferToFloat(ctx);
}
LogicalResult inferLeakyRelu(InferContext &ctx) {
  return inferFloatUnary(ctx);
}
LogicalResult inferElu(InferContext &ctx) {
  return inferFloatUnary(ctx);
}
LogicalResult inferSilu(InferContext &ctx) {
  return inferFloatUnary(ctx);
}
LogicalResult inferHardswish(InferContext &ctx) {
  return inferFloatUnary(ctx);
}
LogicalResult inferHardsigmoid(InferContext &ctx) {
  return inferFloatUnary(ctx);
}
LogicalResult inferSoftplus(InferContext &ctx) {
  return inferFloatUnary(ctx);
}
LogicalResult inferMish(InferContext &ctx) {
  return inferFloatUnary(ctx);
}

LogicalResult inferRelu(InferContext &ctx) {
  if (failed(requireNotBool(ctx, 0)))
    return failure();
  ctx.results.push_back(ctx.node.operand(0)->type());
  return success();
}

LogicalResult inferClamp(InferContext &ctx) {
  if (failed(requireNotBool(ctx, 0)))
    return failure();
  ClampOp op(ctx.node);
  std::optional<double> lo = op.min(), hi = op.max();
  if (!lo && !hi)
    return ctx.error("`min` and `max` are both none").hint("give at least one limit");
  const TensorType &type = op.input()->type();
  // PyTorch clamps integers by fractional limits as floats; here the importer makes them floats.
  for (const std::optional<double> &limit : {lo, hi}) {
    if (limit && isInt(type.dtype) && *limit != std::trunc(*limit))
      return ctx
          .error(fmt::format("limit {} does not fit the integer tensor {}", formatFloat(*limit),
                             type.str()))
          .hint("convert `input` to f32 with `to`");
  }
  ctx.results.push_back(type);
  return success();
}

LogicalResult inferGelu(InferContext &ctx) {
  GeluOp op(ctx.node);
  if (op.approximate() != "none" && op.approximate() != "tanh")
    return ctx.error(fmt::format("`approximate` is {}; it must be \"none\" or \"tanh\"",
                                 quote(op.approximate())));
  return inferFloatUnary(ctx);
}

LogicalResult inferPrelu(InferContext &ctx) {
  PreluOp op(ctx.node);
  if (failed(requireFloat(ctx, 0)) || failed(requireSameDType(ctx, 0, 1)))
    return failure();
  const Shape &shape = op.input()->shape(), &weight = op.weight()->shape();
  int64_t channels = shape.rank() > 1 ? shape[1] : 1;
  if (weight.rank() > 1 || (weight.numel() != 1 && weight.numel() != channels))
    return ctx.error(fmt::format("`weight` has shape {}; an input of shape {} needs [1] or [{}]",
                                 weight.str(), shape.str(), channels));
  ctx.results.push_back(op.input()->type());
  return success();
}

template <class S> static void evalActivation(const EvalContext<S> &ctx) {
  Activation act = activationOf(ctx.node);
  std::vector<S> in = realsOf(ctx.in(0), ctx.out().type.dtype);
  for (size_t i = 0; i < in.size(); ++i)
    ctx.out().reals[i] = applyActivation(act, in[i]);
}

#define WNNX_ACTIVATION(Name)                                                                      \
  template <class S> void eval##Name(const EvalContext<S> &ctx) {                                  \
    evalActivation(ctx);                                                                           \
  }                                                                                                \
  WNNX_INSTANTIATE_EVAL(Name);
WNNX_ACTIVATION(LeakyRelu)
WNNX_ACTIVATION(Elu)
WNNX_ACTIVATION(Silu)
WNNX_ACTIVATION(Hardswish)
WNNX_ACTIVATION(Hardsigmoid)
WNNX_ACTIVATION(Sigmoid)
WNNX_ACTIVATION(Tanh)
WNNX_ACTIVATION(Gelu)
WNNX_ACTIVATION(Softplus)
WNNX_ACTIVATION(Mish)
#undef WNNX_ACTIVATION

// relu and clamp also take integers, and keep them integers.

template <class S> void evalRelu(const EvalContext<S> &ctx) {
  if (ctx.in(0).real())
    return evalActivation(ctx);
  for (size_t i = 0; i < ctx.in(0).ints.size(); ++i)
    ctx.out().ints[i] = std::max<int64_t>(ctx.in(0).ints[i], 0);
}
WNNX_INSTANTIATE_EVAL(Relu);

template <class S> void evalClamp(const EvalContext<S> &ctx) {
  if (ctx.in(0).real())
    return evalActivation(ctx);
  ClampOp op(ctx.node);
  int64_t lo = op.min() ? scalar::toInt(*op.min()) : INT64_MIN;
  int64_t hi = op.max() ? scalar::toInt(*op.max()) : INT64_MAX;
  for (size_t i = 0; i < ctx.in(0).ints.size(); ++i)
    ctx.out().ints[i] = std::min(std::max(ctx.in(0).ints[i], lo), hi);
}
WNNX_INSTANTIATE_EVAL(Clamp);

template <class S> void evalPrelu(const EvalContext<S> &ctx) {
  const RefTensor<S> &in = ctx.in(0), &weight = ctx.in(1);
  const Shape &shape = in.shape();
  int64_t inner = shape.rank() > 1 ? shape.product(2, shape.rank()) : 1;
  int64_t slopes = weight.shape().numel();
  for (size_t i = 0; i < in.reals.size(); ++i) {
    size_t channel = slopes == 1 ? 0 : size_t(int64_t(i) / inner % slopes);
    const S &x = in.reals[i];
    ctx.out().reals[i] = x > scalar::real<S>(0) ? x : x * weight.reals[channel];
  }
}
WNNX_INSTANTIATE_EVAL(Prelu);

} // namespace wnnx
