// SPDX-License-Identifier: Apache-2.0
//
// Patterns: what stands on the right of `=` in a `match` block and in fragments.
#include "ParserImpl.h"

#include "wnnx/IR/Ops.h"

#include "fmt/format.h"

namespace wnnx::pat {

using namespace ast;

PatternPtr Parser::makePattern(PatternKind k, uint32_t begin) {
  auto p = std::make_unique<Pattern>();
  p->kind = k;
  p->range = from(begin);
  return p;
}

PatternPtr Parser::parsePattern() {
  Nest nest(*this);
  uint32_t begin = cur.begin;
  if (!nest.ok())
    return makePattern(PatternKind::Error, begin);
  bool ordered = isWord("ordered") && peek().kind == Tok::Ident && acceptWord("ordered");
  PatternPtr p = parsePatternHead();
  p->ordered = ordered;
  if (ordered && p->kind != PatternKind::Op && p->kind != PatternKind::Error)
    diags.error(p->range, "pat-syntax", "`ordered` stands before an op");
  parseAs(*p);
  p->range = from(begin);
  return p;
}

void Parser::parseAs(Pattern &p) {
  if (p.as || !acceptWord("as"))
    return;
  p.as = parseName("a name behind `as`");
  if (accept(Tok::LBracket)) {
    p.asIndex = parseName("an index variable");
    expect(Tok::RBracket, "behind the index variable");
  }
}

PatternPtr Parser::parsePatternHead() {
  uint32_t begin = cur.begin;
  switch (cur.kind) {
  case Tok::Int:
  case Tok::Float:
  case Tok::Minus:
    return parseLiteralPattern();
  case Tok::LBracket: {
    advance();
    PatternPtr p = makePattern(PatternKind::List, begin);
    parseElements(*p, Tok::RBracket);
    return p;
  }
  case Tok::LParen: {
    advance();
    PatternPtr p = makePattern(PatternKind::Alt, begin);
    do
      p->kids.push_back(parsePattern());
    while (accept(Tok::Pipe));
    expect(Tok::RParen, "behind the alternatives");
    return p->kids.size() == 1 && !p->kids[0]->as ? std::move(p->kids[0]) : std::move(p);
  }
  case Tok::Ident:
    break;
  default:
    syntaxError(fmt::format("expected a pattern, found {}", found()));
    return makePattern(PatternKind::Error, begin);
  }
  Tok next = peek().kind;
  if (cur.text == "_" && next != Tok::At && next != Tok::Colon &&
      !(next == Tok::Question && peek(2).kind == Tok::Colon)) {
    advance();
    return makePattern(PatternKind::Any, begin);
  }
  bool qualified = next == Tok::Dot && peek(2).kind == Tok::Ident && peek(3).kind == Tok::LParen;
  if (next == Tok::LParen || next == Tok::LBrace || next == Tok::At || qualified ||
      (next == Tok::Question && (peek(2).kind == Tok::LParen || peek(2).kind == Tok::LBrace)))
    return parseOpPattern();
  if (cur.text == "inf" || cur.text == "nan")
    return parseLiteralPattern();
  PatternPtr p = makePattern(PatternKind::Var, begin);
  p->name = parseName("a name");
  if (is(Tok::LBracket)) {
    advance();
    p->index = parseName("an index variable");
    expect(Tok::RBracket, "behind the index variable");
  }
  p->optional = accept(Tok::Question);
  if (accept(Tok::Colon))
    p->type = parseTypePattern();
  return p;
}

PatternPtr Parser::parseLiteralPattern() {
  uint32_t begin = cur.begin;
  PatternPtr p = makePattern(PatternKind::Literal, begin);
  p->literal = parseUnary();
  if (acceptWord("tol"))
    p->tolerance = parseUnary();
  return p;
}

PatternPtr Parser::parseOpPattern() {
  uint32_t begin = cur.begin;
  PatternPtr p = makePattern(PatternKind::Op, begin);
  p->name = parseName("an op");
  if (accept(Tok::Dot)) {
    Name member = parseName("a fragment");
    p->name = {p->name.text + "." + member.text, from(begin)};
  }
  if (accept(Tok::At))
    parseTraits(*p);
  else
    p->optional = accept(Tok::Question);
  if (accept(Tok::LBrace)) {
    p->kind = PatternKind::Flat;
    parseElements(*p, Tok::RBrace);
    return p;
  }
  if (expect(Tok::LParen, "behind the op"))
    parsePatternArgs(*p);
  return p;
}

/// Behind `@`: a trait, or several traits and ops in braces, and how many ops in a row.
void Parser::parseTraits(Pattern &p) {
  if (accept(Tok::LBrace)) {
    p.traits = parseNames(Tok::RBrace, "a trait or an op");
  } else if (Name n = parseName("a trait behind `@`")) {
    p.traits.push_back(std::move(n));
  }
  if (!p.traits.empty())
    p.trait = p.traits[0];
  if (accept(Tok::Star))
    p.repeat = Pattern::ZeroOrMore;
  else if (accept(Tok::Plus))
    p.repeat = Pattern::OneOrMore;
  else if (accept(Tok::Question))
    p.repeat = Pattern::ZeroOrOne;
}

PatternPtr Parser::parseElement() {
  uint32_t begin = cur.begin;
  PatternPtr p = parsePattern();
  p->elementOptional = p->kind == PatternKind::Var && p->optional;
  if (accept(Tok::Question)) {
    p->elementOptional = true;
    parseAs(*p);
    p->range = from(begin);
  }
  return p;
}

void Parser::parseElements(Pattern &into, Tok close) {
  while (!is(close) && !is(Tok::Eof)) {
    if (accept(Tok::DotDot)) {
      into.hasRest = true;
      if (is(Tok::Ident))
        into.rest = parseName("a name");
      break;
    }
    into.kids.push_back(parseElement());
    if (!accept(Tok::Comma))
      break;
  }
  expect(close, "behind the list of patterns");
}

void Parser::parsePatternArgs(Pattern &op) {
  while (!is(Tok::RParen) && !is(Tok::Eof)) {
    op.args.push_back(parsePatternArg(op));
    if (!accept(Tok::Comma))
      break;
  }
  expect(Tok::RParen, "behind the arguments");
}

PatternArg Parser::parsePatternArg(const Pattern &op) {
  PatternArg a;
  uint32_t begin = cur.begin;
  if (accept(Tok::DotDot)) {
    a.kind = PatternArg::Rest;
    if (is(Tok::Ident))
      a.name = parseName("a name");
    if (a.name && accept(Tok::LBracket)) {
      a.index = parseName("an index variable");
      expect(Tok::RBracket, "behind the index variable");
    }
  } else if (is(Tok::Ident) && peek().kind == Tok::Equal) {
    a.name = parseName("a name");
    advance();
    const OpInfo *info = lookupOp(op.name.text);
    if (info && info->operandIndex(a.name.text) >= 0) {
      a.pattern = parsePattern();
    } else if (accept(Tok::LBrace)) {
      a.kind = PatternArg::OneOf;
      a.choices = parseExprs();
      expect(Tok::RBrace, "behind the choices");
    } else {
      a.kind = PatternArg::Attr;
      a.attr = parseExpr();
    }
  } else {
    a.pattern = parseElement();
  }
  a.range = from(begin);
  return a;
}

std::unique_ptr<TypePattern> Parser::parseTypePattern() {
  auto t = std::make_unique<TypePattern>();
  uint32_t begin = cur.begin;
  t->isConst = acceptWord("const");
  if (is(Tok::Ident)) {
    t->dtype = parseDType(cur.text);
    if (t->dtype)
      advance();
    else if (!t->isConst) {
      syntaxError(fmt::format("expected `const`, a dtype or dimensions, found {}", found()));
      advance();
    }
  }
  if (accept(Tok::LBracket)) {
    t->hasDims = true;
    while (!is(Tok::RBracket) && !is(Tok::Eof)) {
      t->dims.push_back(parseDim());
      if (!accept(Tok::Comma))
        break;
    }
    expect(Tok::RBracket, "behind the dimensions");
  }
  while (accept(Tok::Amp))
    t->predicates.push_back(parseName("a property behind `&`"));
  t->range = from(begin);
  return t;
}

DimPattern Parser::parseDim() {
  DimPattern d;
  uint32_t begin = cur.begin;
  if (accept(Tok::DotDot)) {
    d.kind = DimPattern::Rest;
    if (is(Tok::Ident))
      d.name = parseName("a name");
  } else if (is(Tok::Int)) {
    d.kind = DimPattern::Int;
    d.size = cur.intValue;
    advance();
  } else {
    Name n = parseName("a dimension: an integer, a name, `_` or `..`");
    if (n && n.text != "_") {
      d.kind = DimPattern::Named;
      d.name = std::move(n);
      if (accept(Tok::LBracket)) {
        d.index = parseName("an index variable");
        expect(Tok::RBracket, "behind the index variable");
      }
    } else if (!n) {
      advance();
    }
  }
  d.range = from(begin);
  return d;
}

} // namespace wnnx::pat
