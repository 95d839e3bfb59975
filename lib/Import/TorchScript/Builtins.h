// SPDX-License-Identifier: Apache-2.0
//
// Operators that work on Python values (numbers, strings, lists, dicts), and questions about
// tensors that are answered at once (shapes, dtypes, devices).
#pragma once

#include "Evaluator.h"

namespace wnnx::ts {

/// Nothing when the name, or the kinds of the arguments, are not of this sort.
std::optional<Val> callBuiltin(Evaluator &ev, llvm::StringRef name, llvm::ArrayRef<Val> args,
                               KeywordArgs keywords);
/// `ops.prim.NAME`.
std::optional<Val> callPrim(Evaluator &ev, llvm::StringRef name, llvm::ArrayRef<Val> args);
/// `torch.NAME` on tensors that is answered without a node: size, dim, device, item...
std::optional<Val> callQuery(Evaluator &ev, llvm::StringRef name, llvm::ArrayRef<Val> args,
                             KeywordArgs keywords);
/// True when one of the above knows the name; for the report on unsupported operators.
bool isBuiltinName(llvm::StringRef name);

} // namespace wnnx::ts
