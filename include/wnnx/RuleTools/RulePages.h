// SPDX-License-Identifier: Apache-2.0
//
// Pages about rules for their readers: text from `///` comments, both sides drawn, conditions,
// tests, and what verification says.
#pragma once

#include "wnnx/Pattern/Program.h"
#include "wnnx/Pattern/Rules.h"

#include <functional>
#include <string>
#include <vector>

namespace wnnx::pat {

struct RulePage {
  std::string fileName; // "conv_bn.md", "conv_bn.left.svg", "index.md"
  std::string text;
};

/// One page and two drawings for each rule of the named files (not of what they import), and an
/// index. `verdict`, when set, says what verification found of a rule.
FailureOr<std::vector<RulePage>>
makeRulePages(const std::vector<std::string> &files,
              const std::function<std::string(const RuleSet &, const Rule &)> &verdict,
              Diagnostics &diags);

} // namespace wnnx::pat
