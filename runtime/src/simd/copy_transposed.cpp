// SPDX-License-Identifier: Apache-2.0
// copy_strided of 4-byte elements whose innermost dim is dense in the destination but not in the
// source, which is dense along another dim: batches of matrix transpositions.
#include "../Isa.h"
#include "../Strided.h"
#include "Transpose.h"

namespace wnnrt {

wnnrt_status WNNRT_SIMD_NS::copy_strided(const wnnrt_context *ctx, const wnnrt_copy_params *p,
                                         const void *xv, void *yv) {
  if (p->element_bytes != 4 || p->rank < 2 || p->rank > WNNRT_MAX_RANK)
    return ref::copy_strided(ctx, p, xv, yv);
  StridedBox<2> box;
  for (int d = 0; d < p->rank; ++d)
    box.add(p->dims[d], {p->src_strides[d], p->dst_strides[d]});
  int last = box.rank - 1, dense = -1;
  for (int d = 0; d < last; ++d)
    if (box.strides[0][d] == 1)
      dense = d;
  if (last < 1 || dense < 0 || box.strides[1][last] != 1 || box.strides[0][last] == 1)
    return ref::copy_strided(ctx, p, xv, yv);
  int64_t rows = box.dims[last], cols = box.dims[dense];
  int64_t srcStride = box.strides[0][last], dstStride = box.strides[1][dense];
  StridedBox<2> rest;
  for (int d = 0; d < last; ++d)
    if (d != dense)
      rest.add(box.dims[d], {box.strides[0][d], box.strides[1][d]});
  if (rows <= 0 || cols <= 0)
    return WNNRT_OK;
  rest.forEachRow([&](const int64_t *offset, int64_t n, const int64_t *step) {
    for (int64_t i = 0; i < n; ++i) {
      // Blocks of 64 x 64, so that both sides stay in the first-level cache. Any 4-byte element is
      // moved as float bits: no arithmetic touches it.
      const float *x = static_cast<const float *>(xv) + offset[0] + i * step[0];
      float *y = static_cast<float *>(yv) + offset[1] + i * step[1];
      for (int64_t r = 0; r < rows; r += 64)
        for (int64_t c = 0; c < cols; c += 64)
          transposeBlock(x + r * srcStride + c, srcStride, minOf(64, rows - r), minOf(64, cols - c),
                         y + c * dstStride + r, dstStride);
    }
    return 0;
  });
  return WNNRT_OK;
}

} // namespace wnnrt
