// SPDX-License-Identifier: Apache-2.0
//
// Writes the checked rule down, all of what the matcher and the rewriter read, and hashes that.
// Fragments and functions are expanded in it, so imported files need no look; functions of plugins
// count by the content of the plugin's file.
#include "Fingerprint.h"

#include "wnnx/Pattern/Plugins.h"
#include "wnnx/Support/Hash.h"

#include "fmt/format.h"

namespace wnnx::verify {

using namespace pat;

namespace {

class Writer {
  std::string out;

  template <class... T> void put(const T &...parts) {
    (void)std::initializer_list<int>{(out += fmt::format("{} ", parts), 0)...};
  }
  void datum(const Datum &d) {
    put(d.bound(), d.isAbsent());
    if (auto *x = d.as<double>())
      put(fmt::format("{:a}", *x));
    else if (auto *l = d.list())
      for (const Datum &e : *l)
        datum(e);
    else if (d.bound())
      put(d.str());
  }
  void code(const CodePtr &p) {
    if (!p) {
      put("-");
      return;
    }
    const Code &c = *p;
    put("(", int(c.kind), c.slot, c.text, int(c.builtin), int(c.op), c.opSlot, c.resultCount,
        c.chain);
    if (c.kind == CodeKind::CallExtern) {
      std::string digest = c.external ? pluginDigest(c.external->name) : "";
      unknownPlugin |= digest.empty();
      put(c.external ? c.external->name : "", digest);
    }
    datum(c.constant);
    for (bool s : c.spread)
      put(s);
    for (const std::string &n : c.names)
      put(n);
    for (const CodeItem &i : c.items) {
      put(int(i.kind));
      code(i.at);
      code(i.end);
      code(i.step);
    }
    for (const auto *list : {&c.kids, &c.operands, &c.spreads}) {
      put("[");
      for (const CodePtr &k : *list)
        code(k);
    }
    for (const auto &a : c.attrs) {
      put(a.first);
      code(a.second);
    }
    put(")");
  }
  void attr(const AttrPat &a) {
    put("{", int(a.kind), a.index, a.slot, a.optional, a.hasRest, a.restAt, a.restSlot);
    code(a.code);
    for (const CodePtr &c : a.choices)
      code(c);
    for (const AttrPat &e : a.elements)
      attr(e);
    put("}");
  }
  void type(const TypePat &t) {
    put(t.isConst, t.dtype ? int(*t.dtype) : -1, t.hasDims);
    for (const DimPat &d : t.dims)
      put(int(d.kind), d.size, d.slot);
    for (ValuePredicate p : t.predicates)
      put(int(p));
  }
  void pattern(const PatPtr &ptr) {
    if (!ptr) {
      put("-");
      return;
    }
    const Pat &p = *ptr;
    put("<", int(p.kind), p.opSlot, p.optional, p.bothOrders, p.variadic, p.hasRest, p.restSlot,
        p.attrsFree, p.attrSlot, p.minOps, p.maxOps, p.resultSlot, p.slot,
        fmt::format("{:a} {:a}", p.literal, p.tolerance));
    for (OpKind k : p.kinds)
      put(int(k));
    for (const auto *list : {&p.operands, &p.elements, &p.kids}) {
      put("[");
      for (const PatPtr &k : *list)
        pattern(k);
    }
    for (bool o : p.elementOptional)
      put(o);
    for (const AttrPat &a : p.attrs)
      attr(a);
    for (const auto &w : p.where) {
      put("w");
      for (const CodePtr &c : w)
        code(c);
    }
    for (const CodePtr &r : p.results)
      code(r);
    if (p.type)
      type(*p.type);
    put(">");
  }

public:
  bool unknownPlugin = false; // calls one whose content is not known

  std::string write(const Rule &r) {
    put(int(r.eqClass), r.slots.size());
    for (const SlotInfo &s : r.slots)
      put(s.stmt, s.result, s.let, s.set);
    for (const Stmt &s : r.stmts) {
      put("s", s.keep);
      for (unsigned x : s.slots)
        put(x);
      if (s.set)
        put(s.set->minMembers, s.set->maxMembers, s.set->all, s.set->shared, s.set->depth,
            s.set->listed, s.set->indexSlot);
      pattern(s.pattern);
    }
    for (const auto *list : {&r.where, &r.lets}) {
      put("l");
      for (const CodePtr &c : *list)
        code(c);
    }
    for (const RewriteAssign &a : r.rewrite) {
      put("a", a.overSet, a.indexSlot, a.allMembers);
      for (unsigned x : a.slots)
        put(x);
      code(a.value);
    }
    for (const auto &d : r.verify.domains) {
      put(d.slot);
      for (const Datum &x : d.choices)
        datum(x);
    }
    for (const auto &w : r.verify.witnesses)
      put("by", w.result, w.input);
    put(r.verify.instances);
    return std::move(out);
  }
};

} // namespace

std::string fingerprint(const Rule &rule) {
  Writer w;
  std::string text = w.write(rule);
  return w.unknownPlugin ? "" : sha256Hex(text);
}

} // namespace wnnx::verify
