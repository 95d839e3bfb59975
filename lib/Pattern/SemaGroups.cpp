// SPDX-License-Identifier: Apache-2.0
//
// Checks what stands for several ops or operands at once: lists of operands, flattened ops
// `add{...}`, chains `c@movement*(x)`; on both sides of a rule.
#include "SemaImpl.h"

#include "fmt/format.h"

namespace wnnx::pat {

using ast::Expr;
using ast::PatternKind;

/// Chains are not followed farther: what happens that far away does not make a rule be tried again.
static constexpr unsigned maxChainOps = 16;

/// The elements of a list of operands, or of a flattened op; some may be missing.
void RuleChecker::elements(const ast::Pattern &list, Pat &pat, Scope &scope) {
  bool some = llvm::any_of(list.kids, [](const ast::PatternPtr &k) { return k->elementOptional; });
  for (const ast::PatternPtr &k : list.kids) {
    std::set<unsigned> before = bound;
    pat.elements.push_back(pattern(*k, scope));
    if (!some)
      continue;
    pat.elementOptional.push_back(k->elementOptional);
    pat.elementSlots.emplace_back();
    if (!k->elementOptional)
      continue;
    // What it alone binds is absent with it.
    for (unsigned s : bound) {
      if (before.count(s))
        continue;
      rule->slots[s].type.optional = true;
      pat.elementSlots.back().push_back(s);
    }
  }
  pat.hasRest = list.hasRest;
  if (!list.rest)
    return;
  auto known = top.names.find(list.rest.text);
  if (&scope == &top && known != top.names.end() && rule->slots[known->second].stmt >= 0) {
    // The members of a set that are the elements of this list.
    unsigned slot = known->second;
    int set = rule->slots[slot].set;
    if (set < 0 || currentSet >= 0 || rule->stmts[size_t(set)].set->listed)
      error(list.rest.range, "pat-set",
            fmt::format("`{}` already stands for something", list.rest.text))
          .note(rule->slots[slot].range, "here");
    else
      rule->stmts[size_t(set)].set->listed = true;
    pat.restSlot = int(slot);
    mention(slot, true, list.rest.range);
    return;
  }
  unsigned slot = slotOf(list.rest, scope);
  rule->slots[slot].type = Type::list(TypeKind::Value);
  pat.restSlot = int(slot);
  captures.push_back({slot, fmt::format("operands `..{}`", list.rest.text), list.rest.range});
  mention(slot, true);
  bindDefinite(slot);
}

bool RuleChecker::flattens(const OpInfo &info, const ast::Name &name) {
  if (info.has(Trait::Commutative) && info.has(Trait::Associative) && info.operands.size() == 2)
    return true;
  std::vector<std::string_view> known;
  for (const OpInfo &o : allOps()) {
    if (o.has(Trait::Commutative) && o.has(Trait::Associative))
      known.push_back(o.name);
  }
  error(name.range, "pat-flat",
        fmt::format("{} is not associative and commutative, so `{}{{...}}` has no meaning",
                    info.name, info.name))
      .hint(fmt::format("such ops are {}", fmt::join(known, ", ")));
  return false;
}

PatPtr RuleChecker::flatPattern(const ast::Pattern &p, Scope &scope) {
  topOfStmt = false;
  const OpInfo *info = findOp(p.name, scope);
  if (!info || !flattens(*info, p.name)) {
    poison(p, scope);
    return newPat(PatKind::Any, p.range);
  }
  if (p.optional)
    error(p.range, "pat-optional", "a flattened op cannot be missing");
  PatPtr out = newPat(PatKind::Flat, p.range);
  out->kinds = {info->kind};
  out->mentioned.resize(info->attrs.size(), false);
  elements(p, *out, scope);
  size_t needed = out->elements.size();
  for (size_t i = 0; i < out->elementOptional.size(); ++i)
    needed -= out->elementOptional[i];
  // The tree has one op less than leaves.
  rule->opCount += std::max<size_t>(needed, 2) - 1;
  if (out->elements.size() < 2 && !out->hasRest)
    error(p.range, "pat-flat", fmt::format("`{}{{...}}` has two elements at least", info->name));
  return withName(std::move(out), p, scope);
}

/// Bits of the traits behind `@`, and the ops that are named there.
uint32_t RuleChecker::traits(const ast::Pattern &p, std::vector<OpKind> &ops) {
  uint32_t bits = 0;
  for (const ast::Name &n : p.traits) {
    if (uint32_t b = traitByName(n.text)) {
      bits |= b;
    } else if (const OpInfo *info = lookupOp(n.text)) {
      ops.push_back(info->kind);
    } else {
      error(n.range, "pat-trait",
            fmt::format("unknown trait `{}`{}", n.text, didYouMean(n.text, traitNames())))
          .fixName(n.text, traitNames())
          .hint(fmt::format("traits are {}", fmt::join(traitNames(), ", ")));
      return 0;
    }
  }
  return bits;
}

PatPtr RuleChecker::chainPattern(const ast::Pattern &p, Scope &scope) {
  PatPtr out = newPat(PatKind::Chain, p.range);
  std::vector<OpKind> listed;
  uint32_t bits = traits(p, listed);
  bool one = p.args.size() == 1 && p.args[0].kind == ast::PatternArg::Operand && !p.args[0].name;
  if (!one && (bits || !listed.empty()))
    error(p.range, "pat-chain", "a chain of ops begins at one value")
        .hint("their attributes and other operands are captured with the chain");
  if (!one || (!bits && listed.empty())) {
    poison(p, scope);
    return newPat(PatKind::Any, p.range);
  }
  for (const OpInfo &info : allOps()) {
    bool meant = (bits && info.has(bits)) || llvm::is_contained(listed, info.kind);
    bool fits = !info.isVariadic() && info.results.size() == 1 && !info.results[0].variadic &&
                !info.operands.empty() && info.operands[0].kind == OperandKind::Single;
    if (meant && fits)
      out->kinds.push_back(info.kind);
    else if (llvm::is_contained(listed, info.kind))
      error(p.range, "pat-chain", fmt::format("{} cannot be a link of a chain", info.name))
          .hint("a link has one result and is no group of operands");
  }
  out->minOps = p.repeat == ast::Pattern::OneOrMore ? 1 : 0;
  out->maxOps = p.repeat == ast::Pattern::ZeroOrOne ? 1 : maxChainOps;
  rule->opCount += out->minOps;
  if (p.name.text != "_") {
    bool isNew = !scope.names.count(p.name.text);
    unsigned slot = slotOf(p.name, scope);
    SlotInfo &info = rule->slots[slot];
    if (isNew) {
      info.type = Type::list(Type::record({{"op", TypeKind::Op},
                                           {"attrs", TypeKind::Record},
                                           {"operands", Type::list(TypeKind::Value)}}));
      info.chain = true;
      captures.push_back({slot, fmt::format("chain `{}`", p.name.text), p.name.range});
    } else if (!info.chain) {
      error(p.name.range, "pat-name", fmt::format("`{}` already stands for something", p.name.text))
          .note(info.range, "here");
    }
    mention(slot, true, p.name.range);
    bindDefinite(slot);
    out->opSlot = int(slot);
  }
  out->operands.push_back(pattern(*p.args[0].pattern, scope));
  return withName(std::move(out), p, scope);
}

/// `add{a, ..rest}` on a right side.
CodePtr RuleChecker::flatExpr(const Expr &e, Scope &scope) {
  CodePtr c = code(CodeKind::BuildFlat, e, TypeKind::Value);
  const OpInfo *info = findOp({e.text, e.textRange}, scope);
  if (!building)
    error(e.range, "pat-build", "new nodes are made in `rewrite` only");
  if (!info || !flattens(*info, {e.text, e.textRange})) {
    c->type = {};
    return c;
  }
  c->op = info->kind;
  bool some = false;
  for (const ast::Arg &a : e.args) {
    CodePtr k = expr(*a.value, scope);
    Type t = k->type;
    if (a.name)
      error(a.range, "pat-arity", "the elements of a flattened op have no names");
    if (a.spread) {
      if (!t.is(TypeKind::List) && !t.any())
        error(a.range, "pat-type", fmt::format("`{}` cannot be spread into a list", t.str()));
      t = t.is(TypeKind::List) && t.element ? *t.element : Type();
    } else {
      some = true;
      present1(*k, "an element");
    }
    if (!t.is(TypeKind::Value) && !t.tensorLike() && !t.number())
      error(a.range, "pat-type", fmt::format("an element is `{}`, not a value", t.str()));
    c->kids.push_back(std::move(k));
    c->spread.push_back(a.spread);
  }
  if (!some && c->kids.empty())
    error(e.range, "pat-flat", fmt::format("`{}{{}}` of nothing has no value", info->name));
  return c;
}

/// `c(z)`: the ops of a captured chain again, from another value on.
CodePtr RuleChecker::buildChain(const Expr &e, unsigned slot, std::vector<CodePtr> args) {
  CodePtr c = code(CodeKind::Build, e, TypeKind::Value);
  c->opSlot = int(slot);
  c->chain = true;
  if (args.size() != 1 || e.args[0].name || e.args[0].spread) {
    error(e.range, "pat-chain", fmt::format("the chain `{}` begins at one value", e.text));
    return c;
  }
  const Type &t = args[0]->type;
  if (!t.is(TypeKind::Value) && !t.any())
    error(args[0]->range, "pat-type",
          fmt::format("a chain begins at a value of the graph, not at `{}`", t.str()));
  else
    present1(*args[0], "where the chain begins");
  c->operands.push_back(std::move(args[0]));
  return c;
}

} // namespace wnnx::pat
