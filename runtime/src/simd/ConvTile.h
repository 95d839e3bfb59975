// SPDX-License-Identifier: Apache-2.0
// What convolution and transposed convolution on c16 tensors share: the input side of a tile, and
// running a tile for one or two panels of output channels with everything that is fused into it.
#ifndef WNNRT_SRC_SIMD_CONVTILE_H
#define WNNRT_SRC_SIMD_CONVTILE_H

#include "../MatrixJob.h"
#include "Epilogue.h"
#include "Tile.h"
#include "wnnrt_pack.h"

namespace {

alignas(64) const float convZeros[16] = {};

/// Entries per tap of an indirect tile: whole vectors, so that filling them takes few instructions.
constexpr int tileRow = 16;
static_assert(tilePixels <= tileRow, "a tile's pixels have entries");

/// The input side of one tile, shared by all output panels with the same input window.
struct TileInput {
  bool indirect;
  int32_t taps;
  int64_t offset;                     // strided: of pixel 0
  int64_t xStride = 16, yStride = 16; // between neighbouring pixels of the tile
  int32_t tapIndex[tileMaxTaps];
  int64_t tapOffset[tileMaxTaps]; // indirect: 0
  // Indirect: offset of each pixel, and all ones, or 0 where the pixel is padding.
  int64_t pixelOffset[tileMaxTaps * tileRow], keep[tileMaxTaps * tileRow];

  /// The input of a 1x1 convolution of neighbouring pixels.
  void setPointwise() {
    indirect = false;
    taps = 1;
    tapIndex[0] = 0;
    tapOffset[0] = 0;
    xStride = yStride = 16;
  }

  /// A tap of an indirect tile: pixel i reads at base[i] + shift if bit i of `inside` is set.
  void addTap(int32_t tap, const int64_t (&base)[tileRow], int64_t shift, uint32_t inside) {
    int64_t *to = pixelOffset + int64_t(taps) * tileRow, *mask = keep + int64_t(taps) * tileRow;
    for (int i = 0; i < tileRow; ++i) {
      to[i] = base[i] + shift;
      mask[i] = -static_cast<int64_t>(inside >> i & 1);
    }
    tapIndex[taps] = tap;
    tapOffset[taps++] = 0;
  }
};

/// The tensors of one image and how tiles address them.
struct ConvTile {
  const wnnrt_conv2d_params *p;
  Epilogue epilogue;
  const float *x, *w, *bias, *residual; // of the current image
  float *y;
  int64_t ihw, ohw, panelStride;
  int32_t panels, taps;

  explicit ConvTile(const wnnrt_conv2d_params *params)
      : p(params), epilogue(params->act, params->residual_after_act != 0) {
    ihw = int64_t(p->ih) * p->iw;
    ohw = int64_t(p->oh) * p->ow;
    panels = static_cast<int32_t>(blocksOf16(p->co));
    taps = p->kh * p->kw;
    panelStride = wnnrt_conv2d_c16_panel_stride(p);
  }

  /// `repeat` tiles from output pixel `first` for panels [panel, panel + count) that share the
  /// input window [lo, hi).
  void run(const TileInput &in, int64_t first, int pixels, int32_t panel, int count, int32_t lo,
           int32_t hi, const char *prefetch, int64_t prefetchLines, int32_t repeat = 1) const {
    wnnrt::WNNRT_SIMD_NS::TileJob job;
    const float *base = x + int64_t(lo) / 16 * ihw * 16;
    const float *pointers[tileMaxTaps * tileRow];
    if (in.indirect) {
      const int64_t from = reinterpret_cast<int64_t>(base);
      const int64_t zero = reinterpret_cast<int64_t>(convZeros);
      for (int i = 0, n = in.taps * tileRow; i < n; ++i)
        pointers[i] = reinterpret_cast<const float *>(
            ((from + in.pixelOffset[i] * 4) & in.keep[i]) | (zero & ~in.keep[i]));
      job.pixels = pointers;
      job.keep = in.keep;
      job.pixelStep = tileRow;
    } else {
      job.x = base + in.offset;
    }
    job.tapOffset = in.tapOffset;
    job.pixelStride = in.xStride;
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
    job.yPixelStride = job.residualPixelStride = in.yStride;
    job.yPanelStride = job.residualPanelStride = ohw * 16;
    job.residual = residual && !epilogue.residualAfter ? residual + out : nullptr;
    job.lo = epilogue.lo;
    job.hi = epilogue.hi;
    job.cols = 16;
    job.repeat = repeat;
    job.prefetch = prefetch;
    job.prefetchLines = static_cast<int32_t>(prefetchLines);
    job.prefetchSecond = 0;
    float saved[epilogueMost];
    bool after = residual && epilogue.residualAfter;
    if (after)
      for (int i = 0; i < count; ++i)
        saveResidual(saved + i * pixels * 16, residual + out + i * ohw * 16, in.yStride, pixels,
                     16);
    wnnrt::WNNRT_SIMD_NS::runTile(in.indirect, count, pixels, job);
    if (epilogue.needed)
      for (int i = 0; i < count; ++i)
        finishRows(epilogue, job.y + i * ohw * 16, in.yStride, pixels * repeat, 16,
                   after ? saved + i * pixels * 16 : nullptr);
  }

  /// Panels [begin, end) of `pixels` neighbouring pixels of a 1x1 convolution as a matrix product;
  /// pixel 0 of x is pixel `first` of y.
  wnnrt::MatrixJob product(int64_t first, int64_t pixels, int64_t begin, int64_t end) const {
    wnnrt::MatrixJob job = {};
    int64_t out = (begin * ohw + first) * 16;
    job.rows = pixels, job.k = p->ci, job.n = minOf(p->co, end * 16) - begin * 16;
    job.x = x, job.xRow = 16, job.xBlock = ihw * 16;
    job.w = w + begin * panelStride, job.panelStride = panelStride;
    job.bias = bias ? bias + begin * 16 : nullptr;
    job.residual = residual ? residual + out : nullptr;
    job.y = y + out, job.yRow = job.residualRow = 16;
    job.yPanel = job.residualPanel = ohw * 16;
    job.act = p->act, job.residualAfter = p->residual_after_act != 0;
    job.wholePanels = true;
    return job;
  }

  /// Tiles [begin, end) of a split of neighbouring pixels of a 1x1 convolution, `perTile` lines to
  /// prefetch in each. Pixel 0 of the split is pixel 0 of x and pixel `first` of y.
  void runTiles(TileInput &in, const Split &split, int64_t begin, int64_t end, int64_t first,
                int32_t panel, int count, int32_t lo, int32_t hi, const char *prefetch,
                int64_t perTile) const {
    // What the epilogue works on should still be in the first-level cache.
    int64_t most = !epilogue.needed ? end : residual && epilogue.residualAfter ? 1 : 8;
    for (int64_t t = begin; t < end;) {
      int64_t same = minOf(most, (t < split.longer ? minOf(end, split.longer) : end) - t);
      in.offset = split.begin(t) * 16;
      run(in, first + split.begin(t), split.sizeOf(t), panel, count, lo, hi, prefetch, perTile,
          static_cast<int32_t>(same));
      prefetch += perTile * same * 64;
      t += same;
    }
  }

  /// All panels of these tiles, a few tiles at a time whose input stays in the first-level cache.
  void runAllPanels(TileInput &in, const Split &split, int64_t begin, int64_t end) const {
    int64_t most = maxOf(1, 2 * 1024 / (blocksOf16(p->ci) * 16 * tilePixels));
    for (int64_t t = begin; t < end; t += most)
      for (int32_t panel = 0; panel < panels;) {
        int32_t lo, hi;
        int count = groupAt(panel, panels, &lo, &hi);
        runTiles(in, split, t, minOf(end, t + most), 0, panel, count, lo, hi, nullptr, 0);
        panel += count;
      }
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
