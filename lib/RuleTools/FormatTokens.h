// SPDX-License-Identifier: Apache-2.0
//
// Tokens of a rule file with the comments between them, and which blanks stand between them when
// they are on one line.
#pragma once

#include "wnnx/Pattern/Lexer.h"

#include <string>
#include <vector>

namespace wnnx::pat {

struct Comment {
  std::string text;
  bool blankBefore = false; // an empty line stands before it
};

struct FormatToken {
  Tok kind = Tok::Eof;
  std::string text; // as written
  uint32_t begin = 0, end = 0;
  std::vector<Comment> comments; // on lines of their own, before the token
  std::string trailing;          // behind the token, on its line
  bool blankBefore = false;      // an empty line stands between comments and token
  bool lineBefore = false;       // a line end stands before it
  bool space = false;            // before it, on one line
  size_t partner = 0;            // of a bracket: the index of the other one
  int level = 0;                 // how loosely it binds, where that is not the token's own
  bool is(Tok t) const { return kind == t; }
  bool word(std::string_view w) const { return kind == Tok::Ident && text == w; }
};

/// Cuts a text that parses into tokens; graphs of tests are one `Bad` token each. The last is Eof.
std::vector<FormatToken> formatTokens(const SourceFile &file, Diagnostics &diags);

} // namespace wnnx::pat
