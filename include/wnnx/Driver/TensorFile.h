// SPDX-License-Identifier: Apache-2.0
//
// Tensors as `.npy` files, and made up at random.
#pragma once

#include "wnnx/Driver/Outputs.h"
#include "wnnx/IR/Tensor.h"

#include <string>

namespace wnnx {

/// NumPy has no bfloat16: its bits are written as `u2`, and `u2` or `V2` files are read as bf16.
FailureOr<Tensor> readTensorFile(const std::string &path, Diagnostics &diags);
LogicalResult writeTensorFile(const Tensor &tensor, const std::string &path, Outputs &outputs);

/// Floats in [-1, 1), bytes over all of their range, other integers 0 or 1 (so that they are good
/// as indices). The same seed gives the same numbers on every machine.
Tensor randomTensor(const TensorType &type, uint64_t &seed);

} // namespace wnnx
