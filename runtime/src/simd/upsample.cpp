// SPDX-License-Identifier: Apache-2.0
// Nearest and bilinear upsampling on c16 tensors: the taps of an output pixel are found once and
// used for all 16 channels. Plain tensors and bicubic go to the reference kernel.
#include "../Isa.h"
#include "Parallel.h"

namespace {

constexpr int64_t mostColumns = 2048; // taps of one row live on the stack

struct Tap {
  int64_t first, second; // input positions
  float weight;          // of the second
};

/// The coordinate rules of the reference kernel, in float as there.
struct Axis {
  int64_t in;
  float scale;
  bool align, bilinear;
  float half;

  Axis(const wnnrt_upsample2d_params *p, int64_t inSize, int64_t outSize, double given)
      : in(inSize) {
    bilinear = p->mode == WNNRT_BILINEAR;
    align = bilinear && p->align_corners;
    half = p->mode == WNNRT_NEAREST_EXACT ? 0.5f : 0.0f;
    float ratio = static_cast<float>(in) / static_cast<float>(outSize);
    if (align)
      scale = outSize > 1 ? static_cast<float>(in - 1) / static_cast<float>(outSize - 1) : 0.0f;
    else
      scale = given > 0 ? static_cast<float>(1.0 / given) : ratio;
  }

  Tap at(int64_t out) const {
    float o = static_cast<float>(out);
    if (!bilinear) {
      int64_t i = minOf(static_cast<int64_t>(__builtin_floorf((o + half) * scale)), in - 1);
      return {i, i, 0};
    }
    float real = align ? scale * o : scale * (o + 0.5f) - 0.5f;
    real = real < 0 ? 0 : real;
    int64_t i = minOf(static_cast<int64_t>(real), in - 1);
    float t = real - static_cast<float>(i);
    t = t > 1 ? 1 : t;
    return {i, minOf(i + 1, in - 1), t};
  }
};

} // namespace

namespace wnnrt {

wnnrt_status WNNRT_SIMD_NS::upsample2d(const wnnrt_context *ctx, const wnnrt_upsample2d_params *p,
                                       const void *xv, void *yv) {
  if (p->layout != WNNRT_LAYOUT_C16 || p->mode < WNNRT_NEAREST || p->mode > WNNRT_BILINEAR ||
      p->ow > mostColumns)
    return ref::upsample2d(ctx, p, xv, yv);
  Axis rows(p, p->ih, p->oh, p->scale_h), cols(p, p->iw, p->ow, p->scale_w);
  Tap taps[mostColumns];
  for (int64_t ox = 0; ox < p->ow; ++ox) {
    taps[ox] = cols.at(ox);
    taps[ox].first *= 16;
    taps[ox].second *= 16;
  }
  int64_t planes = p->n * blocksOf16(p->c), ihw = int64_t(p->ih) * p->iw;
  splitRows(ctx, planes, p->oh, p->ow, int64_t(p->ow) * 24, [&](int64_t plane, int64_t oy) {
    Tap row = rows.at(oy);
    const float *top = static_cast<const float *>(xv) + (plane * ihw + row.first * p->iw) * 16;
    const float *bottom = static_cast<const float *>(xv) + (plane * ihw + row.second * p->iw) * 16;
    float *y = static_cast<float *>(yv) + (plane * p->oh + oy) * p->ow * 16;
    if (!cols.bilinear) {
      for (int64_t ox = 0; ox < p->ow; ++ox)
        for (int lane = 0; lane < 16; lane += vlanes)
          vstore(y + ox * 16 + lane, vload(top + taps[ox].first + lane));
      return;
    }
    vf down = vset(row.weight), up = vset(1 - row.weight);
    for (int64_t ox = 0; ox < p->ow; ++ox) {
      vf right = vset(taps[ox].weight), left = vset(1 - taps[ox].weight);
      for (int lane = 0; lane < 16; lane += vlanes) {
        int64_t a = taps[ox].first + lane, b = taps[ox].second + lane;
        vf upper = vfma(right, vload(top + b), vmul(left, vload(top + a)));
        vf lower = vfma(right, vload(bottom + b), vmul(left, vload(bottom + a)));
        vstore(y + ox * 16 + lane, vfma(down, lower, vmul(up, upper)));
      }
    }
  });
  return WNNRT_OK;
}

} // namespace wnnrt
