// SPDX-License-Identifier: Apache-2.0
//
// batch_norm (with stored statistics), and the norms that compute their statistics from the input:
// layer, group, instance and RMS norm. Variances are divided by n, as PyTorch's norms do.
#include "EvalHelpers.h"
#include "InferHelpers.h"

#include <limits>

namespace wnnx {

/// Statistics and affine parameters are of the input's dtype, or f32 beside a 16-bit input.
static bool expectParameter(InferContext &ctx, const Value *v, std::string_view name,
                            const Value *input) {
  bool half = input->dtype() == DType::F16 || input->dtype() == DType::BF16;
  return (v && half && v->dtype() == DType::F32) || expectSameDType(ctx, v, name, input, "input");
}

static bool expectMinRank(InferContext &ctx, const Value *input, int64_t rank) {
  if (input->rank() >= rank)
    return true;
  ctx.error("`input` must have at least " + std::to_string(rank) + " dimensions; found " +
            input->type().str());
  return false;
}

static bool expectEps(InferContext &ctx, double eps) {
  if (eps >= 0) // also refuses NaN
    return true;
  ctx.error("`eps` must not be negative; found " + formatFloat(eps));
  return false;
}

/// Checks parameters of one entry per channel.
static bool expectPerChannel(InferContext &ctx, const Value *input,
                             llvm::ArrayRef<std::pair<const char *, const Value *>> parameters) {
  bool ok = true;
  for (auto [name, v] : parameters) {
    ok &= expectParameter(ctx, v, name, input);
    ok &= expectShape(ctx, v, name, {input->dim(1)});
  }
  return ok;
}

LogicalResult inferBatchNorm(InferContext &ctx) {
  BatchNormOp op(ctx.node);
  if (!expectMinRank(ctx, op.input(), 2))
    return failure();
  bool ok = expectFloat(ctx, op.input(), "input");
  ok &= expectEps(ctx, op.eps());
  ok &= expectPerChannel(ctx, op.input(),
                         {{"running_mean", op.running_mean()},
                          {"running_var", op.running_var()},
                          {"weight", op.weight()},
                          {"bias", op.bias()}});
  return ok ? finishLikeInput(ctx) : failure();
}

template <class S> void evalBatchNorm(const EvalContext<S> &ctx) {
  const RefTensor<S> &in = ctx.in(0), *weight = ctx.optional(3), *bias = ctx.optional(4);
  S eps = scalar::real<S>(BatchNormOp(ctx.node).eps());
  int64_t channels = in.shape()[1], inner = in.shape().product(2, in.shape().rank());
  size_t i = 0;
  for (int64_t n = 0; n < in.shape()[0]; ++n) {
    for (int64_t c = 0; c < channels; ++c) {
      S mean = ctx.in(1).reals[size_t(c)];
      S factor = scalar::rsqrt(ctx.in(2).reals[size_t(c)] + eps);
      if (weight)
        factor = factor * weight->reals[size_t(c)];
      S shift = bias ? bias->reals[size_t(c)] : S(0);
      for (int64_t x = 0; x < inner; ++x, ++i)
        ctx.out().reals[i] = (in.reals[i] - mean) * factor + shift;
    }
  }
}

/// (x - mean) / sqrt(variance + eps) over `count` consecutive elements.
template <class S> static void standardize(const S *in, S *out, int64_t count, S eps) {
  S sum = S(0), squares = S(0), divisor = scalar::real<S>(double(count));
  for (int64_t i = 0; i < count; ++i)
    sum += in[i];
  S mean = scalar::div(sum, divisor);
  for (int64_t i = 0; i < count; ++i)
    squares += (in[i] - mean) * (in[i] - mean);
  S factor = scalar::rsqrt(scalar::div(squares, divisor) + eps);
  for (int64_t i = 0; i < count; ++i)
    out[i] = (in[i] - mean) * factor;
}

/// x * weight + bias, where `inner` consecutive elements share an entry.
template <class S>
static void scaleAndShift(std::vector<S> &values, const RefTensor<S> *weight,
                          const RefTensor<S> *bias, int64_t inner) {
  for (size_t i = 0; i < values.size(); ++i) {
    if (weight)
      values[i] = values[i] * weight->reals[i / size_t(inner) % weight->reals.size()];
    if (bias)
      values[i] += bias->reals[i / size_t(inner) % bias->reals.size()];
  }
}

/// `normalized_shape` names the last dimensions of the input.
static bool checkNormalizedShape(InferContext &ctx, const Value *input,
                                 const std::vector<int64_t> &normalized) {
  size_t rank = normalized.size();
  if (rank >= 1 && int64_t(rank) <= input->rank() &&
      input->shape().ref().take_back(rank) == llvm::ArrayRef<int64_t>(normalized))
    return true;
  ctx.error("`normalized_shape` " + Attribute(normalized).str() +
            " must be the last dimensions of `input` " + input->shape().str());
  return false;
}

LogicalResult inferLayerNorm(InferContext &ctx) {
  LayerNormOp op(ctx.node);
  bool ok = expectFloat(ctx, op.input(), "input");
  ok &= expectEps(ctx, op.eps());
  ok &= checkNormalizedShape(ctx, op.input(), op.normalized_shape());
  Shape normalized{llvm::ArrayRef<int64_t>(op.normalized_shape())};
  for (auto [name, v] : {std::pair("weight", op.weight()), std::pair("bias", op.bias())}) {
    ok &= expectParameter(ctx, v, name, op.input());
    ok &= expectShape(ctx, v, name, normalized);
  }
  return ok ? finishLikeInput(ctx) : failure();
}

template <class S> void evalLayerNorm(const EvalContext<S> &ctx) {
  LayerNormOp op(ctx.node);
  const std::vector<S> &in = ctx.in(0).reals;
  std::vector<S> &out = ctx.out().reals;
  int64_t count = Shape(llvm::ArrayRef<int64_t>(op.normalized_shape())).numel();
  for (size_t i = 0; i < in.size(); i += size_t(count))
    standardize(&in[i], &out[i], count, scalar::real<S>(op.eps()));
  scaleAndShift(out, ctx.optional(1), ctx.optional(2), 1);
}

LogicalResult inferGroupNorm(InferContext &ctx) {
  GroupNormOp op(ctx.node);
  if (!expectMinRank(ctx, op.input(), 2))
    return failure();
  bool ok = expectFloat(ctx, op.input(), "input");
  ok &= expectEps(ctx, op.eps());
  ok &= expectPerChannel(ctx, op.input(), {{"weight", op.weight()}, {"bias", op.bias()}});
  int64_t channels = op.input()->dim(1);
  if (op.num_groups() < 1 || channels % op.num_groups() != 0) {
    ctx.error("`num_groups` " + std::to_string(op.num_groups()) + " must divide the " +
              std::to_string(channels) + " channels");
    ok = false;
  }
  return ok ? finishLikeInput(ctx) : failure();
}

/// Normalises runs of `count` elements; the affine parameters are per channel.
template <class S> static void normalizeRuns(const EvalContext<S> &ctx, int64_t count, double eps) {
  const RefTensor<S> &in = ctx.in(0);
  for (size_t i = 0; i < in.reals.size(); i += size_t(count))
    standardize(&in.reals[i], &ctx.out().reals[i], count, scalar::real<S>(eps));
  scaleAndShift(ctx.out().reals, ctx.optional(1), ctx.optional(2),
                in.shape().product(2, in.shape().rank()));
}

template <class S> void evalGroupNorm(const EvalContext<S> &ctx) {
  GroupNormOp op(ctx.node);
  const Shape &s = ctx.in(0).shape();
  normalizeRuns(ctx, s.product(1, s.rank()) / op.num_groups(), op.eps());
}

LogicalResult inferInstanceNorm(InferContext &ctx) {
  InstanceNormOp op(ctx.node);
  if (!expectMinRank(ctx, op.input(), 3))
    return failure();
  bool ok = expectFloat(ctx, op.input(), "input");
  ok &= expectEps(ctx, op.eps());
  ok &= expectPerChannel(ctx, op.input(), {{"weight", op.weight()}, {"bias", op.bias()}});
  return ok ? finishLikeInput(ctx) : failure();
}

template <class S> void evalInstanceNorm(const EvalContext<S> &ctx) {
  const Shape &s = ctx.in(0).shape();
  normalizeRuns(ctx, s.product(2, s.rank()), InstanceNormOp(ctx.node).eps());
}

LogicalResult inferRmsNorm(InferContext &ctx) {
  RmsNormOp op(ctx.node);
  bool ok = expectFloat(ctx, op.input(), "input");
  if (op.eps())
    ok &= expectEps(ctx, *op.eps());
  ok &= checkNormalizedShape(ctx, op.input(), op.normalized_shape());
  ok &= expectParameter(ctx, op.weight(), "weight", op.input());
  ok &= expectShape(ctx, op.weight(), "weight",
                    Shape{llvm::ArrayRef<int64_t>(op.normalized_shape())});
  return ok ? finishLikeInput(ctx) : failure();
}

/// The distance from 1 to the next number of the dtype in which PyTorch computes: f32 for halves.
static double computeEpsilon(DType t) {
  return t == DType::F64 ? std::numeric_limits<double>::epsilon()
                         : double(std::numeric_limits<float>::epsilon());
}

template <class S> void evalRmsNorm(const EvalContext<S> &ctx) {
  RmsNormOp op(ctx.node);
  const std::vector<S> &in = ctx.in(0).reals;
  std::vector<S> &out = ctx.out().reals;
  S eps = scalar::real<S>(op.eps() ? *op.eps() : computeEpsilon(ctx.in(0).type.dtype));
  auto count = size_t(Shape(llvm::ArrayRef<int64_t>(op.normalized_shape())).numel());
  for (size_t i = 0; i < in.size(); i += count) {
    S squares = S(0);
    for (size_t j = i; j < i + count; ++j)
      squares += in[j] * in[j];
    S factor = scalar::rsqrt(scalar::div(squares, scalar::real<S>(double(count))) + eps);
    for (size_t j = i; j < i + count; ++j)
      out[j] = in[j] * factor;
  }
  scaleAndShift(out, ctx.optional(1), static_cast<const RefTensor<S> *>(nullptr), 1);
}

WNNX_INSTANTIATE_EVAL(BatchNorm);
WNNX_INSTANTIATE_EVAL(LayerNorm);
WNNX_INSTANTIATE_EVAL(GroupNorm);
WNNX_INSTANTIATE_EVAL(InstanceNorm);
WNNX_INSTANTIATE_EVAL(RmsNorm);

} // namespace wnnx
