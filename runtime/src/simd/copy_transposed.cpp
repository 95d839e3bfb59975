// SPDX-License-Identifier: Apache-2.0
// copy_strided of 4-byte elements whose innermost dim is dense in the destination but not in the
// source, which is dense along another dim: batches of matrix transpositions.
#include "../Isa.h"
#include "../Strided.h"
#include "Parallel.h"
#include "Transpose.h"

namespace wnnrt {

/// One thread's part.
static wnnrt_status copyPart(const wnnrt_context *ctx, const wnnrt_copy_params *p, const void *xv,
                             void *yv) {
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

wnnrt_status WNNRT_SIMD_NS::copy_strided(const wnnrt_context *ctx, const wnnrt_copy_params *p,
                                         const void *xv, void *yv) {
  // Shared out along the first dim that is long enough; a small copy is one thread's.
  int64_t total = 1;
  int along = -1;
  if (p->rank >= 0 && p->rank <= WNNRT_MAX_RANK)
    for (int d = 0; d < p->rank; ++d) {
      total *= p->dims[d];
      if (along < 0 && p->dims[d] >= 2 * int64_t(ctx->num_threads))
        along = d;
    }
  if (!ctx->parallel_for || ctx->num_threads <= 1 || along < 0 || total < 16384)
    return copyPart(ctx, p, xv, yv);
  struct Work {
    const wnnrt_copy_params *p;
    const char *x;
    char *y;
    int along;
    wnnrt_status status; // of the first part; it depends on the parameters alone
  } work = {p, static_cast<const char *>(xv), static_cast<char *>(yv), along, WNNRT_OK};
  splitWork(ctx, p->dims[along], [&work, ctx](int64_t begin, int64_t end) {
    wnnrt_copy_params part = *work.p;
    int64_t bytes = part.element_bytes;
    part.dims[work.along] = end - begin;
    wnnrt_status status =
        copyPart(ctx, &part, work.x + begin * part.src_strides[work.along] * bytes,
                 work.y + begin * part.dst_strides[work.along] * bytes);
    if (begin == 0)
      work.status = status;
  });
  return work.status;
}

} // namespace wnnrt
