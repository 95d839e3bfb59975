// SPDX-License-Identifier: Apache-2.0
//
// Constants, the ops that return their input in inference, and conversion between dtypes.
#include "EvalHelpers.h"
#include "InferHelpers.h"

#include <algorithm>

namespace wnnx {

LogicalResult inferConstant(InferContext &ctx) {
  const Tensor &t = ConstantOp(ctx.node).value();
  if (!t)
    return ctx.error("`value` holds no data");
  ctx.result(t.dtype(), t.shape());
  return success();
}

template <class S> void evalConstant(const EvalContext<S> &ctx) {
  const Tensor &t = ConstantOp(ctx.node).value();
  RefTensor<S> &out = ctx.out();
  for (int64_t i = 0; i < t.numel(); ++i) {
    if (out.real())
      out.reals[size_t(i)] = scalar::real<S>(t.getDouble(i));
    else
      out.ints[size_t(i)] = t.getInt(i);
  }
}

LogicalResult inferIdentity(InferContext &ctx) {
  return finishLikeInput(ctx);
}
LogicalResult inferDropout(InferContext &ctx) {
  return finishLikeInput(ctx);
}
LogicalResult inferContiguous(InferContext &ctx) {
  return finishLikeInput(ctx);
}

template <class S> static void copyInput(const EvalContext<S> &ctx) {
  ctx.out().reals = ctx.in(0).reals;
  ctx.out().ints = ctx.in(0).ints;
}
template <class S> void evalIdentity(const EvalContext<S> &ctx) {
  copyInput(ctx);
}
template <class S> void evalDropout(const EvalContext<S> &ctx) {
  copyInput(ctx);
}
template <class S> void evalContiguous(const EvalContext<S> &ctx) {
  copyInput(ctx);
}

LogicalResult inferTo(InferContext &ctx) {
  ToOp op(ctx.node);
  return finish(ctx, op.dtype(), op.input()->shape());
}

template <class S> void evalTo(const EvalContext<S> &ctx) {
  const RefTensor<S> &in = ctx.in(0);
  RefTensor<S> &out = ctx.out();
  bool toBool = out.type.dtype == DType::Bool;
  if (in.real() && out.real())
    out.reals = in.reals;
  else if (in.real())
    std::transform(in.reals.begin(), in.reals.end(), out.ints.begin(), [&](const S &x) {
      return toBool ? int64_t(x != S(0)) : scalar::toInt(x); // NaN is true
    });
  else if (out.real())
    std::transform(in.ints.begin(), in.ints.end(), out.reals.begin(),
                   [](int64_t x) { return scalar::real<S>(double(x)); });
  else
    std::transform(in.ints.begin(), in.ints.end(), out.ints.begin(),
                   [&](int64_t x) { return toBool ? int64_t(x != 0) : x; });
}

WNNX_INSTANTIATE_EVAL(Constant);
WNNX_INSTANTIATE_EVAL(Identity);
WNNX_INSTANTIATE_EVAL(Dropout);
WNNX_INSTANTIATE_EVAL(Contiguous);
WNNX_INSTANTIATE_EVAL(To);

} // namespace wnnx
