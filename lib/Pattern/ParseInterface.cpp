// SPDX-License-Identifier: Apache-2.0
//
// Reads `interface { ... }` blocks: one edit for each statement. A statement that is wrong is
// reported and skipped.
#include "wnnx/Pattern/Interface.h"
#include "wnnx/Pattern/Lexer.h"

#include "fmt/format.h"

namespace wnnx::pat {

namespace {

class InterfaceParser {
  Lexer lexer;
  Diagnostics &diags;
  uint32_t end, lastEnd;
  Token cur;
  bool bad = false; // in this statement

public:
  InterfaceParser(const SourceFile &file, uint32_t begin, uint32_t stop, Diagnostics &d)
      : lexer(file, d, begin), diags(d), end(stop), lastEnd(begin) {
    advance();
  }

  std::vector<InterfaceEdit> parse() {
    std::vector<InterfaceEdit> edits;
    bool braces = accept(Tok::LBrace);
    while (!is(Tok::Eof) && !is(Tok::RBrace)) {
      if (accept(Tok::Semi))
        continue;
      bad = false;
      InterfaceEdit e = edit();
      // On the command line the last `;` may be left out.
      if (!bad && !accept(Tok::Semi) && (braces || !is(Tok::Eof)))
        expected("`;` behind the edit");
      if (bad)
        skip();
      else
        edits.push_back(std::move(e));
    }
    if (braces && !accept(Tok::RBrace)) {
      bad = false;
      expected("`}` behind the edits");
    }
    return edits;
  }

private:
  bool is(Tok t) const { return cur.kind == t; }
  bool isWord(std::string_view w) const { return is(Tok::Ident) && cur.text == w; }
  SourceRange range() const { return {&lexer.file(), cur.begin, cur.end}; }
  void advance() {
    lastEnd = cur.end ? cur.end : lastEnd;
    cur = lexer.next();
    if (cur.begin >= end)
      cur = Token{Tok::Eof, end, end, 0, 0, "", ""};
  }
  bool accept(Tok t) {
    if (!is(t))
      return false;
    advance();
    return true;
  }
  bool acceptWord(std::string_view w) {
    if (!isWord(w))
      return false;
    advance();
    return true;
  }
  void expected(const std::string &what, const std::string &hint = "") {
    if (bad)
      return;
    bad = true;
    std::string found = is(Tok::Ident) ? "`" + cur.text + "`" : tokenName(cur.kind);
    auto e =
        diags.error(range(), "pat-interface", fmt::format("expected {}, found {}", what, found));
    if (!hint.empty())
      e.hint(hint);
  }
  bool expect(Tok t, const std::string &what) {
    if (accept(t))
      return true;
    expected(what);
    return false;
  }
  /// To behind the next `;`, or in front of what ends the block.
  void skip() {
    while (!is(Tok::Eof) && !is(Tok::RBrace) && !is(Tok::Semi))
      advance();
    accept(Tok::Semi);
  }

  int64_t integer(const char *what) {
    bool minus = accept(Tok::Minus);
    int64_t v = cur.intValue;
    if (!expect(Tok::Int, what))
      return 0;
    return minus ? -v : v;
  }
  double number(const char *what) {
    bool minus = accept(Tok::Minus);
    double v = 0;
    if (is(Tok::Int) || is(Tok::Float)) {
      v = is(Tok::Int) ? double(cur.intValue) : cur.floatValue;
      advance();
    } else if (acceptWord("inf")) {
      v = std::numeric_limits<double>::infinity();
    } else {
      expected(what);
    }
    return minus ? -v : v;
  }
  PortRef port(const char *what, bool numbers) {
    PortRef p;
    p.range = range();
    if (is(Tok::Ident) || is(Tok::String)) {
      p.name = cur.text;
      advance();
      // Names of values hold dots: layer4.relu.
      while (is(Tok::Dot) && cur.begin == lastEnd) {
        advance();
        p.name += "." + (is(Tok::Int) ? std::to_string(cur.intValue) : cur.text);
        if (!is(Tok::Ident) && !is(Tok::Int))
          expected("a name behind `.`", "write names with other characters in quotes");
        else
          advance();
      }
      p.range.end = lastEnd;
    } else if (numbers && (is(Tok::Int) || is(Tok::Minus))) {
      p.number = integer(what);
      p.name = std::to_string(*p.number);
      p.range.end = lastEnd;
    } else {
      expected(what);
    }
    return p;
  }
  std::vector<PortRef> ports(const char *what) {
    std::vector<PortRef> list;
    bool brackets = accept(Tok::LBracket);
    do
      list.push_back(port(what, true));
    while (!bad && accept(Tok::Comma));
    if (brackets)
      expect(Tok::RBracket, "`]`");
    return list;
  }
  void indices(InterfaceEdit &e) {
    while (!bad && !is(Tok::RBracket)) {
      PortIndex i;
      i.range = range();
      if (accept(Tok::DotDot)) {
        i.kind = PortIndex::Rest;
      } else {
        bool some = false;
        if (!is(Tok::Colon)) {
          i.start = integer("an index, `:` or `..`");
          some = true;
        }
        if (accept(Tok::Colon)) {
          if (!is(Tok::Colon) && !is(Tok::Comma) && !is(Tok::RBracket))
            i.end = integer("the end of a slice");
          if (accept(Tok::Colon))
            i.step = integer("the step of a slice");
        } else if (some) {
          i.kind = PortIndex::At;
          i.at = *i.start;
        }
      }
      i.range.end = lastEnd;
      e.indices.push_back(i);
      if (!accept(Tok::Comma))
        break;
    }
    expect(Tok::RBracket, "`]` behind the index");
  }

  void assume(InterfaceEdit &e) {
    if (!acceptWord("input"))
      return expected("`input` behind `assume`");
    e.ports = {port("the name of an input", true)};
    if (acceptWord("in")) {
      e.kind = InterfaceEdit::AssumeRange;
      expect(Tok::LBracket, "`[` before the limits");
      e.numbers = {number("the lower limit")};
      expect(Tok::Comma, "`,` between the limits");
      e.numbers.push_back(number("the upper limit"));
      expect(Tok::RBracket, "`]` behind the limits");
      e.integer = acceptWord("integer");
      return;
    }
    e.kind = InterfaceEdit::AssumeValue;
    if (!accept(Tok::Equal))
      return expected("`=` or `in` behind the input", "`assume input mask = 1;` or `assume input "
                                                      "x in [0, 255];`");
    if (acceptWord("arange")) {
      e.arange = true;
    } else if (acceptWord("true")) {
      e.numbers = {1};
    } else if (acceptWord("false")) {
      e.numbers = {0};
    } else if (acceptWord("file")) {
      expect(Tok::LParen, "`(`");
      e.file = cur.text;
      expect(Tok::String, "the path of a .npy file in quotes");
      expect(Tok::RParen, "`)`");
    } else if (accept(Tok::LBracket)) {
      do
        e.numbers.push_back(number("a number"));
      while (!bad && accept(Tok::Comma));
      expect(Tok::RBracket, "`]` behind the numbers");
      e.integer = true; // marks a list, also of one
    } else {
      e.numbers = {number("a number, `[numbers]`, `arange` or `file(\"x.npy\")`")};
    }
  }

  /// `part of inputs a, b`, behind `keep` or `drop`.
  void part(InterfaceEdit &e, InterfaceEdit::Kind kind) {
    e.kind = kind;
    if (!acceptWord("of") || (!acceptWord("inputs") && !acceptWord("input")))
      return expected("`of inputs` behind `part`");
    e.ports = ports("the name of an input");
  }

  InterfaceEdit edit() {
    InterfaceEdit e;
    uint32_t begin = cur.begin;
    if (acceptWord("drop")) {
      if (acceptWord("part")) {
        part(e, InterfaceEdit::DropPart);
      } else if (acceptWord("input")) {
        e.kind = InterfaceEdit::DropInput;
        e.ports = {port("the name of an input", true)};
      } else if (acceptWord("output") || acceptWord("outputs")) {
        e.kind = InterfaceEdit::DropOutputs;
        e.ports = ports("the name or number of an output");
      } else {
        expected("`output`, `input` or `part` behind `drop`");
      }
    } else if (acceptWord("keep")) {
      e.kind = InterfaceEdit::KeepOutputs;
      if (acceptWord("part"))
        part(e, InterfaceEdit::KeepPart);
      else if (!acceptWord("outputs") && !acceptWord("output"))
        expected("`outputs` or `part` behind `keep`");
      else
        e.ports = ports("the name or number of an output");
    } else if (acceptWord("output")) {
      e.kind = InterfaceEdit::SetOutput;
      e.ports = {port("the name of an output", false)};
      if (expect(Tok::Equal, "`=` behind the output"))
        e.source = port("the name of a value", false);
      if (!bad && accept(Tok::LBracket))
        indices(e);
    } else if (acceptWord("assume")) {
      assume(e);
    } else if (acceptWord("use")) {
      e.kind = InterfaceEdit::UseChannels;
      if (!acceptWord("channels"))
        expected("`channels` behind `use`");
      expect(Tok::LBracket, "`[` before the channels");
      do
        e.channels.push_back(integer("the number of a channel"));
      while (!bad && accept(Tok::Comma));
      expect(Tok::RBracket, "`]` behind the channels");
      if (!acceptWord("of") || !acceptWord("output"))
        expected("`of output` behind the channels");
      e.ports = {port("the name or number of an output", true)};
      if (acceptWord("dim"))
        e.dim = integer("a dimension");
    } else {
      static const std::vector<std::string_view> words = {"drop", "keep", "output", "assume",
                                                          "use"};
      expected("an edit" + (is(Tok::Ident) ? didYouMean(cur.text, words) : std::string()),
               "edits are `drop output`, `keep outputs`, `output a = ...`, `drop input`, `assume "
               "input`, `use channels`, `keep part` and `drop part`");
    }
    e.range = {&lexer.file(), begin, lastEnd};
    return e;
  }
};

} // namespace

std::vector<InterfaceEdit> parseInterface(const SourceFile &file, uint32_t begin, uint32_t end,
                                          Diagnostics &diags) {
  return InterfaceParser(file, begin, end, diags).parse();
}

} // namespace wnnx::pat
