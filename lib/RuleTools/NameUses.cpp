// SPDX-License-Identifier: Apache-2.0
//
// Names from tokens: brackets and the words around a name say what it is.
#include "NameUses.h"

#include "wnnx/IR/Ops.h"
#include "wnnx/Pattern/Lexer.h"
#include "wnnx/Pattern/Types.h"

#include "llvm/ADT/STLExtras.h"

#include <map>
#include <set>

namespace wnnx::pat {

namespace {

constexpr size_t none = ~size_t(0);

bool isOpen(Tok k) {
  return k == Tok::LParen || k == Tok::LBracket || k == Tok::LBrace;
}
bool isClose(Tok k) {
  return k == Tok::RParen || k == Tok::RBracket || k == Tok::RBrace;
}
bool oneOf(std::string_view word, std::initializer_list<std::string_view> words) {
  return llvm::is_contained(words, word);
}

class Namer {
  const ast::File &tree;
  std::vector<Token> t;
  std::vector<size_t> around;          // per token: the innermost open bracket, or none
  std::map<size_t, std::string> loops; // `[` of a comprehension to its variable
  std::set<std::string> spaces;
  std::vector<NameUse> out;
  // Of the declaration at hand.
  uint32_t scope = 0;
  std::set<std::string> localOps; // `f@trait`, `for f in { ... }`: what they stand for is called
  bool matching = false;          // on a left side

public:
  Namer(const SourceFile &file, const ast::File &f) : tree(f) {
    Diagnostics ignored;
    Lexer lexer(file, ignored);
    for (Token k = lexer.next(); k.kind != Tok::Eof; k = lexer.next())
      t.push_back(std::move(k));
    std::vector<size_t> open;
    for (size_t i = 0; i < t.size(); ++i) {
      around.push_back(open.empty() ? none : open.back());
      if (isOpen(t[i].kind))
        open.push_back(i);
      else if (isClose(t[i].kind) && !open.empty())
        open.pop_back();
      if (word(i, "for") && !open.empty() && t[open.back()].kind == Tok::LBracket &&
          kind(i + 1) == Tok::Ident)
        loops[open.back()] = word(i + 2, "in") ? t[i + 1].text : "";
    }
    for (const ast::Import &i : tree.imports)
      spaces.insert(i.as.text);
  }

  std::vector<NameUse> run();

private:
  Tok kind(size_t i) const { return i < t.size() ? t[i].kind : Tok::Eof; }
  Tok before(size_t i) const { return i > 0 ? t[i - 1].kind : Tok::Eof; }
  bool word(size_t i, std::string_view w) const {
    return i < t.size() && t[i].kind == Tok::Ident && t[i].text == w;
  }
  void add(size_t i, NameKind k, bool declares = false) {
    out.push_back({t[i].begin, t[i].end, k, t[i].text, 0, declares, false});
  }
  void local(size_t i, bool shorthand = false) {
    uint32_t where = scope;
    for (size_t b = around[i]; b != none; b = around[b]) {
      if (auto it = loops.find(b); it != loops.end() && it->second == t[i].text) {
        where = t[b].begin;
        break;
      }
    }
    bool first = llvm::none_of(out, [&](const NameUse &u) {
      return u.kind == NameKind::Local && u.scope == where && u.name == t[i].text;
    });
    out.push_back({t[i].begin, t[i].end, NameKind::Local, t[i].text, where, first, shorthand});
  }
  /// Indices of the tokens in a range.
  std::pair<size_t, size_t> tokensOf(SourceRange r) const {
    auto at = [&](uint32_t offset) {
      return size_t(
          llvm::lower_bound(t, offset, [](const Token &k, uint32_t o) { return k.begin < o; }) -
          t.begin());
    };
    return {at(r.begin), at(r.end)};
  }

  bool called(size_t i) const;
  bool keyword(size_t i) const;
  bool shorthand(size_t i) const;
  void name(size_t i);
  void names(size_t i, size_t end) {
    for (; i < end; ++i) {
      if (t[i].kind == Tok::Ident)
        name(i);
    }
  }
  void function(size_t i, size_t end, bool body);
  void rule(size_t i, size_t end);
  void ruleset(size_t i, size_t end);
  void test(const ast::TestDecl &d);
};

bool Namer::called(size_t i) const {
  if (kind(i + 1) == Tok::LParen || (kind(i + 1) == Tok::Question && kind(i + 2) == Tok::LParen &&
                                     t[i + 1].end == t[i + 2].begin))
    return true;
  return kind(i + 1) == Tok::LBrace && t[i].end == t[i + 1].begin && !word(i, "match") &&
         !word(i, "rewrite") && !word(i, "verify");
}

bool Namer::keyword(size_t i) const {
  const std::string &w = t[i].text;
  Tok p = before(i), n = kind(i + 1);
  bool begins = p == Tok::Semi || p == Tok::LBrace || p == Tok::RBrace;
  bool operand = p == Tok::Ident || p == Tok::RParen || p == Tok::RBracket || p == Tok::RBrace ||
                 p == Tok::Int || p == Tok::Float;
  if (oneOf(w, {"true", "false", "none", "inf", "nan", "pi", "MAX", "None", "target"}))
    return n != Tok::LParen;
  if (oneOf(w, {"match", "rewrite", "verify"}))
    return n == Tok::LBrace;
  if (w == "where")
    return (begins && n != Tok::Equal) || operand;
  if (oneOf(w, {"when", "let", "decreases", "compare", "instances"}))
    return begins && n != Tok::Equal;
  if (oneOf(w, {"keep", "all"}))
    return (begins || word(i - 1, "all")) && (n == Tok::Ident || (n == Tok::LParen && w == "keep"));
  if (w == "ordered")
    return n == Tok::Ident;
  if (oneOf(w, {"as", "tol", "for", "in", "by", "witness"}))
    return operand || p == Tok::Question;
  return w == "const" && p == Tok::Colon;
}

/// Whether a name between commas is an attribute that is captured under its own name.
bool Namer::shorthand(size_t i) const {
  size_t open = around[i];
  if (!matching || open == none || open == 0 || t[open].kind != Tok::LParen)
    return false;
  Tok p = before(i), n = kind(i + 1);
  const OpInfo *op = kind(open - 1) == Tok::Ident ? lookupOp(t[open - 1].text) : nullptr;
  return op && (p == Tok::LParen || p == Tok::Comma) && (n == Tok::Comma || n == Tok::RParen) &&
         op->attrIndex(t[i].text) >= 0;
}

/// A name in a pattern or expression.
void Namer::name(size_t i) {
  const std::string &w = t[i].text;
  size_t open = around[i];
  Tok p = before(i), n = kind(i + 1);
  if (w == "_")
    return;
  bool inSet = open != none && t[open].kind == Tok::LBrace && before(open) == Tok::At;
  if (p == Tok::At || p == Tok::Amp || inSet)
    return add(i, NameKind::Property);
  if (p == Tok::Dot && n != Tok::LParen)
    return add(i, NameKind::Field);
  if (n == Tok::Dot && spaces.count(w))
    return add(i, NameKind::Space);
  if (keyword(i))
    return add(i, NameKind::Keyword);
  if (n == Tok::Equal && open != none) {
    if (t[open].kind == Tok::LParen)
      return add(i, NameKind::Attribute);
    if (t[open].kind == Tok::LBrace && !word(open - 1, "match") && !word(open - 1, "rewrite") &&
        around[open] != none && t[around[open]].kind != Tok::LBrace)
      return add(i, NameKind::Field);
  }
  if (n == Tok::At)
    localOps.insert(w);
  else if (called(i) && !localOps.count(w))
    return add(i, lookupOp(w)        ? NameKind::Op
                  : lookupBuiltin(w) ? NameKind::Builtin
                                     : NameKind::Callable);
  if ((p == Tok::Colon || p == Tok::Ident) && parseDType(w))
    return add(i, NameKind::Type);
  local(i, shorthand(i));
}

/// `fn` and `frag`: parameters, then a body.
void Namer::function(size_t i, size_t end, bool body) {
  bool named = false;
  matching = word(i, "frag");
  for (; i < end && t[i].kind != Tok::Equal; ++i) {
    if (t[i].kind != Tok::Ident)
      continue;
    Tok p = before(i);
    if (!named) {
      bool word = oneOf(t[i].text, {"fn", "frag", "extern"});
      add(i, word ? NameKind::Keyword : NameKind::Callable, !word);
      named = !word;
    } else if (p == Tok::Colon || p == Tok::Less || p == Tok::Arrow) {
      add(i, NameKind::Type);
    } else if (around[i] != none && t[around[i]].kind == Tok::LBrace) {
      add(i, NameKind::Field);
    } else {
      local(i);
    }
  }
  if (body)
    names(i, end);
}

void Namer::rule(size_t i, size_t end) {
  // `rule NAME [for v in { ops }] : SET, properties`
  size_t head = i;
  bool set = false, named = false;
  matching = true;
  for (; i < end; ++i) {
    if (t[i].kind == Tok::LBrace && !word(i - 1, "in"))
      break;
    if (t[i].kind == Tok::Colon) {
      set = true;
      continue;
    }
    if (t[i].kind != Tok::Ident)
      continue;
    if (i == head) {
      add(i, NameKind::Keyword);
    } else if (!named) {
      add(i, NameKind::Rule, true);
      named = true;
    } else if (set) {
      add(i, NameKind::RuleSet);
      set = false;
    } else if (word(i - 1, "for")) {
      localOps.insert(t[i].text);
      local(i);
    } else if (oneOf(t[i].text, {"for", "in", "benefit", "class", "bounded", "off"})) {
      add(i, NameKind::Keyword);
    } else if (word(i - 1, "class")) {
      add(i, NameKind::Property);
    } else if (around[i] != none && t[around[i]].kind == Tok::LBrace) {
      add(i, NameKind::Op);
    } else {
      name(i);
    }
  }
  for (; i < end; ++i) {
    if (t[i].kind != Tok::Ident)
      continue;
    if (kind(i + 1) == Tok::LBrace && oneOf(t[i].text, {"match", "rewrite", "verify"}))
      matching = t[i].text == "match";
    else if (around[i] != none && t[around[i]].kind == Tok::LBrace && keyword(i) &&
             !oneOf(t[i].text, {"keep", "all"}))
      matching = matching && word(around[i] - 1, "match");
    name(i);
  }
}

void Namer::ruleset(size_t i, size_t end) {
  for (size_t first = i; i < end; ++i) {
    if (t[i].kind != Tok::Ident)
      continue;
    if (i == first)
      add(i, NameKind::Keyword);
    else if (i == first + 1)
      add(i, NameKind::RuleSet, true);
    else if (around[i] != none && t[around[i]].kind == Tok::LParen)
      add(i, NameKind::Op);
    else if (oneOf(t[i].text, {"after", "order", "nodes", "macs", "bytes", "count", "depth_sum"}))
      add(i, NameKind::Keyword);
    else
      add(i, NameKind::RuleSet);
  }
}

void Namer::test(const ast::TestDecl &d) {
  auto [i, end] = tokensOf(d.range);
  for (; i < end; ++i) {
    if (t[i].kind != Tok::Ident || (t[i].begin > d.graphBegin && t[i].begin < d.graphEnd))
      continue;
    add(i, word(i - 1, "for") ? NameKind::Rule : NameKind::Keyword);
  }
}

std::vector<NameUse> Namer::run() {
  auto begin = [&](SourceRange r) {
    scope = r.begin;
    localOps.clear();
    matching = false;
    return tokensOf(r);
  };
  for (const ast::Import &d : tree.imports) {
    auto [i, end] = begin(d.range);
    for (; i < end; ++i) {
      if (t[i].kind == Tok::Ident)
        add(i, word(i - 1, "as") ? NameKind::Space : NameKind::Keyword, word(i - 1, "as"));
    }
  }
  for (const ast::ExternDecl &d : tree.externs) {
    auto [i, end] = begin(d.range);
    function(i, end, false);
  }
  for (const ast::FnDecl &d : tree.fns) {
    auto [i, end] = begin(d.range);
    function(i, end, true);
  }
  for (const ast::FragDecl &d : tree.frags) {
    auto [i, end] = begin(d.range);
    function(i, end, true);
  }
  for (const ast::RuleDecl &d : tree.rules) {
    auto [i, end] = begin(d.range);
    rule(i, end);
  }
  for (const ast::RulesetDecl &d : tree.rulesets) {
    auto [i, end] = begin(d.range);
    ruleset(i, end);
  }
  for (const ast::ScheduleDecl &d : tree.schedules) {
    auto [i, end] = begin(d.range);
    for (size_t first = i; i < end; ++i) {
      if (t[i].kind == Tok::Ident)
        add(i,
            i == first       ? NameKind::Keyword
            : i == first + 1 ? NameKind::Schedule
                             : NameKind::RuleSet,
            i == first + 1);
    }
  }
  for (const ast::TestDecl &d : tree.tests)
    test(d);
  llvm::stable_sort(out, [](const NameUse &a, const NameUse &b) { return a.begin < b.begin; });
  return std::move(out);
}

} // namespace

std::vector<NameUse> nameUses(const SourceFile &file, const ast::File &tree) {
  return Namer(file, tree).run();
}

} // namespace wnnx::pat
