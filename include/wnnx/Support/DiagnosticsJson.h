// SPDX-License-Identifier: Apache-2.0
//
// Messages for programs.
#pragma once

#include "wnnx/Support/Diagnostics.h"

namespace wnnx {

/// "error", "warning"...
const char *severityName(Severity s);

/// A JSON array of all messages, in order. Lines and columns count from 1, columns and offsets in
/// bytes; `fixes` are to be made together, from the last to the first.
std::string diagnosticsJson(const Diagnostics &diags);

} // namespace wnnx
