// SPDX-License-Identifier: Apache-2.0
//
// The checker behind `checkFiles`. `RuleChecker` works on one rule (one op of a `for` list);
// patterns first, so that every name has its type when expressions are checked.
#pragma once

#include "wnnx/Pattern/Sema.h"

#include <deque>
#include <map>
#include <set>

namespace wnnx::pat {

PatPtr newPat(PatKind k, SourceRange range);

/// What all files declare, by name.
struct Declarations {
  /// Names that files share; see ast::File::spaces.
  struct Space {
    std::map<std::string, const ast::FnDecl *, std::less<>> fns;
    std::map<std::string, const ast::FragDecl *, std::less<>> frags;
    std::map<std::string, const ast::ExternDecl *, std::less<>> externs;
  };
  std::map<unsigned, Space> spaces;
  /// What a file sees: its own space, and others through `import ... as`.
  struct FileNames {
    unsigned home = 0;
    std::map<std::string, unsigned, std::less<>> aliases;
  };
  std::deque<FileNames> files;
  std::map<const void *, const FileNames *> homes; // of functions, fragments and rules
  bool incomplete = false; // something could not be read, so that names may be missing
  std::vector<std::shared_ptr<ExternFn>> externFns;
  std::map<std::string, const ast::RuleDecl *, std::less<>> rules;
  std::map<std::string, const ast::RulesetDecl *, std::less<>> rulesets;
};

/// Warns of rules that never fire (SemaShadow.cpp).
void checkShadowed(const Program &program, const std::vector<const ast::RuleDecl *> &rules,
                   const Declarations &decls, Diagnostics &diags);
/// `nodes`, `macs`, `bytes`, `count(op, ...)`, `depth_sum(op, ...)`.
std::vector<Measure> checkMeasures(const std::vector<ast::ExprPtr> &exprs, Diagnostics &diags);
/// The type of a parameter or result; nothing when there is no such type.
std::optional<Type> typeByName(std::string_view name);

/// Names visible in a rule, or in one use of a fragment.
struct Scope {
  /// An argument of a fragment: a pattern that is read in the caller's scope.
  struct Param {
    const ast::Pattern *pattern = nullptr;
    Scope *caller = nullptr;
    int slot = -1; // holds the value when the pattern is more than a name
  };
  std::map<std::string, unsigned, std::less<>> names;
  std::map<std::string, Param, std::less<>> params;
  const Declarations::FileNames *file = nullptr;
};

class RuleChecker {
  const Declarations &decls;
  Diagnostics &diags;
  const ast::RuleDecl &decl;
  const ast::Name *forOp; // the op that the rule's variable stands for
  std::unique_ptr<Rule> rule = std::make_unique<Rule>();

  Scope top;
  std::vector<std::unique_ptr<Scope>> fragScopes;
  std::vector<const void *> expanding; // fragments and functions, to find cycles
  std::set<unsigned> bound;            // slots that every match binds
  std::set<unsigned> partial;          // slots that only some alternatives bind
  std::set<unsigned> awaited;          // to be replaced, new value not yet assigned
  std::set<unsigned> present;          // optional slots that `has` has shown to be there
  std::vector<unsigned> uses;          // per slot: expressions and patterns that mention it
  std::vector<unsigned> patternUses;   // per slot: patterns only
  /// Per slot: where patterns mention it. A fragment's argument is read for each alternative, and
  /// is one place.
  std::vector<std::set<uint32_t>> places;
  struct Capture {
    unsigned slot;
    std::string what; // "attribute `stride` of conv2d"
    SourceRange range;
  };
  std::vector<Capture> captures; // that must be used, lest something is lost
  struct LostAttrs {
    std::string op;
    std::vector<std::string> attrs;
    int stmt; // whose own op it is, or -1
    SourceRange range;
  };
  std::vector<LostAttrs> lost;
  struct PendingAttr {
    const ast::Expr *expr;
    Scope *scope;
    Code *into;
    Type want;
    std::string what;
    int set;
  };
  std::vector<PendingAttr> pendingAttrs;
  struct PendingAlt {
    const ast::FragAlt *alt;
    Scope *scope;
    Pat *pat;
    size_t index;
    int set;
  };
  std::vector<PendingAlt> pendingAlts;
  int currentStmt = -1;
  bool topOfStmt = false;
  unsigned patternNodes = 0, codeNodes = 0;
  bool building = false;   // inside a rewrite block
  int currentSet = -1;     // the set statement whose members' parts are spoken of
  bool memberPart = false; // the name being read has its index
  bool axisAttr = false;   // the attribute being read is a dimension, which may be negative
  std::set<unsigned> axes; // captured ones
  bool failed = false;
  bool namesUnclear = false; // after such errors, whether a name is used says nothing

public:
  RuleChecker(const Declarations &declarations, Diagnostics &d, const ast::RuleDecl &r,
              const ast::Name *op)
      : decls(declarations), diags(d), decl(r), forOp(op) {
    auto it = decls.homes.find(&r);
    top.file = it == decls.homes.end() ? nullptr : it->second;
  }
  /// Null when there were errors.
  std::unique_ptr<Rule> check();
  /// Checks a function on its own, with parameters of unknown type unless they are given.
  void checkFunction(const ast::FnDecl &fn);

private:
  DiagnosticBuilder error(SourceRange range, std::string code, std::string message);
  unsigned newSlot(std::string name, Type type, SourceRange range);
  /// The slot of a name, made when it is new.
  unsigned slotOf(const ast::Name &name, Scope &scope, const ast::Name &index = {});
  void mention(unsigned slot, bool pattern, SourceRange where = {});

  // Patterns (SemaPattern.cpp).
  PatPtr pattern(const ast::Pattern &p, Scope &scope);
  PatPtr varPattern(const ast::Pattern &p, Scope &scope);
  PatPtr paramPattern(const ast::Pattern &p, Scope::Param &param);
  PatPtr literalPattern(const ast::Pattern &p);
  PatPtr altPattern(const ast::Pattern &p, Scope &scope);
  PatPtr fragPattern(const ast::Pattern &p, const ast::FragDecl &frag, Scope &scope);
  PatPtr opPattern(const ast::Pattern &p, Scope &scope);
  PatPtr traitPattern(const ast::Pattern &p, Scope &scope);
  PatPtr withName(PatPtr p, const ast::Pattern &from, Scope &scope);
  // SemaGroups.cpp.
  PatPtr flatPattern(const ast::Pattern &p, Scope &scope);
  PatPtr chainPattern(const ast::Pattern &p, Scope &scope);
  void elements(const ast::Pattern &list, Pat &pat, Scope &scope);
  uint32_t traits(const ast::Pattern &p, std::vector<OpKind> &ops);
  bool flattens(const OpInfo &info, const ast::Name &name);
  CodePtr flatExpr(const ast::Expr &e, Scope &scope);
  CodePtr buildChain(const ast::Expr &e, unsigned slot, std::vector<CodePtr> args);
  // SemaSets.cpp.
  void markMember(unsigned slot);
  void declareSet(size_t index);
  void finishSet(size_t index);
  int setOfIndex(const std::string &text) const;
  const ast::Expr *memberName(const ast::Expr &e) const;
  CodePtr setLength(const ast::Expr &e, int set);
  CodePtr mapped(const ast::Expr &e, CodePtr list, Scope &scope);
  struct Reached {
    unsigned slot, depth;
  };
  void reachedSlots(const Pat &p, unsigned depth, std::vector<Reached> &out) const;
  void optionalOp(const ast::Pattern &p, Pat &pat, const std::set<unsigned> &before);
  void checkRank(const ast::Pattern &arg, const OperandInfo &o, const OpInfo &info);
  void operandArg(const ast::PatternArg &a, unsigned index, const OpInfo &info, Pat &pat,
                  Scope &scope);
  int unknownAttr(const ast::Name &name, const OpInfo &info);
  void attrArg(const ast::PatternArg &a, const OpInfo &info, Pat &pat, Scope &scope);
  AttrPat attrPattern(const ast::Expr &e, const Type &want, const std::string &what, Scope &scope);
  void captureAttr(const ast::Expr &e, const std::string &index, const Type &want,
                   const std::string &what, Scope &scope, AttrPat &out);
  void listAttr(const ast::Expr &e, const Type &want, const std::string &what, Scope &scope,
                AttrPat &out);
  void restArg(const ast::PatternArg &a, const OpInfo *info, Pat &pat, Scope &scope);
  void checkUnmentioned(const ast::Pattern &p, const OpInfo &info, Pat &pat);
  std::unique_ptr<TypePat> typePattern(const ast::TypePattern &t, unsigned slot, Scope &scope);
  const OpInfo *findOp(const ast::Name &name, const Scope &scope);
  const ast::FragDecl *findFrag(const ast::Name &name, const Scope &scope);
  const ast::FnDecl *findFn(const std::string &name, const Scope &scope);
  int findExtern(const std::string &name, const Scope &scope);
  const Declarations::Space *spaceOf(std::string_view &name, const Scope &scope) const;
  unsigned homeSpace(const Scope &scope) const { return scope.file ? scope.file->home : 0; }
  void poison(const ast::Pattern &p, Scope &scope);
  bool bindDefinite(unsigned slot) { return bound.insert(slot).second; }

  // Expressions (SemaExpr.cpp, SemaBuild.cpp).
  CodePtr code(CodeKind k, const ast::Expr &e, Type t);
  CodePtr expr(const ast::Expr &e, Scope &scope);
  CodePtr name(const ast::Expr &e, Scope &scope);
  CodePtr unary(const ast::Expr &e, Scope &scope);
  CodePtr binary(const ast::Expr &e, Scope &scope);
  CodePtr ternary(const ast::Expr &e, Scope &scope);
  CodePtr call(const ast::Expr &e, Scope &scope);
  CodePtr callHas(const ast::Expr &e, Scope &scope);
  CodePtr callExtern(const ast::Expr &e, unsigned index, std::vector<CodePtr> args);
  void compareAxes(const ast::Expr &e, const Code &a, const Code &b);
  CodePtr callImported(const ast::Expr &e, Scope &scope);
  CodePtr callFn(const ast::Expr &e, const ast::FnDecl &fn, Scope &scope);
  CodePtr callBuiltin(const ast::Expr &e, const BuiltinInfo &b, std::vector<CodePtr> args);
  CodePtr field(const ast::Expr &e, Scope &scope);
  CodePtr index(const ast::Expr &e, Scope &scope);
  CodePtr list(const ast::Expr &e, Scope &scope);
  CodePtr comprehension(const ast::Expr &e, Scope &scope);
  CodePtr build(const ast::Expr &e, const OpInfo &info, std::vector<CodePtr> args);
  CodePtr buildCaptured(const ast::Expr &e, unsigned opSlot, std::vector<CodePtr> args);
  bool fitsParam(const BuiltinParam &p, Code &arg, const BuiltinInfo &b);
  bool present1(const Code &c, const std::string &what);
  bool boolean(const Code &c, const std::string &what);
  bool arithmetic(const Code &c, const std::string &what);
  bool operandFits(const Code &c, const OperandInfo &o, const OpInfo &info);
  bool attrFits(const Code &c, const AttrInfo &a, const OpInfo &info);
  bool typeFitsAttr(const Type &t, const AttrInfo &a);
  std::set<unsigned> shownPresent(const Code &c);
  std::vector<CodePtr> conditions(const std::vector<ast::ExprPtr> &exprs, Scope &scope,
                                  const char *clause);
  bool badError(const Type &t) const { return t.any(); }

  // The rule (SemaRule.cpp).
  void declareStmts();
  void checkStmts();
  void finishPending();
  void checkRewrite();
  void checkRewriteStmt(const ast::RewriteStmt &s);
  void checkOverSet(const ast::RewriteStmt &s, RewriteAssign &out);
  void checkLoss();
  void checkUnused();
  void checkHints();
  void checkBenefit();
  void checkTrivial();
  void findRoots();
  void header();
  std::vector<OpKind> rootKinds(const Pat &p, unsigned depth);
  void mentionedSlots(const Pat &p, std::vector<unsigned> &out) const;
};

} // namespace wnnx::pat
