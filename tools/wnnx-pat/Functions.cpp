// SPDX-License-Identifier: Apache-2.0
//
// wnnx-pat functions: the built-in functions of the rule language, by topic; with --markdown the
// reference in docs/rule-functions.md.
#include "Commands.h"

#include "wnnx/Pattern/Types.h"
#include "wnnx/Support/Diagnostics.h"
#include "llvm/Support/raw_ostream.h"

namespace wnnx::cmd {

static void printMarkdown() {
  llvm::outs()
      << "# Functions of the rule language\n\n"
         "Made by `wnnx-pat functions --markdown`; do not edit.\n\n"
         "Types of arguments: `value` is a value of the graph, `tensor` a compile-time "
         "tensor (a constant of the\ngraph will do), `shaped` either of them; `arith` is a "
         "number or a tensor, and `same` the type that these\nhave together; `ints`, "
         "`tensors` and `list` are lists. What is marked `?` may be left out. `f(a, b)` "
         "may be\nwritten `a.f(b)`, and arguments may be named.\n";
  std::string_view title;
  for (const pat::BuiltinInfo &b : pat::allBuiltins()) {
    if (title != pat::builtinGroupTitle(b.group)) {
      title = pat::builtinGroupTitle(b.group);
      llvm::outs() << "\n## " << title << "\n\n| Function | What it gives |\n|---|---|\n";
    }
    std::string doc;
    for (char c : b.doc)
      doc += c == '|' ? "\\|" : std::string(1, c);
    llvm::outs() << "| `" << b.signature << "` | " << doc << " |\n";
  }
}

int functions(const Args &args) {
  if (args.size() == 1 && args[0] == "--markdown") {
    printMarkdown();
    return 0;
  }
  std::vector<std::string_view> known;
  for (const pat::BuiltinInfo &b : pat::allBuiltins())
    known.push_back(b.name);
  for (const std::string &name : args) {
    const pat::BuiltinInfo *b = pat::lookupBuiltin(name);
    if (!b)
      return usage("there is no function `" + name + "`" + didYouMean(name, known));
    llvm::outs() << b->signature << "\n  " << b->doc << "\n";
  }
  if (!args.empty())
    return 0;
  std::string_view title;
  for (const pat::BuiltinInfo &b : pat::allBuiltins()) {
    if (title != pat::builtinGroupTitle(b.group)) {
      llvm::outs() << (title.empty() ? "" : "\n") << pat::builtinGroupTitle(b.group) << "\n\n";
      title = pat::builtinGroupTitle(b.group);
    }
    llvm::outs() << b.signature << "\n  " << b.doc << "\n";
  }
  return 0;
}

} // namespace wnnx::cmd
