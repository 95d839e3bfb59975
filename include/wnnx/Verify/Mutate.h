// SPDX-License-Identifier: Apache-2.0
//
// Tests verification itself: wrong variants of each rule, of which verification should find every
// one. A variant that passes marks a condition that nobody needs, or a hole in what is generated.
#pragma once

#include "wnnx/Verify/Verify.h"

namespace wnnx::verify {

struct MutationReport {
  struct Survivor {
    SourceRange range;
    std::string what;
    std::string kind; // "conditions", "sizes", "properties", ...
  };
  std::string rule, place;
  unsigned mutants = 0, killed = 0, vacuous = 0; // vacuous: the variant matches nothing
  std::vector<Survivor> survivors;
  std::map<std::string, unsigned> byKind; // mutants
};

/// Totals, and survivors by kind with how many there were of it; ends in a line end.
std::string summarize(llvm::ArrayRef<MutationReport> reports);

/// Rules are changed in place and back; nobody else may use them meanwhile.
std::vector<MutationReport> mutateRules(pat::RuleSet &rules, const VerifyOptions &options);

} // namespace wnnx::verify
