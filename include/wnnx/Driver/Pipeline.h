// SPDX-License-Identifier: Apache-2.0
//
// What happens to a graph between reading and writing: passes and rules, in an order that the user
// may give.
#pragma once

#include "wnnx/IR/Graph.h"
#include "wnnx/Support/Diagnostics.h"

#include "llvm/Support/raw_ostream.h"

#include <string>
#include <vector>

namespace wnnx {

struct PipelineOptions {
  /// Names of passes; `rules` stands for the rules. Empty: the default of the tool.
  std::vector<std::string> passes;
  /// Rule files, in the order in which they are tried.
  std::vector<std::string> rules;
  /// After which passes the graph is printed to `log`; "all" for all.
  std::vector<std::string> printAfter;
  bool verifyEach = false;
  bool locations = false; // in what is printed
  llvm::raw_ostream *log = nullptr;
};

/// The passes that make a graph ready for code: simplify, rules, simplify again.
std::vector<std::string> defaultPasses();

/// Runs the passes in order. Rules that are given but have no place in the list run first.
LogicalResult runPipeline(Graph &graph, const PipelineOptions &options, Diagnostics &diags);

/// Checks names of passes, for options; reports unknown ones.
LogicalResult checkPassNames(llvm::ArrayRef<std::string> names, std::string_view option,
                             Diagnostics &diags);

} // namespace wnnx
