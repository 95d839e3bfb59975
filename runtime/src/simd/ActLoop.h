// SPDX-License-Identifier: Apache-2.0
// The loop that makes a row function of an op, and the part that a list of ops is.
#ifndef WNNRT_SRC_SIMD_ACTLOOP_H
#define WNNRT_SRC_SIMD_ACTLOOP_H

#define WNNRT_PART_LINKAGE // this defines them
#include "ActRows.h"
#include "SimdMath.h"

namespace {

template <int32_t op> void actRow(const float *x, float *y, int64_t n, float a, float b) {
  vf va = vset(a), vb = vset(b);
  int64_t i = 0;
  for (; i + 2 * vlanes <= n; i += 2 * vlanes) {
    vf first = vact<op>(vload(x + i), va, vb), second = vact<op>(vload(x + i + vlanes), va, vb);
    vstore(y + i, first);
    vstore(y + i + vlanes, second);
  }
  for (; i < n; i += vlanes) {
    int part = static_cast<int>(minOf(vlanes, n - i));
    vstorePart(y + i, vact<op>(vloadPart(x + i, part), va, vb), part);
  }
}

} // namespace

#define WNNRT_ACT_CASE(name)                                                                       \
  case WNNRT_##name:                                                                               \
    return actRow<WNNRT_##name>;
#define WNNRT_ACT_PART(part, OPS)                                                                  \
  namespace {                                                                                      \
  wnnrt::ActRow rowOf(int32_t op) {                                                                \
    switch (op) {                                                                                  \
      OPS(WNNRT_ACT_CASE)                                                                          \
    default:                                                                                       \
      return nullptr;                                                                              \
    }                                                                                              \
  }                                                                                                \
  }                                                                                                \
  const wnnrt_part wnnrt::WNNRT_SIMD_NS::part = {rowOf, nullptr};

#endif // WNNRT_SRC_SIMD_ACTLOOP_H
