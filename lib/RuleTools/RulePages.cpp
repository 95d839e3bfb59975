// SPDX-License-Identifier: Apache-2.0
//
// Drawings are made from the syntax trees, so that fragments stay the boxes that their author made
// them; what the text says is the source itself.
#include "wnnx/RuleTools/RulePages.h"

#include "Drawing.h"
#include "wnnx/Pattern/Parser.h"

#include "fmt/format.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#include <map>
#include <set>

namespace wnnx::pat {

namespace {

constexpr size_t longest = 40; // letters in a box

std::string textOf(SourceRange r) {
  std::string out;
  bool blank = false;
  for (char c : r ? r.file->text().substr(r.begin, r.end - r.begin) : std::string_view()) {
    if (c == '\n' || c == '\t' || c == ' ') {
      blank = !out.empty();
    } else {
      out += blank ? " " : "";
      blank = false;
      out += c;
    }
  }
  return out;
}
std::string cut(std::string s) {
  return s.size() > longest ? s.substr(0, longest - 1) + "..." : s;
}

/// Draws one side of a rule.
class Painter {
public:
  Drawing d;
  std::map<std::string, size_t> named; // boxes of values

  void side(const ast::RuleDecl &r) {
    // Statements may stand in any order: boxes of their results first, edges as they are met.
    for (const ast::MatchStmt &s : r.match)
      for (const ast::Name &n : s.lhs)
        lhs.insert(n.text);
    for (const ast::MatchStmt &s : r.match) {
      size_t box = s.pattern ? pattern(*s.pattern) : none;
      finish(box, s.lhs, s.keep ? "keep" : "", [&](const std::string &n) {
        return llvm::any_of(r.rewrite, [&](const ast::RewriteStmt &w) {
          return llvm::any_of(w.lhs, [&](const ast::Name &x) { return x.text == n; });
        });
      });
    }
    connect();
  }
  void otherSide(const ast::RuleDecl &r, const std::set<std::string> &matched) {
    for (const ast::RewriteStmt &s : r.rewrite) {
      size_t box = s.value ? value(*s.value, true) : none;
      finish(box, s.lhs, "", [&](const std::string &n) { return matched.count(n) > 0; });
    }
    connect();
  }
  std::set<std::string> lhs;

private:
  static constexpr size_t none = SIZE_MAX;
  std::vector<std::pair<std::string, size_t>> pending; // uses of names that have no box yet

  template <class F>
  void finish(size_t box, const std::vector<ast::Name> &names, const char *note, F isResult) {
    if (box == none)
      return;
    for (const ast::Name &n : names) {
      if (isResult(n.text)) {
        size_t result = d.add(Drawing::Result, n.text);
        d.edges.push_back({box, result});
      }
      named[n.text] = box;
      if (*note)
        d.boxes[box].note = note;
    }
  }
  /// Names without a statement are what the rule takes from outside.
  void connect() {
    for (auto &[name, user] : pending) {
      auto it = named.find(name);
      if (it == named.end())
        it = named.emplace(name, d.add(Drawing::Input, name)).first;
      if (it->second != user)
        d.edges.push_back({it->second, user});
    }
    pending.clear();
  }
  void use(const std::string &name, size_t user) { pending.push_back({name, user}); }

  size_t pattern(const ast::Pattern &p) {
    std::string attrs;
    auto note = [&](const std::string &s) { attrs += (attrs.empty() ? "" : ", ") + s; };
    switch (p.kind) {
    case ast::PatternKind::Op: {
      bool op = lookupOp(p.name.text) || p.trait;
      size_t box =
          d.add(op ? Drawing::Op : Drawing::Group,
                p.name.text + (p.trait ? "@" + p.trait.text : "") + (p.optional ? "?" : ""));
      for (const ast::PatternArg &a : p.args) {
        if (a.kind == ast::PatternArg::Operand && a.pattern)
          operand(*a.pattern, box);
        else
          note(textOf(a.range));
      }
      d.boxes[box].note = cut(attrs);
      return box;
    }
    case ast::PatternKind::Alt:
    case ast::PatternKind::Flat:
    case ast::PatternKind::List: {
      size_t box = d.add(Drawing::Group, p.kind == ast::PatternKind::Alt    ? "one of"
                                         : p.kind == ast::PatternKind::Flat ? p.name.text + "{}"
                                                                            : "list");
      for (const ast::PatternPtr &k : p.kids) {
        if (k)
          operand(*k, box);
      }
      if (p.hasRest)
        d.boxes[box].note = ".." + p.rest.text;
      return box;
    }
    case ast::PatternKind::Literal:
    case ast::PatternKind::Any:
    case ast::PatternKind::Error:
    case ast::PatternKind::Var:
      break;
    }
    return d.add(Drawing::Constant, cut(textOf(p.range)));
  }
  void operand(const ast::Pattern &p, size_t user) {
    if (p.kind == ast::PatternKind::Var) {
      if (lhs.count(p.name.text) || named.count(p.name.text))
        return use(p.name.text, user);
      size_t box =
          d.add(p.type && p.type->isConst ? Drawing::Constant : Drawing::Input,
                p.name.text + (p.optional ? "?" : ""), p.type ? cut(textOf(p.type->range)) : "");
      named[p.name.text] = box;
      d.edges.push_back({box, user});
      return;
    }
    if (p.kind == ast::PatternKind::List && !p.as) {
      for (const ast::PatternPtr &k : p.kids) {
        if (k)
          operand(*k, user);
      }
      if (p.hasRest && p.rest)
        use(".." + p.rest.text, user);
      return;
    }
    d.edges.push_back({pattern(p), user});
  }

  /// An expression of the right side: ops are boxes, what is computed at compile time is text.
  size_t value(const ast::Expr &e, bool outermost) {
    if (e.kind == ast::ExprKind::Name) {
      if (named.count(e.text))
        return named[e.text];
      size_t box = d.add(Drawing::Input, e.text);
      named[e.text] = box;
      return box;
    }
    bool op =
        e.kind == ast::ExprKind::Call && lookupOp(e.text) && (outermost || !lookupBuiltin(e.text));
    if (e.kind == ast::ExprKind::Call && outermost && !op)
      op = true; // an op variable, or a function that makes ops
    if (!op) {
      size_t box = d.add(Drawing::Computed, cut(textOf(e.range)));
      namesIn(e, box);
      return box;
    }
    size_t box = d.add(lookupOp(e.text) ? Drawing::Op : Drawing::Group, e.text);
    std::string attrs;
    for (const ast::Arg &a : e.args) {
      if (!a.value)
        continue;
      bool attribute = a.spread || (a.name && !isOperand(e.text, a.name.text));
      if (attribute)
        attrs += (attrs.empty() ? "" : ", ") + textOf(a.range);
      else
        argument(*a.value, box);
    }
    d.boxes[box].note = cut(attrs);
    return box;
  }
  void argument(const ast::Expr &e, size_t user) {
    if (e.kind == ast::ExprKind::List) {
      for (const ast::Arg &a : e.args) {
        if (a.value)
          argument(*a.value, user);
      }
      return;
    }
    size_t box = value(e, false);
    d.edges.push_back({box, user});
  }
  static bool isOperand(const std::string &op, const std::string &name) {
    const OpInfo *info = lookupOp(op);
    return info && info->operandIndex(name) >= 0;
  }
  void namesIn(const ast::Expr &e, size_t user) {
    if (e.kind == ast::ExprKind::Name && named.count(e.text) && named[e.text] != user)
      d.edges.push_back({named[e.text], user});
    for (const ast::ExprPtr &k : e.kids) {
      if (k)
        namesIn(*k, user);
    }
    for (const ast::Arg &a : e.args) {
      if (a.value)
        namesIn(*a.value, user);
    }
  }
};

std::string exprList(const std::vector<ast::ExprPtr> &list) {
  std::string s;
  for (const ast::ExprPtr &e : list) {
    if (e)
      s += fmt::format("- `{}`\n", textOf(e->range));
  }
  return s;
}

std::string classText(const ast::RuleDecl &r) {
  static const std::pair<std::string_view, std::string_view> what[] = {
      {"exact", "the same bits"},
      {"real", "equal over the real numbers"},
      {"approx", "equal within a tolerance"},
      {"order", "the same decisions"},
      {"relaxed", "changes results; runs only when allowed"},
  };
  std::string s = r.eqClass ? r.eqClass.text : "real";
  for (const auto &[name, says] : what) {
    if (name == s)
      s = fmt::format("`{}`: {}", s, says);
  }
  return r.classReason.empty() ? s : s + " (" + r.classReason + ")";
}

std::string page(const ast::File &file, const ast::RuleDecl &r, const std::string &base,
                 const std::string &verdict) {
  std::string s = fmt::format("# {}\n\n{}\n", r.name.text, r.doc.empty() ? "" : r.doc + "");
  auto [line, column] = r.range.file->lineColumn(r.name.range.begin);
  s += fmt::format("| | |\n|---|---|\n| file | `{}:{}` |\n| rule set | `{}` |\n| class | {} |\n",
                   llvm::sys::path::filename(file.source->name()).str(), line, r.ruleset.text,
                   classText(r));
  if (r.forVar) {
    s += fmt::format("| `{}` is one of |", r.forVar.text);
    for (const ast::Name &n : r.forOps)
      s += " `" + n.text + "`";
    s += " |\n";
  }
  if (r.benefit)
    s += fmt::format("| benefit | `{}` |\n", textOf(r.benefit->range));
  if (r.off)
    s += "| off | runs only when switched on |\n";
  if (!verdict.empty())
    s += fmt::format("| verification | {} |\n", verdict);
  s += fmt::format("\n| before | after |\n|---|---|\n| ![left side]({0}.left.svg) | ![right "
                   "side]({0}.right.svg) |\n",
                   base);
  if (!r.where.empty())
    s += "\nRight where all hold:\n\n" + exprList(r.where);
  if (!r.when.empty())
    s += "\nWorth while where all hold:\n\n" + exprList(r.when);
  if (!r.lets.empty()) {
    s += "\nwith\n\n";
    for (const ast::Let &l : r.lets)
      s += fmt::format("- `{} = {}`\n", l.name.text, l.value ? textOf(l.value->range) : "");
  }
  std::string tests;
  for (const ast::TestDecl &t : file.tests) {
    if (t.rule.text == r.name.text)
      tests +=
          fmt::format("- {}: {}\n", t.name.text,
                      t.fired ? "fires"
                              : "does not fire" + (t.because.empty()
                                                       ? std::string()
                                                       : fmt::format(", because `{}`", t.because)));
  }
  if (!tests.empty())
    s += "\nTests:\n\n" + tests;
  std::string_view text = r.range.file->text();
  return s + fmt::format("\n```pat\n{}\n```\n",
                         text.substr(r.range.begin, r.range.end - r.range.begin));
}

} // namespace

FailureOr<std::vector<RulePage>>
makeRulePages(const std::vector<std::string> &files,
              const std::function<std::string(const RuleSet &, const Rule &)> &verdict,
              Diagnostics &diags) {
  FailureOr<RuleSet> rules = loadRules(files, diags);
  if (failed(rules))
    return failure();
  std::vector<RulePage> pages;
  std::string index = "# Rules\n\n| rule | file | rule set | class | |\n|---|---|---|---|---|\n";
  std::set<std::string> used;
  Diagnostics scratch;
  for (const std::string &path : files) {
    auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/true);
    if (!buffer)
      return diags.error(path, "cannot-read", "cannot read: " + buffer.getError().message());
    ast::File file = parseFile(scratch.addFile(path, (*buffer)->getBuffer().str()), scratch);
    for (const ast::RuleDecl &r : file.rules) {
      std::string base = r.name.text;
      for (unsigned i = 2; !used.insert(base).second; ++i)
        base = fmt::format("{}_{}", r.name.text, i);
      std::string found;
      for (const auto &checked : rules->program().rules) {
        if (verdict && checked->name == r.name.text && found.empty())
          found = verdict(*rules, *checked);
      }
      Painter left, right;
      left.side(r);
      right.otherSide(r, left.lhs);
      pages.push_back({base + ".md", page(file, r, base, found)});
      pages.push_back({base + ".left.svg", left.d.svg()});
      pages.push_back({base + ".right.svg", right.d.svg()});
      index += fmt::format("| [{0}]({0}.md) | `{1}` | `{2}` | {3} | {4} |\n", base,
                           llvm::sys::path::filename(path).str(), r.ruleset.text,
                           r.eqClass ? r.eqClass.text : "real",
                           llvm::StringRef(r.doc).split('\n').first.str());
    }
  }
  pages.push_back({"index.md", index});
  return pages;
}

} // namespace wnnx::pat
