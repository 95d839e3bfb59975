// SPDX-License-Identifier: Apache-2.0
//
// Whether rules come to an end: declared measures must go down at each application, and rule sets
// are run on the graphs on which their rules fire. Rules that could feed each other are listed.
#pragma once

#include "wnnx/Verify/Verify.h"

namespace wnnx::verify {

struct TerminationReport {
  bool loops = false; // a measure does not go down, or rules were seen to run for ever
  std::string text;   // what was found, a line each; empty when there is nothing to say
  std::string cycles; // rules that could feed each other but were not seen to run for ever
};

TerminationReport checkTermination(const pat::RuleSet &rules, llvm::ArrayRef<RuleVerdict> verdicts,
                                   const VerifyOptions &options);

/// The measure of a graph.
int64_t measure(const Graph &g, const pat::Measure &m);

} // namespace wnnx::verify
