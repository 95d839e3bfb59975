// SPDX-License-Identifier: Apache-2.0
//
// Executes a model's methods on symbolic tensors: module calls are inlined, Python values are
// computed, loops are unrolled, and every tensor operation becomes a graph node. After an error the
// evaluation goes on with poison values, so that one run reports everything.
#pragma once

#include "Objects.h"
#include "OpCall.h"
#include "Unsupported.h"

namespace wnnx::ts {

class Evaluator {
public:
  Archive &archive;
  Graph &graph;
  Diagnostics &diags;
  Heap heap;
  SsaBuilder builder;
  Functionalizer functionalizer;
  Objects objects;
  Unsupported unsupported;

  Evaluator(Archive &a, Graph &g, Diagnostics &d);

  /// Calls a method of an object; `args` without self.
  Val callMethod(Val object, llvm::StringRef name, std::vector<Val> args, SourceRange where);
  /// Poison after an error that has been reported (or that is not worth reporting).
  Val error(SourceRange where, std::string code, std::string message, std::string hint = "");

  // For the builtins.
  SourceRange where() const { return callRange; }
  /// The number in a tensor of one element, which must be known now.
  Val item(Val tensor, llvm::StringRef use);
  Val tensorOf(Ref r);
  bool charge(uint64_t steps);
  const std::string &scope() const;

private:
  struct Frame {
    const Module *module;
    llvm::StringMap<Val> locals;
    std::string scope;
    bool leaf = false; // a module without submodules: its one operation takes the module's name
    bool returned = false;
    Val result = Val::none();
  };
  Frame *frame = nullptr;
  SourceRange callRange;
  llvm::StringMap<Val> globals; // resolved `__torch__` names
  std::deque<FunctionObject> functions;
  uint64_t steps = 0;
  unsigned depth = 0, calls = 0;
  unsigned speculative = 0; // inside of code that may not run: only operators are looked at
  bool aborted = false;

  // Statements (Evaluator.cpp).
  void exec(llvm::ArrayRef<const Stmt *> block);
  void execStmt(const Stmt &s);
  void execAssign(const Stmt &s);
  void assign(const Expr *target, Val v);
  void execIf(const Stmt &s);
  void execFor(const Stmt &s);
  void execWhile(const Stmt &s);
  void poisonAssigned(llvm::ArrayRef<const Stmt *> block);
  void setAttribute(const Expr *target, Val v);
  Val callFunction(const Function &f, const Module *module, std::vector<Val> args,
                   std::string scope, bool leaf, SourceRange where, bool nested = false);

  // Expressions (EvaluatorExpr.cpp).
  Val eval(const Expr *e);
  Val evalUnguarded(const Expr &e);
  Val evalName(const Expr &e);
  Val evalAttr(const Expr &e);
  Val evalIndex(const Expr &e);
  Val evalRange(const Expr &e);
  Val attributeOf(Val object, llvm::StringRef name, SourceRange where);
  Val resolveGlobal(const std::string &name, SourceRange where);

  // Calls (EvaluatorCalls.cpp).
  Val evalCall(const Expr &e);
  bool evalArgs(const Expr &e, unsigned from, std::vector<Val> &args,
                std::vector<std::pair<llvm::StringRef, Val>> &keywords);
  Val callNamed(const Expr &e, llvm::StringRef name);
  Val callValue(Val callee, std::vector<Val> args, SourceRange where);
  Val annotate(const Expr &e);
  bool matchesType(const Val &v, const Expr *type, unsigned level = 0);
  Val callOp(llvm::StringRef space, llvm::StringRef name, const Expr &e);
  Val callAten(llvm::StringRef name, llvm::ArrayRef<Val> args, KeywordArgs keywords);
  Val runHandler(llvm::StringRef name, llvm::ArrayRef<Val> args, KeywordArgs keywords);
  Val finishInPlace(OpCall &c, Val result);
  void reportUnsupported(std::string op, llvm::ArrayRef<Val> args);
  void setPlace(llvm::StringRef op);

  SourceRange range(const Expr &e) const { return frame->module->range(e); }
  SourceRange range(const Stmt &s) const { return frame->module->range(s); }
};

/// "__torch__.a.b" for a chain of names that starts with `root`; empty otherwise.
std::string dottedName(const Expr *e, llvm::StringRef root);

} // namespace wnnx::ts
