// SPDX-License-Identifier: Apache-2.0
//
// Finds the application of a rule that makes results wrong.
#pragma once

#include "wnnx/RuleTools/Monitor.h"

namespace wnnx::pat {

struct BisectResult {
  uint64_t applications = 0; // without a limit
  /// The first application with which results are wrong, from 1; 0 when they are right with all.
  uint64_t guilty = 0;
  AppliedRule application; // the guilty one
  std::string before;      // the matched nodes as text, before it
  unsigned runs = 0;
};

/// `good` says whether a graph gives the right results. Fails, having said why, when the results
/// are wrong even without rules.
FailureOr<BisectResult> bisectRules(const Graph &g, const RuleSet &rules,
                                    const RewriteOptions &rewrite,
                                    llvm::function_ref<bool(const Graph &)> good,
                                    Diagnostics &diags);

} // namespace wnnx::pat
