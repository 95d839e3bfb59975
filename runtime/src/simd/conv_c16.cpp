// SPDX-License-Identifier: Apache-2.0
// conv2d_c16: dense and grouped convolution on c16 tensors, as tiles of output pixels by panels of
// 16 output channels. A tile whose pixels lie in one row and see no padding reads its input with
// strides; any other (image borders, rows shorter than a tile) reads through a table of pixel
// pointers in which padding points at zeros.
#include "../Isa.h"
#include "ConvTile.h"
#include "MatrixUnit.h"
#include "Parallel.h"

namespace {

/// Most weights that count as near a tile of few pixels.
constexpr int64_t regionFloats = 18 * 1024;

struct Conv : ConvTile {
  bool pointwise; // 1x1, stride 1, no padding: pixels are one long row
  // Tiles: runs of pixels in row-major order, each split alike; or regions.
  int64_t runs, runLength;
  /// Regions: columns that see no border in horizontal tiles, each other column in vertical ones.
  /// All pixels of a tile then have the same taps, and none needs a table of pointers.
  bool regions;
  int64_t columnBegin, columnEnd, rowBegin, rowEnd; // outputs that see no border

  explicit Conv(const wnnrt_conv2d_params *params) : ConvTile(params) {
    pointwise = taps == 1 && p->stride_h == 1 && p->stride_w == 1 && p->pad_top == 0 &&
                p->pad_left == 0 && p->ih == p->oh && p->iw == p->ow;
    bool byRow = !pointwise && (p->ow % tilePixels == 0 || p->ow >= 3 * tilePixels);
    runs = byRow ? p->oh : 1;
    runLength = byRow ? p->ow : ohw;
    inside(p->ow, p->stride_w, p->pad_left, int64_t(p->kw - 1) * p->dilation_w, p->iw, &columnBegin,
           &columnEnd);
    inside(p->oh, p->stride_h, p->pad_top, int64_t(p->kh - 1) * p->dilation_h, p->ih, &rowBegin,
           &rowEnd);
    int64_t columns = columnEnd - columnBegin;
    // Narrow tiles read their weights more often: then they should be near.
    bool wide = columns >= (panelStride * tilePanels <= regionFloats ? 4 : 10);
    regions = taps > 1 && wide && p->ow - columns <= 4;
  }

  /// Outputs [begin, end) of one axis whose taps are all inside.
  static void inside(int64_t outputs, int64_t stride, int64_t pad, int64_t reach, int64_t inputs,
                     int64_t *begin, int64_t *end) {
    int64_t last = inputs - 1 - reach + pad; // largest position of an output times the stride
    *begin = minOf(outputs, (maxOf(0, pad) + stride - 1) / stride);
    *end = maxOf(*begin, minOf(outputs, last < 0 ? 0 : last / stride + 1));
  }

  struct TileAt {
    int64_t oy, ox;
    int pixels;
    bool vertical;
  };

  /// A part of the image: rows of regions, otherwise tiles that are numbered over all runs.
  struct Part {
    int64_t begin, end;
    int64_t innerBegin, innerEnd; // the rows that see no border
  };
  int64_t shares() const { return regions ? p->oh : runs * Split(runLength, tilePixels).count; }
  WNNRT_NOINLINE Part part(int64_t begin, int64_t end) const {
    int64_t innerBegin = minOf(end, maxOf(begin, rowBegin));
    return {begin, end, innerBegin, maxOf(innerBegin, minOf(end, rowEnd))};
  }

  WNNRT_NOINLINE int64_t tiles(const Part &r) const {
    if (!regions)
      return r.end - r.begin;
    return (r.end - r.begin) * Split(columnEnd - columnBegin, tilePixels).count +
           (p->ow - (columnEnd - columnBegin)) * columnTiles(r);
  }
  WNNRT_NOINLINE int64_t columnTiles(const Part &r) const {
    int64_t inner = r.innerEnd - r.innerBegin;
    return r.end - r.begin - inner + Split(inner, tilePixels).count;
  }

  TileAt tileAt(const Part &r, int64_t tile) const {
    if (!regions) {
      tile += r.begin;
      Split split(runLength, tilePixels);
      int64_t first = tile / split.count * runLength + split.begin(tile % split.count);
      return {first / p->ow, first % p->ow, split.sizeOf(tile % split.count), false};
    }
    Split across(columnEnd - columnBegin, tilePixels);
    const int64_t rows = r.end - r.begin;
    if (tile < rows * across.count)
      return {r.begin + tile / across.count, columnBegin + across.begin(tile % across.count),
              across.sizeOf(tile % across.count), false};
    tile -= rows * across.count;
    int64_t column = tile / columnTiles(r), at = tile % columnTiles(r);
    column = column < columnBegin ? column : columnEnd + column - columnBegin;
    Split down(r.innerEnd - r.innerBegin, tilePixels);
    if (at < r.innerBegin - r.begin)
      return {r.begin + at, column, 1, true};
    at -= r.innerBegin - r.begin;
    if (at < down.count)
      return {r.innerBegin + down.begin(at), column, down.sizeOf(at), true};
    return {r.innerEnd + at - down.count, column, 1, true};
  }

  void prepare(TileInput &in, const TileAt &tile) const {
    in.xStride = int64_t(16) * (tile.vertical ? int64_t(p->stride_h) * p->iw : p->stride_w);
    in.yStride = tile.vertical ? int64_t(16) * p->ow : 16;
    int64_t iy0 = tile.oy * p->stride_h - p->pad_top, ix0 = tile.ox * p->stride_w - p->pad_left;
    int64_t lastIx =
        ix0 + int64_t(tile.pixels - 1) * p->stride_w + int64_t(p->kw - 1) * p->dilation_w;
    in.indirect = !regions && (tile.ox + tile.pixels > p->ow || ix0 < 0 || lastIx >= p->iw);
    in.taps = 0;
    if (in.indirect)
      return prepareIndirect(in, tile.oy, tile.ox, tile.pixels);
    in.offset = 0;
    for (int32_t r = 0; r < p->kh; ++r) {
      int64_t iy = iy0 + int64_t(r) * p->dilation_h;
      if (iy < 0 || iy >= p->ih)
        continue;
      for (int32_t s = 0; s < p->kw; ++s) {
        int64_t ix = ix0 + int64_t(s) * p->dilation_w;
        if (ix < 0 || ix >= p->iw) // only in vertical tiles, where it holds for all pixels
          continue;
        in.tapIndex[in.taps] = r * p->kw + s;
        in.tapOffset[in.taps++] = (iy * p->iw + ix) * 16;
      }
    }
  }

  void prepareIndirect(TileInput &in, int64_t oy, int64_t ox, int pixels) const {
    int64_t base[tileRow] = {};
    uint32_t rowInside[tileMaxTaps] = {}, columnInside[tileMaxTaps] = {};
    for (int i = 0; i < pixels; ++i) {
      int64_t iy = oy * p->stride_h - p->pad_top, ix = ox * p->stride_w - p->pad_left;
      base[i] = (iy * p->iw + ix) * 16;
      for (int32_t r = 0; r < p->kh; ++r, iy += p->dilation_h)
        rowInside[r] |=
            static_cast<uint32_t>(static_cast<uint64_t>(iy) < static_cast<uint64_t>(p->ih)) << i;
      for (int32_t s = 0; s < p->kw; ++s, ix += p->dilation_w)
        columnInside[s] |=
            static_cast<uint32_t>(static_cast<uint64_t>(ix) < static_cast<uint64_t>(p->iw)) << i;
      if (++ox == p->ow)
        ox = 0, ++oy;
    }
    for (int32_t r = 0; r < p->kh; ++r)
      for (int32_t s = 0; s < p->kw; ++s)
        if (uint32_t inside = rowInside[r] & columnInside[s])
          in.addTap(r * p->kw + s, base,
                    (int64_t(r) * p->dilation_h * p->iw + int64_t(s) * p->dilation_w) * 16, inside);
  }

  WNNRT_NOINLINE TileAt tileAt(const Part &part, int64_t tile, TileInput &in) const {
    const TileAt at = tileAt(part, tile);
    prepare(in, at);
    return at;
  }

  /// Weights stay in the cache and pixels stream: large images with few weights.
  void pixelsOutermost(const Part &part) const {
    TileInput in;
    if (pointwise) {
      in.setPointwise();
      return runAllPanels(in, Split(ohw, tilePixels), part.begin, part.end);
    }
    for (int64_t tile = 0, tileCount = tiles(part); tile < tileCount; ++tile) {
      const TileAt at = tileAt(part, tile, in);
      for (int32_t panel = 0; panel < panels;) {
        int32_t lo, hi;
        int count = groupAt(panel, panels, &lo, &hi);
        run(in, at.oy * p->ow + at.ox, at.pixels, panel, count, lo, hi, nullptr, 0);
        panel += count;
      }
    }
  }

  /// Pixels stay in the cache and weights stream: each weight is read once, and the next panels are
  /// prefetched while these are used.
  void panelsOutermost(const Part &part, int32_t beginPanel, int32_t endPanel) const {
    TileInput in;
    int64_t tileCount = tiles(part);
    for (int32_t panel = beginPanel; panel < endPanel;) {
      int32_t lo, hi;
      int count = groupAt(panel, endPanel, &lo, &hi);
      int64_t lines = panel + count < endPanel ? panelStride / 16 * count : 0;
      int64_t perTile = lines / maxOf(1, tileCount) + (lines > 0);
      const char *next = reinterpret_cast<const char *>(w + (panel + count) * panelStride);
      if (pointwise) {
        in.setPointwise();
        runTiles(in, Split(ohw, tilePixels), part.begin, part.end, 0, panel, count, lo, hi, next,
                 lines ? perTile : 0);
        panel += count;
        continue;
      }
      for (int64_t tile = 0; tile < tileCount; ++tile) {
        const TileAt at = tileAt(part, tile, in);
        run(in, at.oy * p->ow + at.ox, at.pixels, panel, count, lo, hi, next, lines ? perTile : 0);
        next += perTile * 64;
      }
      panel += count;
    }
  }

  void image(const wnnrt_context *ctx, bool pixelsFirst) const {
    int64_t groups = (panels + tilePanels - 1) / tilePanels, weights = panelStride * panels;
    // Few panels for many threads: pixels as well.
    bool byPixels = pixelsFirst || (ctx->parallel_for && groups < int64_t(ctx->num_threads)) ||
                    sharePixels(ohw, weights, 16 * panels * ohw + p->ci * ihw);
    splitWork(ctx, byPixels ? shares() : groups, [&](int64_t begin, int64_t end) {
      Part some = byPixels ? part(begin, end) : part(0, shares());
      if (pixelsFirst)
        return pixelsOutermost(some);
      panelsOutermost(some, static_cast<int32_t>(byPixels ? 0 : begin * tilePanels),
                      static_cast<int32_t>(byPixels ? panels : minOf(panels, end * tilePanels)));
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
    if (conv.pointwise && p->groups == 1 &&
        onMatrixUnit(ctx, conv.product(0, conv.ohw, 0, conv.panels)))
      continue;
    conv.image(ctx, pixelsFirst);
  }
  return WNNRT_OK;
}
} // namespace wnnrt
