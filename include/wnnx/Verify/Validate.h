// SPDX-License-Identifier: Apache-2.0
//
// Checks each application of a rule on the model itself: what is replaced and what replaces it are
// run on random inputs with the model's weights before the rewrite is carried out.
#pragma once

#include "wnnx/Pattern/Rewriter.h"
#include "wnnx/Support/Diagnostics.h"

namespace wnnx::verify {

class RewriteValidator {
  Diagnostics &diags;
  uint64_t seed;
  const pat::InputRanges *ranges = nullptr; // what is assumed of the graph's inputs

public:
  uint64_t checked = 0, skipped = 0; // skipped: rules that say they change results

  explicit RewriteValidator(Diagnostics &d, uint64_t s = 1) : diags(d), seed(s) {}
  /// For `RewriteOptions::beforeCommit`: false, and an error in the diagnostics, when the results
  /// differ.
  bool check(const pat::PendingRewrite &p, std::string &why);
  /// Sets the hook; this object and the options must outlive the run.
  void attach(pat::RewriteOptions &options) {
    ranges = &options.inputRanges;
    options.beforeCommit = [this](const pat::PendingRewrite &p, std::string &why) {
      return check(p, why);
    };
  }
};

} // namespace wnnx::verify
