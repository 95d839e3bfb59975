// SPDX-License-Identifier: Apache-2.0
//
// A rule's content as a hash: equal for rules that do the same by the same words, whatever their
// names, comments and places.
#pragma once

#include "wnnx/Pattern/Program.h"

namespace wnnx::verify {

/// 64 hex digits; empty for rules that call a plugin, whose content is not known.
std::string fingerprint(const pat::Rule &rule);

} // namespace wnnx::verify
