// SPDX-License-Identifier: Apache-2.0
//
// Rules: their properties, and the clauses of their bodies.
#include "ParserImpl.h"

#include "fmt/format.h"
#include "llvm/ADT/STLExtras.h"

namespace wnnx::pat {

using namespace ast;

static const std::vector<std::string_view> clauseWords = {"match",   "where",     "when",  "let",
                                                          "rewrite", "decreases", "verify"};

RuleDecl Parser::parseRule() {
  RuleDecl r;
  r.doc = cur.doc;
  uint32_t begin = cur.begin;
  advance();
  r.name = parseName("the rule's name");
  if (acceptWord("for")) {
    r.forVar = parseName("a variable behind `for`");
    expectWord("in", "behind the variable");
    if (expect(Tok::LBrace, "before the ops"))
      r.forOps = parseNames(Tok::RBrace, "an op");
  }
  if (accept(Tok::Colon))
    parseRuleProps(r);
  else
    syntaxError(fmt::format("expected `:` and the rule set's name behind the rule's name, found {}",
                            found()));
  if (is(Tok::Semi))
    syntaxError("expected `{` before the rule's body, found `;`",
                "what is said of a rule stands behind commas: `rule r : set, class real { ... }`");
  if (!expect(Tok::LBrace, "before the rule's body")) {
    skipToDeclaration();
    return r;
  }
  while (!is(Tok::RBrace) && !is(Tok::Eof) && !startsDecl())
    parseClause(r);
  expect(Tok::RBrace, "behind the rule");
  r.range = from(begin);
  return r;
}

void Parser::parseRuleProps(RuleDecl &r) {
  r.ruleset = parseName("the rule set's name");
  while (accept(Tok::Comma)) {
    if (acceptWord("benefit")) {
      r.benefit = parseExpr();
    } else if (acceptWord("class")) {
      parseEqClass(r);
    } else if (acceptWord("bounded")) {
      r.bounded = true;
    } else if (acceptWord("off")) {
      r.off = true;
    } else {
      syntaxError(fmt::format("unknown rule property {}", found()),
                  "properties are `benefit N`, `class C`, `bounded` and `off`");
      while (!is(Tok::Comma) && !is(Tok::LBrace) && !is(Tok::Eof) && !is(Tok::RBrace))
        advance();
    }
  }
}

void Parser::parseEqClass(RuleDecl &r) {
  r.eqClass = parseName("an equality class");
  if (accept(Tok::LParen)) {
    r.classArgs = parseExprs();
    expect(Tok::RParen, "behind the tolerance");
  }
  if (is(Tok::String)) {
    r.classReason = cur.text;
    advance();
  }
}

void Parser::parseClause(RuleDecl &r) {
  uint32_t begin = cur.begin;
  if (acceptWord("match") || isWord("rewrite")) {
    bool rewrite = acceptWord("rewrite");
    if (!expect(Tok::LBrace, rewrite ? "behind `rewrite`" : "behind `match`"))
      return skipStatement();
    while (!is(Tok::RBrace) && !is(Tok::Eof) && !startsDecl()) {
      if (rewrite)
        r.rewrite.push_back(parseRewriteStmt());
      else
        r.match.push_back(parseMatchStmt());
    }
    expect(Tok::RBrace, "behind the block");
    return;
  }
  if (isWord("where") || isWord("when")) {
    std::vector<ExprPtr> &into = cur.text == "where" ? r.where : r.when;
    advance();
    for (ExprPtr &e : parseExprs())
      into.push_back(std::move(e));
    if (is(Tok::Equal))
      syntaxError("`=` compares nothing", "write `==`");
    expectSemi("the conditions");
    return;
  }
  if (acceptWord("let")) {
    Let l;
    l.name = parseName("a name behind `let`");
    if (expect(Tok::Equal, "behind the name"))
      l.value = parseExpr();
    expectSemi("the definition");
    if (l.name && l.value)
      r.lets.push_back(std::move(l));
    return;
  }
  if (acceptWord("decreases")) {
    for (ExprPtr &e : parseExprs())
      r.decreases.push_back(std::move(e));
    expectSemi("the measure");
    return;
  }
  if (acceptWord("verify"))
    return parseVerify(r);
  syntaxError(fmt::format("expected a clause, found {}{}", found(),
                          is(Tok::Ident) ? didYouMean(cur.text, clauseWords) : std::string()),
              "a rule holds `match`, `where`, `when`, `let` and `rewrite`");
  skipStatement();
  // A block belongs to the clause that was not understood.
  if (cur.begin == begin)
    advance();
}

void Parser::parseVerify(RuleDecl &r) {
  if (!expect(Tok::LBrace, "behind `verify`"))
    return skipStatement();
  while (!is(Tok::RBrace) && !is(Tok::Eof) && !startsDecl())
    r.verify.push_back(parseVerifyStmt());
  expect(Tok::RBrace, "behind the block");
}

VerifyStmt Parser::parseVerifyStmt() {
  VerifyStmt s;
  uint32_t begin = cur.begin;
  if (isWord("compare") && peek().kind == Tok::Ident) {
    advance();
    s.kind = VerifyStmt::Witness;
    s.name = parseName("a name behind `compare`");
    if (expectWord("by", "behind the name") && expectWord("witness", "behind `by`"))
      s.witness = parseName("a name behind `witness`");
  } else if (isWord("instances") && peek().kind == Tok::Int) {
    advance();
    s.kind = VerifyStmt::Instances;
    s.count = cur.intValue;
    advance();
  } else if (is(Tok::Ident) && peek().kind == Tok::Ident && peek().text == "in") {
    s.name = parseName("a name");
    advance();
    if (accept(Tok::LBrace)) {
      s.choices = parseExprs();
      expect(Tok::RBrace, "behind the choices");
    } else {
      s.choices.push_back(parseExpr());
    }
  } else {
    syntaxError(fmt::format("expected a hint for verification, found {}", found()),
                "hints are `NAME in {1, 3};`, `compare NAME by witness NAME;` and `instances N;`");
    if (!is(Tok::Semi))
      advance();
    skipStatement();
    return s;
  }
  s.range = from(begin);
  expectSemi("the hint");
  return s;
}

std::vector<Name> Parser::parseLhs() {
  std::vector<Name> lhs;
  if (accept(Tok::LParen)) {
    lhs = parseNames(Tok::RParen, "a name");
  } else {
    Name n = parseName("a name to assign");
    if (n)
      lhs.push_back(std::move(n));
  }
  return lhs;
}

MatchStmt Parser::parseMatchStmt() {
  MatchStmt s;
  uint32_t begin = cur.begin;
  auto prefix = [&](const char *word) {
    return isWord(word) && (peek().kind == Tok::Ident || peek().kind == Tok::LParen) &&
           acceptWord(word);
  };
  s.all = prefix("all");
  s.keep = prefix("keep");
  s.all |= s.keep && prefix("all");
  s.lhs = parseLhs();
  if (s.lhs.empty()) {
    skipStatement();
    return s;
  }
  if (accept(Tok::LBracket)) {
    s.setIndex = parseName("an index variable");
    expectWord("in", "behind the index variable");
    s.setRange = parseExpr();
    expect(Tok::RBracket, "behind the set's range");
  }
  static const std::string_view clauses[] = {"rewrite", "where", "when", "let", "verify"};
  if (s.lhs.size() == 1 && !is(Tok::Equal) && llvm::is_contained(clauses, s.lhs[0].text))
    syntaxError(fmt::format("`{}` stands inside of `match`", s.lhs[0].text),
                "is the `}` of `match` missing?");
  if (!expect(Tok::Equal, "behind the name")) {
    skipStatement();
    return s;
  }
  s.pattern = parsePattern();
  s.range = from(begin);
  if (is(Tok::Pipe))
    syntaxError("alternatives stand in parentheses", "write `(a | b)`");
  else if (is(Tok::Plus) || is(Tok::Minus) || is(Tok::Star) || is(Tok::Slash))
    syntaxError(fmt::format("{} is no operator of patterns", found()),
                "write the op that the model has: `add(a, b)`, `sub`, `mul`, `div`");
  expectSemi("the statement");
  return s;
}

RewriteStmt Parser::parseRewriteStmt() {
  RewriteStmt s;
  uint32_t begin = cur.begin;
  if (isWord("erase") && peek().kind == Tok::Ident) {
    syntaxError("`erase` is not needed: values without uses go away by themselves");
    skipStatement();
    return s;
  }
  s.lhs = parseLhs();
  if (!s.lhs.empty() && accept(Tok::LBracket)) {
    if (accept(Tok::Star))
      s.allMembers = true;
    else
      s.index = parseName("an index variable, or `*`");
    expect(Tok::RBracket, "behind the index variable");
  }
  if (s.lhs.empty() || !expect(Tok::Equal, "behind the name")) {
    skipStatement();
    return s;
  }
  rewriting = true;
  s.value = parseExpr();
  rewriting = false;
  s.range = from(begin);
  expectSemi("the statement");
  return s;
}

} // namespace wnnx::pat
