// SPDX-License-Identifier: Apache-2.0
//
// Checks what stands between the parentheses of an op in a pattern, and behind a name's colon.
#include "OtherNames.h"
#include "SemaImpl.h"
#include "ValuePredicates.h"

#include "fmt/format.h"
#include "llvm/ADT/StringRef.h"

namespace wnnx::pat {

using ast::PatternKind;

/// Whether an operand of so many dimensions can be what the table of ops says of it: a doc that is
/// a list of sizes, "[O, I]" or "[N, C, ...]", says the rank. Others say nothing.
static bool rankFits(const OperandInfo &o, size_t dims, bool more) {
  llvm::StringRef doc(o.doc.data(), o.doc.size());
  if (!doc.consume_front("[") || !doc.consume_back("]") || doc.contains(']'))
    return true;
  bool open = doc.contains("...");
  size_t rank = size_t(doc.count(',')) + 1 - open;
  return more ? open || dims <= rank : open ? dims >= rank : dims == rank;
}

/// The dimensions that a pattern asks of an operand are as many as the op's schema says.
void RuleChecker::checkRank(const ast::Pattern &arg, const OperandInfo &o, const OpInfo &info) {
  if (!arg.type || !arg.type->hasDims)
    return;
  size_t dims = 0;
  for (const ast::DimPattern &d : arg.type->dims)
    dims += d.kind != ast::DimPattern::Rest;
  bool more = dims < arg.type->dims.size();
  if (!rankFits(o, dims, more))
    error(arg.range, "pat-rank",
          fmt::format("operand `{}` of {} is {}, and never has {}{} dimension{}", o.name, info.name,
                      o.doc, dims, more ? " or more" : "", dims == 1 && !more ? "" : "s"))
        .hint(info.schema());
}

void RuleChecker::operandArg(const ast::PatternArg &a, unsigned index, const OpInfo &info, Pat &pat,
                             Scope &scope) {
  const OperandInfo &o = info.operands[index];
  bool group = o.kind == OperandKind::Variadic || o.kind == OperandKind::OptionalVariadic;
  const ast::Pattern &arg = *a.pattern;
  if (pat.operands[index] || (group && pat.variadic)) {
    error(a.range, "pat-arity",
          fmt::format("operand `{}` of {} is given twice", o.name, info.name));
    return;
  }
  if (group) {
    if (arg.kind == PatternKind::List) {
      pat.variadic = true;
      return elements(arg, pat, scope);
    }
    error(a.range, "pat-list",
          fmt::format("operand `{}` of {} is a group: write `[a, b]` or `[..{}]`", o.name,
                      info.name, arg.kind == PatternKind::Var ? arg.name.text : "xs"))
        .hint(info.schema());
    poison(arg, scope);
    pat.variadic = true;
    return;
  }
  bool optional = arg.kind == PatternKind::Var && arg.optional;
  if (optional && o.kind != OperandKind::Optional)
    error(a.range, "pat-optional",
          fmt::format("operand `{}` of {} is always there", o.name, info.name))
        .hint(info.schema());
  else if (arg.elementOptional && !optional)
    error(a.range, "pat-optional", "only a name can be optional here")
        .hint("an op that may be missing is written `op?(...)`");
  checkRank(arg, o, info);
  pat.operands[index] = pattern(arg, scope);
}

/// Reports it, and returns the attribute that is probably meant, or -1: what is said of that one
/// must not be reported as missing as well.
int RuleChecker::unknownAttr(const ast::Name &name, const OpInfo &info) {
  std::vector<std::string_view> known;
  for (const AttrInfo &x : info.attrs)
    known.push_back(x.name);
  for (const OperandInfo &x : info.operands)
    known.push_back(x.name);
  std::string_view ours = attrKnownAs(name.text, info);
  std::string_view like = ours.empty() ? std::string_view(name.text) : ours;
  error(name.range, "pat-unknown-attr",
        fmt::format("{} has no attribute or operand `{}`{}", info.name, name.text,
                    didYouMean(like, known)))
      .fixName(like, known)
      .hint(info.schema());
  return info.attrIndex(nearestName(like, known));
}

void RuleChecker::attrArg(const ast::PatternArg &a, const OpInfo &info, Pat &pat, Scope &scope) {
  bool capture = a.kind == ast::PatternArg::Operand;
  const ast::Name &name = capture ? a.pattern->name : a.name;
  int index = info.attrIndex(name.text);
  if (index < 0) {
    index = unknownAttr(name, info);
    if (index < 0 || pat.mentioned[size_t(index)])
      return;
  }
  if (pat.mentioned[size_t(index)]) {
    error(a.range, "pat-arity",
          fmt::format("attribute `{}` of {} is given twice", name.text, info.name));
    return;
  }
  pat.mentioned[size_t(index)] = true;
  const AttrInfo &attr = info.attrs[size_t(index)];
  Type want = Type::ofAttr(attr);
  std::string what = fmt::format("attribute `{}` of {}", attr.name, info.name);
  axisAttr = attr.name == "dim" || attr.name == "dim0" || attr.name == "dim1" ||
             attr.name == "dims" || attr.name == "axis";
  AttrPat out;
  if (capture) {
    ast::Expr n;
    n.kind = ast::ExprKind::Name;
    n.text = name.text;
    n.range = n.textRange = name.range;
    out = attrPattern(n, want, what, scope);
  } else if (a.kind == ast::PatternArg::OneOf) {
    out.kind = AttrPat::OneOf;
    for (const ast::ExprPtr &c : a.choices) {
      Scope empty;
      empty.file = scope.file;
      CodePtr k = expr(*c, empty);
      if (!typeFitsAttr(k->type, attr))
        error(c->range, "pat-type", fmt::format("{} is never `{}`", what, k->type.str()))
            .hint(info.schema());
      out.choices.push_back(std::move(k));
    }
  } else {
    out = attrPattern(*a.attr, want, what, scope);
  }
  out.index = unsigned(index);
  out.range = a.range;
  pat.attrs.push_back(std::move(out));
}

/// `name = n` or, in a set, `name = n[i]`.
void RuleChecker::captureAttr(const ast::Expr &e, const std::string &index, const Type &want,
                              const std::string &what, Scope &scope, AttrPat &out) {
  bool fresh = !scope.names.count(e.text);
  out.kind = AttrPat::Capture;
  out.slot = slotOf({e.text, e.range}, scope, {index, e.range});
  SlotInfo &info = rule->slots[out.slot];
  if (fresh || info.type.any()) {
    info.type = want;
    captures.push_back({out.slot, what, e.range});
    if (axisAttr)
      axes.insert(out.slot);
  } else {
    bool same = info.type.kind == want.kind || (info.type.number() && want.number());
    if (!same && !want.any())
      error(e.range, "pat-type",
            fmt::format("`{}` is `{}` elsewhere, and {} is `{}`", e.text, info.type.str(), what,
                        want.str()))
          .note(info.range, "named here");
  }
  mention(out.slot, true, e.range);
  bindDefinite(out.slot);
}

/// `[p, q]`, `[p, q?]`, `[p, ..]`, `[..front, last]`.
void RuleChecker::listAttr(const ast::Expr &e, const Type &want, const std::string &what,
                           Scope &scope, AttrPat &out) {
  bool optional = false;
  for (const ast::Arg &a : e.args) {
    if (!a.spread) {
      std::set<unsigned> before = bound;
      AttrPat k = attrPattern(*a.value, want.element ? *want.element : Type(), what, scope);
      k.optional = a.optional;
      if (a.optional) {
        for (unsigned s : bound) {
          if (!before.count(s))
            rule->slots[s].type.optional = true;
        }
        if (k.kind == AttrPat::List || k.kind == AttrPat::OneOf)
          error(a.range, "pat-optional", "only a name, a number or `_` may be missing in a list");
      } else if (optional) {
        error(a.range, "pat-optional", "elements that may be missing stand at the end");
      }
      optional |= a.optional;
      out.elements.push_back(std::move(k));
      continue;
    }
    if (out.hasRest)
      error(a.range, "pat-type", "`..` stands once in a list");
    out.hasRest = true;
    out.restAt = unsigned(out.elements.size());
    if (!a.value || (a.value->kind == ast::ExprKind::Name && a.value->text == "_"))
      continue;
    const ast::Expr *part = memberName(*a.value);
    const ast::Expr &n = part ? *part : *a.value;
    if (n.kind != ast::ExprKind::Name) {
      error(a.range, "pat-type", "behind `..` stands a name");
      continue;
    }
    AttrPat rest;
    captureAttr(n, part ? a.value->items[0].at->text : "", want.withOptional(false), what, scope,
                rest);
    out.restSlot = int(rest.slot);
  }
  if (optional && out.hasRest)
    error(e.range, "pat-optional", "a list has `..` or elements that may be missing, not both");
}

/// A name captures, a list takes its elements apart, everything else must be equal.
AttrPat RuleChecker::attrPattern(const ast::Expr &e, const Type &want, const std::string &what,
                                 Scope &scope) {
  AttrPat out;
  out.range = e.range;
  if (const ast::Expr *part = memberName(e)) {
    captureAttr(*part, e.items[0].at->text, want, what, scope, out);
    return out;
  }
  if (e.kind == ast::ExprKind::Name) {
    if (e.text == "_")
      return out;
    if (auto p = scope.params.find(e.text); p != scope.params.end()) {
      const ast::Pattern &arg = *p->second.pattern;
      if (arg.kind == PatternKind::Literal)
        return attrPattern(*arg.literal, want, what, *p->second.caller);
      if (arg.kind == PatternKind::Any)
        return out;
      if (arg.kind == PatternKind::Var) {
        ast::Expr n;
        n.kind = ast::ExprKind::Name;
        n.text = arg.name.text;
        n.range = n.textRange = arg.range;
        return attrPattern(n, want, what, *p->second.caller);
      }
      error(e.range, "pat-fragment",
            fmt::format("`{}` is an attribute here; its argument must be a number, a name or `_`",
                        e.text));
      return out;
    }
    bool builtin = e.text == "MAX" || e.text == "inf" || e.text == "nan" || e.text == "pi" ||
                   (parseDType(e.text) && !scope.names.count(e.text));
    if (!builtin) {
      captureAttr(e, "", want, what, scope, out);
      return out;
    }
  }
  if (e.kind == ast::ExprKind::List && want.is(TypeKind::List)) {
    out.kind = AttrPat::List;
    listAttr(e, want, what, scope, out);
    return out;
  }
  out.kind = AttrPat::Equal;
  bool literal = e.kind == ast::ExprKind::Int || e.kind == ast::ExprKind::Float ||
                 e.kind == ast::ExprKind::Str || e.kind == ast::ExprKind::Bool ||
                 e.kind == ast::ExprKind::None || e.kind == ast::ExprKind::Name ||
                 (e.kind == ast::ExprKind::Unary && e.kids[0]->kind != ast::ExprKind::Name);
  if (literal) {
    Scope empty;
    empty.file = scope.file;
    out.code = expr(e, empty);
    Type t = out.code->type;
    bool fits = t.any() || t.kind == want.kind || (t.number() && want.is(TypeKind::Float)) ||
                (t.is(TypeKind::None) && want.optional) || want.any();
    if (!fits)
      error(e.range, "pat-type", fmt::format("{} is `{}`, never `{}`", what, want.str(), t.str()));
  } else {
    // Names in it may be bound by a later part of the pattern.
    out.code = std::make_unique<Code>();
    out.code->range = e.range;
    pendingAttrs.push_back({&e, &scope, out.code.get(), want, what, currentSet});
  }
  return out;
}

void RuleChecker::restArg(const ast::PatternArg &a, const OpInfo *info, Pat &pat, Scope &scope) {
  if (pat.attrsFree || pat.attrSlot >= 0) {
    error(a.range, "pat-arity", "`..` is given twice");
    return;
  }
  if (!a.name) {
    pat.attrsFree = true;
    return;
  }
  if (scope.names.count(a.name.text) && !a.index) {
    error(a.range, "pat-name", fmt::format("`{}` already stands for something", a.name.text));
    return;
  }
  unsigned slot = slotOf(a.name, scope, a.index);
  rule->slots[slot].type = TypeKind::Record; // fields are set when all arguments were read
  pat.attrSlot = int(slot);
  captures.push_back(
      {slot, fmt::format("`..{}`{}", a.name.text, info ? fmt::format(" of {}", info->name) : ""),
       a.name.range});
  mention(slot, true);
  bindDefinite(slot);
}

/// The place before the bracket with which a pattern ends.
static SourceRange beforeClose(SourceRange r) {
  size_t close = r.file->text().substr(0, r.end).rfind(')');
  if (close == std::string_view::npos || close < r.begin)
    return {r.file, r.end, r.end};
  return {r.file, uint32_t(close), uint32_t(close)};
}

void RuleChecker::checkUnmentioned(const ast::Pattern &p, const OpInfo &info, Pat &pat) {
  for (size_t i = 0; i < info.operands.size(); ++i) {
    OperandKind k = info.operands[i].kind;
    bool missing = k == OperandKind::Single     ? !pat.operands[i]
                   : k != OperandKind::Optional ? !pat.variadic
                                                : false;
    if (missing)
      error(p.range, "pat-arity",
            fmt::format("{} needs a pattern for operand `{}`", info.name, info.operands[i].name))
          .hint(info.schema());
  }
  std::vector<std::pair<std::string, Type>> rest;
  std::vector<std::string> restNames;
  for (size_t i = 0; i < info.attrs.size(); ++i) {
    if (pat.mentioned[i])
      continue;
    rest.push_back({std::string(info.attrs[i].name), Type::ofAttr(info.attrs[i])});
    restNames.push_back(std::string(info.attrs[i].name));
    if (info.attrs[i].required && !pat.attrsFree && pat.attrSlot < 0)
      error(p.range, "pat-arity",
            fmt::format("attribute `{}` of {} has no default: say what it must be, capture it, or "
                        "write `{} = _`",
                        info.attrs[i].name, info.name, info.attrs[i].name))
          .hint(info.schema())
          .fix(beforeClose(p.range), fmt::format(", {} = _", info.attrs[i].name));
  }
  if (pat.attrsFree && !rest.empty())
    lost.push_back({std::string(info.name), restNames, currentStmt, p.range});
  if (pat.attrSlot >= 0) {
    SlotInfo &slot = rule->slots[size_t(pat.attrSlot)];
    slot.type = Type::record(rest);
    if (rest.empty()) // nothing to lose
      mention(unsigned(pat.attrSlot), false);
  }
}

std::unique_ptr<TypePat> RuleChecker::typePattern(const ast::TypePattern &t, unsigned slot,
                                                  Scope &scope) {
  auto out = std::make_unique<TypePat>();
  out->isConst = t.isConst;
  out->dtype = t.dtype;
  out->hasDims = t.hasDims;
  rule->slots[slot].type.constant |= t.isConst;
  bool rest = false;
  for (const ast::DimPattern &d : t.dims) {
    DimPat dim;
    switch (d.kind) {
    case ast::DimPattern::Int:
      dim.kind = DimPat::Size;
      dim.size = d.size;
      break;
    case ast::DimPattern::Any:
      break;
    case ast::DimPattern::Named:
      dim.kind = DimPat::Slot;
      break;
    case ast::DimPattern::Rest:
      dim.kind = DimPat::Rest;
      if (rest)
        error(d.range, "pat-type", "`..` stands once among dimensions");
      rest = true;
      break;
    }
    if (d.name) {
      Type want = d.kind == ast::DimPattern::Rest ? Type::list(TypeKind::Int) : Type(TypeKind::Int);
      bool fresh = !scope.names.count(d.name.text);
      dim.slot = int(slotOf(d.name, scope, d.index));
      SlotInfo &info = rule->slots[size_t(dim.slot)];
      if (fresh)
        info.type = want;
      else if (info.type.kind != want.kind)
        error(d.range, "pat-type",
              fmt::format("`{}` is `{}` elsewhere, and `{}` here", d.name.text, info.type.str(),
                          want.str()))
            .note(info.range, "named here");
      mention(unsigned(dim.slot), true, d.range);
      bindDefinite(unsigned(dim.slot));
      // The dimensions of an operand that may be absent are known only if it is there.
      if (rule->slots[slot].type.optional && fresh)
        partial.insert(unsigned(dim.slot)), bound.erase(unsigned(dim.slot));
    }
    out->dims.push_back(dim);
  }
  llvm::ArrayRef<ValuePredicateInfo> known = valuePredicates();
  for (const ast::Name &n : t.predicates) {
    auto it = llvm::find_if(known, [&](const auto &k) { return k.name == n.text; });
    if (it == known.end()) {
      std::vector<std::string_view> names;
      for (const auto &k : known)
        names.push_back(k.name);
      error(n.range, "pat-predicate",
            fmt::format("unknown property `{}`{}", n.text, didYouMean(n.text, names)))
          .fixName(n.text, names)
          .hint(fmt::format("properties are {}", fmt::join(names, ", ")));
      continue;
    }
    if (!t.isConst && !it->ofRuntime)
      error(n.range, "pat-predicate", fmt::format("`{}` can only be known of a constant", n.text))
          .hint("write `const` in front");
    out->predicates.push_back(it->id);
  }
  return out;
}

} // namespace wnnx::pat
