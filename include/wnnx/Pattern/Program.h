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
  std::vector<CodePtr> operands; // by position; null: absent. A variadic group is one list
  std::vector<std::pair<std::string, CodePtr>> attrs;
  std::vector<CodePtr> spreads; // records of attributes; `attrs` override them
  unsigned resultCount = 1;
};

struct Pat;
using PatPtr = std::unique_ptr<Pat>;

struct AttrPat {
  enum Kind { Any, Capture, Equal, OneOf, List } kind = Any;
  unsigned index = 0; // of the attribute; in List unused
  unsigned slot = 0;  // Capture
  CodePtr code;       // Equal; checked when the structure is complete if it is not a constant
  std::vector<CodePtr> choices;
  std::vector<AttrPat> elements;
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

enum class PatKind : uint8_t { Op, Alt, Var, Literal, Any, Bind };

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
  bool hasRest = false;
  int restSlot = -1;
  std::vector<AttrPat> attrs;     // the mentioned ones
  std::vector<bool> mentioned;    // by attribute
  bool attrsFree = false;         // `..`
  int attrSlot = -1;              // `..a`
  std::vector<unsigned> ownSlots; // bound inside an optional op, or an alternative
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

struct Stmt {
  std::vector<unsigned> slots; // of the results assigned, in order
  PatPtr pattern;
  bool keep = false;
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
};

struct RewriteAssign {
  std::vector<unsigned> slots; // old values that are replaced, or names of new values
  std::vector<bool> replaces;  // per slot
  CodePtr value;
};

struct Rule {
  std::string name, doc, ruleset;
  SourceRange range; // of the name
  EqClass eqClass = EqClass::Real;
  std::string classReason;
  int64_t benefit = 0;
  unsigned opCount = 0; // ops in the pattern
  unsigned fileOrder = 0;
  bool bounded = false, off = false;
  std::deque<SlotInfo> slots; // references stay valid while the checker adds more
  std::vector<Stmt> stmts;
  std::vector<unsigned> roots; // statements that no other one uses; the first is the anchor
  std::vector<OpKind> anchorKinds;
  unsigned radius = 1; // edges from the anchor to the farthest matched op, at most
  std::vector<CodePtr> where, when, lets;
  std::vector<RewriteAssign> rewrite;
  std::vector<bool> replaced; // per slot
  /// "fuse.pat:12"
  std::string place() const;
};

struct Ruleset {
  std::string name;
  std::vector<std::string> after;
  SourceRange range;
};

/// Everything loaded from a set of rule files.
struct Program {
  std::vector<std::unique_ptr<Rule>> rules; // in file order
  std::vector<Ruleset> rulesets;            // in the order in which they run
  std::vector<ast::ScheduleDecl> schedules;
  std::vector<ast::TestDecl> tests;
  std::vector<InterfaceEdit> interface; // edits of the model, in file order
};

} // namespace wnnx::pat
