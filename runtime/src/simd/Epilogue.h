// SPDX-License-Identifier: Apache-2.0
// What a tile cannot do in its registers: activations beyond clamping, and a residual added after
// the activation. Runs on the rows just stored, which are still in the first-level cache.
#ifndef WNNRT_SRC_SIMD_EPILOGUE_H
#define WNNRT_SRC_SIMD_EPILOGUE_H

#include "../ScalarRows.h"
#include "ActRows.h"
#include "Simd.h"

namespace {

struct Epilogue {
  wnnrt_act act;
  wnnrt::WNNRT_SIMD_NS::ActRow row; // vector form, or null
  bool needed;                      // the tile's clamp is not enough
  bool residualAfter;               // add the residual here
  float lo, hi;                     // the tile's clamp

  Epilogue(const wnnrt_act &a, bool after) : act(a), row(wnnrt::WNNRT_SIMD_NS::actRowFor(a.op)) {
    lo = -__builtin_huge_valf();
    hi = __builtin_huge_valf();
    residualAfter = after && a.op != WNNRT_IDENTITY;
    needed = residualAfter || (a.op != WNNRT_IDENTITY && a.op != WNNRT_RELU && a.op != WNNRT_CLAMP);
    if (needed)
      return;
    if (a.op == WNNRT_RELU)
      lo = 0;
    if (a.op == WNNRT_CLAMP)
      lo = a.a, hi = a.b;
  }

  void apply(float *y, int64_t n) const {
    if (row)
      row(y, y, n, act.a, act.b);
    else if (act.op != WNNRT_IDENTITY)
      wnnrt::scalarActRow(act, y, n);
  }
};

/// `rows` rows of `cols` floats, at most 14 x 32: y = act(y) (+ saved).
constexpr int epilogueMost = 14 * 32;

WNNRT_INLINE void saveResidual(float *saved, const float *residual, int64_t rowStride, int rows,
                               int cols) {
  for (int r = 0; r < rows; ++r)
    memcpy(saved + r * cols, residual + r * rowStride, static_cast<size_t>(cols) * sizeof(float));
}

WNNRT_INLINE void finishRows(const Epilogue &e, float *y, int64_t rowStride, int rows, int cols,
                             const float *saved) {
  if (rowStride == cols) {
    cols *= rows;
    rows = 1;
  }
  if (rows > 1 && cols % vlanes == 0 && rows * cols <= epilogueMost) {
    // One long row keeps more of an activation's long chain of operations in flight than many
    // short ones.
    float all[epilogueMost];
    for (int r = 0; r < rows; ++r)
      for (int i = 0; i < cols; i += vlanes)
        vstore(all + r * cols + i, vload(y + r * rowStride + i));
    e.apply(all, int64_t(rows) * cols);
    for (int r = 0; r < rows; ++r)
      for (int i = 0; i < cols; i += vlanes) {
        vf value = vload(all + r * cols + i);
        vstore(y + r * rowStride + i, saved ? vadd(value, vload(saved + r * cols + i)) : value);
      }
    return;
  }
  for (int r = 0; r < rows; ++r, y += rowStride) {
    e.apply(y, cols);
    if (saved)
      for (int i = 0; i < cols; ++i)
        y[i] += saved[r * cols + i];
  }
}

} // namespace
#endif // WNNRT_SRC_SIMD_EPILOGUE_H
