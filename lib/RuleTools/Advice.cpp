// SPDX-License-Identifier: Apache-2.0
//
// Advice for failing conditions: a table from the kind of condition to what usually helps.
#include "Labels.h"
#include "wnnx/Ops/Cost.h"
#include "wnnx/RuleTools/Explain.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringRef.h"

#include <algorithm>

namespace wnnx::pat {

namespace {

bool isA(const Pat &p, const Node *n) {
  return n && std::binary_search(p.kinds.begin(), p.kinds.end(), n->kind());
}

/// A pattern for a node that is only passed through: `dropout?(..., p = _)`.
std::string optionalOp(const Node &n) {
  std::string s = std::string(opName(n.kind())) + "?(...";
  for (size_t i = 0; i < n.info().attrs.size(); ++i) {
    if (n.attr(unsigned(i)) != n.info().attrs[i].defaultValue)
      s += fmt::format(", {} = _", n.info().attrs[i].name);
  }
  return s + ")";
}

std::string extraOpAdvice(const Node &n) {
  std::string op(opName(n.kind()));
  if (n.info().has(Trait::Identity))
    return fmt::format(
        "{} returns its input unchanged: write `{}` around the inner pattern, or run "
        "the pass `canonicalize` before the rules",
        op, optionalOp(n));
  if (n.info().has(Trait::Reshape) || n.info().has(Trait::Movement))
    return fmt::format("{} only moves elements: write `{}` around the inner pattern if the rule is "
                       "right with it, or match it and move it to the other side",
                       op, optionalOp(n));
  if (op == "to" || op == "cast")
    return fmt::format("a conversion of the element type stands between: write `{}` around the "
                       "inner pattern if the rounding does not matter",
                       optionalOp(n));
  return fmt::format("if the rule is right with it, write `{}` around the inner pattern",
                     optionalOp(n));
}

/// The operation that has `v` beside another operand which is what the pattern wants for `v`.
const Node *swappedUser(const NearMiss &m) {
  if (!m.value || !m.pattern)
    return nullptr;
  for (const Node *n : m.matched) {
    if (n->numOperands() < 2 || !n->operand(0) || !n->operand(1))
      continue;
    for (unsigned i = 0; i < 2; ++i) {
      if (n->operand(i) == m.value && n->operand(1 - i)->index() == 0 &&
          isA(*m.pattern, n->operand(1 - i)->node()))
        return n;
    }
  }
  return nullptr;
}

std::string opAdvice(const NearMiss &m, const Rule &) {
  const Node *n = m.value ? m.value->node() : nullptr;
  if (const Node *user = swappedUser(m)) {
    std::string op(opName(user->kind()));
    return user->info().has(Trait::Commutative)
               ? fmt::format("the operands of {} stand the other way round; the pattern says "
                             "`ordered`",
                             op)
               : fmt::format("the operands of {} stand the other way round, and {} is not "
                             "commutative: it needs a pattern of its own",
                             op, op);
  }
  if (!n)
    return m.value ? "an input of the model stands there: nothing is known of how it was made" : "";
  if (n->kind() == OpKind::Constant)
    return "a constant stands there: the pass `fold` has computed it, or the model stores it; "
           "match "
           "it as `const`";
  if (m.pattern && n->operand(0) && n->operand(0)->index() == 0 &&
      isA(*m.pattern, n->operand(0)->node()))
    return extraOpAdvice(*n);
  // The same op under another spelling of its class.
  for (OpKind k : m.pattern ? m.pattern->kinds : std::vector<OpKind>()) {
    if (m.pattern->kinds.size() <= 3 && opInfo(k).has(Trait::Activation) &&
        n->info().has(Trait::Activation))
      return fmt::format("{} is an activation too: a class (`f@activation(...)`) or an alternative "
                         "`({}(...) | {}(...))` takes both, if the rule holds for both",
                         opName(n->kind()), opName(k), opName(n->kind()));
  }
  return "";
}

std::string between(const NearMiss &m, const Rule &) {
  return m.value && m.value->node() ? extraOpAdvice(*m.value->node()) : "";
}

std::string operandAdvice(const NearMiss &m, const Rule &) {
  llvm::StringRef want(m.expected), name = want;
  if (name.consume_front("no operand `") && name.consume_back("`"))
    return fmt::format("mention it: `{0} = v?` allows both, and `v` must then be given to the new "
                       "op",
                       name.str());
  if (name.consume_front("operand `"))
    return fmt::format("`{}?` allows its absence", name.drop_back().str());
  if (want.ends_with("operands"))
    return "`[..rest]` takes a group of any length";
  return "";
}

std::string constAdvice(const NearMiss &m, const Rule &) {
  const Node *n = m.value ? m.value->node() : nullptr;
  if (m.value && m.value->constant())
    return "";
  if (!n)
    return "it is an input of the model; only what is stored in the model is constant";
  bool foldable = n->numOperands() > 0 &&
                  llvm::all_of(n->operands(), [](Value *v) { return !v || v->constant(); });
  if (foldable)
    return fmt::format("{} is computed from constants alone: run the pass `fold` before the rules",
                       label(m.value));
  return fmt::format("{} is computed when the model runs", label(m.value));
}

std::string literalAdvice(const NearMiss &m, const Rule &) {
  double want = 0, have = 0;
  if (llvm::StringRef(m.expected).getAsDouble(want) ||
      llvm::StringRef(m.actual).getAsDouble(have) || want == 0)
    return "";
  double off = std::fabs(have - want) / std::fabs(want);
  if (off > 0 && off < 1e-2)
    return fmt::format("the relative difference is {:.1e}: `{} tol {:.0e}` allows it", off,
                       m.expected, std::pow(10.0, std::ceil(std::log10(off))));
  return "";
}

/// The rank by which a node's negative dimensions count.
int64_t rankOf(const Node &n) {
  return n.operand(0) ? n.operand(0)->rank() : 0;
}

std::string attrAdvice(const NearMiss &m, const Rule &) {
  if (!m.value || !m.value->node() || m.attr < 0)
    return "";
  const Node &n = *m.value->node();
  const Attribute &a = n.attr(unsigned(m.attr));
  std::string name(n.info().attrs[size_t(m.attr)].name);
  llvm::StringRef want = llvm::StringRef(m.expected).split(" = ").second;
  bool isDim = llvm::StringRef(name).contains("dim");
  int64_t w = 0;
  if (a.kind() == AttrKind::Int && !want.getAsInteger(10, w) && isDim) {
    std::optional<int64_t> x = normalizeDim(w, rankOf(n)), y = normalizeDim(a.asInt(), rankOf(n));
    if (x && x == y)
      return fmt::format("{} and {} are the same dimension of {} dimensions: write `{} = {{{}, "
                         "{}}}`, or capture it and compare `norm(d, rank(x))`",
                         w, a.asInt(), rankOf(n), name, w, a.asInt());
  }
  if (a.kind() == AttrKind::Ints && want.consume_front("[") && want.consume_back("]")) {
    std::vector<int64_t> wants;
    llvm::SmallVector<llvm::StringRef, 8> parts;
    want.split(parts, ',', -1, false);
    for (llvm::StringRef p : parts) {
      if (p.trim().getAsInteger(10, w))
        return "";
      wants.push_back(w);
    }
    const std::vector<int64_t> &have = a.asInts();
    auto same = [&] {
      for (size_t i = 0; i < have.size(); ++i) {
        if (normalizeDim(have[i], rankOf(n)) != normalizeDim(wants[i], rankOf(n)))
          return false;
      }
      return true;
    };
    if (isDim && wants.size() == have.size() && same())
      return fmt::format("the lists name the same dimensions of {}: capture the list and compare "
                         "`norm(d, rank(x))` of its elements",
                         rankOf(n));
    bool oneValue = !have.empty() && !wants.empty() &&
                    llvm::all_of(have, [&](int64_t v) { return v == have[0]; }) &&
                    llvm::all_of(wants, [&](int64_t v) { return v == have[0]; });
    if (oneValue && wants.size() != have.size())
      return fmt::format("the same number {} for each, in a list of {} instead of {}: capture the "
                         "list and compare its elements, `all_equal({})`",
                         have[0], have.size(), wants.size(), name);
  }
  if (name == "act")
    return "an activation has been fused into the op already: put the rule into a rule set that "
           "runs before";
  if (m.kind == NearMiss::AttrUnsaid)
    return fmt::format(
        "`{0} = v` captures it, `{0} = _` ignores it, `..a` takes all attributes that "
        "are not mentioned; the right side must then respect it",
        name);
  return "";
}

std::string dtypeAdvice(const NearMiss &, const Rule &) {
  return "without a dtype the pattern takes every element type";
}

std::string sameAdvice(const NearMiss &m, const Rule &) {
  for (const Node *n : m.matched) {
    if (n->numOperands() == 2 && !n->info().has(Trait::Commutative) &&
        (n->operand(0) == m.value || n->operand(1) == m.value) && n->operand(0) != n->operand(1))
      return fmt::format("one name stands for one value; {} is not commutative, so its operands "
                         "have to stand as written",
                         opName(n->kind()));
  }
  return "one name stands for one value: use two names if they may differ. Where both compute the "
         "same, the pass `cse` merges them";
}

std::string usersAdvice(const NearMiss &m, const Rule &rule) {
  if (!m.value || !m.value->node())
    return "";
  std::string name;
  llvm::StringRef r(m.reason);
  if (r.consume_front("`"))
    name = r.split('`').first.str();
  Cost c = nodeCost(*m.value->node());
  std::string cost = c.macs ? amount(double(c.macs), "MAC") : amount(double(c.dataBytes), "B");
  bool output = m.value->isGraphOutput();
  return fmt::format(
      "{} keeps {} for its other {}; then it is computed beside what {} makes, which "
      "costs {} more where both do the same work",
      name.empty() ? "naming the value and writing `keep` before it"
                   : fmt::format("`keep {} = ...`", name),
      label(m.value), output ? "use as an output" : "users", rule.name, cost);
}

std::string wideningAdvice(const NearMiss &, const Rule &) {
  return "the shape of the number changes the shape of the result; a one-element constant of rank "
         "0 "
         "never does";
}

std::string conditionAdvice(const NearMiss &m, const Rule &) {
  if (m.stage == NearMiss::When)
    return "the rule is right here, but its `when` says that it is not worth while";
  if (llvm::StringRef(m.reason).contains("has no value"))
    return "a condition without a value does not hold; ask `has(...)`, or give a default with `??`";
  return "";
}

std::string membersAdvice(const NearMiss &m, const Rule &) {
  if (llvm::StringRef(m.expected).ends_with("members"))
    return "only users of one value that all match the statement are members; the range of the "
           "set, "
           "`[i in 2..]`, says how many there must be";
  return "";
}

struct Row {
  NearMiss::Kind kind;
  std::string (*advice)(const NearMiss &, const Rule &);
};
constexpr Row table[] = {
    {NearMiss::Op, opAdvice},
    {NearMiss::Operand, operandAdvice},
    {NearMiss::SameValue, sameAdvice},
    {NearMiss::NotConst, constAdvice},
    {NearMiss::Literal, literalAdvice},
    {NearMiss::Widening, wideningAdvice},
    {NearMiss::AttrUnsaid, attrAdvice},
    {NearMiss::AttrValue, attrAdvice},
    {NearMiss::DType, dtypeAdvice},
    {NearMiss::Users, usersAdvice},
    {NearMiss::Members, membersAdvice},
    {NearMiss::ExtraOp, between},
    {NearMiss::Condition, conditionAdvice},
};

} // namespace

std::string adviceFor(const NearMiss &miss, const Rule &rule) {
  for (const Row &r : table) {
    if (r.kind == miss.kind)
      return r.advice(miss, rule);
  }
  return "";
}

} // namespace wnnx::pat
