// SPDX-License-Identifier: Apache-2.0
//
// The reference matcher. Every step takes what is still to do as a continuation, so that a later
// failure comes back to the last choice; what was bound since is undone by the trail.
#include "MatchText.h"

#include "fmt/format.h"

#include <algorithm>
#include <cmath>

namespace wnnx::pat {

bool Matcher::step() {
  if (++steps <= options.stepBudget)
    return true;
  if (!overBudget)
    miss(NearMiss::Budget, rule.range, [] { return "the attempt took too many steps"; });
  overBudget = true;
  return false;
}

void Matcher::undo(const Mark &m) {
  while (trail.size() > m.trail) {
    auto [index, isStmt] = trail.back();
    trail.pop_back();
    if (isStmt)
      stmtDone[index] = false;
    else
      slots[index] = Datum();
  }
  nodes.resize(m.nodes);
  nodeRanges.resize(m.nodes);
  choices.resize(m.choices);
  checks.resize(m.checks);
  forgiven.resize(m.forgiven);
}

bool Matcher::bind(unsigned slot, Datum d) {
  if (slots[slot].bound())
    return slots[slot].equals(d);
  slots[slot] = std::move(d);
  trail.push_back({slot, false});
  return true;
}

MatchOutcome Matcher::match(Node *anchor, Match &out, NearMiss *nearMiss) {
  slots.assign(rule.slots.size(), Datum());
  stmtDone.assign(rule.stmts.size(), false);
  nodes.clear();
  nodeRanges.clear();
  choices.clear();
  checks.clear();
  trail.clear();
  forgiven.clear();
  steps = 0;
  overBudget = false;
  result = &out;
  near = nearMiss;
  anchorNode = anchor;
  const Stmt &root = rule.stmts[rule.roots[0]];
  auto rest = [&] { return roots(1, [&] { return complete(); }); };
  bool ok = anchor->numResults() > 0;
  if (root.set)
    ok = ok && setFrom(rule.roots[0], anchor->result(0), rest);
  else
    ok = ok && bind(root.slots[0], anchor->result(0)) &&
         statement(rule.roots[0], 0, anchor->result(0), rest);
  return ok ? MatchOutcome::Matched : overBudget ? MatchOutcome::OverBudget : MatchOutcome::Failed;
}

bool Matcher::value(const Pat &p, Value *v, Node *user, Next next) {
  if (!step())
    return false;
  Mark m = mark();
  switch (p.kind) {
  case PatKind::Any:
    return next();
  case PatKind::Var:
    return variable(p, v, next);
  case PatKind::Literal:
    return literal(p, v, user) && next();
  case PatKind::Bind:
    if (v && bind(p.slot, v) && value(*p.kids[0], v, user, next))
      return true;
    undo(m);
    return false;
  case PatKind::Alt:
    for (size_t i = 0; i < p.kids.size(); ++i) {
      choices.push_back({&p, i});
      if (value(*p.kids[i], v, user, next))
        return true;
      undo(m);
    }
    return false;
  case PatKind::Chain:
    return chain(p, v, next);
  case PatKind::Op:
  case PatKind::Flat:
    break;
  }
  Node *n = v ? v->node() : nullptr;
  if (n && v->index() == 0 && std::binary_search(p.kinds.begin(), p.kinds.end(), n->kind())) {
    if (p.kind == PatKind::Flat ? flat(p, n, next) : op(p, n, next))
      return true;
    undo(m);
  } else if (!p.optional) {
    if (p.kind == PatKind::Op && forgiven.size() < slack && extraOp(p, v, next))
      return true;
    return miss(
        NearMiss::Structure, p.range,
        [&] {
          std::string want = p.kinds.size() == 1 ? std::string(opName(p.kinds[0]))
                                                 : std::string("an op of the class");
          return NearMiss::Text(
              fmt::format("{} is not {}{}", show(v), p.kinds.size() == 1 ? "a " : "", want), want,
              show(v));
        },
        NearMiss::Op, v, -1, &p);
  }
  if (!p.optional)
    return false;
  for (unsigned s : p.ownSlots) {
    if (!bind(s, Datum::absent())) {
      undo(m);
      return false;
    }
  }
  if (value(*p.operands[0], v, user, next))
    return true;
  undo(m);
  return false;
}

bool Matcher::variable(const Pat &p, Value *v, Next next) {
  Mark m = mark();
  const SlotInfo &info = rule.slots[p.slot];
  if (!v) {
    if (p.optional && bind(p.slot, Datum::absent()) && next())
      return true;
    undo(m);
    return p.optional
               ? false
               : miss(
                     NearMiss::Structure, p.range,
                     [&] {
                       return NearMiss::Text(fmt::format("operand `{}` is absent", info.name),
                                             fmt::format("operand `{}`", info.name), "no operand");
                     },
                     NearMiss::Operand);
  }
  if (!bind(p.slot, v))
    return miss(
        NearMiss::Structure, p.range,
        [&] {
          return NearMiss::Text(fmt::format("`{}` is {} and cannot be {} as well", info.name,
                                            slots[p.slot].str(), show(v)),
                                slots[p.slot].str(), show(v));
        },
        NearMiss::SameValue, v);
  bool ok = !p.type || type(*p.type, p, v);
  if (ok && info.stmt >= 0 && !stmtDone[size_t(info.stmt)])
    ok = statement(unsigned(info.stmt), info.result, v, next);
  else
    ok = ok && next();
  if (!ok)
    undo(m);
  return ok;
}

bool Matcher::statement(unsigned index, unsigned resultNo, Value *v, Next next) {
  Mark m = mark();
  const Stmt &s = rule.stmts[index];
  stmtDone[index] = true;
  trail.push_back({index, true});
  if (s.slots.size() == 1) {
    if (v->index() == 0 && value(*s.pattern, v, nullptr, next))
      return true;
    undo(m);
    return false;
  }
  Node *n = v->node();
  bool ok = n && n->numResults() == s.slots.size() && v->index() == resultNo;
  for (unsigned i = 0; ok && i < s.slots.size(); ++i)
    ok = bind(s.slots[i], n->result(i));
  if (ok && value(*s.pattern, n->result(0), nullptr, next))
    return true;
  undo(m);
  return ok ? false : miss(NearMiss::Structure, s.range, [&] {
    return fmt::format("{} does not have these {} results", show(v), s.slots.size());
  });
}

bool Matcher::literal(const Pat &p, Value *v, Node *user) {
  const Tensor *t = v ? v->constant() : nullptr;
  std::optional<double> x = t ? t->splatValue() : std::nullopt;
  auto shown = [&] { return formatFloat(p.literal); };
  if (!x)
    return miss(
        NearMiss::Structure, p.range,
        [&] {
          return NearMiss::Text(
              fmt::format("{} is not a constant of one value, {}", show(v), shown()), shown(),
              show(v));
        },
        NearMiss::NotConst, v);
  // The number may not widen the result: another operand has the result's shape.
  bool plain = t->numel() == 1 && t->shape().rank() == 0;
  if (!plain && user) {
    for (Value *o : user->operands())
      plain |= o && o != v && o->shape() == user->result()->shape();
  }
  if (!plain && !miss(
                    NearMiss::Attributes, p.range,
                    [&] {
                      return NearMiss::Text(
                          fmt::format("{} is a constant of shape {}, which widens the result",
                                      show(v), t->shape().str()),
                          "a number", "shape " + t->shape().str());
                    },
                    NearMiss::Widening, v))
    return false;
  double want = p.literal;
  bool equal;
  if (p.tolerance >= 0) {
    double limit = p.tolerance * (want == 0 ? 1.0 : std::fabs(want));
    equal = *x == want || std::fabs(*x - want) <= limit;
  } else {
    double rounded = Tensor::scalar(t->dtype(), want).getDouble(0);
    equal = *x == rounded || (std::isnan(*x) && std::isnan(want));
    // An integer constant is a fraction rounded only if there was nothing to round.
    equal &= isFloat(t->dtype()) || rounded == want;
  }
  return equal || miss(
                      NearMiss::Attributes, p.range,
                      [&] {
                        return NearMiss::Text(
                            fmt::format("{} is {}, not {}", show(v), formatFloat(*x), shown()),
                            shown(), formatFloat(*x));
                      },
                      NearMiss::Literal, v);
}

bool Matcher::op(const Pat &p, Node *n, Next next) {
  Mark m = mark();
  bool again = std::find(nodes.begin(), nodes.end(), n) != nodes.end();
  if (!again) {
    nodes.push_back(n);
    nodeRanges.push_back(p.range);
  }
  if (p.opSlot >= 0 && !bind(unsigned(p.opSlot), n->kind())) {
    miss(NearMiss::Attributes, p.range,
         [&] { return fmt::format("{} is another op than before", show(n->result())); });
    undo(m);
    return false;
  }
  if (!attributes(p, n)) {
    undo(m);
    return false;
  }
  if (operands(p, n, 0, false, next))
    return true;
  if (p.bothOrders && !overBudget) {
    // Bindings of attributes stay; only what operands bound was undone.
    if (operands(p, n, 0, true, next))
      return true;
  }
  undo(m);
  return false;
}

bool Matcher::operands(const Pat &p, Node *n, unsigned i, bool swapped, Next next) {
  if (!step())
    return false;
  unsigned fixed = n->info().numFixedOperands();
  if (i == fixed)
    return p.variadic ? elements(p, n, 0, 0, next) : (n->numOperands() <= fixed && next());
  Value *v = n->operand(swapped && i < 2 ? 1 - i : i);
  const Pat *k = i < p.operands.size() ? p.operands[i].get() : nullptr;
  if (!k) {
    if (v)
      return miss(
          NearMiss::Structure, p.range,
          [&] {
            std::string name(n->info().operands[i].name);
            return NearMiss::Text(
                fmt::format("{} has operand `{}`, which the pattern does not mention",
                            show(n->result()), name),
                "no operand `" + name + "`", show(v));
          },
          NearMiss::Operand, n->result());
    return operands(p, n, i + 1, swapped, next);
  }
  Mark m = mark();
  if (value(*k, v, n, [&] { return operands(p, n, i + 1, swapped, next); }))
    return true;
  undo(m);
  return false;
}

/// Slots that stand directly for operands of a pattern's outermost op.
static void directSlots(const Pat &p, std::vector<unsigned> &out) {
  for (const auto *list : {&p.operands, &p.elements}) {
    for (const PatPtr &k : *list) {
      if (k && (k->kind == PatKind::Var || k->kind == PatKind::Bind))
        out.push_back(k->slot);
    }
  }
  if (p.kind == PatKind::Alt || p.kind == PatKind::Bind) {
    for (const PatPtr &k : p.kids)
      directSlots(*k, out);
  }
}

/// Further roots are users of values that are bound by now, in graph order.
bool Matcher::roots(size_t i, Next next) {
  if (i == rule.roots.size())
    return next();
  unsigned index = rule.roots[i];
  const Stmt &s = rule.stmts[index];
  if (stmtDone[index])
    return roots(i + 1, next);
  if (s.set)
    return setOfUsers(index, [&] { return roots(i + 1, next); });
  std::vector<unsigned> direct;
  directSlots(*s.pattern, direct);
  for (unsigned slot : direct) {
    Value *shared = slots[slot].value();
    if (!shared)
      continue;
    std::vector<Node *> users;
    for (const Use &u : shared->uses()) {
      if (u.user && u.user->isInserted() && u.user->numResults())
        users.push_back(u.user);
    }
    std::sort(users.begin(), users.end(), [](Node *a, Node *b) { return a->isBefore(b); });
    users.erase(std::unique(users.begin(), users.end()), users.end());
    for (Node *n : users) {
      bool taken = false;
      for (size_t k = 0; k < i; ++k)
        taken |= slots[rule.stmts[rule.roots[k]].slots[0]].value() == n->result(0);
      if (taken)
        continue;
      Mark m = mark();
      if (bind(s.slots[0], n->result(0)) &&
          statement(index, 0, n->result(0), [&] { return roots(i + 1, next); }))
        return true;
      undo(m);
      if (overBudget)
        return false;
    }
    return false; // all roots are users of each shared value: one is enough to find them
  }
  return false;
}

} // namespace wnnx::pat
