// SPDX-License-Identifier: Apache-2.0
// Reference convolutions: one output value at a time, straight from the definition.
#include "../Kernels.h"
#include "../ScalarMath.h"
#include "../ScalarRows.h"

namespace wnnrt {
namespace {

struct Epilogue {
  const wnnrt_conv2d_params *p;
  const float *bias, *residual;

  float operator()(double sum, int64_t co, int64_t residualOffset) const {
    float v = static_cast<float>(sum);
    if (bias)
      v += bias[co];
    if (residual && !p->residual_after_act)
      v += residual[residualOffset];
    v = applyAct(p->act, v);
    if (residual && p->residual_after_act)
      v += residual[residualOffset];
    return v;
  }
};

/// Loops over n, co, oy, ox of a result in `outLayout`, asks sum(n, co, oy, ox), finishes, stores.
template <class Sum>
void forEachOutput(const wnnrt_conv2d_params *p, int32_t outLayout, const float *bias,
                   const float *residual, float *y, Sum &&sum) {
  Epilogue finish{p, bias, residual};
  int64_t ohw = int64_t(p->oh) * p->ow;
  int64_t channels = outLayout == WNNRT_LAYOUT_C16 ? blocks16(p->co) * 16 : p->co;
  int64_t yBatch = orDense(p->y_batch_stride, channels * ohw);
  int64_t rBatch = orDense(p->residual_batch_stride, channels * ohw);
  for (int32_t n = 0; n < p->n; ++n)
    for (int32_t co = 0; co < p->co; ++co) {
      Plane plane = planeOf(outLayout, 0, co, p->co, ohw);
      for (int32_t oy = 0; oy < p->oh; ++oy)
        for (int32_t ox = 0; ox < p->ow; ++ox) {
          int64_t offset = plane.offset + (int64_t(oy) * p->ow + ox) * plane.pixelStride;
          y[n * yBatch + offset] = finish(sum(n, co, oy, ox), co, n * rBatch + offset);
        }
    }
}

/// Calls f(r, s, inputPixel) for the kernel taps of output (oy, ox) that are inside the input.
template <class F> void forEachTap(const wnnrt_conv2d_params *p, int32_t oy, int32_t ox, F &&f) {
  for (int32_t r = 0; r < p->kh; ++r) {
    int64_t iy = int64_t(oy) * p->stride_h - p->pad_top + int64_t(r) * p->dilation_h;
    if (iy < 0 || iy >= p->ih)
      continue;
    for (int32_t s = 0; s < p->kw; ++s) {
      int64_t ix = int64_t(ox) * p->stride_w - p->pad_left + int64_t(s) * p->dilation_w;
      if (ix >= 0 && ix < p->iw)
        f(r, s, iy * p->iw + ix);
    }
  }
}

/// c16 input and weights packed for conv2d_c16.
struct C16Operands {
  const wnnrt_conv2d_params *p;
  const float *x, *w;
  int64_t ihw, taps, xBatch, panelStride;

  C16Operands(const wnnrt_conv2d_params *params, const void *xv, const void *wv)
      : p(params), x(static_cast<const float *>(xv)), w(static_cast<const float *>(wv)) {
    ihw = int64_t(p->ih) * p->iw;
    taps = int64_t(p->kh) * p->kw;
    xBatch = orDense(p->x_batch_stride, blocks16(p->ci) * 16 * ihw);
    panelStride = wnnrt_conv2d_c16_panel_stride(p);
  }

  /// Sum over the channels of co's group of tap (r, s) times input pixel `pixel`.
  double products(int32_t n, int32_t co, int32_t r, int32_t s, int64_t pixel) const {
    int32_t lo, hi, icg = p->ci / p->groups, first = co / (p->co / p->groups) * icg;
    wnnrt_conv2d_c16_window(p, co / 16, &lo, &hi);
    double sum = 0;
    for (int32_t c = first; c < first + icg; ++c) {
      int32_t b = (c - lo) / 16, rows = min2(16, hi - lo - 16 * b);
      float weight = w[co / 16 * panelStride + b * taps * 256 +
                       ((int64_t(r) * p->kw + s) * rows + (c - lo) % 16) * 16 + co % 16];
      sum += double(weight) * double(x[n * xBatch + c / 16 * ihw * 16 + pixel * 16 + c % 16]);
    }
    return sum;
  }
};

} // namespace

wnnrt_status ref::conv2d_c16(const wnnrt_context *, const wnnrt_conv2d_params *p, const void *x,
                             const void *w, const void *bias, const void *residual, void *y) {
  if (!validConv(p))
    return WNNRT_INVALID_ARGUMENT;
  C16Operands in(p, x, w);
  forEachOutput(p, WNNRT_LAYOUT_C16, static_cast<const float *>(bias),
                static_cast<const float *>(residual), static_cast<float *>(y),
                [&](int32_t n, int32_t co, int32_t oy, int32_t ox) {
                  double sum = 0;
                  forEachTap(p, oy, ox, [&](int32_t r, int32_t s, int64_t pixel) {
                    sum += in.products(n, co, r, s, pixel);
                  });
                  return sum;
                });
  return WNNRT_OK;
}

wnnrt_status ref::conv2d_first(const wnnrt_context *, const wnnrt_conv2d_params *p, const void *xv,
                               const void *wv, const void *bias, const void *residual, void *y) {
  if (!validConv(p) || p->groups != 1)
    return WNNRT_INVALID_ARGUMENT;
  auto *x = static_cast<const float *>(xv), *w = static_cast<const float *>(wv);
  int64_t ihw = int64_t(p->ih) * p->iw, taps = int64_t(p->kh) * p->kw;
  int64_t xBatch = orDense(p->x_batch_stride, p->ci * ihw);
  forEachOutput(
      p, WNNRT_LAYOUT_C16, static_cast<const float *>(bias), static_cast<const float *>(residual),
      static_cast<float *>(y), [&](int32_t n, int32_t co, int32_t oy, int32_t ox) {
        double sum = 0;
        forEachTap(p, oy, ox, [&](int32_t r, int32_t s, int64_t pixel) {
          for (int32_t c = 0; c < p->ci; ++c)
            sum +=
                double(w[((int64_t(co / 16) * p->ci + c) * taps + r * p->kw + s) * 16 + co % 16]) *
                double(x[n * xBatch + c * ihw + pixel]);
        });
        return sum;
      });
  return WNNRT_OK;
}

wnnrt_status ref::depthwise_c16(const wnnrt_context *, const wnnrt_conv2d_params *p, const void *xv,
                                const void *wv, const void *bias, const void *residual, void *y) {
  if (!validConv(p) || p->groups != p->ci || p->ci != p->co)
    return WNNRT_INVALID_ARGUMENT;
  auto *x = static_cast<const float *>(xv), *w = static_cast<const float *>(wv);
  int64_t ihw = int64_t(p->ih) * p->iw, taps = int64_t(p->kh) * p->kw;
  int64_t xBatch = orDense(p->x_batch_stride, blocks16(p->ci) * 16 * ihw);
  forEachOutput(p, WNNRT_LAYOUT_C16, static_cast<const float *>(bias),
                static_cast<const float *>(residual), static_cast<float *>(y),
                [&](int32_t n, int32_t c, int32_t oy, int32_t ox) {
                  double sum = 0;
                  forEachTap(p, oy, ox, [&](int32_t r, int32_t s, int64_t pixel) {
                    sum += double(w[(c / 16 * taps + r * p->kw + s) * 16 + c % 16]) *
                           double(x[n * xBatch + c / 16 * ihw * 16 + pixel * 16 + c % 16]);
                  });
                  return sum;
                });
  return WNNRT_OK;
}

wnnrt_status ref::conv2d_plain(const wnnrt_context *, const wnnrt_conv2d_params *p, const void *xv,
                               const void *wv, const void *bias, const void *residual, void *y) {
  if (!validConv(p))
    return WNNRT_INVALID_ARGUMENT;
  auto *x = static_cast<const float *>(xv), *w = static_cast<const float *>(wv);
  int64_t ihw = int64_t(p->ih) * p->iw, taps = int64_t(p->kh) * p->kw;
  int64_t xBatch = orDense(p->x_batch_stride, p->ci * ihw);
  int32_t icg = p->ci / p->groups, ocg = p->co / p->groups;
  forEachOutput(p, WNNRT_PLAIN, static_cast<const float *>(bias),
                static_cast<const float *>(residual), static_cast<float *>(y),
                [&](int32_t n, int32_t co, int32_t oy, int32_t ox) {
                  double sum = 0;
                  forEachTap(p, oy, ox, [&](int32_t r, int32_t s, int64_t pixel) {
                    for (int32_t c = 0; c < icg; ++c)
                      sum += double(w[(int64_t(co) * icg + c) * taps + r * p->kw + s]) *
                             double(x[n * xBatch + (co / ocg * icg + c) * ihw + pixel]);
                  });
                  return sum;
                });
  return WNNRT_OK;
}

namespace {

/// Gathering form: output (oy, ox) takes tap (r, s) of the input pixel that scatters it there.
/// Calls f(r, s, inputPixel).
template <class F>
void forEachTransposedTap(const wnnrt_conv2d_params *p, int32_t oy, int32_t ox, F &&f) {
  for (int32_t r = 0; r < p->kh; ++r) {
    int64_t ty = int64_t(oy) + p->pad_top - int64_t(r) * p->dilation_h;
    if (ty < 0 || ty % p->stride_h || ty / p->stride_h >= p->ih)
      continue;
    for (int32_t s = 0; s < p->kw; ++s) {
      int64_t tx = int64_t(ox) + p->pad_left - int64_t(s) * p->dilation_w;
      if (tx >= 0 && tx % p->stride_w == 0 && tx / p->stride_w < p->iw)
        f(r, s, ty / p->stride_h * p->iw + tx / p->stride_w);
    }
  }
}

} // namespace

wnnrt_status ref::conv_transpose2d_plain(const wnnrt_context *, const wnnrt_conv2d_params *p,
                                         const void *xv, const void *wv, const void *bias,
                                         const void *residual, void *y) {
  if (!validConv(p))
    return WNNRT_INVALID_ARGUMENT;
  auto *x = static_cast<const float *>(xv), *w = static_cast<const float *>(wv);
  int64_t ihw = int64_t(p->ih) * p->iw, taps = int64_t(p->kh) * p->kw;
  int64_t xBatch = orDense(p->x_batch_stride, p->ci * ihw);
  int32_t icg = p->ci / p->groups, ocg = p->co / p->groups;
  forEachOutput(p, WNNRT_PLAIN, static_cast<const float *>(bias),
                static_cast<const float *>(residual), static_cast<float *>(y),
                [&](int32_t n, int32_t co, int32_t oy, int32_t ox) {
                  double sum = 0;
                  forEachTransposedTap(p, oy, ox, [&](int32_t r, int32_t s, int64_t pixel) {
                    for (int32_t c = 0; c < icg; ++c) {
                      int64_t ci = int64_t(co / ocg) * icg + c;
                      sum += double(w[(ci * ocg + co % ocg) * taps + r * p->kw + s]) *
                             double(x[n * xBatch + ci * ihw + pixel]);
                    }
                  });
                  return sum;
                });
  return WNNRT_OK;
}

wnnrt_status ref::conv_transpose2d_c16(const wnnrt_context *, const wnnrt_conv2d_params *p,
                                       const void *x, const void *w, const void *bias,
                                       const void *residual, void *y) {
  if (!validConv(p))
    return WNNRT_INVALID_ARGUMENT;
  C16Operands in(p, x, w);
  forEachOutput(p, WNNRT_LAYOUT_C16, static_cast<const float *>(bias),
                static_cast<const float *>(residual), static_cast<float *>(y),
                [&](int32_t n, int32_t co, int32_t oy, int32_t ox) {
                  double sum = 0;
                  forEachTransposedTap(p, oy, ox, [&](int32_t r, int32_t s, int64_t pixel) {
                    sum += in.products(n, co, r, s, pixel);
                  });
                  return sum;
                });
  return WNNRT_OK;
}

} // namespace wnnrt
