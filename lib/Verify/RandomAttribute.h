// SPDX-License-Identifier: Apache-2.0
//
// Values for the attributes of an instance's nodes.
#pragma once

#include "Choices.h"
#include "wnnx/IR/Graph.h"

#include <optional>

namespace wnnx::verify {

/// What is known of the node whose attribute is chosen.
struct AttributeContext {
  OpKind op;
  /// By schema position; null when absent or not made yet.
  std::vector<Value *> operands;
  unsigned results = 1;             // how many the pattern takes
  int64_t listLength = -1;          // of a list attribute that the pattern takes apart
  std::vector<int64_t> wanted = {}; // sizes of the result, -1 where open; empty: not known
  const Value *input() const { return operands.empty() ? nullptr : operands[0]; }
};

/// A legal value, or nearly always: inference has the last word. The simplest choice is the
/// default where there is one.
std::optional<Attribute> randomAttribute(Choices &choices, Key key, const AttributeContext &ctx,
                                         const AttrInfo &info);

} // namespace wnnx::verify
