// SPDX-License-Identifier: Apache-2.0
// Plain NCHW convolution and transposed convolution as sums of scaled rows: each weight adds a
// scaled input row to an output row. Far from the blocked kernels, but vectorised, and it takes any
// shape.
#include "../Isa.h"
#include "Epilogue.h"

namespace {

/// y[i * yStep] += w * x[i * xStep]
WNNRT_INLINE void addScaled(float *y, int64_t yStep, const float *x, int64_t xStep, float w,
                            int64_t n) {
  int64_t i = 0;
  if (yStep == 1 && xStep == 1) {
    vf weight = vset(w);
    for (; i + vlanes <= n; i += vlanes)
      vstore(y + i, vfma(weight, vload(x + i), vload(y + i)));
  }
  for (; i < n; ++i)
    y[i * yStep] += w * x[i * xStep];
}

/// Positions o of one axis whose tap is inside: o * stride + offset in [0, size), o in [0, count).
struct Inside {
  int64_t begin, end;
  Inside(int64_t count, int64_t stride, int64_t offset, int64_t size) {
    begin = offset >= 0 ? 0 : (-offset + stride - 1) / stride;
    end = size - 1 - offset < 0 ? 0 : (size - 1 - offset) / stride + 1;
    end = minOf(end, count);
    begin = minOf(begin, end);
  }
};

struct Tensors {
  const float *x, *w, *bias, *residual;
  float *y;
  int64_t xBatch, yBatch, rBatch;

  Tensors(const wnnrt_conv2d_params *p, const void *xv, const void *wv, const void *bv,
          const void *rv, void *yv)
      : x(static_cast<const float *>(xv)), w(static_cast<const float *>(wv)),
        bias(static_cast<const float *>(bv)), residual(static_cast<const float *>(rv)),
        y(static_cast<float *>(yv)) {
    int64_t ihw = int64_t(p->ih) * p->iw, ohw = int64_t(p->oh) * p->ow;
    xBatch = p->x_batch_stride ? p->x_batch_stride : p->ci * ihw;
    yBatch = p->y_batch_stride ? p->y_batch_stride : p->co * ohw;
    rBatch = p->residual_batch_stride ? p->residual_batch_stride : p->co * ohw;
  }
};

/// Fills each output plane with its bias, lets add(n, co, plane) accumulate, then finishes it.
template <class Add>
wnnrt_status forEachPlane(const wnnrt_conv2d_params *p, const Tensors &t, Add &&add) {
  Epilogue epilogue(p->act, p->residual_after_act != 0);
  int64_t ohw = int64_t(p->oh) * p->ow;
  for (int64_t n = 0; n < p->n; ++n)
    for (int64_t co = 0; co < p->co; ++co) {
      float *y = t.y + n * t.yBatch + co * ohw;
      const float *r = t.residual ? t.residual + n * t.rBatch + co * ohw : nullptr;
      float bias = t.bias ? t.bias[co] : 0.0f;
      for (int64_t i = 0; i < ohw; ++i)
        y[i] = bias;
      add(n, co, y);
      if (r && !epilogue.residualAfter)
        addScaled(y, 1, r, 1, 1, ohw);
      if (epilogue.act.op != WNNRT_IDENTITY)
        epilogue.apply(y, ohw);
      if (r && epilogue.residualAfter)
        addScaled(y, 1, r, 1, 1, ohw);
    }
  return WNNRT_OK;
}

} // namespace

namespace wnnrt {

wnnrt_status WNNRT_SIMD_NS::conv2d_plain(const wnnrt_context *ctx, const wnnrt_conv2d_params *p,
                                         const void *x, const void *w, const void *bias,
                                         const void *residual, void *y) {
  if (!validConv(p) || residual == y) // accumulating in place would destroy the residual
    return ref::conv2d_plain(ctx, p, x, w, bias, residual, y);
  Tensors t(p, x, w, bias, residual, y);
  int64_t icg = p->ci / p->groups, ocg = p->co / p->groups, ihw = int64_t(p->ih) * p->iw;
  return forEachPlane(p, t, [&](int64_t n, int64_t co, float *out) {
    for (int64_t c = 0; c < icg; ++c) {
      const float *in = t.x + n * t.xBatch + (co / ocg * icg + c) * ihw;
      const float *weights = t.w + (co * icg + c) * p->kh * p->kw;
      for (int64_t r = 0; r < p->kh; ++r) {
        int64_t fromY = r * p->dilation_h - p->pad_top;
        Inside rows(p->oh, p->stride_h, fromY, p->ih);
        for (int64_t s = 0; s < p->kw; ++s) {
          int64_t fromX = s * p->dilation_w - p->pad_left;
          Inside cols(p->ow, p->stride_w, fromX, p->iw);
          for (int64_t oy = rows.begin; oy < rows.end; ++oy)
            addScaled(out + oy * p->ow + cols.begin, 1,
                      in + (oy * p->stride_h + fromY) * p->iw + cols.begin * p->stride_w + fromX,
                      p->stride_w, weights[r * p->kw + s], cols.end - cols.begin);
        }
      }
    }
  });
}

wnnrt_status WNNRT_SIMD_NS::conv_transpose2d_plain(const wnnrt_context *ctx,
                                                   const wnnrt_conv2d_params *p, const void *x,
                                                   const void *w, const void *bias,
                                                   const void *residual, void *y) {
  if (!validConv(p) || residual == y)
    return ref::conv_transpose2d_plain(ctx, p, x, w, bias, residual, y);
  Tensors t(p, x, w, bias, residual, y);
  int64_t icg = p->ci / p->groups, ocg = p->co / p->groups, ihw = int64_t(p->ih) * p->iw;
  return forEachPlane(p, t, [&](int64_t n, int64_t co, float *out) {
    for (int64_t c = 0; c < icg; ++c) {
      int64_t ci = co / ocg * icg + c;
      const float *in = t.x + n * t.xBatch + ci * ihw;
      const float *weights = t.w + (ci * ocg + co % ocg) * p->kh * p->kw;
      for (int64_t r = 0; r < p->kh; ++r) {
        int64_t toY = r * p->dilation_h - p->pad_top;
        Inside rows(p->ih, p->stride_h, toY, p->oh);
        for (int64_t s = 0; s < p->kw; ++s) {
          int64_t toX = s * p->dilation_w - p->pad_left;
          Inside cols(p->iw, p->stride_w, toX, p->ow);
          for (int64_t iy = rows.begin; iy < rows.end; ++iy)
            addScaled(out + (iy * p->stride_h + toY) * p->ow + cols.begin * p->stride_w + toX,
                      p->stride_w, in + iy * p->iw + cols.begin, 1, weights[r * p->kw + s],
                      cols.end - cols.begin);
        }
      }
    }
  });
}

} // namespace wnnrt
