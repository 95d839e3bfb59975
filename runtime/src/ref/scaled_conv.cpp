// SPDX-License-Identifier: Apache-2.0
// Reference of conv2d_scaled_c16, and its scratch.
#include "../Isa.h"
#include "../Kernels.h"
#include "../ScalarMath.h"
#include "../ScalarRows.h"

namespace wnnrt {

wnnrt_status ref::conv2d_scaled_c16(const wnnrt_context *, const wnnrt_scaled_conv_params *p,
                                    const void *xv, const void *scalev, const void *shiftv,
                                    const void *wv, const void *biasv, const void *residualv,
                                    void *yv, void *scratch) {
  if (p->n < 0 || p->ci < 0 || p->co < 0 || p->hw < 0)
    return WNNRT_INVALID_ARGUMENT;
  auto *x = static_cast<const float *>(xv), *w = static_cast<const float *>(wv);
  auto *bias = static_cast<const float *>(biasv), *residual = static_cast<const float *>(residualv);
  auto *in = static_cast<float *>(scratch), *y = static_cast<float *>(yv);
  int64_t hw = p->hw;
  for (int64_t n = 0; n < p->n; ++n) {
    const float *scale = static_cast<const float *>(scalev) + n * p->scale_batch_stride;
    const float *shift =
        shiftv ? static_cast<const float *>(shiftv) + n * p->scale_batch_stride : nullptr;
    for (int64_t i = 0; i < hw; ++i) {
      for (int64_t c = 0; c < p->ci; ++c)
        in[c] = applyAct(p->input_act,
                         x[((n * blocks16(p->ci) + c / 16) * hw + i) * 16 + c % 16] * scale[c] +
                             (shift ? shift[c] : 0.0f));
      for (int64_t co = 0; co < p->co; ++co) {
        double sum = 0;
        for (int64_t c = 0; c < p->ci; ++c)
          sum += double(w[(co / 16 * p->ci + c) * 16 + co % 16]) * double(in[c]);
        int64_t at = ((n * blocks16(p->co) + co / 16) * hw + i) * 16 + co % 16;
        float v = static_cast<float>(sum) + (bias ? bias[co] : 0.0f);
        if (residual && !p->residual_after_act)
          v += residual[at];
        v = applyAct(p->act, v);
        y[at] = residual && p->residual_after_act ? v + residual[at] : v;
      }
    }
  }
  return WNNRT_OK;
}

int64_t scaledConvRun(const wnnrt_scaled_conv_params *p) {
  int64_t ci = max2<int64_t>(1, p->ci), weights = ci * p->co;
  // With many weights one run where the second-level cache holds it, so that each weight is read
  // once, while others are on their way. Else runs that leave room for the weights, in the
  // first-level cache where these are few; whole tiles on every ISA.
  if (weights > 1 << 16 && int64_t(p->hw) * ci <= 1 << 18)
    return max2<int64_t>(1, p->hw);
  int64_t fits = (weights <= 1 << 14 ? 1 << 13 : 1 << 16) / ci / 42 * 42;
  return max2<int64_t>(1, min2<int64_t>(p->hw, max2<int64_t>(42, fits)));
}

bool scaledConvByWeights(const wnnrt_scaled_conv_params *p) {
  return p->input_act.op == WNNRT_IDENTITY && 2 * blocks16(p->co) * 16 <= p->hw;
}

} // namespace wnnrt

using namespace wnnrt;

size_t wnnrt_conv2d_scaled_c16_scratch_bytes(const wnnrt_scaled_conv_params *p) {
  int64_t run = scaledConvRun(p), runs = (p->hw + run - 1) / run;
  int64_t floats = runs * run * blocks16(p->ci) * 16;
  if (scaledConvByWeights(p))
    floats = max2(floats, scaledConvCopies * p->ci * blocks16(p->co) * 16);
  return static_cast<size_t>(floats) * sizeof(float);
}
