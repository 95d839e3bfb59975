// SPDX-License-Identifier: Apache-2.0
//
// wnnx-pat lsp: the language server on standard input and output.
#include "Commands.h"
#include "wnnx/RuleTools/LanguageServer.h"

#include <unistd.h>

namespace wnnx::cmd {

int lsp(const Args &args) {
  // Editors pass `--stdio` to servers; there is no other way here.
  for (const std::string &a : args) {
    if (a != "--stdio")
      return usage("`lsp` takes no argument but `--stdio`");
  }
  return pat::serveLanguage(
      [](char *to, size_t size) {
        ssize_t n = ::read(STDIN_FILENO, to, size);
        return n > 0 ? size_t(n) : 0;
      },
      llvm::outs(), llvm::errs());
}

} // namespace wnnx::cmd
