// SPDX-License-Identifier: Apache-2.0
// Maxima over windows of c16 tensors. The small kernels of networks (2 and 3 wide, strides 1 and 2)
// take the maximum of each column of a window once and keep it in registers while the window
// moves; other kernels go down the columns of a row of windows first and along them then. Rows
// and columns outside of the tensor are replaced by ones inside the same window. Plain tensors
// and index outputs go to the reference kernels.
#include "../Isa.h"
#include "Parallel.h"

namespace {

/// NaN where either is NaN.
WNNRT_INLINE vf larger(vf a, vf b) {
  return vselect(vunordered(a), a, vmax(a, b));
}
WNNRT_INLINE vf larger(vf a, vf b, vf c) {
  vf best = vmax(a, vmax(b, c)); // NaN where c is
  return vselect(vunordered(a, b), vset(__builtin_nanf("")), best);
}

/// The rows or columns of a window that lie inside, `count` positions from `first`.
struct Range {
  int64_t first, count;
  Range(int64_t begin, int64_t kernel, int64_t size) {
    first = maxOf(begin, 0);
    count = minOf(size, begin + kernel) - first;
  }
};

/// One row of results from K rows of input, `width` columns wide; padding is of the left side.
template <int K, int S>
WNNRT_INLINE void smallRow(const float *const *rows, int64_t width, int64_t padding, float *y,
                           int64_t outputs) {
  auto column = [&](int64_t x) {
    if (K == 2)
      return larger(vload(rows[0] + x * 16), vload(rows[1] + x * 16));
    return larger(vload(rows[0] + x * 16), vload(rows[1] + x * 16), vload(rows[K - 1] + x * 16));
  };
  auto atBorder = [&](int64_t ox) {
    Range r(ox * S - padding, K, width);
    vf best = column(r.first);
    for (int64_t i = 1; i < r.count; ++i)
      best = larger(best, column(r.first + i));
    vstore(y + ox * 16, best);
  };
  // Windows [inside, end) lie inside.
  int64_t inside = minOf((padding + S - 1) / S, outputs);
  int64_t end = width + padding >= K ? minOf((width + padding - K) / S + 1, outputs) : 0;
  for (int64_t ox = 0; ox < inside; ++ox)
    atBorder(ox);
  int64_t ox = inside;
  if (ox < end) {
    int64_t x = ox * S - padding;
    if (K == 3 && S == 1) {
      vf a = column(x), b = column(x + 1);
      for (; ox < end; ++ox, ++x) {
        vf c = column(x + 2);
        vstore(y + ox * 16, larger(a, b, c));
        a = b;
        b = c;
      }
    } else if (K == 3) {
      vf a = column(x);
      for (; ox < end; ++ox, x += 2) {
        vf b = column(x + 1), c = column(x + 2);
        vstore(y + ox * 16, larger(a, b, c));
        a = c;
      }
    } else {
      for (; ox < end; ++ox, x += S)
        vstore(y + ox * 16, larger(column(x), column(x + 1)));
    }
  }
  for (; ox < outputs; ++ox)
    atBorder(ox);
}

using SmallRow = void (*)(const float *const *rows, int64_t width, int64_t padding, float *y,
                          int64_t outputs);

template <int K, int S>
void smallRowFn(const float *const *rows, int64_t width, int64_t padding, float *y,
                int64_t outputs) {
  smallRow<K, S>(rows, width, padding, y, outputs);
}

SmallRow smallRowFor(const wnnrt_pool2d_params *p) {
  if (p->kh != p->kw || p->dilation_h != 1 || p->dilation_w != 1)
    return nullptr;
  if (p->kw == 3)
    return p->stride_w == 1 ? smallRowFn<3, 1> : p->stride_w == 2 ? smallRowFn<3, 2> : nullptr;
  if (p->kw == 2)
    return p->stride_w == 1 ? smallRowFn<2, 1> : p->stride_w == 2 ? smallRowFn<2, 2> : nullptr;
  return nullptr;
}

/// Any kernel without dilation: columns into a strip of `stripColumns`, then along the strip.
constexpr int64_t stripColumns = 128;

void largeRow(const wnnrt_pool2d_params *p, const float *x, Range rows, float *y) {
  float strip[stripColumns * vlanes];
  // As many windows as fit the strip.
  int64_t most = (stripColumns - p->kw) / p->stride_w + 1;
  for (int64_t begin = 0; begin < p->ow; begin += most) {
    int64_t end = minOf(p->ow, begin + most);
    int64_t left = maxOf(begin * p->stride_w - p->pad_left, 0);
    int64_t right = minOf((end - 1) * p->stride_w - p->pad_left + p->kw, p->iw);
    for (int64_t i = left; i < right; ++i) {
      const float *from = x + (rows.first * p->iw + i) * 16;
      vf best = vload(from);
      for (int64_t r = 1; r < rows.count; ++r)
        best = larger(best, vload(from + r * p->iw * 16));
      vstore(strip + (i - left) * vlanes, best);
    }
    for (int64_t ox = begin; ox < end; ++ox) {
      Range cols(ox * p->stride_w - p->pad_left, p->kw, p->iw);
      const float *from = strip + (cols.first - left) * vlanes;
      vf best = vload(from);
      for (int64_t i = 1; i < cols.count; ++i)
        best = larger(best, vload(from + i * vlanes));
      vstore(y + ox * 16, best);
    }
  }
}

/// Kernels with dilation: every window for itself. Windows may lie outside altogether.
void dilatedRow(const wnnrt_pool2d_params *p, const float *x, int64_t oy, float *y) {
  for (int64_t ox = 0; ox < p->ow; ++ox) {
    vf best = vset(-__builtin_huge_valf());
    for (int64_t r = 0; r < p->kh; ++r)
      for (int64_t s = 0; s < p->kw; ++s) {
        int64_t iy = oy * p->stride_h - p->pad_top + r * p->dilation_h;
        int64_t ix = ox * p->stride_w - p->pad_left + s * p->dilation_w;
        if (iy >= 0 && iy < p->ih && ix >= 0 && ix < p->iw)
          best = larger(best, vload(x + (iy * p->iw + ix) * 16));
      }
    vstore(y + ox * 16, best);
  }
}

/// Whether every window of an axis without dilation has a position inside.
bool allInside(int64_t outputs, int64_t stride, int64_t padding, int64_t kernel, int64_t size) {
  return kernel > padding && (outputs - 1) * stride - padding < size;
}

} // namespace

namespace wnnrt {

wnnrt_status WNNRT_SIMD_NS::max_pool2d(const wnnrt_context *ctx, const wnnrt_pool2d_params *p,
                                       const void *xv, void *yv, void *indices) {
  if (p->layout != WNNRT_LAYOUT_C16 || indices || p->kh < 1 || p->kw < 1)
    return ref::max_pool2d(ctx, p, xv, yv, indices);
  bool dense = p->dilation_h == 1 && p->dilation_w == 1 && p->kw <= stripColumns &&
               p->stride_w >= 1 && allInside(p->oh, p->stride_h, p->pad_top, p->kh, p->ih) &&
               allInside(p->ow, p->stride_w, p->pad_left, p->kw, p->iw);
  SmallRow small = dense ? smallRowFor(p) : nullptr;
  int64_t planes = p->n * blocksOf16(p->c), ihw = int64_t(p->ih) * p->iw;
  int64_t perRow = int64_t(p->ow) * 16 * p->stride_h * p->stride_w;
  splitRows(ctx, planes, p->oh, p->ow, perRow, [&](int64_t plane, int64_t oy) {
    const float *x = static_cast<const float *>(xv) + plane * ihw * 16;
    float *y = static_cast<float *>(yv) + (plane * p->oh + oy) * p->ow * 16;
    Range rows(oy * p->stride_h - p->pad_top, p->kh, p->ih);
    for (int lane = 0; lane < 16; lane += vlanes) {
      if (small) {
        const float *source[3];
        for (int64_t r = 0; r < 3; ++r)
          source[r] = x + lane + (rows.first + minOf(r, rows.count - 1)) * p->iw * 16;
        small(source, p->iw, p->pad_left, y + lane, p->ow);
      } else if (dense) {
        largeRow(p, x + lane, rows, y + lane);
      } else {
        dilatedRow(p, x + lane, oy, y + lane);
      }
    }
  });
  return WNNRT_OK;
}

} // namespace wnnrt
