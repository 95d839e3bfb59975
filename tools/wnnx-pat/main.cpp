// SPDX-License-Identifier: Apache-2.0
//
// wnnx-pat: the workbench for rule files. A thin front of lib/Pattern.
#include "wnnx/Pattern/Rules.h"
#include "wnnx/Pattern/Types.h"

#include "fmt/format.h"
#include "llvm/Support/raw_ostream.h"

#include <string>
#include <vector>

using namespace wnnx;

static constexpr const char *help = R"(usage: wnnx-pat COMMAND [ARGUMENTS]

Checks and tests rule files (.pat), which say how graphs are rewritten.

commands:
  check FILE...      report everything that is wrong with the files; says nothing else but a count
  test FILE...       run the `test` blocks of the files and of what they import
  ops [NAME...]      the ops that rules can speak of, or the full schema of those named
  functions          the built-in functions of the rule language
  --help             this text

exit status: 0 when all is well, 1 when something is wrong, 2 for a wrong command line
)";

static int usage(const std::string &message) {
  llvm::errs() << "wnnx-pat: " << message << "\n" << "try `wnnx-pat --help`\n";
  return 2;
}

static int check(const std::vector<std::string> &files) {
  Diagnostics diags;
  FailureOr<pat::RuleSet> rules = pat::loadRules(files, diags);
  llvm::errs() << diags.render();
  if (failed(rules))
    return 1;
  llvm::outs() << fmt::format("{} {}\n", rules->size(), rules->size() == 1 ? "rule" : "rules");
  return 0;
}

static int test(const std::vector<std::string> &files) {
  Diagnostics diags;
  FailureOr<pat::RuleSet> rules = pat::loadRules(files, diags);
  FailureOr<std::vector<pat::RuleTestResult>> results = failure();
  if (succeeded(rules))
    results = pat::runRuleTests(*rules, diags);
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

static int ops(const std::vector<std::string> &names) {
  if (names.empty()) {
    for (const OpInfo &op : allOps())
      llvm::outs() << op.schema() << "\n";
    return 0;
  }
  int status = 0;
  for (const std::string &name : names) {
    const OpInfo *op = lookupOp(name);
    if (!op) {
      llvm::errs() << fmt::format("wnnx-pat: unknown op `{}`{}\n", name,
                                  didYouMean(name, opNames()));
      status = 1;
      continue;
    }
    llvm::outs() << op->schema() << "\n  " << op->doc << "\n";
    for (const OperandInfo &o : op->operands)
      llvm::outs() << fmt::format("  {}: {}\n", o.name, o.doc);
    for (const AttrInfo &a : op->attrs)
      llvm::outs() << fmt::format("  {}: {}\n", a.name, a.doc);
    std::string traits;
    for (std::string_view t : pat::traitNames()) {
      if (op->has(pat::traitByName(t)))
        traits += (traits.empty() ? "" : ", ") + std::string(t);
    }
    if (!traits.empty())
      llvm::outs() << "  traits: " << traits << "\n";
  }
  return status;
}

static int functions() {
  for (const pat::BuiltinInfo &b : pat::allBuiltins())
    llvm::outs() << b.signature << "\n  " << b.doc << "\n";
  return 0;
}

int main(int argc, char **argv) {
  std::vector<std::string> args(argv + 1, argv + argc);
  if (args.empty())
    return usage("a command is missing");
  std::string command = args[0];
  args.erase(args.begin());
  if (command == "--help" || command == "-h" || command == "help") {
    llvm::outs() << help;
    return 0;
  }
  for (const std::string &a : args) {
    if (a == "--help" || a == "-h") {
      llvm::outs() << help;
      return 0;
    }
    if (a.size() > 1 && a[0] == '-')
      return usage("unknown option `" + a + "`");
  }
  if (command == "ops")
    return ops(args);
  if (command == "functions")
    return functions();
  if (command != "check" && command != "test")
    return usage("unknown command `" + command + "`" +
                 didYouMean(command, {"check", "test", "ops", "functions"}));
  if (args.empty())
    return usage("`" + command + "` needs rule files");
  return command == "check" ? check(args) : test(args);
}
