// SPDX-License-Identifier: Apache-2.0
//
// The options of checked rules.
#include "wnnx/Driver/RuleChecks.h"

namespace wnnx {

void addRuleCheckOptions(CommandLine &line, RuleCheckOptions &to) {
  line.flag("no-verify-rules", to.skipVerify,
            "Do not test rules on small random graphs before applying them");
  line.flag("validate-rewrites", to.validateRewrites,
            "Run what is replaced and what replaces it on random inputs with the model's weights, "
            "at each application; slow");
}

} // namespace wnnx
