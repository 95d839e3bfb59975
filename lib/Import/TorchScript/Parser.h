// SPDX-License-Identifier: Apache-2.0
//
// Parses one TorchScript source file: the subset of Python that PyTorch prints.
#pragma once

#include "Ast.h"

#include "wnnx/Support/Diagnostics.h"

namespace wnnx::ts {

/// Null after errors. `file` must outlive the result.
std::unique_ptr<Module> parseModule(const SourceFile &file, Diagnostics &diags);

} // namespace wnnx::ts
