// SPDX-License-Identifier: Apache-2.0
// A matrix product for the CPU's matrix unit, if the program has that part (wnnrt_rows.h) and the
// context allows it.
#ifndef WNNRT_SRC_MATRIXJOB_H
#define WNNRT_SRC_MATRIXJOB_H

#include "wnnrt.h"

namespace wnnrt {

/// y[row][n] = act(sum over k of x[row][k] * w[k][n] + bias[n] + residual[row][n]), as linear has
/// it. Sums of long products lie in y meanwhile.
struct MatrixJob {
  int64_t rows, k, n;
  const float *x; // x[row * xRow + k / 16 * xBlock + k % 16]
  int64_t xRow, xBlock;
  const float *w; // packed panels of 16 outputs
  int64_t panelStride;
  const float *bias, *residual; // may be null
  int64_t residualRow, residualPanel;
  float *y; // y[row * yRow + n / 16 * yPanel + n % 16]
  int64_t yRow, yPanel;
  wnnrt_act act;
  bool residualAfter; // the residual is added behind the activation
  bool wholePanels;   // the last panel may be stored whole
};

} // namespace wnnrt
#endif // WNNRT_SRC_MATRIXJOB_H
