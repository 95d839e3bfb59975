// SPDX-License-Identifier: Apache-2.0
// depthwise_c16: one output row of 16 channels at a time. Rows of 3x3, 5x5 and 7x7 kernels that are
// padded alike on both sides run in tiles with every tap unrolled (DepthwiseTiles.h); others in
// tiles of pixels that see no border (DepthwiseRows.h), beside which border pixels take only the
// taps inside.
#include "Depthwise.h"
#include "../Isa.h"
#include "Epilogue.h"
#include "Parallel.h"

namespace {

using wnnrt::WNNRT_SIMD_NS::InsideFn;
using wnnrt::WNNRT_SIMD_NS::RowJob;
using wnnrt::WNNRT_SIMD_NS::RowTable;
using wnnrt::WNNRT_SIMD_NS::rowTileLeast;
using wnnrt::WNNRT_SIMD_NS::rowTileMost;
using wnnrt::WNNRT_SIMD_NS::RowTilesFn;
using wnnrt::WNNRT_SIMD_NS::RowTileTable;
using wnnrt::WNNRT_SIMD_NS::rowZeroPixels;

// Weak references must not be folded, hence a table.
const wnnrt_part *const parts[] = {
    &wnnrt::WNNRT_SIMD_NS::depthwise_3, &wnnrt::WNNRT_SIMD_NS::depthwise_5,
    &wnnrt::WNNRT_SIMD_NS::depthwise_7, &wnnrt::WNNRT_SIMD_NS::depthwise_rows};

/// Tiles of rowTileLeast pixels and more, or null for other shapes.
const RowTilesFn *rowTilesFor(const wnnrt_conv2d_params *p, int *beyond) {
  if (p->dilation_w != 1 || p->dilation_h != 1 || p->ow < rowTileLeast || p->iw > rowZeroPixels ||
      p->kh != p->kw || (p->kw != 3 && p->kw != 5 && p->kw != 7) || p->stride_w < 1 ||
      p->stride_w > (p->kw == 7 ? 1 : 2) || p->pad_left != p->kw / 2)
    return nullptr;
  int64_t right = (int64_t(p->ow) - 1) * p->stride_w + p->kw - p->pad_left - p->iw;
  *beyond = static_cast<int>(maxOf(0, right));
  const wnnrt_part *part = right <= p->kw / 2 ? parts[p->kw / 2 - 1] : nullptr;
  return part ? static_cast<const RowTileTable *>(part->tiles)->fn[p->stride_w == 2] : nullptr;
}

/// One pixel with the taps [sBegin, sEnd); two sums, as there is no other work to overlap.
WNNRT_INLINE void borderPixel(const RowJob &job, int64_t ox, int64_t first, int64_t sBegin,
                              int64_t sEnd) {
  vf even = job.bias, odd = vzero();
  for (int32_t line = 0; line < job.lineCount; ++line) {
    const float *x = job.lines[line] + (first + sBegin * job.dilation) * 16;
    const float *w = job.weights[line] + sBegin * 16;
    for (int64_t s = sBegin; s < sEnd; ++s, x += int64_t(job.dilation) * 16, w += 16) {
      vf next = vfma(vload(x), vload(w), even);
      even = odd;
      odd = next;
    }
  }
  vf sum = vadd(even, odd);
  if (job.residual)
    sum = vadd(sum, vload(job.residual + ox * 16));
  vstore(job.y + ox * 16, vclamp(sum, job.lo, job.hi));
}

InsideFn insideFor(const wnnrt_conv2d_params *p) {
  if (!parts[3])
    return nullptr;
  auto *table = static_cast<const RowTable *>(parts[3]->tiles);
  bool common =
      p->dilation_w == 1 && (p->kw == 3 || p->kw == 5) && (p->stride_w == 1 || p->stride_w == 2);
  return common ? table->fn[p->kw == 5][p->stride_w == 2] : table->any;
}

} // namespace

namespace wnnrt {

WNNRT_SIMD_NS::Depthwise::Depthwise(const wnnrt_conv2d_params *params)
    : p(params), inside(insideFor(params)), columnsBeyond(0) {
  tiles = rowTilesFor(params, &columnsBeyond);
  Split split(params->ow, rowTileMost);
  tileCount = split.count;
  tileSize = split.size;
  longerTiles = split.longer;
  int64_t reach = int64_t(p->kw - 1) * p->dilation_w;
  insideBegin = minOf(p->ow, (maxOf(0, p->pad_left) + p->stride_w - 1) / p->stride_w);
  int64_t lastFirst = p->iw - 1 - reach + p->pad_left; // largest ox * stride
  insideEnd = lastFirst < 0 ? 0 : lastFirst / p->stride_w + 1;
  insideEnd = maxOf(insideBegin, minOf(p->ow, insideEnd));
}

void WNNRT_SIMD_NS::Depthwise::border(const RowJob &job, int64_t ox) const {
  int64_t first = ox * p->stride_w - p->pad_left, d = p->dilation_w;
  int64_t sBegin = first >= 0 ? 0 : (-first + d - 1) / d;
  int64_t sEnd = first >= p->iw ? 0 : (p->iw - first + d - 1) / d;
  borderPixel(job, ox, first, sBegin, maxOf(sBegin, minOf(sEnd, p->kw)));
}

void WNNRT_SIMD_NS::Depthwise::rows(RowJob &job, const float *x, const float *w, int64_t begin,
                                    int64_t end, int64_t ring) const {
  const int64_t line = int64_t(p->iw) * 16;
  job.rowStride = int64_t(p->ow) * 16;
  if (!tiles) {
    for (int64_t oy = begin; oy < end; ++oy) {
      row(job, x, w, oy, ring);
      job.y += job.rowStride;
      job.residual = job.residual ? job.residual + job.rowStride : nullptr;
    }
    return;
  }
  job.stride = p->stride_h;
  job.weights[0] = w;
  job.columnsBeyond = columnsBeyond;
  const int64_t most = maxOf(1, (maxKernelRows - p->kh) / p->stride_h + 1);
  for (int64_t oy = begin; oy < end; oy += most) {
    int64_t count = minOf(most, end - oy), iy = oy * p->stride_h - p->pad_top;
    for (int64_t i = 0, n = (count - 1) * p->stride_h + p->kh; i < n; ++i, ++iy)
      job.lines[i] = iy < 0 || iy >= p->ih ? job.zeros : x + (ring ? iy % ring : iy) * line;
    bool alike = longerTiles == 0;
    if (!alike)
      tiles[tileSize + 1 - rowTileLeast](job, count, 0, longerTiles, true, false);
    tiles[tileSize - rowTileLeast](job, count, longerTiles * (tileSize + 1),
                                   tileCount - longerTiles, alike, true);
    job.y += count * job.rowStride;
    job.residual = job.residual ? job.residual + count * job.rowStride : nullptr;
  }
}

void WNNRT_SIMD_NS::Depthwise::row(RowJob &job, const float *x, const float *w, int64_t oy,
                                   int64_t ring) const {
  const int64_t iy0 = oy * p->stride_h - p->pad_top, line = int64_t(p->iw) * 16;
  job.kw = p->kw;
  job.stride = p->stride_w;
  job.dilation = p->dilation_w;
  job.lineCount = 0;
  for (int32_t r = 0; r < p->kh; ++r) {
    int64_t iy = iy0 + int64_t(r) * p->dilation_h;
    if (iy < 0 || iy >= p->ih)
      continue;
    job.lines[job.lineCount] = x + (ring ? iy % ring : iy) * line;
    job.weights[job.lineCount++] = w + int64_t(r) * p->kw * 16;
  }
  for (int64_t ox = 0; ox < insideBegin; ++ox)
    border(job, ox);
  if (inside)
    inside(job, insideBegin, insideEnd, p->pad_left);
  for (int64_t ox = inside ? insideEnd : insideBegin; ox < p->ow; ++ox)
    border(job, ox);
}

wnnrt_status WNNRT_SIMD_NS::depthwise_c16(const wnnrt_context *ctx, const wnnrt_conv2d_params *p,
                                          const void *xv, const void *wv, const void *bv,
                                          const void *rv, void *yv) {
  if (!validConv(p) || p->groups != p->ci || p->ci != p->co)
    return WNNRT_INVALID_ARGUMENT;
  Epilogue epilogue(p->act, p->residual_after_act != 0);
  if (p->kh > maxKernelRows || (rv && epilogue.residualAfter))
    return ref::depthwise_c16(ctx, p, xv, wv, bv, rv, yv);
  Depthwise dw(p);
  int64_t ihw = int64_t(p->ih) * p->iw, ohw = int64_t(p->oh) * p->ow, blocks = blocksOf16(p->ci);
  int64_t xBatch = p->x_batch_stride ? p->x_batch_stride : blocks * 16 * ihw;
  int64_t yBatch = p->y_batch_stride ? p->y_batch_stride : blocks * 16 * ohw;
  int64_t rBatch = p->residual_batch_stride ? p->residual_batch_stride : blocks * 16 * ohw;
  auto *bias = static_cast<const float *>(bv), *residual = static_cast<const float *>(rv);
  auto planes = [&](int64_t from, int64_t to, int64_t rowBegin, int64_t rowEnd) {
    alignas(64) float zeros[rowZeroPixels * 16];
    RowJob job;
    dw.setZeros(job, zeros);
    job.lo = vset(epilogue.lo);
    job.hi = vset(epilogue.hi);
    for (int64_t plane = from; plane < to; ++plane) {
      int64_t n = plane / blocks, block = plane % blocks;
      const float *x = static_cast<const float *>(xv) + n * xBatch + block * ihw * 16;
      const float *w = static_cast<const float *>(wv) + block * p->kh * p->kw * 16;
      float *y = static_cast<float *>(yv) + n * yBatch + block * ohw * 16;
      // What the epilogue works on should still be in the first-level cache.
      int64_t most = epilogue.needed ? maxOf(1, 4 * 1024 / (int64_t(p->ow) * 16)) : p->oh;
      for (int64_t oy = rowBegin; oy < rowEnd; oy += most) {
        int64_t at = oy * p->ow * 16, end = minOf(rowEnd, oy + most);
        for (int lane = 0; lane < 16; lane += vlanes) {
          job.bias = bias ? vload(bias + block * 16 + lane) : vzero();
          job.residual = residual ? residual + n * rBatch + block * ohw * 16 + at + lane : nullptr;
          job.y = y + at + lane;
          dw.rows(job, x + lane, w + lane, oy, end);
        }
        if (epilogue.needed)
          epilogue.apply(y + at, (end - oy) * p->ow * 16);
      }
    }
  };
  const bool byRows = sharePixels(ohw);
  splitWork(ctx, byRows ? p->oh : p->n * blocks, [&](int64_t begin, int64_t end) {
    planes(byRows ? 0 : begin, byRows ? p->n * blocks : end, byRows ? begin : 0,
           byRows ? end : p->oh);
  });
  return WNNRT_OK;
}
} // namespace wnnrt
