// SPDX-License-Identifier: Apache-2.0
// conv2d_first: from a plain image with few channels to c16. Broadcasts come straight from the
// image; the input rows that an output row reads are listed once, and border tiles read a zero
// padded copy of their part on the stack. Common kernels have full tiles with everything known at
// compile time; the last one of a row overlaps its neighbour instead of being narrower. What
// other ways suit better has parts of its own (wnnrt_first.h, first_matrix.cpp).
#include "../Isa.h"
#include "../RowsJob.h"
#include "Epilogue.h"
#include "FirstTile.h"
#include "Parallel.h"
#include "wnnrt_pack.h"

namespace {

constexpr int maxLines = 256;         // input channels times kernel rows
constexpr int patchFloats = 8 * 1024; // border copy

// Weak references must not be folded, hence tables.
const wnnrt_part *const fulls[] = {&wnnrt::WNNRT_SIMD_NS::first_3s1,
                                   &wnnrt::WNNRT_SIMD_NS::first_3s2,
                                   &wnnrt::WNNRT_SIMD_NS::first_wide};
const wnnrt_part *const parts[] = {&wnnrt::WNNRT_SIMD_NS::first_any};

#if defined(__AVX512F__)
const wnnrt_part *const matrixParts[] = {&wnnrt::WNNRT_SIMD_NS::first_matrix};

/// The matrix unit's part, where it is worth it, or null.
const wnnrt::FirstMatrixPart *matrixPart(const wnnrt_context *ctx, const wnnrt_conv2d_params *p) {
  const wnnrt_part *const volatile *weak = matrixParts;
  const wnnrt_part *part = *weak;
  if (!part || !(ctx->features & WNNRT_FEATURE_MATRIX_UNIT))
    return nullptr;
  auto *matrix = static_cast<const wnnrt::FirstMatrixPart *>(part->tiles);
  return matrix && matrix->fits(p) ? matrix : nullptr;
}
#endif

// Those that do some shapes in other ways.
const wnnrt_part *const others[] = {&wnnrt::WNNRT_SIMD_NS::first_pixels,
                                    &wnnrt::WNNRT_SIMD_NS::first_image};

/// The full tiles of this kernel, for one panel and for two, or null.
const FirstFn *fullTiles(const wnnrt_conv2d_params *p) {
  if (p->dilation_w == 1)
    for (const wnnrt_part *part : fulls)
      if (part)
        for (const FirstFull &e : static_cast<const FirstFulls *>(part->tiles)->entries)
          if (e.kw == p->kw && e.stride == p->stride_w)
            return e.fn;
  return nullptr;
}

struct First {
  const wnnrt_conv2d_params *p;
  Epilogue epilogue;
  const float *x, *w, *bias, *residual; // of the current image
  float *y;
  int64_t ihw, ohw, panels, lines, panelStride;

  /// The input rows of one output row.
  struct Row {
    const float *lines[maxLines], *patchLines[maxLines];
    int32_t lineIndex[maxLines];
    int32_t count;
    alignas(64) float patch[patchFloats];
  };

  explicit First(const wnnrt_conv2d_params *params)
      : p(params), epilogue(params->act, params->residual_after_act != 0) {
    ihw = int64_t(p->ih) * p->iw;
    ohw = int64_t(p->oh) * p->ow;
    panels = blocksOf16(p->co);
    lines = int64_t(p->ci) * p->kh;
    panelStride = lines * p->kw * 16;
  }

  /// Input columns that `pixels` outputs read.
  int64_t span(int64_t pixels) const {
    return (pixels - 1) * p->stride_w + int64_t(p->kw - 1) * p->dilation_w + 1;
  }
  bool noBorder() const { return p->pad_left == 0 && span(p->ow) <= p->iw; }
  bool fits() const {
    return lines <= maxLines && (noBorder() || lines * span(tilePixels) <= patchFloats);
  }

  void beginRow(Row &row, int64_t oy) const {
    row.count = 0;
    for (int32_t c = 0; c < p->ci; ++c)
      for (int32_t r = 0; r < p->kh; ++r) {
        int64_t iy = oy * p->stride_h - p->pad_top + int64_t(r) * p->dilation_h;
        if (iy < 0 || iy >= p->ih)
          continue;
        row.lines[row.count] = x + (int64_t(c) * p->ih + iy) * p->iw;
        row.lineIndex[row.count++] = c * p->kh + r;
      }
  }

  /// Copies input columns [from, from + width) of all lines, with zeros outside the image.
  void copyPatch(Row &row, int64_t from, int64_t width) const {
    int64_t begin = maxOf(0, minOf(-from, width)), end = maxOf(begin, minOf(width, p->iw - from));
    float *patch = row.patch;
    for (int32_t i = 0; i < row.count; ++i, patch += width) {
      row.patchLines[i] = patch;
      const float *line = row.lines[i] + from;
      for (int64_t k = 0; k < begin; ++k)
        patch[k] = 0;
      int64_t k = begin;
      for (; k + vlanes <= end; k += vlanes)
        vstore(patch + k, vload(line + k));
      if (k < end)
        vstorePart(patch + k, vloadPart(line + k, static_cast<int>(end - k)),
                   static_cast<int>(end - k));
      for (k = end; k < width; ++k)
        patch[k] = 0;
    }
  }

  void row(Row &row, int64_t oy) const {
    beginRow(row, oy);
    FirstJob job;
    job.lineIndex = row.lineIndex;
    job.lineCount = row.count;
    job.kw = p->kw;
    job.dilation = p->dilation_w;
    job.pixelStride = p->stride_w;
    job.panelStride = panelStride;
    job.lo = epilogue.lo;
    job.hi = epilogue.hi;
    job.planeStride = ohw * 16;
    // An overlap would add a residual twice where the result replaces it.
    const FirstFn *full = !residual && p->ow >= tilePixels ? fullTiles(p) : nullptr;
    // Without the tiles for any kernel: pixel by pixel.
    static constexpr FirstFn onePixel = firstTile<1, 1, 0, 0>;
    auto *any = parts[0] ? static_cast<const FirstParts *>(parts[0]->tiles) : nullptr;
    const int64_t most = full || any ? tilePanels : 1;
    Split split(p->ow, full ? tilePixels : any ? partPixels : 1);
    for (int64_t t = 0; t < split.count; ++t) {
      int64_t ox = full ? minOf(t * tilePixels, p->ow - tilePixels) : split.begin(t);
      int pixels = full ? tilePixels : split.sizeOf(t);
      int64_t from = ox * p->stride_w - p->pad_left, width = span(pixels);
      if (from < 0 || from + width > p->iw) {
        copyPatch(row, from, width);
        job.lines = row.patchLines;
        job.column = 0;
      } else {
        job.lines = row.lines;
        job.column = from;
      }
      for (int64_t panel = 0; panel < panels; panel += most) {
        int count = static_cast<int>(minOf(most, panels - panel));
        FirstFn fn = full ? full[count - 1] : any ? any->fn[count - 1][pixels - 1] : onePixel;
        tile(job, fn, oy * p->ow + ox, pixels, panel, count);
      }
    }
  }

  void tile(FirstJob &job, FirstFn fn, int64_t first, int pixels, int64_t panel, int count) const {
    int64_t at = panel * ohw * 16 + first * 16;
    job.w = w + panel * panelStride;
    job.bias = bias ? bias + panel * 16 : nullptr;
    job.residual = residual && !epilogue.residualAfter ? residual + at : nullptr;
    job.y = y + at;
    float saved[epilogueMost];
    bool after = residual && epilogue.residualAfter;
    for (int i = 0; after && i < count; ++i)
      saveResidual(saved + i * pixels * 16, residual + at + i * ohw * 16, 16, pixels, 16);
    fn(job);
    for (int i = 0; epilogue.needed && i < count; ++i)
      finishRows(epilogue, job.y + i * ohw * 16, 16, pixels, 16,
                 after ? saved + i * pixels * 16 : nullptr);
  }
};

} // namespace

namespace wnnrt {
wnnrt_status WNNRT_SIMD_NS::conv2d_first(const wnnrt_context *ctx, const wnnrt_conv2d_params *p,
                                         const void *x, const void *w, const void *bias,
                                         const void *residual, void *y) {
  if (!validConv(p) || p->groups != 1)
    return WNNRT_INVALID_ARGUMENT;
#if defined(__AVX512F__)
  const wnnrt::FirstMatrixPart *matrix = matrixPart(ctx, p);
#else
  constexpr bool matrix = false;
#endif
  for (const wnnrt_part *const volatile &weak : others) {
    const wnnrt_part *part = weak;
    if (part && !matrix &&
        static_cast<const FirstPart *>(part->tiles)->run(ctx, p, x, w, bias, residual, y))
      return WNNRT_OK;
  }
  First first(p);
  if (!first.fits())
    return ref::conv2d_first(ctx, p, x, w, bias, residual, y);
  int64_t outPlane = first.panels * 16 * first.ohw;
  int64_t xBatch = p->x_batch_stride ? p->x_batch_stride : p->ci * first.ihw;
  int64_t yBatch = p->y_batch_stride ? p->y_batch_stride : outPlane;
  int64_t rBatch = p->residual_batch_stride ? p->residual_batch_stride : outPlane;
  first.w = static_cast<const float *>(w);
  first.bias = static_cast<const float *>(bias);
  for (int64_t n = 0; n < p->n; ++n) {
    first.x = static_cast<const float *>(x) + n * xBatch;
    first.residual = residual ? static_cast<const float *>(residual) + n * rBatch : nullptr;
    first.y = static_cast<float *>(y) + n * yBatch;
    splitWork(ctx, p->oh, [&](int64_t begin, int64_t end) {
      First::Row row;
      for (int64_t oy = begin; oy < end; ++oy) {
#if defined(__AVX512F__)
        if (matrix) {
          oy = matrix->run({p, first.x, first.w, first.bias, first.residual, first.y}, oy, end);
          if (oy == end)
            break;
        }
#endif
        first.row(row, oy); // not for the unit
      }
    });
  }
  return WNNRT_OK;
}
} // namespace wnnrt
