// SPDX-License-Identifier: Apache-2.0
//
// Remarks, expectations, profiles: docs/debugging-rules.md.
#include "wnnx/Driver/RuleOptions.h"

namespace wnnx {

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
