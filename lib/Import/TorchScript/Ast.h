// SPDX-License-Identifier: Apache-2.0
//
// The syntax tree of TorchScript source. Nodes are plain data in the arena of their `Module`.
#pragma once

#include "wnnx/Support/SourceFile.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Allocator.h"

#include <deque>
#include <memory>
#include <string>

namespace wnnx::ts {

struct Expr;

struct Keyword {
  llvm::StringRef name;
  const Expr *value = nullptr;
};

enum class ExprKind : uint8_t {
  Name,  // text
  Int,   // integer
  Float, // number
  Complex,
  Str, // text
  None,
  True,
  False,
  List,  // items
  Tuple, // items
  Dict,  // items: keys and values in turn
  Attr,  // items[0] . text
  Index, // items[0] [ items[1] ]
  Range, // items[0] [ items[1] : items[2] ], each bound may be null
  Call,  // items[0] ( items[1..], keywords )
  Neg,   // - items[0]
};

struct Expr {
  ExprKind kind = ExprKind::None;
  uint32_t begin = 0, end = 0;
  llvm::StringRef text;
  int64_t integer = 0;
  double number = 0;
  llvm::ArrayRef<const Expr *> items;
  llvm::ArrayRef<Keyword> keywords;
};

enum class StmtKind : uint8_t {
  Assign, // targets = values
  Expr,   // values[0]
  Return, // values: one or none
  If,     // values[0]; body; orelse
  For,    // targets[0] in values[0]; body
  While,  // values[0]; body
  With,   // values: context managers; body
  Pass,
  Function, // function
};

struct Function;

struct Stmt {
  StmtKind kind = StmtKind::Pass;
  uint32_t begin = 0, end = 0;
  llvm::ArrayRef<const Expr *> targets;
  llvm::ArrayRef<const Expr *> values;
  /// `a, b, = v` takes one tuple or list apart; without it `a, b = f()` takes several results.
  bool unpack = false;
  const Expr *annotation = nullptr;
  llvm::ArrayRef<const Stmt *> body, orelse;
  const Function *function = nullptr;
};

struct Param {
  llvm::StringRef name;
  const Expr *type = nullptr;         // may be null
  const Expr *defaultValue = nullptr; // may be null
  uint32_t begin = 0;
};

struct Function {
  llvm::StringRef name;
  llvm::ArrayRef<Param> params;
  const Expr *returns = nullptr;
  llvm::ArrayRef<const Stmt *> body;
  uint32_t begin = 0;
};

struct ClassAttr {
  llvm::StringRef name;
  const Expr *type = nullptr;
  const Expr *value = nullptr; // of class constants and enum members
};

struct Class {
  llvm::StringRef name;
  llvm::StringRef base; // "Module", "NamedTuple", "Enum", "Interface", "ModuleInterface" or empty
  llvm::ArrayRef<ClassAttr> attrs;
  llvm::ArrayRef<const Function *> methods;
  llvm::ArrayRef<llvm::StringRef> preHooks, hooks;
  uint32_t begin = 0;

  const Function *method(llvm::StringRef n) const {
    for (const Function *f : methods)
      if (f->name == n)
        return f;
    return nullptr;
  }
};

/// One source file.
struct Module {
  const SourceFile *file = nullptr;
  llvm::BumpPtrAllocator arena;
  std::deque<std::string> strings;
  llvm::ArrayRef<const Class *> classes;
  llvm::ArrayRef<const Function *> functions;

  SourceRange range(const Expr &e) const { return {file, e.begin, e.end}; }
  SourceRange range(const Stmt &s) const { return {file, s.begin, s.end}; }
};

} // namespace wnnx::ts
