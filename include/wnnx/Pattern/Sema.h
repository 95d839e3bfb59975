// SPDX-License-Identifier: Apache-2.0
//
// Resolves names, checks ops, attributes, operands and types against the schema, expands fragments
// and functions: syntax trees in, checked rules out. Reports everything it finds.
#pragma once

#include "wnnx/Pattern/Program.h"
#include "wnnx/Support/Diagnostics.h"

namespace wnnx::pat {

/// Checks files that were parsed without errors, imported ones first. The trees and the texts must
/// outlive the program. Errors are in `diags`; wrong rules are left out.
Program checkFiles(std::vector<const ast::File *> files, Diagnostics &diags);

} // namespace wnnx::pat
