// SPDX-License-Identifier: Apache-2.0
//
// wnnx-pat test: runs the `test` blocks of rule files.
#include "Commands.h"

#include "fmt/format.h"
#include "wnnx/Pattern/Rules.h"
#include "llvm/Support/raw_ostream.h"

namespace wnnx::cmd {

int test(const Args &args) {
  Args files;
  std::string rule;
  for (const std::string &a : args)
    if (llvm::StringRef s(a); s.consume_front("--rule="))
      rule = s.str();
    else
      files.push_back(a);
  if (unknownOption(files))
    return 2;
  if (files.empty())
    return usage("`test` needs rule files");
  Diagnostics diags;
  FailureOr<pat::RuleSet> rules = pat::loadRules(files, diags);
  if (failed(rules)) {
    llvm::errs() << diags.render();
    return 1;
  }
  if (!rule.empty() && unknownRule(*rules, rule))
    return 1;
  FailureOr<std::vector<pat::RuleTestResult>> results = pat::runRuleTests(*rules, diags, rule);
  llvm::errs() << diags.render();
  if (failed(results))
    return 1;
  size_t bad = 0;
  for (const pat::RuleTestResult &r : *results) {
    bad += !r.passed;
    if (!r.passed)
      llvm::outs() << fmt::format("{}: test \"{}\" failed: {}\n", r.place, r.name, r.why);
  }
  llvm::outs() << fmt::format("{} of {} tests passed\n", results->size() - bad, results->size());
  return bad ? 1 : 0;
}

} // namespace wnnx::cmd
