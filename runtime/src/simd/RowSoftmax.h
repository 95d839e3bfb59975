// SPDX-License-Identifier: Apache-2.0
// Softmax of one contiguous row, used by softmax and by attention.
#ifndef WNNRT_SRC_SIMD_ROWSOFTMAX_H
#define WNNRT_SRC_SIMD_ROWSOFTMAX_H

#include "SimdMath.h"

namespace {

/// The largest element; NaN is passed over.
WNNRT_INLINE float rowLargest(const float *x, int64_t n) {
  vf best = vset(-__builtin_huge_valf());
  int64_t i = 0;
  for (; i + vlanes <= n; i += vlanes)
    best = vmax(vload(x + i), best);
  float largest = vlargest(best);
  for (; i < n; ++i)
    largest = x[i] > largest ? x[i] : largest;
  return largest;
}

/// y = softmax(scale * x), scale > 0. A row of only -infinity gives zeros when `maskedIsZero`, else
/// NaN.
WNNRT_INLINE void softmaxRow(const float *x, float *y, int64_t n, float scale, bool maskedIsZero) {
  float largest = rowLargest(x, n) * scale;
  if (maskedIsZero && largest == -__builtin_huge_valf()) {
    for (int64_t i = 0; i < n; ++i)
      y[i] = x[i] != x[i] ? x[i] : 0.0f;
    return;
  }
  vf shift = vset(largest), factor = vset(scale), sum = vzero();
  for (int64_t i = 0; i < n; i += vlanes) {
    int part = static_cast<int>(minOf(vlanes, n - i));
    if (part == vlanes) {
      vf e = vexp(vsub(vmul(vload(x + i), factor), shift));
      sum = vadd(sum, e);
      vstore(y + i, e);
      continue;
    }
    vf e = vfirst(vexp(vsub(vmul(vloadPart(x + i, part), factor), shift)), part);
    sum = vadd(sum, e);
    vstorePart(y + i, e, part);
  }
  vf inverse = vset(1.0f / vsum(sum));
  int64_t i = 0;
  for (; i + vlanes <= n; i += vlanes)
    vstore(y + i, vmul(vload(y + i), inverse));
  if (i < n) {
    int part = static_cast<int>(n - i);
    vstorePart(y + i, vmul(vloadPart(y + i, part), inverse), part);
  }
}

} // namespace
#endif // WNNRT_SRC_SIMD_ROWSOFTMAX_H
