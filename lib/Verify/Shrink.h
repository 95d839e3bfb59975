// SPDX-License-Identifier: Apache-2.0
//
// Makes counterexamples small and writes them down.
#pragma once

#include "Check.h"
#include "wnnx/Verify/Verify.h"

namespace wnnx::verify {

/// The smallest instance found by taking decisions simpler, one by one, that still fails in the
/// same way; `steps` limits how many are tried.
Counterexample smallest(const pat::Rule &rule, const Generator &generator,
                        const pat::RewriteOptions &options, Trace failing, Finding::Kind kind,
                        uint64_t seed, unsigned steps);

} // namespace wnnx::verify
