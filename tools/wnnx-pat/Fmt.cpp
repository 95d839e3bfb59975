// SPDX-License-Identifier: Apache-2.0
//
// wnnx-pat fmt: lays rule files out.
#include "Commands.h"
#include "Model.h"
#include "wnnx/RuleTools/Format.h"
#include "wnnx/Support/ErrorText.h"
#include "wnnx/Support/OutputFile.h"

#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

namespace wnnx::cmd {

int fmt(const Args &args) {
  bool inPlace = false, check = false;
  Args files;
  for (const std::string &a : args) {
    if (a == "-i")
      inPlace = true;
    else if (a == "--check")
      check = true;
    else if (a.size() > 1 && a[0] == '-')
      return usage("`fmt` has no option `" + a + "`");
    else
      files.push_back(a);
  }
  if (files.empty())
    return usage("`fmt` needs rule files, or `-` for standard input");
  if (inPlace && check)
    return usage("`-i` and `--check` exclude each other");
  bool ok = true, same = true;
  Diagnostics diags;
  for (const std::string &path : files) {
    auto buffer = llvm::MemoryBuffer::getFileOrSTDIN(path, /*IsText=*/true);
    if (!buffer) {
      diags.error(path, "cannot-read", "cannot read: " + buffer.getError().message());
      ok = false;
      continue;
    }
    constexpr size_t limit = size_t(16) << 20;
    if ((*buffer)->getBufferSize() > limit) {
      diags.error(path, "cannot-read", "too large for a rule file");
      ok = false;
      continue;
    }
    const SourceFile &file =
        diags.addFile(path == "-" ? "<stdin>" : path, (*buffer)->getBuffer().str());
    FailureOr<std::string> text = pat::formatRules(file, diags);
    if (failed(text)) {
      ok = false;
      continue;
    }
    bool changed = *text != file.text();
    if (check) {
      if (changed)
        llvm::outs() << file.name() << ": not formatted\n";
      same &= !changed;
    } else if (!inPlace || path == "-") {
      llvm::outs() << *text;
    } else if (changed) {
      if (llvm::Error e = writeWholeFile(path, *text)) {
        diags.error(path, "cannot-write", "cannot write: " + errorText(std::move(e)));
        ok = false;
      }
    }
  }
  int code = finish(diags, success(ok));
  return code == 0 && !same ? exitcode::failed : code;
}

} // namespace wnnx::cmd
