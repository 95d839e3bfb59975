// SPDX-License-Identifier: Apache-2.0
//
// wnnx-pat check: loads rule files and says what is wrong with them, to people or to programs.
#include "Commands.h"

#include "fmt/format.h"
#include "wnnx/Pattern/Rules.h"
#include "wnnx/Support/DiagnosticsJson.h"
#include "llvm/Support/raw_ostream.h"

namespace wnnx::cmd {

int check(const Args &args) {
  Args files;
  bool json = false;
  for (const std::string &a : args) {
    if (a == "--json")
      json = true;
    else
      files.push_back(a);
  }
  if (unknownOption(files))
    return 2;
  if (files.empty())
    return usage("`check` needs rule files");
  Diagnostics diags;
  FailureOr<pat::RuleSet> rules = pat::loadRules(files, diags);
  size_t count = failed(rules) ? 0 : rules->size();
  if (json) {
    llvm::outs() << fmt::format("{{\"version\":1,\"rules\":{},\"diagnostics\":{}}}\n", count,
                                diagnosticsJson(diags));
    return failed(rules);
  }
  llvm::errs() << diags.render();
  if (failed(rules))
    return 1;
  llvm::outs() << fmt::format("{} {}\n", count, count == 1 ? "rule" : "rules");
  return 0;
}

} // namespace wnnx::cmd
