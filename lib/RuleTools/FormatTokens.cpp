// SPDX-License-Identifier: Apache-2.0
//
// Comments and blanks between tokens.
#include "FormatTokens.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringRef.h"

namespace wnnx::pat {

namespace {

/// Reads what stands between two tokens: the end of the line of the one, the lines before the
/// other.
void readBetween(std::string_view text, FormatToken *before, FormatToken &token, bool first) {
  size_t at = 0;
  bool newline = first;
  unsigned lines = 0; // ends of lines since the last token or comment
  while (at < text.size()) {
    char c = text[at];
    if (c == '\n') {
      newline = true;
      ++lines;
      ++at;
    } else if (text.substr(at, 2) == "//") {
      size_t end = std::min(text.find('\n', at), text.size());
      std::string comment = llvm::StringRef(text.data() + at, end - at).rtrim().str();
      if (newline || !before)
        token.comments.push_back({std::move(comment), lines > 1});
      else
        before->trailing = std::move(comment);
      lines = 0;
      at = end;
    } else {
      ++at;
    }
  }
  token.blankBefore = lines > 1;
  token.lineBefore = newline;
}

bool isOpen(Tok t) {
  return t == Tok::LParen || t == Tok::LBrace || t == Tok::LBracket;
}
bool isClose(Tok t) {
  return t == Tok::RParen || t == Tok::RBrace || t == Tok::RBracket;
}
bool endsOperand(const FormatToken &t) {
  return t.is(Tok::Ident) || t.is(Tok::Int) || t.is(Tok::Float) || t.is(Tok::String) ||
         isClose(t.kind);
}

/// Words behind which a bracket is no call.
bool isWordBeforeBracket(const std::vector<FormatToken> &t, size_t i) {
  static const std::string_view words[] = {"in",   "keep",  "class", "benefit",  "return",
                                           "let",  "tol",   "as",    "expect",   "because",
                                           "when", "after", "order", "decreases"};
  if (!t[i].is(Tok::Ident))
    return false;
  if (llvm::is_contained(words, std::string_view(t[i].text)))
    return true;
  // `where` is an op as well; behind an operand or at the start of a clause it is the keyword.
  return t[i].text == "where" &&
         (i == 0 || endsOperand(t[i - 1]) || t[i - 1].is(Tok::Semi) || t[i - 1].is(Tok::LBrace));
}

class Spacing {
  std::vector<FormatToken> &t;
  std::vector<size_t> open;      // indices of open brackets
  std::vector<size_t> questions; // depths of open `? :`
  bool header = false, signature = false;

public:
  explicit Spacing(std::vector<FormatToken> &tokens) : t(tokens) {}

  void run() {
    for (size_t i = 0; i + 1 < t.size(); ++i) {
      if (open.empty() || (open.size() == 1 && header)) {
        if (t[i].word("rule") && open.empty())
          header = true;
        if ((t[i].word("fn") || t[i].word("frag")) && open.empty())
          signature = true;
      }
      t[i].space = i > 0 && spaceBefore(i);
      track(i);
    }
  }

private:
  void track(size_t i) {
    if (isOpen(t[i].kind)) {
      open.push_back(i);
      if (t[i].is(Tok::LBrace) && !t[i - 1].word("in"))
        header = false;
    } else if (isClose(t[i].kind) && !open.empty()) {
      t[open.back()].partner = i;
      t[i].partner = open.back();
      open.pop_back();
      while (!questions.empty() && questions.back() > open.size())
        questions.pop_back();
    } else if (t[i].is(Tok::Semi)) {
      questions.clear();
      if (open.empty())
        header = signature = false;
    } else if (t[i].is(Tok::Equal) && open.empty()) {
      signature = false;
    }
  }

  /// Whether a brace holds a record, whose fields are set off; a list of choices is not.
  bool looseBrace(size_t brace) {
    if (brace > 0 && t[brace - 1].word("in"))
      return true;
    if (brace > 0 && t[brace - 1].is(Tok::Ident) && !t[brace].lineBefore && tight(brace))
      return false;
    unsigned depth = 0;
    for (size_t i = brace; i < t.size(); ++i) {
      depth += isOpen(t[i].kind);
      if (isClose(t[i].kind) && --depth == 0)
        return false;
      if (depth == 1 && (t[i].is(Tok::Equal) || t[i].is(Tok::Colon) || t[i].is(Tok::Semi)))
        return true;
    }
    return false;
  }
  /// `add{x, y}`, `first{2}`: the brace belongs to the name before it.
  bool tight(size_t brace) {
    return t[brace - 1].is(Tok::Ident) && t[brace - 1].end == t[brace].begin;
  }
  /// Whether `a ? (b)` at the bracket goes on with `: c`.
  bool colonFollows(size_t i) {
    unsigned depth = 0;
    for (; i < t.size(); ++i) {
      if (isOpen(t[i].kind))
        ++depth;
      else if (isClose(t[i].kind) && depth-- == 0)
        return false;
      else if (depth == 0 && (t[i].is(Tok::Comma) || t[i].is(Tok::Semi)))
        return false;
      else if (depth == 0 && t[i].is(Tok::Colon))
        return true;
    }
    return false;
  }
  bool optionalMark(size_t i) {
    if (signature)
      return true;
    const FormatToken &next = t[i + 1];
    switch (next.kind) {
    case Tok::Colon:
    case Tok::Comma:
    case Tok::RParen:
    case Tok::RBracket:
    case Tok::RBrace:
    case Tok::Semi:
    case Tok::Pipe:
    case Tok::Equal:
    case Tok::Amp:
      return true;
    case Tok::LParen:
      return !colonFollows(i + 1);
    default:
      return next.word("as") && t[i - 1].end == t[i].begin;
    }
  }
  bool unary(size_t i) { return !endsOperand(t[i - 1]) || isWordBeforeBracket(t, i - 1); }
  /// The mark behind a class: `f@monotone*(x)`, `f@{a, b}+(x)`.
  bool repeatMark(size_t i) {
    if (i < 2 || !(t[i].is(Tok::Star) || t[i].is(Tok::Plus)) || !t[i + 1].is(Tok::LParen))
      return false;
    size_t name = i - 1;
    if (t[name].is(Tok::RBrace))
      name = t[name].partner;
    return name > 0 && t[name - 1].is(Tok::At);
  }
  bool spaceBefore(size_t i) {
    const FormatToken &a = t[i - 1], &b = t[i];
    if (repeatMark(i) || repeatMark(i - 1))
      return false;
    switch (b.kind) {
    case Tok::Comma:
    case Tok::Semi:
    case Tok::RParen:
    case Tok::RBracket:
    case Tok::Dot:
    case Tok::At:
      return false;
    case Tok::RBrace:
      return !open.empty() && looseBrace(open.back());
    case Tok::Question:
      if (optionalMark(i))
        return false;
      questions.push_back(open.size());
      return true;
    case Tok::Colon:
      if (!questions.empty() && questions.back() == open.size()) {
        questions.pop_back();
        return true;
      }
      return a.is(Tok::Comma) || (header && open.empty()); // `[None, :]`
    case Tok::LParen:
      // `op?(x)`, but `a ? (b) : c`.
      if ((a.is(Tok::Question) && !a.space) || (endsOperand(a) && !isWordBeforeBracket(t, i - 1)))
        return false;
      break;
    case Tok::LBracket:
      if (endsOperand(a) && !isWordBeforeBracket(t, i - 1))
        return false;
      break;
    case Tok::LBrace:
      if (a.is(Tok::Ident) && tight(i) && !looseBrace(i))
        return false;
      break;
    case Tok::DotDot:
      if (endsOperand(a) && !isWordBeforeBracket(t, i - 1))
        return false;
      break;
    case Tok::Star:
      if (i + 1 < t.size() &&
          (t[i + 1].is(Tok::Semi) || t[i + 1].is(Tok::RParen) || t[i + 1].is(Tok::RBracket)))
        return false; // of a schedule, or for all members of a set
      break;
    case Tok::Less:
    case Tok::Greater:
      if (signature)
        return false;
      break;
    default:
      break;
    }
    switch (a.kind) {
    case Tok::LParen:
    case Tok::LBracket:
    case Tok::Dot:
    case Tok::At:
    case Tok::Not:
      return false;
    case Tok::DotDot:
      return false;
    case Tok::LBrace:
      return !open.empty() && looseBrace(open.back());
    case Tok::Less:
      return !signature;
    case Tok::Minus:
      return i < 2 || !unary(i - 1);
    case Tok::Colon: // of a slice
      return open.empty() || !t[open.back()].is(Tok::LBracket) || t[i - 1].space;
    default:
      return true;
    }
  }
};

} // namespace

std::vector<FormatToken> formatTokens(const SourceFile &file, Diagnostics &diags) {
  std::vector<FormatToken> tokens;
  std::string_view text = file.text();
  Lexer lexer(file, diags);
  uint32_t last = 0;
  unsigned depth = 0;
  bool inTest = false;
  for (;;) {
    Token token = lexer.next();
    FormatToken t;
    t.kind = token.kind;
    t.begin = token.begin;
    t.end = token.end;
    if (depth == 0 && token.kind == Tok::Ident)
      inTest = inTest || token.text == "test";
    // The graph of a test has a syntax of its own, and stays as it is.
    if (inTest && depth == 1 && token.kind == Tok::Ident && token.text == "graph") {
      t.kind = Tok::Bad;
      t.end = lexer.skipBalanced(t.begin);
      lexer.seek(t.end);
    }
    t.text = text.substr(t.begin, t.end - t.begin);
    readBetween(text.substr(last, t.begin - last), tokens.empty() ? nullptr : &tokens.back(), t,
                tokens.empty());
    last = t.end;
    depth += isOpen(t.kind);
    if (isClose(t.kind) && depth > 0 && --depth == 0)
      inTest = false;
    bool end = t.is(Tok::Eof);
    tokens.push_back(std::move(t));
    if (end)
      break;
  }
  Spacing(tokens).run();
  return tokens;
}

} // namespace wnnx::pat
