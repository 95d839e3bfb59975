// SPDX-License-Identifier: Apache-2.0
// Scaling, shifting and activating blocks of c16 channels; shared by batch norm and by convolutions
// that do it to their input.
#ifndef WNNRT_SRC_SIMD_SCALEROWS_H
#define WNNRT_SRC_SIMD_SCALEROWS_H

#include "../ScalarRows.h"
#include "ActRows.h"
#include "Simd.h"

namespace {

/// An activation as limits, or as a function on the elements that were just computed.
struct RowAct {
  const wnnrt_act &act;
  wnnrt::WNNRT_SIMD_NS::ActRow row = nullptr;
  bool scalar = false;
  float lo = -__builtin_huge_valf(), hi = __builtin_huge_valf();

  explicit RowAct(const wnnrt_act &a) : act(a) {
    if (a.op == WNNRT_RELU)
      lo = 0;
    else if (a.op == WNNRT_CLAMP)
      lo = a.a, hi = a.b;
    else if (a.op != WNNRT_IDENTITY)
      scalar = !(row = wnnrt::WNNRT_SIMD_NS::actRowFor(a.op));
  }
  /// More than the limits.
  void apply(float *y, int64_t n) const {
    if (row)
      row(y, y, n, act.a, act.b);
    else if (scalar)
      wnnrt::scalarActRow(act, y, n);
  }
};

/// y = x * scale + shift within limits, over whole pixels of a block of 16 channels, of which
/// `lanes` are real; no shift where it is null.
WNNRT_INLINE void scaleBlock(const float *x, float *y, int64_t n, const float *scale,
                             const float *shift, int64_t lanes, float lo, float hi) {
  vf least = vset(lo), most = vset(hi);
  vf s[vper16], t[vper16];
  for (int v = 0; v < vper16; ++v) {
    int part = static_cast<int>(maxOf(0, minOf(vlanes, lanes - v * vlanes)));
    s[v] = part ? vloadPart(scale + v * vlanes, part) : vzero();
    t[v] = part && shift ? vloadPart(shift + v * vlanes, part) : vzero();
  }
  for (int64_t i = 0; i < n; i += 16)
    WNNRT_UNROLL
  for (int v = 0; v < vper16; ++v)
    vstore(y + i + v * vlanes, vclamp(vfma(vload(x + i + v * vlanes), s[v], t[v]), least, most));
}

} // namespace
#endif // WNNRT_SRC_SIMD_SCALEROWS_H
