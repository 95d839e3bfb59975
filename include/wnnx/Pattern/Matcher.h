// SPDX-License-Identifier: Apache-2.0
//
// The reference matcher: recursive, backtracking, deterministic. It defines what a rule matches:
// operands from the first to the last, commutative ops first as written and then swapped,
// alternatives in order, the first complete match wins. It never changes the graph. One attempt may
// take a limited number of steps; running out of them is reported, not taken for a mismatch.
#pragma once

#include "wnnx/Pattern/Evaluator.h"

#include "llvm/ADT/STLFunctionalExtras.h"

namespace wnnx::pat {

struct Match {
  Slots slots;
  std::vector<Node *> nodes; // matched ops, the anchor first, without repeats
};

/// How far the best attempt came, and what stopped it.
struct NearMiss {
  enum Stage : uint8_t { Structure, Attributes, Uses, Where, When, Budget };
  Stage stage = Structure;
  size_t ops = 0; // ops matched
  std::string reason;
  SourceRange where;    // in the rule
  Node *node = nullptr; // the anchor
  bool betterThan(const NearMiss &o) const;
};

enum class MatchOutcome : uint8_t { Matched, Failed, OverBudget };

class Matcher {
  using Next = llvm::function_ref<bool()>;
  const Rule &rule;
  const RewriteOptions &options;
  Slots slots;
  std::vector<Node *> nodes;
  std::vector<bool> stmtDone;
  struct Choice {
    const Pat *pat;
    size_t alternative;
  };
  std::vector<Choice> choices;
  struct Check {
    const Code *code;
    Datum actual;
  };
  std::vector<Check> checks; // attributes to compare when the structure is complete
  std::vector<std::pair<unsigned, bool>> trail; // slots bound, statements done
  uint64_t steps = 0;
  bool overBudget = false;
  Match *result = nullptr;
  NearMiss *near = nullptr;
  Node *anchorNode = nullptr;

public:
  Matcher(const Rule &r, const RewriteOptions &o) : rule(r), options(o) {}
  /// Tries the rule with its anchor at `anchor`. On failure `nearMiss`, when given, is replaced if
  /// this attempt came farther.
  MatchOutcome match(Node *anchor, Match &out, NearMiss *nearMiss = nullptr);

private:
  struct Mark {
    size_t trail, nodes, choices, checks;
  };
  Mark mark() const { return {trail.size(), nodes.size(), choices.size(), checks.size()}; }
  void undo(const Mark &m);
  bool bind(unsigned slot, Datum d);
  bool step();
  bool miss(NearMiss::Stage stage, SourceRange where, llvm::function_ref<std::string()> reason);

  bool value(const Pat &p, Value *v, Node *user, Next next);
  bool variable(const Pat &p, Value *v, Next next);
  bool literal(const Pat &p, Value *v, Node *user);
  bool statement(unsigned index, unsigned resultNo, Value *v, Next next);
  bool op(const Pat &p, Node *n, Next next);
  bool operands(const Pat &p, Node *n, unsigned i, bool swapped, Next next);
  bool elements(const Pat &p, Node *n, unsigned i, Next next);
  bool attributes(const Pat &p, Node *n);
  bool attribute(const AttrPat &a, const Datum &actual, const Pat &p, Node *n, unsigned index);
  bool type(const TypePat &t, const Pat &p, Value *v);
  bool dimensions(const TypePat &t, const Pat &p, Value *v);
  bool roots(size_t i, Next next);
  bool complete();
  bool exclusive();
};

} // namespace wnnx::pat
