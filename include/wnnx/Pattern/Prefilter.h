// SPDX-License-Identifier: Apache-2.0
//
// A fast necessary condition for a rule to match at a node: the ops, constants and literal
// attributes that its pattern asks for along fixed operands, as a short program over a few
// registers. What passes is given to the reference matcher, which alone decides; so rules mean the
// same with and without it. Also which kinds of op must occur in a graph for a rule to match at
// all.
#pragma once

#include "wnnx/Pattern/Program.h"

#include <array>
#include <bitset>

namespace wnnx::pat {

using OpSet = std::bitset<numOps>;

class Prefilter {
public:
  Prefilter() = default;
  explicit Prefilter(const Rule &rule);

  /// False only where the rule cannot match with its anchor at `n`.
  bool admits(const Node *n) const;
  /// One of each of these sets must occur in the graph.
  const std::vector<OpSet> &requiredOps() const { return required; }

private:
  struct Step {
    enum Kind : uint8_t {
      Producer,      // reg[to] = the node whose first result is operand `index` of reg[from]
      Is,            // reg[from] is one of sets[set]
      OperandIs,     // Producer and Is without a register
      EitherOrder,   // operands 0 and 1 of reg[from] are of sets[set] and sets[set + 1], or swapped
      OperandConst,  // operand `index` of reg[from] is a constant
      OperandAbsent, // reg[from] has no operand `index`
      AttrEquals,    // attribute `index` of reg[from] is attrs[set]
      GroupSize,     // the variadic group of reg[from] has `index` operands
      GroupAtLeast,
    } kind;
    uint8_t from = 0, to = 0;
    uint16_t index = 0, set = 0;
  };
  static constexpr size_t maxRegisters = 16;
  std::vector<Step> steps;
  std::vector<OpSet> sets, required;
  std::vector<Attribute> attrs;

  friend class PrefilterBuilder;
};

} // namespace wnnx::pat
