// SPDX-License-Identifier: Apache-2.0
//
// Finds functions and fragments by name, also in files imported with `as`; calls of functions in
// plugins.
#include "SemaImpl.h"

#include "fmt/format.h"

namespace wnnx::pat {

using ast::Expr;

/// The space in which to look; takes `x.` off the name.
const Declarations::Space *RuleChecker::spaceOf(std::string_view &name, const Scope &scope) const {
  unsigned space = homeSpace(scope);
  if (size_t dot = name.find('.'); dot != std::string_view::npos) {
    if (!scope.file)
      return nullptr;
    auto it = scope.file->aliases.find(name.substr(0, dot));
    if (it == scope.file->aliases.end())
      return nullptr;
    space = it->second;
    name.remove_prefix(dot + 1);
  }
  auto it = decls.spaces.find(space);
  return it == decls.spaces.end() ? nullptr : &it->second;
}

const ast::FragDecl *RuleChecker::findFrag(const ast::Name &name, const Scope &scope) {
  std::string_view text = name.text;
  const Declarations::Space *space = spaceOf(text, scope);
  if (!space)
    return nullptr;
  auto it = space->frags.find(text);
  return it == space->frags.end() ? nullptr : it->second;
}

const ast::FnDecl *RuleChecker::findFn(const std::string &name, const Scope &scope) {
  std::string_view text = name;
  const Declarations::Space *space = spaceOf(text, scope);
  if (!space)
    return nullptr;
  auto it = space->fns.find(text);
  return it == space->fns.end() ? nullptr : it->second;
}

int RuleChecker::findExtern(const std::string &name, const Scope &scope) {
  std::string_view text = name;
  const Declarations::Space *space = spaceOf(text, scope);
  if (!space || !space->externs.count(text))
    return -1;
  for (size_t i = 0; i < decls.externFns.size(); ++i) {
    if (decls.externFns[i]->name == text)
      return int(i);
  }
  return -1;
}

/// `x.f(a)`, which the parser reads as `f(x, a)`.
CodePtr RuleChecker::callImported(const Expr &e, Scope &scope) {
  std::string name = e.args[0].value->text + "." + e.text;
  const ast::FnDecl *fn = findFn(name, scope);
  int external = fn ? -1 : findExtern(name, scope);
  if (!fn && external < 0) {
    std::string_view rest = name;
    std::vector<std::string_view> known;
    if (const Declarations::Space *space = spaceOf(rest, scope)) {
      for (const auto &f : space->fns)
        known.push_back(f.first);
    }
    error(e.textRange, "pat-unknown-function",
          fmt::format("unknown function `{}`{}", name, didYouMean(e.text, known)))
        .fixName(e.text, known);
    return code(CodeKind::Const, e, {});
  }
  // The same call without the file in front; the tree stays as it is.
  Expr call;
  call.kind = e.kind;
  call.range = e.range;
  call.text = name;
  call.textRange = e.textRange;
  auto &args = const_cast<std::vector<ast::Arg> &>(e.args);
  for (size_t i = 1; i < args.size(); ++i)
    call.args.push_back(std::move(args[i]));
  CodePtr c;
  if (fn) {
    c = callFn(call, *fn, scope);
  } else {
    std::vector<CodePtr> values;
    for (const ast::Arg &a : call.args)
      values.push_back(expr(*a.value, scope));
    c = callExtern(call, unsigned(external), std::move(values));
  }
  for (size_t i = 1; i < args.size(); ++i)
    args[i] = std::move(call.args[i - 1]);
  return c;
}

std::optional<Type> typeByName(std::string_view name) {
  if (name.empty())
    return Type();
  if (size_t open = name.find('<'); open != std::string_view::npos && name.back() == '>') {
    std::optional<Type> element = typeByName(name.substr(open + 1, name.size() - open - 2));
    if (name.substr(0, open) != "list" || !element)
      return std::nullopt;
    return Type::list(*element);
  }
  static const std::map<std::string_view, TypeKind> kinds = {
      {"int", TypeKind::Int},   {"float", TypeKind::Float},   {"bool", TypeKind::Bool},
      {"str", TypeKind::Str},   {"dtype", TypeKind::DType},   {"tensor", TypeKind::Tensor},
      {"list", TypeKind::List}, {"record", TypeKind::Record}, {"value", TypeKind::Value},
      {"op", TypeKind::Op},     {"any", TypeKind::Any}};
  if (name == "shape")
    return Type::list(TypeKind::Int);
  auto it = kinds.find(name);
  return it == kinds.end() ? std::nullopt : std::optional<Type>(it->second);
}

CodePtr RuleChecker::callExtern(const Expr &e, unsigned index, std::vector<CodePtr> args) {
  const ExternFn &fn = *decls.externFns[index];
  CodePtr c = code(CodeKind::CallExtern, e, fn.result);
  c->external = decls.externFns[index];
  c->text = fn.name;
  if (args.size() != fn.params.size()) {
    error(e.range, "pat-arity",
          fmt::format("`{}` takes {} arguments, {} given", fn.name, fn.params.size(), args.size()))
        .note(fn.range, "declared here");
    return c;
  }
  for (size_t i = 0; i < args.size(); ++i) {
    const Type &t = args[i]->type, &want = fn.params[i];
    bool fits = t.any() || t.kind == want.kind || (want.is(TypeKind::Float) && t.number()) ||
                (want.is(TypeKind::Tensor) && (t.tensorLike() || t.number()));
    if (e.args[i].name || e.args[i].spread)
      error(e.args[i].range, "pat-arity", "arguments of a plugin's function have no names");
    else if (!fits)
      error(
          args[i]->range, "pat-type",
          fmt::format("argument {} of `{}` is `{}`, not `{}`", i + 1, fn.name, t.str(), want.str()))
          .note(fn.range, "declared here");
    else
      present1(*args[i], fmt::format("argument {} of `{}`", i + 1, fn.name));
    c->kids.push_back(std::move(args[i]));
  }
  return c;
}

} // namespace wnnx::pat
