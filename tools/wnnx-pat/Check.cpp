// SPDX-License-Identifier: Apache-2.0
//
// wnnx-pat check: loads rule files and says what is wrong with them.
#include "Commands.h"

#include "fmt/format.h"
#include "wnnx/Pattern/Rules.h"
#include "llvm/Support/raw_ostream.h"

namespace wnnx::cmd {

int check(const Args &files) {
  if (unknownOption(files))
    return 2;
  if (files.empty())
    return usage("`check` needs rule files");
  Diagnostics diags;
  FailureOr<pat::RuleSet> rules = pat::loadRules(files, diags);
  llvm::errs() << diags.render();
  if (failed(rules))
    return 1;
  llvm::outs() << fmt::format("{} {}\n", rules->size(), rules->size() == 1 ? "rule" : "rules");
  return 0;
}

} // namespace wnnx::cmd
