/* SPDX-License-Identifier: Apache-2.0 */
/* Weight packing, done ahead of time by the compiler. Pure functions: the same input gives the same
 * bytes for every ISA, so start-up does nothing. Panels are 16 outputs wide: one AVX-512 register,
 * two AVX2, four NEON. Padding is written as 0. Notation: p output panel, co = 16*p + o. */
#ifndef WNNRT_PACK_H
#define WNNRT_PACK_H

#include "wnnrt.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bias (and any per-channel vector of the c16 kernels and linear): dst[0..16*ceil(n/16)) = src, 0.
 */
size_t wnnrt_pack_bias_floats(int64_t n);
void wnnrt_pack_bias(int64_t n, const float *src, float *dst);

/* conv2d_c16. Panel p reads the input channels [lo, hi) of the groups its outputs belong to, lo
 * rounded down to a multiple of 16:
 *   icg = ci/groups, ocg = co/groups, last = min(16*p + 15, co - 1)
 *   lo = floor16((16*p / ocg) * icg), hi = (last / ocg + 1) * icg
 * (dense: lo = 0, hi = ci). With b the input block from lo (b = 0, 1, ...), rows(b) = min(16,
 * hi - lo - 16*b), and W zero where input and output are of different groups:
 *   dst[p*stride + b*kh*kw*256 + ((r*kw + s)*rows(b) + i)*16 + o] = W[16*p + o][lo + 16*b +
 * i][r][s] stride = 16 * kh * kw * max over panels of (hi - lo). src is PyTorch's
 * [co][ci/groups][kh][kw]. Zeros outside a group multiply real values, so an infinity in one group
 * can make NaN in another that shares its 16-wide panel. */
size_t wnnrt_pack_conv2d_c16_floats(const wnnrt_conv2d_params *p);
void wnnrt_pack_conv2d_c16(const wnnrt_conv2d_params *p, const float *src, float *dst);
/* The numbers above, for kernels and tests. */
int64_t wnnrt_conv2d_c16_panel_stride(const wnnrt_conv2d_params *p);
void wnnrt_conv2d_c16_window(const wnnrt_conv2d_params *p, int32_t panel, int32_t *lo, int32_t *hi);

/* conv_transpose2d_c16: as conv2d_c16, with W[co][ci][r][s] = src[ci][co % ocg][r][s]; src is
 * PyTorch's [ci][co/groups][kh][kw]. */
size_t wnnrt_pack_conv_transpose2d_c16_floats(const wnnrt_conv2d_params *p);
void wnnrt_pack_conv_transpose2d_c16(const wnnrt_conv2d_params *p, const float *src, float *dst);

/* conv2d_winograd2_c16 (tile 2) and conv2d_winograd4_c16 (tile 4): with a = tile + 2 and the points
 * 0, +-1, infinity or 0, +-5/8, +-3/2, infinity of the Toom-Cook construction,
 *   dst[((p*a*a + i*a + j)*ci + c)*16 + o] = (G W[16*p + o][c] G^T)[i][j]
 * where row i of G is (1, t, t*t) / product of (t - other finite points) for point t, and (0, 0, 1)
 * for infinity. Computed in double. */
size_t wnnrt_pack_conv2d_winograd_floats(const wnnrt_conv2d_params *p, int tile);
void wnnrt_pack_conv2d_winograd(const wnnrt_conv2d_params *p, int tile, const float *src,
                                float *dst);

/* conv2d_first: dst[((p*ci + c)*kh*kw + r*kw + s)*16 + o] = W[16*p + o][c][r][s]. groups == 1. */
size_t wnnrt_pack_conv2d_first_floats(const wnnrt_conv2d_params *p);
void wnnrt_pack_conv2d_first(const wnnrt_conv2d_params *p, const float *src, float *dst);

/* depthwise_c16: dst[((p*kh + r)*kw + s)*16 + o] = W[16*p + o][0][r][s]. */
size_t wnnrt_pack_depthwise_c16_floats(const wnnrt_conv2d_params *p);
void wnnrt_pack_depthwise_c16(const wnnrt_conv2d_params *p, const float *src, float *dst);

/* linear, lstm, gru: dst[(p*k + i)*16 + o] = W[16*p + o][i]; src is PyTorch's [n][k]. */
size_t wnnrt_pack_linear_floats(int64_t n, int64_t k);
void wnnrt_pack_linear(int64_t n, int64_t k, const float *src, float *dst);

#ifdef __cplusplus
}
#endif
#endif /* WNNRT_PACK_H */
