// SPDX-License-Identifier: Apache-2.0
//
// Nodes of an instance: operands in the order in which one suggests the other, attributes as the
// pattern has them, trees and chains of ops.
#include "NodeBuilder.h"

#include "wnnx/Ops/Infer.h"

#include "fmt/format.h"

#include <algorithm>

namespace wnnx::verify {

using namespace pat;

Want NodeBuilder::wantFor(unsigned index, unsigned variadicIndex, Key k) {
  PartialNode n;
  n.op = kind;
  n.operands = operands;
  n.wanted = &want;
  n.attr = [&](std::string_view name) -> const Attribute * {
    int i = info.attrIndex(name);
    return i >= 0 ? attribute(unsigned(i)) : nullptr;
  };
  n.fixedAttr = [&](std::string_view name) -> const Attribute * {
    int i = info.attrIndex(name);
    if (i < 0 || !p)
      return nullptr;
    for (const AttrPat &a : p->attrs) {
      if (a.index == unsigned(i) &&
          ((a.kind == AttrPat::Equal && a.code->kind == CodeKind::Const) ||
           (a.kind == AttrPat::Capture && b.bound(a.slot))))
        return attribute(unsigned(i));
    }
    return nullptr;
  };
  n.result = [&] { return resultSoFar(); };
  n.bold = b.bold;
  if (const Pat *of = operandPattern(index); of && of->kind == PatKind::Var)
    n.rank = b.rankOf(*of);
  return wantOf(b.choices, k, n, index, variadicIndex);
}

std::optional<TensorType> NodeBuilder::resultSoFar() {
  std::vector<NamedAttr> named;
  for (unsigned i = 0; i < attrs.size(); ++i) {
    if (const Attribute *a = attribute(i))
      named.push_back({info.attrs[i].name, *a});
  }
  Diagnostics scratch;
  FailureOr<Node *> n = buildNode(b.g, kind, operands, std::move(named), {}, scratch);
  if (failed(n) || (*n)->numResults() == 0)
    return std::nullopt;
  TensorType type = (*n)->result()->type();
  b.g.erase(*n);
  return type;
}

bool NodeBuilder::operand(unsigned i) {
  knownOperands[i] = true;
  Key k = key / "operand" / i;
  if (twin)
    return sharedOperand(i, k);
  const Pat *pattern = operandPattern(i);
  if (!pattern && (p || info.operands[i].kind == OperandKind::Optional))
    return true;
  Want w = wantFor(i, 0, k);
  if (pattern && pattern->kind == PatKind::Any && info.operands[i].kind == OperandKind::Optional &&
      !b.choices.chance(k / "there", 1, 2))
    return true;
  Result r = pattern ? b.pattern(*pattern, k, w) : b.anything("u", k, w);
  if (!r)
    return false;
  operands[i] = *r;
  return true;
}

uint64_t NodeBuilder::recurrentWeights() {
  auto of = [&](std::string_view name) -> const Attribute * {
    return attribute(unsigned(info.attrIndex(name)));
  };
  const Attribute *layers = of("num_layers"), *two = of("bidirectional"),
                  *biases = of("has_biases");
  if (!layers || !two || !biases)
    return 0;
  return uint64_t(layers->asInt()) * (two->asBool() ? 2 : 1) * (biases->asBool() ? 4 : 2);
}

bool NodeBuilder::group() {
  if (!p || !(p->variadic || (twin && twin->variadic)))
    return true;
  auto index = unsigned(info.numFixedOperands());
  std::vector<Value *> fixed = operands, members;
  auto add = [&](Result r) {
    if (!r)
      return false;
    members.push_back(*r);
    operands = fixed;
    operands.insert(operands.end(), members.begin(), members.end());
    return true;
  };
  if (twin)
    return sharedElements(add, index);
  for (unsigned i = 0; i < p->elements.size(); ++i) {
    Key k = key / "element" / i;
    if (!add(b.pattern(*p->elements[i], k, wantFor(index, i, k))))
      return false;
  }
  if (!p->hasRest)
    return true;
  // The rest may be the members of a set statement.
  std::optional<const DatumList *> listed = b.listedMembers(p->restSlot);
  if (!listed)
    return false;
  if (*listed) {
    for (const Datum &d : **listed) {
      if (!d.value() || !add(Result(d.value())))
        return false;
    }
    return true;
  }
  uint64_t count = b.choices.draw(key / "rest", 4);
  if (members.empty() && count == 0)
    count = 1;
  if (kind == OpKind::Lstm || kind == OpKind::Gru)
    count = recurrentWeights() - std::min<uint64_t>(recurrentWeights(), p->elements.size());
  b.note(fmt::format("operands of {}", info.name), std::to_string(p->elements.size() + count));
  DatumList rest;
  if (p->restSlot >= 0 && b.bound(unsigned(p->restSlot))) {
    const DatumList *known = b.slots[size_t(p->restSlot)].list();
    for (const Datum &d : known ? *known : DatumList()) {
      if (!d.value() || !add(Result(d.value())))
        return false;
    }
    return known != nullptr;
  }
  for (uint64_t i = 0; i < count; ++i) {
    Key k = key / "more" / i;
    if (!add(b.anything("u", k, wantFor(index, unsigned(p->elements.size() + i), k))))
      return false;
    rest.push_back(Datum(members.back()));
  }
  return b.bind(p->restSlot, Datum(std::move(rest)));
}

std::optional<Attribute> NodeBuilder::random(unsigned i, int64_t listLength) {
  AttributeContext ctx{kind, operands, results, listLength, {}, {}};
  for (const DimWant &d : want.dims)
    ctx.wanted.push_back(d.size);
  ctx.attr = [this](std::string_view name) -> const Attribute * {
    int other = info.attrIndex(name);
    return other >= 0 ? attribute(unsigned(other)) : nullptr;
  };
  const AttrInfo &a = info.attrs[i];
  // Often the default, which alone may fit; else any value, or one that is surely another: faults
  // may need several attributes at once to be away from their defaults.
  Key k = key / "attribute" / a.name;
  uint64_t how = b.choices.draw(k / "other", howMany);
  bool bold = how == surely || (how > 0 && b.bold) || how >= 2 * howMany / 3;
  awayKeys[i] = k / "other";
  // Which parameters an activation takes is not for chance.
  if (!a.required && !bold && how < howMany / 3 && a.name != "act_params")
    return a.defaultValue;
  for (uint64_t tries = 0; tries < 5; ++tries) {
    Key at = tries ? k / "again" / tries : k;
    if (std::optional<Attribute> v = randomAttribute(b.choices, at, ctx, a);
        v && (!bold || !isNeutral(a, *v) || tries == 4))
      return v;
  }
  if (a.required)
    return std::nullopt;
  return a.defaultValue;
}

std::optional<Datum> NodeBuilder::listFromPattern(const AttrPat &a, unsigned i, Key k) {
  size_t count = a.elements.size();
  size_t extra = a.hasRest ? b.choices.draw(k / "rest", 3) : 0;
  while (count > 0 && a.elements[count - 1].optional && b.choices.draw(k / "fewer" / count, 2) == 0)
    --count;
  std::optional<Attribute> base = random(i, int64_t(count + extra));
  if (!base)
    return std::nullopt;
  Datum whole = Datum::ofAttr(*base);
  DatumList in = whole.list() ? *whole.list() : DatumList();
  while (in.size() < count + extra)
    in.push_back(Datum(int64_t(b.choices.draw(k / "fill" / in.size(), 3))));
  in.resize(count + extra);
  DatumList out, rest;
  for (size_t e = 0, at = 0; e < a.elements.size() || (a.hasRest && e == a.restAt); ++e) {
    if (a.hasRest && e == a.restAt) {
      for (size_t x = 0; x < extra; ++x, ++at) {
        rest.push_back(in[at]);
        out.push_back(in[at]);
      }
      if (e == a.elements.size())
        break;
    }
    if (e >= count) { // an optional element that is missing
      if (a.elements[e].kind == AttrPat::Capture)
        says->bind(int(a.elements[e].slot), Datum::absent());
      continue;
    }
    std::optional<Datum> d = fromPattern(a.elements[e], i, in[at++], k / e);
    if (!d)
      return std::nullopt;
    out.push_back(std::move(*d));
  }
  if (a.hasRest && !says->bind(a.restSlot, Datum(std::move(rest))))
    return std::nullopt;
  return Datum(std::move(out));
}

/// What the pattern says, or the base value where it leaves the choice.
std::optional<Datum> NodeBuilder::fromPattern(const AttrPat &a, unsigned i, const Datum &base,
                                              Key k) {
  Evaluator ev(says->rule, says->slots, says->options);
  switch (a.kind) {
  case AttrPat::Any:
    return base;
  case AttrPat::Capture:
    if (!says->bound(a.slot))
      says->bind(int(a.slot), base);
    return says->slots[a.slot];
  case AttrPat::Equal: {
    std::optional<Datum> d = ev.eval(*a.code);
    return d ? d : base;
  }
  case AttrPat::OneOf:
    return ev.eval(*a.choices[b.choices.draw(k / "choice", a.choices.size())]);
  case AttrPat::List:
    return listFromPattern(a, i, k);
  }
  return std::nullopt;
}

const Attribute *NodeBuilder::attribute(unsigned i) {
  if (attrs[i])
    return &*attrs[i];
  if (choosing[i])
    return nullptr;
  choosing[i] = true;
  const AttrInfo &a = info.attrs[i];
  if (twin) {
    attrs[i] = sharedAttribute(i);
    choosing[i] = false;
    return attrs[i] ? &*attrs[i] : nullptr;
  }
  bool free =
      !p || ((p->attrSlot >= 0 || p->attrsFree) && (i >= p->mentioned.size() || !p->mentioned[i]));
  bool told = false;
  if (p && i < p->mentioned.size() && p->mentioned[i]) {
    for (const AttrPat &ap : p->attrs) {
      if (ap.index != i)
        continue;
      std::optional<Attribute> base = ap.kind == AttrPat::List ? Attribute() : random(i);
      std::optional<Datum> d =
          base ? fromPattern(ap, i, Datum::ofAttr(*base), key / "pattern" / i) : std::nullopt;
      if (d)
        attrs[i] = toAttribute(*d, a);
      told = ap.kind == AttrPat::Any || ap.kind == AttrPat::Capture || ap.kind == AttrPat::List;
    }
  } else if (free && p && p->attrSlot >= 0 && b.bound(unsigned(p->attrSlot))) {
    const Datum *d = b.slots[size_t(p->attrSlot)].field(a.name);
    if (d)
      attrs[i] = toAttribute(*d, a);
  } else if (free) {
    attrs[i] = random(i);
    told = true;
  } else {
    attrs[i] = a.required ? random(i) : std::optional<Attribute>(a.defaultValue);
  }
  choosing[i] = false;
  if (!attrs[i])
    return nullptr;
  if (told && !a.required)
    b.note(fmt::format("{}.{}", info.name, a.name),
           *attrs[i] == a.defaultValue ? "default" : "other");
  if (told && p && awayKeys[i])
    b.attributes.push_back({p, kind, i, awayKeys[i]->value(), !isNeutral(a, *attrs[i])});
  return &*attrs[i];
}

bool NodeBuilder::bindAttributes() {
  for (unsigned i = 0; i < attrs.size(); ++i) {
    if (!attribute(i)) {
      b.fail(fmt::format("no value for `{}` of {}", info.attrs[i].name, info.name));
      return false;
    }
  }
  if (twin)
    return captureAll(b, *p) && captureAll(*twinBuilder, *twin);
  if (!p || p->attrSlot < 0)
    return true;
  DatumRecord rest;
  for (unsigned i = 0; i < attrs.size(); ++i) {
    if (i >= p->mentioned.size() || !p->mentioned[i])
      rest.push_back({std::string(info.attrs[i].name), Datum::ofAttr(*attrs[i])});
  }
  if (!b.bound(unsigned(p->attrSlot)))
    b.bind(p->attrSlot, Datum(std::move(rest)));
  return true;
}

InstanceBuilder::Result NodeBuilder::build() {
  for (bool leading : {true, false}) {
    for (unsigned i = 0; i < knownOperands.size(); ++i) {
      const Pat *k = operandPattern(i);
      if (!knownOperands[i] && (!leading || (k && b.leads(*k))) && !operand(i))
        return std::nullopt;
    }
  }
  if (!group() || !bindAttributes())
    return std::nullopt;
  if (p && p->bothOrders && !twin && operands[0] && operands[1]) {
    bool swapped = b.choices.chance(key / "swap", 1, 2);
    b.note(fmt::format("operands of {}", info.name), swapped ? "swapped" : "as written");
    if (swapped)
      std::swap(operands[0], operands[1]);
  }
  std::vector<NamedAttr> named;
  for (unsigned i = 0; i < attrs.size(); ++i)
    named.push_back({info.attrs[i].name, *attrs[i]});
  Diagnostics scratch;
  FailureOr<Node *> n = buildNode(b.g, kind, operands, std::move(named), {}, scratch);
  if (failed(n))
    return b.fail(scratch.all().empty() ? "types do not fit" : scratch.all().front().message);
  for (unsigned i = 0; i < (*n)->numResults(); ++i) {
    std::optional<int64_t> count = checkedNumel((*n)->result(i)->shape().ref());
    if (!count || *count > 50000) {
      b.g.erase(*n);
      return b.fail("too large");
    }
  }
  b.g.append(*n);
  ++b.nodesBuilt;
  if ((*n)->numResults() == 0)
    return std::nullopt;
  return (*n)->result();
}

InstanceBuilder::Result InstanceBuilder::op(const Pat &p, Key key, const Want &want,
                                            unsigned results) {
  if (p.optional) {
    bool there = choices.chance(key / "there", 2, 3);
    note(fmt::format("optional {}", opName(p.kinds[0])), there ? "present" : "absent");
    if (!there) {
      for (unsigned s : p.ownSlots) {
        if (!bind(int(s), Datum::absent()))
          return std::nullopt;
      }
      return pattern(*p.operands[0], key / "operand" / 0u, want);
    }
  }
  OpKind kind = p.kinds[choices.draw(key / "kind", p.kinds.size())];
  if (p.opSlot >= 0 && bound(unsigned(p.opSlot)) && slots[size_t(p.opSlot)].as<OpKind>())
    kind = *slots[size_t(p.opSlot)].as<OpKind>();
  bind(p.opSlot, Datum(kind));
  if (p.kinds.size() > 1)
    note(fmt::format("op at {}", p.range.str()), std::string(opName(kind)));
  return NodeBuilder(*this, &p, key, kind, want, results).build();
}

/// Ops one behind the other, each the first operand of the next.
InstanceBuilder::Result InstanceBuilder::chain(const Pat &p, Key key, const Want &want) {
  uint64_t most = std::min<uint64_t>(p.maxOps, p.minOps + 2);
  uint64_t count = p.minOps + choices.draw(key / "length", most - p.minOps + 1);
  note(fmt::format("chain at {}", p.range.str()), std::to_string(count));
  Result r = pattern(*p.operands[0], key / "start", want);
  for (uint64_t i = 0; i < count && r && *r; ++i) {
    OpKind kind = p.kinds[choices.draw(key / "kind" / i, p.kinds.size())];
    NodeBuilder n(*this, nullptr, key / "link" / i, kind, Want(), 1);
    n.start(*r);
    r = n.build();
  }
  return r;
}

/// A tree over the elements that are there, in any order and association.
InstanceBuilder::Result InstanceBuilder::flat(const Pat &p, Key key, const Want &want) {
  std::vector<Value *> leaves;
  Want like = want;
  like.soft = true;
  auto add = [&](Result r) {
    if (!r || !*r)
      return false;
    leaves.push_back(*r);
    like.shape((*r)->shape());
    like.dtype = (*r)->dtype();
    return true;
  };
  // Elements that are ops tell sizes; names follow.
  for (bool leading : {true, false}) {
    for (size_t i = 0; i < p.elements.size(); ++i) {
      const Pat &e = *p.elements[i];
      if ((e.kind != PatKind::Var && e.kind != PatKind::Literal) != leading)
        continue;
      if (i < p.elementOptional.size() && p.elementOptional[i]) {
        bool there = choices.chance(key / "there" / i, 2, 3);
        note(fmt::format("element {} at {}", i + 1, p.range.str()), there ? "present" : "absent");
        if (!there) {
          for (unsigned s : p.elementSlots[i])
            bind(int(s), Datum::absent());
          continue;
        }
      }
      if (!add(pattern(e, key / "element" / i, like)))
        return std::nullopt;
    }
  }
  DatumList rest;
  std::optional<const DatumList *> listed = listedMembers(p.hasRest ? p.restSlot : -1);
  if (!listed)
    return std::nullopt;
  for (const Datum &d : *listed ? **listed : DatumList()) {
    if (!add(d.value() ? Result(d.value()) : std::nullopt))
      return std::nullopt;
  }
  uint64_t more = p.hasRest && !*listed ? choices.draw(key / "rest", 3) : 0;
  while (leaves.size() + more < 2)
    ++more;
  if (more && (!p.hasRest || *listed))
    return fail("a sum of fewer than two");
  for (uint64_t i = 0; i < more; ++i) {
    if (!add(anything("u", key / "more" / i, like)))
      return std::nullopt;
    rest.push_back(Datum(leaves.back()));
  }
  if (!*listed)
    bind(p.restSlot, Datum(std::move(rest)));
  for (uint64_t n = 0; leaves.size() > 1; ++n) {
    size_t i = choices.draw(key / "left" / n, leaves.size());
    Value *a = leaves[i];
    leaves.erase(leaves.begin() + std::ptrdiff_t(i));
    size_t j = choices.draw(key / "right" / n, leaves.size());
    Diagnostics scratch;
    FailureOr<Node *> sum = buildNode(g, p.kinds[0], {a, leaves[j]}, {}, {}, scratch);
    if (failed(sum))
      return fail("sizes of a sum do not fit");
    g.append(*sum);
    ++nodesBuilt;
    leaves[j] = (*sum)->result();
  }
  return leaves[0];
}

} // namespace wnnx::verify
