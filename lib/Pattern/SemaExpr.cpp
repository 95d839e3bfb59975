// SPDX-License-Identifier: Apache-2.0
//
// Types and resolves expressions.
#include "SemaImpl.h"

#include "fmt/format.h"

#include <limits>

namespace wnnx::pat {

/// Expressions of one rule, with functions expanded.
static constexpr unsigned maxCode = 20000;

using ast::Expr;
using ast::ExprKind;

CodePtr RuleChecker::code(CodeKind k, const Expr &e, Type t) {
  auto c = std::make_unique<Code>();
  c->kind = k;
  c->range = e.range;
  c->type = std::move(t);
  if (++codeNodes == maxCode)
    error(decl.name.range, "pat-size", "the rule's expressions are too large once expanded");
  return c;
}

/// What the range is used as, for messages.
bool RuleChecker::present1(const Code &c, const std::string &what) {
  if (!c.type.optional)
    return true;
  if (c.kind == CodeKind::Slot && present.count(c.slot))
    return true;
  error(c.range, "pat-optional", fmt::format("{} may be absent here", what))
      .hint("give what to use then with `?? ...`, or ask `has(...)` first");
  return false;
}

bool RuleChecker::boolean(const Code &c, const std::string &what) {
  if (c.type.is(TypeKind::Bool) || c.type.any())
    return present1(c, what);
  error(c.range, "pat-type", fmt::format("{} is `{}`, not `bool`", what, c.type.str()));
  return false;
}

/// How a name in a pattern is written with `const` behind it, and the change that does so.
static std::pair<std::string, FixIt> asConstant(SourceRange name) {
  std::string_view text = name.file->text();
  size_t at = name.end;
  if (at < text.size() && text[at] == '[') // of a set
    at = std::min(text.find(']', at), text.size() - 1) + 1;
  if (at < text.size() && text[at] == '?')
    ++at;
  std::string head(text.substr(name.begin, at - name.begin));
  bool typed = at < text.size() && text[at] == ':';
  uint32_t where = uint32_t(at + typed);
  return {head + ": const", {{name.file, where, where}, typed ? " const" : ": const"}};
}

bool RuleChecker::arithmetic(const Code &c, const std::string &what) {
  if (c.type.runtime()) {
    auto e = error(c.range, "pat-type",
                   fmt::format("{} is a value of the graph, whose numbers are not known when rules "
                               "run",
                               what));
    const Code &name = c.kind == CodeKind::Index ? *c.kids[0] : c; // of a set: `w[i]`
    if (name.kind == CodeKind::Slot && rule->slots[name.slot].range) {
      auto [written, fix] = asConstant(rule->slots[name.slot].range);
      e.note(rule->slots[name.slot].range, "captured here")
          .hint(
              fmt::format("if it must be a constant, write `{}`; to compute with it in the model, "
                          "use an op such as `mul(a, b)`",
                          written))
          .fix(fix.range, fix.text);
    }
    return false;
  }
  if (!c.type.number() && !c.type.tensorLike()) {
    error(c.range, "pat-type",
          fmt::format("{} is `{}`, not a number or a tensor", what, c.type.str()));
    return false;
  }
  return present1(c, what);
}

CodePtr RuleChecker::expr(const Expr &e, Scope &scope) {
  if (codeNodes > maxCode)
    return code(CodeKind::Const, e, {});
  switch (e.kind) {
  case ExprKind::Int: {
    CodePtr c = code(CodeKind::Const, e, TypeKind::Int);
    c->constant = e.intValue;
    return c;
  }
  case ExprKind::Float: {
    CodePtr c = code(CodeKind::Const, e, TypeKind::Float);
    c->constant = e.floatValue;
    return c;
  }
  case ExprKind::Str: {
    CodePtr c = code(CodeKind::Const, e, TypeKind::Str);
    c->constant = e.text;
    return c;
  }
  case ExprKind::Bool: {
    CodePtr c = code(CodeKind::Const, e, TypeKind::Bool);
    c->constant = e.intValue != 0;
    return c;
  }
  case ExprKind::None: {
    CodePtr c = code(CodeKind::Const, e, Type(TypeKind::None).withOptional(true));
    c->constant = Datum::absent();
    return c;
  }
  case ExprKind::Name:
    return name(e, scope);
  case ExprKind::Unary:
    return unary(e, scope);
  case ExprKind::Binary:
    return binary(e, scope);
  case ExprKind::Ternary:
    return ternary(e, scope);
  case ExprKind::Call:
    return call(e, scope);
  case ExprKind::Field:
    return field(e, scope);
  case ExprKind::Index:
    return index(e, scope);
  case ExprKind::List:
    return list(e, scope);
  case ExprKind::Comprehension:
    return comprehension(e, scope);
  case ExprKind::Flat:
    return flatExpr(e, scope);
  case ExprKind::Record: {
    CodePtr c = code(CodeKind::Record, e, {});
    std::vector<std::pair<std::string, Type>> fields;
    for (const ast::Arg &a : e.args) {
      if (!a.name) {
        error(a.range, "pat-record", "an entry of a record needs a name");
        continue;
      }
      c->kids.push_back(expr(*a.value, scope));
      c->names.push_back(a.name.text);
      fields.push_back({a.name.text, c->kids.back()->type});
    }
    c->type = Type::record(std::move(fields));
    return c;
  }
  case ExprKind::Range: {
    CodePtr c = code(CodeKind::Range, e, Type::list(TypeKind::Int));
    for (const ast::ExprPtr &k : e.kids) {
      if (!k) {
        error(e.range, "pat-range", "a range needs both ends here");
        c->type = {};
        return c;
      }
      c->kids.push_back(expr(*k, scope));
      const Type &t = c->kids.back()->type;
      if (!t.is(TypeKind::Int) && !t.any())
        error(k->range, "pat-type", fmt::format("the end of a range is `{}`, not `int`", t.str()));
    }
    return c;
  }
  case ExprKind::Error:
    break;
  }
  return code(CodeKind::Const, e, {});
}

CodePtr RuleChecker::name(const Expr &e, Scope &scope) {
  if (auto p = scope.params.find(e.text); p != scope.params.end()) {
    // A parameter of a fragment used as a number or a value.
    const ast::Pattern &arg = *p->second.pattern;
    if (p->second.slot >= 0) {
      mention(unsigned(p->second.slot), false);
      CodePtr c = code(CodeKind::Slot, e, rule->slots[size_t(p->second.slot)].type);
      c->slot = unsigned(p->second.slot);
      return c;
    }
    if (arg.kind == ast::PatternKind::Literal)
      return expr(*arg.literal, *p->second.caller);
    if (arg.kind == ast::PatternKind::Var) {
      Expr n;
      n.kind = ExprKind::Name;
      n.range = n.textRange = e.range;
      n.text = arg.name.text;
      return name(n, *p->second.caller);
    }
  }
  if (auto it = scope.names.find(e.text); it != scope.names.end()) {
    unsigned slot = it->second;
    mention(slot, false);
    if (awaited.count(slot))
      error(e.range, "pat-replaced",
            fmt::format("`{}` is replaced by this rule, so the right side cannot use the old one; "
                        "what is needed of it, such as its shape, can be named by a `let`",
                        e.text));
    if (partial.count(slot) && !bound.count(slot) && rule->slots[slot].let < 0) {
      error(e.range, "pat-partial",
            fmt::format("`{}` is bound in only some of the alternatives", e.text))
          .note(rule->slots[slot].range, "bound here")
          .hint("bind it in each alternative, or return it in the fragment's record");
      return code(CodeKind::Const, e, {});
    }
    const SlotInfo &info = rule->slots[slot];
    bool part = info.set >= 0 && info.set == currentSet;
    if (part && !memberPart && &scope == &top)
      error(e.range, "pat-set", fmt::format("each member has its own `{}`", e.text))
          .hint(
              fmt::format("write `{}[{}]`", e.text, decl.match[size_t(currentSet)].setIndex.text));
    CodePtr c = code(CodeKind::Slot, e, info.set >= 0 && !part ? Type::list(info.type) : info.type);
    c->slot = slot;
    return c;
  }
  auto constant = [&](Datum d, Type t) {
    CodePtr c = code(CodeKind::Const, e, std::move(t));
    c->constant = std::move(d);
    return c;
  };
  if (e.text == "MAX")
    return constant(std::numeric_limits<int64_t>::max(), TypeKind::Int);
  if (e.text == "inf")
    return constant(std::numeric_limits<double>::infinity(), TypeKind::Float);
  if (e.text == "nan")
    return constant(std::numeric_limits<double>::quiet_NaN(), TypeKind::Float);
  if (e.text == "pi")
    return constant(3.14159265358979323846, TypeKind::Float);
  if (e.text == "target")
    return constant(std::string("target"), TypeKind::Target);
  if (std::optional<DType> d = parseDType(e.text))
    return constant(*d, TypeKind::DType);
  std::vector<std::string_view> known;
  for (const auto &n : scope.names)
    known.push_back(n.first);
  namesUnclear = true;
  if (e.text == "_")
    error(e.range, "pat-unbound", "`_` stands for no particular thing and cannot be used");
  else
    error(e.range, "pat-unbound",
          fmt::format("`{}` is not bound in `match`{}", e.text, didYouMean(e.text, known)))
        .fixName(e.text, known);
  return code(CodeKind::Const, e, {});
}

CodePtr RuleChecker::unary(const Expr &e, Scope &scope) {
  CodePtr k = expr(*e.kids[0], scope);
  Type t = k->type;
  if (e.text == "!") {
    boolean(*k, "the operand of `!`");
    t = TypeKind::Bool;
  } else {
    if (!arithmetic(*k, "the operand of `-`"))
      t = {};
    if (t.is(TypeKind::Value))
      t = TypeKind::Tensor;
  }
  // A negative literal is a literal.
  if (k->kind == CodeKind::Const && e.text == "-" && k->constant.isNumber()) {
    if (auto *i = k->constant.as<int64_t>())
      k->constant = -*i;
    else
      k->constant = -k->constant.asDouble();
    k->range = e.range;
    return k;
  }
  CodePtr c = code(CodeKind::Unary, e, t.withOptional(false));
  c->text = e.text;
  c->kids.push_back(std::move(k));
  return c;
}

/// Slots that are there whenever the condition holds: `has(x) && ...`.
std::set<unsigned> RuleChecker::shownPresent(const Code &c) {
  if (c.kind == CodeKind::Has && c.kids[0]->kind == CodeKind::Slot)
    return {c.kids[0]->slot};
  if (c.kind == CodeKind::Binary && c.text == "&&") {
    std::set<unsigned> s = shownPresent(*c.kids[0]);
    s.merge(shownPresent(*c.kids[1]));
    return s;
  }
  return {};
}

CodePtr RuleChecker::binary(const Expr &e, Scope &scope) {
  const std::string &op = e.text;
  CodePtr a = expr(*e.kids[0], scope);
  std::set<unsigned> saved = present;
  if (op == "&&") {
    for (unsigned s : shownPresent(*a))
      present.insert(s);
  }
  CodePtr b = expr(*e.kids[1], scope);
  present = std::move(saved);
  std::string what = fmt::format("the operand of `{}`", op);
  compareAxes(e, *a, *b);
  Type t;
  CodeKind kind = CodeKind::Binary;
  if (op == "&&" || op == "||") {
    boolean(*a, what);
    boolean(*b, what);
    t = TypeKind::Bool;
  } else if (op == "??") {
    kind = CodeKind::Coalesce;
    if (!a->type.optional && !a->type.any())
      error(a->range, "pat-optional", "the left side of `??` is never absent")
          .hint("remove `?? ...`");
    t = joinTypes(a->type.withOptional(false), b->type);
    if (a->type.runtime() != b->type.runtime() && !a->type.any() && !b->type.any() &&
        (a->type.runtime() ? !b->type.tensorLike() : !a->type.tensorLike()))
      error(e.range, "pat-type",
            fmt::format("the sides of `??` are `{}` and `{}`", a->type.str(), b->type.str()));
  } else if (op == "==" || op == "!=") {
    t = TypeKind::Bool;
    auto group = [](const Type &x) {
      return x.is(TypeKind::Float)    ? TypeKind::Int
             : x.is(TypeKind::Tensor) ? TypeKind::Value
                                      : x.kind;
    };
    bool none = a->type.is(TypeKind::None) || b->type.is(TypeKind::None);
    if (!none && !a->type.any() && !b->type.any() && group(a->type) != group(b->type))
      error(e.range, "pat-type",
            fmt::format("`{}` and `{}` are never equal", a->type.str(), b->type.str()));
  } else if (op == "<" || op == "<=" || op == ">" || op == ">=") {
    for (const CodePtr *c : {&a, &b}) {
      if (!(*c)->type.number())
        error((*c)->range, "pat-type",
              fmt::format("{} is `{}`, not a number", what, (*c)->type.str()));
      else
        present1(**c, what);
    }
    t = TypeKind::Bool;
  } else if (op == "+" && (a->type.is(TypeKind::List) || b->type.is(TypeKind::List))) {
    for (const CodePtr *c : {&a, &b}) {
      if (!(*c)->type.is(TypeKind::List) && !(*c)->type.any())
        error((*c)->range, "pat-type",
              fmt::format("a list and `{}` cannot be added", (*c)->type.str()));
    }
    t = joinTypes(a->type, b->type);
  } else {
    bool okA = arithmetic(*a, what), okB = arithmetic(*b, what);
    if (okA && okB && !a->type.any() && !b->type.any()) {
      bool tensor = a->type.tensorLike() || b->type.tensorLike();
      t = tensor ? Type(TypeKind::Tensor) : joinTypes(a->type, b->type).withOptional(false);
      if (op == "%" && !t.is(TypeKind::Int))
        error(e.range, "pat-type", "`%` is for integers");
    }
  }
  CodePtr c = code(kind, e, std::move(t));
  c->text = op;
  c->kids.push_back(std::move(a));
  c->kids.push_back(std::move(b));
  return c;
}

CodePtr RuleChecker::ternary(const Expr &e, Scope &scope) {
  CodePtr cond = expr(*e.kids[0], scope);
  boolean(*cond, "the condition");
  std::set<unsigned> saved = present;
  for (unsigned s : shownPresent(*cond))
    present.insert(s);
  CodePtr a = expr(*e.kids[1], scope);
  if (a->kind == CodeKind::Slot && present.count(a->slot))
    a->type.optional = false;
  present = std::move(saved);
  CodePtr b = expr(*e.kids[2], scope);
  CodePtr c = code(CodeKind::Ternary, e, joinTypes(a->type, b->type));
  c->kids.push_back(std::move(cond));
  c->kids.push_back(std::move(a));
  c->kids.push_back(std::move(b));
  return c;
}

CodePtr RuleChecker::field(const Expr &e, Scope &scope) {
  CodePtr k = expr(*e.kids[0], scope);
  Type t;
  if (k->type.is(TypeKind::Record)) {
    if (!present1(*k, "the record"))
      return code(CodeKind::Const, e, {});
    const Type *f = k->type.field(e.text);
    if (f) {
      t = *f;
    } else if (k->type.fields) {
      std::vector<std::string_view> known;
      for (const auto &field : *k->type.fields)
        known.push_back(field.first);
      error(e.textRange, "pat-field",
            fmt::format("the record has no field `{}`{}", e.text, didYouMean(e.text, known)))
          .fixName(e.text, known);
    }
  } else if (!k->type.any()) {
    error(e.range, "pat-type", fmt::format("`{}` has no fields", k->type.str()));
  }
  CodePtr c = code(CodeKind::Field, e, std::move(t));
  c->text = e.text;
  c->kids.push_back(std::move(k));
  return c;
}

CodePtr RuleChecker::index(const Expr &e, Scope &scope) {
  if (const Expr *part = memberName(e)) {
    memberPart = true;
    CodePtr c = name(*part, scope);
    memberPart = false;
    c->range = e.range;
    return c;
  }
  CodePtr k = expr(*e.kids[0], scope);
  bool isList = k->type.is(TypeKind::List);
  bool ok = isList ? present1(*k, "the list") : arithmetic(*k, "what is indexed");
  Type t;
  if (ok && isList) {
    if (e.items.size() != 1 || e.items[0].kind == ast::IndexItem::NewAxis)
      error(e.range, "pat-index", "a list takes one index");
    else if (e.items[0].kind == ast::IndexItem::At)
      t = k->type.element ? *k->type.element : Type();
    else
      t = k->type;
  } else if (ok && !k->type.any()) {
    t = TypeKind::Tensor;
  }
  CodePtr c = code(CodeKind::Index, e, std::move(t));
  for (const ast::IndexItem &i : e.items) {
    auto part = [&](const ast::ExprPtr &p) -> CodePtr {
      if (!p)
        return nullptr;
      CodePtr x = expr(*p, scope);
      if (!x->type.is(TypeKind::Int) && !x->type.any())
        error(x->range, "pat-type", fmt::format("an index is `{}`, not `int`", x->type.str()));
      else
        present1(*x, "the index");
      return x;
    };
    CodeItem item{i.kind, part(i.kind == ast::IndexItem::Slice ? i.start : i.at), part(i.end),
                  part(i.step)};
    c->items.push_back(std::move(item));
  }
  c->kids.push_back(std::move(k));
  return c;
}

CodePtr RuleChecker::list(const Expr &e, Scope &scope) {
  CodePtr c = code(CodeKind::List, e, {});
  std::optional<Type> element;
  for (const ast::Arg &a : e.args) {
    if (!a.value || a.optional) {
      error(a.range, "pat-type",
            a.value ? "`?` stands in the lists of patterns only" : "behind `..` stands a list");
      continue;
    }
    CodePtr k = expr(*a.value, scope);
    Type t = k->type;
    if (a.spread) {
      if (!t.is(TypeKind::List) && !t.any())
        error(a.range, "pat-type", fmt::format("`{}` cannot be spread into a list", t.str()));
      t = t.is(TypeKind::List) && t.element ? *t.element : Type();
    }
    element = element ? joinTypes(*element, t) : t;
    c->kids.push_back(std::move(k));
    c->spread.push_back(a.spread);
  }
  c->type = element ? Type::list(*element) : Type(TypeKind::List);
  return c;
}

CodePtr RuleChecker::comprehension(const Expr &e, Scope &scope) {
  CodePtr source;
  Type element = TypeKind::Int;
  int set = e.kids[1] ? -1 : setOfIndex(e.text);
  if (!e.kids[1] && set < 0) {
    error(e.range, "pat-comprehension", "the comprehension needs `in` and a list or range")
        .hint("only the index of a set, as in `ys[i in 2..]`, says by itself what it goes through");
    return code(CodeKind::Const, e, {});
  }
  if (set >= 0) {
    source = code(CodeKind::Range, e, Type::list(TypeKind::Int));
    source->kids.push_back(code(CodeKind::Const, e, TypeKind::Int));
    source->kids[0]->constant = 0;
    source->kids.push_back(setLength(e, set));
  } else {
    source = expr(*e.kids[1], scope);
  }
  if (source->type.is(TypeKind::List))
    element = source->type.element ? *source->type.element : Type();
  else if (source->type.any())
    element = {};
  else
    error(source->range, "pat-type",
          fmt::format("`{}` is not a list to go through", source->type.str()));
  unsigned slot = newSlot(e.text, element, e.textRange);
  bound.insert(slot);
  auto hidden = scope.names.find(e.text);
  std::optional<unsigned> before;
  if (hidden != scope.names.end())
    before = hidden->second;
  scope.names[e.text] = slot;
  CodePtr body = expr(*e.kids[0], scope);
  if (before)
    scope.names[e.text] = *before;
  else
    scope.names.erase(e.text);
  CodePtr c = code(CodeKind::Comprehension, e, Type::list(body->type));
  c->slot = slot;
  c->kids.push_back(std::move(body));
  c->kids.push_back(std::move(source));
  return c;
}

std::vector<CodePtr> RuleChecker::conditions(const std::vector<ast::ExprPtr> &exprs, Scope &scope,
                                             const char *clause) {
  std::vector<CodePtr> out;
  for (const ast::ExprPtr &e : exprs) {
    unsigned before = diags.errorCount();
    size_t names = 0;
    for (unsigned u : uses)
      names += u;
    CodePtr c = expr(*e, scope);
    size_t after = 0;
    for (unsigned u : uses)
      after += u;
    boolean(*c, "a condition");
    bool calls = c->kind == CodeKind::Call; // asks the target
    if (diags.errorCount() == before && names == after && !calls && clause == std::string("where"))
      error(e->range, "pat-constant", "the condition does not depend on the match")
          .hint("to switch a rule off, add `, off` to its properties");
    for (unsigned s : shownPresent(*c))
      present.insert(s);
    out.push_back(std::move(c));
  }
  return out;
}

} // namespace wnnx::pat
