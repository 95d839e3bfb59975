// SPDX-License-Identifier: Apache-2.0
// What convolution and transposed convolution on c16 tensors share: the input side of a tile, and
// running a tile for one or two panels of output channels with everything that is fused into it.
#ifndef WNNRT_SRC_SIMD_CONVTILE_H
#define WNNRT_SRC_SIMD_CONVTILE_H

#include "Epilogue.h"
#include "Tile.h"
#include "wnnrt_pack.h"

namespace {

alignas(64) const float convZeros[16] = {};

/// The input side of one tile, shared by all output panels with the same input window.
struct TileInput {
  bool indirect;
  int32_t taps;
  int64_t offset; // strided: of pixel 0
  int32_t tapIndex[tileMaxTaps];
  int64_t tapOffset[tileMaxTaps];                // indirect: 0
  int64_t pixelOffset[tileMaxTaps * tilePixels]; // indirect; -1 for padding
};

/// The tensors of one image and how tiles address them.
struct ConvTile {
  const wnnrt_conv2d_params *p;
  Epilogue epilogue;
  const float *x, *w, *bias, *residual; // of the current image
  float *y;
  int64_t ihw, ohw, panelStride;
  int64_t xPixelStride, yPixelStride; // between neighbouring pixels of a tile
  int32_t panels, taps;

  explicit ConvTile(const wnnrt_conv2d_params *params)
      : p(params), epilogue(params->act, params->residual_after_act != 0) {
    ihw = int64_t(p->ih) * p->iw;
    ohw = int64_t(p->oh) * p->ow;
    panels = static_cast<int32_t>(blocksOf16(p->co));
    taps = p->kh * p->kw;
    panelStride = wnnrt_conv2d_c16_panel_stride(p);
    xPixelStride = yPixelStride = 16;
  }

  /// One tile at output pixel `first` for panels [panel, panel + count) that share the input window
  /// [lo, hi).
  void run(const TileInput &in, int64_t first, int pixels, int32_t panel, int count, int32_t lo,
           int32_t hi, const char *prefetch, int64_t prefetchLines) const {
    wnnrt::WNNRT_SIMD_NS::TileJob job;
    const float *base = x + int64_t(lo) / 16 * ihw * 16;
    const float *pointers[tileMaxTaps * tilePixels];
    int64_t keep[tileMaxTaps * tilePixels];
    if (in.indirect) {
      for (int i = 0, n = in.taps * pixels; i < n; ++i) {
        bool inside = in.pixelOffset[i] >= 0;
        pointers[i] = inside ? base + in.pixelOffset[i] : convZeros;
        keep[i] = inside ? -1 : 0;
      }
      job.pixels = pointers;
      job.keep = keep;
      job.pixelStep = pixels;
    } else {
      job.x = base + in.offset;
    }
    job.tapOffset = in.tapOffset;
    job.pixelStride = xPixelStride;
    job.blockStride = ihw * 16;
    job.taps = in.taps;
    job.tapIndex = in.tapIndex;
    job.kernelTaps = taps;
    job.blocks = static_cast<int32_t>(blocksOf16(hi - lo));
    job.lastRows = hi - lo - (job.blocks - 1) * 16;
    job.w = w + panel * panelStride;
    job.panelStride = panelStride;
    job.bias = bias ? bias + int64_t(panel) * 16 : nullptr;
    int64_t out = panel * ohw * 16 + first * 16;
    job.y = y + out;
    job.yPixelStride = job.residualPixelStride = yPixelStride;
    job.yPanelStride = job.residualPanelStride = ohw * 16;
    job.residual = residual && !epilogue.residualAfter ? residual + out : nullptr;
    job.lo = epilogue.lo;
    job.hi = epilogue.hi;
    job.cols = 16;
    job.prefetch = prefetch;
    job.prefetchLines = static_cast<int32_t>(prefetchLines);
    job.prefetchSecond = 0;
    float saved[epilogueMost];
    bool after = residual && epilogue.residualAfter;
    if (after)
      for (int i = 0; i < count; ++i)
        saveResidual(saved + i * pixels * 16, residual + out + i * ohw * 16, yPixelStride, pixels,
                     16);
    wnnrt::WNNRT_SIMD_NS::runTile(in.indirect, count, pixels, job);
    if (epilogue.needed)
      for (int i = 0; i < count; ++i)
        finishRows(epilogue, job.y + i * ohw * 16, yPixelStride, pixels, 16,
                   after ? saved + i * pixels * 16 : nullptr);
  }

  /// Panels from `panel` that one tile computes: a pair where both read the same channels.
  int groupAt(int32_t panel, int32_t end, int32_t *lo, int32_t *hi) const {
    wnnrt_conv2d_c16_window(p, panel, lo, hi);
    if (tilePanels == 1 || panel + 1 >= end)
      return 1;
    int32_t lo2, hi2;
    wnnrt_conv2d_c16_window(p, panel + 1, &lo2, &hi2);
    return lo2 == *lo && hi2 == *hi ? 2 : 1;
  }
};

} // namespace
#endif // WNNRT_SRC_SIMD_CONVTILE_H
