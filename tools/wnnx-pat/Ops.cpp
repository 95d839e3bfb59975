// SPDX-License-Identifier: Apache-2.0
//
// wnnx-pat ops: the schema of the ops.
#include "Commands.h"

#include "fmt/format.h"
#include "wnnx/Pattern/Types.h"
#include "wnnx/Support/Diagnostics.h"
#include "llvm/Support/raw_ostream.h"

namespace wnnx::cmd {

int ops(const Args &names) {
  if (unknownOption(names))
    return 2;
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

} // namespace wnnx::cmd
