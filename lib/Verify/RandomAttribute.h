// SPDX-License-Identifier: Apache-2.0
//
// Values for the attributes of an instance's nodes.
#pragma once

#include "Choices.h"
#include "wnnx/IR/Graph.h"

#include <functional>
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
  /// Another attribute of the node, chosen now if it was not before; null when that is under way.
  std::function<const Attribute *(std::string_view)> attr = {};
  const Value *input() const { return operands.empty() ? nullptr : operands[0]; }
};

/// A legal value, or nearly always: inference has the last word. The simplest choice is the
/// default where there is one.
std::optional<Attribute> randomAttribute(Choices &choices, Key key, const AttributeContext &ctx,
                                         const AttrInfo &info);

/// Whether the value is the one that does least: the default, or of an attribute that has none the
/// one under which other attributes say nothing either, as a window of 1.
bool isNeutral(const AttrInfo &info, const Attribute &value);

} // namespace wnnx::verify
