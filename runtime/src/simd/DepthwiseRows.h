// SPDX-License-Identifier: Apache-2.0
// Pixels of a row that see no border, for any kernel: tiles of 8, 4, 2 and 1 pixels that share
// their input vectors between taps.
#ifndef WNNRT_SRC_SIMD_DEPTHWISEROWS_H
#define WNNRT_SRC_SIMD_DEPTHWISEROWS_H

#include "Depthwise.h"

namespace {

using wnnrt::WNNRT_SIMD_NS::RowJob;

/// Pixels ox .. ox + T - 1; `first` is the input column of tap 0 of pixel ox; no border.
template <int T, int KW, int STRIDE>
WNNRT_INLINE void rowTile(const RowJob &job, int64_t ox, int64_t first) {
  vf acc[T];
  WNNRT_UNROLL
  for (int t = 0; t < T; ++t)
    acc[t] = job.bias;
  for (int32_t line = 0; line < job.lineCount; ++line) {
    const float *x = job.lines[line] + first * 16, *w = job.weights[line];
    if (KW > 0) {
      vf weight[KW > 0 ? KW : 1];
      WNNRT_UNROLL
      for (int s = 0; s < KW; ++s)
        weight[s] = vload(w + s * 16);
      WNNRT_UNROLL
      for (int i = 0; i < (T - 1) * STRIDE + KW; ++i) {
        vf value = vload(x + i * 16);
        WNNRT_UNROLL
        for (int s = 0; s < KW; ++s)
          if (i >= s && (i - s) % STRIDE == 0 && (i - s) / STRIDE < T)
            acc[(i - s) / STRIDE] = vfma(value, weight[s], acc[(i - s) / STRIDE]);
      }
    } else {
      const int64_t step = int64_t(job.stride) * 16;
      for (int32_t s = 0; s < job.kw; ++s, x += int64_t(job.dilation) * 16, w += 16) {
        vf weight = vload(w);
        WNNRT_UNROLL
        for (int t = 0; t < T; ++t)
          acc[t] = vfma(vload(x + t * step), weight, acc[t]);
      }
    }
  }
  WNNRT_UNROLL
  for (int t = 0; t < T; ++t) {
    if (job.residual)
      acc[t] = vadd(acc[t], vload(job.residual + (ox + t) * 16));
    vstore(job.y + (ox + t) * 16, vclamp(acc[t], job.lo, job.hi));
  }
}

template <int KW, int STRIDE>
WNNRT_NOINLINE void rowInside(const RowJob &job, int64_t begin, int64_t end, int64_t padLeft) {
  const int64_t stride = KW > 0 ? STRIDE : job.stride;
  int64_t ox = begin;
  for (; ox + 8 <= end; ox += 8)
    rowTile<8, KW, STRIDE>(job, ox, ox * stride - padLeft);
  if (ox + 4 <= end) {
    rowTile<4, KW, STRIDE>(job, ox, ox * stride - padLeft);
    ox += 4;
  }
  if (ox + 2 <= end) {
    rowTile<2, KW, STRIDE>(job, ox, ox * stride - padLeft);
    ox += 2;
  }
  if (ox < end)
    rowTile<1, KW, STRIDE>(job, ox, ox * stride - padLeft);
}

} // namespace
#endif // WNNRT_SRC_SIMD_DEPTHWISEROWS_H
