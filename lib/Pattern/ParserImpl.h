// SPDX-License-Identifier: Apache-2.0
//
// The recursive-descent parser behind `parseFile`. Its members are spread over ParseExpr.cpp,
// ParsePattern.cpp and ParseDecl.cpp; each `parseX` leaves the cursor behind an X, also after
// errors, unless it says otherwise.
#pragma once

#include "wnnx/Pattern/Lexer.h"
#include "wnnx/Pattern/Parser.h"

#include <deque>

namespace wnnx::pat {

class Parser {
  Lexer lexer;
  Diagnostics &diags;
  Token cur;
  std::deque<Token> ahead;
  uint32_t lastEnd = 0;
  unsigned depth = 0;
  bool tooDeep = false;
  uint32_t lastErrorAt = ~0u;
  unsigned wordErrors = 0; // `and` for `&&` and the like: what they stand in is understood
  bool rewriting = false;  // `op{...}` is an expression

  static constexpr unsigned maxDepth = 100;
  /// Counts nesting while it lives.
  struct Nest {
    Parser &p;
    explicit Nest(Parser &parser) : p(parser) { ++p.depth; }
    ~Nest() { --p.depth; }
    bool ok() { return p.depth <= maxDepth || p.reportDepth(); }
  };
  bool reportDepth();

public:
  Parser(const SourceFile &file, Diagnostics &d) : lexer(file, d), diags(d) { cur = lexer.next(); }
  ast::File parse();

private:
  // Cursor.
  const Token &peek(unsigned n = 1);
  void advance();
  bool is(Tok t) const { return cur.kind == t; }
  bool isWord(std::string_view w) const { return cur.kind == Tok::Ident && cur.text == w; }
  bool accept(Tok t);
  bool acceptWord(std::string_view w);
  bool expect(Tok t, const char *where);
  bool expectWord(std::string_view w, const char *where);
  SourceRange curRange() const { return {&lexer.file(), cur.begin, cur.end}; }
  SourceRange from(uint32_t begin) const {
    return {&lexer.file(), begin, std::max(begin, lastEnd)};
  }
  void syntaxError(std::string message, std::string hint = "");
  void wordForOperator(std::string_view op);
  std::string found() const;
  ast::Name parseName(const char *what);
  /// To behind the next `;` at this level, or to the `}` that closes it.
  void skipStatement();
  void skipToDeclaration();
  bool expectSemi(const char *behind);
  std::vector<ast::Name> parseNames(Tok close, const char *what);

  // Expressions.
  ast::ExprPtr make(ast::ExprKind k, uint32_t begin);
  ast::ExprPtr parseExpr() { return parseTernary(); }
  ast::ExprPtr parseTernary();
  ast::ExprPtr parseBinary(int minPrecedence);
  ast::ExprPtr parseUnary();
  ast::ExprPtr parsePostfix();
  ast::ExprPtr parsePrimary();
  ast::ExprPtr parseListOrComprehension();
  ast::ExprPtr parseRecord();
  std::vector<ast::Arg> parseArgs(Tok close);
  ast::IndexItem parseIndexItem();
  std::vector<ast::ExprPtr> parseExprs();

  // Patterns.
  ast::PatternPtr makePattern(ast::PatternKind k, uint32_t begin);
  ast::PatternPtr parsePattern();
  ast::PatternPtr parsePatternHead();
  ast::PatternPtr parseOpPattern();
  void parseTraits(ast::Pattern &p);
  void parseAs(ast::Pattern &p);
  ast::PatternPtr parseElement();
  void parseElements(ast::Pattern &into, Tok close);
  ast::PatternPtr parseLiteralPattern();
  void parsePatternArgs(ast::Pattern &op);
  ast::PatternArg parsePatternArg(const ast::Pattern &op);
  std::unique_ptr<ast::TypePattern> parseTypePattern();
  ast::DimPattern parseDim();

  // Declarations.
  void parseDecl(ast::File &file);
  bool startsDecl();
  ast::Import parseImport();
  ast::FnDecl parseFn();
  ast::FragDecl parseFrag();
  ast::FragAlt parseFragAlt();
  ast::ExternDecl parseExtern();
  std::vector<ast::Param> parseParams();
  std::string parseType();
  ast::RuleDecl parseRule();
  void parseRuleProps(ast::RuleDecl &r);
  void parseEqClass(ast::RuleDecl &r);
  void parseClause(ast::RuleDecl &r);
  void parseVerify(ast::RuleDecl &r);
  ast::VerifyStmt parseVerifyStmt();
  ast::MatchStmt parseMatchStmt();
  ast::RewriteStmt parseRewriteStmt();
  std::vector<ast::Name> parseLhs();
  ast::RulesetDecl parseRuleset();
  ast::ScheduleDecl parseSchedule();
  std::vector<ast::SchedTerm> parseSchedTerms(Tok close);
  ast::TestDecl parseTest();
  void parseExpectation(ast::TestDecl &t);
};

} // namespace wnnx::pat
