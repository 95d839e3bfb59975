// SPDX-License-Identifier: Apache-2.0
// Softmax and normalisations whose statistics run over contiguous elements. Means and variances
// are summed in two passes, so large offsets do not cancel.
#include "../Isa.h"
#include "../ScalarRows.h"
#include "ActRows.h"
#include "Parallel.h"
#include "RowSoftmax.h"
#include "SimdMath.h"

#include <math.h>

namespace {

/// Sum of f(x[i]) with four running vectors; f maps a vector, and `part` elements of the last one.
template <class F> WNNRT_INLINE float sumOver(const float *x, int64_t n, F f) {
  vf sum[4] = {vzero(), vzero(), vzero(), vzero()};
  int64_t i = 0;
  for (; i + 4 * vlanes <= n; i += 4 * vlanes) {
    WNNRT_UNROLL
    for (int k = 0; k < 4; ++k)
      sum[k] = vadd(sum[k], f(vload(x + i + k * vlanes)));
  }
  for (; i + vlanes <= n; i += vlanes)
    sum[0] = vadd(sum[0], f(vload(x + i)));
  if (i < n) {
    int part = static_cast<int>(n - i);
    sum[1] = vadd(sum[1], vfirst(f(vloadPart(x + i, part)), part));
  }
  return vsum(vadd(vadd(sum[0], sum[1]), vadd(sum[2], sum[3])));
}

struct Statistics {
  float mean, scale;
};

WNNRT_INLINE Statistics statisticsOf(const float *x, int64_t n, float eps) {
  Statistics s;
  s.mean = sumOver(x, n, [](vf v) { return v; }) / static_cast<float>(n);
  vf mean = vset(s.mean);
  float squares = sumOver(x, n, [mean](vf v) {
    vf d = vsub(v, mean);
    return vmul(d, d);
  });
  s.scale = 1.0f / __builtin_sqrtf(squares / static_cast<float>(n) + eps);
  return s;
}

/// y = (x - mean) * scale * weight + bias, weight and bias per element or null.
WNNRT_INLINE void normaliseRow(const float *x, float *y, int64_t n, Statistics s,
                               const float *weight, const float *bias) {
  vf mean = vset(s.mean), scale = vset(s.scale);
  for (int64_t i = 0; i < n; i += vlanes) {
    int part = static_cast<int>(minOf(vlanes, n - i));
    bool full = part == vlanes;
    vf v = vmul(vsub(full ? vload(x + i) : vloadPart(x + i, part), mean), scale);
    if (weight)
      v = vmul(v, full ? vload(weight + i) : vloadPart(weight + i, part));
    if (bias)
      v = vadd(v, full ? vload(bias + i) : vloadPart(bias + i, part));
    if (full)
      vstore(y + i, v);
    else
      vstorePart(y + i, v, part);
  }
}

/// Softmax down `dim` rows of `lanes` neighbouring columns, rows `stride` apart.
WNNRT_INLINE void softmaxColumns(const float *x, float *y, int64_t dim, int64_t stride, int lanes,
                                 bool log) {
  vf largest = vset(-__builtin_huge_valf()), sum = vzero();
  for (int64_t d = 0; d < dim; ++d)
    largest = vmax(vloadPart(x + d * stride, lanes), largest);
  for (int64_t d = 0; d < dim; ++d) {
    vf shifted = vsub(vloadPart(x + d * stride, lanes), largest), e = vexp(shifted);
    sum = vadd(sum, e);
    vstorePart(y + d * stride, log ? shifted : e, lanes);
  }
  vf factor = vdiv(vset(1), sum);
  if (log) {
    float sums[vlanes];
    vstore(sums, sum);
    for (float &s : sums)
      s = logf(s);
    factor = vload(sums);
  }
  for (int64_t d = 0; d < dim; ++d) {
    vf v = vloadPart(y + d * stride, lanes);
    vstorePart(y + d * stride, log ? vsub(v, factor) : vmul(v, factor), lanes);
  }
}

void logSoftmaxRow(const float *x, float *y, int64_t n) {
  vf shift = vset(rowLargest(x, n));
  vf total = vset(logf(sumOver(x, n, [shift](vf v) { return vexp(vsub(v, shift)); })));
  for (int64_t i = 0; i < n; i += vlanes) {
    int part = static_cast<int>(minOf(vlanes, n - i));
    vstorePart(y + i, vsub(vsub(vloadPart(x + i, part), shift), total), part);
  }
}

} // namespace

namespace wnnrt {

wnnrt_status WNNRT_SIMD_NS::softmax(const wnnrt_context *ctx, const wnnrt_softmax_params *p,
                                    const void *xv, void *yv) {
  if (p->dim <= 0)
    return ref::softmax(ctx, p, xv, yv);
  auto *x = static_cast<const float *>(xv);
  auto *y = static_cast<float *>(yv);
  if (p->inner != 1) {
    int64_t strips = (p->inner + vlanes - 1) / vlanes;
    splitLight(ctx, p->outer * strips, 3 * p->dim * vlanes, [&](int64_t begin, int64_t end) {
      for (int64_t s = begin; s < end; ++s) {
        int64_t i = s % strips * vlanes, at = s / strips * p->dim * p->inner + i;
        softmaxColumns(x + at, y + at, p->dim, p->inner,
                       static_cast<int>(minOf(vlanes, p->inner - i)), p->log != 0);
      }
    });
    return WNNRT_OK;
  }
  splitLight(ctx, p->outer, 3 * p->dim, [&](int64_t begin, int64_t end) {
    for (int64_t o = begin; o < end; ++o) {
      if (p->log)
        logSoftmaxRow(x + o * p->dim, y + o * p->dim, p->dim);
      else
        softmaxRow(x + o * p->dim, y + o * p->dim, p->dim, 1.0f, false);
    }
  });
  return WNNRT_OK;
}

wnnrt_status WNNRT_SIMD_NS::layer_norm(const wnnrt_context *ctx, const wnnrt_row_norm_params *p,
                                       const void *xv, const void *weight, const void *bias,
                                       void *yv) {
  splitLight(ctx, p->rows, 3 * p->size, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const float *x = static_cast<const float *>(xv) + r * p->size;
      normaliseRow(x, static_cast<float *>(yv) + r * p->size, p->size,
                   statisticsOf(x, p->size, p->eps), static_cast<const float *>(weight),
                   static_cast<const float *>(bias));
    }
  });
  return WNNRT_OK;
}

wnnrt_status WNNRT_SIMD_NS::rms_norm(const wnnrt_context *ctx, const wnnrt_row_norm_params *p,
                                     const void *xv, const void *weight, void *yv) {
  splitLight(ctx, p->rows, 3 * p->size, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const float *x = static_cast<const float *>(xv) + r * p->size;
      float squares = sumOver(x, p->size, [](vf v) { return vmul(v, v); });
      Statistics s = {0, 1.0f / __builtin_sqrtf(squares / static_cast<float>(p->size) + p->eps)};
      normaliseRow(x, static_cast<float *>(yv) + r * p->size, p->size, s,
                   static_cast<const float *>(weight), nullptr);
    }
  });
  return WNNRT_OK;
}

wnnrt_status WNNRT_SIMD_NS::group_norm(const wnnrt_context *ctx, const wnnrt_group_norm_params *p,
                                       const void *xv, const void *wv, const void *bv, void *yv) {
  if (p->layout != WNNRT_PLAIN || p->groups <= 0 || p->c % p->groups || p->act.op < 0 ||
      p->act.op > WNNRT_POW_SCALAR)
    return ref::group_norm(ctx, p, xv, wv, bv, yv);
  auto *weight = static_cast<const float *>(wv), *bias = static_cast<const float *>(bv);
  ActRow act = actRowFor(p->act.op);
  int64_t channels = p->c / p->groups, size = channels * p->hw;
  splitLight(ctx, int64_t(p->n) * p->groups, 4 * size, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const float *x = static_cast<const float *>(xv) + i * size;
      float *y = static_cast<float *>(yv) + i * size;
      Statistics s = statisticsOf(x, size, p->eps);
      for (int64_t c = 0; c < channels; ++c) {
        int64_t channel = i % p->groups * channels + c;
        // (x - mean) * (scale * weight) + bias
        Statistics scaled = {s.mean, s.scale * (weight ? weight[channel] : 1.0f)};
        float shift = bias ? bias[channel] : 0.0f;
        vf mean = vset(scaled.mean), scale = vset(scaled.scale), add = vset(shift);
        for (int64_t k = c * p->hw; k < (c + 1) * p->hw; k += vlanes) {
          int part = static_cast<int>(minOf(vlanes, (c + 1) * p->hw - k));
          vstorePart(y + k, vfma(vsub(vloadPart(x + k, part), mean), scale, add), part);
        }
      }
      if (act)
        act(y, y, size, p->act.a, p->act.b);
      else if (p->act.op != WNNRT_IDENTITY)
        scalarActRow(p->act, y, size);
    }
  });
  return WNNRT_OK;
}

} // namespace wnnrt
