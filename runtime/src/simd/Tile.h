// SPDX-License-Identifier: Apache-2.0
// The matrix tile that convolution, linear, matmul and attention share: P pixels (rows of x) by one
// or two panels of 16 outputs, summed over input blocks of up to 16 channels and kernel taps.
//
// Registers: AVX-512 14 x 2 panels = 28 sums, 2 weights, 1 broadcast: 16 loads for 28 FMAs.
//            AVX2 6 x 1 panel (2 ymm) = 12 sums, 2 weights, 1 broadcast: 8 loads for 12 FMAs.
//            NEON 6 x 1 panel (4 q) = 24 sums, 4 weights; SSE2 has half the registers: 2 x 1.
// Each tile is a function of its own that is not inlined: inlined into loops, gcc 12 spills.
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

struct TileJob {
  // Input: x[block * blockStride + pixel * pixelStride + tapOffset[t] + channel], or in the
  // indirect form pixels[t][pixel] + (block * blockStride & keep[t][pixel]); keep is 0 where the
  // pixel is padding and points at zeros.
  const float *x;
  int64_t pixelStride, blockStride;
  const int64_t *tapOffset;
  const float *const *pixels;
  const int64_t *keep;
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
  // Lines of the next weights to prefetch, spread over the (block, tap) steps.
  const char *prefetch;
  int32_t prefetchLines;
};

using TileFn = void (*)(const TileJob &job);

/// One row of the reduction: P broadcasts times the weights of one input channel.
template <int P, int V>
WNNRT_INLINE void tileRow(vf (&acc)[P][V], const float *const *q, const float *x, int64_t stride,
                          int row, const float *w, int64_t panelStride) {
  vf weight[V];
  WNNRT_UNROLL
  for (int v = 0; v < V; ++v)
    weight[v] = vload(w + (v / vper16) * panelStride + (v % vper16) * vlanes);
  WNNRT_UNROLL
  for (int p = 0; p < P; ++p) {
    vf value = vset(q ? q[p][row] : x[p * stride + row]);
    WNNRT_UNROLL
    for (int v = 0; v < V; ++v)
      acc[p][v] = vfma(value, weight[v], acc[p][v]);
  }
}

template <int P, int PANELS>
WNNRT_INLINE void tileFinish(vf (&acc)[P][PANELS * vper16], const TileJob &job) {
  constexpr int V = PANELS * vper16;
  vf lo = vset(job.lo), hi = vset(job.hi);
  if (job.bias) {
    WNNRT_UNROLL
    for (int v = 0; v < V; ++v) {
      vf bias = vload(job.bias + v * vlanes);
      WNNRT_UNROLL
      for (int p = 0; p < P; ++p)
        acc[p][v] = vadd(acc[p][v], bias);
    }
  }
  if (job.cols == 16) {
    if (job.residual) {
      WNNRT_UNROLL
      for (int p = 0; p < P; ++p) {
        WNNRT_UNROLL
        for (int v = 0; v < V; ++v)
          acc[p][v] = vadd(acc[p][v],
                           vload(job.residual + p * job.residualPixelStride +
                                 (v / vper16) * job.residualPanelStride + (v % vper16) * vlanes));
      }
    }
    WNNRT_UNROLL
    for (int p = 0; p < P; ++p) {
      WNNRT_UNROLL
      for (int v = 0; v < V; ++v)
        vstore(job.y + p * job.yPixelStride + (v / vper16) * job.yPanelStride +
                   (v % vper16) * vlanes,
               vclamp(acc[p][v], lo, hi));
    }
    return;
  }
  WNNRT_UNROLL
  for (int v = 0; v < V; ++v) {
    int64_t left = (v / vper16 == PANELS - 1 ? job.cols : 16) - (v % vper16) * vlanes;
    int part = static_cast<int>(minOf(left, vlanes));
    if (part <= 0)
      continue;
    WNNRT_UNROLL
    for (int p = 0; p < P; ++p) {
      vf sum = acc[p][v];
      if (job.residual)
        sum =
            vadd(sum, vloadPart(job.residual + p * job.residualPixelStride +
                                    (v / vper16) * job.residualPanelStride + (v % vper16) * vlanes,
                                part));
      vstorePart(job.y + p * job.yPixelStride + (v / vper16) * job.yPanelStride +
                     (v % vper16) * vlanes,
                 vclamp(sum, lo, hi), part);
    }
  }
}

template <int P, int PANELS, bool INDIRECT> WNNRT_NOINLINE static void tile(const TileJob &job) {
  constexpr int V = PANELS * vper16;
  vf acc[P][V];
  WNNRT_UNROLL
  for (int p = 0; p < P; ++p) {
    WNNRT_UNROLL
    for (int v = 0; v < V; ++v)
      acc[p][v] = vzero();
  }
  const char *ahead = job.prefetch;
  const int64_t panelStride = job.panelStride, pixelStride = job.pixelStride;
  for (int32_t block = 0; block < job.blocks; ++block) {
    int rows = block + 1 == job.blocks ? job.lastRows : 16;
    const float *blockWeights = job.w + int64_t(block) * job.kernelTaps * 256;
    int64_t blockOffset = block * job.blockStride;
    for (int32_t t = 0; t < job.taps; ++t) {
      const float *w = blockWeights + job.tapIndex[t] * rows * 16;
      for (int32_t i = 0; i < job.prefetchLines; ++i, ahead += 64)
        prefetchL2(ahead);
      const float *q[P];
      const float *x = nullptr;
      if (INDIRECT) {
        for (int p = 0; p < P; ++p)
          q[p] = job.pixels[t * P + p] + (blockOffset & job.keep[t * P + p]);
      } else {
        x = job.x + blockOffset + job.tapOffset[t];
      }
      int row = 0;
      for (; row + 4 <= rows; row += 4) {
        WNNRT_UNROLL
        for (int u = 0; u < 4; ++u)
          tileRow<P, V>(acc, INDIRECT ? q : nullptr, x, pixelStride, row + u, w + (row + u) * 16,
                        panelStride);
      }
      for (; row < rows; ++row)
        tileRow<P, V>(acc, INDIRECT ? q : nullptr, x, pixelStride, row, w + row * 16, panelStride);
    }
  }
  tileFinish<P, PANELS>(acc, job);
}

/// tiles[indirect][panels - 1][pixels]
struct TileTable {
  TileFn fn[2][tilePanels][tilePixels + 1];
};

#define WNNRT_TILES(PANELS, INDIRECT)                                                              \
  {nullptr,    tile<1, PANELS, INDIRECT>,         tile < tilePixels >= 2 ? 2 : 1, PANELS,          \
   INDIRECT >, WNNRT_TILES_MORE(PANELS, INDIRECT)}
#if defined(__AVX512F__)
#define WNNRT_TILES_MORE(N, I)                                                                     \
  tile<3, N, I>, tile<4, N, I>, tile<5, N, I>, tile<6, N, I>, tile<7, N, I>, tile<8, N, I>,        \
      tile<9, N, I>, tile<10, N, I>, tile<11, N, I>, tile<12, N, I>, tile<13, N, I>,               \
      tile<14, N, I>
static constexpr TileTable tileTable = {
    {{WNNRT_TILES(1, false), WNNRT_TILES(2, false)}, {WNNRT_TILES(1, true), WNNRT_TILES(2, true)}}};
#elif defined(__AVX2__) || defined(__aarch64__)
#define WNNRT_TILES_MORE(N, I) tile<3, N, I>, tile<4, N, I>, tile<5, N, I>, tile<6, N, I>
static constexpr TileTable tileTable = {{{WNNRT_TILES(1, false)}, {WNNRT_TILES(1, true)}}};
#else
#define WNNRT_TILES_MORE(N, I)
static constexpr TileTable tileTable = {{{WNNRT_TILES(1, false)}, {WNNRT_TILES(1, true)}}};
#endif
#undef WNNRT_TILES
#undef WNNRT_TILES_MORE

WNNRT_INLINE void runTile(bool indirect, int panels, int pixels, const TileJob &job) {
  tileTable.fn[indirect][panels - 1][pixels](job);
}

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
#endif // WNNRT_SRC_SIMD_TILE_H
