// SPDX-License-Identifier: Apache-2.0
//
// Cuts a rule file into tokens, one at a time. Unreadable characters and malformed literals are
// reported once, where they stand, and lexing goes on behind them.
#pragma once

#include "wnnx/Support/Diagnostics.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace wnnx::pat {

enum class Tok : uint8_t {
#define PAT_TOKEN(Name, what) Name,
#define PAT_PUNCT(Name, text) Name,
#include "wnnx/Pattern/Token.def"
};

/// "`->`", "a name"...: how messages call a token.
std::string tokenName(Tok t);

struct Token {
  Tok kind = Tok::Eof;
  uint32_t begin = 0, end = 0;
  int64_t intValue = 0;
  double floatValue = 0;
  std::string text; // names; strings without quotes and escapes
  std::string doc;  // the `///` lines in front
};

class Lexer {
  const SourceFile &source;
  Diagnostics &diags;
  uint32_t pos = 0;

  Token number();
  Token string();
  std::string skipBlanks();

public:
  Lexer(const SourceFile &file, Diagnostics &d, uint32_t at = 0)
      : source(file), diags(d), pos(at) {}
  Token next();
  const SourceFile &file() const { return source; }
  uint32_t offset() const { return pos; }
  void seek(uint32_t at) { pos = at; }
  /// The offset behind the `}` that closes the first `{` at or after `from`, reading strings and
  /// comments as such; the end of the text when it is never closed.
  uint32_t skipBalanced(uint32_t from) const;
};

} // namespace wnnx::pat
