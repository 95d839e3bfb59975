// SPDX-License-Identifier: Apache-2.0
//
// The text of a rule file as it grows, and how one statement is added to it: on one line where it
// fits, else filled line by line, aligned behind the bracket or the `=` that it belongs to. What
// statements stand in is laid out by Format.cpp.
#pragma once

#include "FormatTokens.h"

#include <string>
#include <string_view>
#include <vector>

namespace wnnx::pat {

class StatementLayout {
public:
  static constexpr size_t maxColumn = 100, step = 2, continuation = 4;

  /// Levels of tokens (`FormatToken::level`) that bind as loosely as their declaration says: what
  /// stands between the alternatives of a fragment, before the record of one, and the `=` of a
  /// declaration, which comes before everything else.
  enum Level { RecordOf = 15, Alternatives = 20, Definition = 30 };

protected:
  const SourceFile &file;
  std::vector<FormatToken> t;
  std::string out;
  size_t column = 0, indent = 0;

  StatementLayout(const SourceFile &f, std::vector<FormatToken> tokens)
      : file(f), t(std::move(tokens)) {}

  // Output.
  void put(std::string_view s);
  void newline(size_t to);
  /// Begins a line for token `i`: comments and blank lines before it.
  void leading(size_t i, bool first);
  void endLine(size_t lastToken);

  // Measures.
  /// The columns of tokens [i, j) on one line.
  size_t flatWidth(size_t i, size_t j) const;
  bool commentsInside(size_t i, size_t j) const;
  /// The token behind `k`, or behind the bracket that `k` opens.
  size_t next(size_t k) const;

  // Tokens [i, j): on one line; broken where they must be, with `tail` columns free behind them; a
  // whole statement with or without its `;`; and lines as they are.
  void flat(size_t i, size_t j);
  void sequence(size_t i, size_t j, size_t align, size_t tail);
  void statement(size_t i, size_t j);
  void verbatim(size_t i, size_t j);

private:
  size_t barColumn = 0; // where `|` of alternatives stand on lines of their own

  /// The loosest operator between tokens [i, j), 0 for none.
  int loosestOf(size_t i, size_t j) const;
  /// The columns that [i, j) need at least, when lines break wherever they may.
  size_t leastWidth(size_t i, size_t j) const;
  void atoms(size_t i, size_t j, size_t tail);
};

} // namespace wnnx::pat
