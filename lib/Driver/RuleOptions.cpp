// SPDX-License-Identifier: Apache-2.0
//
// Rules and their schedule; remarks, expectations, profiles: docs/debugging-rules.md.
#include "wnnx/Driver/RuleOptions.h"

namespace wnnx {

void addRuleOptions(CommandLine &line, PipelineOptions &to) {
  line.list("rules", "FILE", to.rules, "Apply the rewrite rules of FILE; may be repeated");
  line.value("schedule", "NAME", to.schedule,
             "Run the rule sets as this schedule of the rules says; without it `default`, if there "
             "is one, or else in the order of `after`");
  line.list("interface", "EDITS", to.interface,
            "Edit inputs and outputs first, as in `drop output aux; output y = logits[:, -1]; "
            "assume input mask = 1`; may be repeated");
  line.names("allow", "CLASSES", to.allow,
             "Which rules may run: exact, real, approx, order, relaxed, all, or names of rules; "
             "without it exact,real,order. `interface` allows interface blocks of rule files");
  line.optionalChoice(
      "rule-report", {"fired", "all"},
      [&to](std::string_view v) {
        to.report = v == "all" ? PipelineOptions::All : PipelineOptions::Full;
      },
      "Say which rules fired and how many did not; `all` also lists those that did not");
}

void addMonitorOptions(CommandLine &line, pat::MonitorOptions &to) {
  line.value("Rpass", "REGEX", to.pass, "Say where rules with such names fired");
  line.value("Rpass-missed", "REGEX", to.passMissed,
             "Say where rules with such names nearly fired, and what stopped them");
  line.value("Rpass-analysis", "REGEX", to.passAnalysis,
             "Say how often rules with such names were tried, and what stopped them");
  line.value("remarks", "FILE", to.remarks,
             "Write what the rules did to FILE.yaml or FILE.json, for programs");
  line.names(
      "expect-fired", "RULE>=N,...", to.expect,
      "Fail unless the rules fired so often (>=, ==, <=, or a name alone for at least once), "
      "and say why they did not");
  line.value("freeze-rules", "FILE", to.freezeTo, "Write how often each rule fired to FILE");
  line.value("frozen-rules", "FILE", to.frozen,
             "Fail when a rule fires less often than FILE says; warn of other changes");
  line.integer("rule-limit", "N", to.ruleLimit, "Stop after N applications of rules");
  line.optionalValue(
      "profile-rules", "FILE",
      [&to](std::string_view v) {
        to.profile = true;
        to.profileTrace = v;
      },
      "Print what each rule cost; with =FILE.json write a trace for chrome://tracing as well");
}

} // namespace wnnx
