// SPDX-License-Identifier: Apache-2.0
//
// Tests rules without a model: makes small graphs that a rule matches, applies it, and compares the
// results before and after as the rule's class promises. What passes is tested, not proven; the
// verdict says on what.
#pragma once

#include "wnnx/Pattern/Program.h"
#include "wnnx/Pattern/Rules.h"

#include <map>

namespace wnnx::verify {

struct VerifyOptions {
  /// Instances to check for each rule.
  unsigned instances = 200;
  /// Fewer than this are no evidence; a rule's `verify { instances N; }` raises it.
  unsigned least = 8;
  /// Attempts at making an instance, for each instance asked for.
  unsigned patience = 100;
  uint64_t seed = 1;
  /// When set, only rules for which it holds.
  std::function<bool(std::string_view rule)> only;
  /// Counterexamples are made as small as they get.
  bool shrink = true;
  unsigned jobs = 1;
};

/// How often which decision was taken: group, value, count.
using Coverage = std::map<std::string, std::map<std::string, unsigned>>;

struct Counterexample {
  std::string message;     // what differs
  std::string place;       // in the rule, where the right side cannot be built
  std::string instance;    // the smallest inputs, in one line each
  std::string left, right; // the results that differ
  std::string test;        // a `test` block that fails until the rule is right
};

struct RuleVerdict {
  enum Status { Passed, Wrong, Vacuous } status = Passed;
  std::string rule, place, eqClass;
  SourceRange range;
  unsigned instances = 0, inField = 0; // checked; equal over the prime field as well
  uint64_t attempts = 0;
  std::string layer; // of a failure: "shapes" or "values"
  std::string why;   // of a vacuous one: what kept the rule from matching
  std::optional<Counterexample> counterexample;
  Coverage coverage;
  /// Of the attributes that the left side leaves open and that were away from their defaults at
  /// all: how many pairs of them were so in one instance, of how many, and the others.
  unsigned attributePairs = 0, attributePairsMet = 0;
  std::vector<std::string> neverTogether;
  double seconds = 0;
};

RuleVerdict verifyRule(const pat::Rule &rule, const VerifyOptions &options);

/// All rules of the set, in file order.
std::vector<RuleVerdict> verifyRules(const pat::RuleSet &rules, const VerifyOptions &options);

/// The verdict as text: one line, and for what is wrong the counterexample.
std::string describe(const RuleVerdict &v, bool coverage);
struct OverlapReport;

/// All verdicts as JSON, with what was found about termination, a line each, and, when they were
/// asked for, overlaps.
std::string describeJson(llvm::ArrayRef<RuleVerdict> verdicts, const std::string &termination,
                         const OverlapReport *overlaps = nullptr);

} // namespace wnnx::verify
