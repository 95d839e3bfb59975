// SPDX-License-Identifier: Apache-2.0
//
// Compile-time tensors over the prime field: the same expressions that rules compute weights by,
// without rounding.
#pragma once

#include "wnnx/Ops/FieldScalar.h"
#include "wnnx/Pattern/TensorExpr.h"

#include <optional>

namespace wnnx::verify {

/// The elements; nothing when the expression does something that has no meaning over a field.
std::optional<std::vector<Field>> fieldValues(const pat::TensorExpr &e);

} // namespace wnnx::verify
