// SPDX-License-Identifier: Apache-2.0
//
// How far rules are trusted, the same for all tools that apply them: tested when they are loaded,
// and, when asked for, at each place where they are applied.
#pragma once

#include "wnnx/Driver/Tool.h"

namespace wnnx {

struct RuleCheckOptions {
  bool skipVerify = false;       // --no-verify-rules
  bool validateRewrites = false; // --validate-rewrites
};

void addRuleCheckOptions(CommandLine &line, RuleCheckOptions &to);

} // namespace wnnx
