// SPDX-License-Identifier: Apache-2.0
//
// The two inner products that convolution, linear, matmul and attention are made of. Matrices are
// row-major. Sums run over k in order, apart from `multiplyTransposed`, which keeps four partial
// sums. Nothing is skipped, so NaN and infinities come out as the formula has them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace wnnx {

class Field;

/// Columns that `multiplyStrip` works on at once.
constexpr int64_t stripWidth = 16;

/// c[i][j] += sum over k of a[i][k] * strip[k][j], for i < m and j < columns <= stripWidth. Rows of
/// `a` and `c` are `lda` and `ldc` apart; a strip has stripWidth columns, all of them readable.
template <class S>
void multiplyStrip(const S *a, int64_t lda, const S *strip, int64_t m, int64_t k, S *c, int64_t ldc,
                   int64_t columns);

/// c[i][j] += sum over k of a[i][k] * b[j][k], for i < m and j < n; a, b and c are dense.
template <class S>
void multiplyTransposed(const S *a, const S *b, int64_t m, int64_t n, int64_t k, S *c);

/// c[i][j] += sum over k of a[i][k] * b[k][j], for i < m and j < n; all dense.
template <class S> void multiply(const S *a, const S *b, int64_t m, int64_t n, int64_t k, S *c) {
  std::vector<S> strip(std::size_t(k * stripWidth));
  for (int64_t j = 0; j < n; j += stripWidth) {
    int64_t columns = n - j < stripWidth ? n - j : stripWidth;
    for (int64_t p = 0; p < k; ++p) {
      for (int64_t x = 0; x < columns; ++x)
        strip[std::size_t(p * stripWidth + x)] = b[p * n + j + x];
    }
    multiplyStrip(a, k, strip.data(), m, k, c + j, n, columns);
  }
}

extern template void multiplyStrip(const double *, int64_t, const double *, int64_t, int64_t,
                                   double *, int64_t, int64_t);
extern template void multiplyTransposed(const double *, const double *, int64_t, int64_t, int64_t,
                                        double *);
extern template void multiplyStrip(const Field *, int64_t, const Field *, int64_t, int64_t, Field *,
                                   int64_t, int64_t);
extern template void multiplyTransposed(const Field *, const Field *, int64_t, int64_t, int64_t,
                                        Field *);

} // namespace wnnx
