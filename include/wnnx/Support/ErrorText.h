// SPDX-License-Identifier: Apache-2.0
//
// The text of an error of the world, for a message that names the file itself.
#pragma once

#include "llvm/Support/Error.h"

#include <string>

namespace wnnx {

/// Consumes the error; a leading file name is left out: "no such file or directory".
std::string errorText(llvm::Error error);

} // namespace wnnx
