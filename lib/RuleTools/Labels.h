// SPDX-License-Identifier: Apache-2.0
//
// How reports on rules call values, ops and sizes.
#pragma once

#include "wnnx/IR/Graph.h"

#include "fmt/format.h"

#include <cmath>

namespace wnnx::pat {

/// "%y (relu)"
inline std::string label(const Value *v) {
  if (!v)
    return "nothing";
  std::string s = "%" + (v->name().empty() ? std::string("?") : v->name());
  return v->node() ? s + " (" + std::string(opName(v->node()->kind())) + ")" : s + " (input)";
}

/// 1234567 as "1.23 M"; exact below 1000.
inline std::string amount(double n, std::string_view unit) {
  const char *prefixes[] = {"", "k", "M", "G", "T"};
  double x = std::fabs(n);
  int p = 0;
  for (; x >= 1000 && p < 4; ++p)
    x /= 1000;
  std::string digits = p ? fmt::format("{:.2f}", x) : fmt::format("{:.0f}", x);
  return fmt::format("{}{} {}{}", n < 0 ? "-" : "", digits, prefixes[p], unit);
}

inline std::string plural(uint64_t n, std::string_view one) {
  return fmt::format("{} {}{}", n, one, n == 1 ? "" : one.ends_with("s") ? "es" : "s");
}

} // namespace wnnx::pat
