// SPDX-License-Identifier: Apache-2.0
//
// Checks the `rewrite` block of a rule: what is replaced, by what, one value or a member of a set.
#include "SemaImpl.h"

#include "fmt/format.h"

namespace wnnx::pat {

void RuleChecker::checkRewrite() {
  building = true;
  for (const ast::RewriteStmt &s : decl.rewrite) {
    for (const ast::Name &n : s.lhs) {
      auto it = top.names.find(n.text);
      if (it != top.names.end() && rule->slots[it->second].stmt >= 0)
        awaited.insert(it->second);
    }
  }
  for (const ast::RewriteStmt &s : decl.rewrite) {
    if (s.value && !s.lhs.empty())
      checkRewriteStmt(s);
    else
      failed = true;
  }
  building = false;
  awaited.clear();
  bool some = false;
  for (const RewriteAssign &a : rule->rewrite)
    some |= llvm::is_contained(a.replaces, true);
  if (!some && !failed)
    error(decl.name.range, "pat-rewrite", "the rule replaces nothing")
        .hint("assign in `rewrite` a name that is assigned in `match`");
}

void RuleChecker::checkRewriteStmt(const ast::RewriteStmt &s) {
  RewriteAssign out;
  int overSet = s.index ? setOfIndex(s.index.text) : -1;
  std::optional<unsigned> hidden;
  if (s.index) {
    if (overSet < 0)
      error(s.index.range, "pat-set",
            fmt::format("`{}` is not the index of a set of `match`", s.index.text));
    out.overSet = overSet;
    out.indexSlot = int(newSlot(s.index.text, TypeKind::Int, s.index.range));
    bound.insert(unsigned(out.indexSlot));
    if (auto it = top.names.find(s.index.text); it != top.names.end())
      hidden = it->second;
    top.names[s.index.text] = unsigned(out.indexSlot);
  }
  out.allMembers = s.allMembers;
  out.value = expr(*s.value, top);
  if (hidden)
    top.names[s.index.text] = *hidden;
  else if (s.index)
    top.names.erase(s.index.text);
  const Code &c = *out.value;
  if (s.index || s.allMembers) {
    checkOverSet(s, out);
    if (s.allMembers)
      out.value->resultCount = 0;
    rule->rewrite.push_back(std::move(out));
    return;
  }
  bool isBuild = c.kind == CodeKind::Build;
  if (isBuild && c.resultCount && c.resultCount != s.lhs.size())
    error(s.range, "pat-arity",
          fmt::format("the op has {} results, {} assigned", c.resultCount, s.lhs.size()));
  if (!isBuild && s.lhs.size() != 1)
    error(s.range, "pat-arity", "several names are assigned one value");
  if (!c.type.is(TypeKind::Value) && !c.type.tensorLike() && !c.type.number())
    error(c.range, "pat-type",
          fmt::format("a value of the graph is replaced by `{}`", c.type.str()));
  else
    present1(c, "the value");
  out.value->resultCount = unsigned(s.lhs.size());
  for (const ast::Name &n : s.lhs) {
    auto it = top.names.find(n.text);
    bool replaces = it != top.names.end();
    if (replaces && rule->slots[it->second].stmt < 0) {
      error(n.range, "pat-name",
            fmt::format("`{}` is not assigned in `match`, so it cannot be replaced", n.text))
          .note(rule->slots[it->second].range, "bound here");
      continue;
    }
    if (replaces && rule->slots[it->second].set >= 0)
      error(n.range, "pat-set",
            fmt::format("`{}` is a set; it is replaced member by member", n.text))
          .hint(fmt::format("write `{}[i] = ...` or `{}[*] = ...`", n.text, n.text));
    if (replaces && rule->stmts[size_t(rule->slots[it->second].stmt)].keep)
      error(n.range, "pat-keep", fmt::format("`{}` is kept, so it cannot be replaced", n.text));
    for (const RewriteAssign &a : rule->rewrite) {
      if (replaces && llvm::is_contained(a.slots, it->second))
        error(n.range, "pat-name", fmt::format("`{}` is assigned twice", n.text));
    }
    unsigned slot = replaces ? it->second : slotOf(n, top);
    if (!replaces)
      rule->slots[slot].type = TypeKind::Value;
    bound.insert(slot);
    awaited.erase(slot);
    out.slots.push_back(slot);
    out.replaces.push_back(replaces);
  }
  rule->rewrite.push_back(std::move(out));
}

/// `ys[i] = e`, `ys[*] = e`.
void RuleChecker::checkOverSet(const ast::RewriteStmt &s, RewriteAssign &out) {
  const Code &c = *out.value;
  if (s.lhs.size() != 1) {
    error(s.range, "pat-set", "members of one set are assigned at a time");
    return;
  }
  const ast::Name &n = s.lhs[0];
  auto it = top.names.find(n.text);
  bool replaces = it != top.names.end();
  if (replaces && (rule->slots[it->second].stmt < 0 || rule->slots[it->second].set < 0)) {
    error(n.range, "pat-set", fmt::format("`{}` is not a set that is matched", n.text))
        .note(rule->slots[it->second].range, "bound here");
    return;
  }
  if (s.allMembers) {
    bool list = c.kind == CodeKind::Build ? c.resultCount == 0 : c.type.is(TypeKind::List);
    if (!replaces)
      error(n.range, "pat-set", fmt::format("`{}` is not a set that is matched", n.text));
    if (!list && !c.type.any())
      error(c.range, "pat-type",
            fmt::format("all members are replaced by a list, or by an op with any number of "
                        "results, not by `{}`",
                        c.type.str()));
  } else {
    if (!c.type.is(TypeKind::Value) && !c.type.tensorLike() && !c.type.number())
      error(c.range, "pat-type",
            fmt::format("a value of the graph is replaced by `{}`", c.type.str()));
    else
      present1(c, "the value");
    if (c.kind == CodeKind::Build && c.resultCount != 1)
      error(s.range, "pat-arity", "the op has several results, one is assigned");
    if (replaces && out.overSet >= 0 && rule->slots[it->second].set != out.overSet)
      error(s.index.range, "pat-set", fmt::format("`{}` has another index", n.text))
          .note(rule->slots[it->second].range, "named here");
  }
  if (replaces && rule->stmts[size_t(rule->slots[it->second].stmt)].keep)
    error(n.range, "pat-keep", fmt::format("`{}` is kept, so it cannot be replaced", n.text));
  for (const RewriteAssign &a : rule->rewrite) {
    if (replaces && llvm::is_contained(a.slots, it->second))
      error(n.range, "pat-name", fmt::format("`{}` is assigned twice", n.text));
  }
  unsigned slot = replaces ? it->second : slotOf(n, top);
  if (!replaces) {
    rule->slots[slot].type = TypeKind::Value;
    rule->slots[slot].set = out.overSet;
  }
  bound.insert(slot);
  awaited.erase(slot);
  out.slots.push_back(slot);
  out.replaces.push_back(replaces);
}

} // namespace wnnx::pat
