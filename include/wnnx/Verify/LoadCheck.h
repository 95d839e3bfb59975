// SPDX-License-Identifier: Apache-2.0
//
// The quick test that rules pass before they touch a model. Rules that passed are remembered by
// their content, so that the same rule is tested once per machine.
#pragma once

#include "wnnx/Verify/Verify.h"

namespace wnnx::verify {

struct LoadCheckOptions {
  unsigned instances = 24;
  /// File that remembers; empty for none.
  std::string cache;
};

/// A file in the user's folder for caches; empty when there is none.
std::string defaultVerdictCache();

/// Reports each rule that is wrong, with a counterexample, as an error. Rules for which no instance
/// was found are reported as warnings. Rules that are off or that `mayRun` refuses are not looked
/// at.
LogicalResult checkLoadedRules(const pat::RuleSet &rules, const LoadCheckOptions &options,
                               const std::function<bool(const pat::Rule &)> &mayRun,
                               Diagnostics &diags);

} // namespace wnnx::verify
