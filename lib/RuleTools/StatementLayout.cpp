// SPDX-License-Identifier: Apache-2.0
//
// Where the lines of a statement break: at its loosest operators first.
#include "StatementLayout.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

namespace wnnx::pat {

namespace {

/// The `for` of a comprehension: lines begin with it.
constexpr int comprehension = 14;

/// How loosely an operator binds; the loosest of a statement is where its lines break.
int looseness(const FormatToken &t) {
  if (t.level)
    return std::max(t.level, 0);
  switch (t.kind) {
  case Tok::Comma:
    return 12;
  case Tok::Equal:
    return 11;
  case Tok::Arrow:
  case Tok::FatArrow:
    return 10;
  case Tok::Pipe:
    return 9;
  case Tok::Question:
  case Tok::Colon:
    return t.space ? 8 : 0; // of `a ? b : c`
  case Tok::Coalesce:
    return 7;
  case Tok::OrOr:
    return 6;
  case Tok::AndAnd:
    return 5;
  case Tok::EqEq:
  case Tok::NotEq:
  case Tok::Less:
  case Tok::LessEq:
  case Tok::Greater:
  case Tok::GreaterEq:
    return t.space ? 4 : 0;
  case Tok::Plus:
  case Tok::Minus:
    return t.space ? 3 : 0;
  case Tok::Star:
  case Tok::Slash:
  case Tok::Percent:
    return t.space ? 2 : 0;
  case Tok::Dot:
    return 1;
  default:
    return t.word("where") && t.space ? 13 : t.word("for") && t.space ? comprehension : 0;
  }
}

} // namespace

void StatementLayout::put(std::string_view s) {
  out += s;
  column += s.size();
}

void StatementLayout::newline(size_t to) {
  while (!out.empty() && out.back() == ' ')
    out.pop_back();
  out += '\n';
  out.append(to, ' ');
  column = to;
}

void StatementLayout::leading(size_t i, bool first) {
  for (const Comment &c : t[i].comments) {
    if (c.blankBefore && !first)
      out += '\n';
    out.append(indent, ' ');
    out += c.text + "\n";
    first = false;
  }
  if (t[i].blankBefore && !first && !t[i].is(Tok::Eof) && !t[i].is(Tok::RBrace))
    out += '\n';
  if (!t[i].is(Tok::Eof)) {
    out.append(indent, ' ');
    column = indent;
  }
}

void StatementLayout::endLine(size_t lastToken) {
  if (!t[lastToken].trailing.empty())
    put("  " + t[lastToken].trailing);
  out += '\n';
  column = 0;
}

size_t StatementLayout::flatWidth(size_t i, size_t j) const {
  size_t n = 0;
  for (size_t k = i; k < j; ++k)
    n += t[k].text.size() + (t[k].space && k > i);
  return n;
}

void StatementLayout::flat(size_t i, size_t j) {
  for (size_t k = i; k < j; ++k) {
    if (t[k].space && k > i)
      put(" ");
    put(t[k].text);
  }
}

bool StatementLayout::commentsInside(size_t i, size_t j) const {
  for (size_t k = i; k < j; ++k) {
    if ((k > i && !t[k].comments.empty()) || (k + 1 < j && !t[k].trailing.empty()))
      return true;
  }
  return false;
}

size_t StatementLayout::next(size_t k) const {
  return t[k].is(Tok::LParen) || t[k].is(Tok::LBracket) || t[k].is(Tok::LBrace) ? t[k].partner + 1
                                                                                : k + 1;
}

int StatementLayout::loosestOf(size_t i, size_t j) const {
  int loosest = 0;
  for (size_t k = i; k < j; k = next(k)) {
    if (k > i || t[k].is(Tok::Pipe))
      loosest = std::max(loosest, looseness(t[k]));
    if (k > i && t[k].level == Definition)
      break;
  }
  return loosest;
}

size_t StatementLayout::leastWidth(size_t i, size_t j) const {
  if (i >= j)
    return 0;
  int loosest = loosestOf(i, j);
  size_t widest = 0;
  if (loosest) {
    size_t from = i;
    for (size_t k = i; k < j; k = next(k)) {
      if (k > i && looseness(t[k]) == loosest) {
        size_t op = from > i && loosest != 12;
        widest =
            std::max(widest, (op ? t[from].text.size() + 1 : 0) + leastWidth(from + op, k) + 1);
        from = loosest == 12 ? k + 1 : k;
      }
    }
    if (loosest == 12 && from > i)
      return std::max(widest, leastWidth(from, j));
    // Past the operator that the part begins with.
    return std::max(widest, t[from].text.size() + 1 + leastWidth(from + 1, j));
  }
  size_t at = 0;
  for (size_t k = i; k < j;) {
    at += t[k].text.size() + (t[k].space && k > i);
    size_t n = next(k);
    if (n > k + 1) {
      size_t inner = leastWidth(k + 1, n - 1);
      widest = std::max(widest, at + inner + 1);
      at += inner + 1;
    }
    k = n;
  }
  return std::max(widest, at);
}

/// Prints tokens [i, j); `tail` columns must stay free behind them.
void StatementLayout::sequence(size_t i, size_t j, size_t align, size_t tail) {
  if (i >= j)
    return;
  if (column + flatWidth(i, j) + tail <= maxColumn)
    return flat(i, j);
  int loosest = loosestOf(i, j);
  if (!loosest)
    return atoms(i, j, tail);
  if (loosest == 11 || loosest == 10 || loosest == Definition) { // `x = y`
    size_t k = i;
    while (looseness(t[k]) != loosest)
      k = next(k);
    sequence(i, k, align, flatWidth(k, k + 1) + 1);
    put(" ");
    size_t savedBar = barColumn;
    barColumn = column;
    put(t[k].text);
    // What does not fit behind it begins on the next line, when there is much more room.
    size_t widest = 0, from = k + 1;
    bool bars = false;
    for (size_t m = from; m < j; m = next(m)) {
      if (looseness(t[m]) == Alternatives) {
        widest = std::max(widest, flatWidth(from, m));
        from = m + 1;
        bars = true;
      }
    }
    widest = std::max(widest, flatWidth(from, j) + tail);
    size_t left = indent + continuation;
    if (column + 1 + flatWidth(k + 1, j) + tail > maxColumn &&
        ((column + 1 + widest > maxColumn && bars) || column > left + 30)) {
      newline(left);
      barColumn = bars ? left - 2 : 0;
    } else {
      put(" ");
    }
    sequence(k + 1, j, column, tail);
    barColumn = savedBar;
    return;
  }
  // Whether lines begin with the operator.
  bool before = loosest == 9 || loosest == 8 || loosest == 13 || loosest == 1 ||
                loosest == Alternatives || loosest == RecordOf || loosest == comprehension;
  bool bar = loosest == Alternatives && barColumn > 0;
  std::vector<std::pair<size_t, size_t>> parts;
  size_t from = i;
  for (size_t k = i; k < j; k = next(k)) {
    if (k > i && looseness(t[k]) == loosest) {
      parts.push_back({from, before ? k : k + 1});
      from = before ? k : k + 1;
    }
  }
  parts.push_back({from, j});
  size_t where = loosest == 13 || loosest == 1 || loosest == RecordOf ? align + continuation
                 : bar                                                ? barColumn
                                                                      : align;
  size_t savedBar = barColumn;
  barColumn = 0;
  size_t itemStart = out.size();
  for (size_t p = 0; p < parts.size(); ++p) {
    auto [a, b] = parts[p];
    if (a >= b)
      continue;
    size_t rest = p + 1 == parts.size() ? tail : 0;
    bool fits = column + t[a].space + flatWidth(a, b) + rest <= maxColumn;
    // An item that took several lines stands alone.
    fits &= loosest != 12 || p == 0 || out.find('\n', itemStart) == std::string::npos;
    if (p > 0 && !fits && column > where)
      newline(where);
    else if (p > 0 && t[a].space)
      put(" ");
    itemStart = out.size();
    if (before && p > 0) {
      put(t[a].text);
      put(t[a + 1].space ? " " : "");
      sequence(a + 1, b, column, rest);
    } else if (loosest == 12) {
      sequence(a, b - (p + 1 < parts.size()), column, rest + 1);
      if (p + 1 < parts.size())
        put(t[b - 1].text);
    } else {
      // The operator stands at the end of the line.
      bool op = !before && p + 1 < parts.size();
      sequence(a, b - op, column, op ? flatWidth(b - 1, b) + 1 : rest);
      if (op) {
        put(" ");
        put(t[b - 1].text);
      }
    }
  }
  barColumn = savedBar;
}

/// A name with its brackets, one behind the other.
void StatementLayout::atoms(size_t i, size_t j, size_t tail) {
  for (size_t k = i; k < j;) {
    if (t[k].space && k > i)
      put(" ");
    put(t[k].text);
    size_t n = next(k);
    if (n == k + 1) {
      ++k;
      continue;
    }
    size_t close = n - 1, inner = k + 1;
    // What must stand behind the bracket on its line.
    size_t behind = close + 1;
    while (behind < j && next(behind) == behind + 1)
      ++behind;
    size_t rest = flatWidth(close, std::min(behind + 1, j)) + (behind >= j ? tail : 0);
    bool loose = inner < close && t[inner].space;
    size_t widest = leastWidth(inner, close) + rest;
    // Where nothing fits behind the bracket, lines begin farther to the left.
    if (column + loose + widest > maxColumn && column > indent + continuation) {
      newline(indent + continuation);
      sequence(inner, close, indent + continuation, rest);
    } else {
      if (loose)
        put(" ");
      sequence(inner, close, column, rest);
    }
    if (t[close].space)
      put(" ");
    put(t[close].text);
    k = n;
  }
}

/// Lines as they are, moved to where the first one begins: for statements with comments inside.
void StatementLayout::verbatim(size_t i, size_t j) {
  std::string_view text = file.text();
  uint32_t begin = t[i].begin, end = t[j - 1].end;
  size_t lineStart = text.rfind('\n', begin);
  lineStart = lineStart == std::string_view::npos ? 0 : lineStart + 1;
  long move = long(column) - long(begin - lineStart);
  llvm::SmallVector<llvm::StringRef, 16> lines;
  llvm::StringRef(text.data() + begin, end - begin).split(lines, '\n');
  for (size_t n = 0; n < lines.size(); ++n) {
    if (n == 0) {
      put(lines[n].rtrim().str());
      continue;
    }
    llvm::StringRef body = lines[n].ltrim(" \t");
    long old = long(lines[n].size() - body.size());
    newline(body.trim().empty() ? 0 : size_t(std::max(0L, old + move)));
    put(body.rtrim().str());
  }
}

void StatementLayout::statement(size_t i, size_t j) {
  if (commentsInside(i, j))
    return verbatim(i, j);
  size_t last = j - 1; // the `;`
  bool semi = t[last].is(Tok::Semi);
  // A clause's word stands before its conditions.
  static const std::string_view words[] = {"where",    "when",   "let",  "after",
                                           "order",    "expect", "fn",   "frag",
                                           "schedule", "import", "keep", "decreases"};
  size_t from = i;
  if (llvm::is_contained(words, std::string_view(t[i].text)) && i + 1 < last &&
      t[i].is(Tok::Ident) && t[i + 1].space) {
    put(t[i].text);
    put(" ");
    from = i + 1;
  }
  barColumn = 0;
  sequence(from, semi ? last : j, column, semi);
  if (semi)
    put(";");
}

} // namespace wnnx::pat
