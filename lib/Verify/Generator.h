// SPDX-License-Identifier: Apache-2.0
//
// Makes small graphs that a rule matches, from the rule's left side alone: alternatives, optional
// parts, list lengths, operand orders, ranks, sizes, attributes and numbers are all decided by
// `Choices`. Graphs pass inference, since they are built by it; whether the rule matches is then
// asked of the real matcher.
#pragma once

#include "Choices.h"
#include "RandomTensor.h"
#include "wnnx/Pattern/Matcher.h"

namespace wnnx::verify {

/// What was decided, for the report on coverage: ("conv2d.groups", "other").
using Features = std::vector<std::pair<std::string, std::string>>;

/// How an attribute that the pattern leaves open was chosen.
struct AttributeChoice {
  const pat::Pat *pattern;
  OpKind op;
  unsigned attr;
  uint64_t key; // of the decision, which `surelyOther` takes away from the default
  bool away;    // from the value that does nothing
};
constexpr uint64_t surelyOther = 11;

struct Instance {
  std::unique_ptr<Graph> graph;
  std::vector<Tensor> inputs; // in graph order
  pat::Match match;
  Node *anchor = nullptr;
  Trace trace; // makes it again
  Features features;
  std::vector<AttributeChoice> attributes;
  bool unusualTypes = false; // not all values that are free to be floats are floats
};

/// How far an attempt came; larger is nearer to a match.
using Progress = int64_t;

class Generator {
  const pat::Rule &rule;
  const pat::RewriteOptions &options;

public:
  /// `options` must ignore `when`.
  Generator(const pat::Rule &r, const pat::RewriteOptions &o) : rule(r), options(o) {}
  /// The instance that the trace decides, completed by random choices (or by the simplest ones).
  /// Nothing when the rule does not match it; `progress` then says how near it came, and `why`,
  /// when given, what was missing.
  std::optional<Instance> make(const Trace &trace, uint64_t seed, bool simplest, Progress &progress,
                               std::string *why = nullptr) const;
};

} // namespace wnnx::verify
