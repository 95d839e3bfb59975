// SPDX-License-Identifier: Apache-2.0
// Batched matmul. The right operand is packed into scratch once per distinct batch; few rows are
// multiplied without packing. Results stored down columns are computed as the transposed product.
#include "../Isa.h"
#include "../Strided.h"
#include "Parallel.h"
#include "Product.h"

namespace {

constexpr int64_t fewRows = 3;

/// One matrix product with explicit strides.
struct Matrices {
  int64_t m, n, k;
  const float *a, *b;
  float *y;
  int64_t aRow, aCol, bRow, bCol, yRow, yCol;
};

/// y = a * b for few rows and dense rows of b: b is read once.
void rowsTimesRows(const Matrices &t, float alpha) {
  constexpr int wide = 4;
  for (int64_t i = 0; i < t.m; ++i) {
    const float *a = t.a + i * t.aRow;
    float *y = t.y + i * t.yRow;
    int64_t j = 0;
    for (; j + wide * vlanes <= t.n; j += wide * vlanes) {
      vf acc[wide] = {vzero(), vzero(), vzero(), vzero()};
      for (int64_t k = 0; k < t.k; ++k) {
        vf value = vset(a[k * t.aCol]);
        WNNRT_UNROLL
        for (int v = 0; v < wide; ++v)
          acc[v] = vfma(value, vload(t.b + k * t.bRow + j + v * vlanes), acc[v]);
      }
      WNNRT_UNROLL
      for (int v = 0; v < wide; ++v)
        vstore(y + j + v * vlanes, vmul(acc[v], vset(alpha)));
    }
    for (; j < t.n; j += vlanes) {
      int part = static_cast<int>(minOf(vlanes, t.n - j));
      vf acc = vzero();
      for (int64_t k = 0; k < t.k; ++k)
        acc = vfma(vset(a[k * t.aCol]), vloadPart(t.b + k * t.bRow + j, part), acc);
      vstorePart(y + j, vmul(acc, vset(alpha)), part);
    }
  }
}

/// y = a * b for few rows and dense columns of b (a transposed matrix): dot products.
void rowsTimesColumns(const Matrices &t, float alpha) {
  for (int64_t i = 0; i < t.m; ++i)
    for (int64_t j = 0; j < t.n; ++j) {
      const float *a = t.a + i * t.aRow, *b = t.b + j * t.bCol;
      vf first = vzero(), second = vzero();
      int64_t k = 0;
      for (; k + 2 * vlanes <= t.k; k += 2 * vlanes) {
        first = vfma(vload(a + k), vload(b + k), first);
        second = vfma(vload(a + k + vlanes), vload(b + k + vlanes), second);
      }
      float sum = vsum(vadd(first, second));
      for (; k < t.k; ++k)
        sum += a[k] * b[k];
      t.y[i * t.yRow + j] = alpha * sum;
    }
}

} // namespace

namespace wnnrt {

wnnrt_status WNNRT_SIMD_NS::matmul(const wnnrt_context *ctx, const wnnrt_matmul_params *p,
                                   const void *av, const void *bv, void *yv, void *scratch) {
  bool swapped = p->y_col_stride != 1;
  if (p->batch_rank < 0 || p->batch_rank > 6 || p->k <= 0 || !scratch ||
      (swapped && p->y_row_stride != 1))
    return ref::matmul(ctx, p, av, bv, yv, scratch);
  Matrices t = {};
  t.m = p->m, t.n = p->n, t.k = p->k;
  t.aRow = p->a_row_stride, t.aCol = p->a_col_stride;
  t.bRow = p->b_row_stride, t.bCol = p->b_col_stride;
  t.yRow = p->y_row_stride, t.yCol = p->y_col_stride;
  // The scratch is sized for packing n columns; the transposed product packs m of them.
  if (swapped && p->m > blocksOf16(p->n) * 16)
    return ref::matmul(ctx, p, av, bv, yv, scratch);
  if (swapped) {
    t.m = p->n, t.n = p->m;
    t.aRow = p->b_col_stride, t.aCol = p->b_row_stride;
    t.bRow = p->a_col_stride, t.bCol = p->a_row_stride;
    t.yRow = p->y_col_stride, t.yCol = p->y_row_stride;
  }
  float *packed = static_cast<float *>(scratch), *rows = packed + blocksOf16(t.n) * 16 * t.k;
  const float *packedFrom = nullptr;
  StridedBox<3> batches;
  for (int d = 0; d < p->batch_rank; ++d) {
    int64_t first = p->a_batch_strides[d], second = p->b_batch_strides[d];
    batches.add(p->batch_dims[d],
                {swapped ? second : first, swapped ? first : second, p->y_batch_strides[d]});
  }
  batches.forEachRow([&](const int64_t *offset, int64_t count, const int64_t *step) {
    for (int64_t batch = 0; batch < count; ++batch) {
      t.a = static_cast<const float *>(swapped ? bv : av) + offset[0] + batch * step[0];
      t.b = static_cast<const float *>(swapped ? av : bv) + offset[1] + batch * step[1];
      t.y = static_cast<float *>(yv) + offset[2] + batch * step[2];
      if (t.m <= fewRows && t.bCol == 1) {
        rowsTimesRows(t, p->alpha);
        continue;
      }
      if (t.m <= fewRows && t.bRow == 1 && t.aCol == 1) {
        rowsTimesColumns(t, p->alpha);
        continue;
      }
      if (packedFrom != t.b) {
        packPanels(t.b, t.k, t.n, t.bRow, t.bCol, packed);
        packedFrom = t.b;
        if (p->alpha != 1.0f)
          for (int64_t i = 0, end = blocksOf16(t.n) * 16 * t.k; i < end; i += 16)
            for (int64_t o = 0; o < 16; ++o)
              packed[i + o] *= p->alpha;
      }
      Product product = {t.a, t.aRow, t.k, packed, t.n, t.y, t.yRow};
      if (t.aCol == 1) {
        if (t.m * t.n * t.k < 65536)
          product.run(t.m);
        else
          splitWork(ctx, (blocksOf16(t.n) + tilePanels - 1) / tilePanels,
                    [&](int64_t from, int64_t to) {
                      product.run(t.m, from * tilePanels, minOf(blocksOf16(t.n), to * tilePanels));
                    });
        continue;
      }
      // Rows of a that are not dense are copied, a tile of them at a time.
      for (int64_t i = 0; i < t.m; i += tilePixels) {
        int64_t some = minOf(tilePixels, t.m - i);
        if (t.aRow == 1)
          transposeBlock(t.a + i, t.aCol, t.k, some, rows, t.k);
        else
          for (int64_t r = 0; r < some; ++r)
            for (int64_t k = 0; k < t.k; ++k)
              rows[r * t.k + k] = t.a[(i + r) * t.aRow + k * t.aCol];
        product.x = rows;
        product.xStride = t.k;
        product.y = t.y + i * t.yRow;
        product.run(some);
      }
    }
    return 0;
  });
  return WNNRT_OK;
}

} // namespace wnnrt
