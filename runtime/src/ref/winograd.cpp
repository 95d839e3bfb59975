// SPDX-License-Identifier: Apache-2.0
// Reference for convolution by Winograd's algorithm: the matrices of Winograd.h, one tile at a
// time.
#include "../Winograd.h"
#include "../Kernels.h"
#include "../ScalarMath.h"
#include "../ScalarRows.h"

using namespace wnnrt;

wnnrt::WinogradMatrices wnnrt::winogradMatrices(int m) {
  if (m == 2)
    return {2,
            4,
            {{-1, 0, 1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, -1, 0, 1}},
            {{-1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}},
            {{1, 1, 1, 0}, {0, 1, -1, 1}}};
  const double p = 0.625, q = 1.5, pp = p * p, qq = q * q, s = pp + qq, t = pp * qq;
  const double np = 1 / (2 * pp * (pp - qq)), nq = 1 / (2 * qq * (qq - pp));
  return {4,
          6,
          {{t, 0, -s, 0, 1, 0},
           {0, -p * qq, -qq, p, 1, 0},
           {0, p * qq, -qq, -p, 1, 0},
           {0, -q * pp, -pp, q, 1, 0},
           {0, q * pp, -pp, -q, 1, 0},
           {0, t, 0, -s, 0, 1}},
          {{1 / t, 0, 0},
           {np, np * p, np * pp},
           {np, -np * p, np * pp},
           {nq, nq * q, nq * qq},
           {nq, -nq * q, nq * qq},
           {0, 0, 1}},
          {{1, 1, 1, 1, 1, 0},
           {0, p, -p, q, -q, 0},
           {0, pp, pp, qq, qq, 0},
           {0, p * pp, -p * pp, q * qq, -q * qq, 1}}};
}

wnnrt::WinogradTiles wnnrt::winogradTiles(const wnnrt_conv2d_params *p, int m) {
  WinogradTiles t;
  t.rows = (p->oh + m - 1) / m;
  t.columns = (p->ow + m - 1) / m;
  t.total = t.rows * t.columns * p->n;
  int64_t a = m + 2;
  t.floatsPerTile = a * a * (blocks16(p->ci) * 16 + 32);
  // Transformed inputs and sums of one pass stay in a second-level cache of 2 MiB beside a part of
  // the weights; fewer than 28 tiles would read the weights too often.
  int64_t most = max2<int64_t>(28, (int64_t(1) << 18) / t.floatsPerTile);
  int64_t passes = max2<int64_t>(1, (t.total + most - 1) / most);
  t.atOnce = (t.total + passes - 1) / passes;
  return t;
}

bool wnnrt::validWinograd(const wnnrt_conv2d_params *p) {
  return validConv(p) && p->groups == 1 && p->kh == 3 && p->kw == 3 && p->stride_h == 1 &&
         p->stride_w == 1 && p->dilation_h == 1 && p->dilation_w == 1 && p->ci > 0;
}

namespace wnnrt {
namespace {

wnnrt_status winograd(int tile, const wnnrt_conv2d_params *p, const float *x, const float *w,
                      const float *bias, const float *residual, float *y, float *scratch) {
  if (!validWinograd(p))
    return WNNRT_INVALID_ARGUMENT;
  const WinogradMatrices k = winogradMatrices(tile);
  const WinogradTiles tiles = winogradTiles(p, tile);
  const int a = k.a, m = k.m;
  int64_t ihw = int64_t(p->ih) * p->iw, ohw = int64_t(p->oh) * p->ow;
  int64_t xBatch = orDense(p->x_batch_stride, blocks16(p->ci) * 16 * ihw);
  int64_t yBatch = orDense(p->y_batch_stride, blocks16(p->co) * 16 * ohw);
  int64_t rBatch = orDense(p->residual_batch_stride, blocks16(p->co) * 16 * ohw);
  for (int64_t t = 0; t < tiles.total; ++t) {
    int64_t n = t / (tiles.rows * tiles.columns), at = t % (tiles.rows * tiles.columns);
    int64_t oy0 = at / tiles.columns * m, ox0 = at % tiles.columns * m;
    for (int32_t c = 0; c < p->ci; ++c) { // scratch[(i*a + j)*ci + c] = (BT X B)[i][j]
      double d[6][6] = {}, half[6][6] = {};
      for (int r = 0; r < a; ++r)
        for (int s = 0; s < a; ++s) {
          int64_t iy = oy0 - p->pad_top + r, ix = ox0 - p->pad_left + s;
          if (iy >= 0 && iy < p->ih && ix >= 0 && ix < p->iw)
            d[r][s] = double(x[n * xBatch + c / 16 * ihw * 16 + (iy * p->iw + ix) * 16 + c % 16]);
        }
      for (int i = 0; i < a; ++i)
        for (int s = 0; s < a; ++s)
          for (int r = 0; r < a; ++r)
            half[i][s] += k.bt[i][r] * d[r][s];
      for (int i = 0; i < a; ++i)
        for (int j = 0; j < a; ++j) {
          double v = 0;
          for (int s = 0; s < a; ++s)
            v += half[i][s] * k.bt[j][s];
          scratch[(i * a + j) * p->ci + c] = static_cast<float>(v);
        }
    }
    for (int32_t co = 0; co < p->co; ++co) {
      double sum[6][6] = {}, half[4][6] = {};
      for (int i = 0; i < a * a; ++i)
        for (int32_t c = 0; c < p->ci; ++c)
          sum[i / a][i % a] +=
              double(w[((int64_t(co / 16) * a * a + i) * p->ci + c) * 16 + co % 16]) *
              double(scratch[i * p->ci + c]);
      for (int i = 0; i < m; ++i)
        for (int s = 0; s < a; ++s)
          for (int r = 0; r < a; ++r)
            half[i][s] += k.at[i][r] * sum[r][s];
      for (int i = 0; i < m && oy0 + i < p->oh; ++i)
        for (int j = 0; j < m && ox0 + j < p->ow; ++j) {
          double v = bias ? double(bias[co]) : 0;
          for (int s = 0; s < a; ++s)
            v += half[i][s] * k.at[j][s];
          int64_t offset = co / 16 * ohw * 16 + ((oy0 + i) * p->ow + ox0 + j) * 16 + co % 16;
          float r = residual ? residual[n * rBatch + offset] : 0.0f;
          float before = static_cast<float>(v) + (p->residual_after_act ? 0.0f : r);
          y[n * yBatch + offset] = applyAct(p->act, before) + (p->residual_after_act ? r : 0.0f);
        }
    }
  }
  return WNNRT_OK;
}

} // namespace

wnnrt_status ref::conv2d_winograd2_c16(const wnnrt_context *, const wnnrt_conv2d_params *p,
                                       const void *x, const void *w, const void *bias,
                                       const void *residual, void *y, void *s) {
  return winograd(2, p, static_cast<const float *>(x), static_cast<const float *>(w),
                  static_cast<const float *>(bias), static_cast<const float *>(residual),
                  static_cast<float *>(y), static_cast<float *>(s));
}

wnnrt_status ref::conv2d_winograd4_c16(const wnnrt_context *, const wnnrt_conv2d_params *p,
                                       const void *x, const void *w, const void *bias,
                                       const void *residual, void *y, void *s) {
  return winograd(4, p, static_cast<const float *>(x), static_cast<const float *>(w),
                  static_cast<const float *>(bias), static_cast<const float *>(residual),
                  static_cast<float *>(y), static_cast<float *>(s));
}

} // namespace wnnrt

static size_t scratchBytes(const wnnrt_conv2d_params *p, int m) {
  WinogradTiles t = winogradTiles(p, m);
  return static_cast<size_t>(t.atOnce * t.floatsPerTile) * sizeof(float);
}
size_t wnnrt_conv2d_winograd2_c16_scratch_bytes(const wnnrt_conv2d_params *p) {
  return scratchBytes(p, 2);
}
size_t wnnrt_conv2d_winograd4_c16_scratch_bytes(const wnnrt_conv2d_params *p) {
  return scratchBytes(p, 4);
}
