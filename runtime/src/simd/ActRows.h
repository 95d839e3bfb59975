// SPDX-License-Identifier: Apache-2.0
// Vector forms of the unary ops, one row function for each op.
#ifndef WNNRT_SRC_SIMD_ACTROWS_H
#define WNNRT_SRC_SIMD_ACTROWS_H

#include "../Isa.h"

namespace wnnrt {
namespace WNNRT_SIMD_NS {

using wnnrt::ActRow;

/// Null for IDENTITY, for ops that have no vector form, and where the program left it out.
ActRow actRowFor(int32_t op);

} // namespace WNNRT_SIMD_NS
} // namespace wnnrt
#endif // WNNRT_SRC_SIMD_ACTROWS_H
