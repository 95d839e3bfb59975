// SPDX-License-Identifier: Apache-2.0
//
// Numbers for the tensors of an instance.
#pragma once

#include "Choices.h"
#include "wnnx/IR/Tensor.h"

namespace wnnx::verify {

/// What the numbers of a tensor must be like.
struct Domain {
  bool positive = false, nonnegative = false, nonzero = false, splat = false, integral = false;
  bool zero = false, one = false, identity = false, arange = false, permutation = false;
  bool finite = false;
  bool special = false; // now and then NaN and infinities
  /// Integers in [0, below) when set: positions in a dimension.
  int64_t below = 0;
};

/// Zeros, ones, counted up, small integers with many equal, fractions of few bits, or of all bits:
/// which of them, and which numbers, is decided under the key.
Tensor randomTensor(Choices &choices, Key key, const TensorType &type, const Domain &domain);

} // namespace wnnx::verify
