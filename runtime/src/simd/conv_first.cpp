// SPDX-License-Identifier: Apache-2.0
// conv2d_first: from a plain image with few channels to c16. A tile is 8 pixels of one output row
// by two panels (fewer on smaller register files); the reduction runs over (channel, row, column)
// with broadcasts straight from the image. Tiles that touch the left or right border read a zero
// padded copy of their input on the stack. 14 pixels would make compilers spill.
#include "../Isa.h"
#include "Epilogue.h"
#include "Parallel.h"
#include "Tile.h"
#include "wnnrt_pack.h"

namespace {

constexpr int firstPixels = tilePixels == 14 ? 8 : tilePixels;
constexpr int maxLines = 256;         // input channels times kernel rows
constexpr int patchFloats = 8 * 1024; // border copy

struct FirstJob {
  const float *lines[maxLines]; // input rows, at the tile's first tap
  int32_t lineIndex[maxLines];  // which (channel, kernel row) each of them is
  int32_t lineCount, kw, dilation;
  int64_t pixelStride;
  const float *w;
  int64_t panelStride;
  const float *bias, *residual;
  float lo, hi;
  float *y;
  int64_t planeStride;
};

/// STRIDE: the pixel stride as a constant, or 0 for job.pixelStride.
template <int P, int PANELS, int STRIDE> WNNRT_NOINLINE void firstTile(const FirstJob &job) {
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
    const float *x = job.lines[line];
    const float *w = job.w + int64_t(job.lineIndex[line]) * job.kw * 16;
    for (int32_t s = 0; s < job.kw; ++s, w += 16, x += job.dilation) {
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

template <int PANELS, int STRIDE> void runFirst(int pixels, const FirstJob &job) {
  switch (pixels) {
#define WNNRT_CASE(P)                                                                              \
  case P:                                                                                          \
    return firstTile<(P <= firstPixels ? P : 1), PANELS, STRIDE>(job);
    WNNRT_CASE(1)
    WNNRT_CASE(2)
    WNNRT_CASE(3)
    WNNRT_CASE(4)
    WNNRT_CASE(5)
    WNNRT_CASE(6)
    WNNRT_CASE(7)
    WNNRT_CASE(8)
#undef WNNRT_CASE
  default:
    break;
  }
}

void runFirst(int panels, int pixels, const FirstJob &job) {
  bool pair = tilePanels == 2 && panels == 2;
  switch (job.pixelStride) {
  case 1:
    return pair ? runFirst<tilePanels, 1>(pixels, job) : runFirst<1, 1>(pixels, job);
  case 2:
    return pair ? runFirst<tilePanels, 2>(pixels, job) : runFirst<1, 2>(pixels, job);
  default:
    return pair ? runFirst<tilePanels, 0>(pixels, job) : runFirst<1, 0>(pixels, job);
  }
}

/// Fills job.lines for `pixels` outputs from (oy, ox); uses `patch` where columns are missing.
void gatherLines(const wnnrt_conv2d_params *p, const float *x, int64_t oy, int64_t ox, int pixels,
                 FirstJob &job, float *patch) {
  int64_t iy0 = oy * p->stride_h - p->pad_top, ix0 = ox * p->stride_w - p->pad_left;
  int64_t span = int64_t(pixels - 1) * p->stride_w + int64_t(p->kw - 1) * p->dilation_w + 1;
  bool border = ix0 < 0 || ix0 + span > p->iw;
  int64_t from = maxOf(0, minOf(-ix0, span)), to = maxOf(from, minOf(span, p->iw - ix0));
  job.lineCount = 0;
  for (int32_t c = 0; c < p->ci; ++c)
    for (int32_t r = 0; r < p->kh; ++r) {
      int64_t iy = iy0 + int64_t(r) * p->dilation_h;
      if (iy < 0 || iy >= p->ih)
        continue;
      const float *row = x + (int64_t(c) * p->ih + iy) * p->iw;
      if (border) {
        for (int64_t i = 0; i < from; ++i)
          patch[i] = 0;
        for (int64_t i = from; i < to; ++i)
          patch[i] = row[ix0 + i];
        for (int64_t i = to; i < span; ++i)
          patch[i] = 0;
        job.lines[job.lineCount] = patch;
        patch += span;
      } else {
        job.lines[job.lineCount] = row + ix0;
      }
      job.lineIndex[job.lineCount++] = c * p->kh + r;
    }
}

} // namespace

namespace wnnrt {
wnnrt_status WNNRT_SIMD_NS::conv2d_first(const wnnrt_context *ctx, const wnnrt_conv2d_params *p,
                                         const void *xv, const void *wv, const void *bv,
                                         const void *rv, void *yv) {
  if (!validConv(p) || p->groups != 1)
    return WNNRT_INVALID_ARGUMENT;
  int64_t lines = int64_t(p->ci) * p->kh;
  int64_t mostSpan =
      int64_t(firstPixels - 1) * p->stride_w + int64_t(p->kw - 1) * p->dilation_w + 1;
  if (lines > maxLines || lines * mostSpan > patchFloats)
    return ref::conv2d_first(ctx, p, xv, wv, bv, rv, yv);
  Epilogue epilogue(p->act, p->residual_after_act != 0);
  int64_t ihw = int64_t(p->ih) * p->iw, ohw = int64_t(p->oh) * p->ow, panels = blocksOf16(p->co);
  int64_t xBatch = p->x_batch_stride ? p->x_batch_stride : p->ci * ihw;
  int64_t yBatch = p->y_batch_stride ? p->y_batch_stride : panels * 16 * ohw;
  int64_t rBatch = p->residual_batch_stride ? p->residual_batch_stride : panels * 16 * ohw;
  auto *bias = static_cast<const float *>(bv), *residual = static_cast<const float *>(rv);
  Split split(p->ow, firstPixels);
  splitWork(ctx, int64_t(p->n) * p->oh, [&](int64_t from, int64_t to) {
    float patch[patchFloats], saved[epilogueMost];
    FirstJob job;
    job.kw = p->kw;
    job.dilation = p->dilation_w;
    job.pixelStride = p->stride_w;
    job.panelStride = lines * p->kw * 16;
    job.lo = epilogue.lo;
    job.hi = epilogue.hi;
    job.planeStride = ohw * 16;
    for (int64_t line = from; line < to; ++line) {
      int64_t n = line / p->oh, oy = line % p->oh;
      for (int64_t t = 0; t < split.count; ++t) {
        int64_t ox = split.begin(t);
        int pixels = split.sizeOf(t);
        gatherLines(p, static_cast<const float *>(xv) + n * xBatch, oy, ox, pixels, job, patch);
        for (int64_t panel = 0; panel < panels; panel += tilePanels) {
          int count = static_cast<int>(minOf(tilePanels, panels - panel));
          int64_t at = panel * ohw * 16 + (oy * p->ow + ox) * 16;
          job.w = static_cast<const float *>(wv) + panel * job.panelStride;
          job.bias = bias ? bias + panel * 16 : nullptr;
          job.residual = residual && !epilogue.residualAfter ? residual + n * rBatch + at : nullptr;
          job.y = static_cast<float *>(yv) + n * yBatch + at;
          bool after = residual && epilogue.residualAfter;
          for (int i = 0; after && i < count; ++i)
            saveResidual(saved + i * pixels * 16, residual + n * rBatch + at + i * ohw * 16, 16,
                         pixels, 16);
          runFirst(count, pixels, job);
          for (int i = 0; epilogue.needed && i < count; ++i)
            finishRows(epilogue, job.y + i * ohw * 16, 16, pixels, 16,
                       after ? saved + i * pixels * 16 : nullptr);
        }
      }
    }
  });
  return WNNRT_OK;
}
} // namespace wnnrt
