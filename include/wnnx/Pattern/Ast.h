// SPDX-License-Identifier: Apache-2.0
//
// The syntax tree of rule files, exactly as written, with the source range of every part. Names are
// not resolved and nothing is typed here; `Sema` does both.
#pragma once

#include "wnnx/IR/Type.h"
#include "wnnx/Pattern/Interface.h"
#include "wnnx/Support/SourceFile.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace wnnx::pat::ast {

struct Name {
  std::string text;
  SourceRange range;
  explicit operator bool() const { return !text.empty(); }
};

struct Expr;
using ExprPtr = std::unique_ptr<Expr>;

enum class ExprKind : uint8_t {
  Int,
  Float,
  Str,
  Bool,
  None,
  Name,
  Unary,         // text: "-" or "!"; kids: operand
  Binary,        // text: the operator; kids: left, right
  Ternary,       // kids: condition, then, else
  Call,          // text: the callee; args. `a.f(b)` is `f(a, b)`
  Field,         // text: the field; kids: record
  Index,         // kids: subject; items
  List,          // args, unnamed, possibly spread
  Comprehension, // kids: element, source (null: the members of a set); text: the variable
  Flat,          // text{args}: op of a list, on right sides
  Record,        // args, named
  Range,         // kids: from, to
  Error,
};

/// An argument of a call or an entry of a list or record.
struct Arg {
  Name name;             // "" when positional
  ExprPtr value;         // null: `..` alone, in a list of a pattern
  bool spread = false;   // `..value`
  bool optional = false; // `value?`, in a list of a pattern
  SourceRange range;
};

/// One entry between the brackets of `t[...]`.
struct IndexItem {
  enum Kind { At, Slice, NewAxis, All } kind = At;
  ExprPtr at;               // At
  ExprPtr start, end, step; // Slice; each may be null
  SourceRange range;
};

struct Expr {
  ExprKind kind = ExprKind::Error;
  SourceRange range;
  std::string text;
  SourceRange textRange; // of callee, operator or field
  int64_t intValue = 0;
  double floatValue = 0;
  std::vector<ExprPtr> kids;
  std::vector<Arg> args;
  std::vector<IndexItem> items;
  bool method = false; // Call: written `a.f(b)`
};

struct Pattern;
using PatternPtr = std::unique_ptr<Pattern>;

struct DimPattern {
  enum Kind { Int, Named, Any, Rest } kind = Any;
  int64_t size = 0;
  Name name;  // Named; Rest when captured
  Name index; // `os[i]`
  SourceRange range;
};

/// What follows the colon of a variable: `const f32[O, _, K, K] & positive`.
struct TypePattern {
  bool isConst = false;
  std::optional<DType> dtype;
  bool hasDims = false;
  std::vector<DimPattern> dims;
  std::vector<Name> predicates;
  SourceRange range;
};

/// An argument of an op or fragment in a pattern.
struct PatternArg {
  enum Kind { Operand, Attr, OneOf, Rest } kind = Operand;
  Name name;                    // "" when positional; Rest: the capture, if any
  PatternPtr pattern;           // Operand
  Name index;                   // Rest: `..a[i]`
  ExprPtr attr;                 // Attr: a value, a capture, or a list of these
  std::vector<ExprPtr> choices; // OneOf
  SourceRange range;
};

enum class PatternKind : uint8_t {
  Op,      // name(args): op, fragment, or an op variable
  Flat,    // name{kids}: associative-commutative, flattened
  Alt,     // (kids | ...)
  Var,     // name: type
  Literal, // a number
  Any,     // _
  List,    // [kids, ..rest]: the operands of a variadic group
  Error,
};

struct Pattern {
  PatternKind kind = PatternKind::Error;
  SourceRange range;
  Name name;
  Name trait;               // `f@trait(...)`: the first of `traits`
  std::vector<Name> traits; // `f@{traits and ops}(...)`
  enum Repeat : uint8_t { Once, ZeroOrOne, ZeroOrMore, OneOrMore } repeat = Once; // behind a trait
  bool optional = false;        // `op?(...)`, `b?`
  bool elementOptional = false; // `pattern?`, an element of a list
  bool ordered = false;
  std::vector<PatternArg> args;
  std::vector<PatternPtr> kids;
  bool hasRest = false;
  Name rest; // List, Flat: the capture, if any
  Name as;
  Name index, asIndex; // `ws[i]`, `as k[i]`
  std::unique_ptr<TypePattern> type;
  ExprPtr literal, tolerance;
};

struct MatchStmt {
  bool keep = false;
  bool all = false; // `all ys[...]`
  std::vector<Name> lhs;
  Name setIndex;    // `ys[i in 2..]`
  ExprPtr setRange; // a Range; its end is null when open
  PatternPtr pattern;
  SourceRange range;
};

struct RewriteStmt {
  std::vector<Name> lhs;
  Name index;              // `ys[i] = ...`
  bool allMembers = false; // `ys[*] = ...`
  ExprPtr value;
  SourceRange range;
};

struct Let {
  Name name;
  ExprPtr value;
};

struct FragAlt {
  Name label;
  PatternPtr pattern;
  std::vector<ExprPtr> where;
  ExprPtr result; // a record, or null
};

struct FragDecl {
  std::string doc;
  Name name;
  std::vector<Name> params;
  std::vector<FragAlt> alts;
  SourceRange range;
  bool broken = false; // has syntax errors: not checked, and its uses neither
};

struct Param {
  Name name;
  std::string type; // "" when not given
};

struct FnDecl {
  std::string doc;
  Name name;
  std::vector<Param> params;
  ExprPtr body;
  SourceRange range;
  bool broken = false;
};

/// One line of a `verify` block.
struct VerifyStmt {
  enum Kind { Domain, Witness, Instances } kind = Domain;
  Name name, witness;           // Domain, Witness
  std::vector<ExprPtr> choices; // Domain; one Range, or the entries of `{...}`
  int64_t count = 0;            // Instances
  SourceRange range;
};

struct RuleDecl {
  std::string doc;
  Name name;
  Name forVar;
  std::vector<Name> forOps;
  Name ruleset;
  ExprPtr benefit;
  Name eqClass;
  std::vector<ExprPtr> classArgs; // approx(...)
  std::string classReason;        // relaxed "..."
  bool bounded = false, off = false;
  std::vector<MatchStmt> match;
  std::vector<ExprPtr> where, when;
  std::vector<Let> lets;
  std::vector<RewriteStmt> rewrite;
  std::vector<ExprPtr> decreases;
  std::vector<VerifyStmt> verify;
  SourceRange range;
  bool broken = false;
};

struct RulesetDecl {
  std::string doc;
  Name name;
  std::vector<Name> after;
  std::vector<ExprPtr> order;
  SourceRange range;
};

/// One term of a schedule: a rule set or a group, run once, to a fixpoint (`*`), or N times.
struct SchedTerm {
  Name ruleset;
  std::vector<SchedTerm> group;
  bool star = false;
  int64_t repeat = 1;
};

struct ScheduleDecl {
  Name name;
  std::vector<SchedTerm> terms;
  SourceRange range;
};

struct TestDecl {
  Name name; // the string
  Name rule; // "" : all rules
  uint32_t graphBegin = 0, graphEnd = 0;
  bool fired = false;
  int64_t times = -1; // `fired 2`; -1: at least once
  std::string because;
  SourceRange range, expectRange;
};

struct ExternDecl {
  std::string doc;
  Name name;
  std::vector<Param> params;
  std::string result;
  SourceRange range;
};

struct Import {
  std::string path;
  Name as;                // `import "x.pat" as x;`: its functions and fragments are x.NAME
  unsigned fileSpace = 0; // the space of names of that file; set by the loader
  SourceRange range;
};

struct File {
  const SourceFile *source = nullptr;
  /// Files see functions and fragments of their own space, which is the first; 0 is that of the
  /// files named by the user and all that they import without `as`. What is declared here is
  /// visible in all of these.
  std::vector<unsigned> spaces = {0};
  /// Something in it could not be read, so that names may be missing.
  bool incomplete = false;
  std::vector<Import> imports;
  std::vector<ExternDecl> externs;
  std::vector<FnDecl> fns;
  std::vector<FragDecl> frags;
  std::vector<RuleDecl> rules;
  std::vector<RulesetDecl> rulesets;
  std::vector<ScheduleDecl> schedules;
  std::vector<TestDecl> tests;
  std::vector<InterfaceEdit> interface;
};

} // namespace wnnx::pat::ast
