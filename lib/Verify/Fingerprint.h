// SPDX-License-Identifier: Apache-2.0
//
// A rule's content as a hash: equal for rules that do the same by the same words, whatever their
// names, comments and places.
#pragma once

#include "wnnx/Pattern/Program.h"

namespace wnnx::verify {

/// 64 hex digits, that change with the rule and with the plugins that it calls; empty when the file
/// of such a plugin cannot be read.
std::string fingerprint(const pat::Rule &rule);

} // namespace wnnx::verify
