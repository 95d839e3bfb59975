// SPDX-License-Identifier: Apache-2.0
//
// Positions in index tensors: checking constant ones, and how `index` reads its operands.
#pragma once

#include "wnnx/Ops/Infer.h"

namespace wnnx {

/// Operand `i`, when it is a constant, holds only positions in [0, size), or [-size, size) with
/// `negatives`.
LogicalResult checkConstantIndices(InferContext &ctx, unsigned i, int64_t size, bool negatives);

} // namespace wnnx
