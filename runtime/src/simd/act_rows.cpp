// SPDX-License-Identifier: Apache-2.0
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

wnnrt::WNNRT_SIMD_NS::ActRow wnnrt::WNNRT_SIMD_NS::actRowFor(int32_t op) {
  switch (op) {
#define WNNRT_ACT(name)                                                                            \
  case name:                                                                                       \
    return actRow<name>;
    WNNRT_ACT(WNNRT_RELU)
    WNNRT_ACT(WNNRT_CLAMP)
    WNNRT_ACT(WNNRT_LEAKY_RELU)
    WNNRT_ACT(WNNRT_SILU)
    WNNRT_ACT(WNNRT_HARDSWISH)
    WNNRT_ACT(WNNRT_HARDSIGMOID)
    WNNRT_ACT(WNNRT_SIGMOID)
    WNNRT_ACT(WNNRT_TANH)
    WNNRT_ACT(WNNRT_GELU)
    WNNRT_ACT(WNNRT_GELU_TANH)
    WNNRT_ACT(WNNRT_MISH)
    WNNRT_ACT(WNNRT_EXP)
    WNNRT_ACT(WNNRT_ERF)
    WNNRT_ACT(WNNRT_SQRT)
    WNNRT_ACT(WNNRT_RSQRT)
    WNNRT_ACT(WNNRT_RECIPROCAL)
    WNNRT_ACT(WNNRT_SQUARE)
    WNNRT_ACT(WNNRT_ABS)
    WNNRT_ACT(WNNRT_NEG)
    WNNRT_ACT(WNNRT_AFFINE)
#undef WNNRT_ACT
  default:
    return nullptr;
  }
}
