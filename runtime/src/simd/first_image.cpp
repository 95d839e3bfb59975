// SPDX-License-Identifier: Apache-2.0
// first_image: first convolutions as matrix products on an image as it lies, in the tile that
// convolution and linear share. Those with long kernel rows, as the patches of vision transformers,
// which have no padding; and small images with narrow rows, of which a padded copy is made, as
// tiles of neighbouring pixels would be smaller than a full one.
#define WNNRT_PART_LINKAGE // this defines one
#include "../Isa.h"
#include "../RowsJob.h"
#include "Epilogue.h"
#include "Parallel.h"
#include "Tile.h"
#include "wnnrt_first.h"

namespace {

constexpr int maxLines = 256; // input channels times kernel rows

struct OnImage {
  const wnnrt_conv2d_params *p;
  const Epilogue epilogue;
  const float *x, *w, *bias, *residual; // of an image
  float *y;
  int64_t width, plane; // of x, which has no padding
  int64_t ohw, panels, panelStride;

  explicit OnImage(const wnnrt_conv2d_params *params)
      : p(params), epilogue(params->act, params->residual_after_act != 0), width(p->iw),
        plane(int64_t(p->ih) * p->iw), ohw(int64_t(p->oh) * p->ow), panels(blocksOf16(p->co)),
        panelStride(int64_t(p->ci) * p->kh * p->kw * 16) {}

  const float *pixelAt(int64_t pixel) const {
    return x + pixel / p->ow * p->stride_h * width + pixel % p->ow * p->stride_w;
  }

  /// Panels [beginPanel, endPanel): each weight is read once from memory.
  void run(int64_t beginPanel, int64_t endPanel) const {
    int32_t tapIndex[maxLines];
    int64_t tapOffset[maxLines];
    wnnrt::WNNRT_SIMD_NS::TileJob job;
    job.tapOffset = tapOffset;
    job.tapIndex = tapIndex;
    job.taps = 0;
    for (int32_t c = 0; c < p->ci; ++c)
      for (int32_t r = 0; r < p->kh; ++r, ++job.taps) {
        tapIndex[job.taps] = job.taps;
        tapOffset[job.taps] = c * plane + int64_t(r) * p->dilation_h * width;
      }
    // Tiles of a narrow image reach over the ends of rows.
    bool gather = p->ow % tilePixels != 0 && p->ow < 3 * tilePixels;
    const float *pixel[tilePixels];
    int64_t keep[tilePixels];
    for (int64_t &k : keep)
      k = -1;
    job.pixels = pixel;
    job.keep = keep;
    job.pixelStep = 0;
    job.pixelStride = p->stride_w;
    job.blockStride = 0;
    job.kernelTaps = 0;
    job.blocks = 1;
    job.lastRows = p->kw;
    job.panelStride = panelStride;
    job.yPixelStride = job.residualPixelStride = 16;
    job.yPanelStride = job.residualPanelStride = ohw * 16;
    job.lo = epilogue.lo;
    job.hi = epilogue.hi;
    job.cols = 16;
    job.prefetchSecond = 0;
    float saved[epilogueMost];
    bool after = residual && epilogue.residualAfter;
    int64_t runs = gather ? 1 : p->oh;
    Split split(gather ? ohw : p->ow, tilePixels);
    for (int64_t panel = beginPanel; panel < endPanel; panel += tilePanels) {
      int count = static_cast<int>(minOf(tilePanels, endPanel - panel));
      int64_t nextLines = panel + count < endPanel ? panelStride / 16 * count : 0;
      int64_t perTile = nextLines ? nextLines / (runs * split.count) + 1 : 0;
      job.prefetch = reinterpret_cast<const char *>(w + (panel + count) * panelStride);
      job.prefetchLines = static_cast<int32_t>(perTile);
      job.w = w + panel * panelStride;
      job.bias = bias ? bias + panel * 16 : nullptr;
      for (int64_t run = 0; run < runs; ++run)
        for (int64_t t = 0; t < split.count; ++t, job.prefetch += perTile * 64) {
          int64_t first = run * p->ow + split.begin(t), at = panel * ohw * 16 + first * 16;
          int pixels = split.sizeOf(t);
          job.x = pixelAt(first);
          for (int i = 0; gather && i < pixels; ++i)
            pixel[i] = pixelAt(first + i);
          job.y = y + at;
          job.residual = residual && !after ? residual + at : nullptr;
          for (int i = 0; after && i < count; ++i)
            saveResidual(saved + i * pixels * 16, residual + at + i * ohw * 16, 16, pixels, 16);
          wnnrt::WNNRT_SIMD_NS::runTile(gather, count, pixels, job);
          for (int i = 0; epilogue.needed && i < count; ++i)
            finishRows(epilogue, job.y + i * ohw * 16, 16, pixels, 16,
                       after ? saved + i * pixels * 16 : nullptr);
        }
    }
  }
};

/// Input rows and columns that all outputs read, from the padding on.
int64_t rowsRead(const wnnrt_conv2d_params *p) {
  return int64_t(p->oh - 1) * p->stride_h + int64_t(p->kh - 1) * p->dilation_h + 1;
}
int64_t columnsRead(const wnnrt_conv2d_params *p) {
  return int64_t(p->ow - 1) * p->stride_w + p->kw;
}

/// An image with its padding, as far as it is read.
void copyPadded(const wnnrt_conv2d_params *p, const float *x, float *to) {
  const int64_t rows = rowsRead(p), columns = columnsRead(p);
  const int64_t begin = minOf(maxOf(0, p->pad_left), columns);
  const int64_t end = maxOf(begin, minOf(columns, int64_t(p->pad_left) + p->iw));
  memset(to, 0, static_cast<size_t>(p->ci * rows * columns) * sizeof(float));
  for (int64_t c = 0; c < p->ci; ++c)
    for (int64_t r = 0; r < rows; ++r, to += columns) {
      const int64_t iy = r - p->pad_top;
      if (iy >= 0 && iy < p->ih)
        memcpy(to + begin, x + (c * p->ih + iy) * p->iw + (begin - p->pad_left),
               static_cast<size_t>(end - begin) * sizeof(float));
    }
}

bool run(const wnnrt_context *ctx, const wnnrt_conv2d_params *p, const void *x, const void *w,
         const void *bias, const void *residual, void *y) {
  const bool inside =
      p->pad_top == 0 && p->pad_left == 0 && rowsRead(p) <= p->ih && columnsRead(p) <= p->iw;
  const bool direct = inside && p->kw >= wnnrt::firstLongRow && p->dilation_w == 1;
  const bool copied = wnnrt::firstOnCopiedImage(p->ci, p->kh, p->kw, p->oh, p->ow, p->stride_h,
                                                p->stride_w, p->dilation_h, p->dilation_w);
  if ((!direct && !copied) || int64_t(p->ci) * p->kh > maxLines)
    return false;
  OnImage image(p);
  const int64_t outPlane = image.panels * 16 * image.ohw;
  const int64_t xBatch = p->x_batch_stride ? p->x_batch_stride : p->ci * image.plane;
  const int64_t yBatch = p->y_batch_stride ? p->y_batch_stride : outPlane;
  const int64_t rBatch = p->residual_batch_stride ? p->residual_batch_stride : outPlane;
  alignas(64) float copy[wnnrt::firstCopyFloats];
  image.w = static_cast<const float *>(w);
  image.bias = static_cast<const float *>(bias);
  if (!direct) {
    image.width = columnsRead(p);
    image.plane = rowsRead(p) * image.width;
  }
  for (int64_t n = 0; n < p->n; ++n) {
    image.x = static_cast<const float *>(x) + n * xBatch;
    if (!direct) {
      copyPadded(p, image.x, copy);
      image.x = copy;
    }
    image.residual = residual ? static_cast<const float *>(residual) + n * rBatch : nullptr;
    image.y = static_cast<float *>(y) + n * yBatch;
    splitWork(ctx, (image.panels + tilePanels - 1) / tilePanels, [&](int64_t begin, int64_t end) {
      image.run(begin * tilePanels, minOf(image.panels, end * tilePanels));
    });
  }
  return true;
}

constexpr wnnrt::FirstPart table = {run};

} // namespace

const wnnrt_part wnnrt::WNNRT_SIMD_NS::first_image = {nullptr, &table};
