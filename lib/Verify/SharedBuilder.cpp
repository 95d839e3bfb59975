// SPDX-License-Identifier: Apache-2.0
//
// Two rules that meet: a node is made that is what patterns of both say. Where one of them has only
// a name the other decides; where both have ops these are unified, operand by operand. What this
// cannot unify (sums in any order, chains, sets) is left to chance, and the matcher has the last
// word as ever.
#include "NodeBuilder.h"

#include "llvm/ADT/STLExtras.h"

namespace wnnx::verify {

using namespace pat;
using Result = std::optional<Value *>;

InstanceBuilder::Result InstanceBuilder::withOther(const Pat &p, Key key, const Want &want,
                                                   unsigned results) {
  const Stmt &root = other->rule.stmts[other->rule.roots[0]];
  other->built[other->rule.roots[0]] = true;
  sharedAt = nullptr; // only once
  Result r =
      both(p, *other, *root.pattern, key, want, std::max(results, unsigned(root.slots.size())));
  if (!r || !*r || !(*r)->node())
    return std::nullopt;
  shared = *r;
  Node *n = shared->node();
  if (root.slots.size() > 1 && n->numResults() != root.slots.size())
    return std::nullopt;
  for (unsigned i = 0; i < root.slots.size(); ++i) {
    if (!other->bind(int(root.slots[i]), n->result(i)))
      return std::nullopt;
  }
  return r;
}

InstanceBuilder::Result InstanceBuilder::both(const Pat &mine, InstanceBuilder &o,
                                              const Pat &theirs, Key key, const Want &want,
                                              unsigned results) {
  switch (mine.kind) {
  case PatKind::Any:
    return o.pattern(theirs, key, want, results);
  case PatKind::Var: {
    const SlotInfo &info = rule.slots[mine.slot];
    if (bound(mine.slot)) { // made already: the other pattern must be a name for it
      Value *v = slots[mine.slot].value();
      bool name = theirs.kind == PatKind::Var && !o.bound(theirs.slot) &&
                  o.rule.slots[theirs.slot].stmt < 0;
      return v && name && o.bind(int(theirs.slot), v) ? Result(v) : std::nullopt;
    }
    if (info.set >= 0)
      return std::nullopt;
    if (info.stmt >= 0) { // the name of a statement: what that says
      const Stmt &s = rule.stmts[size_t(info.stmt)];
      if (built[size_t(info.stmt)] || s.set || s.slots.size() != 1)
        return std::nullopt;
      built[size_t(info.stmt)] = true;
      Result r = both(*s.pattern, o, theirs, key, want, 1);
      return r && *r && bind(int(mine.slot), *r) ? r : std::nullopt;
    }
    Want w = wantOfTypes(mine.slot);
    if (!w.hasDims)
      w = want;
    Result r = o.pattern(theirs, key, w, results);
    if (!r)
      return r;
    bind(int(mine.slot), *r ? Datum(*r) : Datum::absent());
    return *r && !bindSizes(typesOf[mine.slot], (*r)->shape()) ? std::nullopt : r;
  }
  case PatKind::Bind: {
    Result r = both(*mine.kids[0], o, theirs, key, want, results);
    return r && *r && !bind(int(mine.slot), *r) ? std::nullopt : r;
  }
  case PatKind::Alt: {
    uint64_t i = choices.draw(key / "alternative", mine.kids.size());
    return both(*mine.kids[i], o, theirs, key / i, want, results);
  }
  default:
    break;
  }
  if (theirs.kind == PatKind::Any || theirs.kind == PatKind::Var || theirs.kind == PatKind::Bind ||
      theirs.kind == PatKind::Alt)
    return o.both(theirs, *this, mine, key, want, results);
  if (mine.kind == PatKind::Literal && theirs.kind == PatKind::Literal)
    return mine.literal == theirs.literal ? literal(mine, key, want) : std::nullopt;
  if (mine.kind == PatKind::Op && theirs.kind == PatKind::Op)
    return bothOps(mine, o, theirs, key, want, results);
  return std::nullopt;
}

InstanceBuilder::Result InstanceBuilder::bothOps(const Pat &mine, InstanceBuilder &o,
                                                 const Pat &theirs, Key key, const Want &want,
                                                 unsigned results) {
  if (mine.optional && choices.chance(key / "without", 1, 2)) {
    for (unsigned s : mine.ownSlots)
      bind(int(s), Datum::absent());
    return both(*mine.operands[0], o, theirs, key / "operand" / 0u, want, results);
  }
  if (theirs.optional && choices.chance(key / "without theirs", 1, 2)) {
    for (unsigned s : theirs.ownSlots)
      o.bind(int(s), Datum::absent());
    return both(mine, o, *theirs.operands[0], key / "operand" / 0u, want, results);
  }
  std::vector<OpKind> kinds;
  for (OpKind k : mine.kinds) {
    if (llvm::is_contained(theirs.kinds, k))
      kinds.push_back(k);
  }
  if (kinds.empty())
    return std::nullopt;
  OpKind kind = choices.pick(key / "kind", kinds);
  if (!bind(mine.opSlot, Datum(kind)) || !o.bind(theirs.opSlot, Datum(kind)))
    return std::nullopt;
  NodeBuilder n(*this, &mine, key, kind, want, results);
  n.share(o, theirs);
  return n.build();
}

bool NodeBuilder::sharedOperand(unsigned i, Key k) {
  bool turned =
      p->bothOrders && twin->bothOrders && i < 2 && b.choices.chance(key / "turned", 1, 2);
  const Pat *mine = operandPattern(i), *theirs = twinOperand(turned ? 1 - i : i);
  auto leaveOut = [](InstanceBuilder &of, const Pat *pattern) {
    if (!pattern || pattern->kind == PatKind::Any)
      return true;
    return pattern->kind == PatKind::Var && pattern->optional &&
           of.bind(int(pattern->slot), Datum::absent());
  };
  if (!mine || !theirs)
    return leaveOut(b, mine) && leaveOut(*twinBuilder, theirs);
  Result r = b.both(*mine, *twinBuilder, *theirs, k, wantFor(i, 0, k), 1);
  if (!r)
    return false;
  operands[i] = *r;
  return true;
}

/// The elements that are written, pair by pair; lists of the rest are left to the matcher.
bool NodeBuilder::sharedElements(const std::function<bool(Result)> &add, unsigned fixed) {
  size_t most = std::max(p->elements.size(), twin->elements.size());
  if ((most > p->elements.size() && !p->hasRest) ||
      (most > twin->elements.size() && !twin->hasRest))
    return false;
  if (p->hasRest && twin->hasRest)
    most += b.choices.draw(key / "more", 2);
  for (unsigned i = 0; i < std::max<size_t>(most, 1); ++i) {
    Key k = key / "element" / i;
    Want w = wantFor(fixed, i, k);
    const Pat *mine = i < p->elements.size() ? p->elements[i].get() : nullptr;
    const Pat *theirs = i < twin->elements.size() ? twin->elements[i].get() : nullptr;
    Result r = mine && theirs ? b.both(*mine, *twinBuilder, *theirs, k, w, 1)
               : mine         ? b.pattern(*mine, k, w)
               : theirs       ? twinBuilder->pattern(*theirs, k, w)
                              : b.anything("u", k, w);
    if (!add(r))
      return false;
  }
  return true;
}

/// What one of the patterns demands of an attribute; nothing where it leaves it open.
std::optional<Attribute> NodeBuilder::fixedBy(InstanceBuilder &of, const Pat &by, unsigned i,
                                              Key k) {
  const AttrInfo &a = info.attrs[i];
  if (i >= by.mentioned.size() || !by.mentioned[i]) {
    if (by.attrSlot >= 0 && of.bound(unsigned(by.attrSlot))) {
      const Datum *d = of.slots[size_t(by.attrSlot)].field(a.name);
      return d ? toAttribute(*d, a) : std::nullopt;
    }
    bool open = by.attrSlot >= 0 || by.attrsFree || a.required;
    return open ? std::nullopt : std::optional<Attribute>(a.defaultValue);
  }
  for (const AttrPat &ap : by.attrs) {
    if (ap.index != i || ap.kind == AttrPat::Any ||
        (ap.kind == AttrPat::Capture && !of.bound(ap.slot)))
      continue;
    says = &of;
    std::optional<Datum> d = fromPattern(ap, i, Datum(), k);
    says = &b;
    return d && d->bound() ? toAttribute(*d, a) : std::nullopt;
  }
  return std::nullopt;
}

std::optional<Attribute> NodeBuilder::sharedAttribute(unsigned i) {
  auto isList = [&](const Pat &by) {
    return llvm::any_of(by.attrs,
                        [&](const AttrPat &a) { return a.index == i && a.kind == AttrPat::List; });
  };
  // Lists leave elements open; what is fixed entirely goes first.
  bool theirsFirst = isList(*p) && !isList(*twin);
  Key k = key / "pattern" / i;
  for (bool theirs : {theirsFirst, !theirsFirst}) {
    if (std::optional<Attribute> v =
            theirs ? fixedBy(*twinBuilder, *twin, i, k) : fixedBy(b, *p, i, k))
      return v;
  }
  return random(i);
}

bool NodeBuilder::capture(InstanceBuilder &of, const AttrPat &a, const Datum &d) {
  if (a.kind == AttrPat::Capture)
    return of.bind(int(a.slot), d);
  if (a.kind != AttrPat::List || !d.list())
    return true;
  const DatumList &list = *d.list();
  if (!a.hasRest && list.size() > a.elements.size())
    return false;
  for (size_t e = 0; e < a.elements.size(); ++e) {
    size_t behind = a.elements.size() - e;
    size_t at = a.hasRest && e >= a.restAt ? list.size() - behind : e;
    bool there = at < list.size();
    if (!there && !a.elements[e].optional)
      return false;
    if (!capture(of, a.elements[e], there ? list[at] : Datum::absent()))
      return false;
  }
  return true;
}

bool NodeBuilder::captureAll(InstanceBuilder &of, const Pat &by) {
  DatumRecord rest;
  for (unsigned i = 0; i < attrs.size(); ++i) {
    Datum d = Datum::ofAttr(*attrs[i]);
    if (i >= by.mentioned.size() || !by.mentioned[i]) {
      rest.push_back({std::string(info.attrs[i].name), std::move(d)});
      continue;
    }
    for (const AttrPat &ap : by.attrs) {
      if (ap.index == i && !capture(of, ap, d))
        return false;
    }
  }
  if (by.attrSlot >= 0 && !of.bound(unsigned(by.attrSlot)))
    of.bind(by.attrSlot, Datum(std::move(rest)));
  return true;
}

} // namespace wnnx::verify
