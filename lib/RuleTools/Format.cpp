// SPDX-License-Identifier: Apache-2.0
//
// Layout: declarations and clauses on lines of their own, statements on one line where they fit,
// else filled line by line, aligned behind the bracket or the `=` that they belong to.
#include "wnnx/RuleTools/Format.h"

#include "FormatTokens.h"
#include "wnnx/Pattern/Parser.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

namespace wnnx::pat {

namespace {

constexpr size_t maxColumn = 100, step = 2, continuation = 4;
/// Between the alternatives of a fragment, and before the record of one.
constexpr int alternatives = 20, recordOf = 15;
/// The `for` of a comprehension: lines begin with it.
constexpr int comprehension = 14;
/// The `=` of a declaration, which comes before everything else.
constexpr int definition = 30;

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

class Formatter {
  const SourceFile &file;
  std::vector<FormatToken> t;
  std::string out;
  size_t column = 0, indent = 0;
  size_t barColumn = 0; // where `|` of alternatives stand on lines of their own

public:
  Formatter(const SourceFile &f, std::vector<FormatToken> tokens) : file(f), t(std::move(tokens)) {}

  std::string run() {
    size_t i = 0;
    while (!t[i].is(Tok::Eof))
      i = declaration(i);
    leading(i, out.empty());
    return std::move(out);
  }

private:
  // Output.
  void put(std::string_view s) {
    out += s;
    column += s.size();
  }
  void newline(size_t to) {
    while (!out.empty() && out.back() == ' ')
      out.pop_back();
    out += '\n';
    out.append(to, ' ');
    column = to;
  }
  /// Begins a line for token `i`: comments and blank lines before it.
  void leading(size_t i, bool first) {
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
  void endLine(size_t lastToken) {
    if (!t[lastToken].trailing.empty())
      put("  " + t[lastToken].trailing);
    out += '\n';
    column = 0;
  }

  // Measures.
  size_t flatWidth(size_t i, size_t j) const {
    size_t n = 0;
    for (size_t k = i; k < j; ++k)
      n += t[k].text.size() + (t[k].space && k > i);
    return n;
  }
  void flat(size_t i, size_t j) {
    for (size_t k = i; k < j; ++k) {
      if (t[k].space && k > i)
        put(" ");
      put(t[k].text);
    }
  }
  bool commentsInside(size_t i, size_t j) const {
    for (size_t k = i; k < j; ++k) {
      if ((k > i && !t[k].comments.empty()) || (k + 1 < j && !t[k].trailing.empty()))
        return true;
    }
    return false;
  }
  size_t next(size_t k) const {
    return t[k].is(Tok::LParen) || t[k].is(Tok::LBracket) || t[k].is(Tok::LBrace) ? t[k].partner + 1
                                                                                  : k + 1;
  }

  /// The loosest operator between tokens [i, j), 0 for none.
  int loosestOf(size_t i, size_t j) const;
  /// The columns that [i, j) need at least, when lines break wherever they may.
  size_t leastWidth(size_t i, size_t j) const;

  // Statements.
  void sequence(size_t i, size_t j, size_t align, size_t tail);
  void atoms(size_t i, size_t j, size_t tail);
  void statement(size_t i, size_t j);
  void verbatim(size_t i, size_t j);

  // Blocks.
  size_t declaration(size_t i);
  size_t block(size_t i, bool clauses);
  size_t clause(size_t i);
  size_t test(size_t i);
  void schedule(size_t i, size_t head, size_t end);
  size_t endOfStatement(size_t i) const;
  bool fitsOnOneLine(size_t open) const;
};

int Formatter::loosestOf(size_t i, size_t j) const {
  int loosest = 0;
  for (size_t k = i; k < j; k = next(k)) {
    if (k > i || t[k].is(Tok::Pipe))
      loosest = std::max(loosest, looseness(t[k]));
    if (k > i && t[k].level == definition)
      break;
  }
  return loosest;
}

size_t Formatter::leastWidth(size_t i, size_t j) const {
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
void Formatter::sequence(size_t i, size_t j, size_t align, size_t tail) {
  if (i >= j)
    return;
  if (column + flatWidth(i, j) + tail <= maxColumn)
    return flat(i, j);
  int loosest = loosestOf(i, j);
  if (!loosest)
    return atoms(i, j, tail);
  if (loosest == 11 || loosest == 10 || loosest == definition) { // `x = y`
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
      if (looseness(t[m]) == alternatives) {
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
                loosest == alternatives || loosest == recordOf || loosest == comprehension;
  bool bar = loosest == alternatives && barColumn > 0;
  std::vector<std::pair<size_t, size_t>> parts;
  size_t from = i;
  for (size_t k = i; k < j; k = next(k)) {
    if (k > i && looseness(t[k]) == loosest) {
      parts.push_back({from, before ? k : k + 1});
      from = before ? k : k + 1;
    }
  }
  parts.push_back({from, j});
  size_t where = loosest == 13 || loosest == 1 || loosest == recordOf ? align + continuation
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
void Formatter::atoms(size_t i, size_t j, size_t tail) {
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
void Formatter::verbatim(size_t i, size_t j) {
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

void Formatter::statement(size_t i, size_t j) {
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

size_t Formatter::endOfStatement(size_t i) const {
  while (!t[i].is(Tok::Eof) && !t[i].is(Tok::Semi) && !t[i].is(Tok::RBrace))
    i = next(i);
  return t[i].is(Tok::Semi) ? i + 1 : i;
}

/// Whether the author wrote the block on one line, and it fits there.
bool Formatter::fitsOnOneLine(size_t open) const {
  size_t close = t[open].partner;
  if (commentsInside(open, close + 1) || t[open + 1].lineBefore)
    return false;
  size_t width = column + 1;
  for (size_t k = open; k <= close; ++k)
    width += t[k].text.size() + (t[k].space || k == open + 1 || k == close);
  return width <= maxColumn;
}

/// From `{` on; returns the index behind `}`. `clauses`: of a rule, which may hold blocks.
size_t Formatter::block(size_t i, bool clauses) {
  size_t close = t[i].partner;
  if (i + 1 == close && t[close].comments.empty() && t[i].trailing.empty()) {
    put("{ }");
    return close + 1;
  }
  if (!clauses && fitsOnOneLine(i)) {
    put("{");
    for (size_t k = i + 1; k < close;) {
      size_t end = endOfStatement(k);
      put(" ");
      flat(k, end);
      k = end;
    }
    put(" }");
    return close + 1;
  }
  put("{");
  endLine(i);
  indent += step;
  bool first = true;
  for (size_t k = i + 1; k < close; first = false) {
    leading(k, first);
    if (clauses) {
      k = clause(k);
    } else {
      size_t end = endOfStatement(k);
      statement(k, end);
      k = end;
    }
    endLine(k - 1);
  }
  // Comments before the brace belong inside.
  for (const Comment &c : t[close].comments) {
    if (c.blankBefore && !first)
      out += '\n';
    out.append(indent, ' ');
    out += c.text + "\n";
    first = false;
  }
  indent -= step;
  out.append(indent, ' ');
  column = indent;
  put("}");
  return close + 1;
}

size_t Formatter::clause(size_t i) {
  // `match { ... }`: a word and a block.
  if (t[i].is(Tok::Ident) && t[i + 1].is(Tok::LBrace)) {
    put(t[i].text);
    put(" ");
    return block(i + 1, false);
  }
  size_t end = endOfStatement(i);
  statement(i, end);
  return end;
}

size_t Formatter::test(size_t i) {
  size_t open = i;
  while (!t[open].is(Tok::LBrace))
    ++open;
  flat(i, open);
  put(" {");
  endLine(open);
  indent += step;
  size_t close = t[open].partner;
  bool first = true;
  for (size_t k = open + 1; k < close; first = false) {
    leading(k, first);
    if (t[k].is(Tok::Bad)) {
      verbatim(k, k + 1);
      ++k;
    } else {
      size_t end = std::max(endOfStatement(k), k + 1);
      statement(k, end);
      k = end;
    }
    endLine(k - 1);
  }
  for (const Comment &c : t[close].comments) {
    out.append(indent, ' ');
    out += c.text + "\n";
  }
  indent -= step;
  put("}");
  return close + 1;
}

/// `schedule NAME = term; term; ...;` in [i, end), its first term in front of `head`.
void Formatter::schedule(size_t i, size_t head, size_t end) {
  if (commentsInside(i, end))
    return verbatim(i, end);
  if (column + flatWidth(i, end) <= maxColumn)
    return flat(i, end);
  size_t first = i;
  while (first < head && !t[first].is(Tok::Equal))
    ++first;
  first = std::min(first + 1, head);
  flat(i, first);
  newline(indent + continuation);
  for (size_t k = first; k < end;) {
    size_t behind = endOfStatement(k);
    if (k > first && column + 1 + flatWidth(k, behind) > maxColumn)
      newline(indent + continuation);
    else if (k > first)
      put(" ");
    flat(k, behind);
    k = behind;
  }
}

size_t Formatter::declaration(size_t i) {
  leading(i, out.empty());
  size_t end;
  if (t[i].word("test") && t[i + 1].is(Tok::String)) {
    end = test(i);
  } else if (t[i].word("rule") || t[i].word("ruleset") || t[i].word("interface")) {
    size_t open = i;
    while (!t[open].is(Tok::LBrace) && !t[open].is(Tok::Semi))
      open = t[open].word("in") && t[open + 1].is(Tok::LBrace) ? t[open + 1].partner + 1 : open + 1;
    size_t last = t[open].is(Tok::Semi) ? open + 1 : open;
    for (size_t k = i; k < open; ++k) {
      if (t[k].word("for"))
        t[k].level = -1; // lines do not begin with this one
    }
    if (commentsInside(i, open)) {
      verbatim(i, last);
    } else if (column + flatWidth(i, last) + 2 <= maxColumn) {
      flat(i, last);
    } else {
      size_t colon = i;
      while (colon < last && !(t[colon].is(Tok::Colon) && t[colon].space))
        colon = next(colon);
      sequence(i, colon, indent + continuation, 0);
      newline(indent + continuation);
      sequence(colon, last, column + 2, 2);
    }
    end = last;
    if (t[open].is(Tok::LBrace)) {
      put(" ");
      bool clauses = t[i].word("rule");
      end = block(open, clauses);
      if (t[end].is(Tok::Semi) && t[end].comments.empty()) {
        put(";"); // behind a rule set's braces
        ++end;
      }
    }
  } else {
    end = endOfStatement(i);
    bool defined = false;
    for (size_t k = i; (t[i].word("frag") || t[i].word("fn")) && k < end; k = next(k)) {
      if (t[k].is(Tok::Equal) && !defined) {
        t[k].level = definition;
        defined = true;
      }
      if (t[i].word("fn"))
        continue;
      if (t[k].is(Tok::Pipe))
        t[k].level = alternatives;
      if (t[k].is(Tok::FatArrow))
        t[k].level = recordOf;
    }
    if (t[i].word("schedule")) { // `;` separates its terms
      size_t head = end;
      while (t[end].is(Tok::LParen) ||
             (t[end].is(Tok::Ident) &&
              !llvm::is_contained({"import", "fn", "frag", "rule", "ruleset", "schedule", "test",
                                   "interface", "extern", "op"},
                                  std::string_view(t[end].text))))
        end = endOfStatement(end);
      schedule(i, head, end);
    } else {
      statement(i, std::max(end, i + 1));
    }
    end = std::max(end, i + 1);
  }
  endLine(end - 1);
  return end;
}

/// Tokens and comments without layout: what formatting may not change.
std::string essence(const std::vector<FormatToken> &tokens) {
  std::string s;
  for (const FormatToken &t : tokens) {
    for (const Comment &c : t.comments)
      s += c.text + "\n";
    if (!t.is(Tok::Bad)) {
      s += t.text + "\n";
    } else {
      llvm::SmallVector<llvm::StringRef, 16> lines;
      llvm::StringRef(t.text).split(lines, '\n');
      for (llvm::StringRef l : lines)
        s += l.trim().str() + "\n";
    }
    if (!t.trailing.empty())
      s += t.trailing + "\n";
  }
  return s;
}

} // namespace

FailureOr<std::string> formatRules(const SourceFile &file, Diagnostics &diags) {
  unsigned before = diags.errorCount();
  parseFile(file, diags);
  if (diags.errorCount() != before)
    return failure();
  std::vector<FormatToken> tokens = formatTokens(file, diags);
  std::string wanted = essence(tokens);
  std::string text = Formatter(file, std::move(tokens)).run();
  Diagnostics scratch;
  const SourceFile &again = scratch.addFile(file.name(), text);
  if (essence(formatTokens(again, scratch)) != wanted)
    return diags.error(file.name(), "fmt", "this file cannot be laid out without changing it")
        .hint("this is a fault of the formatter; the file is left as it is");
  return text;
}

} // namespace wnnx::pat
