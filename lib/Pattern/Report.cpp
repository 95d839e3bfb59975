// SPDX-License-Identifier: Apache-2.0
//
// What rules did, as text.
#include "wnnx/Pattern/Rules.h"

#include "fmt/format.h"

#include <cmath>

namespace wnnx::pat {

/// 1234567 as "1.23 M"; exact below 1000.
static std::string amount(int64_t n, const char *unit) {
  const char *prefixes[] = {"", "k", "M", "G", "T"};
  double x = std::fabs(double(n));
  int p = 0;
  for (; x >= 1000 && p < 4; ++p)
    x /= 1000;
  return fmt::format("{}{} {}{}", n < 0 ? "-" : "",
                     p == 0 ? fmt::format("{}", std::llabs(n)) : fmt::format("{:.2f}", x),
                     prefixes[p], unit);
}

static std::string delta(int64_t n, const char *unit) {
  return n == 0 ? "0" : (n > 0 ? "+" : "") + amount(n, unit);
}

static int64_t bytes(const Cost &c) {
  return c.weightBytes + c.dataBytes;
}

std::string summarize(const RewriteReport &report) {
  std::string out;
  size_t width = 4;
  for (const RuleStats &r : report.rules)
    width = std::max(width, r.fired ? r.rule.size() : 0);
  out += fmt::format("{:<{}}  {:>5}  {:>6}  {:>11}  {:>11}  class   where\n", "rule", width,
                     "fired", "nodes", "MACs", "bytes");
  for (const RuleStats &r : report.rules) {
    if (!r.fired)
      continue;
    out += fmt::format("{:<{}}  {:>5}  {:>+6}  {:>11}  {:>11}  {:<6}  {}\n", r.rule, width, r.fired,
                       int64_t(r.nodesAdded) - int64_t(r.nodesRemoved),
                       delta(r.added.macs - r.removed.macs, "MAC"),
                       delta(bytes(r.added) - bytes(r.removed), "B"), r.eqClass, r.place);
  }
  if (!report.applications)
    out += "(no rule fired)\n";
  out += fmt::format("total: {} applications; nodes {} -> {}, {} -> {}, {} -> {}\n",
                     report.applications, report.nodesBefore, report.nodesAfter,
                     amount(report.before.macs, "MAC"), amount(report.after.macs, "MAC"),
                     amount(bytes(report.before), "B"), amount(bytes(report.after), "B"));
  for (const std::string &n : report.notes)
    out += "note: " + n + "\n";
  return out;
}

} // namespace wnnx::pat
