// SPDX-License-Identifier: Apache-2.0
//
// Checks one rule as a whole: names, statements, the right side, what would be lost.
#include "SemaImpl.h"

#include "fmt/format.h"

#include <algorithm>

namespace wnnx::pat {

DiagnosticBuilder RuleChecker::error(SourceRange range, std::string code, std::string message) {
  failed = true;
  return diags.error(range, std::move(code), std::move(message));
}

unsigned RuleChecker::newSlot(std::string name, Type type, SourceRange range) {
  SlotInfo info;
  info.name = std::move(name);
  info.type = std::move(type);
  info.range = range;
  rule->slots.push_back(std::move(info));
  uses.push_back(0);
  patternUses.push_back(0);
  places.emplace_back();
  return unsigned(rule->slots.size() - 1);
}

void RuleChecker::mention(unsigned slot, bool inPattern, SourceRange where) {
  ++uses[slot];
  patternUses[slot] += inPattern;
  if (inPattern)
    places[slot].insert(where ? where.begin : rule->slots[slot].range.begin);
}

std::unique_ptr<Rule> RuleChecker::check() {
  unsigned before = diags.errorCount();
  header();
  declareStmts();
  checkStmts();
  finishPending();
  // A `let` may use what stands before it.
  for (const ast::Let &l : decl.lets) {
    CodePtr c = expr(*l.value, top);
    if (top.names.count(l.name.text))
      error(l.name.range, "pat-name", fmt::format("`{}` already stands for something", l.name.text))
          .note(rule->slots[top.names[l.name.text]].range, "here");
    unsigned slot = slotOf(l.name, top);
    rule->slots[slot].type = c->type;
    rule->slots[slot].let = int(rule->lets.size());
    bound.insert(slot);
    rule->lets.push_back(std::move(c));
  }
  rule->where = conditions(decl.where, top, "where");
  checkRewrite();
  checkLoss();
  checkBenefit();
  checkHints();
  std::set<unsigned> saved = present;
  rule->when = conditions(decl.when, top, "when");
  checkTrivial();
  checkUnused();
  if (!failed && diags.errorCount() == before)
    findRoots();
  if (failed || diags.errorCount() != before)
    return nullptr;
  rule->replaced.assign(rule->slots.size(), false);
  for (const RewriteAssign &a : rule->rewrite) {
    for (size_t i = 0; i < a.slots.size(); ++i) {
      if (a.replaces[i])
        rule->replaced[a.slots[i]] = true;
    }
  }
  return std::move(rule);
}

void RuleChecker::checkFunction(const ast::FnDecl &fn) {
  for (const ast::Param &p : fn.params) {
    unsigned slot = slotOf(p.name, top);
    if (std::optional<Type> t = typeByName(p.type))
      rule->slots[slot].type = *t;
    else
      error(
          p.name.range, "pat-type",
          fmt::format("unknown type `{}`; types are int, float, bool, str, dtype, tensor, record, "
                      "value, op, any and list<TYPE>",
                      p.type));
    bound.insert(slot);
  }
  top.file = decls.homes.at(&fn);
  expanding.push_back(&fn);
  if (fn.body)
    expr(*fn.body, top);
}

std::string_view eqClassName(EqClass c) {
  switch (c) {
  case EqClass::Exact:
    return "exact";
  case EqClass::Real:
    return "real";
  case EqClass::Approx:
    return "approx";
  case EqClass::Order:
    return "order";
  case EqClass::Relaxed:
    return "relaxed";
  }
  return "real";
}

std::string Rule::title() const {
  return forOp.empty() ? name : fmt::format("{}[{}]", name, forOp);
}

std::string Rule::place() const {
  if (!range)
    return "";
  std::string_view file = range.file->name();
  size_t slash = file.rfind('/');
  return fmt::format("{}:{}", slash == std::string_view::npos ? file : file.substr(slash + 1),
                     range.file->lineColumn(range.begin).first);
}

void RuleChecker::header() {
  rule->name = decl.name.text;
  rule->doc = decl.doc;
  rule->range = decl.name.range;
  rule->ruleset = decl.ruleset.text;
  rule->bounded = decl.bounded;
  rule->off = decl.off;
  if (decl.ruleset && !decls.rulesets.count(decl.ruleset.text)) {
    std::vector<std::string_view> known;
    for (const auto &r : decls.rulesets)
      known.push_back(r.first);
    failed = true;
    if (!decls.incomplete || !didYouMean(decl.ruleset.text, known).empty())
      error(decl.ruleset.range, "pat-unknown-ruleset",
            fmt::format("unknown rule set `{}`{}", decl.ruleset.text,
                        didYouMean(decl.ruleset.text, known)))
          .fixName(decl.ruleset.text, known)
          .hint(fmt::format("declare it with `ruleset {};`", decl.ruleset.text));
  }
  if (!decl.eqClass) {
    if (decl.name)
      error(decl.name.range, "pat-class", "the rule does not say how equal its two sides are")
          .hint("add `class exact` (bit for bit), `real` (over the real numbers), `approx(tol)`, "
                "`order` or `relaxed \"why\"`");
  } else {
    static const std::vector<std::pair<std::string_view, EqClass>> classes = {
        {"exact", EqClass::Exact},
        {"real", EqClass::Real},
        {"approx", EqClass::Approx},
        {"order", EqClass::Order},
        {"relaxed", EqClass::Relaxed}};
    auto it = llvm::find_if(classes, [&](const auto &c) { return c.first == decl.eqClass.text; });
    if (it == classes.end())
      error(decl.eqClass.range, "pat-class",
            fmt::format("unknown equality class `{}`", decl.eqClass.text))
          .hint("classes are exact, real, approx(tol), order and relaxed \"why\"");
    else
      rule->eqClass = it->second;
    if (rule->eqClass == EqClass::Relaxed && decl.classReason.empty())
      error(decl.eqClass.range, "pat-class", "a relaxed rule says why: `relaxed \"...\"`");
    rule->classReason = decl.classReason;
    if (rule->eqClass == EqClass::Approx) {
      CodePtr c = decl.classArgs.size() == 1 ? expr(*decl.classArgs[0], top) : nullptr;
      if (c && c->kind == CodeKind::Const && c->constant.isNumber() && c->constant.asDouble() > 0)
        rule->classTolerance = c->constant.asDouble();
      else
        error(decl.eqClass.range, "pat-class",
              "an approximate rule says how large the difference may be: `approx(1e-3)`");
    } else if (!decl.classArgs.empty()) {
      error(decl.eqClass.range, "pat-class",
            fmt::format("`{}` has no tolerance", decl.eqClass.text));
    }
  }
}

void RuleChecker::declareStmts() {
  if (decl.match.empty())
    error(decl.name.range, "pat-match", "the rule has no `match` block, or an empty one");
  if (decl.rewrite.empty())
    error(decl.name.range, "pat-rewrite", "the rule has no `rewrite` block, or an empty one");
  for (size_t i = 0; i < decl.match.size(); ++i) {
    const ast::MatchStmt &s = decl.match[i];
    Stmt stmt;
    stmt.keep = s.keep;
    stmt.range = s.range;
    for (size_t k = 0; k < s.lhs.size(); ++k) {
      const ast::Name &n = s.lhs[k];
      bool hidden = n.text == "_";
      if (!hidden && top.names.count(n.text)) {
        error(n.range, "pat-name", fmt::format("`{}` is assigned twice", n.text))
            .note(rule->slots[top.names[n.text]].range, "here");
        continue;
      }
      unsigned slot = hidden ? newSlot("_", {}, n.range) : slotOf(n, top);
      rule->slots[slot].type = TypeKind::Value;
      rule->slots[slot].stmt = int(i);
      rule->slots[slot].result = unsigned(k);
      bound.insert(slot);
      stmt.slots.push_back(slot);
    }
    rule->stmts.push_back(std::move(stmt));
    declareSet(i);
  }
}

void RuleChecker::checkStmts() {
  for (size_t i = 0; i < decl.match.size(); ++i) {
    const ast::MatchStmt &s = decl.match[i];
    currentStmt = int(i);
    topOfStmt = true;
    if (!s.pattern) {
      failed = true;
      continue;
    }
    currentSet = rule->stmts[i].set ? int(i) : -1;
    rule->stmts[i].pattern = pattern(*s.pattern, top);
    currentSet = -1;
    topOfStmt = false;
    const Pat *p = rule->stmts[i].pattern.get();
    while (p->kind == PatKind::Bind)
      p = p->kids[0].get();
    if (p->kind == PatKind::Op && p->opSlot < 0 && !p->optional) {
      const OpInfo &info = opInfo(p->kinds[0]);
      bool any = !info.results.empty() && info.results.back().variadic;
      if (!any && info.results.size() != s.lhs.size())
        error(s.range, "pat-arity",
              fmt::format("{} has {} results, {} named", info.name, info.results.size(),
                          s.lhs.size()))
            .hint(info.schema());
    } else if (s.lhs.size() > 1 && !failed) {
      error(s.range, "pat-arity", "several results are named of something that has one");
    } else if (p->kind == PatKind::Var || p->kind == PatKind::Any || p->kind == PatKind::Literal) {
      if (!failed)
        error(s.range, "pat-match", "a statement matches an op or a fragment");
    }
    currentStmt = -1;
    if (rule->stmts[i].set)
      finishSet(i);
    mentionedSlots(*rule->stmts[i].pattern, rule->stmts[i].mentions);
  }
}

void RuleChecker::mentionedSlots(const Pat &p, std::vector<unsigned> &out) const {
  if (p.kind == PatKind::Var || p.kind == PatKind::Bind)
    out.push_back(p.slot);
  if (p.restSlot >= 0 && rule->slots[size_t(p.restSlot)].stmt >= 0)
    out.push_back(unsigned(p.restSlot)); // the members of a set
  for (const auto *list : {&p.operands, &p.elements, &p.kids}) {
    for (const PatPtr &k : *list) {
      if (k)
        mentionedSlots(*k, out);
    }
  }
}

void RuleChecker::finishPending() {
  for (PendingAlt &a : pendingAlts) {
    currentSet = a.set;
    a.pat->where[a.index] = conditions(a.alt->where, *a.scope, "fragment");
    if (!a.alt->result) {
      if (a.pat->resultSlot >= 0)
        error(a.alt->pattern->range, "pat-fragment",
              "this alternative returns no record, others do");
      continue;
    }
    CodePtr c = expr(*a.alt->result, *a.scope);
    if (a.pat->resultSlot < 0)
      continue;
    SlotInfo &slot = rule->slots[size_t(a.pat->resultSlot)];
    bool first = slot.type.any(), optional = slot.type.optional;
    if (!first && c->type.fields && slot.type.fields) {
      for (const auto &f : *slot.type.fields) {
        if (!c->type.field(f.first))
          error(c->range, "pat-fragment",
                fmt::format("the record lacks `{}`, which other alternatives return", f.first));
      }
    }
    slot.type = (first ? c->type : joinTypes(slot.type, c->type)).withOptional(optional);
    a.pat->results[a.index] = std::move(c);
  }
  for (PendingAttr &a : pendingAttrs) {
    currentSet = a.set;
    CodePtr c = expr(*a.expr, *a.scope);
    bool fits =
        c->type.any() || c->type.kind == a.want.kind || (c->type.number() && a.want.number());
    if (!fits)
      error(a.expr->range, "pat-type",
            fmt::format("{} is `{}`, never `{}`", a.what, a.want.str(), c->type.str()));
    *a.into = std::move(*c);
  }
  currentSet = -1;
}

/// Nothing that the left side accepts in several forms may be forgotten on the right.
void RuleChecker::checkLoss() {
  for (const Capture &c : captures) {
    bool used = uses[c.slot] > patternUses[c.slot] || places[c.slot].size() > 1;
    if (used || namesUnclear)
      continue;
    error(c.range, "pat-loss",
          fmt::format("{} may be anything here, but nothing depends on it", c.what))
        .hint(fmt::format(
            "if the result does not depend on it, write `_`; otherwise use `{0}` in "
            "`rewrite` or `where`{1}",
            rule->slots[c.slot].name,
            rule->slots[c.slot].type.is(TypeKind::Str)
                ? fmt::format("; the string is written `\"{}\"`", rule->slots[c.slot].name)
                : ""));
  }
  for (const LostAttrs &l : lost) {
    // Attributes of an op that stays are not lost.
    bool stays = false;
    if (l.stmt >= 0) {
      const Stmt &s = rule->stmts[size_t(l.stmt)];
      stays = s.keep;
    }
    if (stays)
      continue;
    error(l.range, "pat-loss",
          fmt::format("`..` accepts any attributes of {}{}, and the right side forgets them", l.op,
                      l.attrs.empty() ? "" : fmt::format(" ({})", fmt::join(l.attrs, ", "))))
        .hint("capture them with `..a` and spread `..a` on the right, or write `name = _` for "
              "those that do not matter");
  }
}

static std::string squeezed(SourceRange r) {
  std::string out;
  if (r) {
    for (char c : r.file->text().substr(r.begin, r.end - r.begin)) {
      if (!llvm::StringRef(" \t\r\n").contains(c))
        out += c;
    }
  }
  return out;
}

void RuleChecker::checkTrivial() {
  if (decl.rewrite.size() != decl.match.size() || decl.match.empty() || failed)
    return;
  for (size_t i = 0; i < decl.match.size(); ++i) {
    if (squeezed(decl.match[i].range) != squeezed(decl.rewrite[i].range))
      return;
  }
  error(decl.rewrite[0].range, "pat-trivial", "the right side equals the left side");
}

} // namespace wnnx::pat
