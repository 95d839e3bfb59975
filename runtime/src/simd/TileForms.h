// SPDX-License-Identifier: Apache-2.0
// The matrix tile, in every size and in three forms, which differ in how a tile finds its pixels.
// Each form is instantiated in a file of its own, so that programs hold those they need.
//
// Registers: AVX-512 14 x 2 panels = 28 sums, 2 weights, 1 broadcast: 16 loads for 28 FMAs.
//            AVX2 6 x 1 panel (2 ymm) = 12 sums, 2 weights, 1 broadcast: 8 loads for 12 FMAs.
//            NEON 6 x 1 panel (4 q) = 24 sums, 4 weights; SSE2 has half the registers: 2 x 1.
// Each tile is a function of its own that is not inlined: inlined into loops, gcc 12 spills.
#ifndef WNNRT_SRC_SIMD_TILEFORMS_H
#define WNNRT_SRC_SIMD_TILEFORMS_H

#include "Tile.h"

namespace {

using wnnrt::WNNRT_SIMD_NS::TileJob;

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

/// Adds the residual, clamps and stores whole panels.
template <int P, int PANELS>
WNNRT_INLINE void tileFinish(vf (&acc)[P][PANELS * vper16], const TileJob &job, float *to,
                             const float *residual) {
  constexpr int V = PANELS * vper16;
  if (residual) {
    WNNRT_UNROLL
    for (int v = 0; v < V; ++v) {
      const float *r = residual + (v / vper16) * job.residualPanelStride + (v % vper16) * vlanes;
      WNNRT_UNROLL
      for (int p = 0; p < P; ++p, r += job.residualPixelStride)
        acc[p][v] = vadd(acc[p][v], vload(r));
    }
  }
  if (job.lo > -__builtin_huge_valf()) {
    vf lo = vset(job.lo);
    WNNRT_UNROLL
    for (int p = 0; p < P; ++p) {
      WNNRT_UNROLL
      for (int v = 0; v < V; ++v)
        acc[p][v] = vmax(lo, acc[p][v]); // NaN stays NaN
    }
  }
  if (job.hi < __builtin_huge_valf()) {
    vf hi = vset(job.hi);
    WNNRT_UNROLL
    for (int p = 0; p < P; ++p) {
      WNNRT_UNROLL
      for (int v = 0; v < V; ++v)
        acc[p][v] = vmin(hi, acc[p][v]);
    }
  }
  WNNRT_UNROLL
  for (int v = 0; v < V; ++v) {
    float *y = to + (v / vper16) * job.yPanelStride + (v % vper16) * vlanes;
    WNNRT_UNROLL
    for (int p = 0; p < P; ++p, y += job.yPixelStride)
      vstore(y, acc[p][v]);
  }
}

/// How a tile finds its pixels. The most common stride is a constant: one pointer serves all
/// pixels, which is 9% faster than advancing one for each.
enum TileForm { Adjacent, Strided, Indirect };

/// Rows of the reduction in one turn of the innermost loop: of 28 multiply-adds with AVX-512, of 12
/// or 24 elsewhere.
#if defined(__AVX512F__)
constexpr int rowsUnrolled(TileForm) {
  return 2;
}
#elif defined(__AVX2__)
constexpr int rowsUnrolled(TileForm form) {
  return form == Adjacent ? 2 : 4;
}
#else
constexpr int rowsUnrolled(TileForm) {
  return 4;
}
#endif

/// A row of a strided tile: pixels in threes share a pointer, so that 14 of them need five
/// registers and the stride instead of a pointer each.
template <int P, int V>
WNNRT_INLINE void stridedRow(vf (&acc)[P][V], const float *const (&base)[(P + 2) / 3],
                             int64_t stride, int row, const float *w, int64_t panelStride) {
  vf weight[V];
  WNNRT_UNROLL
  for (int v = 0; v < V; ++v)
    weight[v] = vload(w + (v / vper16) * panelStride + (v % vper16) * vlanes);
  WNNRT_UNROLL
  for (int p = 0; p < P; ++p) {
    vf value = vset((base[p / 3] + row)[(p % 3) * stride]);
    WNNRT_UNROLL
    for (int v = 0; v < V; ++v)
      acc[p][v] = vfma(value, weight[v], acc[p][v]);
  }
}

/// One tile; `ahead` is the next line to prefetch.
template <int P, int PANELS, TileForm FORM>
WNNRT_INLINE void oneTile(const TileJob &job, const float *from, float *y, const float *residual,
                          const char *&ahead) {
  constexpr int V = PANELS * vper16;
  constexpr bool INDIRECT = FORM == Indirect;
  vf acc[P][V];
  WNNRT_UNROLL
  for (int v = 0; v < V; ++v) {
    vf start = job.bias ? vload(job.bias + v * vlanes) : vzero();
    WNNRT_UNROLL
    for (int p = 0; p < P; ++p)
      acc[p][v] = start;
  }
  const int32_t lines = job.prefetchLines;
  constexpr int U = rowsUnrolled(FORM), perBlock = 16 / U;
  const int32_t groups = // of unrolled rows
      lines ? job.taps * (job.blocks * perBlock - perBlock + (job.lastRows + U - 1) / U) : 1;
  int32_t due = 0;
  auto prefetchSome = [&] {
    for (due += lines; due >= groups; due -= groups, ahead += 64) {
      prefetchL2(ahead);
      if (PANELS > 1 && job.prefetchSecond)
        prefetchL2(ahead + job.prefetchSecond);
    }
  };
  const int64_t panelStride = job.panelStride;
  const int64_t pixelStride = FORM == Adjacent ? 16 : job.pixelStride;
  for (int32_t block = 0; block < job.blocks; ++block) {
    int rows = block + 1 == job.blocks ? job.lastRows : 16;
    const float *blockWeights = job.w + int64_t(block) * job.kernelTaps * 256;
    int64_t blockOffset = block * job.blockStride;
    for (int32_t t = 0; t < job.taps; ++t) {
      const float *w = blockWeights + job.tapIndex[t] * rows * 16;
      const float *q[P];
      const float *x = nullptr;
      if (INDIRECT) {
        const float *const *pixels = job.pixels + t * job.pixelStep;
        const int64_t *keep = job.keep + t * job.pixelStep;
        int64_t offset = blockOffset + job.tapOffset[t];
        for (int p = 0; p < P; ++p)
          q[p] = pixels[p] + (offset & keep[p]);
      } else {
        x = from + blockOffset + job.tapOffset[t];
      }
      int row = 0;
      if (FORM == Strided) {
        const float *base[(P + 2) / 3];
        WNNRT_UNROLL
        for (int k = 0; k < (P + 2) / 3; ++k) {
          base[k] = x + 3 * k * pixelStride;
          __asm__("" : "+r"(base[k])); // or gcc makes a pointer for each pixel again
        }
        for (; row + U <= rows; row += U, w += 16 * U) {
          prefetchSome();
          WNNRT_UNROLL
          for (int u = 0; u < U; ++u)
            stridedRow<P, V>(acc, base, pixelStride, u, w + u * 16, panelStride);
          WNNRT_UNROLL
          for (int k = 0; k < (P + 2) / 3; ++k)
            base[k] += U;
        }
        for (; row < rows; ++row, w += 16) {
          stridedRow<P, V>(acc, base, pixelStride, 0, w, panelStride);
          WNNRT_UNROLL
          for (int k = 0; k < (P + 2) / 3; ++k)
            base[k] += 1;
        }
        continue;
      }
      for (; row + U <= rows; row += U) {
        prefetchSome();
        WNNRT_UNROLL
        for (int u = 0; u < U; ++u)
          tileRow<P, V>(acc, INDIRECT ? q : nullptr, x, pixelStride, row + u, w + (row + u) * 16,
                        panelStride);
      }
      for (; row < rows; ++row)
        tileRow<P, V>(acc, INDIRECT ? q : nullptr, x, pixelStride, row, w + row * 16, panelStride);
    }
  }
  tileFinish<P, PANELS>(acc, job, y, residual);
}

template <int P, int PANELS, TileForm FORM> WNNRT_NOINLINE static void tile(const TileJob &job) {
  const float *x = job.x, *residual = job.residual;
  float *y = job.y;
  const char *ahead = job.prefetch;
  const int64_t step = P * (FORM == Adjacent ? 16 : job.pixelStride);
  for (int32_t left = job.repeat;;) {
    oneTile<P, PANELS, FORM>(job, x, y, residual, ahead);
    if (FORM == Indirect || --left <= 0)
      return;
    x += step;
    y += P * job.yPixelStride;
    if (residual)
      residual += P * job.residualPixelStride;
  }
}

using TileFn = void (*)(const TileJob &job);

/// A form in all sizes: fn[panels - 1][pixels].
struct TileTable {
  TileFn fn[tilePanels][tilePixels + 1];
};

#define WNNRT_TILES(N, F) nullptr, tile<1, N, F>, tile<2, N, F> WNNRT_TILES_MORE(N, F)
#if defined(__AVX512F__)
#define WNNRT_TILES_MORE(N, F)                                                                     \
  , tile<3, N, F>, tile<4, N, F>, tile<5, N, F>, tile<6, N, F>, tile<7, N, F>, tile<8, N, F>,      \
      tile<9, N, F>, tile<10, N, F>, tile<11, N, F>, tile<12, N, F>, tile<13, N, F>,               \
      tile<14, N, F>
#define WNNRT_TILE_TABLE(F)                                                                        \
  {                                                                                                \
    {                                                                                              \
      {WNNRT_TILES(1, F)}, {                                                                       \
        WNNRT_TILES(2, F)                                                                          \
      }                                                                                            \
    }                                                                                              \
  }
#elif defined(__AVX2__) || defined(__aarch64__)
#define WNNRT_TILES_MORE(N, F) , tile<3, N, F>, tile<4, N, F>, tile<5, N, F>, tile<6, N, F>
#define WNNRT_TILE_TABLE(F)                                                                        \
  {                                                                                                \
    {                                                                                              \
      WNNRT_TILES(1, F)                                                                            \
    }                                                                                              \
  }
#else
#define WNNRT_TILES_MORE(N, F)
#define WNNRT_TILE_TABLE(F)                                                                        \
  {                                                                                                \
    {                                                                                              \
      WNNRT_TILES(1, F)                                                                            \
    }                                                                                              \
  }
#endif

} // namespace
#endif // WNNRT_SRC_SIMD_TILEFORMS_H
