// SPDX-License-Identifier: Apache-2.0
// The tile of conv2d_first: pixels of one output row by one or two panels, from input rows that are
// listed. Kernels are instantiated in files of their own, so that programs hold those they need.
#ifndef WNNRT_SRC_SIMD_FIRSTTILE_H
#define WNNRT_SRC_SIMD_FIRSTTILE_H

#include "Tile.h"

namespace {

struct FirstJob {
  const float *const *lines; // input rows, at column 0 of the row's first pixel
  const int32_t *lineIndex;  // which (channel, kernel row) each of them is
  int32_t lineCount, kw;
  int64_t column; // of the tile's first tap, counted from where `lines` point
  int64_t dilation, pixelStride;
  const float *w;
  int64_t panelStride;
  const float *bias, *residual;
  float lo, hi;
  float *y;
  int64_t planeStride;
};

template <int P, int V>
WNNRT_INLINE void firstStep(vf (&acc)[P][V], const float *x, int64_t stride, const float *w,
                            int64_t panelStride) {
  vf weight[V];
  WNNRT_UNROLL
  for (int v = 0; v < V; ++v)
    weight[v] = vload(w + (v / vper16) * panelStride + (v % vper16) * vlanes);
  WNNRT_UNROLL
  for (int p = 0; p < P; ++p) {
    vf value = vset(x[p * stride]);
    WNNRT_UNROLL
    for (int v = 0; v < V; ++v)
      acc[p][v] = vfma(value, weight[v], acc[p][v]);
  }
}

/// KW, STRIDE: kernel width and pixel stride as constants, or 0 for the job's.
template <int P, int PANELS, int KW, int STRIDE>
WNNRT_NOINLINE static void firstTile(const FirstJob &job) {
  constexpr int V = PANELS * vper16;
  vf acc[P][V];
  WNNRT_UNROLL
  for (int v = 0; v < V; ++v) {
    const float *bias = job.bias;
    vf start = bias ? vload(bias + v * vlanes) : vzero();
    WNNRT_UNROLL
    for (int p = 0; p < P; ++p)
      acc[p][v] = start;
  }
  const int64_t stride = STRIDE ? STRIDE : job.pixelStride, panelStride = job.panelStride;
  for (int32_t line = 0; line < job.lineCount; ++line) {
    const float *x = job.lines[line] + job.column;
    if (KW) {
      const float *w = job.w + int64_t(job.lineIndex[line]) * KW * 16;
      WNNRT_UNROLL
      for (int s = 0; s < KW; ++s) {
        firstStep<P, V>(acc, x, stride, w + s * 16, panelStride);
        ++x;
        __asm__("" : "+r"(x)); // or broadcasts that steps share are kept, which spills
      }
    } else {
      const float *w = job.w + int64_t(job.lineIndex[line]) * job.kw * 16;
      for (int32_t s = 0; s < job.kw; ++s, w += 16, x += job.dilation)
        firstStep<P, V>(acc, x, stride, w, panelStride);
    }
  }
  vf lo = vset(job.lo), hi = vset(job.hi);
  WNNRT_UNROLL
  for (int v = 0; v < V; ++v) {
    int64_t at = (v / vper16) * job.planeStride + (v % vper16) * vlanes;
    WNNRT_UNROLL
    for (int p = 0; p < P; ++p) {
      vf sum = acc[p][v];
      if (job.residual)
        sum = vadd(sum, vload(job.residual + at + p * 16));
      vstore(job.y + at + p * 16, vclamp(sum, lo, hi));
    }
  }
}

using FirstFn = void (*)(const FirstJob &);

/// Tiles of tilePixels for one kernel width and pixel stride; fn[panels - 1].
struct FirstFull {
  int kw, stride;
  FirstFn fn[2];
};
constexpr int firstFullMost = 3;
struct FirstFulls {
  FirstFull entries[firstFullMost];
};
#define WNNRT_FULL(KW, S)                                                                          \
  {                                                                                                \
    KW, S, {                                                                                       \
      firstTile<tilePixels, 1, KW, S>, firstTile<tilePixels, tilePanels, KW, S>                    \
    }                                                                                              \
  }

/// Tiles for any kernel, of up to partPixels pixels: fn[panels - 1][pixels - 1].
constexpr int partPixels = tilePixels == 14 ? 8 : tilePixels;
struct FirstParts {
  FirstFn fn[tilePanels][8];
};

} // namespace
#endif // WNNRT_SRC_SIMD_FIRSTTILE_H
