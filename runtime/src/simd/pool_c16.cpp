// SPDX-License-Identifier: Apache-2.0
// Averages, and adaptive maxima, of c16 tensors, one output pixel of 16 channels at a time; the
// global average in both layouts. Plain tensors and index outputs go to the reference kernels.
#include "../Isa.h"
#include "Parallel.h"

namespace {

struct Window {
  int64_t y0, y1, x0, x1;
};

/// NaN where any is NaN: they are looked for beside the chain of maxima, which would drop them.
WNNRT_INLINE vf windowMax(const float *x, int64_t iw, const Window &w, int64_t stepY,
                          int64_t stepX) {
  vf best = vset(-__builtin_huge_valf());
  vm bad = vunordered(best);
  for (int64_t y = w.y0; y < w.y1; y += stepY)
    for (int64_t i = w.x0; i < w.x1; i += stepX) {
      vf value = vload(x + (y * iw + i) * 16);
      bad = vor(bad, vunordered(value));
      best = vmax(best, value);
    }
  return vselect(bad, vset(__builtin_nanf("")), best);
}

/// Rows are summed first and then added up, which halves the length of the dependency chain and
/// keeps rounding errors of large windows small.
WNNRT_INLINE vf windowSum(const float *x, int64_t iw, const Window &w) {
  vf sum = vzero();
  for (int64_t y = w.y0; y < w.y1; ++y) {
    vf line = vzero();
    for (int64_t i = w.x0; i < w.x1; ++i)
      line = vadd(line, vload(x + (y * iw + i) * 16));
    sum = vadd(sum, line);
  }
  return sum;
}

/// Sets y at each output pixel to f(input plane at the lane, oy, ox).
template <class Params, class F>
WNNRT_INLINE void forEachVector(const wnnrt_context *ctx, const Params *p, const void *xv, void *yv,
                                F f) {
  int64_t planes = p->n * blocksOf16(p->c), ihw = int64_t(p->ih) * p->iw;
  int64_t perRow = int64_t(p->iw) * 16 * (p->ih / maxOf(1, p->oh) + 1);
  splitRows(ctx, planes, p->oh, p->ow, perRow, [&](int64_t plane, int64_t oy) {
    const float *x = static_cast<const float *>(xv) + plane * ihw * 16;
    float *y = static_cast<float *>(yv) + (plane * p->oh + oy) * p->ow * 16;
    for (int64_t ox = 0; ox < p->ow; ++ox)
      for (int lane = 0; lane < 16; lane += vlanes)
        vstore(y + ox * 16 + lane, f(x + lane, oy, ox));
  });
}

WNNRT_INLINE Window adaptiveWindow(const wnnrt_adaptive_pool2d_params *p, int64_t oy, int64_t ox) {
  return {oy * p->ih / p->oh, ((oy + 1) * p->ih + p->oh - 1) / p->oh, ox * p->iw / p->ow,
          ((ox + 1) * p->iw + p->ow - 1) / p->ow};
}

/// Sums of 16 channels of n pixels, with four running sums.
WNNRT_NOINLINE void sumOfPixels(const float *x, int64_t n, float *y) {
  for (int lane = 0; lane < 16; lane += vlanes, x += vlanes) {
    vf sum[4] = {vzero(), vzero(), vzero(), vzero()};
    int64_t i = 0;
    for (; i + 4 <= n; i += 4) {
      WNNRT_UNROLL
      for (int k = 0; k < 4; ++k)
        sum[k] = vadd(sum[k], vload(x + (i + k) * 16));
    }
    for (; i < n; ++i)
      sum[0] = vadd(sum[0], vload(x + i * 16));
    vstore(y + lane, vadd(vadd(sum[0], sum[1]), vadd(sum[2], sum[3])));
  }
}

/// Large images are summed in as many pieces, whatever the threads are, so that a thread sums the
/// pixels that it wrote and sums are the same for any number of threads.
constexpr int64_t poolPieces = 4, poolPlanes = 64; // at a time

WNNRT_INLINE float sumOfRow(const float *x, int64_t n) {
  vf a = vzero(), b = vzero();
  int64_t i = 0;
  for (; i + 2 * vlanes <= n; i += 2 * vlanes) {
    a = vadd(a, vload(x + i));
    b = vadd(b, vload(x + i + vlanes));
  }
  float sum = vsum(vadd(a, b));
  for (; i < n; ++i)
    sum += x[i];
  return sum;
}

} // namespace

namespace wnnrt {

wnnrt_status WNNRT_SIMD_NS::avg_pool2d(const wnnrt_context *ctx, const wnnrt_pool2d_params *p,
                                       const void *x, void *y) {
  if (p->layout != WNNRT_LAYOUT_C16)
    return ref::avg_pool2d(ctx, p, x, y);
  forEachVector(ctx, p, x, y, [p](const float *in, int64_t oy, int64_t ox) {
    int64_t y0 = oy * p->stride_h - p->pad_top, x0 = ox * p->stride_w - p->pad_left;
    int64_t y1 = minOf(y0 + p->kh, p->ih + p->pad_bottom);
    int64_t x1 = minOf(x0 + p->kw, p->iw + p->pad_right);
    int64_t padded = (y1 - y0) * (x1 - x0);
    Window w = {maxOf(y0, 0), minOf(y1, p->ih), maxOf(x0, 0), minOf(x1, p->iw)};
    int64_t inside = maxOf(w.y1 - w.y0, 0) * maxOf(w.x1 - w.x0, 0);
    if (!inside)
      return vzero();
    int64_t divisor =
        p->divisor_override ? p->divisor_override : (p->count_include_pad ? padded : inside);
    return vdiv(windowSum(in, p->iw, w), vset(static_cast<float>(divisor)));
  });
  vdone();
  return WNNRT_OK;
}

wnnrt_status WNNRT_SIMD_NS::adaptive_avg_pool2d(const wnnrt_context *ctx,
                                                const wnnrt_adaptive_pool2d_params *p,
                                                const void *x, void *y) {
  if (p->layout != WNNRT_LAYOUT_C16)
    return ref::adaptive_avg_pool2d(ctx, p, x, y);
  forEachVector(ctx, p, x, y, [p](const float *in, int64_t oy, int64_t ox) {
    Window w = adaptiveWindow(p, oy, ox);
    return vdiv(windowSum(in, p->iw, w), vset(static_cast<float>((w.y1 - w.y0) * (w.x1 - w.x0))));
  });
  vdone();
  return WNNRT_OK;
}

wnnrt_status WNNRT_SIMD_NS::adaptive_max_pool2d(const wnnrt_context *ctx,
                                                const wnnrt_adaptive_pool2d_params *p,
                                                const void *x, void *y, void *indices) {
  if (p->layout != WNNRT_LAYOUT_C16 || indices)
    return ref::adaptive_max_pool2d(ctx, p, x, y, indices);
  forEachVector(ctx, p, x, y, [p](const float *in, int64_t oy, int64_t ox) {
    return windowMax(in, p->iw, adaptiveWindow(p, oy, ox), 1, 1);
  });
  vdone();
  return WNNRT_OK;
}

wnnrt_status WNNRT_SIMD_NS::global_avg_pool(const wnnrt_context *ctx,
                                            const wnnrt_global_avg_pool_params *p, const void *xv,
                                            void *yv) {
  auto *x = static_cast<const float *>(xv);
  auto *y = static_cast<float *>(yv);
  if (p->layout != WNNRT_LAYOUT_C16) {
    splitLight(ctx, int64_t(p->n) * p->c, p->hw, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i)
        y[i] = sumOfRow(x + i * p->hw, p->hw) / static_cast<float>(p->hw);
    });
    vdone();
    return WNNRT_OK;
  }
  const int64_t blocks = blocksOf16(p->c), planes = p->n * blocks, hw = p->hw;
  const int64_t pieces = sharePixels(hw) ? poolPieces : 1;
  const vf count = vset(static_cast<float>(hw));
  alignas(64) float sums[poolPieces * poolPlanes * 16];
  for (int64_t base = 0; base < planes; base += poolPlanes) {
    const int64_t some = minOf(poolPlanes, planes - base), per = pieces > 1 ? some : 1;
    splitLight(ctx, pieces * some / per, hw * 16 * per / pieces, [&](int64_t begin, int64_t end) {
      for (int64_t u = begin * per; u < end * per; ++u) {
        int64_t first = hw * (u / some) / pieces, last = hw * (u / some + 1) / pieces;
        sumOfPixels(x + ((base + u % some) * hw + first) * 16, last - first, sums + u * 16);
      }
    });
    for (int64_t i = base; i < base + some; ++i)
      for (int lane = 0; lane < 16; lane += vlanes) {
        const float *from = sums + (i - base) * 16 + lane;
        vf sum = vload(from);
        for (int64_t piece = 1; piece < pieces; ++piece)
          sum = vadd(sum, vload(from + piece * some * 16));
        int64_t channel = i % blocks * 16 + lane, left = p->c - channel;
        float *to = y + i / blocks * p->c + channel;
        if (left > 0)
          vstorePart(to, vdiv(sum, count), static_cast<int>(minOf(left, vlanes)));
      }
  }
  vdone();
  return WNNRT_OK;
}

} // namespace wnnrt
