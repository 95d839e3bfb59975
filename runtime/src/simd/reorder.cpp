// SPDX-License-Identifier: Apache-2.0
// plain <-> c16: each block is a transposition of [16 channels][pixels].
#include "../Isa.h"
#include "Parallel.h"
#include "Transpose.h"

namespace wnnrt {

wnnrt_status WNNRT_SIMD_NS::plain_to_c16(const wnnrt_context *ctx, const wnnrt_reorder_params *p,
                                         const void *xv, void *yv) {
  int64_t hw = p->hw, blocks = blocksOf16(p->c);
  int64_t xBatch = p->plain_batch_stride ? p->plain_batch_stride : p->c * hw;
  int64_t yBatch = p->c16_batch_stride ? p->c16_batch_stride : blocks * 16 * hw;
  // In strips of pixels, so that the 16 source rows stay in the first-level cache lines.
  int64_t strips = (hw + 63) / 64;
  splitRows(ctx, p->n * blocks, strips, 64, 2048, [&](int64_t plane, int64_t at) {
    int64_t n = plane / blocks, b = plane % blocks, i = at * 64;
    const float *x = static_cast<const float *>(xv) + n * xBatch + b * 16 * hw;
    float *y = static_cast<float *>(yv) + n * yBatch + b * 16 * hw;
    int64_t lanes = minOf(16, p->c - b * 16), strip = minOf(64, hw - i);
    transposeBlock(x + i, hw, lanes, strip, y + i * 16, 16);
    for (int64_t k = i; lanes < 16 && k < i + strip; ++k)
      for (int64_t lane = lanes; lane < 16; ++lane)
        y[k * 16 + lane] = 0;
  });
  return WNNRT_OK;
}

wnnrt_status WNNRT_SIMD_NS::c16_to_plain(const wnnrt_context *ctx, const wnnrt_reorder_params *p,
                                         const void *xv, void *yv) {
  int64_t hw = p->hw, blocks = blocksOf16(p->c);
  int64_t yBatch = p->plain_batch_stride ? p->plain_batch_stride : p->c * hw;
  int64_t xBatch = p->c16_batch_stride ? p->c16_batch_stride : blocks * 16 * hw;
  int64_t strips = (hw + 63) / 64;
  splitRows(ctx, p->n * blocks, strips, 64, 2048, [&](int64_t plane, int64_t at) {
    int64_t n = plane / blocks, b = plane % blocks, i = at * 64;
    const float *x = static_cast<const float *>(xv) + n * xBatch + b * 16 * hw;
    float *y = static_cast<float *>(yv) + n * yBatch + b * 16 * hw;
    transposeBlock(x + i * 16, 16, minOf(64, hw - i), minOf(16, p->c - b * 16), y + i, hw);
  });
  return WNNRT_OK;
}

} // namespace wnnrt
