// SPDX-License-Identifier: Apache-2.0
//
// Who wants to know what rules do while they do it: remarks, counts, profiles. Nobody listens by
// default, and then nothing is recorded.
#pragma once

#include "wnnx/Ops/Cost.h"
#include "wnnx/Pattern/Matcher.h"

namespace wnnx::pat {

/// One application that was carried out. Matched nodes may be gone: they are told by name.
struct Application {
  const Rule &rule;
  std::string anchor;                      // "%y (relu)"
  Location loc;                            // of the anchor
  std::vector<std::string> matched, added; // "%y (relu)"; without constants
  unsigned erased = 0;                     // nodes that went away, without constants
  Cost removedCost, addedCost;
  uint64_t weightBytes = 0;                 // of the constants that were computed
  uint64_t buildNanos = 0, weightNanos = 0; // building and committing; computing weights
};

class RewriteListener {
public:
  virtual ~RewriteListener() = default;
  /// After each attempt that the prefilter let pass. `miss` has numbers only, and none after a
  /// match.
  virtual void attempted(const Rule &, const Node &, MatchOutcome, const NearMiss &, uint64_t) {}
  virtual void applied(const Application &) {}
  /// A match whose right side did not fit.
  virtual void rejected(const Rule &, const Node &, const std::string &, uint64_t) {}
  /// A rule set has run, for the first time or again; the graph stands as it left it.
  virtual void ranSet(const std::string &) {}
};

} // namespace wnnx::pat
