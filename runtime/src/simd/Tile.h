// SPDX-License-Identifier: Apache-2.0
// The matrix tile that convolution, linear, matmul and attention share: P pixels (rows of x) by one
// or two panels of 16 outputs, summed over input blocks of up to 16 channels and kernel taps. The
// tiles themselves are in tiles.cpp.
#ifndef WNNRT_SRC_SIMD_TILE_H
#define WNNRT_SRC_SIMD_TILE_H

#include "Simd.h"

namespace {

#if defined(__AVX512F__)
constexpr int tilePixels = 14, tilePanels = 2;
#elif defined(__AVX2__) || defined(__aarch64__)
constexpr int tilePixels = 6, tilePanels = 1;
#else
constexpr int tilePixels = 2, tilePanels = 1;
#endif

/// Longest list of kernel taps that callers keep on their stack.
constexpr int tileMaxTaps = 128;

/// How many steps n items take in tiles of at most `most`, and the size of step i: sizes differ by
/// one at most (49 pixels: 13 + 12 + 12 + 12).
struct Split {
  int64_t count, size, longer;
  Split(int64_t n, int64_t most) {
    count = (n + most - 1) / most;
    size = count ? n / count : 0;
    longer = count ? n % count : 0;
  }
  int64_t begin(int64_t i) const { return i * size + minOf(i, longer); }
  int sizeOf(int64_t i) const { return static_cast<int>(size + (i < longer)); }
};

} // namespace

namespace wnnrt {
namespace WNNRT_SIMD_NS {

struct TileJob {
  // Input: x[block * blockStride + pixel * pixelStride + tapOffset[t] + channel], or in the
  // indirect form pixels[t * pixelStep + pixel] + (block * blockStride + tapOffset[t] &
  // keep[same]); keep is 0 where the pixel is padding and points at zeros. pixelStep is 0 where all
  // taps share one list.
  const float *x;
  int64_t pixelStride, blockStride;
  const int64_t *tapOffset;
  const float *const *pixels;
  const int64_t *keep;
  int64_t pixelStep;
  int32_t taps;            // taps in the lists
  const int32_t *tapIndex; // which tap of the kernel each of them is
  int32_t kernelTaps;      // taps in the packed weights
  int32_t blocks, lastRows;
  // Weights: packed panels.
  const float *w;
  int64_t panelStride;
  // y = min(max(sum + bias + residual, lo), hi)
  const float *bias, *residual;
  int64_t residualPixelStride, residualPanelStride;
  float lo, hi;
  float *y;
  int64_t yPixelStride, yPanelStride;
  int32_t cols; // columns of the last panel to store, 16 for all
  // Tiles to run, each behind the pixels of the one before; 1 in the indirect form. A call costs as
  // much as a dozen steps of the reduction.
  int32_t repeat = 1;
  // Lines of the next weights to prefetch in each tile, spread evenly over it: many at once would
  // take all the buffers that loads from the second-level cache need.
  const char *prefetch;
  int32_t prefetchLines;
  int64_t prefetchSecond; // bytes from a line to one of the second panel; 0: none
};

/// pixels in [1, tilePixels], panels in [1, tilePanels].
void runTile(bool indirect, int panels, int pixels, const TileJob &job);

} // namespace WNNRT_SIMD_NS
} // namespace wnnrt
#endif // WNNRT_SRC_SIMD_TILE_H
