// SPDX-License-Identifier: Apache-2.0
//
// Checks patterns and turns them into matchable form; fragments are expanded where they are used.
#include "OtherNames.h"
#include "SemaImpl.h"

#include "fmt/format.h"

#include <algorithm>
#include <iterator>

namespace wnnx::pat {

using ast::PatternKind;

PatPtr newPat(PatKind k, SourceRange range) {
  auto p = std::make_unique<Pat>();
  p->kind = k;
  p->range = range;
  return p;
}

const OpInfo *RuleChecker::findOp(const ast::Name &name, const Scope &scope) {
  if (forOp && name.text == decl.forVar.text)
    return lookupOp(forOp->text);
  if (const OpInfo *info = lookupOp(name.text))
    return info;
  std::vector<std::string_view> known(opNames().begin(), opNames().end());
  for (const auto &f : decls.spaces.at(homeSpace(scope)).frags)
    known.push_back(f.first);
  std::string_view ours = opKnownAs(name.text), like = ours.empty() ? name.text : ours;
  if (decls.incomplete && didYouMean(like, known).empty()) {
    failed = true; // it may stand where nothing could be read
    return nullptr;
  }
  error(name.range, "pat-unknown-op",
        fmt::format("unknown op or fragment `{}`{}", name.text, didYouMean(like, known)))
      .fixName(like, known)
      .hint(ours.empty() ? "`wnnx-pat ops` lists all ops"
                         : fmt::format("`wnnx-pat ops {}` says what it takes", ours));
  return nullptr;
}

/// Declares the names in a pattern that is wrong, so that their uses are not errors again.
void RuleChecker::poison(const ast::Pattern &p, Scope &scope) {
  namesUnclear = true;
  auto declare = [&](const ast::Name &n, const ast::Name &index = {}) {
    if (n && !scope.params.count(n.text))
      bindDefinite(slotOf(n, scope, index));
  };
  declare(p.as, p.asIndex);
  declare(p.rest);
  if (p.kind == PatternKind::Var)
    declare(p.name, p.index);
  if (p.trait && p.name.text != "_")
    declare(p.name);
  for (const ast::DimPattern &d : p.type ? p.type->dims : std::vector<ast::DimPattern>())
    declare(d.name, d.index);
  for (const ast::PatternPtr &k : p.kids)
    poison(*k, scope);
  for (const ast::PatternArg &a : p.args) {
    if (a.pattern)
      poison(*a.pattern, scope);
    if (a.kind == ast::PatternArg::Rest)
      declare(a.name, a.index);
    if (a.attr && a.attr->kind == ast::ExprKind::Name && a.attr->text != "_")
      declare({a.attr->text, a.attr->range});
  }
}

PatPtr RuleChecker::pattern(const ast::Pattern &p, Scope &scope) {
  if (++patternNodes > 2000) {
    if (patternNodes == 2001)
      error(decl.name.range, "pat-size", "the rule's pattern is too large once expanded");
    return newPat(PatKind::Any, p.range);
  }
  switch (p.kind) {
  case PatternKind::Op:
    return opPattern(p, scope);
  case PatternKind::Flat:
    return flatPattern(p, scope);
  case PatternKind::Alt:
    return withName(altPattern(p, scope), p, scope);
  case PatternKind::Var:
    return varPattern(p, scope);
  case PatternKind::Literal:
    return withName(literalPattern(p), p, scope);
  case PatternKind::Any:
    return newPat(PatKind::Any, p.range);
  case PatternKind::List:
    error(p.range, "pat-list", "a list of patterns stands only for a variadic operand");
    return newPat(PatKind::Any, p.range);
  case PatternKind::Error:
    break;
  }
  failed = true;
  return newPat(PatKind::Any, p.range);
}

/// `p as name`, for patterns whose value is meant.
PatPtr RuleChecker::withName(PatPtr p, const ast::Pattern &from, Scope &scope) {
  if (!from.as)
    return p;
  PatPtr b = newPat(PatKind::Bind, p->range);
  b->slot = slotOf(from.as, scope, from.asIndex);
  if (rule->slots[b->slot].type.any())
    rule->slots[b->slot].type = TypeKind::Value;
  mention(b->slot, true, from.as.range);
  bindDefinite(b->slot);
  b->kids.push_back(std::move(p));
  return b;
}

PatPtr RuleChecker::varPattern(const ast::Pattern &p, Scope &scope) {
  if (auto it = scope.params.find(p.name.text); it != scope.params.end()) {
    if (p.optional || p.type)
      error(p.range, "pat-fragment",
            fmt::format("properties of parameter `{}` are given where the fragment is used",
                        p.name.text));
    return paramPattern(p, it->second);
  }
  PatPtr out = newPat(PatKind::Var, p.range);
  bool nameless = p.name.text == "_";
  bool fresh = nameless || !scope.names.count(p.name.text);
  if (nameless) {
    out->slot = newSlot("_", {}, p.range);
    markMember(out->slot);
  } else {
    out->slot = slotOf(p.name, scope, p.index);
  }
  SlotInfo &info = rule->slots[out->slot];
  if (!info.type.is(TypeKind::Value) && !info.type.any())
    error(p.range, "pat-type",
          fmt::format("`{}` is `{}` elsewhere, and a value here", p.name.text, info.type.str()))
        .note(info.range, "there");
  if (fresh || info.type.any())
    info.type = Type(TypeKind::Value).withOptional(p.optional);
  else if (p.optional != info.type.optional && p.optional)
    error(p.range, "pat-optional",
          fmt::format("`{}` is optional here but not where it was named first", p.name.text))
        .note(info.range, "named here");
  out->optional = p.optional;
  if (p.type)
    out->type = typePattern(*p.type, out->slot, scope);
  // Contents that a property fixes are not lost.
  auto fixes = [](ValuePredicate v) {
    return v == ValuePredicate::Zero || v == ValuePredicate::One || v == ValuePredicate::Identity ||
           v == ValuePredicate::Arange;
  };
  bool fixed = out->type && llvm::any_of(out->type->predicates, fixes);
  if (fresh && info.stmt < 0 && !nameless && !fixed)
    captures.push_back({out->slot, fmt::format("operand `{}`", p.name.text), p.range});
  mention(out->slot, true, p.range);
  bindDefinite(out->slot);
  return withName(std::move(out), p, scope);
}

PatPtr RuleChecker::paramPattern(const ast::Pattern &p, Scope::Param &param) {
  const ast::Pattern &arg = *param.pattern;
  if (arg.kind == PatternKind::Var || arg.kind == PatternKind::Literal ||
      arg.kind == PatternKind::Any)
    return pattern(arg, *param.caller);
  // A larger pattern is the same value wherever the parameter occurs.
  if (param.slot < 0) {
    param.slot = int(newSlot(p.name.text, TypeKind::Value, p.range));
    markMember(unsigned(param.slot));
    bindDefinite(unsigned(param.slot));
  }
  PatPtr b = newPat(PatKind::Bind, p.range);
  b->slot = unsigned(param.slot);
  mention(b->slot, true);
  b->kids.push_back(pattern(arg, *param.caller));
  return b;
}

PatPtr RuleChecker::literalPattern(const ast::Pattern &p) {
  PatPtr out = newPat(PatKind::Literal, p.range);
  auto number = [&](const ast::Expr &e) -> double {
    Scope empty;
    empty.file = top.file;
    CodePtr c = expr(e, empty);
    if (c->kind == CodeKind::Const && c->constant.isNumber())
      return c->constant.asDouble();
    error(e.range, "pat-literal", "a literal operand is a number");
    return 0;
  };
  if (p.literal)
    out->literal = number(*p.literal);
  if (p.tolerance) {
    out->tolerance = number(*p.tolerance);
    if (!(out->tolerance >= 0))
      error(p.tolerance->range, "pat-literal", "a tolerance is not negative");
  }
  return out;
}

/// Checks alternatives one by one: what all bind is bound, what some bind is partial.
PatPtr RuleChecker::altPattern(const ast::Pattern &p, Scope &scope) {
  PatPtr out = newPat(PatKind::Alt, p.range);
  std::set<unsigned> before = bound, all;
  for (const ast::PatternPtr &k : p.kids) {
    bound = before;
    out->kids.push_back(pattern(*k, scope));
    for (unsigned s : bound) {
      if (!before.count(s))
        partial.insert(s);
    }
    if (out->kids.size() == 1) {
      all = bound;
    } else {
      std::set<unsigned> both;
      std::set_intersection(all.begin(), all.end(), bound.begin(), bound.end(),
                            std::inserter(both, both.end()));
      all = std::move(both);
    }
  }
  bound = std::move(all);
  out->where.resize(out->kids.size());
  out->results.resize(out->kids.size());
  return out;
}

PatPtr RuleChecker::fragPattern(const ast::Pattern &p, const ast::FragDecl &frag, Scope &scope) {
  PatPtr out = newPat(PatKind::Alt, p.range);
  for (const void *e : expanding) {
    if (e == &frag) {
      error(p.range, "pat-recursion", fmt::format("fragment `{}` uses itself", frag.name.text))
          .note(frag.name.range, "declared here");
      poison(p, scope);
      return newPat(PatKind::Any, p.range);
    }
  }
  std::vector<const ast::Pattern *> args;
  for (const ast::PatternArg &a : p.args) {
    if (a.kind == ast::PatternArg::Operand && !a.name)
      args.push_back(a.pattern.get());
    else
      error(a.range, "pat-fragment", "arguments of a fragment are given by position");
  }
  if (args.size() != frag.params.size()) {
    error(p.range, "pat-arity",
          fmt::format("fragment `{}` takes {} arguments, {} given", frag.name.text,
                      frag.params.size(), args.size()))
        .note(frag.name.range, "declared here");
    poison(p, scope);
    return newPat(PatKind::Any, p.range);
  }
  if (p.optional)
    error(p.range, "pat-fragment", "a fragment cannot be optional; add an alternative to it");
  expanding.push_back(&frag);
  unsigned errorsBefore = diags.errorCount();
  std::set<unsigned> before = bound, all;
  std::vector<Scope::Param> params;
  for (const ast::Pattern *a : args)
    params.push_back({a, &scope, -1});
  for (const ast::FragAlt &alt : frag.alts) {
    bound = before;
    fragScopes.push_back(std::make_unique<Scope>());
    Scope &inner = *fragScopes.back();
    inner.file = decls.homes.at(&frag);
    for (size_t i = 0; i < params.size(); ++i)
      inner.params[frag.params[i].text] = params[i];
    out->kids.push_back(pattern(*alt.pattern, inner));
    // Values of larger arguments are the same in each alternative.
    for (size_t i = 0; i < params.size(); ++i)
      params[i].slot = inner.params[frag.params[i].text].slot;
    for (unsigned s : bound) {
      if (!before.count(s))
        partial.insert(s);
    }
    // Inside the alternative's own expressions its names are bound.
    for (const auto &n : inner.names)
      partial.erase(n.second);
    std::set<unsigned> now = bound;
    if (out->kids.size() == 1) {
      all = std::move(now);
    } else {
      std::set<unsigned> both;
      std::set_intersection(all.begin(), all.end(), now.begin(), now.end(),
                            std::inserter(both, both.end()));
      all = std::move(both);
    }
    pendingAlts.push_back({&alt, &inner, out.get(), out->kids.size() - 1, currentSet});
  }
  bound = std::move(all);
  expanding.pop_back();
  if (diags.errorCount() > errorsBefore) {
    diags.error(p.name.range, "pat-call", fmt::format("in this use of `{}`", frag.name.text));
    poison(p, scope);
  }
  out->where.resize(out->kids.size());
  out->results.resize(out->kids.size());
  bool hasRecord =
      llvm::any_of(frag.alts, [](const ast::FragAlt &a) { return a.result != nullptr; });
  if (!p.as)
    return out;
  if (!hasRecord)
    return withName(std::move(out), p, scope);
  unsigned slot = slotOf(p.as, scope, p.asIndex);
  if (rule->slots[slot].type.is(TypeKind::Value) || bound.count(slot))
    error(p.as.range, "pat-name", fmt::format("`{}` already stands for something", p.as.text));
  bindDefinite(slot);
  out->resultSlot = int(slot);
  return out;
}

PatPtr RuleChecker::opPattern(const ast::Pattern &p, Scope &scope) {
  if (p.trait)
    return traitPattern(p, scope);
  bool ownStmt = std::exchange(topOfStmt, false);
  if (const ast::FragDecl *f = findFrag(p.name, scope)) {
    if (!f->broken)
      return fragPattern(p, *f, scope);
    failed = true;
    poison(p, scope);
    return newPat(PatKind::Any, p.range);
  }
  const OpInfo *info = findOp(p.name, scope);
  if (!info) {
    poison(p, scope);
    return newPat(PatKind::Any, p.range);
  }
  if (info->results.size() != 1 && !ownStmt)
    error(p.range, "pat-arity",
          fmt::format("{} has several results; give it a statement of its own: `(a, b) = {}(...)`",
                      info->name, info->name));
  PatPtr out = newPat(PatKind::Op, p.range);
  out->kinds = {info->kind};
  out->bothOrders = info->has(Trait::Commutative) && !p.ordered;
  out->operands.resize(info->operands.size());
  out->mentioned.resize(info->attrs.size(), false);
  std::set<unsigned> before = bound;
  ++rule->opCount;
  unsigned next = 0;
  for (const ast::PatternArg &a : p.args) {
    if (a.kind == ast::PatternArg::Rest) {
      restArg(a, info, *out, scope);
      continue;
    }
    if (a.kind != ast::PatternArg::Operand) {
      attrArg(a, *info, *out, scope);
      continue;
    }
    const ast::Pattern &arg = *a.pattern;
    bool bare = !a.name && arg.kind == PatternKind::Var && !arg.type && !arg.optional &&
                !arg.index && !arg.as;
    if (bare && info->attrIndex(arg.name.text) >= 0 && !scope.params.count(arg.name.text)) {
      attrArg(a, *info, *out, scope);
      continue;
    }
    int index = a.name ? info->operandIndex(a.name.text) : int(next++);
    if (index < 0 || unsigned(index) >= info->operands.size()) {
      error(a.range, "pat-arity",
            fmt::format("{} takes {} operands", info->name, info->operands.size()))
          .hint(info->schema());
      continue;
    }
    operandArg(a, unsigned(index), *info, *out, scope);
  }
  checkUnmentioned(p, *info, *out);
  if (p.optional)
    optionalOp(p, *out, before);
  return withName(std::move(out), p, scope);
}

static void attrSlots(const AttrPat &a, std::set<unsigned> &out) {
  if (a.kind == AttrPat::Capture)
    out.insert(a.slot);
  if (a.restSlot >= 0)
    out.insert(unsigned(a.restSlot));
  for (const AttrPat &e : a.elements)
    attrSlots(e, out);
}

/// What a pattern binds, in some way or other.
static void slotsIn(const Pat &p, std::set<unsigned> &out) {
  if (p.kind == PatKind::Var || p.kind == PatKind::Bind)
    out.insert(p.slot);
  for (int s : {p.opSlot, p.restSlot, p.attrSlot, p.resultSlot}) {
    if (s >= 0)
      out.insert(unsigned(s));
  }
  for (const AttrPat &a : p.attrs)
    attrSlots(a, out);
  for (const DimPat &d : p.type ? p.type->dims : std::vector<DimPat>()) {
    if (d.slot >= 0)
      out.insert(unsigned(d.slot));
  }
  for (const auto *list : {&p.operands, &p.elements, &p.kids}) {
    for (const PatPtr &k : *list) {
      if (k)
        slotsIn(*k, out);
    }
  }
}

/// `op?(x, ...)`: names bound inside, except through x itself, are optional.
void RuleChecker::optionalOp(const ast::Pattern &p, Pat &pat, const std::set<unsigned> &before) {
  pat.optional = true;
  if (pat.operands.empty() || !pat.operands[0]) {
    error(p.range, "pat-optional", "an op that may be missing needs its first operand's pattern");
    return;
  }
  std::set<unsigned> through;
  slotsIn(*pat.operands[0], through);
  for (unsigned s : bound) {
    if (before.count(s) || through.count(s))
      continue;
    rule->slots[s].type.optional = true;
    pat.ownSlots.push_back(s);
  }
}

PatPtr RuleChecker::traitPattern(const ast::Pattern &p, Scope &scope) {
  topOfStmt = false;
  if (p.repeat != ast::Pattern::Once)
    return chainPattern(p, scope);
  PatPtr out = newPat(PatKind::Op, p.range);
  std::vector<OpKind> listed;
  uint32_t bits = traits(p, listed);
  if (!bits && listed.empty()) {
    poison(p, scope);
    return newPat(PatKind::Any, p.range);
  }
  ++rule->opCount;
  unsigned operands = 0;
  for (const ast::PatternArg &a : p.args)
    operands += a.kind == ast::PatternArg::Operand;
  bool allCommute = true, anyAttrs = false;
  for (const OpInfo &info : allOps()) {
    bool meant = (bits && info.has(bits)) || llvm::is_contained(listed, info.kind);
    if (!meant || info.isVariadic() || info.results.size() != 1 || info.results[0].variadic ||
        info.operands.size() < operands)
      continue;
    // Fewer patterns than operands: the others must be optional, and absent.
    bool fits = true;
    for (size_t i = operands; i < info.operands.size(); ++i)
      fits &= info.operands[i].kind == OperandKind::Optional;
    if (!fits)
      continue;
    out->kinds.push_back(info.kind);
    allCommute &= info.has(Trait::Commutative);
    anyAttrs |= !info.attrs.empty();
  }
  if (out->kinds.empty())
    error(p.range, "pat-trait",
          fmt::format("no op with trait `{}` takes {} operands", p.trait.text, operands));
  if (p.name.text == "_") {
    error(p.name.range, "pat-name", "an op that is known by a trait needs a name");
    return out;
  }
  bool isNew = !scope.names.count(p.name.text);
  unsigned slot = slotOf(p.name, scope);
  if (isNew)
    rule->slots[slot].type = TypeKind::Op;
  else if (!rule->slots[slot].type.is(TypeKind::Op))
    error(p.name.range, "pat-name", fmt::format("`{}` already stands for something", p.name.text));
  mention(slot, true, p.name.range);
  bindDefinite(slot);
  out->opSlot = int(slot);
  out->bothOrders = allCommute && !p.ordered && operands >= 2;
  for (const ast::PatternArg &a : p.args) {
    if (a.kind == ast::PatternArg::Rest)
      restArg(a, nullptr, *out, scope);
    else if (a.kind == ast::PatternArg::Operand && !a.name)
      out->operands.push_back(pattern(*a.pattern, scope));
    else
      error(a.range, "pat-trait",
            "attributes of an op that is known by a trait only: capture them with `..a`");
  }
  if (out->attrsFree && anyAttrs)
    lost.push_back({p.name.text, {}, currentStmt, p.range});
  return withName(std::move(out), p, scope);
}

} // namespace wnnx::pat
