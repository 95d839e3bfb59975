// SPDX-License-Identifier: Apache-2.0
//
// One instance: the values before, the rewrite, the values after, compared as the rule's class
// promises.
#pragma once

#include "Generator.h"
#include "wnnx/Ops/Evaluate.h"

namespace wnnx::verify {

struct Finding {
  enum Kind {
    Holds,
    NothingToSay, // the rewrite did nothing, or all results are NaN
    Shapes,       // the right side cannot be built, or has other types
    Values,       // the results differ
  } kind = Holds;
  bool inField = false; // equal over the prime field too
  std::string message, left, right;
  std::string place = {}; // in the rule, when `message` is about one
  bool fails() const { return kind >= Shapes; }
};

/// Carries the rewrite out on the instance's graph. `options` must outlive the call and not have a
/// `beforeCommit`.
Finding checkInstance(const pat::Rule &rule, Instance &in, const pat::RewriteOptions &options,
                      uint64_t seed);

/// Compares numbers of two values of one type: the first difference beyond `tolerance` (absolute),
/// or -1. NaN on the left excuses everything unless `bits` are compared, and infinity does where
/// `overflows`.
int64_t firstDifference(const RefTensor<double> &a, const RefTensor<double> &b, double tolerance,
                        bool bits, bool overflows = false);

} // namespace wnnx::verify
