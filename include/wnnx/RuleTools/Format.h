// SPDX-License-Identifier: Apache-2.0
//
// The one layout of rule files. Comments and blank lines stay, lines are at most 100 columns where
// that is possible, and formatting what is formatted changes nothing.
#pragma once

#include "wnnx/Support/Diagnostics.h"

#include <string>

namespace wnnx::pat {

/// The text in the one layout. Fails, with the syntax errors reported, when the file cannot be
/// parsed. What comes back has the same tokens and comments.
FailureOr<std::string> formatRules(const SourceFile &file, Diagnostics &diags);

} // namespace wnnx::pat
