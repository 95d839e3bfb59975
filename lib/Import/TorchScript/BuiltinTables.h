// SPDX-License-Identifier: Apache-2.0
//
// The parts that Builtins.cpp puts together.
#pragma once

#include "Builtins.h"

#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/StringSwitch.h"

namespace wnnx::ts {

/// Arithmetic and comparison of Python numbers; comparison of anything for equality.
std::optional<Val> callMath(Evaluator &ev, llvm::StringRef name, llvm::ArrayRef<Val> args);
bool isMathName(llvm::StringRef name);
bool isQueryName(llvm::StringRef name);

} // namespace wnnx::ts
