// SPDX-License-Identifier: Apache-2.0
//
// Temporary files, finished together, then renamed.
#include "wnnx/Driver/Outputs.h"

#include "wnnx/Support/ErrorText.h"

#include <algorithm>

namespace wnnx {

llvm::raw_ostream *Outputs::create(const std::string &path) {
  bool twice =
      std::any_of(files.begin(), files.end(), [&](const Pending &p) { return p.path == path; });
  if (twice) {
    diags.error(path, "cannot-write", "two outputs would be written to this file");
    return nullptr;
  }
  llvm::Expected<OutputFile> file = OutputFile::create(path);
  if (!file) {
    diags.error(path, "cannot-write", "cannot write: " + errorText(file.takeError()));
    return nullptr;
  }
  files.push_back({path, std::move(*file)});
  return &files.back().file.os();
}

LogicalResult Outputs::commit() {
  bool ok = true;
  auto check = [&](const std::string &path, llvm::Error e) {
    if (e) {
      diags.error(path, "cannot-write", "cannot write: " + errorText(std::move(e)));
      ok = false;
    }
  };
  for (Pending &p : files)
    check(p.path, p.file.finish());
  for (Pending &p : files) {
    if (ok)
      check(p.path, p.file.commit());
  }
  files.clear();
  return success(ok);
}

} // namespace wnnx
