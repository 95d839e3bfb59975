// SPDX-License-Identifier: Apache-2.0
// linear: rows of x times packed panels of 16 outputs. A block of rows that fits the second-level
// cache is kept there while all weights stream past once per block.
#include "../Isa.h"
#include "Epilogue.h"
#include "MatrixUnit.h"
#include "Parallel.h"
#include "Tile.h"

namespace {

const int32_t noTaps[1] = {0};
const int64_t noOffsets[1] = {0};

struct Linear {
  const wnnrt_linear_params *p;
  Epilogue epilogue;
  const float *x, *w, *bias, *residual;
  float *y;
  int64_t xStride, yStride, rStride, panels;

  Linear(const wnnrt_linear_params *params)
      : p(params), epilogue(params->act, params->residual_after_act != 0) {
    xStride = p->x_row_stride ? p->x_row_stride : p->k;
    yStride = p->y_row_stride ? p->y_row_stride : p->n;
    rStride = p->residual_row_stride ? p->residual_row_stride : p->n;
    panels = blocksOf16(p->n);
  }

  void run(int64_t row, int rows, int64_t panel, int count, const char *prefetch,
           int64_t lines) const {
    wnnrt::WNNRT_SIMD_NS::TileJob job;
    job.prefetchSecond = 0;
    job.x = x + row * xStride;
    job.pixelStride = xStride;
    job.blockStride = 16;
    job.taps = job.kernelTaps = 1;
    job.tapIndex = noTaps;
    job.tapOffset = noOffsets;
    job.blocks = static_cast<int32_t>(blocksOf16(p->k));
    job.lastRows = static_cast<int32_t>(p->k - (job.blocks - 1) * int64_t(16));
    job.panelStride = p->k * 16;
    job.w = w + panel * job.panelStride;
    job.bias = bias ? bias + panel * 16 : nullptr;
    job.residual =
        residual && !epilogue.residualAfter ? residual + row * rStride + panel * 16 : nullptr;
    job.residualPixelStride = rStride;
    job.yPixelStride = yStride;
    job.residualPanelStride = job.yPanelStride = 16;
    job.lo = epilogue.lo;
    job.hi = epilogue.hi;
    job.y = y + row * yStride + panel * 16;
    int cols = static_cast<int>(minOf(p->n - panel * 16, count * 16));
    job.cols = cols - (count - 1) * 16;
    job.prefetch = prefetch;
    job.prefetchLines = static_cast<int32_t>(lines);
    float saved[epilogueMost];
    bool after = residual && epilogue.residualAfter;
    if (after)
      saveResidual(saved, residual + row * rStride + panel * 16, rStride, rows, cols);
    wnnrt::WNNRT_SIMD_NS::runTile(false, count, rows, job);
    if (epilogue.needed)
      finishRows(epilogue, job.y, yStride, rows, cols, after ? saved : nullptr);
  }
};

} // namespace

namespace wnnrt {
wnnrt_status WNNRT_SIMD_NS::linear(const wnnrt_context *ctx, const wnnrt_linear_params *p,
                                   const void *x, const void *w, const void *bias,
                                   const void *residual, void *y) {
  if (p->k <= 0 || p->act.op < 0 || p->act.op > WNNRT_POW_SCALAR)
    return ref::linear(ctx, p, x, w, bias, residual, y);
  Linear linear(p);
  linear.x = static_cast<const float *>(x);
  linear.w = static_cast<const float *>(w);
  linear.bias = static_cast<const float *>(bias);
  linear.residual = static_cast<const float *>(residual);
  linear.y = static_cast<float *>(y);
  wnnrt::MatrixJob job = {};
  job.rows = p->m, job.k = p->k, job.n = p->n;
  job.x = linear.x, job.xRow = linear.xStride, job.xBlock = 16;
  job.w = linear.w, job.panelStride = p->k * 16;
  job.bias = linear.bias, job.residual = linear.residual;
  job.residualRow = linear.rStride, job.residualPanel = 16;
  job.y = linear.y, job.yRow = linear.yStride, job.yPanel = 16;
  job.act = p->act, job.residualAfter = p->residual_after_act != 0;
  if (onMatrixUnit(ctx, job))
    return WNNRT_OK;
  int64_t blockRows = maxOf(tilePixels, 256 * 1024 / p->k / tilePixels * tilePixels);
  for (int64_t begin = 0; begin < p->m; begin += blockRows) {
    Split split(minOf(blockRows, p->m - begin), tilePixels);
    splitWork(ctx, (linear.panels + tilePanels - 1) / tilePanels, [&](int64_t from, int64_t to) {
      for (int64_t panel = from * tilePanels, end = minOf(linear.panels, to * tilePanels);
           panel < end;) {
        int count = static_cast<int>(minOf(tilePanels, end - panel));
        // With one row tile the hardware's own stream prefetch does better.
        bool ahead = split.count > 1 && panel + count < end;
        int64_t lines = ahead ? p->k * count / split.count + 1 : 0;
        const char *next = reinterpret_cast<const char *>(linear.w + (panel + count) * p->k * 16);
        for (int64_t t = 0; t < split.count; ++t) {
          linear.run(begin + split.begin(t), split.sizeOf(t), panel, count, next, lines);
          next += lines * 64;
        }
        panel += count;
      }
    });
  }
  return WNNRT_OK;
}
} // namespace wnnrt
