// SPDX-License-Identifier: Apache-2.0
//
// Text with indentation and a right margin, and names that are unique and legal in C and C++.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace wnnx::cg {

class CodePrinter {
  std::string out;
  unsigned level = 0;
  unsigned lines = 1;

public:
  static constexpr unsigned margin = 100;
  std::string take() { return std::move(out); }
  /// Number of the next line, from 1.
  unsigned line() const { return lines; }
  void indent() { ++level; }
  void dedent() { --level; }
  void put(std::string_view text);
  void blank();
  /// Words of a `//` comment, broken at spaces; later lines start with `hang` spaces more.
  void comment(std::string_view text, unsigned hang = 0);
  /// Items on as few lines as the margin allows, a space between them. The first line starts with
  /// `head`, later ones with `hang` spaces more.
  void fill(std::string_view head, const std::vector<std::string> &items, unsigned hang);
};

/// Hands out each name once; a second request gets a number behind it.
class NameTable {
  std::set<std::string> used;

public:
  /// Keywords of C and C++ and other names that must not be handed out.
  explicit NameTable(const std::vector<std::string_view> &reserved);
  std::string unique(std::string name);
};

/// Letters, digits and single underscores; starts with a letter.
std::string identifier(std::string_view text);

} // namespace wnnx::cg
