// SPDX-License-Identifier: Apache-2.0
//
// wnnx-pat functions: the built-in functions of the rule language.
#include "Commands.h"

#include "wnnx/Pattern/Types.h"
#include "llvm/Support/raw_ostream.h"

namespace wnnx::cmd {

int functions(const Args &args) {
  if (unknownOption(args))
    return 2;
  if (!args.empty())
    return usage("`functions` takes no arguments");
  for (const pat::BuiltinInfo &b : pat::allBuiltins())
    llvm::outs() << b.signature << "\n  " << b.doc << "\n";
  return 0;
}

} // namespace wnnx::cmd
