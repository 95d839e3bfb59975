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
  std::string kind, what;
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

  template <class T>
  void change(const char *kind, std::string what, SourceRange range, T &place, T value) {
    // The value stands in the closure while the mutation is not applied.
    auto held = std::make_shared<T>(std::move(value));
    auto swap = [&place, held] { std::swap(place, *held); };
    out.push_back({kind, std::move(what), range, swap, swap});
  }
  template <class T>
  void swapped(const char *kind, std::string what, SourceRange range, T &a, T &b) {
    auto swap = [&a, &b] { std::swap(a, b); };
    out.push_back({kind, std::move(what), range, swap, swap});
  }
  template <class T>
  void dropped(const char *kind, std::string what, SourceRange range, std::vector<T> &list,
               size_t i) {
    auto held = std::make_shared<std::vector<T>>();
    out.push_back({kind, std::move(what), range,
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
      dropped("conditions", "drop the condition `" + sourceOf(list[i]->range) + "`", list[i]->range,
              list, i);
  }

  /// Attributes that are mentioned beside the `..a` of the slot, which are therefore not in it.
  std::vector<std::pair<unsigned, unsigned>> mentionedBeside;

  void pattern(Pat &p) {
    for (unsigned i = 0; p.attrSlot >= 0 && i < p.mentioned.size(); ++i) {
      if (p.mentioned[i])
        mentionedBeside.push_back({unsigned(p.attrSlot), i});
    }
    for (auto &w : p.where)
      conditions(w);
    if (p.kind == PatKind::Literal)
      change("numbers", fmt::format("literal {} changed", p.literal), p.range, p.literal,
             p.literal * 2 + 1);
    if (p.type) {
      for (size_t i = 0; i < p.type->predicates.size(); ++i)
        dropped("properties", "drop a property of `" + sourceOf(p.range) + "`", p.range,
                p.type->predicates, i);
      if (p.type->hasDims)
        change("sizes", "drop the sizes of `" + sourceOf(p.range) + "`", p.range, p.type->hasDims,
               false);
    }
    for (AttrPat &a : p.attrs) {
      if ((a.kind == AttrPat::Equal && a.code->kind == CodeKind::Const) || a.kind == AttrPat::OneOf)
        change("attributes of the left side", "any value for `" + sourceOf(a.range) + "`", a.range,
               a.kind, AttrPat::Any);
    }
    for (auto *list : {&p.operands, &p.elements, &p.kids}) {
      for (PatPtr &k : *list) {
        if (k)
          pattern(*k);
      }
    }
    for (size_t i = 0; i + 1 < p.elements.size() && p.kind == PatKind::Op; ++i)
      swapped("operands exchanged",
              fmt::format("operands {} and {} of the pattern exchanged", i + 1, i + 2), p.range,
              p.elements[i], p.elements[i + 1]);
  }

  static bool isConstantList(const Code &value, const Datum &d) {
    if (!d.list() || d.list()->size() != value.kids.size())
      return false;
    for (size_t i = 0; i < value.kids.size(); ++i) {
      const Code &k = *value.kids[i];
      if (k.kind != CodeKind::Const || !k.constant.equals((*d.list())[i]))
        return false;
    }
    return true;
  }

  void build(Code &c) {
    const OpInfo &info = opInfo(c.op);
    std::string op(c.opSlot >= 0 ? "the op" : info.name);
    auto isDefault = [&](size_t i) {
      int a = c.opSlot >= 0 ? -1 : info.attrIndex(c.attrs[i].first);
      const Code &value = *c.attrs[i].second;
      // A record of the attributes that a pattern did not mention leaves the default where it is.
      auto lacks = [&](const CodePtr &spread) {
        return spread->kind == CodeKind::Slot && a >= 0 &&
               llvm::is_contained(mentionedBeside, std::pair(spread->slot, unsigned(a)));
      };
      if (a < 0 || !llvm::all_of(c.spreads, lacks))
        return false;
      Datum d = Datum::ofAttr(info.attrs[size_t(a)].defaultValue);
      return (value.kind == CodeKind::Const && value.constant.equals(d)) ||
             (value.kind == CodeKind::List && isConstantList(value, d));
    };
    for (size_t i = 0; i < c.attrs.size(); ++i) {
      if (isDefault(i))
        continue;
      dropped("attributes of the right side", fmt::format("drop `{}` of {}", c.attrs[i].first, op),
              c.attrs[i].second->range, c.attrs, i);
    }
    for (size_t i = 0; i < c.spreads.size(); ++i)
      dropped("attributes of the right side", fmt::format("drop `..` of {}", op),
              c.spreads[i]->range, c.spreads, i);
    for (size_t i = 0; i < c.operands.size() && i < info.operands.size(); ++i) {
      if (c.operands[i] && info.operands[i].kind == OperandKind::Optional)
        change("operands dropped", fmt::format("drop `{}` of {}", info.operands[i].name, op),
               c.operands[i]->range, c.operands[i], CodePtr());
    }
    if (c.operands.size() > 1 && c.operands[0] && c.operands[1] && !info.has(Trait::Commutative))
      swapped("operands exchanged", fmt::format("first two operands of {} exchanged", op), c.range,
              c.operands[0], c.operands[1]);
  }

  void code(Code &c, bool right) {
    if (right) {
      if (c.kind == CodeKind::Build)
        build(c);
      if (c.kind == CodeKind::Const && c.constant.as<int64_t>())
        change("numbers",
               fmt::format("{} for `{}`", *c.constant.as<int64_t>() + 1, sourceOf(c.range)),
               c.range, c.constant, Datum(*c.constant.as<int64_t>() + 1));
      if (c.kind == CodeKind::Const && c.constant.as<double>())
        change("numbers",
               fmt::format("{} for `{}`", *c.constant.as<double>() * 2 + 1, sourceOf(c.range)),
               c.range, c.constant, Datum(*c.constant.as<double>() * 2 + 1));
      static const std::pair<const char *, const char *> others[] = {
          {"+", "-"}, {"-", "+"}, {"*", "+"}, {"/", "*"}};
      for (auto [from, to] : others) {
        if (c.kind == CodeKind::Binary && c.text == from)
          change("operators", fmt::format("`{}` for `{}` in `{}`", to, from, sourceOf(c.range)),
                 c.range, c.text, std::string(to));
      }
      if (c.kind == CodeKind::List) {
        for (size_t i = 0; i + 1 < c.kids.size(); ++i) {
          if (sourceOf(c.kids[i]->range) != sourceOf(c.kids[i + 1]->range))
            swapped("list elements exchanged",
                    fmt::format("elements {} and {} of `{}` exchanged", i + 1, i + 2,
                                sourceOf(c.range)),
                    c.range, c.kids[i], c.kids[i + 1]);
        }
      }
      if (c.kind == CodeKind::Ternary)
        swapped("branches exchanged", fmt::format("branches of `{}` exchanged", sourceOf(c.range)),
                c.range, c.kids[1], c.kids[2]);
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
      ++report.byKind[m.kind];
      if (v.status == RuleVerdict::Wrong)
        ++report.killed;
      else if (v.status == RuleVerdict::Vacuous)
        ++report.vacuous;
      else
        report.survivors.push_back({m.range, m.what, m.kind});
    }
    reports.push_back(std::move(report));
  }
  return reports;
}

std::string summarize(llvm::ArrayRef<MutationReport> reports) {
  unsigned mutants = 0, killed = 0, vacuous = 0;
  std::map<std::string, std::pair<unsigned, unsigned>> kinds; // survive, all
  for (const MutationReport &r : reports) {
    mutants += r.mutants;
    killed += r.killed;
    vacuous += r.vacuous;
    for (const auto &[kind, n] : r.byKind)
      kinds[kind].second += n;
    for (const auto &s : r.survivors)
      ++kinds[s.kind].first;
  }
  std::string out;
  for (const auto &[kind, n] : kinds) {
    if (n.first)
      out += fmt::format("survive: {} of {} {}\n", n.first, n.second, kind);
  }
  return out + fmt::format("{} wrong variants: {} rejected, {} match nothing, {} survive\n",
                           mutants, killed, vacuous, mutants - killed - vacuous);
}

} // namespace wnnx::verify
