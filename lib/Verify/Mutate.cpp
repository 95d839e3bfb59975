// SPDX-License-Identifier: Apache-2.0
//
// Wrong variants of rules, made by changing one thing of a checked rule: what verification must
// find. Each is applied in place and taken back.
#include "wnnx/Verify/Mutate.h"

#include "fmt/format.h"
#include "llvm/ADT/STLExtras.h"

namespace wnnx::verify {

using namespace pat;

namespace {

struct Mutation {
  std::string what;
  SourceRange range;
  std::function<void()> apply, undo;
};

std::string sourceOf(SourceRange r) {
  if (!r.file)
    return "";
  std::string text(r.file->text().substr(r.begin, r.end - r.begin));
  for (char &c : text)
    c = c == '\n' ? ' ' : c;
  return text.size() > 60 ? text.substr(0, 57) + "..." : text;
}

class Collector {
  Rule &rule;
  std::vector<Mutation> out;

  template <class T> void change(std::string what, SourceRange range, T &place, T value) {
    // The value stands in the closure while the mutation is not applied.
    auto held = std::make_shared<T>(std::move(value));
    auto swap = [&place, held] { std::swap(place, *held); };
    out.push_back({std::move(what), range, swap, swap});
  }
  template <class T> void swapped(std::string what, SourceRange range, T &a, T &b) {
    auto swap = [&a, &b] { std::swap(a, b); };
    out.push_back({std::move(what), range, swap, swap});
  }
  template <class T>
  void dropped(std::string what, SourceRange range, std::vector<T> &list, size_t i) {
    auto held = std::make_shared<std::vector<T>>();
    out.push_back({std::move(what), range,
                   [&list, held, i] {
                     held->push_back(std::move(list[i]));
                     list.erase(list.begin() + std::ptrdiff_t(i));
                   },
                   [&list, held, i] {
                     list.insert(list.begin() + std::ptrdiff_t(i), std::move(held->back()));
                     held->pop_back();
                   }});
  }

  void conditions(std::vector<CodePtr> &list) {
    for (size_t i = 0; i < list.size(); ++i)
      dropped("drop the condition `" + sourceOf(list[i]->range) + "`", list[i]->range, list, i);
  }

  void pattern(Pat &p) {
    for (auto &w : p.where)
      conditions(w);
    if (p.kind == PatKind::Literal)
      change(fmt::format("literal {} changed", p.literal), p.range, p.literal, p.literal * 2 + 1);
    if (p.type) {
      for (size_t i = 0; i < p.type->predicates.size(); ++i)
        dropped("drop a property of `" + sourceOf(p.range) + "`", p.range, p.type->predicates, i);
      if (p.type->hasDims)
        change("drop the sizes of `" + sourceOf(p.range) + "`", p.range, p.type->hasDims, false);
    }
    for (AttrPat &a : p.attrs) {
      if ((a.kind == AttrPat::Equal && a.code->kind == CodeKind::Const) || a.kind == AttrPat::OneOf)
        change("any value for `" + sourceOf(a.range) + "`", a.range, a.kind, AttrPat::Any);
    }
    for (auto *list : {&p.operands, &p.elements, &p.kids}) {
      for (PatPtr &k : *list) {
        if (k)
          pattern(*k);
      }
    }
    for (size_t i = 0; i + 1 < p.elements.size() && p.kind == PatKind::Op; ++i)
      swapped(fmt::format("operands {} and {} of the pattern exchanged", i + 1, i + 2), p.range,
              p.elements[i], p.elements[i + 1]);
  }

  void build(Code &c) {
    const OpInfo &info = opInfo(c.op);
    std::string op(c.opSlot >= 0 ? "the op" : info.name);
    auto isDefault = [&](size_t i) {
      int a = c.opSlot >= 0 ? -1 : info.attrIndex(c.attrs[i].first);
      const Code &value = *c.attrs[i].second;
      if (a < 0 || !c.spreads.empty())
        return false;
      Datum d = Datum::ofAttr(info.attrs[size_t(a)].defaultValue);
      return (value.kind == CodeKind::Const && value.constant.equals(d)) ||
             (value.kind == CodeKind::List && value.kids.empty() && d.list() && d.list()->empty());
    };
    for (size_t i = 0; i < c.attrs.size(); ++i) {
      if (isDefault(i))
        continue;
      dropped(fmt::format("drop `{}` of {}", c.attrs[i].first, op), c.attrs[i].second->range,
              c.attrs, i);
    }
    for (size_t i = 0; i < c.spreads.size(); ++i)
      dropped(fmt::format("drop `..` of {}", op), c.spreads[i]->range, c.spreads, i);
    for (size_t i = 0; i < c.operands.size() && i < info.operands.size(); ++i) {
      if (c.operands[i] && info.operands[i].kind == OperandKind::Optional)
        change(fmt::format("drop `{}` of {}", info.operands[i].name, op), c.operands[i]->range,
               c.operands[i], CodePtr());
    }
    if (c.operands.size() > 1 && c.operands[0] && c.operands[1] && !info.has(Trait::Commutative))
      swapped(fmt::format("first two operands of {} exchanged", op), c.range, c.operands[0],
              c.operands[1]);
  }

  void code(Code &c, bool right) {
    if (right) {
      if (c.kind == CodeKind::Build)
        build(c);
      if (c.kind == CodeKind::Const && c.constant.as<int64_t>())
        change(fmt::format("{} for `{}`", *c.constant.as<int64_t>() + 1, sourceOf(c.range)),
               c.range, c.constant, Datum(*c.constant.as<int64_t>() + 1));
      if (c.kind == CodeKind::Const && c.constant.as<double>())
        change(fmt::format("{} for `{}`", *c.constant.as<double>() * 2 + 1, sourceOf(c.range)),
               c.range, c.constant, Datum(*c.constant.as<double>() * 2 + 1));
      static const std::pair<const char *, const char *> others[] = {
          {"+", "-"}, {"-", "+"}, {"*", "+"}, {"/", "*"}};
      for (auto [from, to] : others) {
        if (c.kind == CodeKind::Binary && c.text == from)
          change(fmt::format("`{}` for `{}` in `{}`", to, from, sourceOf(c.range)), c.range, c.text,
                 std::string(to));
      }
      if (c.kind == CodeKind::List) {
        for (size_t i = 0; i + 1 < c.kids.size(); ++i)
          swapped(
              fmt::format("elements {} and {} of `{}` exchanged", i + 1, i + 2, sourceOf(c.range)),
              c.range, c.kids[i], c.kids[i + 1]);
      }
      if (c.kind == CodeKind::Ternary)
        swapped(fmt::format("branches of `{}` exchanged", sourceOf(c.range)), c.range, c.kids[1],
                c.kids[2]);
    }
    for (auto *list : {&c.kids, &c.operands, &c.spreads}) {
      for (CodePtr &k : *list) {
        if (k)
          code(*k, right);
      }
    }
    for (auto &a : c.attrs)
      code(*a.second, right);
    for (CodeItem &i : c.items) {
      for (CodePtr *k : {&i.at, &i.end, &i.step}) {
        if (*k)
          code(**k, right);
      }
    }
  }

public:
  explicit Collector(Rule &r) : rule(r) {}

  std::vector<Mutation> run() {
    conditions(rule.where);
    for (Stmt &s : rule.stmts)
      pattern(*s.pattern);
    for (CodePtr &l : rule.lets)
      code(*l, true);
    for (RewriteAssign &a : rule.rewrite)
      code(*a.value, true);
    return std::move(out);
  }
};

} // namespace

std::vector<MutationReport> mutateRules(RuleSet &rules, const VerifyOptions &given) {
  VerifyOptions options = given;
  options.shrink = false;
  std::vector<MutationReport> reports;
  for (const auto &r : rules.program().rules) {
    if (options.only && !options.only(r->name))
      continue;
    MutationReport report;
    report.rule = r->title();
    report.place = r->place();
    for (Mutation &m : Collector(*r).run()) {
      m.apply();
      RuleVerdict v = verifyRule(*r, options);
      m.undo();
      ++report.mutants;
      if (v.status == RuleVerdict::Wrong)
        ++report.killed;
      else if (v.status == RuleVerdict::Vacuous)
        ++report.vacuous;
      else
        report.survivors.push_back({m.range, m.what});
    }
    reports.push_back(std::move(report));
  }
  return reports;
}

} // namespace wnnx::verify
