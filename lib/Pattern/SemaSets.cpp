// SPDX-License-Identifier: Apache-2.0
//
// Checks sets of users, `ys[i in 2..] = pattern`: which names have an index, what a set hangs on,
// and what `ws[i]`, `ws[*]` and `[e for i]` mean in expressions.
#include "SemaImpl.h"

#include "fmt/format.h"

#include <algorithm>

namespace wnnx::pat {

using ast::Expr;
using ast::ExprKind;

/// Names of fragments are each member's own.
void RuleChecker::markMember(unsigned slot) {
  if (currentSet < 0)
    return;
  rule->slots[slot].set = currentSet;
  rule->stmts[size_t(currentSet)].set->indexed.push_back(slot);
}

unsigned RuleChecker::slotOf(const ast::Name &n, Scope &scope, const ast::Name &index) {
  auto [it, fresh] = scope.names.insert({n.text, 0});
  if (fresh)
    it->second = newSlot(n.text, {}, n.range);
  unsigned slot = it->second;
  SlotInfo &info = rule->slots[slot];
  bool part = index || (currentSet >= 0 && &scope != &top);
  if (currentSet < 0) {
    if (index)
      error(n.range, "pat-set",
            fmt::format("`{}[{}]` stands in the pattern of a set of users", n.text, index.text))
          .hint(fmt::format("such as `ys[{} in 2..] = linear(x, {}[{}]);`", index.text, n.text,
                            index.text));
    else if (!fresh && info.set >= 0 && currentStmt >= 0)
      error(n.range, "pat-set",
            fmt::format("`{}` is a list, with one entry for each member of a set", n.text))
          .note(info.range, "named here");
    return slot;
  }
  const std::string &var = decl.match[size_t(currentSet)].setIndex.text;
  if (index && index.text != var)
    error(index.range, "pat-set",
          fmt::format("the index of this set is `{}`, not `{}`", var, index.text));
  if (fresh) {
    if (part)
      markMember(slot);
  } else if (info.set >= 0 && info.set != currentSet) {
    error(n.range, "pat-set", fmt::format("`{}` belongs to another set", n.text))
        .note(info.range, "named here");
  } else if (info.set == currentSet && !part) {
    error(n.range, "pat-set", fmt::format("each member has its own `{}`", n.text))
        .note(info.range, "named here")
        .hint(fmt::format("write `{}[{}]`", n.text, var));
  } else if (info.set < 0 && index) {
    error(n.range, "pat-set",
          fmt::format("`{}` is the same for all members where it was named first", n.text))
        .note(info.range, "named here");
  }
  return slot;
}

/// `s` of `s[i]` where a member's part is meant; null for all other expressions.
const Expr *RuleChecker::memberName(const Expr &e) const {
  if (currentSet < 0 || e.kind != ExprKind::Index || e.items.size() != 1 ||
      e.items[0].kind != ast::IndexItem::At || e.kids[0]->kind != ExprKind::Name)
    return nullptr;
  const Expr &at = *e.items[0].at;
  bool mine = at.kind == ExprKind::Name && at.text == decl.match[size_t(currentSet)].setIndex.text;
  return mine ? e.kids[0].get() : nullptr;
}

int RuleChecker::setOfIndex(const std::string &text) const {
  for (size_t i = 0; i < decl.match.size(); ++i) {
    if (decl.match[i].setIndex && decl.match[i].setIndex.text == text && i < rule->stmts.size() &&
        rule->stmts[i].set)
      return int(i);
  }
  return -1;
}

void RuleChecker::declareSet(size_t index) {
  const ast::MatchStmt &s = decl.match[index];
  Stmt &stmt = rule->stmts[index];
  if (!s.setIndex) {
    if (s.all)
      error(s.range, "pat-set", "`all` stands before a set of users")
          .hint("such as `all ys[i in 1..] = relu(x);`");
    return;
  }
  if (setOfIndex(s.setIndex.text) >= 0)
    error(s.setIndex.range, "pat-set",
          fmt::format("`{}` is the index of another set already", s.setIndex.text));
  stmt.set = std::make_unique<SetInfo>();
  stmt.set->all = s.all;
  auto number = [&](const ast::ExprPtr &e, int64_t otherwise) -> int64_t {
    if (!e)
      return otherwise;
    return e->kind == ExprKind::Int && e->intValue < 1000000 ? e->intValue : -1;
  };
  bool range = s.setRange && s.setRange->kind == ExprKind::Range;
  int64_t low = range ? number(s.setRange->kids[0], -1) : -1;
  int64_t high = range ? number(s.setRange->kids[1], ~0u) : -1;
  if (low < 0 || high < std::max<int64_t>(low, 1)) {
    error(s.setRange ? s.setRange->range : s.range, "pat-set",
          "a set says how many members it has: `2..` (at least), or `2..4` (from 2 to 4)");
    low = high = 1;
  }
  stmt.set->minMembers = unsigned(low);
  stmt.set->maxMembers = unsigned(high);
  if (s.lhs.size() != 1)
    error(s.range, "pat-set", "the members of a set are named by one name");
  for (unsigned slot : stmt.slots) {
    rule->slots[slot].set = int(index);
    stmt.set->indexed.push_back(slot);
  }
}

/// Names of values without index, with how many ops below the pattern's value they stand.
void RuleChecker::reachedSlots(const Pat &p, unsigned depth, std::vector<Reached> &out) const {
  if ((p.kind == PatKind::Var || p.kind == PatKind::Bind) && rule->slots[p.slot].set < 0 && depth)
    out.push_back({p.slot, depth});
  unsigned below = depth;
  if (p.kind == PatKind::Op)
    below += 1;
  if (p.kind == PatKind::Flat)
    below += 8;
  if (p.kind == PatKind::Chain)
    below += p.maxOps;
  for (const auto *list : {&p.operands, &p.elements, &p.kids}) {
    for (const PatPtr &k : *list) {
      if (k)
        reachedSlots(*k, below, out);
    }
  }
}

/// When the pattern is checked: what the set could hang on.
void RuleChecker::finishSet(size_t index) {
  Stmt &s = rule->stmts[index];
  if (s.set->listed && s.set->all)
    error(s.range, "pat-set", "the members are the elements of a list, so `all` says nothing");
  std::vector<Reached> reached;
  reachedSlots(*s.pattern, 0, reached);
  if (reached.empty() && !s.set->listed && !failed)
    error(s.range, "pat-set", "the members of the set have no value in common")
        .hint("an operand must be a name without index: the value whose users they are");
}

/// How many members a set has.
CodePtr RuleChecker::setLength(const Expr &e, int set) {
  unsigned slot = rule->stmts[size_t(set)].slots[0];
  CodePtr members = code(CodeKind::Slot, e, Type::list(rule->slots[slot].type));
  members->slot = slot;
  CodePtr length = code(CodeKind::Call, e, TypeKind::Int);
  length->builtin = Builtin::Len;
  length->kids.push_back(std::move(members));
  return length;
}

/// `f(xs[*])`, where f takes one thing: the list of what it gives for each.
CodePtr RuleChecker::mapped(const Expr &e, CodePtr list, Scope &scope) {
  Type element = list->type.element ? *list->type.element : Type();
  static const std::string each = "[*]"; // no name that can be written
  unsigned slot = newSlot("each", element, e.range);
  bound.insert(slot);
  Expr one;
  one.kind = ExprKind::Call;
  one.range = e.range;
  one.text = e.text;
  one.textRange = e.textRange;
  one.args.emplace_back();
  one.args[0].range = e.args[0].range;
  one.args[0].value = std::make_unique<Expr>();
  one.args[0].value->kind = ExprKind::Name;
  one.args[0].value->text = each;
  one.args[0].value->range = one.args[0].value->textRange = e.args[0].range;
  scope.names[each] = slot;
  CodePtr body = expr(one, scope);
  scope.names.erase(each);
  CodePtr c = code(CodeKind::Comprehension, e, Type::list(body->type));
  c->slot = slot;
  c->kids.push_back(std::move(body));
  c->kids.push_back(std::move(list));
  return c;
}

} // namespace wnnx::pat
