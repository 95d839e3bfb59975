// SPDX-License-Identifier: Apache-2.0
//
// Finds where the search for a rule begins, and in which order its other statements are found.
#include "SemaImpl.h"

#include "fmt/format.h"

#include <algorithm>

namespace wnnx::pat {

std::vector<OpKind> RuleChecker::rootKinds(const Pat &p, unsigned depth) {
  std::vector<OpKind> kinds;
  auto add = [&](const std::vector<OpKind> &more) {
    kinds.insert(kinds.end(), more.begin(), more.end());
  };
  switch (p.kind) {
  case PatKind::Op:
    add(p.kinds);
    if (p.optional && p.operands[0])
      add(rootKinds(*p.operands[0], depth + 1));
    break;
  case PatKind::Alt:
    for (const PatPtr &k : p.kids)
      add(rootKinds(*k, depth + 1));
    break;
  case PatKind::Bind:
    add(rootKinds(*p.kids[0], depth + 1));
    break;
  case PatKind::Var: {
    int stmt = rule->slots[p.slot].stmt;
    if (stmt >= 0 && depth < 100)
      add(rootKinds(*rule->stmts[size_t(stmt)].pattern, depth + 1));
    else
      error(p.range, "pat-anchor", "the pattern's outermost part must be an op");
    break;
  }
  case PatKind::Flat:
    add(p.kinds);
    break;
  case PatKind::Chain:
    add(p.kinds);
    if (!p.minOps)
      add(rootKinds(*p.operands[0], depth + 1));
    break;
  case PatKind::Literal:
  case PatKind::Any:
    error(p.range, "pat-anchor", "the pattern's outermost part must be an op");
    break;
  }
  std::sort(kinds.begin(), kinds.end());
  kinds.erase(std::unique(kinds.begin(), kinds.end()), kinds.end());
  return kinds;
}

/// The patterns that stand directly for operands, through alternatives.
static void directOperands(const Pat &p, std::vector<unsigned> &slots) {
  if (p.kind == PatKind::Op) {
    for (const auto *list : {&p.operands, &p.elements}) {
      for (const PatPtr &k : *list) {
        if (k && (k->kind == PatKind::Var || k->kind == PatKind::Bind))
          slots.push_back(k->slot);
      }
    }
  }
  if (p.kind == PatKind::Alt || p.kind == PatKind::Bind) {
    for (const PatPtr &k : p.kids)
      directOperands(*k, slots);
  }
}

void RuleChecker::findRoots() {
  size_t n = rule->stmts.size();
  std::vector<std::set<unsigned>> users(n); // statements that mention a statement's results
  for (size_t i = 0; i < n; ++i) {
    for (unsigned s : rule->stmts[i].mentions) {
      if (rule->slots[s].stmt >= 0)
        users[size_t(rule->slots[s].stmt)].insert(unsigned(i));
    }
  }
  std::vector<unsigned> roots;
  for (size_t i = 0; i < n; ++i) {
    if (users[i].empty())
      roots.push_back(unsigned(i));
  }
  if (roots.empty()) {
    error(decl.name.range, "pat-cycle", "the statements of `match` use each other in a cycle");
    return;
  }
  // Cycles beside the roots: walk down, every statement must be reached without meeting itself.
  std::vector<int> state(n, 0);
  bool cycle = false;
  auto visit = [&](auto &&self, unsigned i) -> void {
    state[i] = 1;
    for (unsigned s : rule->stmts[i].mentions) {
      int d = rule->slots[s].stmt;
      if (d < 0)
        continue;
      if (state[size_t(d)] == 1)
        cycle = true;
      else if (!state[size_t(d)])
        self(self, unsigned(d));
    }
    state[i] = 2;
  };
  for (unsigned r : roots)
    visit(visit, r);
  if (cycle || llvm::is_contained(state, 0)) {
    error(decl.name.range, "pat-cycle", "the statements of `match` use each other in a cycle");
    return;
  }
  // Sets are found last.
  std::stable_partition(roots.begin(), roots.end(),
                        [&](unsigned i) { return rule->stmts[i].set != nullptr; });
  std::reverse(roots.begin(), std::find_if(roots.begin(), roots.end(),
                                           [&](unsigned i) { return !rule->stmts[i].set; }));
  // The last root is where the search starts; the others are found through shared values.
  std::set<unsigned> known;
  auto addKnown = [&](auto &&self, unsigned i) -> void {
    for (unsigned s : rule->stmts[i].slots)
      known.insert(s);
    for (unsigned s : rule->stmts[i].mentions) {
      if (known.insert(s).second && rule->slots[s].stmt >= 0)
        self(self, unsigned(rule->slots[s].stmt));
    }
  };
  rule->roots = {roots.back()};
  roots.pop_back();
  if (SetInfo *set = rule->stmts[rule->roots[0]].set.get()) {
    std::vector<Reached> reached;
    reachedSlots(*rule->stmts[rule->roots[0]].pattern, 0, reached);
    set->shared = reached[0].slot;
    set->depth = reached[0].depth;
  }
  addKnown(addKnown, rule->roots[0]);
  while (!roots.empty()) {
    bool found = false;
    // Ordinary statements first, in their order; then sets.
    std::vector<size_t> order;
    for (size_t i = 0; i < roots.size(); ++i) {
      if (!rule->stmts[roots[i]].set)
        order.push_back(i);
    }
    bool onlySets = order.empty();
    for (size_t i = roots.size(); i-- > 0 && onlySets;)
      order.push_back(i);
    for (size_t i : order) {
      if (found)
        break;
      Stmt &stmt = rule->stmts[roots[i]];
      if (stmt.set) {
        std::vector<Reached> reached;
        reachedSlots(*stmt.pattern, 0, reached);
        for (const Reached &r : reached) {
          if (found || !known.count(r.slot))
            continue;
          found = true;
          stmt.set->shared = r.slot;
          stmt.set->depth = r.depth;
        }
      } else {
        std::vector<unsigned> direct;
        directOperands(*stmt.pattern, direct);
        for (unsigned s : direct)
          found |= known.count(s) != 0;
      }
      if (found) {
        rule->roots.push_back(roots[i]);
        addKnown(addKnown, roots[i]);
        roots.erase(roots.begin() + long(i));
      }
    }
    if (!found) {
      size_t first = order.front();
      error(rule->stmts[roots[first]].range, "pat-disconnected",
            "this statement shares no value with the rest of the pattern")
          .note(rule->stmts[rule->roots[0]].range, "the search starts here")
          .hint("an operand of its outermost op must be a name that the rest binds");
      return;
    }
  }
  for (unsigned r : rule->roots)
    rootKinds(*rule->stmts[r].pattern, 0);
  rule->anchorKinds = rootKinds(*rule->stmts[rule->roots[0]].pattern, 0);
  rule->radius = rule->opCount + 1;
  bool sets = false, flat = false;
  unsigned links = 0;
  auto count = [&](auto &&self, const Pat &p) -> void {
    flat |= p.kind == PatKind::Flat;
    links += p.kind == PatKind::Chain ? p.maxOps : 0;
    for (const auto *list : {&p.operands, &p.elements, &p.kids}) {
      for (const PatPtr &k : *list) {
        if (k)
          self(self, *k);
      }
    }
  };
  for (const Stmt &s : rule->stmts) {
    sets |= s.set != nullptr;
    count(count, *s.pattern);
  }
  rule->hasSets = sets;
  // Members see each other through what they share; trees are deeper than they must be.
  rule->radius += (sets ? rule->opCount : 0) + (flat ? 4 : 0) + links;
  if (!decl.benefit)
    rule->benefit = rule->opCount;
}

} // namespace wnnx::pat
