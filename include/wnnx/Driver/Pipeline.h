// SPDX-License-Identifier: Apache-2.0
//
// What happens to a graph between reading and writing: passes and rules, in an order that the user
// may give.
#pragma once

#include "wnnx/Driver/RuleChecks.h"
#include "wnnx/IR/Graph.h"
#include "wnnx/Pattern/Interface.h"
#include "wnnx/Pattern/Rules.h"
#include "wnnx/RuleTools/Monitor.h"
#include "wnnx/Support/Diagnostics.h"

#include "llvm/Support/raw_ostream.h"

#include <optional>
#include <string>
#include <vector>

namespace wnnx {

struct PipelineOptions {
  /// Names of passes; `rules` stands for the rules, `simplify` for the simplifying passes until
  /// nothing changes. Rules that have no place in the list run first.
  std::vector<std::string> passes;
  /// Rule files.
  std::vector<std::string> rules;
  /// `--interface`: edits of inputs and outputs, in the language of interface blocks.
  std::vector<std::string> interface;
  /// After which passes the graph is printed to `log`; "all" for all.
  std::vector<std::string> printAfter;
  bool verifyEach = false;
  RuleCheckOptions ruleChecks;
  /// `--allow=`: equality classes, names of rules, `interface`; empty for the default.
  std::vector<std::string> allow;
  /// `--schedule`: which schedule of the rules runs; see RewriteOptions.
  std::string schedule;
  bool locations = false; // in what is printed
  /// What is said of the rules, to `log`: nothing; those that fired; how many others there are,
  /// too; or all of them.
  enum Report { None, Summary, Full, All } report = None;
  llvm::raw_ostream *log = nullptr;
  pat::MonitorOptions monitor; // remarks, expectations, profiles
};

/// The passes that make a graph ready for code: simplify, rules, simplify again.
std::vector<std::string> defaultPasses();

struct LoadedRules {
  std::optional<pat::RuleSet> rules; // nothing when no files are given
  std::string text;                  // of all files read, with what they import
  pat::EqPolicy policy;              // what `--allow` admits
  /// Of rule files, then of the command line; `editInterface` makes them and empties the list.
  std::vector<pat::InterfaceEdit> interface;
  pat::InputRanges ranges; // what edits say of inputs
};
/// Reads the rule files; the result refers to texts that `diags` holds.
FailureOr<LoadedRules> loadPipelineRules(const PipelineOptions &options, Diagnostics &diags);

/// Makes the edits of the interface, if they have not been made, and reports them.
LogicalResult editInterface(Graph &graph, const PipelineOptions &options, LoadedRules &rules,
                            Diagnostics &diags);

/// Edits the interface if that has not been done, and runs the passes in order. Afterwards all
/// values have names.
LogicalResult runPipeline(Graph &graph, const PipelineOptions &options, const LoadedRules &rules,
                          Diagnostics &diags);

/// Checks names of passes, for options; reports unknown ones.
LogicalResult checkPassNames(llvm::ArrayRef<std::string> names, std::string_view option,
                             Diagnostics &diags);

} // namespace wnnx
