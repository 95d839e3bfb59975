// SPDX-License-Identifier: Apache-2.0
//
// Why rules did not fire: the best partial matches of each rule on a model, the first condition
// that failed in each, what was expected and found there, and what one could do about it.
#pragma once

#include "wnnx/Pattern/Matcher.h"
#include "wnnx/Pattern/Program.h"

namespace wnnx::pat {

struct ExplainOptions {
  RewriteOptions rewrite;
  std::string rule; // "" for all
  std::string node; // only attempts that begin at this value; "" for all
  /// Only attempts that fail by at most so many conditions; 0 for all attempts.
  unsigned missedBy = 0;
  size_t top = 3; // near misses shown of each rule
};

/// One failing condition.
struct Obstacle {
  std::string stage; // "ops", "attributes", "uses", "where", "when", "policy", "right side"...
  NearMiss::Kind kind = NearMiss::Other;
  std::string reason, expected, actual, hint;
  SourceRange where;                      // in the rule file
  std::string value, op, place, location; // in the graph: name, op, and the model's source
};

struct Attempt {
  std::string node, op, location; // of the anchor
  size_t opsMatched = 0, ops = 0;
  /// How many conditions fail; 0 when more than were counted, or ops do not fit.
  unsigned missedBy = 0;
  std::vector<Obstacle> obstacles; // the first failing condition, then the others if counted
  size_t alternative = 0, alternatives = 0; // which one came farthest (from 1), of how many
  std::vector<std::string> alike; // anchors of other attempts that failed by the same condition
};

struct RuleExplanation {
  std::string rule, place, ruleset, eqClass, doc;
  uint64_t fired = 0;
  uint64_t anchors = 0;             // attempts after the rules had done what they could
  std::string note;                 // why there were no attempts, or that the rule is switched off
  std::vector<std::string> firedAt; // anchors, as "%y (relu)"
  std::vector<Attempt> attempts;    // best first
  uint64_t others = 0;              // attempts that are not shown
};

struct Explanation {
  std::vector<RuleExplanation> rules;
  /// Of `ExplainOptions::node`, when a rule took it away: by which.
  std::string nodeGone;
};

/// Applies the rules to `g` as their schedule says, and looks after each set at what its rules did
/// not match. Fails when the rules fail, or when `rule` or `node` does not exist.
FailureOr<Explanation> explainRules(Graph &g, const RuleSet &rules, const ExplainOptions &options,
                                    Diagnostics &diags);

std::string renderText(const Explanation &e, const ExplainOptions &options);
std::string renderJson(const Explanation &e);

/// What one could do about a failing condition, or the empty string.
std::string adviceFor(const NearMiss &miss, const Rule &rule);

} // namespace wnnx::pat
