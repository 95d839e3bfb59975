// SPDX-License-Identifier: Apache-2.0
//
// Layout: declarations, clauses and tests on lines of their own, blocks on one line where their
// author wrote them so and they fit. Statements inside are laid out by StatementLayout.
#include "wnnx/RuleTools/Format.h"

#include "StatementLayout.h"
#include "wnnx/Pattern/Parser.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

namespace wnnx::pat {

namespace {

class Formatter : StatementLayout {
public:
  Formatter(const SourceFile &f, std::vector<FormatToken> tokens)
      : StatementLayout(f, std::move(tokens)) {}

  std::string run() {
    size_t i = 0;
    while (!t[i].is(Tok::Eof))
      i = declaration(i);
    leading(i, out.empty());
    return std::move(out);
  }

private:
  size_t declaration(size_t i);
  size_t block(size_t i, bool clauses);
  size_t clause(size_t i);
  size_t test(size_t i);
  void schedule(size_t i, size_t head, size_t end);
  size_t endOfStatement(size_t i) const;
  bool fitsOnOneLine(size_t open) const;
};

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
        t[k].level = Definition;
        defined = true;
      }
      if (t[i].word("fn"))
        continue;
      if (t[k].is(Tok::Pipe))
        t[k].level = Alternatives;
      if (t[k].is(Tok::FatArrow))
        t[k].level = RecordOf;
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
