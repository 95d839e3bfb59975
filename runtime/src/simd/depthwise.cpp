// SPDX-License-Identifier: Apache-2.0
// depthwise_c16: one output row of 16 channels at a time. Inside the row, tiles of 8, 4, 2 and 1
// pixels share their input vectors between taps when the kernel is 3 or 5 wide and not dilated;
// pixels at the left and right border take only the taps inside the image.
#include "Depthwise.h"
#include "../Isa.h"
#include "Epilogue.h"
#include "Parallel.h"

namespace {

using wnnrt::WNNRT_SIMD_NS::RowJob;

/// Pixels ox .. ox + T - 1; `first` is the input column of tap 0 of pixel ox. The tile's leftmost
/// LEFT and rightmost RIGHT columns are beyond the image, all others inside.
template <int T, int KW, int STRIDE, int LEFT = 0, int RIGHT = 0>
WNNRT_INLINE void rowTile(const RowJob &job, int64_t ox, int64_t first) {
  vf acc[T];
  WNNRT_UNROLL
  for (int t = 0; t < T; ++t)
    acc[t] = job.bias;
  for (int32_t line = 0; line < job.lineCount; ++line) {
    const float *x = job.lines[line] + (first + LEFT) * 16, *w = job.weights[line];
    if (KW > 0) {
      vf weight[KW > 0 ? KW : 1];
      WNNRT_UNROLL
      for (int s = 0; s < KW; ++s)
        weight[s] = vload(w + s * 16);
      WNNRT_UNROLL
      for (int i = LEFT; i < (T - 1) * STRIDE + KW - RIGHT; ++i) {
        vf value = vload(x + (i - LEFT) * 16);
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

/// Rows of the common shapes as tiles of equal size, where the first and the last leave out what is
/// beyond the image. Each tile is a function of its own that is not inlined, or gcc spills.
using TileFn = void (*)(const RowJob &job, int64_t ox, int64_t first);
template <int T, int KW, int STRIDE, int LEFT, int RIGHT>
WNNRT_NOINLINE void wholeTile(const RowJob &job, int64_t ox, int64_t first) {
  rowTile<T, KW, STRIDE, LEFT, RIGHT>(job, ox, first);
}

constexpr int rowTileMost = 8;

} // namespace

struct wnnrt::WNNRT_SIMD_NS::RowTiles {
  TileFn only[rowTileMost + 1], first[rowTileMost + 1], middle[rowTileMost + 1],
      last[rowTileMost + 1];
};

namespace {

using wnnrt::WNNRT_SIMD_NS::RowTiles;

#define WNNRT_ROW_TILES(KW, S, L, R)                                                               \
  {nullptr,                                                                                        \
   nullptr,                                                                                        \
   wholeTile<2, KW, S, L, R>,                                                                      \
   wholeTile<3, KW, S, L, R>,                                                                      \
   wholeTile<4, KW, S, L, R>,                                                                      \
   wholeTile<5, KW, S, L, R>,                                                                      \
   wholeTile<6, KW, S, L, R>,                                                                      \
   wholeTile<7, KW, S, L, R>,                                                                      \
   wholeTile<8, KW, S, L, R>}
#define WNNRT_LONG_TILES(KW, S, L, R)                                                              \
  {nullptr,                                                                                        \
   nullptr,                                                                                        \
   nullptr,                                                                                        \
   nullptr,                                                                                        \
   wholeTile<4, KW, S, L, R>,                                                                      \
   wholeTile<5, KW, S, L, R>,                                                                      \
   wholeTile<6, KW, S, L, R>,                                                                      \
   wholeTile<7, KW, S, L, R>,                                                                      \
   wholeTile<8, KW, S, L, R>}
template <int KW, int STRIDE, int LEFT, int RIGHT>
constexpr RowTiles rowTiles = {
    WNNRT_ROW_TILES(KW, STRIDE, LEFT, RIGHT), WNNRT_LONG_TILES(KW, STRIDE, LEFT, 0),
    WNNRT_LONG_TILES(KW, STRIDE, 0, 0), WNNRT_LONG_TILES(KW, STRIDE, 0, RIGHT)};
#undef WNNRT_ROW_TILES
#undef WNNRT_LONG_TILES

/// Null for other shapes. Two pixels at least, so that each border column is in one tile.
const RowTiles *rowTilesFor(const wnnrt_conv2d_params *p) {
  if (p->dilation_w != 1 || p->ow < 2)
    return nullptr;
  int64_t right = (int64_t(p->ow) - 1) * p->stride_w + p->kw - p->pad_left - p->iw;
  auto is = [&](int kw, int stride, int left, int r) {
    return p->kw == kw && p->stride_w == stride && p->pad_left == left && right == r;
  };
  if (is(3, 1, 1, 1))
    return &rowTiles<3, 1, 1, 1>;
  if (is(3, 2, 1, 0))
    return &rowTiles<3, 2, 1, 0>;
  if (is(3, 2, 1, 1))
    return &rowTiles<3, 2, 1, 1>;
  if (is(5, 1, 2, 2))
    return &rowTiles<5, 1, 2, 2>;
  if (is(5, 2, 2, 1))
    return &rowTiles<5, 2, 2, 1>;
  if (is(5, 2, 2, 2))
    return &rowTiles<5, 2, 2, 2>;
  return nullptr;
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
    : p(params), inside(insideFor(params)), tiles(rowTilesFor(params)) {
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

void WNNRT_SIMD_NS::Depthwise::row(RowJob &job, const float *x, const float *w, int64_t oy,
                                   int64_t ring) const {
  job.lineCount = 0;
  for (int32_t r = 0; r < p->kh; ++r) {
    int64_t iy = oy * p->stride_h - p->pad_top + int64_t(r) * p->dilation_h;
    if (iy < 0 || iy >= p->ih)
      continue;
    job.lines[job.lineCount] = x + (ring ? iy % ring : iy) * p->iw * 16;
    job.weights[job.lineCount++] = w + int64_t(r) * p->kw * 16;
  }
  if (tiles) {
    if (tileCount == 1)
      return tiles->only[p->ow](job, 0, -p->pad_left);
    for (int64_t i = 0, ox = 0; i < tileCount; ++i) {
      auto &fn = i == 0 ? tiles->first : i + 1 == tileCount ? tiles->last : tiles->middle;
      int64_t size = tileSize + (i < longerTiles);
      fn[size](job, ox, ox * p->stride_w - p->pad_left);
      ox += size;
    }
    return;
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
    RowJob job;
    job.kw = p->kw;
    job.stride = p->stride_w;
    job.dilation = p->dilation_w;
    job.lo = vset(epilogue.lo);
    job.hi = vset(epilogue.hi);
    for (int64_t plane = from; plane < to; ++plane) {
      int64_t n = plane / blocks, block = plane % blocks;
      const float *x = static_cast<const float *>(xv) + n * xBatch + block * ihw * 16;
      const float *w = static_cast<const float *>(wv) + block * p->kh * p->kw * 16;
      float *y = static_cast<float *>(yv) + n * yBatch + block * ohw * 16;
      for (int64_t oy = 0; oy < p->oh; ++oy) {
        int64_t at = oy * p->ow * 16;
        for (int lane = 0; lane < 16; lane += vlanes) {
          job.bias = bias ? vload(bias + block * 16 + lane) : vzero();
          job.residual = residual ? residual + n * rBatch + block * ohw * 16 + at + lane : nullptr;
          job.y = y + at + lane;
          dw.row(job, x + lane, w + lane, oy);
        }
        if (epilogue.needed)
          epilogue.apply(y + at, int64_t(p->ow) * 16);
      }
    }
  });
  return WNNRT_OK;
}
} // namespace wnnrt
