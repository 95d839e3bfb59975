// SPDX-License-Identifier: Apache-2.0
//
// How equal the two sides of a rule are, and which classes a run of the rules admits (`--allow`).
#pragma once

#include "wnnx/Support/Diagnostics.h"
#include "wnnx/Support/LogicalResult.h"

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wnnx::pat {

enum class EqClass : uint8_t { Exact, Real, Approx, Order, Relaxed };
std::string_view eqClassName(EqClass c);

/// Which rules may run: those of an admitted class, and those admitted by name. Without being told,
/// what keeps results up to rounding and decisions: exact, real and order.
struct EqPolicy {
  uint8_t classes = 1u << unsigned(EqClass::Exact) | 1u << unsigned(EqClass::Real) |
                    1u << unsigned(EqClass::Order);
  bool interface = false; // `interface` blocks of rule files
  std::vector<std::string> names;

  bool allows(EqClass c, std::string_view rule) const;
  static EqPolicy everything();
};

/// Reads the words of `--allow=`: classes, `all`, `interface`, names of rules. The list replaces
/// the default when it holds a class or `all`; otherwise it adds to it. Names that are no class
/// must be in `ruleNames`; unknown ones are reported with `option`.
FailureOr<EqPolicy> parseEqPolicy(llvm::ArrayRef<std::string> words,
                                  llvm::ArrayRef<std::string_view> ruleNames,
                                  std::string_view option, Diagnostics &diags);

} // namespace wnnx::pat
