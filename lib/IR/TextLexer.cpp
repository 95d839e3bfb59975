// SPDX-License-Identifier: Apache-2.0
//
// The lexer of the text form.
#include "TextLexer.h"

#include <cctype>
#include <charconv>
#include <limits>

namespace wnnx {

using Kind = TextToken::Kind;

static bool isDigit(char c) {
  return c >= '0' && c <= '9';
}
static bool startsName(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) || c == '_';
}
static bool continuesName(char c) {
  return startsName(c) || isDigit(c) || c == '.';
}

void TextLexer::skipBlanks() {
  while (at < source.size()) {
    char c = source[at];
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      ++at;
    } else if (source.substr(at, 2) == "//") {
      while (at < source.size() && source[at] != '\n')
        ++at;
    } else {
      break;
    }
  }
}

TextToken TextLexer::finish(Kind kind, uint32_t begin) {
  TextToken t;
  t.kind = kind;
  t.begin = begin;
  t.end = at;
  t.spelling = source.substr(begin, at - begin);
  return t;
}

static int hexDigit(char c) {
  if (isDigit(c))
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

TextToken TextLexer::lexString(uint32_t begin, Kind kind) {
  std::string value;
  auto bad = [&](const char *what) {
    TextToken t = finish(Kind::Bad, begin);
    t.problem = what;
    return t;
  };
  while (at < source.size() && source[at] != '"') {
    char c = source[at++];
    if (c == '\n')
      return bad("a string that does not end on its line");
    if (c != '\\') {
      value += c;
      continue;
    }
    char e = at < source.size() ? source[at++] : '\0';
    if (e == 'n') {
      value += '\n';
    } else if (e == 't') {
      value += '\t';
    } else if (e == '"' || e == '\\') {
      value += e;
    } else if (e == 'x' && at + 1 < source.size() && hexDigit(source[at]) >= 0 &&
               hexDigit(source[at + 1]) >= 0) {
      value += char(hexDigit(source[at]) * 16 + hexDigit(source[at + 1]));
      at += 2;
    } else {
      return bad("an unknown escape in a string");
    }
  }
  if (at >= source.size())
    return bad("a string that does not end");
  ++at;
  TextToken t = finish(kind, begin);
  t.string = std::move(value);
  return t;
}

TextToken TextLexer::lexNumber(uint32_t begin) {
  if (source.substr(at, 3) == "inf") { // after a minus
    at += 3;
    return finish(Kind::Number, begin);
  }
  auto digits = [&] {
    uint32_t from = at;
    while (at < source.size() && isDigit(source[at]))
      ++at;
    return at > from;
  };
  bool good = digits();
  if (at < source.size() && source[at] == '.') {
    ++at;
    good |= digits();
  }
  if (at < source.size() && (source[at] == 'e' || source[at] == 'E')) {
    ++at;
    if (at < source.size() && (source[at] == '+' || source[at] == '-'))
      ++at;
    good &= digits();
  }
  TextToken t = finish(good ? Kind::Number : Kind::Bad, begin);
  t.problem = "a malformed number";
  return t;
}

TextToken TextLexer::next() {
  skipBlanks();
  uint32_t begin = at;
  if (at >= source.size())
    return finish(Kind::End, begin);
  char c = source[at];
  if (startsName(c)) {
    while (at < source.size() && continuesName(source[at]))
      ++at;
    return finish(Kind::Name, begin);
  }
  if (isDigit(c) || c == '.')
    return lexNumber(begin);
  ++at;
  switch (c) {
  case '-':
    return lexNumber(begin);
  case '"':
    return lexString(begin, Kind::String);
  case '%':
    if (at < source.size() && source[at] == '"') {
      ++at;
      return lexString(begin, Kind::QuotedName);
    }
    break;
  case '(':
    return finish(Kind::LeftParen, begin);
  case ')':
    return finish(Kind::RightParen, begin);
  case '[':
    return finish(Kind::LeftBracket, begin);
  case ']':
    return finish(Kind::RightBracket, begin);
  case '{':
    return finish(Kind::LeftBrace, begin);
  case '}':
    return finish(Kind::RightBrace, begin);
  case ',':
    return finish(Kind::Comma, begin);
  case ':':
    return finish(Kind::Colon, begin);
  case ';':
    return finish(Kind::Semicolon, begin);
  case '=':
    return finish(Kind::Equal, begin);
  case '@':
    return finish(Kind::At, begin);
  default:
    break;
  }
  TextToken t = finish(Kind::Bad, begin);
  t.problem = "an unexpected character";
  return t;
}

bool TextLexer::parseDouble(std::string_view text, double &value) {
  if (text == "-inf" || text == "inf") {
    value = text[0] == '-' ? -std::numeric_limits<double>::infinity()
                           : std::numeric_limits<double>::infinity();
    return true;
  }
  auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec == std::errc::result_out_of_range) {
    // Too small gives zero, too large infinity; the exponent's sign tells which.
    size_t e = text.find_first_of("eE");
    bool tiny = e != std::string_view::npos && e + 1 < text.size() && text[e + 1] == '-';
    value = tiny ? 0.0 : std::numeric_limits<double>::infinity();
    if (text[0] == '-')
      value = -value;
    return true;
  }
  return ec == std::errc() && end == text.data() + text.size();
}

} // namespace wnnx
