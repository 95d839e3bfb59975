// SPDX-License-Identifier: Apache-2.0
// y[m][n] = x[m][k] * packed panels, for matmul and attention, where both operands come at run time
// and the right one is packed into scratch first.
#ifndef WNNRT_SRC_SIMD_PRODUCT_H
#define WNNRT_SRC_SIMD_PRODUCT_H

#include "Tile.h"
#include "Transpose.h"

namespace {

/// dst[(p*k + i)*16 + o] = b[i*rowStride + (16*p + o)*colStride], 0 beyond n.
WNNRT_INLINE void packPanels(const float *b, int64_t k, int64_t n, int64_t rowStride,
                             int64_t colStride, float *dst) {
  for (int64_t p = 0; p < n; p += 16, dst += k * 16) {
    int64_t cols = minOf(16, n - p);
    const float *from = b + p * colStride;
    if (cols < 16)
      memset(dst, 0, static_cast<size_t>(k) * 16 * sizeof(float));
    if (colStride == 1 && cols == 16) {
      for (int64_t i = 0; i < k; ++i)
        memcpy(dst + i * 16, from + i * rowStride, 16 * sizeof(float));
    } else if (rowStride == 1) {
      transposeBlock(from, colStride, cols, k, dst, 16);
    } else {
      for (int64_t i = 0; i < k; ++i)
        for (int64_t o = 0; o < cols; ++o)
          dst[i * 16 + o] = from[i * rowStride + o * colStride];
    }
  }
}

struct Product {
  const float *x;
  int64_t xStride, k;
  const float *panels;
  int64_t n;
  float *y;
  int64_t yStride;
  int64_t panelRows = 0; // rows of a packed panel, where more than k

  /// k > 0. Panels outermost: one pair of panels stays in the first-level cache.
  void run(int64_t m) const { run(m, 0, blocksOf16(n)); }

  /// Panels [first, end) alone; `first` is a multiple of tilePanels.
  void run(int64_t m, int64_t first, int64_t end) const {
    static const int32_t noTaps[1] = {0};
    static const int64_t noOffsets[1] = {0};
    Split split(m, tilePixels);
    wnnrt::WNNRT_SIMD_NS::TileJob job = {};
    job.pixelStride = xStride;
    job.blockStride = 16;
    job.taps = job.kernelTaps = 1;
    job.tapIndex = noTaps;
    job.tapOffset = noOffsets;
    job.blocks = static_cast<int32_t>(blocksOf16(k));
    job.lastRows = static_cast<int32_t>(k - (job.blocks - 1) * int64_t(16));
    job.panelStride = (panelRows ? panelRows : k) * 16;
    job.lo = -__builtin_huge_valf();
    job.hi = __builtin_huge_valf();
    job.yPixelStride = yStride;
    job.yPanelStride = 16;
    for (int64_t p = first; p < end; p += tilePanels) {
      int pair = static_cast<int>(minOf(tilePanels, end - p));
      job.cols = static_cast<int32_t>(minOf(16, n - (p + pair - 1) * 16));
      job.w = panels + p * job.panelStride;
      for (int64_t t = 0; t < split.count; ++t) {
        job.x = x + split.begin(t) * xStride;
        job.y = y + split.begin(t) * yStride + p * 16;
        wnnrt::WNNRT_SIMD_NS::runTile(false, pair, split.sizeOf(t), job);
      }
    }
  }
};

} // namespace
#endif // WNNRT_SRC_SIMD_PRODUCT_H
