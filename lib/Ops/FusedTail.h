// SPDX-License-Identifier: Apache-2.0
//
// What conv2d and linear do after their sums: act(sum + bias + residual). Bias is operand 2,
// residual operand 3 of both.
#pragma once

#include "InferHelpers.h"
#include "wnnx/Ops/Activation.h"
#include "wnnx/Ops/Evaluate.h"

namespace wnnx {

inline bool checkFusedAct(InferContext &ctx, const std::string &act,
                          const std::vector<double> &params) {
  std::string why;
  if (succeeded(parseActivation(act, params, &why)))
    return true;
  ctx.error("`act`: " + why);
  return false;
}

/// Finishes the sums in the first result. Consecutive `inner` elements share a bias entry.
template <class S>
void applyFusedTail(const EvalContext<S> &ctx, const std::string &act,
                    const std::vector<double> &params, int64_t inner) {
  const RefTensor<S> *bias = ctx.optional(2), *residual = ctx.optional(3);
  FailureOr<Activation> activation = parseActivation(act, params);
  std::vector<S> &values = ctx.out().reals;
  size_t step = size_t(inner), channels = bias ? bias->reals.size() : 1;
  for (size_t i = 0; i < values.size(); ++i) {
    S sum = values[i];
    if (bias)
      sum += bias->reals[i / step % channels];
    if (residual)
      sum += residual->reals[i];
    values[i] = applyActivation(*activation, sum);
  }
}

} // namespace wnnx
