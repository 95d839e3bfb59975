// SPDX-License-Identifier: Apache-2.0
// depthwise_c16: one output row of 16 channels at a time. Rows of 3x3 and 5x5 kernels that are
// padded alike on both sides run in tiles of 3 to 8 pixels with every tap unrolled; what is beyond
// the image is read from zeros. Other rows of kernels 3 and 5 wide run in tiles of 8, 4, 2 and 1
// pixels that share their input vectors between taps; their border pixels take only the taps
// inside.
#include "Depthwise.h"
#include "../Isa.h"
#include "Epilogue.h"
#include "Parallel.h"

namespace {

using wnnrt::WNNRT_SIMD_NS::RowJob;
using wnnrt::WNNRT_SIMD_NS::rowZeroPixels;

/// Makes the compiler load a vector once instead of in each operation that uses it.
WNNRT_INLINE void keepLoaded(vf &v) {
#if defined(__AVX512F__)
  __asm__("" : "+v"(v));
#elif defined(__AVX2__)
  __asm__("" : "+x"(v));
#else
  (void)v;
#endif
}

/// Pixels ox .. ox + T - 1; `first` is the input column of tap 0 of pixel ox; no border.
template <int T, int KW, int STRIDE>
WNNRT_INLINE void rowTile(const RowJob &job, int64_t ox, int64_t first) {
  vf acc[T];
  WNNRT_UNROLL
  for (int t = 0; t < T; ++t)
    acc[t] = job.bias;
  for (int32_t line = 0; line < job.lineCount; ++line) {
    const float *x = job.lines[line] + first * 16, *w = job.weights[line];
    if (KW > 0) {
      vf weight[KW > 0 ? KW : 1];
      WNNRT_UNROLL
      for (int s = 0; s < KW; ++s)
        weight[s] = vload(w + s * 16);
      WNNRT_UNROLL
      for (int i = 0; i < (T - 1) * STRIDE + KW; ++i) {
        vf value = vload(x + i * 16);
        WNNRT_UNROLL
        for (int s = 0; s < KW; ++s)
          if (i >= s && (i - s) % STRIDE == 0 && (i - s) / STRIDE < T)
            acc[(i - s) / STRIDE] = vfma(value, weight[s], acc[(i - s) / STRIDE]);
      }
    } else {
      const int64_t step = int64_t(job.stride) * 16;
      for (int32_t s = 0; s < job.kw; ++s, x += int64_t(job.dilation) * 16, w += 16) {
        vf weight = vload(w);
        WNNRT_UNROLL
        for (int t = 0; t < T; ++t)
          acc[t] = vfma(vload(x + t * step), weight, acc[t]);
      }
    }
  }
  WNNRT_UNROLL
  for (int t = 0; t < T; ++t) {
    if (job.residual)
      acc[t] = vadd(acc[t], vload(job.residual + (ox + t) * 16));
    vstore(job.y + (ox + t) * 16, vclamp(acc[t], job.lo, job.hi));
  }
}

template <int KW, int STRIDE>
WNNRT_NOINLINE void rowInside(const RowJob &job, int64_t begin, int64_t end, int64_t padLeft) {
  const int64_t stride = KW > 0 ? STRIDE : job.stride;
  int64_t ox = begin;
  for (; ox + 8 <= end; ox += 8)
    rowTile<8, KW, STRIDE>(job, ox, ox * stride - padLeft);
  if (ox + 4 <= end) {
    rowTile<4, KW, STRIDE>(job, ox, ox * stride - padLeft);
    ox += 4;
  }
  if (ox + 2 <= end) {
    rowTile<2, KW, STRIDE>(job, ox, ox * stride - padLeft);
    ox += 2;
  }
  if (ox < end)
    rowTile<1, KW, STRIDE>(job, ox, ox * stride - padLeft);
}

constexpr int rowTileLeast = 3, rowTileMost = 8;

/// In each of `rows` rows `count` tiles of T pixels from pixel ox; all lines exist, those beyond
/// the image are zeros. `left` and `right` say whether rows begin and end in these tiles. A
/// function of its own that is not inlined, or gcc spills.
template <int T, int K, int STRIDE>
WNNRT_NOINLINE static void rowOfTiles(const RowJob &job, int64_t rows, int64_t ox, int64_t count,
                                      bool left, bool right) {
  constexpr int pad = K / 2, columns = (T - 1) * STRIDE + K;
  const float *zeros = job.zeros, *w = job.weights[0];
  const int beyond = job.columnsBeyond;
  for (int64_t row = 0; row < rows; ++row) {
    const float *lines[K];
    WNNRT_UNROLL
    for (int r = 0; r < K; ++r)
      lines[r] = job.lines[row * job.stride + r] + (ox * STRIDE - pad) * 16;
    const int64_t out = row * job.rowStride + ox * 16;
    float *y = job.y + out;
    for (int64_t tile = 0; tile < count; ++tile, y += T * 16) {
      const bool begins = left && tile == 0, ends = right && tile + 1 == count;
      vf acc[T];
      WNNRT_UNROLL
      for (int t = 0; t < T; ++t)
        acc[t] = job.bias;
      WNNRT_UNROLL
      for (int r = 0; r < K; ++r) {
        const float *x = lines[r];
        lines[r] += T * STRIDE * 16;
        vf weight[K];
        WNNRT_UNROLL
        for (int s = 0; s < K; ++s)
          weight[s] = vload(w + (r * K + s) * 16);
        WNNRT_UNROLL
        for (int i = 0; i < columns; ++i) {
          const float *at = x + i * 16;
          if (i < pad)
            at = begins ? zeros : at;
          if (columns - i <= pad)
            at = ends && columns - i <= beyond ? zeros : at;
          vf value = vload(at);
          keepLoaded(value);
          WNNRT_UNROLL
          for (int s = 0; s < K; ++s)
            if (i >= s && (i - s) % STRIDE == 0 && (i - s) / STRIDE < T)
              acc[(i - s) / STRIDE] = vfma(value, weight[s], acc[(i - s) / STRIDE]);
        }
      }
      if (job.residual) {
        WNNRT_UNROLL
        for (int t = 0; t < T; ++t)
          acc[t] = vadd(acc[t], vload(job.residual + out + (tile * T + t) * 16));
      }
      const vf lo = job.lo, hi = job.hi;
      WNNRT_UNROLL
      for (int t = 0; t < T; ++t)
        vstore(y + t * 16, vclamp(acc[t], lo, hi));
    }
  }
}

#define WNNRT_ROW_TILES(K, S)                                                                      \
  {rowOfTiles<3, K, S>, rowOfTiles<4, K, S>, rowOfTiles<5, K, S>,                                  \
   rowOfTiles<6, K, S>, rowOfTiles<7, K, S>, rowOfTiles<8, K, S>}
constexpr wnnrt::WNNRT_SIMD_NS::RowTilesFn rowTiles[2][2][rowTileMost - rowTileLeast + 1] = {
    {WNNRT_ROW_TILES(3, 1), WNNRT_ROW_TILES(3, 2)}, {WNNRT_ROW_TILES(5, 1), WNNRT_ROW_TILES(5, 2)}};
#undef WNNRT_ROW_TILES

/// Tiles of rowTileLeast pixels and more, or null for other shapes.
const wnnrt::WNNRT_SIMD_NS::RowTilesFn *rowTilesFor(const wnnrt_conv2d_params *p, int *beyond) {
  if (p->dilation_w != 1 || p->dilation_h != 1 || p->ow < rowTileLeast || p->iw > rowZeroPixels ||
      p->kh != p->kw || (p->kw != 3 && p->kw != 5) || p->stride_w < 1 || p->stride_w > 2 ||
      p->pad_left != p->kw / 2)
    return nullptr;
  int64_t right = (int64_t(p->ow) - 1) * p->stride_w + p->kw - p->pad_left - p->iw;
  *beyond = static_cast<int>(maxOf(0, right));
  return right <= p->kw / 2 ? rowTiles[p->kw == 5][p->stride_w == 2] : nullptr;
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

using InsideFn = void (*)(const RowJob &job, int64_t begin, int64_t end, int64_t padLeft);

InsideFn insideFor(const wnnrt_conv2d_params *p) {
  if (p->dilation_w == 1 && p->kw == 3 && p->stride_w == 1)
    return rowInside<3, 1>;
  if (p->dilation_w == 1 && p->kw == 3 && p->stride_w == 2)
    return rowInside<3, 2>;
  if (p->dilation_w == 1 && p->kw == 5 && p->stride_w == 1)
    return rowInside<5, 1>;
  if (p->dilation_w == 1 && p->kw == 5 && p->stride_w == 2)
    return rowInside<5, 2>;
  return rowInside<0, 1>;
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
  inside(job, insideBegin, insideEnd, p->pad_left);
  for (int64_t ox = insideEnd; ox < p->ow; ++ox)
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
  splitWork(ctx, p->n * blocks, [&](int64_t from, int64_t to) {
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
      for (int64_t oy = 0; oy < p->oh; oy += most) {
        int64_t at = oy * p->ow * 16, end = minOf(p->oh, oy + most);
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
  });
  return WNNRT_OK;
}
} // namespace wnnrt
