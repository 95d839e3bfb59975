// SPDX-License-Identifier: Apache-2.0
//
// Checked rules, ready to run: names are slots, fragments and functions are expanded in place, ops
// and attributes are indices into the schema. Made by `Sema`, read by the matcher, the evaluator
// and the rewriter; never changed afterwards.
#pragma once

#include "wnnx/Pattern/Ast.h"
#include "wnnx/Pattern/Datum.h"
#include "wnnx/Pattern/EqClass.h"
#include "wnnx/Pattern/Types.h"

#include <deque>

namespace wnnx::pat {

struct Code;
struct ExternFn;
using CodePtr = std::unique_ptr<Code>;

enum class CodeKind : uint8_t {
  Const, // constant
  Slot,  // slot
  Unary,
  Binary, // text is the operator
  Ternary,
  Coalesce,
  Has,           // whether kids[0] is there
  Call,          // builtin, kids (null: left out)
  Field,         // text, kids[0]
  Index,         // items, kids[0]
  List,          // kids, spread
  Comprehension, // slot is the variable; kids: element, source (a list, or the length)
  Record,        // names, kids
  Range,         // kids: from, to
  Let,           // slot; kids: value, body
  Build,         // a new node; only in rewrite blocks
  BuildFlat,     // op{kids}: a chain ((k0 op k1) op k2)..., lists spread; one kid alone is itself
  CallExtern,    // external, kids
};

struct CodeItem {
  ast::IndexItem::Kind kind;
  CodePtr at, end, step; // `at` is the start of a slice
};

struct Code {
  CodeKind kind = CodeKind::Const;
  SourceRange range;
  Type type;
  Datum constant;
  unsigned slot = 0;
  std::string text;
  Builtin builtin = Builtin::Rank;
  std::vector<CodePtr> kids;
  std::vector<bool> spread;
  std::vector<std::string> names;
  std::vector<CodeItem> items;
  // Build.
  OpKind op = OpKind::Identity;
  int opSlot = -1;               // the op is the one captured in this slot
  bool chain = false;            // opSlot holds a chain (see Pat): all its ops are made again, from
                                 // the innermost to the outermost, with their attributes and other
                                 // operands; operands[0] is where it starts. No op: that value
  std::vector<CodePtr> operands; // by position; null: absent. A variadic group is one list
  std::vector<std::pair<std::string, CodePtr>> attrs;
  std::vector<CodePtr> spreads; // records of attributes; `attrs` override them
  unsigned resultCount = 1;
  std::shared_ptr<const ExternFn> external; // CallExtern
};

struct Pat;
using PatPtr = std::unique_ptr<Pat>;

struct AttrPat {
  enum Kind {
    Any,
    Capture,
    Equal,
    OneOf,
    List, // of `elements`, some of which may be optional; with hasRest any number more, which stand
          // between the first `restAt` elements and the others. Elements are never optional then
  } kind = Any;
  unsigned index = 0; // of the attribute; in List unused
  unsigned slot = 0;  // Capture
  CodePtr code;       // Equal; checked when the structure is complete if it is not a constant
  std::vector<CodePtr> choices;
  std::vector<AttrPat> elements;
  bool optional = false; // an element that may be missing, only behind those that may not; its
                         // slots are absent then
  bool hasRest = false;
  unsigned restAt = 0;
  int restSlot = -1; // bound to the list of the others
  SourceRange range;
};

struct DimPat {
  enum Kind { Size, Slot, Any, Rest } kind = Any;
  int64_t size = 0;
  int slot = -1; // Slot; Rest when captured
};

enum class ValuePredicate : uint8_t {
  Positive,
  NonNegative,
  Scalar,
  Splat,
  Finite,
  Zero,
  One,
  Nonzero,
  Integral,
  Identity,
  Arange,
  Permutation,
};

struct TypePat {
  bool isConst = false;
  std::optional<DType> dtype;
  bool hasDims = false;
  std::vector<DimPat> dims;
  std::vector<ValuePredicate> predicates;
};

enum class PatKind : uint8_t {
  Op,
  Alt,
  Var,
  Literal,
  Any,
  Bind,
  /// `add{a, b?, ..rest}`. The value is made by kinds[0], with all attributes at their defaults.
  /// Its operands are the leaves of the tree that this node makes with those of its operands that
  /// are made by the same op with default attributes, have one use and its dtype; in order, left to
  /// right. `elements` match different leaves, in any order: the first element takes the first leaf
  /// it can, and so on, with backtracking; an optional one tries to be there first. All leaves
  /// must be taken, unless hasRest: restSlot is the list of those left over, in order.
  Flat,
  /// `c@trait*(x)`. From minOps to maxOps ops of `kinds` with one result, each the first operand of
  /// the next, outermost at the value; then operands[0]. As many as possible first. opSlot, if any,
  /// is bound to a list of records {op, attrs, operands}, from the innermost op to the outermost:
  /// the OpKind, a record of all attributes, the operands with the first one absent.
  Chain,
};

struct Pat {
  PatKind kind = PatKind::Any;
  SourceRange range;
  // Op.
  std::vector<OpKind> kinds; // ascending
  int opSlot = -1;
  bool optional = false;        // Op: may be missing; Var: the operand may be absent
  bool bothOrders = false;      // commutative, not `ordered`
  std::vector<PatPtr> operands; // by schema position; null: must be absent
  bool variadic = false;        // `elements` are the operands of the last group
  std::vector<PatPtr> elements;
  std::vector<bool> elementOptional;               // per element, or empty: may be missing
  std::vector<std::vector<unsigned>> elementSlots; // per element: what is absent when it is missing
  bool hasRest = false;
  int restSlot = -1;
  std::vector<AttrPat> attrs;      // the mentioned ones
  std::vector<bool> mentioned;     // by attribute
  bool attrsFree = false;          // `..`
  int attrSlot = -1;               // `..a`
  std::vector<unsigned> ownSlots;  // bound inside an optional op, or an alternative
  unsigned minOps = 0, maxOps = 1; // Chain
  // Alt.
  std::vector<PatPtr> kids;
  std::vector<std::vector<CodePtr>> where; // per alternative
  std::vector<CodePtr> results;            // records, per alternative; may be null
  int resultSlot = -1;                     // `as`
  // Var, Bind (a pattern whose value is also named: kids[0]).
  unsigned slot = 0;
  std::unique_ptr<TypePat> type;
  // Literal.
  double literal = 0, tolerance = -1; // negative: equal once rounded to the constant's dtype
};

/// `[all] ys[i in 2..] = pattern`: a statement that matches several times. Its members are, in
/// graph order, all nodes that match `pattern` with the same values for names without an index,
/// that are no other part of the match, and of which none depends on an earlier one. Each member
/// is matched once, with its first match; only the first one may be matched in another way when
/// the rest of the rule does not fit. The nodes tried are users of the value in `shared`, or, for
/// nested patterns, users of their users up to `depth` ops away. Sets are found when everything
/// else is matched.
struct SetInfo {
  unsigned minMembers = 0, maxMembers = ~0u; // later ones that match too are left alone
  /// `all`: each use of the shared value is by an op of the match, a graph output is not.
  bool all = false;
  /// The slot of the value whose users are tried: the first operand of the pattern that is a name
  /// without index. In the anchor's statement the first member binds it.
  unsigned shared = 0;
  unsigned depth = 1;
  /// Not a search among users: the members make the elements of a list that another statement has
  /// captured in this slot, which is also slots[0] (`c = cat([..ys]); ys[i in 1..] = relu(xs[i])`).
  /// All elements must match, in their order.
  bool listed = false;
  /// Indexed names: while a member is matched, its part; otherwise the list of the members' parts,
  /// in their order. slots[0] of the statement is one of them.
  std::vector<unsigned> indexed;
  int indexSlot = -1; // `i`: the member's number in `ys[i] = ...`, from 0
};

struct Stmt {
  std::vector<unsigned> slots; // of the results assigned, in order; in a set one, a list of values
  PatPtr pattern;
  bool keep = false;
  std::unique_ptr<SetInfo> set;   // null: an ordinary statement
  std::vector<unsigned> mentions; // slots that its pattern speaks of
  SourceRange range;
};

struct SlotInfo {
  std::string name;
  Type type;
  SourceRange range;
  int stmt = -1;       // the statement that defines it
  unsigned result = 0; // which result of it
  int let = -1;        // the `let` that defines it
  bool chain = false;  // captured by a Chain
  int set = -1; // the set statement of which it is an indexed name; `type` is of one member's
};

struct RewriteAssign {
  std::vector<unsigned> slots; // old values that are replaced, or names of new values
  std::vector<bool> replaces;  // per slot
  CodePtr value;
  /// `ys[i] = value`: for each member of this set statement, with indexSlot the member's number,
  /// one value that replaces that member, or becomes an element of the new list.
  int overSet = -1;
  int indexSlot = -1;
  /// `ys[*] = value`: the results of the op, or the elements of the list, replace the members of
  /// the set in slots[0], in order; as many as there are members.
  bool allMembers = false;
};

/// What must go down with each application: `nodes`, `macs`, `bytes` (of data and weights),
/// `count(op, ...)` (nodes of these ops), `depth_sum(op, ...)` (over nodes of these ops, the nodes
/// they depend on). Of a list, the first that changes.
struct Measure {
  enum Kind { Nodes, Macs, Bytes, Count, DepthSum } kind = Nodes;
  std::vector<OpKind> ops;
  SourceRange range;
  std::string str() const;
};

/// `verify { ... }`: what helps testing the rule without a model. Does not change what it does.
struct VerifyHints {
  struct Domain {
    unsigned slot;              // a name bound in `match`: a dimension or an attribute
    std::vector<Datum> choices; // `K in {1, 3};`, `K in 1..4;` (1, 2 and 3)
    SourceRange range;
  };
  struct Witness {
    unsigned result, input; // `compare y by witness x;`: y are indices into x; right when x is the
                            // same there
    SourceRange range;
  };
  std::vector<Domain> domains;
  std::vector<Witness> witnesses;
  int64_t instances = -1; // `instances N;`: how many at least; -1: not said
};

/// `extern fn NAME(params) -> type;`, found in a plugin (wnnx/Pattern/Plugin.h).
struct ExternFn {
  std::string name;
  std::vector<Type> params;
  Type result;
  void (*function)() = nullptr; // of type wnnx_pat_function
  SourceRange range;
};

struct Rule {
  std::string name, doc, ruleset;
  std::string forOp; // of a rule `for` several ops, which is one rule for each: its op
  SourceRange range; // of the name
  EqClass eqClass = EqClass::Real;
  std::string classReason;
  double classTolerance = 0; // approx(tol): relative
  int64_t benefit = 0;
  CodePtr benefitCode;  // a benefit that depends on the match; `benefit` is then the number of ops
  unsigned opCount = 0; // ops in the pattern
  unsigned fileOrder = 0;
  bool bounded = false, off = false;
  std::deque<SlotInfo> slots; // references stay valid while the checker adds more
  std::vector<Stmt> stmts;
  /// Statements that no other one uses; the first is the anchor. Sets stand behind the others;
  /// where only sets are left, the anchor is the first member of the first one.
  std::vector<unsigned> roots;
  std::vector<OpKind> anchorKinds;
  bool hasSets = false;
  unsigned radius = 1; // edges from the anchor to the farthest matched op, at most
  std::vector<CodePtr> where, when, lets;
  std::vector<RewriteAssign> rewrite;
  std::vector<bool> replaced;     // per slot
  std::vector<Measure> decreases; // `decreases ...;`, or empty: what its rule set says
  VerifyHints verify;
  /// "fuse.pat:12"
  std::string place() const;
  /// For people: the name, with the op behind it where there is one: "before_argmax[softmax]".
  std::string title() const;
};

struct Ruleset {
  std::string name;
  std::vector<std::string> after;
  SourceRange range;
  std::vector<Measure> order; // `order ...;`: what its rules make smaller, or empty
};

/// Everything loaded from a set of rule files.
struct Program {
  std::vector<std::unique_ptr<Rule>> rules; // in file order
  std::vector<Ruleset> rulesets;            // in the order in which they run
  std::vector<ast::ScheduleDecl> schedules;
  std::vector<ast::TestDecl> tests;
  std::vector<InterfaceEdit> interface; // edits of the model, in file order
  std::vector<std::shared_ptr<ExternFn>> externs;
  std::string text; // of all files, each behind those it imports
};

} // namespace wnnx::pat
