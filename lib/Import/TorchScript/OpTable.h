// SPDX-License-Identifier: Apache-2.0
//
// `OpMap.def` as data: which handler lowers which operator.
#pragma once

#include "llvm/ADT/StringRef.h"

#include <string>
#include <vector>

namespace wnnx::ts {

struct Val;
class OpCall;
using Handler = Val (*)(OpCall &);

/// Null when the operator is not in the table. An in-place `foo_` is found as `foo`.
Handler handlerOf(llvm::StringRef op);
/// In the order of the table.
const std::vector<std::string> &supportedOps();

} // namespace wnnx::ts
