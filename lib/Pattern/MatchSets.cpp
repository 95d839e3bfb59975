// SPDX-License-Identifier: Apache-2.0
//
// Sets of users: finds the members of `ys[i in 2..] = pattern`, as `SetInfo` describes them.
#include "MatchText.h"

#include "fmt/format.h"
#include "llvm/ADT/DenseSet.h"

#include <algorithm>

namespace wnnx::pat {

/// Nodes that may be members: users, up to `depth` ops away, of a value; in graph order.
static std::vector<Node *> usersOf(const Value *shared, unsigned depth) {
  std::vector<Node *> found, frontier, next;
  llvm::DenseSet<Node *> seen;
  auto visit = [&](const Value *v) {
    for (const Use &u : v->uses()) {
      if (u.user && u.user->isInserted() && u.user->numResults() && seen.insert(u.user).second)
        next.push_back(u.user);
    }
  };
  visit(shared);
  for (unsigned d = 0; d < depth && !next.empty(); ++d) {
    std::swap(frontier, next);
    next.clear();
    found.insert(found.end(), frontier.begin(), frontier.end());
    for (Node *n : frontier) {
      for (unsigned i = 0; i < n->numResults(); ++i)
        visit(n->result(i));
    }
  }
  std::sort(found.begin(), found.end(), [](Node *a, Node *b) { return a->isBefore(b); });
  return found;
}

/// Whether `n` needs one of the members, which stand before it.
bool Matcher::dependsOnMember(Node *n, const Members &members) {
  if (members.empty())
    return false;
  // Members are in graph order; most candidates need nothing that stands behind the first.
  Node *first = members.front().value->node();
  llvm::DenseSet<Node *> roots, seen;
  std::vector<Node *> work = {n};
  while (!work.empty()) {
    Node *at = work.back();
    work.pop_back();
    for (Value *v : at->operands()) {
      Node *d = v ? v->node() : nullptr;
      if (!d || d->isBefore(first) || !seen.insert(d).second)
        continue;
      if (roots.empty()) {
        for (const Member &m : members)
          roots.insert(m.value->node());
      }
      if (roots.count(d))
        return true;
      if (!step())
        return true;
      work.push_back(d);
    }
  }
  return false;
}

/// What holds for one member by itself, once it is matched: the conditions and records of its
/// fragments, and attributes to compare. They are settled here, since they speak of its parts.
bool Matcher::memberHolds(size_t firstChoice, size_t firstCheck) {
  if (choices.size() == firstChoice && checks.size() == firstCheck)
    return true;
  Slots work = slots;
  if (!settle(work, firstChoice, firstCheck))
    return false;
  for (size_t i = firstChoice; i < choices.size(); ++i) {
    int slot = choices[i].pat->resultSlot;
    if (slot >= 0 && !bind(unsigned(slot), work[size_t(slot)]))
      return false;
  }
  return true;
}

/// Takes the parts of the member that is matched out of their slots.
Matcher::Member Matcher::takeMember(const SetInfo &set, Value *v) {
  Member m;
  m.value = v;
  for (unsigned s : set.indexed) {
    m.parts.push_back(slots[s].bound() ? std::move(slots[s]) : Datum::absent());
    slots[s] = Datum();
  }
  return m;
}

/// Tries `v` as one more member, taking its first match. Leaves no trace when it is none.
bool Matcher::addMember(const Stmt &s, Value *v, Members &members, NearMiss &miss) {
  Mark m = mark();
  size_t firstChoice = choices.size(), firstCheck = checks.size();
  NearMiss *outside = std::exchange(near, near ? &miss : nullptr);
  unsigned outsideSlack = std::exchange(slack, 0);
  bool ok = bind(s.slots[0], v) && value(*s.pattern, v, nullptr, [&] {
              return memberHolds(firstChoice, firstCheck) && !dependsOnMember(v->node(), members);
            });
  near = outside;
  slack = outsideSlack;
  if (!ok) {
    undo(m);
    return false;
  }
  choices.resize(firstChoice);
  checks.resize(firstCheck);
  members.push_back(takeMember(*s.set, v));
  return true;
}

/// The set is complete: its names become lists, and the match goes on.
bool Matcher::finishSet(const Stmt &s, const Members &members, Next next) {
  const SetInfo &set = *s.set;
  for (size_t i = 0; i < set.indexed.size(); ++i) {
    DatumList list;
    for (const Member &m : members)
      list.push_back(m.parts[i]);
    slots[set.indexed[i]] = Datum(std::move(list));
  }
  bool ok = true;
  if (set.all && !members.empty()) {
    const Value *shared = slots[set.shared].value();
    for (const Use &u : shared ? shared->uses() : llvm::ArrayRef<Use>()) {
      if (u.user && std::find(nodes.begin(), nodes.end(), u.user) != nodes.end())
        continue;
      auto text = [&] {
        std::string use = u.user ? fmt::format("is also used by {}", show(u.user->result()))
                                 : std::string("is a graph output");
        return NearMiss::Text(fmt::format("`{}` = {} {}; all its users must be in the set",
                                          rule.slots[set.shared].name, show(shared), use),
                              "no other uses", use);
      };
      ok = miss(NearMiss::Uses, s.range, text, NearMiss::Users, shared);
      break;
    }
  }
  if (ok && next())
    return true;
  for (unsigned slot : set.indexed)
    slots[slot] = Datum();
  return false;
}

/// With the first member matched and its parts in their slots: finds the others.
bool Matcher::otherMembers(const Stmt &s, Value *first, size_t firstChoice, size_t firstCheck,
                           Next next) {
  // A later failure sends the first member back to its choices, which must find things as they
  // are now.
  Mark m = mark();
  std::vector<Choice> outerChoices = choices;
  std::vector<Check> outerChecks = checks;
  if (!memberHolds(firstChoice, firstCheck)) {
    undo(m);
    return false;
  }
  choices.resize(firstChoice);
  checks.resize(firstCheck);
  Mark bare = mark();
  Members members = {takeMember(*s.set, first)};
  const Member firstMember = members[0];
  NearMiss nearest;
  const Value *shared = slots[s.set->shared].value();
  bool ok = true;
  for (Node *n : usersOf(shared, s.set->depth)) {
    if (!ok || overBudget || members.size() >= s.set->maxMembers)
      break;
    if (std::find(nodes.begin(), nodes.end(), n) != nodes.end())
      continue;
    if (n->isBefore(first->node())) {
      Members none;
      ok = !addMember(s, n->result(0), none, nearest);
    } else {
      addMember(s, n->result(0), members, nearest);
    }
  }
  if (ok && !overBudget && members.size() < s.set->minMembers) {
    auto text = [&] {
      std::string why = nearest.set ? "; " + nearest.reason : std::string();
      return NearMiss::Text(fmt::format("{} of the users of {} match, and {} are needed{}",
                                        members.size(), show(shared), s.set->minMembers, why),
                            fmt::format("{} members", s.set->minMembers),
                            fmt::format("{}", members.size()));
    };
    ok = miss(NearMiss::Structure, s.range, text, NearMiss::Members, shared);
  }
  if (ok && !overBudget && finishSet(s, members, next))
    return true;
  undo(bare);
  choices = std::move(outerChoices);
  checks = std::move(outerChecks);
  undo(m);
  for (size_t i = 0; i < s.set->indexed.size(); ++i) {
    if (!firstMember.parts[i].isAbsent() || boundBefore(m, s.set->indexed[i]))
      slots[s.set->indexed[i]] = firstMember.parts[i];
  }
  return false;
}

/// Whether a slot was bound when the mark was made.
bool Matcher::boundBefore(const Mark &m, unsigned slot) const {
  for (size_t i = 0; i < m.trail; ++i) {
    if (!trail[i].second && trail[i].first == slot)
      return true;
  }
  return false;
}

/// The set with `first` as its first member.
bool Matcher::setFrom(unsigned index, Value *first, Next next) {
  const Stmt &s = rule.stmts[index];
  Mark m = mark();
  size_t firstChoice = choices.size(), firstCheck = checks.size();
  stmtDone[index] = true;
  trail.push_back({index, true});
  if (bind(s.slots[0], first) && value(*s.pattern, first, nullptr, [&] {
        return otherMembers(s, first, firstChoice, firstCheck, next);
      }))
    return true;
  undo(m);
  return false;
}

/// A set that hangs on a value which is known by now.
bool Matcher::setOfUsers(unsigned index, Next next) {
  const Stmt &s = rule.stmts[index];
  const Value *shared = slots[s.set->shared].value();
  bool some = false;
  for (Node *n : shared ? usersOf(shared, s.set->depth) : std::vector<Node *>()) {
    if (std::find(nodes.begin(), nodes.end(), n) != nodes.end())
      continue;
    if (setFrom(index, n->result(0), [&] {
          some = true;
          return next();
        }))
      return true;
    if (overBudget)
      return false;
  }
  if (some || s.set->minMembers > 0)
    return false;
  return emptySet(index, next);
}

bool Matcher::emptySet(unsigned index, Next next) {
  Mark m = mark();
  stmtDone[index] = true;
  trail.push_back({index, true});
  if (finishSet(rule.stmts[index], {}, next))
    return true;
  undo(m);
  return false;
}

/// The members are the elements of a list.
bool Matcher::setOfElements(unsigned index, const std::vector<Value *> &list, Next next) {
  const Stmt &s = rule.stmts[index];
  if (list.size() < s.set->minMembers || list.size() > s.set->maxMembers)
    return miss(
        NearMiss::Structure, s.range,
        [&] { return fmt::format("the list has {} elements", list.size()); }, NearMiss::Members);
  Mark m = mark();
  stmtDone[index] = true;
  trail.push_back({index, true});
  Members members;
  for (Value *v : list) {
    NearMiss nearest;
    // Elements may use each other.
    Members none;
    if (v && v->index() == 0 && addMember(s, v, none, nearest)) {
      members.push_back(std::move(none[0]));
      continue;
    }
    miss(
        NearMiss::Structure, s.range,
        [&] {
          return nearest.reason.empty() ? fmt::format("{} does not match", show(v))
                                        : nearest.reason;
        },
        NearMiss::Members, v);
    undo(m);
    return false;
  }
  if (finishSet(s, members, next))
    return true;
  undo(m);
  return false;
}

} // namespace wnnx::pat
