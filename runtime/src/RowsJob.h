// SPDX-License-Identifier: Apache-2.0
// Products with few weights, and first convolutions, for the CPU's matrix unit: what the kernels
// hand to the parts matrix_narrow and first_matrix (wnnrt_rows.h), if the program has them.
#ifndef WNNRT_SRC_ROWSJOB_H
#define WNNRT_SRC_ROWSJOB_H

#include "wnnrt.h"

namespace wnnrt {

/// Each of `rows` neighbouring pixels of c16 blocks, on each of `lines`, times the weights of each
/// of `taps` taps: pixel i of line l goes, for panel p and tap t, to
/// y[l * yLine + i * yRow + p * yPanel + tapAt[t]]; the residual lies as y does, and may be y.
struct RowsJob {
  int64_t lines, rows, k;
  const float *x; // x[l * xLine + i * 16 + k / 16 * xBlock + k % 16]
  int64_t xLine, xBlock;
  int64_t panels, taps;
  const float *w; // as conv2d_c16 has them
  int64_t panelStride;
  const float *bias, *residual; // may be null
  float *y;
  int64_t yLine, yRow, yPanel;
  const int64_t *tapAt;
  wnnrt_act act;
  bool residualAfter; // the residual is added behind the activation
  bool farOutputs;    // y is expected to be in none of the near caches
};

/// There are at most matrixNarrowWeights (wnnrt_matrix.h) tiles of weights.
struct NarrowPart {
  void (*run)(const wnnrt_context *ctx, const RowsJob &job);
};

/// A first convolution: tensors of one image.
struct FirstRowsJob {
  const wnnrt_conv2d_params *p;
  const float *x, *w, *bias, *residual;
  float *y;
};

struct FirstMatrixPart {
  bool (*fits)(const wnnrt_conv2d_params *p);
  /// Output rows from `begin`, until `end` or one that is not for the unit, which it returns.
  int64_t (*run)(const FirstRowsJob &job, int64_t begin, int64_t end);
};

/// As conv2d_first; false, and nothing is done, for what it does not do.
struct FirstPart {
  bool (*run)(const wnnrt_context *ctx, const wnnrt_conv2d_params *p, const void *x, const void *w,
              const void *bias, const void *residual, void *y);
};

} // namespace wnnrt
#endif // WNNRT_SRC_ROWSJOB_H
