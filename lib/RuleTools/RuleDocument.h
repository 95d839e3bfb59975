// SPDX-License-Identifier: Apache-2.0
//
// One open rule file, as the language server sees it: its tree, what checking says, and answers to
// questions about places in it.
#pragma once

#include "wnnx/Pattern/Ast.h"
#include "wnnx/Pattern/Lexer.h"
#include "wnnx/Pattern/Program.h"
#include "wnnx/Pattern/Rules.h"

#include <map>
#include <memory>

namespace wnnx::pat {

/// 0-based; columns count UTF-16 units, as the protocol wants.
struct Position {
  unsigned line = 0, column = 0;
};

struct Completion {
  std::string label, detail, doc;
  int kind = 1; // of the protocol: 3 function, 5 field, 6 variable, 14 keyword, 22 struct...
};

struct Symbol {
  std::string name, detail;
  int kind; // of the protocol: 12 function, 5 class, 6 method, 3 namespace...
  SourceRange range, nameRange;
};

class RuleDocument {
  std::string path;
  std::unique_ptr<Diagnostics> diags;
  std::unique_ptr<Diagnostics> treeDiags; // owns the texts of the trees
  const SourceFile *source = nullptr;
  std::vector<Token> tokens;
  ast::File tree;
  std::vector<std::unique_ptr<ast::File>> imported; // trees of imports, for names
  std::optional<RuleSet> rules;

public:
  RuleDocument(std::string filePath, std::string text);

  const SourceFile &file() const { return *source; }
  /// The file's own tree, which is there after errors too.
  const ast::File &syntax() const { return tree; }
  /// Errors and warnings of this file, and one for each imported file that has errors.
  std::vector<Diagnostic> problems() const;
  /// Markdown, or the empty string.
  std::string hover(uint32_t offset, SourceRange &range) const;
  std::vector<Completion> complete(uint32_t offset) const;
  SourceRange definition(uint32_t offset) const;
  std::vector<Symbol> symbols() const;

  uint32_t offsetOf(Position p) const;
  static Position positionOf(const SourceFile &file, uint32_t offset);

private:
  void readImports(const ast::File &from, const std::string &name, unsigned depth);
  size_t tokenAt(uint32_t offset) const; // tokens.size() when there is none
  const ast::RuleDecl *ruleAt(uint32_t offset) const;
  const Rule *checkedRule(const ast::RuleDecl &decl) const;
  std::string enclosingCall(size_t token) const;
  template <class F> void eachFile(F f) const;
};

} // namespace wnnx::pat
