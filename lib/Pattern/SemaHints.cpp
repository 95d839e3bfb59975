// SPDX-License-Identifier: Apache-2.0
//
// Checks what does not change which graphs a rule matches: its benefit, its measures, its `verify`
// block; and warns of what is allowed and seldom meant.
#include "SemaImpl.h"

#include "fmt/format.h"

namespace wnnx::pat {

using ast::Expr;
using ast::ExprKind;

std::string Measure::str() const {
  static const char *names[] = {"nodes", "macs", "bytes", "count", "depth_sum"};
  std::string s = names[kind];
  for (size_t i = 0; i < ops.size(); ++i)
    s += fmt::format("{}{}", i ? ", " : "(", opName(ops[i]));
  return ops.empty() ? s : s + ")";
}

std::vector<Measure> checkMeasures(const std::vector<ast::ExprPtr> &exprs, Diagnostics &diags) {
  static const std::vector<std::string_view> names = {"nodes", "macs", "bytes", "count",
                                                      "depth_sum"};
  std::vector<Measure> out;
  for (const ast::ExprPtr &e : exprs) {
    if (e->kind == ExprKind::Error)
      continue;
    Measure m;
    m.range = e->range;
    bool call = e->kind == ExprKind::Call, plain = e->kind == ExprKind::Name;
    auto it = llvm::find(names, std::string_view(e->text));
    bool ops = it != names.end() && it - names.begin() >= Measure::Count;
    if ((!call && !plain) || it == names.end() || ops != call) {
      diags
          .error(e->range, "pat-measure",
                 fmt::format("this is no measure{}",
                             call || plain ? didYouMean(e->text, names) : std::string()))
          .hint("measures are `nodes`, `macs`, `bytes`, `count(op, ...)` and "
                "`depth_sum(op, ...)`");
      continue;
    }
    m.kind = Measure::Kind(it - names.begin());
    for (const ast::Arg &a : e->args) {
      const OpInfo *info =
          a.value && a.value->kind == ExprKind::Name ? lookupOp(a.value->text) : nullptr;
      if (info)
        m.ops.push_back(info->kind);
      else
        diags.error(a.range, "pat-unknown-op",
                    fmt::format("unknown op{}",
                                a.value ? didYouMean(a.value->text, opNames()) : std::string()));
    }
    if (call && e->args.empty())
      diags.error(e->range, "pat-measure", fmt::format("`{}` counts nodes of which op?", e->text));
    out.push_back(std::move(m));
  }
  return out;
}

/// A number, or a number for each match. It chooses among rules that match, and nothing else.
void RuleChecker::checkBenefit() {
  if (!decl.benefit)
    return;
  CodePtr c = expr(*decl.benefit, top);
  if (c->kind == CodeKind::Const && c->constant.as<int64_t>()) {
    rule->benefit = *c->constant.as<int64_t>();
    return;
  }
  if (!c->type.is(TypeKind::Int) && !c->type.any())
    error(decl.benefit->range, "pat-benefit",
          fmt::format("the benefit is `{}`, not an integer", c->type.str()));
  else
    present1(*c, "the benefit");
  rule->benefitCode = std::move(c);
}

void RuleChecker::checkHints() {
  rule->decreases = checkMeasures(decl.decreases, diags);
  auto slotNamed = [&](const ast::Name &n) -> std::optional<unsigned> {
    auto it = top.names.find(n.text);
    if (it != top.names.end() && bound.count(it->second) && rule->slots[it->second].let < 0)
      return it->second;
    if (!n)
      return std::nullopt; // reported
    std::vector<std::string_view> known;
    for (const auto &k : top.names)
      known.push_back(k.first);
    error(n.range, "pat-unbound",
          fmt::format("`{}` is not bound in `match`{}", n.text, didYouMean(n.text, known)))
        .fixName(n.text, known);
    return std::nullopt;
  };
  for (const ast::VerifyStmt &s : decl.verify) {
    if (s.kind == ast::VerifyStmt::Instances) {
      rule->verify.instances = s.count;
      if (s.count < 1)
        error(s.range, "pat-verify", "at least one instance is tried");
      continue;
    }
    std::optional<unsigned> slot = slotNamed(s.name);
    if (!slot)
      continue;
    if (s.kind == ast::VerifyStmt::Witness) {
      std::optional<unsigned> input = slotNamed(s.witness);
      bool replaced = llvm::any_of(rule->rewrite, [&](const RewriteAssign &a) {
        return llvm::is_contained(a.slots, *slot);
      });
      if (!replaced)
        error(s.name.range, "pat-verify",
              fmt::format("`{}` is not replaced, so there is nothing to compare", s.name.text));
      if (rule->eqClass == EqClass::Exact)
        error(s.range, "pat-verify",
              "class exact compares bits, whatever a witness shows; indices of which several are "
              "right need class order");
      if (input)
        rule->verify.witnesses.push_back({*slot, *input, s.range});
      continue;
    }
    VerifyHints::Domain d{*slot, {}, s.range};
    auto add = [&](const Code &c) {
      if (c.kind == CodeKind::Const)
        d.choices.push_back(c.constant);
      else
        error(c.range, "pat-verify", "the choices are constants");
    };
    for (const ast::ExprPtr &e : s.choices) {
      Scope empty;
      empty.file = top.file;
      CodePtr c = expr(*e, empty);
      bool ints = c->kind == CodeKind::Range && c->kids.size() == 2 &&
                  c->kids[0]->constant.as<int64_t>() && c->kids[1]->constant.as<int64_t>();
      if (ints) {
        int64_t from = *c->kids[0]->constant.as<int64_t>(),
                to = *c->kids[1]->constant.as<int64_t>();
        if (to <= from || to - from > 1000)
          error(e->range, "pat-verify", "the range is empty, or too long to be tried");
        for (int64_t i = from; i < to && i - from <= 1000; ++i)
          d.choices.push_back(i);
      } else if (c->kind == CodeKind::List) {
        // `K in [1, 2];` is a list of choices, `K in {[1, 2]};` one that is a list.
        if (s.choices.size() > 1 || c->kids.empty())
          error(e->range, "pat-verify", "the choices are constants");
        for (const CodePtr &k : c->kids)
          add(*k);
      } else {
        add(*c);
      }
    }
    rule->verify.domains.push_back(std::move(d));
  }
}

/// Dimensions may count from the end.
void RuleChecker::compareAxes(const Expr &e, const Code &a, const Code &b) {
  static const std::vector<std::string_view> compares = {"==", "!=", "<", "<=", ">", ">="};
  if (!llvm::is_contained(compares, std::string_view(e.text)))
    return;
  for (const Code *c : {&a, &b}) {
    if (c->kind != CodeKind::Slot || !axes.count(c->slot))
      continue;
    const std::string &n = rule->slots[c->slot].name;
    diags
        .warning(c->range, "pat-axis",
                 fmt::format("`{}` may be negative: the same dimension has two numbers", n))
        .hint(fmt::format("compare `norm({}, rank(x))`, with the value that has the dimension", n));
    return;
  }
}

void RuleChecker::checkUnused() {
  if (failed || namesUnclear)
    return;
  for (const ast::Let &l : decl.lets) {
    auto it = top.names.find(l.name.text);
    if (it != top.names.end() && !uses[it->second])
      diags.warning(l.name.range, "pat-unused", fmt::format("nothing uses `{}`", l.name.text));
  }
}

} // namespace wnnx::pat
