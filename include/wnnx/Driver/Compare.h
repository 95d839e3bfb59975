// SPDX-License-Identifier: Apache-2.0
//
// How far a result is from what was expected.
#pragma once

#include "wnnx/IR/Tensor.h"

#include <string>

namespace wnnx {

struct Comparison {
  double maxAbs = 0;  // largest difference; NaN against a number and infinities that differ
                      // count as infinite
  double largest = 0; // largest finite magnitude expected
  double cosine = 1;  // of the two as vectors, over elements that are finite in both
  int64_t worst = -1; // element with the largest difference; -1 when all are equal
  double found = 0, expected = 0; // there
  /// maxAbs / largest; maxAbs where all that is expected is 0.
  double relative() const;
};

/// Of one shape; element types may differ.
Comparison compareTensors(const Tensor &found, const Tensor &expected);

/// "max abs 1.2e-06  relative 3.4e-07  cosine 1.00000000  worst at [0,3,1]: 1.5, expected 1.6"
std::string describeComparison(const Comparison &c, const Shape &shape);

} // namespace wnnx
