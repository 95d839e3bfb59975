// SPDX-License-Identifier: Apache-2.0
//
// Tokens of the text form. Comments run from `//` to the end of the line.
#pragma once

#include "wnnx/Support/SourceFile.h"

#include <string>
#include <string_view>

namespace wnnx {

struct TextToken {
  enum class Kind {
    End,
    Bad,
    Name,
    QuotedName,
    String,
    Number,
    LeftParen,
    RightParen,
    LeftBracket,
    RightBracket,
    LeftBrace,
    RightBrace,
    Comma,
    Colon,
    Semicolon,
    Equal,
    At
  };
  Kind kind = Kind::End;
  uint32_t begin = 0, end = 0;
  std::string_view spelling;
  std::string string;  // contents of String and QuotedName
  std::string problem; // what is wrong with a Bad one
  std::string_view text() const { return spelling; }
};

class TextLexer {
  std::string_view source;
  uint32_t at;

  void skipBlanks();
  TextToken finish(TextToken::Kind kind, uint32_t begin);
  TextToken lexString(uint32_t begin, TextToken::Kind kind);
  TextToken lexNumber(uint32_t begin);

public:
  TextLexer(const SourceFile &file, uint32_t offset) : source(file.text()), at(offset) {}
  TextToken next();
  /// Locale-independent; overflow gives infinity. False when the text is not a number.
  static bool parseDouble(std::string_view text, double &value);
};

} // namespace wnnx
