// SPDX-License-Identifier: Apache-2.0
//
// Schedules: finds the one to run, and gives rule sets that it does not name their place in it.
#include "wnnx/Pattern/Schedule.h"

#include "fmt/format.h"
#include "fmt/ranges.h"
#include "llvm/ADT/STLExtras.h"

#include <map>
#include <set>

namespace wnnx::pat {

namespace {

using Terms = std::vector<ast::SchedTerm>;

ast::SchedTerm toFixpoint(const std::string &ruleset) {
  ast::SchedTerm t;
  t.ruleset.text = ruleset;
  t.star = true;
  return t;
}

void collectSets(const Terms &terms, std::set<std::string> &into) {
  for (const ast::SchedTerm &t : terms) {
    if (t.ruleset)
      into.insert(t.ruleset.text);
    collectSets(t.group, into);
  }
}

/// Puts `what` in front of the first term that names a set of `later`, within that term's group.
bool insertBefore(Terms &terms, const std::set<std::string> &later, const ast::SchedTerm &what) {
  for (size_t i = 0; i < terms.size(); ++i) {
    if (terms[i].ruleset && later.count(terms[i].ruleset.text)) {
      terms.insert(terms.begin() + long(i), what);
      return true;
    }
    if (insertBefore(terms[i].group, later, what))
      return true;
  }
  return false;
}

/// The sets that come after `name`, directly or not.
std::set<std::string> setsAfter(const Program &program, const std::string &name) {
  std::set<std::string> later{name};
  // The sets are in order: one that comes after another stands behind it.
  for (const Ruleset &s : program.rulesets) {
    if (llvm::any_of(s.after, [&](const std::string &a) { return later.count(a) > 0; }))
      later.insert(s.name);
  }
  later.erase(name);
  return later;
}

} // namespace

FailureOr<Terms> planSchedule(const Program &program, const std::string &name, Diagnostics &diags) {
  const ast::ScheduleDecl *chosen = nullptr;
  std::string_view wanted = name.empty() ? std::string_view("default") : std::string_view(name);
  for (const ast::ScheduleDecl &s : program.schedules) {
    if (s.name.text == wanted)
      chosen = &s;
  }
  if (!chosen && !name.empty()) {
    std::vector<std::string_view> known;
    for (const ast::ScheduleDecl &s : program.schedules)
      known.push_back(s.name.text);
    DiagnosticBuilder d =
        diags
            .error("--schedule", "pat-schedule",
                   fmt::format("there is no schedule `{}`{}", name, didYouMean(name, known)))
            .fixName(name, known);
    if (known.empty())
      d.hint(fmt::format("declare one in a rule file: `schedule {} = a*; b*;`", name));
    else
      d.hint(fmt::format("the rule files declare `{}`", fmt::join(known, "`, `")));
    return failure();
  }
  Terms terms;
  if (chosen)
    terms = chosen->terms;
  if (wanted != "default")
    return terms;
  std::set<std::string> named;
  collectSets(terms, named);
  for (const Ruleset &s : program.rulesets) {
    if (named.count(s.name))
      continue;
    if (!insertBefore(terms, setsAfter(program, s.name), toFixpoint(s.name)))
      terms.push_back(toFixpoint(s.name));
  }
  return terms;
}

} // namespace wnnx::pat
