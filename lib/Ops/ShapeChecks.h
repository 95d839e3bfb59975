// SPDX-License-Identifier: Apache-2.0
//
// Checks that the infer hooks of elementwise, reduction, movement and indexing ops share: those of
// `InferHelpers.h` for operands by number, and more. Each one that fails has reported why.
#pragma once

#include "InferHelpers.h"

namespace wnnx {

/// The dimension counted from the front.
FailureOr<int64_t> checkedDim(InferContext &ctx, int64_t dim, int64_t rank);

/// Which dimensions are listed; an error when one is out of range or listed twice.
FailureOr<llvm::SmallVector<bool, 6>> checkedDims(InferContext &ctx, llvm::ArrayRef<int64_t> dims,
                                                  int64_t rank);

/// Adds a result, unless its shape has more elements or dimensions than a tensor may have.
LogicalResult addResult(InferContext &ctx, DType dtype, Shape shape);

LogicalResult requireFloat(InferContext &ctx, unsigned i);
LogicalResult requireNotBool(InferContext &ctx, unsigned i);
/// Operand `i` is i32 or i64, as PyTorch asks of indices.
LogicalResult requireIndex(InferContext &ctx, unsigned i);
/// Operands `i` and `k` have one dtype.
LogicalResult requireSameDType(InferContext &ctx, unsigned i, unsigned k);

/// The shape that operands `i` and `k` broadcast to.
FailureOr<Shape> broadcastOperands(InferContext &ctx, unsigned i, unsigned k);

/// "input", or "inputs[2]" in a variadic group; for messages.
std::string operandName(const Node &n, unsigned i);

/// PyTorch's clamping of `start:end:step` to a dimension of `size`.
struct SliceRange {
  int64_t start, count, step;
};
SliceRange clampSlice(int64_t start, int64_t end, int64_t step, int64_t size);

} // namespace wnnx
