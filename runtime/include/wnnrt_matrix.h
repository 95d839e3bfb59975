// SPDX-License-Identifier: Apache-2.0
// Which steps are worth the matrix unit, where a CPU has one. The kernels ask it of the step that
// they run, and what prints programs asks it of each step of a network, to name the parts that
// these need (wnnrt_rows.h): both must agree, or a program runs without its unit. Static, as files
// that are compiled for an ISA must not share functions with others.
#ifndef WNNRT_MATRIX_H
#define WNNRT_MATRIX_H

#include <cstdint>

namespace wnnrt {

/// Limits of matrix_narrow: steps of 32 terms, and these times panels of 16 outputs.
constexpr int64_t matrixNarrowSteps = 8, matrixNarrowWeights = 40;

/// Fewer multiply-adds are done before the unit is set up.
constexpr int64_t matrixLeastWork = 262144;

/// Few weights [k, n] by many rows: they stay where they were split, and rows need no pass ahead.
static inline bool isNarrowProduct(int64_t rows, int64_t k, int64_t n) {
  const int64_t steps = (k + 31) / 32, weights = steps * ((n + 15) / 16);
  return rows >= 64 && k >= 24 && steps <= matrixNarrowSteps && weights >= 2 &&
         weights <= matrixNarrowWeights;
}

/// Products that the part for many weights repays: an element of the left side is checked and
/// split once for all n columns.
static inline bool isWideProduct(int64_t k, int64_t n) {
  return k >= 32 && n >= 48;
}

/// A product of [rows, k] by [k, n].
static inline bool productWorthMatrixUnit(int64_t rows, int64_t k, int64_t n) {
  return rows >= 9 && rows * k * n >= matrixLeastWork &&
         (isWideProduct(k, n) || isNarrowProduct(rows, k, n));
}

/// A first convolution without dilation (conv2d_first), as far as its size tells: few outputs do
/// not repay what making the image costs, of `strideW` pixels for each of them.
static inline bool firstWorthMatrixUnit(int64_t ci, int64_t taps, int64_t co, int64_t oh,
                                        int64_t ow, int64_t strideW) {
  const int64_t terms = ci * taps;
  return ci == 3 && ow >= 16 && terms * ((co + 15) / 16) >= 50 * strideW &&
         terms * oh * ow * co >= 1 << 20;
}

/// A transposed convolution of which each output has one tap, to an image of `ohw` pixels.
static inline bool transposedWorthMatrixUnit(int64_t ci, int64_t taps, int64_t co, int64_t iw,
                                             int64_t ohw) {
  const int64_t steps = (ci + 31) / 32;
  return ci >= 24 && iw >= 16 && steps <= matrixNarrowSteps &&
         steps * taps <= matrixNarrowWeights && ohw * ci * co >= matrixLeastWork;
}

} // namespace wnnrt
#endif // WNNRT_MATRIX_H
