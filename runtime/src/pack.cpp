// SPDX-License-Identifier: Apache-2.0
// Weight packing: the equations of wnnrt_pack.h and nothing else.
#include "Kernels.h"
#include "Winograd.h"

#include <string.h>

using namespace wnnrt;

size_t wnnrt_pack_bias_floats(int64_t n) {
  return static_cast<size_t>(blocks16(n) * 16);
}

void wnnrt_pack_bias(int64_t n, const float *src, float *dst) {
  for (int64_t i = 0, end = blocks16(n) * 16; i < end; ++i)
    dst[i] = i < n ? src[i] : 0.0f;
}

void wnnrt_conv2d_c16_window(const wnnrt_conv2d_params *p, int32_t panel, int32_t *lo,
                             int32_t *hi) {
  int32_t icg = p->ci / p->groups, ocg = p->co / p->groups;
  int32_t first = 16 * panel, last = min2(first + 15, p->co - 1);
  *lo = first / ocg * icg / 16 * 16;
  *hi = (last / ocg + 1) * icg;
}

int64_t wnnrt_conv2d_c16_panel_stride(const wnnrt_conv2d_params *p) {
  int32_t widest = 0, panels = static_cast<int32_t>(blocks16(p->co));
  // Dense and whole-block groups have equal windows; others repeat after a few panels at most, but
  // the plain loop is cheap: it is a few hundred integer operations per call.
  if (p->groups == 1)
    return int64_t(16) * p->kh * p->kw * p->ci;
  for (int32_t panel = 0; panel < panels; ++panel) {
    int32_t lo, hi;
    wnnrt_conv2d_c16_window(p, panel, &lo, &hi);
    widest = max2(widest, hi - lo);
  }
  return int64_t(16) * p->kh * p->kw * widest;
}

size_t wnnrt_pack_conv2d_c16_floats(const wnnrt_conv2d_params *p) {
  return static_cast<size_t>(blocks16(p->co) * wnnrt_conv2d_c16_panel_stride(p));
}

namespace {
/// src is [co][ci/groups][taps], or [ci][co/groups][taps] when transposed.
void packC16(const wnnrt_conv2d_params *p, bool transposed, const float *src, float *dst) {
  int64_t stride = wnnrt_conv2d_c16_panel_stride(p), taps = int64_t(p->kh) * p->kw;
  int32_t icg = p->ci / p->groups, ocg = p->co / p->groups;
  int32_t panels = static_cast<int32_t>(blocks16(p->co));
  memset(dst, 0, wnnrt_pack_conv2d_c16_floats(p) * sizeof(float));
  for (int32_t panel = 0; panel < panels; ++panel) {
    int32_t lo, hi;
    wnnrt_conv2d_c16_window(p, panel, &lo, &hi);
    for (int32_t o = 0; o < 16 && 16 * panel + o < p->co; ++o) {
      int32_t co = 16 * panel + o, firstCi = co / ocg * icg;
      for (int32_t ci = firstCi; ci < firstCi + icg; ++ci) {
        int32_t b = (ci - lo) / 16, i = (ci - lo) % 16, rows = min2(16, hi - lo - 16 * b);
        const float *from =
            src +
            (transposed ? int64_t(ci) * ocg + co % ocg : int64_t(co) * icg + (ci - firstCi)) * taps;
        for (int64_t tap = 0; tap < taps; ++tap)
          dst[panel * stride + b * taps * 256 + (tap * rows + i) * 16 + o] = from[tap];
      }
    }
  }
}
} // namespace

void wnnrt_pack_conv2d_c16(const wnnrt_conv2d_params *p, const float *src, float *dst) {
  packC16(p, false, src, dst);
}

size_t wnnrt_pack_conv_transpose2d_c16_floats(const wnnrt_conv2d_params *p) {
  return wnnrt_pack_conv2d_c16_floats(p);
}

void wnnrt_pack_conv_transpose2d_c16(const wnnrt_conv2d_params *p, const float *src, float *dst) {
  packC16(p, true, src, dst);
}

size_t wnnrt_pack_conv2d_winograd_floats(const wnnrt_conv2d_params *p, int tile) {
  return static_cast<size_t>(blocks16(p->co) * 16 * (tile + 2) * (tile + 2) * p->ci);
}

void wnnrt_pack_conv2d_winograd(const wnnrt_conv2d_params *p, int tile, const float *src,
                                float *dst) {
  const WinogradMatrices k = winogradMatrices(tile);
  const int a = k.a;
  memset(dst, 0, wnnrt_pack_conv2d_winograd_floats(p, tile) * sizeof(float));
  for (int64_t co = 0; co < p->co; ++co)
    for (int64_t c = 0; c < p->ci; ++c, src += 9) {
      double half[6][3];
      for (int i = 0; i < a; ++i)
        for (int s = 0; s < 3; ++s)
          half[i][s] = k.g[i][0] * double(src[s]) + k.g[i][1] * double(src[3 + s]) +
                       k.g[i][2] * double(src[6 + s]);
      float *to = dst + (co / 16 * a * a * p->ci + c) * 16 + co % 16;
      for (int i = 0; i < a; ++i)
        for (int j = 0; j < a; ++j, to += int64_t(p->ci) * 16)
          *to = static_cast<float>(half[i][0] * k.g[j][0] + half[i][1] * k.g[j][1] +
                                   half[i][2] * k.g[j][2]);
    }
}

size_t wnnrt_pack_conv2d_first_floats(const wnnrt_conv2d_params *p) {
  return static_cast<size_t>(blocks16(p->co) * 16 * p->ci * p->kh * p->kw);
}

void wnnrt_pack_conv2d_first(const wnnrt_conv2d_params *p, const float *src, float *dst) {
  wnnrt_pack_linear(p->co, int64_t(p->ci) * p->kh * p->kw, src, dst);
}

size_t wnnrt_pack_depthwise_c16_floats(const wnnrt_conv2d_params *p) {
  return static_cast<size_t>(blocks16(p->co) * 16 * p->kh * p->kw);
}

void wnnrt_pack_depthwise_c16(const wnnrt_conv2d_params *p, const float *src, float *dst) {
  wnnrt_pack_linear(p->co, int64_t(p->kh) * p->kw, src, dst);
}

size_t wnnrt_pack_linear_floats(int64_t n, int64_t k) {
  return static_cast<size_t>(blocks16(n) * 16 * k);
}

void wnnrt_pack_linear(int64_t n, int64_t k, const float *src, float *dst) {
  for (int64_t panel = 0; panel < blocks16(n); ++panel)
    for (int64_t i = 0; i < k; ++i)
      for (int64_t o = 0; o < 16; ++o)
        *dst++ = 16 * panel + o < n ? src[(16 * panel + o) * k + i] : 0.0f;
}
