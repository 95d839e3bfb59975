// SPDX-License-Identifier: Apache-2.0
//
// wnnx-pat verify: tests rules on graphs made from their left sides, and with `--mutate` tests
// that.
#include "Commands.h"

#include "wnnx/Support/Diagnostics.h"
#include "wnnx/Support/ErrorText.h"
#include "wnnx/Support/OutputFile.h"
#include "wnnx/Verify/Mutate.h"
#include "wnnx/Verify/Overlaps.h"
#include "wnnx/Verify/Termination.h"

#include "fmt/format.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

namespace wnnx::cmd {

namespace {
struct Request {
  Args files;
  verify::VerifyOptions options;
  std::string rule, save;
  bool coverage = false, json = false, mutate = false, overlaps = false;
};

/// Negative when all is well, else the exit status.
int parse(const Args &args, Request &r) {
  for (const std::string &a : args) {
    llvm::StringRef s(a);
    auto number = [&](auto &to) { return !s.getAsInteger(10, to); };
    bool ok = true;
    if (s.consume_front("--rule="))
      r.rule = s.str();
    else if (s.consume_front("--save="))
      r.save = s.str();
    else if (s.consume_front("--instances="))
      ok = number(r.options.instances) && r.options.instances > 0 && r.options.instances <= 1000000;
    else if (s.consume_front("--seed="))
      ok = number(r.options.seed);
    else if (s.consume_front("--jobs="))
      ok = number(r.options.jobs) && r.options.jobs > 0 && r.options.jobs <= 256;
    else if (s == "--coverage")
      r.coverage = true;
    else if (s == "--json")
      r.json = true;
    else if (s == "--mutate")
      r.mutate = true;
    else if (s == "--overlaps")
      r.overlaps = true;
    else if (s.starts_with("--"))
      return usage("unknown option `" + a + "` of `verify`");
    else
      r.files.push_back(a);
    if (!ok)
      return usage("`" + a + "` needs a positive number");
  }
  return r.files.empty() ? usage("`verify` needs rule files") : -1;
}

int mutate(pat::RuleSet &rules, const verify::VerifyOptions &options) {
  std::vector<verify::MutationReport> reports = verify::mutateRules(rules, options);
  for (const verify::MutationReport &r : reports) {
    for (const auto &s : r.survivors)
      llvm::outs() << fmt::format("{}: {}: survives: {}\n", s.range.str(), r.rule, s.what);
  }
  llvm::outs() << verify::summarize(reports);
  return 0;
}

/// How a file in `folder` names `path`; both are absolute. Relative where they have a folder in
/// common, so that both can be moved together.
std::string importPath(llvm::StringRef folder, llvm::StringRef path) {
  llvm::SmallString<128> from(folder), to(path);
  llvm::sys::path::remove_dots(from, true);
  llvm::sys::path::remove_dots(to, true);
  auto f = llvm::sys::path::begin(from), fEnd = llvm::sys::path::end(from);
  auto t = llvm::sys::path::begin(to), tEnd = llvm::sys::path::end(to);
  unsigned common = 0;
  for (; f != fEnd && t != tEnd && *f == *t; ++f, ++t)
    ++common;
  if (common < 2) // nothing but the root
    return to.str().str();
  std::string out;
  for (; f != fEnd; ++f)
    out += "../";
  for (; t != tEnd; ++t)
    out += (out.empty() || out.back() == '/' ? "" : "/") + t->str();
  return out;
}

/// A rule file with the counterexamples as tests, importing the files that were verified.
bool save(const Request &r, llvm::ArrayRef<verify::RuleVerdict> verdicts) {
  std::string text = "// Counterexamples found by wnnx-pat verify.\npat 1;\n";
  llvm::SmallString<128> saved(r.save);
  llvm::sys::fs::make_absolute(saved);
  for (const std::string &f : r.files) {
    llvm::SmallString<128> path(f);
    llvm::sys::fs::make_absolute(path);
    std::string shown = importPath(llvm::sys::path::parent_path(saved), path);
    text += fmt::format("import {};\n", quote(shown));
  }
  for (const verify::RuleVerdict &v : verdicts) {
    if (v.counterexample)
      text += "\n" + v.counterexample->test;
  }
  if (llvm::Error e = writeWholeFile(r.save, text)) {
    llvm::errs() << "wnnx-pat: " << r.save << ": " << errorText(std::move(e)) << "\n";
    return false;
  }
  llvm::outs() << "saved: " << r.save << "\n";
  return true;
}
} // namespace

int verify(const Args &args) {
  Request r;
  if (int code = parse(args, r); code >= 0)
    return code;
  Diagnostics diags;
  FailureOr<pat::RuleSet> rules = pat::loadRules(r.files, diags);
  if (failed(rules)) {
    llvm::errs() << diags.render();
    return 1;
  }
  if (!r.rule.empty()) {
    if (unknownRule(*rules, r.rule))
      return 1;
    r.options.only = [&](std::string_view name) { return name == r.rule; };
  }
  if (r.mutate)
    return mutate(*rules, r.options);
  std::vector<verify::RuleVerdict> verdicts = verify::verifyRules(*rules, r.options);
  unsigned bad = 0;
  for (const verify::RuleVerdict &v : verdicts)
    bad += v.status != verify::RuleVerdict::Passed;
  verify::TerminationReport loops = r.rule.empty()
                                        ? verify::checkTermination(*rules, verdicts, r.options)
                                        : verify::TerminationReport();
  if (r.json) {
    verify::OverlapReport overlaps;
    if (r.overlaps)
      overlaps = verify::findOverlaps(*rules, r.options);
    llvm::outs() << verify::describeJson(verdicts, loops.text, r.overlaps ? &overlaps : nullptr);
  } else {
    for (const verify::RuleVerdict &v : verdicts)
      llvm::outs() << verify::describe(v, r.coverage);
    llvm::outs() << loops.text;
    if (r.coverage)
      llvm::outs() << loops.cycles;
    if (r.overlaps)
      llvm::outs() << verify::describe(verify::findOverlaps(*rules, r.options), r.coverage);
    llvm::outs() << fmt::format("{} of {} rules passed{}; tested, not proven\n",
                                verdicts.size() - bad, verdicts.size(),
                                loops.loops ? ", but some may not end" : "");
  }
  if (!r.save.empty() && bad && !save(r, verdicts))
    return 1;
  return bad || loops.loops ? 1 : 0;
}

} // namespace wnnx::cmd
