// SPDX-License-Identifier: Apache-2.0
// Layer norm over the channels of c16 pixels: a few neighbouring pixels at a time, whose channels
// stay in the first-level cache between the passes for mean, variance and result.
#include "../Isa.h"
#include "Parallel.h"
#include "ScaleRows.h"

namespace {

constexpr int together = 8; // pixels; their sums are in registers

struct ChannelNorm {
  const wnnrt_group_norm_params *p;
  const float *weight, *bias;
  int64_t blocks, step; // floats from a block to the next one
  RowAct act;

  /// `lanes` real ones from `from`; the others are 0.
  vf load(const float *from, int lanes) const {
    return lanes >= vlanes ? vload(from) : lanes > 0 ? vloadPart(from, lanes) : vzero();
  }

  /// Sums of f(vector, pixel, lanes) over the channels of n pixels.
  template <int N, class F>
  inline __attribute__((always_inline)) void sums(const float *x, float *out, F f) const {
    vf acc[N];
    for (vf &a : acc)
      a = vzero();
    int64_t full = p->c / 16;
    for (int64_t b = 0; b < full; ++b)
      for (int v = 0; v < 16; v += vlanes) {
        WNNRT_UNROLL
        for (int i = 0; i < N; ++i)
          acc[i] = vadd(acc[i], f(vload(x + b * step + i * 16 + v), i, vlanes));
      }
    for (int v = 0, left = static_cast<int>(p->c - full * 16); v < left; v += vlanes)
      for (int i = 0; i < N; ++i)
        acc[i] = vadd(acc[i], f(load(x + full * step + i * 16 + v, left - v), i,
                                static_cast<int>(minOf(vlanes, left - v))));
    WNNRT_UNROLL
    for (int i = 0; i < N; ++i)
      out[i] = vsum(acc[i]);
  }

  template <int N> void pixels(const float *x, float *y) const {
    float mean[N], scale[N];
    float count = static_cast<float>(p->c);
    sums<N>(x, mean, [](vf v, int, int) { return v; });
    for (float &m : mean)
      m /= count;
    sums<N>(x, scale, [&mean](vf v, int i, int lanes) {
      vf d = vsub(v, vset(mean[i]));
      vf squares = vmul(d, d);
      return lanes == vlanes ? squares : vfirst(squares, lanes);
    });
    for (float &s : scale)
      s = 1.0f / __builtin_sqrtf(s / count + p->eps);
    vf lo = vset(act.lo), hi = vset(act.hi);
    for (int64_t b = 0; b < blocks; ++b) {
      for (int v = 0; v < 16; v += vlanes) {
        vf w = weight ? vload(weight + b * 16 + v) : vset(1);
        vf t = bias ? vload(bias + b * 16 + v) : vzero();
        WNNRT_UNROLL
        for (int i = 0; i < N; ++i) {
          vf d = vmul(vsub(vload(x + b * step + i * 16 + v), vset(mean[i])), vset(scale[i]));
          vstore(y + b * step + i * 16 + v, vclamp(vfma(d, w, t), lo, hi));
        }
      }
      act.apply(y + b * step, N * 16);
    }
  }
};

} // namespace

namespace wnnrt {

wnnrt_status WNNRT_SIMD_NS::layer_norm_c16(const wnnrt_context *ctx,
                                           const wnnrt_group_norm_params *p, const void *xv,
                                           const void *weight, const void *bias, void *yv) {
  if (p->c <= 0 || p->hw <= 0 || p->n <= 0 || p->act.op < 0 || p->act.op > WNNRT_POW_SCALAR)
    return ref::layer_norm_c16(ctx, p, xv, weight, bias, yv);
  int64_t hw = p->hw, blocks = blocksOf16(p->c);
  ChannelNorm norm = {p,
                      static_cast<const float *>(weight),
                      static_cast<const float *>(bias),
                      blocks,
                      hw * 16,
                      RowAct(p->act)};
  int64_t groups = (hw + together - 1) / together;
  splitLight(ctx, p->n * groups, together * blocks * 48, [&](int64_t begin, int64_t end) {
    for (int64_t g = begin; g < end; ++g) {
      int64_t first = g % groups * together;
      int64_t at = (g / groups * blocks * hw + first) * 16;
      const float *x = static_cast<const float *>(xv) + at;
      float *y = static_cast<float *>(yv) + at;
      if (first + together <= hw)
        norm.pixels<together>(x, y);
      else
        for (int64_t i = 0; i < hw - first; ++i)
          norm.pixels<1>(x + i * 16, y + i * 16);
    }
  });
  return WNNRT_OK;
}

} // namespace wnnrt
