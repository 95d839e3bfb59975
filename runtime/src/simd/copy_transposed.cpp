// SPDX-License-Identifier: Apache-2.0
// copy_strided of 4-byte elements: rows that are dense on both sides, with the rows to come
// prefetched, as neither hardware nor memmove does much for short ones; and those whose innermost
// dim is dense in the destination but not in the source, which is dense along another dim: batches
// of matrix transpositions.
#include "../Isa.h"
#include "../Strided.h"
#include "Parallel.h"
#include "Transpose.h"

namespace wnnrt {

namespace {

constexpr int64_t longRow = 1024;    // elements; memmove does these as well
constexpr int64_t aheadBytes = 4096; // between rows that are copied and those that are prefetched

/// Lines of a short row that is to be read or written.
template <int WRITE> WNNRT_INLINE void prefetchRow(const float *row, int64_t n) {
  for (int64_t i = 0; i < n; i += 16)
    __builtin_prefetch(row + i, WRITE, 3);
  __builtin_prefetch(row + n - 1, WRITE, 3);
}

WNNRT_INLINE void copyRow(const float *x, float *y, int64_t n) {
  int64_t i = 0;
  for (; i + 4 * vlanes <= n; i += 4 * vlanes) {
    vf a = vload(x + i), b = vload(x + i + vlanes);
    vf c = vload(x + i + 2 * vlanes), d = vload(x + i + 3 * vlanes);
    vstore(y + i, a);
    vstore(y + i + vlanes, b);
    vstore(y + i + 2 * vlanes, c);
    vstore(y + i + 3 * vlanes, d);
  }
  for (; i + vlanes <= n; i += vlanes)
    vstore(y + i, vload(x + i));
  if (i < n)
    vstorePart(y + i, vloadPart(x + i, static_cast<int>(n - i)), static_cast<int>(n - i));
}

/// Rows of n elements, dense on both sides, along all dims but the last.
void copyRows(const StridedBox<2> &box, int64_t n, const float *xv, float *yv) {
  StridedBox<2> rest;
  for (int d = 0; d + 1 < box.rank; ++d)
    rest.add(box.dims[d], {box.strides[0][d], box.strides[1][d]});
  const int64_t ahead = maxOf(1, aheadBytes / 4 / maxOf(n, 64));
  rest.forEachRow([&](const int64_t *offset, int64_t rows, const int64_t *step) {
    const float *x = xv + offset[0];
    float *y = yv + offset[1];
    for (int64_t r = 0; r < rows; ++r, x += step[0], y += step[1]) {
      if (r + ahead < rows) {
        prefetchRow<0>(x + ahead * step[0], n);
        prefetchRow<1>(y + ahead * step[1], n);
      }
      copyRow(x, y, n);
    }
    return 0;
  });
}

} // namespace

/// One thread's part.
static wnnrt_status copyPart(const wnnrt_context *ctx, const wnnrt_copy_params *p, const void *xv,
                             void *yv) {
  if (p->element_bytes != 4 || p->rank < 2 || p->rank > WNNRT_MAX_RANK)
    return ref::copy_strided(ctx, p, xv, yv);
  StridedBox<2> box;
  for (int d = 0; d < p->rank; ++d)
    box.add(p->dims[d], {p->src_strides[d], p->dst_strides[d]});
  int last = box.rank - 1, dense = -1;
  if (last > 0 && box.strides[0][last] == 1 && box.strides[1][last] == 1 &&
      box.dims[last] < longRow) {
    for (int d = 0; d <= last; ++d)
      if (box.dims[d] <= 0)
        return WNNRT_OK;
    copyRows(box, box.dims[last], static_cast<const float *>(xv), static_cast<float *>(yv));
    return WNNRT_OK;
  }
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
