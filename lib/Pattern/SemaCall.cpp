// SPDX-License-Identifier: Apache-2.0
//
// Types and resolves calls: `has`, functions of rule files, built-in functions, and, on right
// sides, ops.
#include "OtherNames.h"
#include "SemaImpl.h"

#include "fmt/format.h"

namespace wnnx::pat {

using ast::Expr;

/// `xs[*]`
static bool isAll(const Expr &e) {
  return e.kind == ast::ExprKind::Index && e.items.size() == 1 &&
         e.items[0].kind == ast::IndexItem::All;
}

CodePtr RuleChecker::callHas(const Expr &e, Scope &scope) {
  CodePtr c = code(CodeKind::Has, e, TypeKind::Bool);
  if (e.args.size() != 1 || e.args[0].name || e.args[0].spread) {
    error(e.range, "pat-arity", "`has` takes one name");
    c->kids.push_back(code(CodeKind::Const, e, {}));
    return c;
  }
  c->kids.push_back(expr(*e.args[0].value, scope));
  if (isAll(*e.args[0].value) && c->kids[0]->type.is(TypeKind::List))
    return mapped(e, std::move(c->kids[0]), scope);
  const Code &k = *c->kids[0];
  if (!k.type.optional && !k.type.any())
    error(k.range, "pat-optional", "this is never absent, so `has` is always true");
  return c;
}

CodePtr RuleChecker::callFn(const Expr &e, const ast::FnDecl &fn, Scope &scope) {
  CodePtr bad = code(CodeKind::Const, e, {});
  if (fn.broken) {
    failed = namesUnclear = true;
    for (const ast::Arg &a : e.args)
      expr(*a.value, scope);
    return bad;
  }
  for (const void *p : expanding) {
    if (p == &fn) {
      error(e.range, "pat-recursion", fmt::format("function `{}` calls itself", fn.name.text))
          .note(fn.name.range, "declared here");
      return bad;
    }
  }
  if (e.args.size() != fn.params.size()) {
    error(e.range, "pat-arity",
          fmt::format("`{}` takes {} arguments, {} given", fn.name.text, fn.params.size(),
                      e.args.size()))
        .note(fn.name.range, "declared here");
    return bad;
  }
  Scope inner;
  inner.file = decls.homes.at(&fn);
  std::vector<CodePtr> values;
  std::vector<unsigned> slots;
  for (size_t i = 0; i < e.args.size(); ++i) {
    size_t at = i;
    if (e.args[i].name) {
      for (at = 0; at < fn.params.size() && fn.params[at].name.text != e.args[i].name.text;)
        ++at;
      if (at == fn.params.size()) {
        error(e.args[i].range, "pat-arity",
              fmt::format("`{}` has no parameter `{}`", fn.name.text, e.args[i].name.text))
            .note(fn.name.range, "declared here");
        return bad;
      }
    }
    values.push_back(expr(*e.args[i].value, scope));
    if (fn.params[at].type == "tensor" && values.back()->type.runtime())
      arithmetic(*values.back(), fmt::format("argument `{}`", fn.params[at].name.text));
    slots.push_back(
        newSlot(fn.params[at].name.text, values.back()->type, fn.params[at].name.range));
    bound.insert(slots.back());
    inner.names[fn.params[at].name.text] = slots.back();
  }
  expanding.push_back(&fn);
  unsigned before = diags.errorCount();
  CodePtr body = fn.body ? expr(*fn.body, inner) : std::move(bad);
  if (diags.errorCount() > before)
    diags.error(e.range, "pat-call", fmt::format("in this call of `{}`", fn.name.text));
  expanding.pop_back();
  for (size_t i = values.size(); i-- > 0;) {
    CodePtr let = code(CodeKind::Let, e, body->type);
    let->slot = slots[i];
    let->kids.push_back(std::move(values[i]));
    let->kids.push_back(std::move(body));
    body = std::move(let);
  }
  return body;
}

bool RuleChecker::fitsParam(const BuiltinParam &p, Code &arg, const BuiltinInfo &b) {
  const Type &t = arg.type;
  std::string what = fmt::format("argument `{}` of `{}`", p.name, b.name);
  if (p.type == "any")
    return true;
  if (p.type == "arith" || p.type == "tensor")
    return (p.type == "tensor" && t.number() && !t.any())
               ? (error(arg.range, "pat-type",
                        fmt::format("{} is `{}`, not a tensor", what, t.str())),
                  false)
               : arithmetic(arg, what);
  auto fits = [&] {
    if (t.any())
      return true;
    if (p.type == "value")
      return t.is(TypeKind::Value);
    if (p.type == "shaped")
      return t.is(TypeKind::Value) || t.is(TypeKind::Tensor);
    if (p.type == "int")
      return t.is(TypeKind::Int);
    if (p.type == "number" || p.type == "float")
      return t.number();
    if (p.type == "bool")
      return t.is(TypeKind::Bool);
    if (p.type == "str")
      return t.is(TypeKind::Str);
    if (p.type == "dtype")
      return t.is(TypeKind::DType);
    if (p.type == "op")
      return t.is(TypeKind::Op);
    if (p.type == "record")
      return t.is(TypeKind::Record);
    if (p.type == "target")
      return t.is(TypeKind::Target);
    if (p.type == "ints")
      return t.is(TypeKind::List) &&
             (!t.element || t.element->is(TypeKind::Int) || t.element->any());
    if (p.type == "tensors")
      return t.is(TypeKind::List) && (!t.element || t.element->tensorLike() || t.element->number());
    return t.is(TypeKind::List); // list
  };
  if (!fits()) {
    auto e =
        error(arg.range, "pat-type", fmt::format("{} is `{}`, not `{}`", what, t.str(), p.type));
    e.hint(b.signature);
    return false;
  }
  return present1(arg, what);
}

CodePtr RuleChecker::callBuiltin(const Expr &e, const BuiltinInfo &b, std::vector<CodePtr> args) {
  CodePtr c = code(CodeKind::Call, e, {});
  c->builtin = b.id;
  c->kids.resize(b.params.size());
  bool ok = true;
  size_t next = 0;
  for (size_t i = 0; i < args.size(); ++i) {
    const ast::Arg &a = e.args[i];
    size_t at = next;
    if (a.name) {
      for (at = 0; at < b.params.size() && b.params[at].name != a.name.text;)
        ++at;
    } else {
      ++next;
    }
    if (at >= b.params.size() || c->kids[at] || a.spread) {
      error(a.range, "pat-arity",
            a.name ? fmt::format("`{}` has no parameter `{}`, or it is given twice", b.name,
                                 a.name.text)
                   : fmt::format("`{}` takes {} arguments", b.name, b.params.size()))
          .hint(b.signature);
      return c;
    }
    ok &= fitsParam(b.params[at], *args[i], b);
    c->kids[at] = std::move(args[i]);
  }
  for (size_t i = 0; i < b.params.size(); ++i) {
    if (!c->kids[i] && !b.params[i].optional) {
      error(e.range, "pat-arity", fmt::format("`{}` needs `{}`", b.name, b.params[i].name))
          .hint(b.signature);
      return c;
    }
  }
  if (!ok)
    return c;
  if (b.result == "same") {
    bool tensor = false;
    Type t;
    for (size_t i = 0; i < b.params.size(); ++i) {
      if (b.params[i].type != "arith")
        continue;
      const Type &k = c->kids[i]->type;
      tensor |= !k.any() && k.tensorLike();
      t = i ? joinTypes(t, k) : k;
    }
    bool fraction = b.id == Builtin::Sqrt || b.id == Builtin::Rsqrt || b.id == Builtin::Exp ||
                    b.id == Builtin::Log || b.id == Builtin::Tanh || b.id == Builtin::Sigmoid ||
                    b.id == Builtin::Pow || b.id == Builtin::Erf || b.id == Builtin::Logit ||
                    b.id == Builtin::Sin || b.id == Builtin::Cos || b.id == Builtin::Log1p ||
                    b.id == Builtin::Expm1;
    c->type = tensor     ? Type(TypeKind::Tensor)
              : t.any()  ? t
              : fraction ? Type(TypeKind::Float)
                         : t.withOptional(false);
  } else if (b.id == Builtin::Sum) {
    const Type &k = c->kids[0]->type;
    c->type = k.is(TypeKind::List) ? Type(TypeKind::Int)
              : k.any()            ? Type()
                                   : Type(TypeKind::Tensor);
    if (!k.is(TypeKind::List))
      arithmetic(*c->kids[0], "argument `x` of `sum`");
  } else if (b.id == Builtin::RangeOf) {
    c->type = Type::record({{"lo", TypeKind::Float}, {"hi", TypeKind::Float}});
  } else if (b.result == "record") {
    c->type = Type::record({{"dim", TypeKind::Int},
                            {"start", TypeKind::Int},
                            {"end", TypeKind::Int},
                            {"step", TypeKind::Int}});
  } else if (b.id == Builtin::Numbers) {
    c->type = Type::list(TypeKind::Float);
  } else if (b.id == Builtin::Reverse || b.id == Builtin::Unique || b.id == Builtin::Without) {
    c->type = c->kids[0]->type;
  } else if (b.id == Builtin::Inserted || b.id == Builtin::ReplacedAt) {
    c->type = joinTypes(c->kids[0]->type, Type::list(c->kids[2]->type));
  } else if (b.id == Builtin::Repeat) {
    c->type = Type::list(c->kids[0]->type);
  } else if (b.id == Builtin::ActParams) {
    c->type = Type::list(TypeKind::Float);
  } else {
    static const std::map<std::string, TypeKind, std::less<>> kinds = {
        {"int", TypeKind::Int},  {"float", TypeKind::Float}, {"bool", TypeKind::Bool},
        {"str", TypeKind::Str},  {"dtype", TypeKind::DType}, {"tensor", TypeKind::Tensor},
        {"list", TypeKind::List}};
    auto it = kinds.find(b.result);
    c->type = b.result == "ints"  ? Type::list(TypeKind::Int)
              : it != kinds.end() ? Type(it->second)
                                  : Type();
  }
  return c;
}

CodePtr RuleChecker::call(const Expr &e, Scope &scope) {
  if (e.text == "has")
    return callHas(e, scope);
  // `x.f(a)` where x is an imported file.
  if (e.method && e.args[0].value->kind == ast::ExprKind::Name && scope.file &&
      scope.file->aliases.count(e.args[0].value->text) && !scope.names.count(e.args[0].value->text))
    return callImported(e, scope);
  if (const ast::FnDecl *fn = findFn(e.text, scope))
    return callFn(e, *fn, scope);
  const BuiltinInfo *b = lookupBuiltin(e.text);
  const OpInfo *op = lookupOp(e.text);
  if (forOp && e.text == decl.forVar.text)
    op = lookupOp(forOp->text);
  auto var = scope.names.find(e.text);
  bool opVar = var != scope.names.end() && rule->slots[var->second].type.is(TypeKind::Op);
  int externIndex = findExtern(e.text, scope);
  if (externIndex >= 0) {
    std::vector<CodePtr> args;
    for (const ast::Arg &a : e.args)
      args.push_back(expr(*a.value, scope));
    return callExtern(e, unsigned(externIndex), std::move(args));
  }
  bool chainVar = var != scope.names.end() && rule->slots[var->second].chain;
  if (!b && !op && !opVar && !chainVar && namesUnclear && var != scope.names.end())
    return code(CodeKind::Const, e, {});
  if (!b && !op && !opVar && !chainVar) {
    std::vector<std::string_view> known;
    for (const BuiltinInfo &i : allBuiltins())
      known.push_back(i.name);
    for (const auto &f : decls.spaces.at(homeSpace(scope)).fns)
      known.push_back(f.first);
    if (building)
      known.insert(known.end(), opNames().begin(), opNames().end());
    std::string_view ours = building ? opKnownAs(e.text) : std::string_view();
    std::string_view like = ours.empty() ? std::string_view(e.text) : ours;
    if (decls.incomplete && didYouMean(like, known).empty())
      failed = namesUnclear = true;
    else
      error(e.textRange, "pat-unknown-function",
            fmt::format("unknown {} `{}`{}", building ? "op or function" : "function", e.text,
                        didYouMean(like, known)))
          .fixName(like, known)
          .hint(ours.empty() ? "" : fmt::format("`wnnx-pat ops {}` says what it takes", ours));
    for (const ast::Arg &a : e.args)
      expr(*a.value, scope);
    return code(CodeKind::Const, e, {});
  }
  std::vector<CodePtr> args;
  bool runtime = false, spread = false;
  // Questions such as `macs` may be asked of nodes that are not made.
  bool asks =
      b && !op && !opVar && (b->group == BuiltinGroup::Values || b->group == BuiltinGroup::Costs);
  bool outside = building;
  building |= asks;
  for (const ast::Arg &a : e.args) {
    args.push_back(expr(*a.value, scope));
    const Type &t = args.back()->type;
    runtime |= t.runtime() || (t.is(TypeKind::List) && t.element && t.element->runtime());
    spread |= a.spread;
  }
  building = outside;
  if (chainVar) {
    mention(var->second, false);
    if (!building)
      error(e.range, "pat-build", "new nodes are made in `rewrite` only");
    return buildChain(e, var->second, std::move(args));
  }
  if (b && args.size() == 1 && isAll(*e.args[0].value) && args[0]->type.is(TypeKind::List) &&
      !b->params.empty() && b->id != Builtin::Sum) {
    std::string_view want = b->params[0].type;
    if (want != "list" && want != "ints" && want != "tensors" && want != "any")
      return mapped(e, std::move(args[0]), scope);
  }
  if (opVar && building) {
    mention(var->second, false);
    return buildCaptured(e, var->second, std::move(args));
  }
  // A name such as `cat` is the op where a value of the graph takes part, else the function.
  if (op && building && (!b || runtime || spread))
    return build(e, *op, std::move(args));
  if (b)
    return callBuiltin(e, *b, std::move(args));
  error(e.textRange, "pat-build",
        fmt::format("`{}` is an op; new nodes are made in `rewrite` only", e.text));
  return code(CodeKind::Const, e, {});
}

} // namespace wnnx::pat
