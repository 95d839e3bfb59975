// SPDX-License-Identifier: Apache-2.0
// Reference for blocks of mobile networks: every output pixel by itself, from the definition. Also
// the strips and parts that Mbconv.h declares.
#include "../Kernels.h"
#include "../Mbconv.h"
#include "../ScalarMath.h"
#include "../ScalarRows.h"

namespace wnnrt {

wnnrt_conv2d_params mbconvDepthwise(const wnnrt_mbconv_params *p) {
  wnnrt_conv2d_params c = {};
  c.n = p->n, c.ci = c.co = c.groups = p->ce;
  c.ih = p->ih, c.iw = p->iw, c.oh = p->oh, c.ow = p->ow;
  c.kh = p->kh, c.kw = p->kw, c.stride_h = p->stride_h, c.stride_w = p->stride_w;
  c.dilation_h = c.dilation_w = 1;
  c.pad_top = p->pad_top, c.pad_left = p->pad_left;
  c.act = p->act_depthwise;
  return c;
}

static wnnrt_conv2d_params pointwise(int32_t n, int32_t ci, int32_t co, int32_t h, int32_t w,
                                     wnnrt_act act) {
  wnnrt_conv2d_params c = {};
  c.n = n, c.ci = ci, c.co = co;
  c.ih = c.oh = h, c.iw = c.ow = w;
  c.kh = c.kw = c.stride_h = c.stride_w = c.dilation_h = c.dilation_w = c.groups = 1;
  c.act = act;
  return c;
}

wnnrt_conv2d_params mbconvExpand(const wnnrt_mbconv_params *p) {
  return pointwise(p->n, p->ci, p->ce, p->ih, p->iw, p->act_expand);
}

wnnrt_conv2d_params mbconvProject(const wnnrt_mbconv_params *p) {
  wnnrt_conv2d_params c = pointwise(p->n, p->ce, p->co, p->oh, p->ow, p->act);
  c.residual_after_act = p->residual_after_act;
  return c;
}

bool validMbconv(const wnnrt_mbconv_params *p, bool expand, bool project, bool residual) {
  wnnrt_conv2d_params depthwise = mbconvDepthwise(p);
  return p->ci > 0 && p->ce > 0 && p->co > 0 && p->ih > 0 && p->iw > 0 && p->oh > 0 && p->ow > 0 &&
         validConv(&depthwise) && validAct(p->act_expand) && validAct(p->act) &&
         (expand || p->ci == p->ce) && (project || (p->co == p->ce && !residual));
}

MbconvStrips mbconvStrips(const wnnrt_mbconv_params *p, bool expand, bool project) {
  // Half of a second-level cache of 2 MiB for what a strip computes with; the rest is for weights
  // and for what streams past.
  const int64_t budget = int64_t(1) << 17, ce = blocks16(p->ce) * 16;
  int64_t rowFloats = (project ? ce * p->ow : 0) + (expand ? ce * p->iw * p->stride_h : 0);
  MbconvStrips s;
  s.rows = max2<int64_t>(1, min2<int64_t>(p->oh, budget / max2<int64_t>(1, rowFloats)));
  int64_t strips = (p->oh + s.rows - 1) / s.rows;
  s.rows = (p->oh + strips - 1) / strips;
  s.ringRows = min2<int64_t>(p->ih, (s.rows - 1) * p->stride_h + p->kh);
  s.ringFloats = expand ? s.ringRows * p->iw * ce : 0;
  s.laneFloats = s.ringFloats + (project ? s.rows * p->ow * ce : 0);
  return s;
}

wnnrt_status ref::mbconv_c16(const wnnrt_context *, const wnnrt_mbconv_params *p, const void *xv,
                             const void *wev, const void *bev, const void *wdv, const void *bdv,
                             const void *wpv, const void *bpv, const void *rv, void *yv,
                             void *scratch) {
  if (!validMbconv(p, wev, wpv, rv))
    return WNNRT_INVALID_ARGUMENT;
  auto *x = static_cast<const float *>(xv), *we = static_cast<const float *>(wev);
  auto *be = static_cast<const float *>(bev), *wd = static_cast<const float *>(wdv);
  auto *bd = static_cast<const float *>(bdv), *wp = static_cast<const float *>(wpv);
  auto *bp = static_cast<const float *>(bpv), *residual = static_cast<const float *>(rv);
  auto *y = static_cast<float *>(yv), *middle = static_cast<float *>(scratch);
  const int64_t ihw = int64_t(p->ih) * p->iw, ohw = int64_t(p->oh) * p->ow;
  const int64_t taps = int64_t(p->kh) * p->kw;
  const int64_t xBatch = orDense(p->x_batch_stride, blocks16(p->ci) * 16 * ihw);
  const int64_t yBatch = orDense(p->y_batch_stride, blocks16(p->co) * 16 * ohw);
  const int64_t rBatch = orDense(p->residual_batch_stride, blocks16(p->co) * 16 * ohw);
  // Channel o of a 1x1 convolution with packed weights; in(c) is its input.
  auto product = [](const float *w, const float *bias, int32_t channels, int32_t o, auto &&in) {
    double sum = 0;
    for (int32_t c = 0; c < channels; ++c)
      sum += double(w[(int64_t(o / 16) * channels + c) * 16 + o % 16]) * double(in(c));
    return static_cast<float>(sum) + (bias ? bias[o] : 0.0f);
  };
  for (int32_t n = 0; n < p->n; ++n)
    for (int64_t pixel = 0; pixel < ohw; ++pixel) {
      for (int32_t c = 0; c < p->ce; ++c) {
        double sum = 0;
        for (int64_t t = 0; t < taps; ++t) {
          int64_t iy = pixel / p->ow * p->stride_h - p->pad_top + t / p->kw;
          int64_t ix = pixel % p->ow * p->stride_w - p->pad_left + t % p->kw;
          if (iy < 0 || iy >= p->ih || ix < 0 || ix >= p->iw)
            continue;
          auto in = [&](int32_t k) {
            return x[n * xBatch + (k / 16 * ihw + iy * p->iw + ix) * 16 + k % 16];
          };
          float value = we ? applyAct(p->act_expand, product(we, be, p->ci, c, in)) : in(c);
          sum += double(wd[(c / 16 * taps + t) * 16 + c % 16]) * double(value);
        }
        middle[c] = applyAct(p->act_depthwise, static_cast<float>(sum) + (bd ? bd[c] : 0.0f));
      }
      for (int32_t o = 0; o < p->co; ++o) {
        int64_t at = (o / 16 * ohw + pixel) * 16 + o % 16;
        float value = middle[o];
        if (wp) {
          value = product(wp, bp, p->ce, o, [&](int32_t k) { return middle[k]; });
          float r = residual ? residual[n * rBatch + at] : 0.0f;
          value = p->residual_after_act ? applyAct(p->act, value) + r : applyAct(p->act, value + r);
        }
        y[n * yBatch + at] = value;
      }
    }
  return WNNRT_OK;
}

} // namespace wnnrt

size_t wnnrt_mbconv_c16_scratch_bytes(const wnnrt_mbconv_params *p) {
  // Whether the 1x1 convolutions are there is not in the params; equal channels may mean either.
  int64_t most = wnnrt::blocks16(p->ce) * 16;
  for (int parts = 0; parts < 4; ++parts)
    most = wnnrt::max2(most, wnnrt::mbconvStrips(p, parts & 1, parts & 2).laneFloats);
  return static_cast<size_t>(most * wnnrt::mbconvLanes) * sizeof(float);
}
