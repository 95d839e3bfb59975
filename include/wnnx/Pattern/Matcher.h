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
  /// What kind of condition it was, for those who give advice.
  enum Kind : uint8_t {
    Other,
    Op,         // another op, an input or a constant stands there
    Operand,    // an operand too many or too few
    SameValue,  // two names for one value, or one name for two
    NotConst,   // a constant is asked for
    Literal,    // another number
    Widening,   // a number whose shape widens the result
    AttrUnsaid, // an attribute that is not mentioned does not have its default
    AttrValue,
    DType,
    Dims,
    Property,
    Users,
    Condition,
    Members, // of a set
    ExtraOp, // the op asked for stands one op farther up
  };
  struct Text {
    std::string reason, expected, actual;
    Text() = default;
    Text(std::string why) : reason(std::move(why)) {}
    Text(const char *why) : reason(why) {}
    Text(std::string why, std::string want, std::string have)
        : reason(std::move(why)), expected(std::move(want)), actual(std::move(have)) {}
  };
  Stage stage = Structure;
  Kind kind = Other;
  bool set = false;
  bool quiet = false;    // whether only numbers are wanted, no texts
  size_t ops = 0;        // ops matched
  unsigned likeness = 0; // of what stands there to what is asked for; decides between equals
  std::string reason, expected, actual;
  SourceRange where;            // in the rule
  Node *node = nullptr;         // the anchor
  const Value *value = nullptr; // at which the condition failed
  const Pat *pattern = nullptr; // Op, ExtraOp: what was asked for
  int attr = -1;                // AttrUnsaid, AttrValue: which
  std::vector<Node *> matched;  // ops matched, the anchor first
  bool betterThan(const NearMiss &o) const;
};

enum class MatchOutcome : uint8_t { Matched, Failed, OverBudget };

class Matcher {
  using Next = llvm::function_ref<bool()>;
  const Rule &rule;
  const RewriteOptions &options;
  Slots slots;
  std::vector<Node *> nodes;
  std::vector<SourceRange> nodeRanges; // of the patterns that took the nodes
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
  unsigned slack = 0; // conditions that may fail
  std::vector<NearMiss> forgiven;
  Match *result = nullptr;
  NearMiss *near = nullptr;
  Node *anchorNode = nullptr;

public:
  Matcher(const Rule &r, const RewriteOptions &o) : rule(r), options(o) {}
  /// Tries the rule with its anchor at `anchor`. On failure `nearMiss`, when given, is replaced if
  /// this attempt came farther.
  MatchOutcome match(Node *anchor, Match &out, NearMiss *nearMiss = nullptr);
  /// The conditions that stand between the rule and a match at `anchor`, when they are at most
  /// `limit` and the ops fit, but for single ops that stand between the expected ones. Nothing
  /// otherwise, and when the rule matches.
  std::vector<NearMiss> missing(Node *anchor, unsigned limit);

private:
  struct Mark {
    size_t trail, nodes, choices, checks, forgiven;
  };
  Mark mark() const {
    return {trail.size(), nodes.size(), choices.size(), checks.size(), forgiven.size()};
  }
  void undo(const Mark &m);
  bool bind(unsigned slot, Datum d);
  bool step();
  /// What a failing condition returns: false, after taking it down; true when it is forgiven, and
  /// then matching goes on as if it held.
  bool miss(NearMiss::Stage stage, SourceRange where, llvm::function_ref<NearMiss::Text()> reason,
            NearMiss::Kind kind = NearMiss::Other, const Value *at = nullptr, int attr = -1,
            const Pat *pattern = nullptr);
  unsigned likeness(const Pat &p, const Value *v) const;
  bool extraOp(const Pat &p, Value *v, Next next);

  bool value(const Pat &p, Value *v, Node *user, Next next);
  bool variable(const Pat &p, Value *v, Next next);
  bool literal(const Pat &p, Value *v, Node *user);
  bool statement(unsigned index, unsigned resultNo, Value *v, Next next);
  bool op(const Pat &p, Node *n, Next next);
  bool operands(const Pat &p, Node *n, unsigned i, bool swapped, Next next);
  // Groups (MatchGroups.cpp).
  struct Leaf {
    Value *value;
    Node *user;
    bool taken;
  };
  bool elements(const Pat &p, Node *n, unsigned i, unsigned j, Next next);
  bool bindMissing(const Pat &p, size_t element);
  bool bindRest(const Pat &p, const std::vector<Value *> &rest, Next next);
  void leaves(const Pat &p, Node *n, std::vector<Leaf> &out);
  bool flat(const Pat &p, Node *n, Next next);
  bool flatElement(const Pat &p, std::vector<Leaf> &all, size_t i, Next next);
  bool chain(const Pat &p, Value *v, Next next);
  // Sets (MatchSets.cpp).
  struct Member {
    Value *value = nullptr;
    std::vector<Datum> parts; // of the indexed names, in their order
  };
  using Members = std::vector<Member>;
  bool setFrom(unsigned index, Value *first, Next next);
  bool setOfUsers(unsigned index, Next next);
  bool setOfElements(unsigned index, const std::vector<Value *> &list, Next next);
  bool emptySet(unsigned index, Next next);
  bool otherMembers(const Stmt &s, Value *first, size_t firstChoice, size_t firstCheck, Next next);
  bool addMember(const Stmt &s, Value *v, Members &members, NearMiss &miss);
  bool finishSet(const Stmt &s, const Members &members, Next next);
  bool memberHolds(size_t firstChoice, size_t firstCheck);
  Member takeMember(const SetInfo &set, Value *v);
  bool dependsOnMember(Node *n, const Members &members);
  bool boundBefore(const Mark &m, unsigned slot) const;
  bool stands(unsigned slot, const Value *v) const;
  bool require(Evaluator &ev, NearMiss::Stage stage, const Code &c);
  bool settle(Slots &work, size_t firstChoice, size_t firstCheck);
  bool attributes(const Pat &p, Node *n);
  bool attribute(const AttrPat &a, const Datum &actual, const Pat &p, Node *n, unsigned index);
  bool type(const TypePat &t, const Pat &p, Value *v);
  bool dimensions(const TypePat &t, const Pat &p, Value *v);
  bool roots(size_t i, Next next);
  bool complete();
  bool exclusive();
};

} // namespace wnnx::pat
