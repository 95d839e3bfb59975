// SPDX-License-Identifier: Apache-2.0
//
// The operands of variadic groups, flattened ops `add{...}`, and chains of ops.
#include "MatchText.h"

#include "fmt/format.h"

#include <algorithm>

namespace wnnx::pat {

/// Element `i` of the pattern's list against operand `j` of the group; optional ones are there if
/// they can be.
bool Matcher::elements(const Pat &p, Node *n, unsigned i, unsigned j, Next next) {
  if (!step())
    return false;
  llvm::ArrayRef<Value *> group = n->variadicOperands();
  auto optional = [&](size_t k) { return k < p.elementOptional.size() && p.elementOptional[k]; };
  if (i == 0 && j == 0) {
    size_t least = 0, most = p.elements.size();
    for (size_t k = 0; k < most; ++k)
      least += !optional(k);
    if (group.size() < least || (!p.hasRest && group.size() > most))
      return miss(
          NearMiss::Structure, p.range,
          [&] {
            const char *more = p.hasRest ? " or more" : least < most ? " or less" : "";
            size_t want = p.hasRest ? least : most;
            return NearMiss::Text(fmt::format("{} has {} operands in the group, the pattern {}{}",
                                              show(n->result()), group.size(), want, more),
                                  fmt::format("{}{} operands", want, more),
                                  fmt::format("{}", group.size()));
          },
          NearMiss::Operand, n->result());
  }
  Mark m = mark();
  if (i == p.elements.size()) {
    if (j < group.size() && !p.hasRest)
      return false;
    bool ok = bindRest(p, std::vector<Value *>(group.begin() + j, group.end()), next);
    if (!ok)
      undo(m);
    return ok;
  }
  if (j < group.size() &&
      value(*p.elements[i], group[j], n, [&] { return elements(p, n, i + 1, j + 1, next); }))
    return true;
  undo(m);
  if (!optional(i) || !bindMissing(p, i))
    return false;
  if (elements(p, n, i + 1, j, next))
    return true;
  undo(m);
  return false;
}

bool Matcher::bindMissing(const Pat &p, size_t element) {
  Mark m = mark();
  for (unsigned s : p.elementSlots[element]) {
    if (!bind(s, Datum::absent())) {
      undo(m);
      return false;
    }
  }
  return true;
}

/// Operands that no element takes: a captured list, or the members of a set.
bool Matcher::bindRest(const Pat &p, const std::vector<Value *> &rest, Next next) {
  if (p.restSlot < 0)
    return next();
  int stmt = rule.slots[size_t(p.restSlot)].stmt;
  if (stmt >= 0)
    return setOfElements(unsigned(stmt), rest, next);
  DatumList list;
  for (Value *v : rest)
    list.push_back(v ? Datum(v) : Datum::absent());
  return bind(unsigned(p.restSlot), std::move(list)) && next();
}

/// Operands of the tree of ops that `n` is the top of, left to right; inner ops go to `nodes`.
void Matcher::leaves(const Pat &p, Node *n, std::vector<Leaf> &out) {
  for (Value *v : n->operands()) {
    Node *d = v ? v->node() : nullptr;
    bool inner =
        d && d->kind() == p.kinds[0] && v->hasOneUse() && v->dtype() == n->result()->dtype();
    for (unsigned i = 0; inner && i < d->info().attrs.size(); ++i)
      inner = d->attr(i) == d->info().attrs[i].defaultValue;
    if (inner && step()) {
      nodes.push_back(d);
      nodeRanges.push_back(p.range);
      leaves(p, d, out);
    } else {
      out.push_back({v, n, false});
    }
  }
}

bool Matcher::flat(const Pat &p, Node *n, Next next) {
  Mark m = mark();
  if (std::find(nodes.begin(), nodes.end(), n) == nodes.end()) {
    nodes.push_back(n);
    nodeRanges.push_back(p.range);
  }
  std::vector<Leaf> found;
  if (attributes(p, n)) {
    leaves(p, n, found);
    if (flatElement(p, found, 0, next))
      return true;
  }
  undo(m);
  return false;
}

bool Matcher::flatElement(const Pat &p, std::vector<Leaf> &all, size_t i, Next next) {
  if (!step())
    return false;
  Mark m = mark();
  if (i == p.elements.size()) {
    std::vector<Value *> rest;
    for (const Leaf &l : all) {
      if (!l.taken)
        rest.push_back(l.value);
    }
    if (!rest.empty() && !p.hasRest)
      return miss(
          NearMiss::Structure, p.range,
          [&] {
            return NearMiss::Text(
                fmt::format("{} is none of the elements, and the pattern has no `..`",
                            show(rest[0])),
                fmt::format("{} elements", p.elements.size()), fmt::format("{}", all.size()));
          },
          NearMiss::Operand, rest[0]);
    bool ok = bindRest(p, rest, next);
    if (!ok)
      undo(m);
    return ok;
  }
  for (Leaf &l : all) {
    if (l.taken)
      continue;
    l.taken = true;
    if (value(*p.elements[i], l.value, l.user, [&] { return flatElement(p, all, i + 1, next); }))
      return true;
    l.taken = false;
    undo(m);
    if (overBudget)
      return false;
  }
  bool optional = i < p.elementOptional.size() && p.elementOptional[i];
  if (!optional || !bindMissing(p, i))
    return false;
  if (flatElement(p, all, i + 1, next))
    return true;
  undo(m);
  return false;
}

bool Matcher::chain(const Pat &p, Value *v, Next next) {
  std::vector<Node *> ops; // from the outermost one
  for (Value *at = v; ops.size() < p.maxOps && at && at->node() && at->index() == 0;
       at = at->node()->operand(0)) {
    if (!std::binary_search(p.kinds.begin(), p.kinds.end(), at->node()->kind()))
      break;
    ops.push_back(at->node());
  }
  if (ops.size() < p.minOps)
    return miss(
        NearMiss::Structure, p.range,
        [&] {
          return NearMiss::Text(fmt::format("{} is not an op of the class", show(v)),
                                "an op of the class", show(v));
        },
        NearMiss::Op, v, -1, &p);
  Mark m = mark();
  for (size_t length = ops.size() + 1; length-- > p.minOps;) {
    DatumList links;
    for (size_t i = 0; i < length; ++i) {
      Node *n = ops[i];
      if (std::find(nodes.begin(), nodes.end(), n) == nodes.end()) {
        nodes.push_back(n);
        nodeRanges.push_back(p.range);
      }
      DatumRecord attrs;
      for (unsigned k = 0; k < n->info().attrs.size(); ++k)
        attrs.push_back({std::string(n->info().attrs[k].name), Datum::ofAttr(n->attr(k))});
      DatumList others = {Datum::absent()};
      for (Value *o : n->operands().drop_front())
        others.push_back(o ? Datum(o) : Datum::absent());
      links.push_back(DatumRecord{
          {"op", n->kind()}, {"attrs", std::move(attrs)}, {"operands", std::move(others)}});
    }
    std::reverse(links.begin(), links.end());
    Value *start = length ? ops[length - 1]->operand(0) : v;
    if ((p.opSlot < 0 || bind(unsigned(p.opSlot), std::move(links))) &&
        value(*p.operands[0], start, length ? ops[length - 1] : nullptr, next))
      return true;
    undo(m);
    if (overBudget)
      return false;
  }
  return false;
}

} // namespace wnnx::pat
