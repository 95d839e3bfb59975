// SPDX-License-Identifier: Apache-2.0
//
// Warns of rules that can never fire, because one that is tried before them accepts all that they
// accept: left sides that are the same but for the names in them.
#include "SemaImpl.h"

#include "wnnx/Pattern/Lexer.h"

#include "fmt/format.h"

#include <algorithm>

namespace wnnx::pat {

namespace {

/// Writes patterns and conditions down with names numbered in the order in which they occur.
class LeftSide {
  const Declarations &decls;
  const ast::RuleDecl &rule;
  std::map<std::string, size_t> numbers;

  /// What means the same in each rule.
  bool fixed(const Token &t) const {
    static const std::set<std::string_view> words = {
        "const", "as",    "keep", "all", "ordered", "tol", "in",  "for", "_",
        "true",  "false", "none", "has", "MAX",     "inf", "nan", "pi",  "target"};
    if (words.count(t.text) || lookupOp(t.text) || parseDType(t.text) || lookupBuiltin(t.text))
      return true;
    for (const auto &space : decls.spaces) {
      if (space.second.frags.count(t.text) || space.second.fns.count(t.text) ||
          space.second.externs.count(t.text))
        return true;
    }
    return t.text == rule.forVar.text;
  }

public:
  LeftSide(const Declarations &d, const ast::RuleDecl &r) : decls(d), rule(r) {}

  std::string text(SourceRange r) {
    if (!r)
      return "";
    Diagnostics scratch;
    Lexer lexer(*r.file, scratch, r.begin);
    std::string out;
    Tok before = Tok::Eof;
    std::string last;
    std::vector<const OpInfo *> within; // ops whose arguments are being read, or null
    for (Token t = lexer.next(); t.kind != Tok::Eof && t.begin < r.end; t = lexer.next()) {
      std::string_view spelling = r.file->text().substr(t.begin, t.end - t.begin);
      // Behind `@`, `&` and `.` stand traits, properties and fields.
      if (t.kind == Tok::LParen)
        within.push_back(before == Tok::Ident ? lookupOp(last) : nullptr);
      else if (t.kind == Tok::RParen && !within.empty())
        within.pop_back();
      const OpInfo *op = within.empty() ? nullptr : within.back();
      bool attr = op && op->attrIndex(t.text) >= 0;
      last = t.text;
      bool word = before == Tok::At || before == Tok::Amp || before == Tok::Dot;
      if (t.kind == Tok::Ident && !word && !attr && !fixed(t))
        out += fmt::format("#{} ", numbers.insert({t.text, numbers.size()}).first->second);
      else
        out += fmt::format("{} ", spelling);
      before = t.kind;
    }
    return out;
  }
};

} // namespace

void checkShadowed(const Program &program, const std::vector<const ast::RuleDecl *> &decl,
                   const Declarations &decls, Diagnostics &diags) {
  struct Seen {
    const ast::RuleDecl *rule;
    std::string match, conditions;
    int64_t benefit;
  };
  std::map<std::string, int64_t> benefits; // by rule; all of a `for` list have the same
  for (const auto &r : program.rules) {
    if (!r->benefitCode)
      benefits[r->name] = r->benefit;
  }
  std::vector<Seen> all;
  for (const ast::RuleDecl *r : decl) {
    auto benefit = benefits.find(r->name.text);
    if (r->off || r->match.empty() || benefit == benefits.end())
      continue;
    LeftSide side(decls, *r);
    Seen s{r, r->ruleset.text + "|", "", benefit->second};
    for (const ast::Name &n : r->forOps)
      s.match += n.text + ",";
    for (const ast::MatchStmt &m : r->match)
      s.match += side.text(m.range) + ";";
    for (const auto *list : {&r->where, &r->when}) {
      for (const ast::ExprPtr &e : *list)
        s.conditions += side.text(e->range) + ";";
    }
    all.push_back(std::move(s));
  }
  // In the order in which they are tried.
  std::stable_sort(all.begin(), all.end(),
                   [](const Seen &a, const Seen &b) { return a.benefit > b.benefit; });
  std::map<std::string, std::vector<const Seen *>> byMatch;
  for (const Seen &s : all) {
    std::vector<const Seen *> &same = byMatch[s.match];
    auto it = llvm::find_if(same, [&](const Seen *b) {
      return b->conditions.empty() || b->conditions == s.conditions;
    });
    if (it != same.end())
      diags
          .warning(s.rule->name.range, "pat-shadowed",
                   fmt::format("rule `{}` never fires: `{}` matches the same and comes first",
                               s.rule->name.text, (*it)->rule->name.text))
          .note((*it)->rule->name.range, "here");
    same.push_back(&s);
  }
}

} // namespace wnnx::pat
