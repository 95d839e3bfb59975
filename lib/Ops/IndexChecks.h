// SPDX-License-Identifier: Apache-2.0
//
// Positions in index tensors: checking constant ones, and what the operands of `index` mean.
#pragma once

#include "wnnx/Ops/Infer.h"

#include <algorithm>

namespace wnnx {

/// Operand `i`, when it is a constant, holds only positions in [0, size), or [-size, size) with
/// `negatives`.
LogicalResult checkConstantIndices(InferContext &ctx, unsigned i, int64_t size, bool negatives);

/// The position that evaluation uses: counted from the end when negative, and the nearest valid one
/// when out of range. The size must not be 0.
inline int64_t safePosition(int64_t at, int64_t size) {
  return std::clamp<int64_t>(at < 0 ? at + size : at, 0, size - 1);
}

/// What an `index` node does, dimension by dimension. A bool mask stands for one vector of
/// positions per dimension of the mask.
struct IndexLayout {
  struct Part {
    int64_t dim;      // of the input
    unsigned operand; // of the node
    int64_t maskDim;  // which vector of a mask; -1 for integer indices
  };
  llvm::SmallVector<Part, 4> parts;
  Shape positions; // what all indices broadcast to
  int64_t at = 0;  // where `positions` stand in the result's shape
  Shape result;
};
/// Nothing, with the reason in `why`, when the operands do not fit the input.
std::optional<IndexLayout> layoutIndex(const Node &n, std::string &why);

/// The coordinates of the true elements of a constant mask along dimension `dim`.
std::vector<int64_t> maskPositions(const Tensor &mask, int64_t dim);

} // namespace wnnx
