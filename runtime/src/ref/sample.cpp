// SPDX-License-Identifier: Apache-2.0
// Reference upsampling and grid sampling with PyTorch's coordinate rules, computed in float as
// PyTorch does so that borderline coordinates round the same way.
#include "../Kernels.h"

#include <math.h>

namespace wnnrt {
namespace {

/// Input pixels per output pixel.
float scaleOf(int64_t in, int64_t out, bool alignCorners, double given) {
  if (alignCorners)
    return out > 1 ? static_cast<float>(in - 1) / static_cast<float>(out - 1) : 0.0f;
  return given > 0 ? static_cast<float>(1.0 / given)
                   : static_cast<float>(in) / static_cast<float>(out);
}

float sourceOf(float scale, int64_t out, bool alignCorners, bool cubic) {
  if (alignCorners)
    return scale * static_cast<float>(out);
  float at = scale * (static_cast<float>(out) + 0.5f) - 0.5f;
  return at < 0 && !cubic ? 0.0f : at;
}

int64_t nearestSource(const wnnrt_upsample2d_params *p, float scale, int64_t out, int64_t in) {
  float half = p->mode == WNNRT_NEAREST_EXACT ? 0.5f : 0.0f;
  return min2(static_cast<int64_t>(floorf((static_cast<float>(out) + half) * scale)), in - 1);
}

/// Weights of the four taps around fraction t (Keys' kernel with a = -0.75).
void cubicWeights(float t, float w[4]) {
  const float a = -0.75f;
  auto inner = [=](float x) { return ((a + 2) * x - (a + 3)) * x * x + 1; };
  auto outer = [=](float x) { return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a; };
  w[0] = outer(t + 1);
  w[1] = inner(t);
  w[2] = inner(1 - t);
  w[3] = outer(2 - t);
}

/// Taps along one axis: up to 4 (index, weight).
struct Taps {
  int count;
  int64_t at[4];
  float weight[4];
};

Taps tapsOf(const wnnrt_upsample2d_params *p, float scale, int64_t out, int64_t in) {
  Taps taps{};
  if (p->mode == WNNRT_NEAREST || p->mode == WNNRT_NEAREST_EXACT) {
    taps.count = 1;
    taps.at[0] = nearestSource(p, scale, out, in);
    taps.weight[0] = 1;
    return taps;
  }
  bool cubic = p->mode == WNNRT_BICUBIC;
  float real = sourceOf(scale, out, p->align_corners != 0, cubic);
  int64_t base = min2(static_cast<int64_t>(floorf(real)), in - 1);
  float t = real - static_cast<float>(base);
  t = t < 0 ? 0 : t > 1 ? 1 : t;
  if (cubic) {
    taps.count = 4;
    cubicWeights(t, taps.weight);
    for (int k = 0; k < 4; ++k)
      taps.at[k] = max2<int64_t>(0, min2(base - 1 + k, in - 1));
    return taps;
  }
  taps.count = 2;
  taps.at[0] = base;
  taps.at[1] = min2(base + 1, in - 1);
  taps.weight[0] = 1 - t;
  taps.weight[1] = t;
  return taps;
}

struct GridAxis {
  int64_t size;
  bool alignCorners;
  int32_t padding;

  float unnormalise(float c) const {
    float s = static_cast<float>(size);
    return alignCorners ? (c + 1) / 2 * (s - 1) : ((c + 1) * s - 1) / 2;
  }
  float clip(float v) const {
    float limit = static_cast<float>(size - 1);
    return !(v > 0) ? 0 : v > limit ? limit : v;
  }
  float reflect(float v) const {
    float low = alignCorners ? 0.0f : -0.5f;
    float span = static_cast<float>(alignCorners ? size - 1 : size);
    if (span <= 0)
      return 0;
    v = fabsf(v - low);
    float extra = fmodf(v, span);
    bool odd = fmodf(floorf(v / span), 2.0f) != 0;
    return odd ? span - extra + low : extra + low;
  }
  /// The coordinate after the padding rule; never NaN or huge, so that it converts to an integer.
  float padded(float v) const {
    if (padding == WNNRT_GRID_BORDER)
      v = clip(v);
    else if (padding == WNNRT_GRID_REFLECTION)
      v = clip(reflect(v));
    return v > -1e9f && v < 1e9f ? v : -100.0f;
  }
};

} // namespace

wnnrt_status ref::upsample2d(const wnnrt_context *, const wnnrt_upsample2d_params *p,
                             const void *xv, void *yv) {
  if (p->mode < WNNRT_NEAREST || p->mode > WNNRT_BICUBIC)
    return WNNRT_INVALID_ARGUMENT;
  auto *x = static_cast<const float *>(xv);
  auto *y = static_cast<float *>(yv);
  bool align = p->align_corners && p->mode >= WNNRT_BILINEAR;
  float scaleH = scaleOf(p->ih, p->oh, align, p->scale_h);
  float scaleW = scaleOf(p->iw, p->ow, align, p->scale_w);
  int64_t ihw = int64_t(p->ih) * p->iw, ohw = int64_t(p->oh) * p->ow;
  for (int64_t oy = 0; oy < p->oh; ++oy) {
    Taps rows = tapsOf(p, scaleH, oy, p->ih);
    for (int64_t ox = 0; ox < p->ow; ++ox) {
      Taps cols = tapsOf(p, scaleW, ox, p->iw);
      for (int64_t n = 0; n < p->n; ++n)
        for (int64_t c = 0; c < p->c; ++c) {
          Plane in = planeOf(p->layout, n, c, p->c, ihw), out = planeOf(p->layout, n, c, p->c, ohw);
          float sum = 0;
          for (int r = 0; r < rows.count; ++r) {
            float line = 0;
            for (int s = 0; s < cols.count; ++s)
              line += cols.weight[s] *
                      x[in.offset + (rows.at[r] * p->iw + cols.at[s]) * in.pixelStride];
            sum += rows.weight[r] * line;
          }
          y[out.offset + (oy * p->ow + ox) * out.pixelStride] =
              rows.count == 1 ? x[in.offset + (rows.at[0] * p->iw + cols.at[0]) * in.pixelStride]
                              : sum;
        }
    }
  }
  return WNNRT_OK;
}

wnnrt_status ref::grid_sampler2d(const wnnrt_context *, const wnnrt_grid_sampler2d_params *p,
                                 const void *xv, const void *gv, void *yv) {
  if (p->mode < 0 || p->mode > WNNRT_GRID_BICUBIC || p->padding < 0 ||
      p->padding > WNNRT_GRID_REFLECTION)
    return WNNRT_INVALID_ARGUMENT;
  auto *x = static_cast<const float *>(xv), *grid = static_cast<const float *>(gv);
  auto *y = static_cast<float *>(yv);
  GridAxis ay{p->ih, p->align_corners != 0, p->padding}, ax{p->iw, ay.alignCorners, p->padding};
  int64_t ihw = int64_t(p->ih) * p->iw, ohw = int64_t(p->oh) * p->ow;
  for (int64_t n = 0; n < p->n; ++n)
    for (int64_t pixel = 0; pixel < ohw; ++pixel) {
      const float *g = grid + (n * ohw + pixel) * 2;
      float fx = ax.unnormalise(g[0]), fy = ay.unnormalise(g[1]);
      // Taps as (y, x, weight); outside the image they count as 0.
      int64_t ys[4], xs[4];
      float wy[4], wx[4];
      int count = 2;
      if (p->mode == WNNRT_GRID_BICUBIC) {
        count = 4;
        fx = fx > -1e9f && fx < 1e9f ? fx : -100.0f;
        fy = fy > -1e9f && fy < 1e9f ? fy : -100.0f;
        float bx = floorf(fx), by = floorf(fy);
        cubicWeights(fx - bx, wx);
        cubicWeights(fy - by, wy);
        for (int k = 0; k < 4; ++k) {
          float shift = static_cast<float>(k - 1);
          xs[k] = static_cast<int64_t>(ax.padded(bx + shift));
          ys[k] = static_cast<int64_t>(ay.padded(by + shift));
        }
      } else {
        fx = ax.padded(fx);
        fy = ay.padded(fy);
        if (p->mode == WNNRT_GRID_NEAREST) {
          count = 1;
          xs[0] = static_cast<int64_t>(nearbyintf(fx));
          ys[0] = static_cast<int64_t>(nearbyintf(fy));
          wx[0] = wy[0] = 1;
        } else {
          float bx = floorf(fx), by = floorf(fy);
          xs[0] = static_cast<int64_t>(bx), xs[1] = xs[0] + 1;
          ys[0] = static_cast<int64_t>(by), ys[1] = ys[0] + 1;
          wx[1] = fx - bx, wx[0] = 1 - wx[1];
          wy[1] = fy - by, wy[0] = 1 - wy[1];
        }
      }
      for (int64_t c = 0; c < p->c; ++c) {
        const float *plane = x + (n * p->c + c) * ihw;
        float sum = 0;
        for (int r = 0; r < count; ++r)
          for (int s = 0; s < count; ++s)
            if (ys[r] >= 0 && ys[r] < p->ih && xs[s] >= 0 && xs[s] < p->iw)
              sum += wy[r] * wx[s] * plane[ys[r] * p->iw + xs[s]];
        y[(n * p->c + c) * ohw + pixel] = sum;
      }
    }
  return WNNRT_OK;
}

} // namespace wnnrt
