// SPDX-License-Identifier: Apache-2.0
//
// Reading and asking of `--allow=`.
#include "wnnx/Pattern/EqClass.h"

#include <algorithm>
#include <optional>

namespace wnnx::pat {

static constexpr EqClass allClasses[] = {EqClass::Exact, EqClass::Real, EqClass::Approx,
                                         EqClass::Order, EqClass::Relaxed};

bool EqPolicy::allows(EqClass c, std::string_view rule) const {
  return (classes >> unsigned(c) & 1) != 0 ||
         std::find(names.begin(), names.end(), rule) != names.end();
}

EqPolicy EqPolicy::everything() {
  EqPolicy p;
  for (EqClass c : allClasses)
    p.classes |= uint8_t(1u << unsigned(c));
  p.interface = true;
  return p;
}

FailureOr<EqPolicy> parseEqPolicy(llvm::ArrayRef<std::string> words,
                                  llvm::ArrayRef<std::string_view> ruleNames,
                                  std::string_view option, Diagnostics &diags) {
  EqPolicy policy;
  uint8_t named = 0;
  bool ok = true;
  for (const std::string &w : words) {
    std::optional<EqClass> found;
    for (EqClass c : allClasses) {
      if (eqClassName(c) == w)
        found = c;
    }
    if (found) {
      named |= uint8_t(1u << unsigned(*found));
    } else if (w == "all") {
      named |= EqPolicy::everything().classes;
      policy.interface = true;
    } else if (w == "interface") {
      policy.interface = true;
    } else if (std::find(ruleNames.begin(), ruleNames.end(), w) != ruleNames.end()) {
      policy.names.push_back(w);
    } else {
      std::vector<std::string_view> known(ruleNames.begin(), ruleNames.end());
      for (EqClass c : allClasses)
        known.push_back(eqClassName(c));
      known.insert(known.end(), {"all", "interface"});
      diags
          .error(std::string(option), "unknown-class",
                 "`" + w + "` is neither an equality class nor a loaded rule" +
                     didYouMean(w, known))
          .hint("classes are exact, real, approx, order, relaxed, all; `interface` allows the "
                "interface blocks of rule files");
      ok = false;
    }
  }
  if (named)
    policy.classes = named;
  if (!ok)
    return failure();
  return policy;
}

} // namespace wnnx::pat
