// SPDX-License-Identifier: Apache-2.0
//
// The matcher's questions that need no search: attributes, types, dimensions, properties of
// constants.
#include "MatchText.h"
#include "ValuePredicates.h"

#include "fmt/format.h"

namespace wnnx::pat {

bool Matcher::attributes(const Pat &p, Node *n) {
  const OpInfo &info = n->info();
  DatumRecord rest;
  for (unsigned i = 0; i < info.attrs.size(); ++i) {
    if (i < p.mentioned.size() && p.mentioned[i])
      continue;
    if (p.attrSlot >= 0) {
      rest.push_back({std::string(info.attrs[i].name), Datum::ofAttr(n->attr(i))});
    } else if (!p.attrsFree && n->attr(i) != info.attrs[i].defaultValue) {
      auto text = [&] {
        std::string want = info.attrs[i].defaultValue.str(), have = n->attr(i).str();
        return NearMiss::Text(
            fmt::format("attribute `{}` of {} is {}; the pattern does not mention it, so it "
                        "must be {}",
                        info.attrs[i].name, show(n->result()), have, want),
            fmt::format("{} = {}", info.attrs[i].name, want),
            fmt::format("{} = {}", info.attrs[i].name, have));
      };
      if (!miss(NearMiss::Attributes, p.range, text, NearMiss::AttrUnsaid, n->result(), int(i)))
        return false;
    }
  }
  if (p.attrSlot >= 0 && !bind(unsigned(p.attrSlot), std::move(rest)))
    return false;
  for (const AttrPat &a : p.attrs) {
    if (!attribute(a, Datum::ofAttr(n->attr(a.index)), p, n, a.index))
      return false;
  }
  return true;
}

bool Matcher::attribute(const AttrPat &a, const Datum &actual, const Pat &p, Node *n,
                        unsigned index) {
  auto different = [&](const std::string &want) {
    return miss(
        NearMiss::Attributes, a.range,
        [&] {
          std::string_view attr = n->info().attrs[index].name;
          std::string have = Datum::ofAttr(n->attr(index)).str();
          return NearMiss::Text(fmt::format("attribute `{}` of {} is {}, not {}", attr,
                                            show(n->result()), have, want),
                                fmt::format("{} = {}", attr, want),
                                fmt::format("{} = {}", attr, have));
        },
        NearMiss::AttrValue, n->result(), int(index));
  };
  if (a.optional && actual.isAbsent() && a.kind != AttrPat::Capture)
    return true;
  switch (a.kind) {
  case AttrPat::Any:
    return true;
  case AttrPat::Capture:
    return bind(a.slot, actual) || different(slots[a.slot].str() + " as before");
  case AttrPat::Equal:
    if (a.code->kind == CodeKind::Const)
      return a.code->constant.equals(actual) || different(a.code->constant.str());
    checks.push_back({a.code.get(), actual});
    return true;
  case AttrPat::OneOf: {
    std::string all;
    for (const CodePtr &c : a.choices) {
      if (c->kind == CodeKind::Const && c->constant.equals(actual))
        return true;
      if (c->kind != CodeKind::Const) {
        Evaluator ev(rule, slots, options);
        std::optional<Datum> d = ev.eval(*c);
        if (d && d->equals(actual))
          return true;
      }
    }
    return different("one of those listed");
  }
  case AttrPat::List: {
    const DatumList *l = actual.list();
    size_t most = a.elements.size(), least = most;
    for (const AttrPat &e : a.elements)
      least -= e.optional;
    if (!l || l->size() < least || (!a.hasRest && l->size() > most))
      return different(
          fmt::format("a list of {}{}", least, a.hasRest || least < most ? " or more" : ""));
    size_t others = a.hasRest ? l->size() - most : 0;
    if (a.restSlot >= 0) {
      auto from = l->begin() + long(a.restAt);
      Datum rest(DatumList(from, from + long(others)));
      if (!bind(unsigned(a.restSlot), rest))
        return different(slots[size_t(a.restSlot)].str() + " as before");
    }
    // A list of numbers is one condition.
    if (!a.hasRest && llvm::all_of(a.elements, [](const AttrPat &e) {
          return e.kind == AttrPat::Equal && !e.optional && e.code->kind == CodeKind::Const;
        })) {
      DatumList want;
      for (const AttrPat &e : a.elements)
        want.push_back(e.code->constant);
      Datum all(std::move(want));
      return all.equals(actual) || different(all.str());
    }
    for (size_t i = 0; i < most; ++i) {
      size_t at = a.hasRest && i >= a.restAt ? i + others : i;
      if (!attribute(a.elements[i], at < l->size() ? (*l)[at] : Datum::absent(), p, n, index))
        return false;
    }
    return true;
  }
  }
  return false;
}

bool Matcher::type(const TypePat &t, const Pat &p, Value *v) {
  const std::string &name = rule.slots[p.slot].name;
  auto notConst = [&] {
    return NearMiss::Text(fmt::format("`{}` must be a constant, and {} is not", name, show(v)),
                          "a constant", show(v));
  };
  if (t.isConst && !v->constant() &&
      !miss(NearMiss::Attributes, p.range, notConst, NearMiss::NotConst, v))
    return false;
  auto otherType = [&] {
    std::string want(dtypeName(*t.dtype)), have(dtypeName(v->dtype()));
    return NearMiss::Text(fmt::format("`{}` must be {}, and {} is {}", name, want, show(v), have),
                          want, have);
  };
  if (t.dtype && v->dtype() != *t.dtype &&
      !miss(NearMiss::Attributes, p.range, otherType, NearMiss::DType, v))
    return false;
  if (t.hasDims && !dimensions(t, p, v))
    return false;
  for (ValuePredicate pred : t.predicates) {
    bool ok = holdsFor(pred, *v, &options.inputRanges);
    auto text = [&] {
      std::string want(valuePredicates()[size_t(pred)].text);
      return NearMiss::Text(fmt::format("`{}` = {} is not {}{}", name, show(v),
                                        v->constant() ? "" : "known to be ", want),
                            want, show(v));
    };
    if (!ok && !miss(NearMiss::Attributes, p.range, text, NearMiss::Property, v))
      return false;
  }
  return true;
}

bool Matcher::dimensions(const TypePat &t, const Pat &p, Value *v) {
  const Shape &s = v->shape();
  size_t rank = size_t(s.rank()), given = t.dims.size();
  size_t rest = given;
  for (size_t i = 0; i < given; ++i) {
    if (t.dims[i].kind == DimPat::Rest)
      rest = i;
  }
  bool open = rest != given;
  auto no = [&](const std::string &what) {
    return miss(
        NearMiss::Attributes, p.range,
        [&] {
          return NearMiss::Text(fmt::format("`{}` = {} has shape {}: {}", rule.slots[p.slot].name,
                                            show(v), s.str(), what),
                                what, s.str());
        },
        NearMiss::Dims, v);
  };
  if (open ? rank < given - 1 : rank != given)
    return no(fmt::format("{}{} dimensions are asked for", open ? given - 1 : given,
                          open ? " or more" : ""));
  size_t restLength = open ? rank - (given - 1) : 0;
  for (size_t i = 0; i < given; ++i) {
    const DimPat &d = t.dims[i];
    size_t at = i > rest ? i + restLength - 1 : i;
    if (d.kind == DimPat::Any)
      continue;
    if (d.kind == DimPat::Rest) {
      if (d.slot >= 0 && !bind(unsigned(d.slot), Datum::ofInts(s.ref().slice(i, restLength))))
        if (!no("the dimensions differ from those before"))
          return false;
      continue;
    }
    int64_t size = s[int64_t(at)];
    bool ok = true;
    if (size < 0)
      ok = no(fmt::format("dimension {} is symbolic", at));
    else if (d.kind == DimPat::Size && d.size != size)
      ok = no(fmt::format("dimension {} must be {}", at, d.size));
    else if (d.kind == DimPat::Slot && !bind(unsigned(d.slot), size))
      ok = no(fmt::format("dimension {} must be `{}` = {}", at, rule.slots[size_t(d.slot)].name,
                          slots[size_t(d.slot)].str()));
    if (!ok)
      return false;
  }
  return true;
}

} // namespace wnnx::pat
