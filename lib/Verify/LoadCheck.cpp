// SPDX-License-Identifier: Apache-2.0
//
// The cache is a text file with the hash of one rule in each line. Lines are appended in one write,
// and what cannot be read or written is as if it were not there.
#include "wnnx/Verify/LoadCheck.h"

#include "Fingerprint.h"

#include "fmt/format.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

namespace wnnx::verify {

/// Changes whenever more is tested: what passed before may not pass now.
static constexpr const char *verifierVersion = "2";
static constexpr uint64_t maxCacheBytes = 1 << 20;

std::string defaultVerdictCache() {
  llvm::SmallString<128> path;
  if (!llvm::sys::path::cache_directory(path))
    return "";
  llvm::sys::path::append(path, "wnnxc", std::string("verified-rules-") + verifierVersion);
  return path.str().str();
}

static llvm::StringSet<> readCache(const std::string &path) {
  llvm::StringSet<> known;
  if (path.empty())
    return known;
  auto buffer = llvm::MemoryBuffer::getFile(path);
  if (!buffer || (*buffer)->getBufferSize() > maxCacheBytes)
    return known;
  llvm::SmallVector<llvm::StringRef, 64> lines;
  (*buffer)->getBuffer().split(lines, '\n', -1, false);
  for (llvm::StringRef l : lines)
    known.insert(l);
  return known;
}

static void appendCache(const std::string &path, const std::string &lines) {
  if (path.empty() || lines.empty())
    return;
  llvm::sys::fs::create_directories(llvm::sys::path::parent_path(path));
  uint64_t size = 0;
  bool tooLarge = !llvm::sys::fs::file_size(path, size) && size > maxCacheBytes / 2;
  std::error_code error;
  llvm::raw_fd_ostream os(
      path, error, tooLarge ? llvm::sys::fs::CD_CreateAlways : llvm::sys::fs::CD_OpenAlways,
      llvm::sys::fs::FA_Write, tooLarge ? llvm::sys::fs::OF_None : llvm::sys::fs::OF_Append);
  if (error)
    return;
  os << lines;
  os.close();
  os.clear_error();
}

static void reportWrong(const pat::Rule &r, const RuleVerdict &v, Diagnostics &diags) {
  const Counterexample &c = *v.counterexample;
  DiagnosticBuilder error =
      diags.error(r.range, "pat-wrong",
                  fmt::format("rule `{}` (class {}) is wrong: {}", r.name, v.eqClass,
                              c.place.empty() ? c.message : "its right side does not fit"));
  if (!c.place.empty())
    (void)std::move(error).note(c.place, c.message);
  std::string shown = "the smallest inputs found, and a test that fails until the rule is right\n" +
                      c.instance + c.test;
  while (!shown.empty() && shown.back() == '\n')
    shown.pop_back();
  std::move(error).note(std::string(), shown).hint("`--no-verify-rules` applies it all the same");
}

LogicalResult checkLoadedRules(const pat::RuleSet &rules, const LoadCheckOptions &options,
                               const std::function<bool(const pat::Rule &)> &mayRun,
                               Diagnostics &diags) {
  llvm::StringSet<> known = readCache(options.cache);
  std::string passed;
  bool ok = true;
  for (const auto &r : rules.program().rules) {
    if (r->off || !mayRun(*r))
      continue;
    std::string hash = fingerprint(*r);
    if (!hash.empty() && known.contains(hash))
      continue;
    VerifyOptions verify;
    verify.instances = options.instances;
    verify.patience = 400;
    RuleVerdict v = verifyRule(*r, verify);
    switch (v.status) {
    case RuleVerdict::Passed:
      if (!hash.empty())
        passed += hash + "\n";
      known.insert(hash);
      break;
    case RuleVerdict::Wrong:
      ok = false;
      reportWrong(*r, v, diags);
      break;
    case RuleVerdict::Vacuous:
      diags
          .warning(r->range, "pat-untested",
                   fmt::format("rule `{}` was not tested: no graph was found that it matches{}",
                               r->name, v.why.empty() ? "" : " (" + v.why + ")"))
          .hint("`verify { ... }` in the rule can say which sizes to try");
      break;
    }
  }
  appendCache(options.cache, passed);
  return success(ok);
}

} // namespace wnnx::verify
