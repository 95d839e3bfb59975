// SPDX-License-Identifier: Apache-2.0
//
// The parser's cursor, and expressions: C's operators and precedence, `??` between `||` and `?:`.
#include "ParserImpl.h"

#include "fmt/format.h"

namespace wnnx::pat {

using namespace ast;

const Token &Parser::peek(unsigned n) {
  while (ahead.size() < n)
    ahead.push_back(lexer.next());
  return ahead[n - 1];
}

void Parser::advance() {
  lastEnd = cur.end;
  if (ahead.empty()) {
    cur = lexer.next();
  } else {
    cur = std::move(ahead.front());
    ahead.pop_front();
  }
}

bool Parser::accept(Tok t) {
  if (!is(t))
    return false;
  advance();
  return true;
}

bool Parser::acceptWord(std::string_view w) {
  if (!isWord(w))
    return false;
  advance();
  return true;
}

std::string Parser::found() const {
  switch (cur.kind) {
  case Tok::Ident:
    return fmt::format("`{}`", cur.text);
  case Tok::Int:
    return fmt::format("`{}`", cur.intValue);
  default:
    return tokenName(cur.kind);
  }
}

void Parser::syntaxError(std::string message, std::string hint) {
  // One error for one place: what follows from it is noise. The lexer has reported bad characters.
  if (cur.begin == lastErrorAt || is(Tok::Bad) || tooDeep)
    return;
  lastErrorAt = cur.begin;
  auto e = diags.error(curRange(), "pat-syntax", std::move(message));
  if (!hint.empty())
    e.hint(std::move(hint));
}

bool Parser::reportDepth() {
  if (!tooDeep)
    syntaxError(fmt::format("nested more than {} deep", maxDepth));
  tooDeep = true;
  // Nothing sensible can follow: go to the end, which every loop stops at.
  lexer.seek(uint32_t(lexer.file().text().size()));
  ahead.clear();
  cur = lexer.next();
  return false;
}

bool Parser::expect(Tok t, const char *where) {
  if (accept(t))
    return true;
  syntaxError(fmt::format("expected {} {}, found {}", tokenName(t), where, found()));
  return false;
}

bool Parser::expectWord(std::string_view w, const char *where) {
  if (acceptWord(w))
    return true;
  syntaxError(fmt::format("expected `{}` {}, found {}", w, where, found()));
  return false;
}

Name Parser::parseName(const char *what) {
  if (is(Tok::Ident)) {
    Name n{cur.text, curRange()};
    advance();
    return n;
  }
  syntaxError(fmt::format("expected {}, found {}", what, found()));
  return {};
}

std::vector<Name> Parser::parseNames(Tok close, const char *what) {
  std::vector<Name> names;
  while (!is(close) && !is(Tok::Eof)) {
    Name n = parseName(what);
    if (!n)
      break;
    names.push_back(std::move(n));
    if (!accept(Tok::Comma))
      break;
  }
  expect(close, "behind the names");
  return names;
}

void Parser::skipStatement() {
  int level = 0;
  while (!is(Tok::Eof)) {
    if (level == 0 && is(Tok::RBrace))
      return;
    bool last = level == 0 && is(Tok::Semi);
    level += is(Tok::LBrace) - is(Tok::RBrace);
    advance();
    if (last)
      return;
  }
}

bool Parser::expectSemi(const char *behind) {
  if (accept(Tok::Semi))
    return true;
  // Most often the semicolon is missing at the end of the line before: point there.
  if (!tooDeep && cur.begin != lastErrorAt && !is(Tok::Bad)) {
    lastErrorAt = cur.begin;
    SourceRange at{&lexer.file(), lastEnd, lastEnd};
    diags.error(at, "pat-syntax", fmt::format("expected `;` behind {}, found {}", behind, found()))
        .fix(at, ";");
  }
  skipStatement();
  return false;
}

ExprPtr Parser::make(ExprKind k, uint32_t begin) {
  auto e = std::make_unique<Expr>();
  e->kind = k;
  e->range = e->textRange = from(begin);
  return e;
}

std::vector<ExprPtr> Parser::parseExprs() {
  std::vector<ExprPtr> list;
  do
    list.push_back(parseExpr());
  while (accept(Tok::Comma));
  return list;
}

ExprPtr Parser::parseTernary() {
  Nest nest(*this);
  uint32_t begin = cur.begin;
  if (!nest.ok())
    return make(ExprKind::Error, begin);
  ExprPtr c = parseBinary(0);
  // `q?` ends an element of a list in a pattern.
  if (!is(Tok::Question) || peek().kind == Tok::RBracket || peek().kind == Tok::Comma)
    return c;
  advance();
  ExprPtr a = parseTernary();
  expect(Tok::Colon, "between the branches of `?:`");
  ExprPtr b = parseTernary();
  ExprPtr e = make(ExprKind::Ternary, begin);
  e->kids.push_back(std::move(c));
  e->kids.push_back(std::move(a));
  e->kids.push_back(std::move(b));
  return e;
}

namespace {

struct BinaryInfo {
  Tok tok;
  int precedence;
  const char *text;
};
constexpr BinaryInfo binaries[] = {
    {Tok::Coalesce, 1, "??"}, {Tok::OrOr, 2, "||"},   {Tok::AndAnd, 3, "&&"},
    {Tok::EqEq, 4, "=="},     {Tok::NotEq, 4, "!="},  {Tok::Less, 5, "<"},
    {Tok::LessEq, 5, "<="},   {Tok::Greater, 5, ">"}, {Tok::GreaterEq, 5, ">="},
    {Tok::DotDot, 6, ".."},   {Tok::Plus, 7, "+"},    {Tok::Minus, 7, "-"},
    {Tok::Star, 8, "*"},      {Tok::Slash, 8, "/"},   {Tok::Percent, 8, "%"},
};

const BinaryInfo *binaryInfo(const Token &t) {
  // Words of other languages, which are reported and read as what they mean.
  Tok kind = t.kind != Tok::Ident ? t.kind
             : t.text == "and"    ? Tok::AndAnd
             : t.text == "or"     ? Tok::OrOr
                                  : t.kind;
  for (const BinaryInfo &b : binaries) {
    if (b.tok == kind)
      return &b;
  }
  return nullptr;
}

} // namespace

ExprPtr Parser::parseBinary(int minPrecedence) {
  uint32_t begin = cur.begin;
  ExprPtr left = parseUnary();
  unsigned chain = 0;
  while (const BinaryInfo *b = binaryInfo(cur)) {
    if (b->precedence < minPrecedence)
      break;
    // A long chain makes a deep tree, which later phases walk recursively.
    if (++chain > maxDepth) {
      depth += maxDepth;
      reportDepth();
      depth -= maxDepth;
      break;
    }
    SourceRange opRange = curRange();
    if (is(Tok::Ident))
      wordForOperator(b->text);
    advance();
    bool range = b->tok == Tok::DotDot;
    ExprPtr right;
    if (!(range && (is(Tok::RBracket) || is(Tok::RParen))))
      right = parseBinary(b->precedence + 1);
    ExprPtr e = make(range ? ExprKind::Range : ExprKind::Binary, begin);
    e->text = b->text;
    e->textRange = opRange;
    e->kids.push_back(std::move(left));
    e->kids.push_back(std::move(right));
    left = std::move(e);
  }
  return left;
}

/// `and`, `or` and `not`, as Python has them.
void Parser::wordForOperator(std::string_view op) {
  if (cur.begin == lastErrorAt || tooDeep)
    return;
  lastErrorAt = cur.begin;
  ++wordErrors;
  diags
      .error(curRange(), "pat-syntax",
             fmt::format("`{}` is no operator of the rule language", cur.text))
      .hint(fmt::format("write `{}`", op))
      .fix(curRange(), std::string(op));
}

ExprPtr Parser::parseUnary() {
  uint32_t begin = cur.begin;
  Tok behind = isWord("not") ? peek().kind : Tok::Eof;
  bool word = behind == Tok::Ident || behind == Tok::LParen || behind == Tok::Not ||
              behind == Tok::Int || behind == Tok::Float;
  if (word)
    wordForOperator("!");
  if (!is(Tok::Minus) && !is(Tok::Not) && !word)
    return parsePostfix();
  Nest nest(*this);
  if (!nest.ok())
    return make(ExprKind::Error, begin);
  std::string op = is(Tok::Minus) ? "-" : "!";
  advance();
  ExprPtr operand = parseUnary();
  ExprPtr e = make(ExprKind::Unary, begin);
  e->text = op;
  e->kids.push_back(std::move(operand));
  return e;
}

ExprPtr Parser::parsePostfix() {
  uint32_t begin = cur.begin;
  ExprPtr e = parsePrimary();
  unsigned chain = 0;
  while (is(Tok::Dot) || is(Tok::LBracket)) {
    if (++chain > maxDepth) {
      depth += maxDepth;
      reportDepth();
      depth -= maxDepth;
      break;
    }
    if (accept(Tok::Dot)) {
      Name field = parseName("a field or method name behind `.`");
      if (accept(Tok::LParen)) {
        std::vector<Arg> args = parseArgs(Tok::RParen);
        Arg self;
        self.range = e->range;
        self.value = std::move(e);
        args.insert(args.begin(), std::move(self));
        e = make(ExprKind::Call, begin);
        e->args = std::move(args);
        e->method = true;
      } else {
        ExprPtr f = make(ExprKind::Field, begin);
        f->kids.push_back(std::move(e));
        e = std::move(f);
      }
      e->text = field.text;
      e->textRange = field.range;
      continue;
    }
    advance();
    std::vector<IndexItem> items;
    while (!is(Tok::RBracket) && !is(Tok::Eof)) {
      items.push_back(parseIndexItem());
      if (!accept(Tok::Comma))
        break;
    }
    expect(Tok::RBracket, "behind the index");
    ExprPtr x = make(ExprKind::Index, begin);
    x->kids.push_back(std::move(e));
    x->items = std::move(items);
    e = std::move(x);
  }
  return e;
}

IndexItem Parser::parseIndexItem() {
  IndexItem item;
  uint32_t begin = cur.begin;
  if (isWord("None") && (peek().kind == Tok::Comma || peek().kind == Tok::RBracket)) {
    advance();
    item.kind = IndexItem::NewAxis;
  } else if (is(Tok::Star) && peek().kind == Tok::RBracket) {
    advance();
    item.kind = IndexItem::All;
  } else {
    auto bound = [&]() -> ExprPtr {
      if (is(Tok::Colon) || is(Tok::Comma) || is(Tok::RBracket))
        return nullptr;
      return parseExpr();
    };
    item.at = bound();
    if (accept(Tok::Colon)) {
      item.kind = IndexItem::Slice;
      item.start = std::move(item.at);
      item.end = bound();
      if (accept(Tok::Colon))
        item.step = bound();
    } else if (!item.at) {
      syntaxError(fmt::format("expected an index, found {}", found()));
      item.at = make(ExprKind::Error, begin);
    }
  }
  item.range = from(begin);
  return item;
}

std::vector<Arg> Parser::parseArgs(Tok close) {
  std::vector<Arg> args;
  while (!is(close) && !is(Tok::Eof)) {
    Arg a;
    uint32_t begin = cur.begin;
    if (accept(Tok::DotDot)) {
      a.spread = true;
    } else if (is(Tok::Ident) && peek().kind == Tok::Equal) {
      a.name = parseName("a name");
      advance();
    }
    a.value = parseExpr();
    a.range = from(begin);
    args.push_back(std::move(a));
    if (!accept(Tok::Comma))
      break;
  }
  expect(close, "behind the arguments");
  return args;
}

ExprPtr Parser::parseListOrComprehension() {
  uint32_t begin = cur.begin;
  advance();
  std::vector<Arg> items;
  while (!is(Tok::RBracket) && !is(Tok::Eof)) {
    Arg a;
    uint32_t at = cur.begin;
    a.spread = accept(Tok::DotDot);
    if (!a.spread || (!is(Tok::Comma) && !is(Tok::RBracket)))
      a.value = parseExpr();
    a.optional = accept(Tok::Question);
    a.range = from(at);
    if (items.empty() && !a.spread && acceptWord("for")) {
      Name var = parseName("a variable behind `for`");
      ExprPtr source = acceptWord("in") ? parseExpr() : nullptr;
      expect(Tok::RBracket, "behind the comprehension");
      ExprPtr e = make(ExprKind::Comprehension, begin);
      e->text = var.text;
      e->textRange = var.range;
      e->kids.push_back(std::move(a.value));
      e->kids.push_back(std::move(source));
      return e;
    }
    items.push_back(std::move(a));
    if (!accept(Tok::Comma))
      break;
  }
  expect(Tok::RBracket, "behind the list");
  ExprPtr e = make(ExprKind::List, begin);
  e->args = std::move(items);
  return e;
}

ExprPtr Parser::parseRecord() {
  uint32_t begin = cur.begin;
  expect(Tok::LBrace, "before a record");
  std::vector<Arg> fields = parseArgs(Tok::RBrace);
  ExprPtr e = make(ExprKind::Record, begin);
  e->args = std::move(fields);
  return e;
}

ExprPtr Parser::parsePrimary() {
  uint32_t begin = cur.begin;
  switch (cur.kind) {
  case Tok::Int:
  case Tok::Float:
  case Tok::String: {
    Token t = cur;
    advance();
    ExprPtr e = make(t.kind == Tok::Int     ? ExprKind::Int
                     : t.kind == Tok::Float ? ExprKind::Float
                                            : ExprKind::Str,
                     begin);
    e->intValue = t.intValue;
    e->floatValue = t.floatValue;
    e->text = t.text;
    return e;
  }
  case Tok::LParen: {
    advance();
    ExprPtr e = parseExpr();
    if (is(Tok::Comma))
      syntaxError("parentheses hold one expression", "a list is written `[a, b]`");
    while (accept(Tok::Comma))
      parseExpr();
    expect(Tok::RParen, "behind the expression");
    e->range = from(begin);
    return e;
  }
  case Tok::LBracket:
    return parseListOrComprehension();
  case Tok::LBrace:
    return parseRecord();
  case Tok::Ident: {
    Name n = parseName("a name");
    if (accept(Tok::LParen)) {
      std::vector<Arg> args = parseArgs(Tok::RParen);
      ExprPtr e = make(ExprKind::Call, begin);
      e->text = n.text;
      e->textRange = n.range;
      e->args = std::move(args);
      return e;
    }
    if (rewriting && accept(Tok::LBrace)) {
      std::vector<Arg> args = parseArgs(Tok::RBrace);
      ExprPtr e = make(ExprKind::Flat, begin);
      e->text = n.text;
      e->textRange = n.range;
      e->args = std::move(args);
      return e;
    }
    bool isTrue = n.text == "true";
    ExprPtr e = make(isTrue || n.text == "false" ? ExprKind::Bool
                     : n.text == "none"          ? ExprKind::None
                                                 : ExprKind::Name,
                     begin);
    e->intValue = isTrue;
    e->text = n.text;
    return e;
  }
  default:
    break;
  }
  syntaxError(fmt::format("expected an expression, found {}", found()));
  return make(ExprKind::Error, begin);
}

} // namespace wnnx::pat
