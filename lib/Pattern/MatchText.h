// SPDX-License-Identifier: Apache-2.0
//
// How the matcher calls a value in its reasons.
#pragma once

#include "wnnx/Pattern/Matcher.h"

namespace wnnx::pat {

inline std::string show(const Value *v) {
  if (!v)
    return "nothing";
  std::string s = "%" + (v->name().empty() ? std::string("?") : v->name());
  return v->node() ? s + " (" + std::string(opName(v->node()->kind())) + ")" : s + " (input)";
}

} // namespace wnnx::pat
