// SPDX-License-Identifier: Apache-2.0
//
// A rule file from a part of a model: a match block that matches it, and a right side that makes
// the same again, for the user to change.
#pragma once

#include "wnnx/IR/Graph.h"
#include "wnnx/Support/Diagnostics.h"

#include <string>

namespace wnnx::pat {

struct ExtractOptions {
  /// "a..b": all nodes on the ways from value a to value b. "a,b,c": these.
  std::string nodes;
  std::string rule = "extracted";
  bool capture = false; // names for attributes instead of their values
};

/// The text of a rule file, laid out; it has been loaded, and its rule matches the nodes in `g`.
FailureOr<std::string> extractRule(const Graph &g, const ExtractOptions &options,
                                   Diagnostics &diags);

} // namespace wnnx::pat
