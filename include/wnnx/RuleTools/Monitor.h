// SPDX-License-Identifier: Apache-2.0
//
// Watches the rules of a compilation: remarks, a report for machines, expected and frozen counts, a
// profile.
#pragma once

#include "wnnx/Pattern/Listener.h"
#include "wnnx/Pattern/Program.h"

#include "llvm/Support/Regex.h"
#include "llvm/Support/raw_ostream.h"

#include <map>

namespace wnnx::pat {

struct MonitorOptions {
  /// Regular expressions for names of rules; "" for no remarks.
  std::string pass, passMissed, passAnalysis;
  std::string remarks;             // file: .yaml, .yml or .json
  std::vector<std::string> expect; // "conv_bn>=22", "silu==57", "gelu" for at least once
  std::string freezeTo, frozen;    // files with the counts of each rule
  bool profile = false;            // a table to the log
  std::string profileTrace;        // file for chrome://tracing
  uint64_t ruleLimit = UINT64_MAX; // applications
  bool watches() const;
};

/// What one application did, kept for reports.
struct AppliedRule {
  const Rule *rule;
  std::string anchor, location;
  std::vector<std::string> matched, added;
  unsigned erased = 0;
  Cost removed, addedCost;
  uint64_t weightBytes = 0, buildNanos = 0, weightNanos = 0, start = 0;
};

struct RuleProfile {
  uint64_t attempts = 0, structural = 0, matched = 0, fired = 0, rejected = 0, overBudget = 0;
  uint64_t failures[6] = {}; // by NearMiss::Stage
  uint64_t matchNanos = 0, buildNanos = 0, weightNanos = 0, weightBytes = 0;
  uint64_t nanos() const { return matchNanos + buildNanos + weightNanos; }
};

class RuleMonitor : public RewriteListener {
public:
  RuleMonitor(const RuleSet &rules, const MonitorOptions &options, llvm::raw_ostream *log);
  /// Checks names and expressions of the options; reports what is wrong.
  LogicalResult check(Diagnostics &diags);
  /// Remarks of what was missed, expectations, and all files. `g` is the graph after the rules.
  LogicalResult finish(const Graph &g, const RewriteOptions &rewrite, Diagnostics &diags);

  void attempted(const Rule &r, const Node &anchor, MatchOutcome outcome, const NearMiss &miss,
                 uint64_t nanos) override;
  void applied(const Application &a) override;
  void rejected(const Rule &r, const Node &anchor, const std::string &why, uint64_t nanos) override;

  const std::vector<AppliedRule> &applications() const { return done; }
  const RuleProfile &profileOf(const Rule &r) const { return profiles[r.fileOrder]; }
  /// Of all rules of the name; a rule `for` several ops is several.
  uint64_t firedOf(std::string_view name) const;

private:
  struct Expectation {
    std::string rule, op;
    uint64_t count;
  };
  struct Span {
    const Rule *rule;
    std::string name;
    uint64_t start, nanos;
    const char *what;
  };
  struct Dropped {
    const Rule *rule;
    std::string anchor, why;
  };
  const RuleSet rules;
  const MonitorOptions &options;
  llvm::raw_ostream *log;
  std::optional<llvm::Regex> passRegex, missedRegex, analysisRegex;
  std::vector<Expectation> expectations;
  std::vector<std::pair<std::string, uint64_t>> frozenCounts;
  std::vector<AppliedRule> done;
  std::vector<Dropped> dropped;
  std::vector<RuleProfile> profiles; // by fileOrder
  std::vector<Span> spans;

  LogicalResult parseExpectations(Diagnostics &diags);
  LogicalResult readFrozen(Diagnostics &diags);
  LogicalResult checkCounts(const Graph &g, const RewriteOptions &rewrite, Diagnostics &diags);
  void remarkAnalysis();
  LogicalResult writeFiles(const Graph &g, Diagnostics &diags);
  std::string reportJson() const;
  std::string reportYaml() const;
  std::string traceJson() const;
  std::string profileTable() const;
};

} // namespace wnnx::pat
