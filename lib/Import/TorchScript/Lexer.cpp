// SPDX-License-Identifier: Apache-2.0
//
// The lexer: one pass over the text, a stack of indentations, a count of open brackets.
#include "Lexer.h"

#include "Limits.h"

#include "llvm/ADT/StringExtras.h"

namespace wnnx::ts {
namespace {

class Lexer {
  const SourceFile &file;
  std::string_view text;
  Diagnostics &diags;
  std::vector<Token> out;
  std::vector<uint32_t> indents{0};
  uint32_t at = 0;
  unsigned brackets = 0;
  bool lineStart = true;

public:
  Lexer(const SourceFile &f, Diagnostics &d) : file(f), text(f.text()), diags(d) {}

  FailureOr<std::vector<Token>> run() {
    while (at < text.size()) {
      if (lineStart && brackets == 0 && failed(indentation()))
        return failure();
      if (at >= text.size())
        break;
      if (failed(token()))
        return failure();
      if (out.size() > limits::sourceTokens)
        return error(at, "the source file is too large");
    }
    if (!lineStart)
      emit(Tok::Newline, at);
    while (indents.size() > 1) {
      indents.pop_back();
      emit(Tok::Dedent, at);
    }
    emit(Tok::End, at);
    return std::move(out);
  }

private:
  DiagnosticBuilder error(uint32_t where, std::string message) {
    return diags.error(SourceRange{&file, where, where + 1}, "ts-syntax", std::move(message));
  }
  void emit(Tok kind, uint32_t begin, char punct = 0) { out.push_back({kind, punct, begin, at}); }
  char peek(uint32_t ahead = 0) const { return at + ahead < text.size() ? text[at + ahead] : '\0'; }
  static bool nameChar(char c) { return llvm::isAlnum(c) || c == '_'; }

  /// At the start of a line: measures its indentation, skips it when it is empty or a comment.
  LogicalResult indentation() {
    uint32_t begin = at;
    while (peek() == ' ')
      ++at;
    if (peek() == '\r' || peek() == '\n' || peek() == '#' || at >= text.size())
      return success(); // `token` takes the rest; no Newline is made while lineStart holds
    if (peek() == '\t')
      return error(at, "a tab in indentation");
    uint32_t width = at - begin;
    if (width > indents.back()) {
      if (indents.size() > limits::sourceDepth)
        return error(at, "blocks are nested too deeply");
      indents.push_back(width);
      emit(Tok::Indent, at);
    }
    while (width < indents.back()) {
      indents.pop_back();
      emit(Tok::Dedent, at);
    }
    if (width != indents.back())
      return error(at, "indentation matches no enclosing block");
    lineStart = false;
    return success();
  }

  LogicalResult token() {
    char c = peek();
    uint32_t begin = at;
    if (c == '\n') {
      ++at;
      if (brackets == 0 && !lineStart) {
        emit(Tok::Newline, begin);
        lineStart = true;
      }
      return success();
    }
    if (c == ' ' || c == '\t' || c == '\r')
      return ++at, success();
    if (c == '#') {
      while (at < text.size() && peek() != '\n')
        ++at;
      return success();
    }
    if (c == '\\' && peek(1) == '\n')
      return at += 2, success();
    if (llvm::isAlpha(c) || c == '_') {
      while (nameChar(peek()))
        ++at;
      return emit(Tok::Name, begin), success();
    }
    if (llvm::isDigit(c) || (c == '.' && llvm::isDigit(peek(1))))
      return number();
    if (c == '"' || c == '\'')
      return string(c);
    return punctuation(c);
  }

  LogicalResult number() {
    uint32_t begin = at;
    bool real = false;
    while (llvm::isDigit(peek()))
      ++at;
    if (peek() == '.') {
      real = true;
      ++at;
      while (llvm::isDigit(peek()))
        ++at;
    }
    if (peek() == 'e' || peek() == 'E') {
      uint32_t digits = peek(1) == '+' || peek(1) == '-' ? 2 : 1;
      if (llvm::isDigit(peek(digits))) {
        real = true;
        at += digits;
        while (llvm::isDigit(peek()))
          ++at;
      }
    }
    if (peek() == 'j') {
      ++at;
      return emit(Tok::Imaginary, begin), success();
    }
    if (nameChar(peek()))
      return error(at, "malformed number");
    return emit(real ? Tok::Float : Tok::Int, begin), success();
  }

  LogicalResult string(char quoteChar) {
    uint32_t begin = at++;
    while (true) {
      if (at >= text.size() || peek() == '\n')
        return error(begin, "string without an end");
      if (peek() == '\\') {
        at += 2;
      } else if (peek() == quoteChar) {
        ++at;
        return emit(Tok::Str, begin), success();
      } else {
        ++at;
      }
    }
  }

  LogicalResult punctuation(char c) {
    uint32_t begin = at++;
    if (c == '-' && peek() == '>') {
      ++at;
      return emit(Tok::Punct, begin, '>'), success();
    }
    switch (c) {
    case '(':
    case '[':
    case '{':
      ++brackets;
      break;
    case ')':
    case ']':
    case '}':
      if (brackets == 0)
        return error(begin, "closing bracket without an opening one");
      --brackets;
      break;
    case ',':
    case ':':
    case '.':
    case '=':
    case '-':
    case '*':
    case '^':
      break;
    default:
      return error(
          begin, std::string("unexpected character `") +
                     (llvm::isPrint(c) ? std::string(1, c) : "\\x" + llvm::utohexstr(uint8_t(c))) +
                     "`");
    }
    return emit(Tok::Punct, begin, c), success();
  }
};

} // namespace

FailureOr<std::vector<Token>> tokenize(const SourceFile &file, Diagnostics &diags) {
  return Lexer(file, diags).run();
}

std::optional<std::string> unescape(std::string_view literal) {
  std::string_view s = literal.substr(1, literal.size() - 2);
  std::string r;
  auto octal = [](char c) { return c >= '0' && c <= '7'; };
  for (size_t i = 0; i < s.size(); ++i) {
    if (s[i] != '\\') {
      r += s[i];
      continue;
    }
    if (++i == s.size())
      return std::nullopt;
    switch (char c = s[i]) {
    case 'n':
      r += '\n';
      break;
    case 't':
      r += '\t';
      break;
    case 'r':
      r += '\r';
      break;
    case 'a':
      r += '\a';
      break;
    case 'b':
      r += '\b';
      break;
    case 'f':
      r += '\f';
      break;
    case 'v':
      r += '\v';
      break;
    case '\\':
    case '\'':
    case '"':
      r += c;
      break;
    case 'x': {
      if (i + 2 >= s.size() || !llvm::isHexDigit(s[i + 1]) || !llvm::isHexDigit(s[i + 2]))
        return std::nullopt;
      r += char(llvm::hexDigitValue(s[i + 1]) * 16 + llvm::hexDigitValue(s[i + 2]));
      i += 2;
      break;
    }
    default: {
      if (!octal(c))
        return std::nullopt;
      unsigned v = 0, n = 0;
      for (; n < 3 && i < s.size() && octal(s[i]); ++n)
        v = v * 8 + unsigned(s[i++] - '0');
      --i;
      r += char(v);
    }
    }
  }
  return r;
}

} // namespace wnnx::ts
