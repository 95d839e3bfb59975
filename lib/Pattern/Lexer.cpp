// SPDX-License-Identifier: Apache-2.0
//
// The lexer of rule files.
#include "wnnx/Pattern/Lexer.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringRef.h"

namespace wnnx::pat {

namespace {

struct Punct {
  Tok kind;
  std::string_view text;
};
constexpr Punct puncts[] = {
#define PAT_PUNCT(Name, text) {Tok::Name, text},
#include "wnnx/Pattern/Token.def"
};

bool isIdentStart(char c) {
  return llvm::isAlpha(c) || c == '_';
}
bool isIdentPart(char c) {
  return llvm::isAlnum(c) || c == '_';
}

} // namespace

std::string tokenName(Tok t) {
  switch (t) {
#define PAT_TOKEN(Name, what)                                                                      \
  case Tok::Name:                                                                                  \
    return what;
#define PAT_PUNCT(Name, text)                                                                      \
  case Tok::Name:                                                                                  \
    return "`" text "`";
#include "wnnx/Pattern/Token.def"
  }
  return "a token";
}

std::string Lexer::skipBlanks() {
  std::string doc;
  std::string_view text = source.text();
  while (pos < text.size()) {
    char c = text[pos];
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      ++pos;
      continue;
    }
    if (text.substr(pos, 2) != "//")
      break;
    size_t eol = text.find('\n', pos);
    eol = eol == std::string_view::npos ? text.size() : eol;
    std::string_view line = text.substr(pos, eol - pos);
    if (line.substr(0, 3) == "///") {
      line.remove_prefix(3);
      doc += llvm::StringRef(line).trim().str() + "\n";
    }
    pos = uint32_t(eol);
  }
  return doc;
}

Token Lexer::number() {
  std::string_view text = source.text();
  Token t;
  t.begin = pos;
  t.kind = Tok::Int;
  auto digits = [&] {
    while (pos < text.size() && llvm::isDigit(text[pos]))
      ++pos;
  };
  digits();
  // `2..` is an integer and a range, not a fraction.
  if (pos + 1 < text.size() && text[pos] == '.' && llvm::isDigit(text[pos + 1])) {
    t.kind = Tok::Float;
    ++pos;
    digits();
  }
  if (pos < text.size() && (text[pos] == 'e' || text[pos] == 'E')) {
    uint32_t mark = pos++;
    if (pos < text.size() && (text[pos] == '+' || text[pos] == '-'))
      ++pos;
    if (pos < text.size() && llvm::isDigit(text[pos])) {
      t.kind = Tok::Float;
      digits();
    } else {
      pos = mark;
    }
  }
  t.end = pos;
  llvm::StringRef spelling(text.data() + t.begin, t.end - t.begin);
  SourceRange range{&source, t.begin, t.end};
  if (t.kind == Tok::Int && spelling.getAsInteger(10, t.intValue))
    diags.error(range, "pat-number", "the integer does not fit into 64 bits");
  if (t.kind == Tok::Float && spelling.getAsDouble(t.floatValue))
    diags.error(range, "pat-number", "the number is out of range");
  if (pos < text.size() && isIdentPart(text[pos])) {
    uint32_t from = pos;
    while (pos < text.size() && isIdentPart(text[pos]))
      ++pos;
    diags.error({&source, from, pos}, "pat-number", "letters directly behind a number");
  }
  return t;
}

Token Lexer::string() {
  std::string_view text = source.text();
  Token t;
  t.kind = Tok::String;
  t.begin = pos++;
  while (pos < text.size() && text[pos] != '"' && text[pos] != '\n') {
    char c = text[pos++];
    if (c != '\\' || pos >= text.size()) {
      t.text += c;
      continue;
    }
    char e = text[pos++];
    switch (e) {
    case 'n':
      t.text += '\n';
      break;
    case 't':
      t.text += '\t';
      break;
    case '"':
    case '\\':
      t.text += e;
      break;
    default:
      diags.error({&source, pos - 2, pos}, "pat-string", "unknown escape in a string")
          .hint("known ones are \\n, \\t, \\\" and \\\\");
    }
  }
  if (pos < text.size() && text[pos] == '"')
    ++pos;
  else
    diags.error({&source, t.begin, pos}, "pat-string", "the string is not closed on its line");
  t.end = pos;
  return t;
}

Token Lexer::next() {
  std::string doc = skipBlanks();
  std::string_view text = source.text();
  Token t;
  t.begin = t.end = pos;
  if (pos >= text.size()) {
    t.doc = std::move(doc);
    return t;
  }
  char c = text[pos];
  if (llvm::isDigit(c)) {
    t = number();
  } else if (c == '"') {
    t = string();
  } else if (isIdentStart(c)) {
    while (pos < text.size() && isIdentPart(text[pos]))
      ++pos;
    t.kind = Tok::Ident;
    t.end = pos;
    t.text = text.substr(t.begin, t.end - t.begin);
  } else {
    t.kind = Tok::Bad;
    for (const Punct &p : puncts) {
      if (text.substr(pos, p.text.size()) == p.text) {
        t.kind = p.kind;
        pos += uint32_t(p.text.size());
        break;
      }
    }
    if (t.kind == Tok::Bad) {
      // A run of such bytes (other encodings, binary files) is one error.
      while (pos < text.size() && !llvm::isPrint(text[pos]) && !llvm::isSpace(text[pos]))
        ++pos;
      if (pos == t.begin)
        ++pos;
      diags.error({&source, t.begin, pos}, "pat-character",
                  "unexpected character; comments begin with `//`");
    }
    t.end = pos;
  }
  t.doc = std::move(doc);
  return t;
}

uint32_t Lexer::skipBalanced(uint32_t from) const {
  std::string_view text = source.text();
  int depth = 0;
  for (uint32_t i = from; i < text.size(); ++i) {
    char c = text[i];
    if (c == '"') {
      for (++i; i < text.size() && text[i] != '"' && text[i] != '\n'; ++i)
        i += text[i] == '\\';
    } else if (c == '/' && i + 1 < text.size() && text[i + 1] == '/') {
      while (i < text.size() && text[i] != '\n')
        ++i;
    } else if (c == '{') {
      ++depth;
    } else if (c == '}' && --depth <= 0) {
      return i + 1;
    }
  }
  return uint32_t(text.size());
}

} // namespace wnnx::pat
