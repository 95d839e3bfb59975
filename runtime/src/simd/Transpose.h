// SPDX-License-Identifier: Apache-2.0
// 4x4 transposition of floats, the building block of layout changes and of packing transposed
// operands. These are bound by memory, so 128-bit vectors serve every ISA.
#ifndef WNNRT_SRC_SIMD_TRANSPOSE_H
#define WNNRT_SRC_SIMD_TRANSPOSE_H

#include "Simd.h"

namespace {

typedef float vquad __attribute__((vector_size(16)));

/// dst[j * dstStride + i] = src[i * srcStride + j] for i, j in [0, 4).
WNNRT_INLINE void transpose4x4(const float *src, int64_t srcStride, float *dst, int64_t dstStride) {
  vquad r0, r1, r2, r3;
  memcpy(&r0, src, 16);
  memcpy(&r1, src + srcStride, 16);
  memcpy(&r2, src + 2 * srcStride, 16);
  memcpy(&r3, src + 3 * srcStride, 16);
  vquad a = __builtin_shufflevector(r0, r1, 0, 4, 1, 5),
        b = __builtin_shufflevector(r2, r3, 0, 4, 1, 5);
  vquad c = __builtin_shufflevector(r0, r1, 2, 6, 3, 7),
        d = __builtin_shufflevector(r2, r3, 2, 6, 3, 7);
  r0 = __builtin_shufflevector(a, b, 0, 1, 4, 5);
  r1 = __builtin_shufflevector(a, b, 2, 3, 6, 7);
  r2 = __builtin_shufflevector(c, d, 0, 1, 4, 5);
  r3 = __builtin_shufflevector(c, d, 2, 3, 6, 7);
  memcpy(dst, &r0, 16);
  memcpy(dst + dstStride, &r1, 16);
  memcpy(dst + 2 * dstStride, &r2, 16);
  memcpy(dst + 3 * dstStride, &r3, 16);
}

/// dst[j * dstStride + i] = src[i * srcStride + j] for i in [0, rows), j in [0, cols).
WNNRT_INLINE void transposeBlock(const float *src, int64_t srcStride, int64_t rows, int64_t cols,
                                 float *dst, int64_t dstStride) {
  int64_t i = 0;
  for (; i + 4 <= rows; i += 4) {
    int64_t j = 0;
    for (; j + 4 <= cols; j += 4)
      transpose4x4(src + i * srcStride + j, srcStride, dst + j * dstStride + i, dstStride);
    for (; j < cols; ++j)
      for (int64_t k = i; k < i + 4; ++k)
        dst[j * dstStride + k] = src[k * srcStride + j];
  }
  for (; i < rows; ++i)
    for (int64_t j = 0; j < cols; ++j)
      dst[j * dstStride + i] = src[i * srcStride + j];
}

} // namespace
#endif // WNNRT_SRC_SIMD_TRANSPOSE_H
