// SPDX-License-Identifier: Apache-2.0
//
// Text of a rule file to its syntax tree. Recovers at `;` and `}` and reports every error of the
// file in one run; what could be read is returned even then. Nesting is limited, so that hostile
// text cannot exhaust the stack.
#pragma once

#include "wnnx/Pattern/Ast.h"
#include "wnnx/Support/Diagnostics.h"

namespace wnnx::pat {

/// Whether there were errors is seen in `diags`.
ast::File parseFile(const SourceFile &file, Diagnostics &diags);

/// The path of the file that `path` in an `import` of the file named `from` means.
std::string importPath(const std::string &from, const std::string &path);

} // namespace wnnx::pat
