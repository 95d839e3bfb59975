// SPDX-License-Identifier: Apache-2.0
//
// Which rules compete: for each two rules of a set whose left sides can meet in a node, the
// smallest graph on which both fire there, and what becomes of it when the one or the other goes
// first. Where the results differ, the order of the rules decides what users get.
#pragma once

#include "wnnx/Verify/Verify.h"

namespace wnnx::verify {

struct OverlapSide {
  std::string rule, place;
  int64_t nodes = 0, macs = 0, bytes = 0; // of what is left when this rule went first, and then all
};

struct Overlap {
  OverlapSide outer, inner; // the root of the inner rule is a node of the outer one
  SourceRange at;           // that node in the outer rule
  enum Outcome {
    Joins,    // both ways end in the same graph
    Differs,  // in different graphs, with equal results
    Disagrees // in graphs with different results
  } outcome = Joins;
  int wins = -1; // which goes first when nothing else is said: 0 the outer one, 1 the inner one
  bool worse = false; // ... and leaves the more costly graph: MACs count, then bytes, then nodes
  bool runsForEver = false;
  std::string graph;   // on which both fire
  std::string left[2]; // what becomes of it
};

struct OverlapReport {
  unsigned candidates = 0; // pairs whose ops fit
  unsigned met = 0;        // of which a graph was found on which both fire
  unsigned joins = 0;
  std::vector<Overlap> open; // the others, in the order of the rules
};

/// Rules for which `options.only` holds are taken with all others of their set.
OverlapReport findOverlaps(const pat::RuleSet &rules, const VerifyOptions &options);

/// A line for each overlap that does not join, and one for all; `graphs`: and what they meet on.
std::string describe(const OverlapReport &report, bool graphs);

} // namespace wnnx::verify
