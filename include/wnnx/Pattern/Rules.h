// SPDX-License-Identifier: Apache-2.0
//
// The front door of the rule language: load rule files, apply them to a graph, say what happened.
#pragma once

#include "wnnx/IR/Graph.h"
#include "wnnx/Ops/Cost.h"
#include "wnnx/Pattern/EqClass.h"
#include "wnnx/Pattern/RangeFacts.h"
#include "wnnx/Support/Diagnostics.h"

#include <functional>

namespace wnnx::pat {

struct Program;
struct InterfaceEdit;
class RewriteListener;
struct PendingRewrite;

/// Loaded and checked rules. Copies share them. Refers to the texts of the rule files, which the
/// `Diagnostics` they were loaded with own: that object must outlive it.
class RuleSet {
  std::shared_ptr<const Program> loaded;

public:
  explicit RuleSet(std::shared_ptr<const Program> p) : loaded(std::move(p)) {}
  const Program &program() const { return *loaded; }
  size_t size() const;
  std::vector<std::string_view> ruleNames() const;
  /// Edits of the model's interface that the files ask for; see Interface.h.
  const std::vector<InterfaceEdit> &interfaceEdits() const;
};

/// Loads rule files with all that they import. On failure everything wrong has been reported.
FailureOr<RuleSet> loadRules(llvm::ArrayRef<std::string> paths, Diagnostics &diags);
/// The same from a text; imports are relative to the folder of `name`.
FailureOr<RuleSet> loadRulesFromText(std::string name, std::string text, Diagnostics &diags);

struct RewriteOptions {
  /// Stop after so many applications; for finding a guilty one by bisection.
  uint64_t ruleLimit = UINT64_MAX;
  /// Which equality classes may run.
  EqPolicy allow;
  /// What the user asserts of inputs; for range facts.
  InputRanges inputRanges;
  /// Name of the schedule to run; without one `default`, if the rules declare it, or else the rule
  /// sets in the order of `after`, each until nothing changes (Schedule.h).
  std::string schedule;
  /// Whether the target fuses this activation into convolutions and products.
  std::function<bool(std::string_view)> fusedAct = [](std::string_view) { return true; };
  /// Whether the target has a kernel for this op.
  std::function<bool(std::string_view)> hasKernel = [](std::string_view) { return true; };
  /// Steps one attempt at one node may take; an attempt that needs more fails and is counted.
  uint64_t stepBudget = 100000;
  /// When set, only rules for which it holds.
  std::function<bool(std::string_view rule)> only;
  /// Ask the prefilters before the reference matcher. Off, the result is the same, later.
  bool prefilter = true;
  /// After each application: the graph must be well-formed. Slow; for tests.
  bool verifyEach = false;
  /// Hears of attempts and applications (Listener.h).
  RewriteListener *listener = nullptr;
  /// Conditions of profit do not count: for asking whether rules are right.
  bool ignoreWhen = false;
  /// Sees each rewrite while both sides stand beside each other; false drops it, for the reason in
  /// `why`.
  std::function<bool(const PendingRewrite &, std::string &why)> beforeCommit;
};

struct RuleStats {
  std::string rule, place, ruleset, eqClass;
  uint64_t tried = 0; // attempts at a node of the right op
  uint64_t fired = 0;
  uint64_t rejected = 0;                     // matched, but the right side did not fit
  uint64_t overBudget = 0;                   // attempts stopped by the step budget
  uint64_t nodesRemoved = 0, nodesAdded = 0; // constants not counted
  Cost removed, added;
};

struct RewriteReport {
  std::vector<RuleStats> rules; // in file order
  uint64_t applications = 0;
  unsigned nodesBefore = 0, nodesAfter = 0; // constants not counted
  Cost before, after;
  /// Rewrites that were dropped, and why; at most one for each rule.
  std::vector<std::string> notes;
  const RuleStats *find(std::string_view rule) const;
};

/// Applies rules until none fires. The graph stays well-formed in any case; fails when rules loop,
/// or the schedule does not exist.
LogicalResult applyRules(Graph &g, const RuleSet &rules, const RewriteOptions &options,
                         RewriteReport &report, Diagnostics &diags);

/// A table of the rules that fired, and totals before and after; ends in a line end.
std::string summarize(const RewriteReport &report);

struct RuleTestResult {
  std::string name, place;
  bool passed = false;
  std::string why; // when it did not pass
};
/// Runs the `test` blocks of the loaded files, or those that are for one rule. Fails when a test's
/// graph cannot be read.
FailureOr<std::vector<RuleTestResult>> runRuleTests(const RuleSet &rules, Diagnostics &diags,
                                                    std::string_view rule = {});

} // namespace wnnx::pat
