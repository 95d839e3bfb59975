// SPDX-License-Identifier: Apache-2.0
//
// Checks that many infer hooks share. Each says what it found and returns false; hooks run all
// their checks before giving up, so that one run shows every mistake.
#pragma once

#include "wnnx/Ops/Infer.h"

namespace wnnx {

/// Attribute values and kernel sizes up to this keep window arithmetic within int64.
constexpr int64_t maxWindowValue = (int64_t(1) << 31) - 1;

/// "`input` f32[1,3,8,8]"
std::string describeOperand(std::string_view name, const Value *v);

/// The operand has `rank` dimensions.
bool expectRank(InferContext &ctx, const Value *v, std::string_view name, int64_t rank,
                std::string_view layout = "");
/// The operand has exactly this shape. Absent operands pass.
bool expectShape(InferContext &ctx, const Value *v, std::string_view name, const Shape &shape);
/// The operand's elements are floats. Absent operands pass.
bool expectFloat(InferContext &ctx, const Value *v, std::string_view name);
/// The operand has the dtype of `like`. Absent operands pass.
bool expectSameDType(InferContext &ctx, const Value *v, std::string_view name, const Value *like,
                     std::string_view likeName);
/// `values` has `count` entries, each in [minimum, maxWindowValue].
bool expectInts(InferContext &ctx, std::string_view name, llvm::ArrayRef<int64_t> values,
                size_t count, int64_t minimum);
/// `dim` in range for `rank`; the normalised dimension, or nothing after an error.
std::optional<int64_t> expectDim(InferContext &ctx, std::string_view name, int64_t dim,
                                 int64_t rank);

/// Adds a result unless it has more elements than is sane.
LogicalResult finish(InferContext &ctx, DType dtype, Shape shape);
/// One result of the first operand's type.
LogicalResult finishLikeInput(InferContext &ctx);

} // namespace wnnx
