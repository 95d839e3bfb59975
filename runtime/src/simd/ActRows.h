// SPDX-License-Identifier: Apache-2.0
// Vector forms of the unary ops, one row function for each op.
#ifndef WNNRT_SRC_SIMD_ACTROWS_H
#define WNNRT_SRC_SIMD_ACTROWS_H

#include "wnnrt.h"

namespace wnnrt {
namespace WNNRT_SIMD_NS {

/// y[i] = op(x[i]) for i in [0, n); y may be x.
using ActRow = void (*)(const float *x, float *y, int64_t n, float a, float b);

/// Null for IDENTITY and for ops that have no vector form.
ActRow actRowFor(int32_t op);

} // namespace WNNRT_SIMD_NS
} // namespace wnnrt
#endif // WNNRT_SRC_SIMD_ACTROWS_H
