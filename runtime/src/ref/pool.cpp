// SPDX-License-Identifier: Apache-2.0
// Reference pooling in both layouts. A window never reads outside the input.
#include "../Kernels.h"

namespace wnnrt {
namespace {

struct Range {
  int64_t begin, end;
};

/// Adaptive window of output o: [floor(o*I/O), ceil((o+1)*I/O)).
Range adaptiveRange(int64_t o, int64_t in, int64_t out) {
  return {o * in / out, ((o + 1) * in + out - 1) / out};
}

struct MaxSoFar {
  float value;
  int64_t at;
  bool first = true;

  /// NaN wins over everything and then stays; of equal values the first stays.
  void take(float v, int64_t position) {
    if (first || v > value || (v != v && value == value)) {
      value = v;
      at = position;
      first = false;
    }
  }
};

/// Calls f(x plane, y plane index base, c-plane strides) for each (n, c).
template <class F>
void forEachPlane(int32_t layout, int64_t n, int64_t c, int64_t ihw, int64_t ohw, F &&f) {
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < c; ++j)
      f(planeOf(layout, i, j, c, ihw), planeOf(layout, i, j, c, ohw));
}

} // namespace

wnnrt_status ref::max_pool2d(const wnnrt_context *, const wnnrt_pool2d_params *p, const void *xv,
                             void *yv, void *iv) {
  if (iv && p->layout != WNNRT_PLAIN)
    return WNNRT_UNSUPPORTED;
  auto *x = static_cast<const float *>(xv);
  auto *y = static_cast<float *>(yv);
  auto *indices = static_cast<int64_t *>(iv);
  forEachPlane(p->layout, p->n, p->c, int64_t(p->ih) * p->iw, int64_t(p->oh) * p->ow,
               [&](Plane in, Plane out) {
                 for (int64_t oy = 0; oy < p->oh; ++oy)
                   for (int64_t ox = 0; ox < p->ow; ++ox) {
                     MaxSoFar best{-__builtin_huge_valf(), 0};
                     for (int64_t r = 0; r < p->kh; ++r)
                       for (int64_t s = 0; s < p->kw; ++s) {
                         int64_t iy = oy * p->stride_h - p->pad_top + r * p->dilation_h;
                         int64_t ix = ox * p->stride_w - p->pad_left + s * p->dilation_w;
                         if (iy >= 0 && iy < p->ih && ix >= 0 && ix < p->iw)
                           best.take(x[in.offset + (iy * p->iw + ix) * in.pixelStride],
                                     iy * p->iw + ix);
                       }
                     int64_t pixel = oy * p->ow + ox;
                     y[out.offset + pixel * out.pixelStride] = best.value;
                     if (indices)
                       indices[out.offset + pixel] = best.at;
                   }
               });
  return WNNRT_OK;
}

wnnrt_status ref::avg_pool2d(const wnnrt_context *, const wnnrt_pool2d_params *p, const void *xv,
                             void *yv) {
  auto *x = static_cast<const float *>(xv);
  auto *y = static_cast<float *>(yv);
  forEachPlane(p->layout, p->n, p->c, int64_t(p->ih) * p->iw, int64_t(p->oh) * p->ow,
               [&](Plane in, Plane out) {
                 for (int64_t oy = 0; oy < p->oh; ++oy)
                   for (int64_t ox = 0; ox < p->ow; ++ox) {
                     int64_t y0 = oy * p->stride_h - p->pad_top;
                     int64_t x0 = ox * p->stride_w - p->pad_left;
                     int64_t y1 = min2<int64_t>(y0 + p->kh, p->ih + p->pad_bottom);
                     int64_t x1 = min2<int64_t>(x0 + p->kw, p->iw + p->pad_right);
                     int64_t padded = (y1 - y0) * (x1 - x0);
                     y0 = max2<int64_t>(y0, 0), x0 = max2<int64_t>(x0, 0);
                     y1 = min2<int64_t>(y1, p->ih), x1 = min2<int64_t>(x1, p->iw);
                     double sum = 0;
                     for (int64_t iy = y0; iy < y1; ++iy)
                       for (int64_t ix = x0; ix < x1; ++ix)
                         sum += double(x[in.offset + (iy * p->iw + ix) * in.pixelStride]);
                     int64_t inside = max2<int64_t>(y1 - y0, 0) * max2<int64_t>(x1 - x0, 0);
                     int64_t divisor = p->divisor_override    ? p->divisor_override
                                       : p->count_include_pad ? padded
                                                              : inside;
                     y[out.offset + (oy * p->ow + ox) * out.pixelStride] =
                         inside ? static_cast<float>(sum / double(divisor)) : 0.0f;
                   }
               });
  return WNNRT_OK;
}

wnnrt_status ref::adaptive_avg_pool2d(const wnnrt_context *, const wnnrt_adaptive_pool2d_params *p,
                                      const void *xv, void *yv) {
  auto *x = static_cast<const float *>(xv);
  auto *y = static_cast<float *>(yv);
  forEachPlane(p->layout, p->n, p->c, int64_t(p->ih) * p->iw, int64_t(p->oh) * p->ow,
               [&](Plane in, Plane out) {
                 for (int64_t oy = 0; oy < p->oh; ++oy)
                   for (int64_t ox = 0; ox < p->ow; ++ox) {
                     Range ry = adaptiveRange(oy, p->ih, p->oh),
                           rx = adaptiveRange(ox, p->iw, p->ow);
                     double sum = 0;
                     for (int64_t iy = ry.begin; iy < ry.end; ++iy)
                       for (int64_t ix = rx.begin; ix < rx.end; ++ix)
                         sum += double(x[in.offset + (iy * p->iw + ix) * in.pixelStride]);
                     y[out.offset + (oy * p->ow + ox) * out.pixelStride] = static_cast<float>(
                         sum / double((ry.end - ry.begin) * (rx.end - rx.begin)));
                   }
               });
  return WNNRT_OK;
}

wnnrt_status ref::adaptive_max_pool2d(const wnnrt_context *, const wnnrt_adaptive_pool2d_params *p,
                                      const void *xv, void *yv, void *iv) {
  if (iv && p->layout != WNNRT_PLAIN)
    return WNNRT_UNSUPPORTED;
  auto *x = static_cast<const float *>(xv);
  auto *y = static_cast<float *>(yv);
  auto *indices = static_cast<int64_t *>(iv);
  forEachPlane(
      p->layout, p->n, p->c, int64_t(p->ih) * p->iw, int64_t(p->oh) * p->ow,
      [&](Plane in, Plane out) {
        for (int64_t oy = 0; oy < p->oh; ++oy)
          for (int64_t ox = 0; ox < p->ow; ++ox) {
            Range ry = adaptiveRange(oy, p->ih, p->oh), rx = adaptiveRange(ox, p->iw, p->ow);
            MaxSoFar best{-__builtin_huge_valf(), 0};
            for (int64_t iy = ry.begin; iy < ry.end; ++iy)
              for (int64_t ix = rx.begin; ix < rx.end; ++ix)
                best.take(x[in.offset + (iy * p->iw + ix) * in.pixelStride], iy * p->iw + ix);
            int64_t pixel = oy * p->ow + ox;
            y[out.offset + pixel * out.pixelStride] = best.value;
            if (indices)
              indices[out.offset + pixel] = best.at;
          }
      });
  return WNNRT_OK;
}

wnnrt_status ref::global_avg_pool(const wnnrt_context *, const wnnrt_global_avg_pool_params *p,
                                  const void *xv, void *yv) {
  auto *x = static_cast<const float *>(xv);
  auto *y = static_cast<float *>(yv);
  for (int64_t n = 0; n < p->n; ++n)
    for (int64_t c = 0; c < p->c; ++c) {
      Plane in = planeOf(p->layout, n, c, p->c, p->hw);
      double sum = 0;
      for (int64_t i = 0; i < p->hw; ++i)
        sum += double(x[in.offset + i * in.pixelStride]);
      y[n * p->c + c] = static_cast<float>(sum / double(p->hw));
    }
  return WNNRT_OK;
}

} // namespace wnnrt
