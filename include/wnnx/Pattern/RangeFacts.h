// SPDX-License-Identifier: Apache-2.0
//
// What is known of the numbers in a value without running the model: between which limits they lie,
// whether they are integers, whether they are finite. Follows definitions backwards over a bounded
// number of nodes; nothing is stored, so nothing can be out of date after a rewrite.
#pragma once

#include "wnnx/IR/Graph.h"

#include <limits>
#include <map>
#include <string>

namespace wnnx::pat {

/// Every element that is not NaN lies in [lo, hi].
struct ValueRange {
  double lo = -std::numeric_limits<double>::infinity();
  double hi = std::numeric_limits<double>::infinity();
  bool integer = false; // every element is a whole number, or not finite
  bool noNan = false;   // no element is NaN

  bool nonnegative() const { return lo >= 0; }
  bool positive() const { return lo > 0; }
  /// No element is NaN or infinite.
  bool finite() const;
  bool isPoint() const { return lo == hi; }
};

/// What the user asserts of inputs, by name.
using InputRanges = std::map<std::string, ValueRange, std::less<>>;

/// The range of a value. `assumed` may be null.
ValueRange rangeOf(const Value *v, const InputRanges *assumed);

} // namespace wnnx::pat
