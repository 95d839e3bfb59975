// SPDX-License-Identifier: Apache-2.0
// The choice of a tile, and tiles of pixels next to each other, which are the most common ones.
#include "../Isa.h"
#include "TileForms.h"

namespace {

#if defined(__AVX512F__)
/// With one panel only the sizes of rows that are common: every program holds these.
constexpr TileTable adjacentTiles() {
  TileTable t = {{{nullptr, tile<1, 1, Adjacent>, tile<2, 1, Adjacent>, tile<3, 1, Adjacent>,
                   tile<4, 1, Adjacent>, tile<5, 1, Adjacent>, tile<6, 1, Adjacent>,
                   tile<7, 1, Adjacent>, tile<8, 1, Adjacent>, nullptr, tile<10, 1, Adjacent>,
                   nullptr, tile<12, 1, Adjacent>, nullptr, tile<14, 1, Adjacent>},
                  {WNNRT_TILES(2, Adjacent)}}};
  return t;
}
constexpr TileTable adjacent = adjacentTiles();
#else
constexpr TileTable adjacent = WNNRT_TILE_TABLE(Adjacent);
#endif
// Weak references must not be folded, hence a table.
const wnnrt_part *const others[] = {&wnnrt::WNNRT_SIMD_NS::tiles_strided,
                                    &wnnrt::WNNRT_SIMD_NS::tiles_indirect};

/// A last panel that is narrower than 16: whole panels in a buffer, of which the real columns are
/// copied.
WNNRT_NOINLINE static void narrowTile(TileFn fn, int panels, int pixels, const TileJob &job) {
  alignas(64) float out[tilePanels * tilePixels * 16], added[tilePanels * tilePixels * 16];
  TileJob whole = job;
  whole.repeat = 1;
  whole.yPixelStride = whole.residualPixelStride = 16;
  whole.yPanelStride = whole.residualPanelStride = tilePixels * 16;
  whole.y = out;
  for (int32_t tile = 0; tile < job.repeat; ++tile) {
    auto copy = [&](float *to, int64_t toPixel, int64_t toPanel, const float *from,
                    int64_t fromPixel, int64_t fromPanel) {
      for (int panel = 0; panel < panels; ++panel)
        for (int p = 0; p < pixels; ++p)
          memcpy(to + panel * toPanel + p * toPixel, from + panel * fromPanel + p * fromPixel,
                 static_cast<size_t>(panel + 1 == panels ? job.cols : 16) * sizeof(float));
    };
    int64_t first = tile * int64_t(pixels);
    if (job.residual) {
      memset(added, 0, sizeof(added));
      copy(added, 16, tilePixels * 16, job.residual + first * job.residualPixelStride,
           job.residualPixelStride, job.residualPanelStride);
      whole.residual = added;
    }
    fn(whole);
    copy(job.y + first * job.yPixelStride, job.yPixelStride, job.yPanelStride, out, 16,
         tilePixels * 16);
    whole.x += pixels * job.pixelStride;
    whole.prefetch += int64_t(job.prefetchLines) * 64;
  }
}

/// What a tile of a form does that the program does not have: pixel by pixel, so that the distance
/// between pixels does not matter, with the taps that are not padding.
WNNRT_NOINLINE static void pixelTiles(bool indirect, int panels, int pixels, const TileJob &job) {
  TileJob one = job;
  one.repeat = 1;
  one.prefetchLines = 0;
  int32_t tapIndex[tileMaxTaps];
  int64_t tapOffset[tileMaxTaps];
  const int64_t count = indirect ? pixels : pixels * maxOf(1, job.repeat);
  for (int64_t i = 0; i < count; ++i) {
    one.y = job.y + i * job.yPixelStride;
    one.residual = job.residual ? job.residual + i * job.residualPixelStride : nullptr;
    if (indirect) {
      one.taps = 0;
      one.tapIndex = tapIndex;
      one.tapOffset = tapOffset;
      for (int32_t t = 0; t < job.taps; ++t) {
        int64_t at = t * job.pixelStep + i;
        if (!job.keep[at])
          continue;
        const float *x = job.pixels[at] + job.tapOffset[t];
        if (one.taps == 0)
          one.x = x;
        tapIndex[one.taps] = job.tapIndex[t];
        tapOffset[one.taps++] = (reinterpret_cast<int64_t>(x) - reinterpret_cast<int64_t>(one.x)) /
                                static_cast<int64_t>(sizeof(float));
      }
    } else {
      one.x = job.x + i * job.pixelStride;
    }
    wnnrt::WNNRT_SIMD_NS::runTile(false, panels, 1, one);
  }
}

/// Adjacent tiles of a size that the table does not have, each as two.
WNNRT_NOINLINE static void twoTiles(int panels, int pixels, const TileJob &job) {
  TileJob part = job;
  part.repeat = 1;
  part.prefetchLines = (job.prefetchLines + 1) / 2;
  const int64_t count = 2 * maxOf(1, job.repeat);
  for (int64_t i = 0, first = 0; i < count; ++i) {
    const int size = i % 2 ? pixels - pixels / 2 : pixels / 2;
    part.x = job.x + first * 16;
    part.y = job.y + first * job.yPixelStride;
    if (job.residual)
      part.residual = job.residual + first * job.residualPixelStride;
    wnnrt::WNNRT_SIMD_NS::runTile(false, panels, size, part);
    part.prefetch += int64_t(part.prefetchLines) * 64;
    first += size;
  }
}

} // namespace

void wnnrt::WNNRT_SIMD_NS::runTile(bool indirect, int panels, int pixels, const TileJob &job) {
  const TileTable *table = &adjacent;
  if (indirect || (job.pixelStride != 16 && (pixels > 1 || job.repeat > 1))) {
    const wnnrt_part *part = others[indirect];
    if (!part)
      return pixelTiles(indirect, panels, pixels, job);
    table = static_cast<const TileTable *>(part->tiles);
  }
  TileFn fn = table->fn[panels - 1][pixels];
  if (!fn)
    return twoTiles(panels, pixels, job);
  if (job.cols < 16)
    return narrowTile(fn, panels, pixels, job);
  fn(job);
}
