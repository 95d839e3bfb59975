// SPDX-License-Identifier: Apache-2.0
//
// The properties that may follow `&` in the type of an operand, as one table.
#pragma once

#include "wnnx/Pattern/Program.h"
#include "wnnx/Pattern/RangeFacts.h"

namespace wnnx::pat {

struct ValuePredicateInfo {
  ValuePredicate id;
  std::string_view name; // in rules
  std::string_view text; // in messages: "%x is not ..."
  bool ofRuntime;        // may be known of a value that is no constant
};
llvm::ArrayRef<ValuePredicateInfo> valuePredicates();

/// Whether the property is known to hold.
bool holdsFor(ValuePredicate p, const Value &v, const InputRanges *assumed);

} // namespace wnnx::pat
