// SPDX-License-Identifier: Apache-2.0
//
// The version of the tools, as `--version` prints it and generated files name it.
#pragma once

namespace wnnx {
constexpr const char *versionString = "0.1.0";
} // namespace wnnx
