// SPDX-License-Identifier: Apache-2.0
//
// Declarations: imports, functions, fragments, rule sets, schedules and tests. Rules:
// ParseRule.cpp.
#include "ParserImpl.h"

#include "fmt/format.h"

namespace wnnx::pat {

using namespace ast;

static const std::vector<std::string_view> declWords = {
    "import", "fn", "frag", "rule", "ruleset", "schedule", "test", "extern", "interface"};

File parseFile(const SourceFile &file, Diagnostics &diags) {
  return Parser(file, diags).parse();
}

File Parser::parse() {
  File file;
  file.source = &lexer.file();
  unsigned before = diags.errorCount();
  if (!isWord("pat")) {
    syntaxError(fmt::format("a rule file begins with `pat 1;`, found {}", found()));
  } else {
    advance();
    if (is(Tok::Int) && cur.intValue != 1)
      diags
          .error(curRange(), "pat-version",
                 fmt::format("version {} of the rule language is not known", cur.intValue))
          .hint("this program reads version 1");
    if (expect(Tok::Int, "behind `pat`"))
      expectSemi("the version");
    else
      skipStatement();
  }
  file.incomplete = diags.errorCount() != before;
  while (!is(Tok::Eof)) {
    parseDecl(file);
    if (is(Tok::RBrace)) {
      syntaxError("unmatched `}`");
      file.incomplete = true;
      advance();
    }
  }
  return file;
}

void Parser::parseDecl(File &file) {
  if (acceptWord("import"))
    return file.imports.push_back(parseImport());
  unsigned before = diags.errorCount();
  unsigned words = wordErrors;
  auto broken = [&] { return diags.errorCount() - before != wordErrors - words; };
  if (isWord("fn")) {
    file.fns.push_back(parseFn());
    file.fns.back().broken = broken();
    return;
  }
  if (isWord("frag")) {
    file.frags.push_back(parseFrag());
    file.frags.back().broken = broken();
    return;
  }
  if (isWord("rule")) {
    file.rules.push_back(parseRule());
    file.rules.back().broken = broken();
    return;
  }
  if (isWord("extern"))
    return file.externs.push_back(parseExtern());
  if (isWord("ruleset"))
    return file.rulesets.push_back(parseRuleset());
  if (isWord("schedule"))
    return file.schedules.push_back(parseSchedule());
  if (isWord("test"))
    return file.tests.push_back(parseTest());
  if (isWord("interface") && peek().kind == Tok::LBrace) {
    // Statements of their own; see ParseInterface.cpp.
    uint32_t begin = peek().begin, end = lexer.skipBalanced(cur.begin);
    for (InterfaceEdit &e : parseInterface(lexer.file(), begin, end, diags))
      file.interface.push_back(std::move(e));
    lexer.seek(end);
    ahead.clear();
    lastEnd = end;
    cur = lexer.next();
    return;
  }
  if (is(Tok::Semi))
    return advance();
  file.incomplete = true;
  if (isWord("op"))
    syntaxError("ops are declared by the compiler, not in rule files", "`wnnx-pat ops` lists them");
  else
    syntaxError(fmt::format("expected a declaration, found {}{}", found(),
                            is(Tok::Ident) ? didYouMean(cur.text, declWords) : std::string()),
                "a file holds `import`, `fn`, `extern fn`, `frag`, `rule`, `ruleset`, `schedule`, "
                "`interface` and `test`");
  if (!is(Tok::RBrace)) {
    advance();
    skipToDeclaration();
  }
}

/// Past blocks, to the next word that starts a declaration, so that one mistake is one message.
/// Where braces do not match, such a word counts at the beginning of a line.
void Parser::skipToDeclaration() {
  std::string_view text = lexer.file().text();
  for (unsigned level = 0; !is(Tok::Eof); advance()) {
    bool word = is(Tok::Ident) && llvm::is_contained(declWords, std::string_view(cur.text));
    if (word && (level == 0 || cur.begin == 0 || text[cur.begin - 1] == '\n'))
      return;
    if (is(Tok::RBrace) && level-- == 0)
      return;
    level += is(Tok::LBrace);
  }
}

Import Parser::parseImport() {
  Import i;
  i.range = curRange();
  i.path = cur.text;
  if (!expect(Tok::String, "behind `import`")) {
    i.path.clear();
    skipStatement();
    return i;
  }
  if (acceptWord("as"))
    i.as = parseName("a name behind `as`");
  expectSemi("the import");
  return i;
}

std::string Parser::parseType() {
  if (accept(Tok::LBrace)) {
    while (!is(Tok::RBrace) && !is(Tok::Eof)) {
      parseName("a field name");
      if (expect(Tok::Colon, "behind the field"))
        parseType();
      if (!accept(Tok::Comma))
        break;
    }
    expect(Tok::RBrace, "behind the record type");
    return "record";
  }
  Nest nest(*this);
  if (!nest.ok())
    return "";
  std::string type = parseName("a type").text;
  if (accept(Tok::Less)) {
    type += "<" + parseType() + ">";
    expect(Tok::Greater, "behind the element type");
  }
  return type;
}

std::vector<Param> Parser::parseParams() {
  std::vector<Param> params;
  if (!expect(Tok::LParen, "before the parameters"))
    return params;
  while (!is(Tok::RParen) && !is(Tok::Eof)) {
    Param p;
    p.name = parseName("a parameter");
    if (!p.name)
      break;
    if (accept(Tok::Colon))
      p.type = parseType();
    params.push_back(std::move(p));
    if (!accept(Tok::Comma))
      break;
  }
  expect(Tok::RParen, "behind the parameters");
  return params;
}

ExternDecl Parser::parseExtern() {
  ExternDecl d;
  d.doc = cur.doc;
  uint32_t begin = cur.begin;
  advance();
  if (!expectWord("fn", "behind `extern`")) {
    skipStatement();
    return d;
  }
  d.name = parseName("the function's name");
  d.params = parseParams();
  if (expect(Tok::Arrow, "and the result's type behind the parameters"))
    d.result = parseType();
  d.range = from(begin);
  expectSemi("the declaration");
  return d;
}

FnDecl Parser::parseFn() {
  FnDecl f;
  f.doc = cur.doc;
  uint32_t begin = cur.begin;
  advance();
  f.name = parseName("the function's name");
  f.params = parseParams();
  if (accept(Tok::Arrow))
    parseType();
  if (expect(Tok::Equal, "before the function's body"))
    f.body = parseExpr();
  expectSemi("the function");
  f.range = from(begin);
  return f;
}

FragDecl Parser::parseFrag() {
  FragDecl f;
  f.doc = cur.doc;
  uint32_t begin = cur.begin;
  advance();
  f.name = parseName("the fragment's name");
  if (expect(Tok::LParen, "before the parameters"))
    f.params = parseNames(Tok::RParen, "a parameter");
  if (accept(Tok::Arrow))
    parseType();
  if (expect(Tok::Equal, "before the fragment's alternatives")) {
    accept(Tok::Pipe);
    do
      f.alts.push_back(parseFragAlt());
    while (accept(Tok::Pipe));
  }
  expectSemi("the fragment");
  f.range = from(begin);
  return f;
}

FragAlt Parser::parseFragAlt() {
  FragAlt a;
  if (is(Tok::Ident) && peek().kind == Tok::Colon && peek(2).kind == Tok::Ident &&
      !parseDType(peek(2).text) && peek(2).text != "const") {
    a.label = parseName("a label");
    advance();
  }
  a.pattern = parsePattern();
  if (acceptWord("where"))
    a.where = parseExprs();
  if (accept(Tok::FatArrow))
    a.result = parseRecord();
  return a;
}

/// Whether a new declaration begins here although something is still open.
bool Parser::startsDecl() {
  return (isWord("rule") || isWord("frag") || isWord("ruleset") || isWord("fn") || isWord("test") ||
          isWord("schedule")) &&
         (peek().kind == Tok::Ident || peek().kind == Tok::String);
}

RulesetDecl Parser::parseRuleset() {
  RulesetDecl r;
  r.doc = cur.doc;
  uint32_t begin = cur.begin;
  advance();
  r.name = parseName("the rule set's name");
  r.range = from(begin);
  if (accept(Tok::LBrace)) {
    while (!is(Tok::RBrace) && !is(Tok::Eof)) {
      if (acceptWord("after")) {
        do
          r.after.push_back(parseName("a rule set"));
        while (accept(Tok::Comma));
      } else if (acceptWord("order")) {
        r.order = parseExprs();
      } else {
        syntaxError(fmt::format("unknown property {} of a rule set", found()),
                    "properties are `after SETS;` and `order MEASURES;`");
        skipStatement();
        continue;
      }
      expectSemi("the property");
    }
    expect(Tok::RBrace, "behind the rule set");
    accept(Tok::Semi);
    return r;
  }
  expectSemi("the rule set");
  return r;
}

std::vector<SchedTerm> Parser::parseSchedTerms(Tok close) {
  std::vector<SchedTerm> terms;
  Nest nest(*this);
  if (!nest.ok())
    return terms;
  while (!is(close) && !is(Tok::Eof)) {
    // Inside a schedule `;` separates; the last one ends it.
    if (is(Tok::Semi)) {
      advance();
      continue;
    }
    SchedTerm t;
    if (accept(Tok::LParen)) {
      t.group = parseSchedTerms(Tok::RParen);
      expect(Tok::RParen, "behind the group");
    } else {
      t.ruleset = parseName("a rule set");
      if (!t.ruleset)
        break;
    }
    if (accept(Tok::Star)) {
      t.star = true;
    } else if (accept(Tok::LBrace)) {
      t.repeat = cur.intValue;
      expect(Tok::Int, "as the number of repetitions");
      expect(Tok::RBrace, "behind the number");
    }
    terms.push_back(std::move(t));
    if (!is(Tok::Semi))
      break;
    // At the top level a `;` ends the schedule unless another term follows it.
    if (close == Tok::Eof) {
      const Token &n = peek();
      bool more =
          n.kind == Tok::LParen ||
          (n.kind == Tok::Ident && !llvm::is_contained(declWords, std::string_view(n.text)));
      if (!more)
        break;
    }
  }
  return terms;
}

ScheduleDecl Parser::parseSchedule() {
  ScheduleDecl s;
  uint32_t begin = cur.begin;
  advance();
  s.name = parseName("the schedule's name");
  if (!expect(Tok::Equal, "behind the name")) {
    skipStatement();
    return s;
  }
  s.terms = parseSchedTerms(Tok::Eof);
  s.range = from(begin);
  expectSemi("the schedule");
  return s;
}

TestDecl Parser::parseTest() {
  TestDecl t;
  uint32_t begin = cur.begin;
  advance();
  t.name = {cur.text, curRange()};
  expect(Tok::String, "behind `test`");
  if (acceptWord("for"))
    t.rule = parseName("a rule behind `for`");
  t.range = from(begin);
  if (!expect(Tok::LBrace, "before the test's body")) {
    skipStatement();
    return t;
  }
  if (isWord("graph")) {
    // The graph is in the text form of models, which has its own parser.
    t.graphBegin = cur.begin;
    t.graphEnd = lexer.skipBalanced(cur.begin);
    lexer.seek(t.graphEnd);
    ahead.clear();
    lastEnd = t.graphEnd;
    cur = lexer.next();
  } else {
    syntaxError(fmt::format("expected `graph`, found {}", found()));
  }
  if (isWord("expect"))
    parseExpectation(t);
  else
    syntaxError(fmt::format("expected `expect`, found {}", found()),
                "`expect fired;` or `expect no_match because \"...\";`");
  while (!is(Tok::RBrace) && !is(Tok::Eof)) {
    syntaxError(fmt::format("expected `}}` behind the expectation, found {}", found()));
    skipStatement();
  }
  expect(Tok::RBrace, "behind the test");
  return t;
}

void Parser::parseExpectation(TestDecl &t) {
  uint32_t begin = cur.begin;
  advance();
  if (acceptWord("fired")) {
    t.fired = true;
    if (is(Tok::Int)) {
      t.times = cur.intValue;
      advance();
    }
  } else if (acceptWord("no_match")) {
    if (acceptWord("because")) {
      t.because = cur.text;
      expect(Tok::String, "behind `because`");
    }
  } else {
    syntaxError(fmt::format("expected `fired` or `no_match`, found {}", found()));
    advance();
  }
  t.expectRange = from(begin);
  expectSemi("the expectation");
}

} // namespace wnnx::pat
