// SPDX-License-Identifier: Apache-2.0
//
// Inner products. Accumulators are small arrays of vectors, which the compiler keeps in registers;
// this file is compiled with full optimisation in every build type.
#include "Product.h"

#include "wnnx/Ops/FieldScalar.h"

#include <cstring>

namespace wnnx {

/// Several values of S side by side: a vector register where the compiler has such a type for S.
template <class S> struct Lanes {
  static constexpr int count = 1;
  using Type = S;
};
#if defined(__GNUC__)
template <> struct Lanes<double> {
  static constexpr int count = 2;
  typedef double Type __attribute__((vector_size(16)));
};
#endif

template <class S> static inline typename Lanes<S>::Type loadLanes(const S *from) {
  typename Lanes<S>::Type v;
  std::memcpy(static_cast<void *>(&v), from, sizeof v);
  return v;
}

/// c[r][j] += sum over k of a[r][k] * strip[k][j], for R rows and W columns.
template <int R, int W, class S>
static inline void tile(const S *a, int64_t lda, const S *strip, int64_t k, S *c, int64_t ldc,
                        int64_t columns) {
  using V = typename Lanes<S>::Type;
  constexpr int count = Lanes<S>::count, vectors = W / count;
  V acc[R][vectors] = {};
  for (int64_t p = 0; p < k; ++p) {
    const S *row = strip + p * stripWidth;
    for (int v = 0; v < vectors; ++v) {
      const V x = loadLanes(row + v * count);
      for (int r = 0; r < R; ++r)
        acc[r][v] += x * a[r * lda + p];
    }
  }
  S sums[W];
  for (int r = 0; r < R; ++r) {
    std::memcpy(static_cast<void *>(sums), acc[r], sizeof sums);
    for (int64_t j = 0; j < W && j < columns; ++j)
      c[r * ldc + j] += sums[j];
  }
}

template <class S>
void multiplyStrip(const S *a, int64_t lda, const S *strip, int64_t m, int64_t k, S *c, int64_t ldc,
                   int64_t columns) {
  constexpr int half = stripWidth / 2;
  int64_t i = 0;
  for (; i + 2 <= m; i += 2) {
    tile<2, half>(a + i * lda, lda, strip, k, c + i * ldc, ldc, columns);
    if (columns > half)
      tile<2, half>(a + i * lda, lda, strip + half, k, c + i * ldc + half, ldc, columns - half);
  }
  if (i == m)
    return;
  tile<1, half>(a + i * lda, lda, strip, k, c + i * ldc, ldc, columns);
  if (columns > half)
    tile<1, half>(a + i * lda, lda, strip + half, k, c + i * ldc + half, ldc, columns - half);
}

/// c[r][j] += sum over k of a[r][k] * b[j][k], for R rows of a and Q of b.
template <int R, int Q, class S>
static inline void dots(const S *a, const S *b, int64_t k, S *c, int64_t ldc) {
  using V = typename Lanes<S>::Type;
  constexpr int count = Lanes<S>::count, vectors = 2, step = count * vectors;
  V acc[R][Q][vectors] = {};
  int64_t p = 0;
  for (; p + step <= k; p += step) {
    for (int v = 0; v < vectors; ++v) {
      for (int r = 0; r < R; ++r) {
        const V x = loadLanes(a + r * k + p + v * count);
        for (int q = 0; q < Q; ++q)
          acc[r][q][v] += x * loadLanes(b + q * k + p + v * count);
      }
    }
  }
  S parts[step];
  for (int r = 0; r < R; ++r) {
    for (int q = 0; q < Q; ++q) {
      std::memcpy(static_cast<void *>(parts), acc[r][q], sizeof parts);
      S sum = parts[0];
      for (int l = 1; l < step; ++l)
        sum += parts[l];
      for (int64_t t = p; t < k; ++t)
        sum += a[r * k + t] * b[q * k + t];
      c[r * ldc + q] += sum;
    }
  }
}

template <class S>
void multiplyTransposed(const S *a, const S *b, int64_t m, int64_t n, int64_t k, S *c) {
  // Rows of a in blocks that stay in the cache, while b streams past once for each block.
  constexpr int64_t block = 16;
  for (int64_t i0 = 0; i0 < m; i0 += block) {
    int64_t i1 = m - i0 < block ? m : i0 + block, j = 0;
    for (; j + 2 <= n; j += 2) {
      int64_t i = i0;
      for (; i + 2 <= i1; i += 2)
        dots<2, 2>(a + i * k, b + j * k, k, c + i * n + j, n);
      if (i < i1)
        dots<1, 2>(a + i * k, b + j * k, k, c + i * n + j, n);
    }
    for (int64_t i = i0; j < n && i < i1; ++i)
      dots<1, 1>(a + i * k, b + j * k, k, c + i * n + j, n);
  }
}

template void multiplyStrip(const double *, int64_t, const double *, int64_t, int64_t, double *,
                            int64_t, int64_t);
template void multiplyTransposed(const double *, const double *, int64_t, int64_t, int64_t,
                                 double *);

template void multiplyStrip(const Field *, int64_t, const Field *, int64_t, int64_t, Field *,
                            int64_t, int64_t);
template void multiplyTransposed(const Field *, const Field *, int64_t, int64_t, int64_t, Field *);

} // namespace wnnx
