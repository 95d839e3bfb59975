// SPDX-License-Identifier: Apache-2.0
//
// How the matcher calls a value in its reasons.
#pragma once

#include "wnnx/Pattern/Matcher.h"

namespace wnnx::pat {

inline std::string show(const Value *v) {
  if (!v)
    return "nothing";
  // Rewrites leave the values that they make without names.
  std::string s = v->name().empty() ? "a new value" : "%" + v->name();
  return v->node() ? s + " (" + std::string(opName(v->node()->kind())) + ")" : s + " (input)";
}

} // namespace wnnx::pat
