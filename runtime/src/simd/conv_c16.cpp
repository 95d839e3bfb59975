// SPDX-License-Identifier: Apache-2.0
// conv2d_c16: dense and grouped convolution on c16 tensors, as tiles of output pixels by panels of
// 16 output channels. A tile whose pixels lie in one row and see no padding reads its input with
// strides; any other (image borders, rows shorter than a tile) reads through a table of pixel
// pointers in which padding points at zeros.
#include "../Isa.h"
#include "ConvTile.h"
#include "Parallel.h"

namespace {

struct Conv : ConvTile {
  bool pointwise; // 1x1, stride 1, no padding: pixels are one long row
  // Tiles: `rows` runs of pixels, each split alike.
  int64_t runs, runLength;

  explicit Conv(const wnnrt_conv2d_params *params) : ConvTile(params) {
    xPixelStride = int64_t(16) * p->stride_w;
    pointwise = taps == 1 && p->stride_h == 1 && p->stride_w == 1 && p->pad_top == 0 &&
                p->pad_left == 0 && p->ih == p->oh && p->iw == p->ow;
    bool byRow = !pointwise && (p->ow % tilePixels == 0 || p->ow >= 3 * tilePixels);
    runs = byRow ? p->oh : 1;
    runLength = byRow ? p->ow : ohw;
  }

  void prepare(TileInput &in, int64_t first, int pixels) const {
    if (pointwise) {
      in.indirect = false;
      in.taps = 1;
      in.tapIndex[0] = 0;
      in.tapOffset[0] = 0;
      in.offset = first * 16;
      return;
    }
    int64_t oy = first / p->ow, ox = first % p->ow;
    int64_t iy0 = oy * p->stride_h - p->pad_top, ix0 = ox * p->stride_w - p->pad_left;
    int64_t lastIx = ix0 + int64_t(pixels - 1) * p->stride_w + int64_t(p->kw - 1) * p->dilation_w;
    in.indirect = ox + pixels > p->ow || ix0 < 0 || lastIx >= p->iw;
    in.taps = 0;
    if (in.indirect)
      return prepareIndirect(in, oy, ox, pixels);
    in.offset = 0;
    for (int32_t r = 0; r < p->kh; ++r) {
      int64_t iy = iy0 + int64_t(r) * p->dilation_h;
      if (iy < 0 || iy >= p->ih)
        continue;
      for (int32_t s = 0; s < p->kw; ++s) {
        in.tapIndex[in.taps] = r * p->kw + s;
        in.tapOffset[in.taps++] = (iy * p->iw + ix0 + int64_t(s) * p->dilation_w) * 16;
      }
    }
  }

  void prepareIndirect(TileInput &in, int64_t oy, int64_t ox, int pixels) const {
    int64_t iy0[tilePixels], ix0[tilePixels];
    for (int i = 0; i < pixels; ++i) {
      iy0[i] = oy * p->stride_h - p->pad_top;
      ix0[i] = ox * p->stride_w - p->pad_left;
      if (++ox == p->ow)
        ox = 0, ++oy;
    }
    for (int32_t r = 0; r < p->kh; ++r)
      for (int32_t s = 0; s < p->kw; ++s) {
        int64_t *row = in.pixelOffset + int64_t(in.taps) * pixels;
        bool any = false;
        for (int i = 0; i < pixels; ++i) {
          int64_t iy = iy0[i] + int64_t(r) * p->dilation_h,
                  ix = ix0[i] + int64_t(s) * p->dilation_w;
          bool inside = static_cast<uint64_t>(iy) < static_cast<uint64_t>(p->ih) &&
                        static_cast<uint64_t>(ix) < static_cast<uint64_t>(p->iw);
          row[i] = inside ? (iy * p->iw + ix) * 16 : -1;
          any |= inside;
        }
        if (any)
          in.tapIndex[in.taps] = r * p->kw + s, in.tapOffset[in.taps++] = 0;
      }
  }

  /// Tiles are numbered over all runs.
  int64_t tiles() const { return runs * Split(runLength, tilePixels).count; }

  void tileAt(const Split &split, int64_t tile, int64_t *first, int *pixels) const {
    *first = tile / split.count * runLength + split.begin(tile % split.count);
    *pixels = split.sizeOf(tile % split.count);
  }

  /// Weights stay in the cache and pixels stream: large images with few weights.
  void pixelsOutermost(int64_t beginTile, int64_t endTile) const {
    Split split(runLength, tilePixels);
    TileInput in;
    for (int64_t tile = beginTile; tile < endTile; ++tile) {
      int64_t first;
      int pixels;
      tileAt(split, tile, &first, &pixels);
      prepare(in, first, pixels);
      for (int32_t panel = 0; panel < panels;) {
        int32_t lo, hi;
        int count = groupAt(panel, panels, &lo, &hi);
        run(in, first, pixels, panel, count, lo, hi, nullptr, 0);
        panel += count;
      }
    }
  }

  /// Pixels stay in the cache and weights stream: each weight is read once, and the next panels are
  /// prefetched while these are used.
  void panelsOutermost(int32_t beginPanel, int32_t endPanel) const {
    Split split(runLength, tilePixels);
    TileInput in;
    int64_t tileCount = tiles();
    for (int32_t panel = beginPanel; panel < endPanel;) {
      int32_t lo, hi;
      int count = groupAt(panel, endPanel, &lo, &hi);
      int64_t lines = panel + count < endPanel ? panelStride / 16 * count : 0;
      int64_t perTile = lines / maxOf(1, tileCount) + (lines > 0);
      const char *next = reinterpret_cast<const char *>(w + (panel + count) * panelStride);
      for (int64_t tile = 0; tile < tileCount; ++tile) {
        int64_t first;
        int pixels;
        tileAt(split, tile, &first, &pixels);
        prepare(in, first, pixels);
        run(in, first, pixels, panel, count, lo, hi, next, lines ? perTile : 0);
        next += perTile * 64;
      }
      panel += count;
    }
  }

  void image(const wnnrt_context *ctx, bool pixelsFirst) const {
    // Few panels for many threads: share out pixels instead.
    int64_t groups = (panels + tilePanels - 1) / tilePanels;
    bool shareTiles = ctx->parallel_for && groups < 2 * int64_t(ctx->num_threads);
    if (pixelsFirst || shareTiles)
      splitWork(ctx, tiles(), [this](int64_t begin, int64_t end) { pixelsOutermost(begin, end); });
    else
      splitWork(ctx, groups, [this](int64_t begin, int64_t end) {
        panelsOutermost(static_cast<int32_t>(begin * tilePanels),
                        static_cast<int32_t>(minOf(panels, end * tilePanels)));
      });
  }
};

} // namespace

namespace wnnrt {
wnnrt_status WNNRT_SIMD_NS::conv2d_c16(const wnnrt_context *ctx, const wnnrt_conv2d_params *p,
                                       const void *x, const void *w, const void *bias,
                                       const void *residual, void *y) {
  if (!validConv(p))
    return WNNRT_INVALID_ARGUMENT;
  if (int64_t(p->kh) * p->kw > tileMaxTaps || p->ci <= 0)
    return ref::conv2d_c16(ctx, p, x, w, bias, residual, y);
  Conv conv(p);
  int64_t inPlane = blocksOf16(p->ci) * 16 * conv.ihw, outPlane = conv.panels * 16 * conv.ohw;
  int64_t xBatch = p->x_batch_stride ? p->x_batch_stride : inPlane;
  int64_t yBatch = p->y_batch_stride ? p->y_batch_stride : outPlane;
  int64_t rBatch = p->residual_batch_stride ? p->residual_batch_stride : outPlane;
  conv.w = static_cast<const float *>(w);
  conv.bias = static_cast<const float *>(bias);
  bool pixelsFirst = conv.ohw >= 2000 && conv.panelStride * conv.panels <= 256 * 1024;
  for (int64_t n = 0; n < p->n; ++n) {
    conv.x = static_cast<const float *>(x) + n * xBatch;
    conv.residual = residual ? static_cast<const float *>(residual) + n * rBatch : nullptr;
    conv.y = static_cast<float *>(y) + n * yBatch;
    conv.image(ctx, pixelsFirst);
  }
  return WNNRT_OK;
}
} // namespace wnnrt
