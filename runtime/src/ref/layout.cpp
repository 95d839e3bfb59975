// SPDX-License-Identifier: Apache-2.0
// Reference conversions between plain and c16, and channel copies inside c16.
#include "../Kernels.h"

#include <string.h>

namespace wnnrt {

wnnrt_status ref::plain_to_c16(const wnnrt_context *, const wnnrt_reorder_params *p, const void *xv,
                               void *yv) {
  auto *x = static_cast<const float *>(xv);
  auto *y = static_cast<float *>(yv);
  int64_t xBatch = orDense(p->plain_batch_stride, int64_t(p->c) * p->hw);
  int64_t yBatch = orDense(p->c16_batch_stride, blocks16(p->c) * 16 * p->hw);
  for (int64_t n = 0; n < p->n; ++n)
    for (int64_t c = 0; c < blocks16(p->c) * 16; ++c)
      for (int64_t i = 0; i < p->hw; ++i)
        y[n * yBatch + c / 16 * p->hw * 16 + i * 16 + c % 16] =
            c < p->c ? x[n * xBatch + c * p->hw + i] : 0.0f;
  return WNNRT_OK;
}

wnnrt_status ref::c16_to_plain(const wnnrt_context *, const wnnrt_reorder_params *p, const void *xv,
                               void *yv) {
  auto *x = static_cast<const float *>(xv);
  auto *y = static_cast<float *>(yv);
  int64_t yBatch = orDense(p->plain_batch_stride, int64_t(p->c) * p->hw);
  int64_t xBatch = orDense(p->c16_batch_stride, blocks16(p->c) * 16 * p->hw);
  for (int64_t n = 0; n < p->n; ++n)
    for (int64_t c = 0; c < p->c; ++c)
      for (int64_t i = 0; i < p->hw; ++i)
        y[n * yBatch + c * p->hw + i] = x[n * xBatch + c / 16 * p->hw * 16 + i * 16 + c % 16];
  return WNNRT_OK;
}

wnnrt_status ref::copy_channels_c16(const wnnrt_context *, const wnnrt_copy_channels_params *p,
                                    const void *xv, void *yv) {
  auto *x = static_cast<const float *>(xv);
  auto *y = static_cast<float *>(yv);
  if (p->src_offset < 0 || p->dst_offset < 0 || p->src_offset + p->c > p->src_c ||
      p->dst_offset + p->c > p->dst_c)
    return WNNRT_INVALID_ARGUMENT;
  for (int64_t n = 0; n < p->n; ++n) {
    int64_t c = 0;
    while (c < p->c) {
      int64_t from = p->src_offset + c, to = p->dst_offset + c;
      Plane in = planeOf(WNNRT_LAYOUT_C16, n, from, p->src_c, p->hw);
      Plane out = planeOf(WNNRT_LAYOUT_C16, n, to, p->dst_c, p->hw);
      int64_t run = min2<int64_t>(p->c - c, 16 - max2(from % 16, to % 16));
      if (run == 16) {
        memcpy(y + out.offset, x + in.offset, static_cast<size_t>(p->hw) * 16 * sizeof(float));
      } else {
        for (int64_t i = 0; i < p->hw; ++i)
          for (int64_t lane = 0; lane < run; ++lane)
            y[out.offset + i * 16 + lane] = x[in.offset + i * 16 + lane];
      }
      c += run;
    }
  }
  return WNNRT_OK;
}

wnnrt_status ref::gather_channels_c16(const wnnrt_context *, const wnnrt_gather_channels_params *p,
                                      const void *xv, const void *x2v, const void *tablev,
                                      void *yv) {
  auto *x = static_cast<const float *>(xv), *x2 = static_cast<const float *>(x2v);
  auto *table = static_cast<const int32_t *>(tablev);
  auto *y = static_cast<float *>(yv);
  for (int64_t c = 0; c < p->c_out; ++c)
    if (table[c] < 0 || table[c] >= p->c_in + p->c_in2)
      return WNNRT_OUT_OF_RANGE;
  for (int64_t n = 0; n < p->n; ++n)
    for (int64_t block = 0; block < blocks16(p->c_out); ++block) {
      int64_t lanes = min2<int64_t>(16, p->c_out - block * 16);
      const float *from[16];
      for (int64_t l = 0; l < lanes; ++l) {
        int32_t c = table[block * 16 + l];
        from[l] = c < p->c_in
                      ? x + planeOf(WNNRT_LAYOUT_C16, n, c, p->c_in, p->hw).offset
                      : x2 + planeOf(WNNRT_LAYOUT_C16, n, c - p->c_in, p->c_in2, p->hw).offset;
      }
      float *to = y + planeOf(WNNRT_LAYOUT_C16, n, block * 16, p->c_out, p->hw).offset;
      for (int64_t i = 0; i < p->hw; ++i)
        for (int64_t l = 0; l < lanes; ++l)
          to[i * 16 + l] = from[l][i * 16];
    }
  return WNNRT_OK;
}

} // namespace wnnrt
