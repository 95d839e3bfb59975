// SPDX-License-Identifier: Apache-2.0
//
// wnnx-pat doc: a page for each rule.
#include "Commands.h"
#include "Model.h"
#include "wnnx/Driver/Outputs.h"
#include "wnnx/RuleTools/RulePages.h"
#include "wnnx/Verify/Verify.h"

#include "fmt/format.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

namespace wnnx::cmd {

int doc(const Args &args) {
  Args files;
  std::string folder;
  bool check = true;
  for (size_t i = 0; i < args.size(); ++i) {
    if (args[i] == "-o" && i + 1 < args.size())
      folder = args[++i];
    else if (args[i] == "--no-verify-rules")
      check = false;
    else if (args[i].size() > 1 && args[i][0] == '-')
      return usage("`doc` has no option `" + args[i] + "`");
    else
      files.push_back(args[i]);
  }
  if (files.empty() || folder.empty())
    return usage("`doc` needs rule files and `-o FOLDER`");
  Diagnostics diags;
  auto verdict = [](const pat::RuleSet &, const pat::Rule &rule) -> std::string {
    verify::VerifyOptions options;
    options.shrink = false;
    verify::RuleVerdict v = verify::verifyRule(rule, options);
    switch (v.status) {
    case verify::RuleVerdict::Passed:
      return ::fmt::format("tested, not proven: equal on {} graphs", v.instances);
    case verify::RuleVerdict::Wrong:
      return "**wrong**: " + (v.counterexample ? v.counterexample->message : v.layer);
    case verify::RuleVerdict::Vacuous:
      return "not tested: no graph was found that it matches";
    }
    return "";
  };
  FailureOr<std::vector<pat::RulePage>> pages = makeRulePages(
      files,
      check ? std::function<std::string(const pat::RuleSet &, const pat::Rule &)>(verdict)
            : nullptr,
      diags);
  if (failed(pages))
    return finish(diags, failure());
  if (std::error_code ec = llvm::sys::fs::create_directories(folder)) {
    diags.error(folder, "cannot-write", "cannot make the folder: " + ec.message());
    return finish(diags, failure());
  }
  Outputs outputs(diags);
  for (const pat::RulePage &p : *pages) {
    llvm::SmallString<128> path(folder);
    llvm::sys::path::append(path, p.fileName);
    llvm::raw_ostream *os = outputs.create(std::string(path));
    if (!os)
      return finish(diags, failure());
    *os << p.text;
  }
  LogicalResult written = outputs.commit();
  if (written.succeeded())
    llvm::outs() << ::fmt::format("{} pages in {}\n", (pages->size() - 1) / 3 + 1, folder);
  return finish(diags, written);
}

} // namespace wnnx::cmd
