// SPDX-License-Identifier: Apache-2.0
//
// Expressions other than calls: literals, names, attributes, subscripts.
#include "Evaluator.h"
#include "Limits.h"

#include <cmath>
#include <fmt/format.h>
#include <limits>

namespace wnnx::ts {

std::string dottedName(const Expr *e, llvm::StringRef root) {
  llvm::SmallVector<llvm::StringRef, 8> parts;
  while (e->kind == ExprKind::Attr) {
    parts.push_back(e->text);
    e = e->items[0];
  }
  if (e->kind != ExprKind::Name || e->text != root)
    return "";
  std::string name = root.str();
  for (llvm::StringRef p : llvm::reverse(parts))
    name += "." + p.str();
  return name;
}

Val Evaluator::eval(const Expr *e) {
  if (!charge(1))
    return Val::poison();
  if (depth > limits::evalDepth) {
    if (!aborted)
      error(range(*e), "ts-limit", "the model's code is nested too deeply");
    aborted = true;
    return Val::poison();
  }
  ++depth;
  Val v = evalUnguarded(*e);
  --depth;
  return v;
}

Val Evaluator::evalUnguarded(const Expr &e) {
  switch (e.kind) {
  case ExprKind::Int:
    return Val::integer(e.integer);
  case ExprKind::Float:
    return Val::real(e.number);
  case ExprKind::Str:
    return heap.str(e.text.str());
  case ExprKind::None:
    return Val::none();
  case ExprKind::True:
    return Val::boolean(true);
  case ExprKind::False:
    return Val::boolean(false);
  case ExprKind::Complex:
    return error(range(e), "ts-eval", "complex numbers are not supported");
  case ExprKind::List:
  case ExprKind::Tuple: {
    std::vector<Val> items;
    items.reserve(e.items.size());
    for (const Expr *i : e.items)
      items.push_back(eval(i));
    return e.kind == ExprKind::List ? heap.list(std::move(items)) : heap.tuple(std::move(items));
  }
  case ExprKind::Dict: {
    Val d = heap.dict();
    for (size_t i = 0; i + 1 < e.items.size(); i += 2) {
      Val k = eval(e.items[i]);
      d.dict->items.push_back({k, eval(e.items[i + 1])});
    }
    return d;
  }
  case ExprKind::Name:
    return evalName(e);
  case ExprKind::Attr:
    return evalAttr(e);
  case ExprKind::Index:
    return evalIndex(e);
  case ExprKind::Range:
    return evalRange(e);
  case ExprKind::Call:
    return evalCall(e);
  case ExprKind::Neg: {
    Val v = eval(e.items[0]);
    if (v.isFloat())
      return Val::real(-v.f);
    if (v.isInt())
      return Val::integer(int64_t(0 - uint64_t(v.i)));
    return v.isPoison() ? v
                        : error(range(e), "ts-eval", "minus before something that is no number");
  }
  }
  return Val::poison();
}

Val Evaluator::evalName(const Expr &e) {
  auto it = frame->locals.find(e.text);
  if (it != frame->locals.end())
    return it->second;
  if (e.text == "inf")
    return Val::real(std::numeric_limits<double>::infinity());
  if (e.text == "nan")
    return Val::real(std::nan(""));
  return error(range(e), "ts-name", fmt::format("unknown name `{}`", e.text.str()));
}

Val Evaluator::evalAttr(const Expr &e) {
  const Expr &base = *e.items[0];
  if (base.kind == ExprKind::Name && base.text == "CONSTANTS") {
    llvm::StringRef digits = e.text;
    int64_t n = -1;
    if (!digits.consume_front("c") || digits.getAsInteger(10, n))
      return error(range(e), "ts-constants", fmt::format("malformed constant `{}`", e.text.str()));
    return objects.constant(n, range(e));
  }
  std::string dotted = dottedName(&e, "__torch__");
  if (!dotted.empty())
    return resolveGlobal(dotted, range(e));
  return attributeOf(eval(&base), e.text, range(e));
}

Val Evaluator::resolveGlobal(const std::string &name, SourceRange where) {
  auto [it, fresh] = globals.try_emplace(name);
  if (!fresh)
    return it->second;
  Val v = Val::poison();
  const Module *module = nullptr;
  auto [owner, last] = llvm::StringRef(name).rsplit('.');
  if (const Function *f = archive.findFunction(name, &module)) {
    functions.push_back({name, f, module});
    v = Val::of(ValKind::Function);
    v.function = &functions.back();
  } else if (const ClassInfo *cls = objects.classNamed(name)) {
    v = Val::of(ValKind::Class);
    v.cls = cls;
  } else if (const ClassInfo *enumClass = objects.classNamed(owner)) {
    for (const ClassAttr &a : enumClass->decl->attrs)
      if (a.name == last && a.value)
        v = heap.enumMember(enumClass, heap.str(last.str()), eval(a.value));
  }
  if (v.isPoison() && !speculative)
    error(where, "ts-name", fmt::format("the archive has no `{}`", name));
  globals[name] = v;
  return v;
}

Val Evaluator::attributeOf(Val object, llvm::StringRef name, SourceRange where) {
  if (object.isPoison())
    return object;
  if (object.is(ValKind::Instance)) {
    if (std::optional<Val> v = objects.attribute(*object.instance, name))
      return *v;
    for (const ClassAttr &a : object.instance->cls->decl->attrs)
      if (a.name == name && a.value)
        return eval(a.value);
    return error(where, "ts-name",
                 fmt::format("`{}` has no attribute `{}`", kindName(object), name.str()));
  }
  if (object.isTuple() && object.tuple->cls) {
    llvm::ArrayRef<ClassAttr> fields = object.tuple->cls->decl->attrs;
    for (size_t i = 0; i < fields.size() && i < object.tuple->items.size(); ++i)
      if (fields[i].name == name)
        return object.tuple->items[i];
  }
  if (object.is(ValKind::Enum)) {
    if (name == "value")
      return object.tuple->items[1];
    if (name == "name" && object.tuple->cls) {
      // Members read from the pickle know their value only.
      for (const ClassAttr &a : object.tuple->cls->decl->attrs)
        if (a.value && equalVals(eval(a.value), object.tuple->items[1]))
          return heap.str(a.name.str());
    }
  }
  return error(where, "ts-name",
               fmt::format("`{}` has no attribute `{}`", kindName(object), name.str()));
}

Val Evaluator::evalIndex(const Expr &e) {
  Val base = eval(e.items[0]);
  Val index = eval(e.items[1]);
  if (base.isPoison() || index.isPoison())
    return Val::poison();
  if (index.isTensor()) {
    callRange = range(e);
    index = item(index, "an index");
    if (index.isPoison())
      return index;
  }
  if (base.is(ValKind::Dict)) {
    if (!charge(base.dict->items.size()))
      return Val::poison();
    for (const auto &[k, v] : base.dict->items)
      if (equalVals(k, index))
        return v;
    return error(range(e), "ts-eval",
                 fmt::format("the dict has no key {}", formatVal(index, true)));
  }
  if (!index.isInt() && !index.isBool())
    return error(range(e), "ts-eval", fmt::format("an index of kind `{}`", kindName(index)));
  int64_t size = -1;
  if (base.isList())
    size = int64_t(base.list->items.size());
  else if (base.isTuple())
    size = int64_t(base.tuple->items.size());
  else if (base.isStr())
    size = int64_t(base.s->size());
  if (size < 0) {
    // A module list or dict, addressed by its children's names.
    if (base.is(ValKind::Instance))
      return attributeOf(base, std::to_string(index.i), range(e));
    return error(range(e), "ts-eval", fmt::format("`{}` cannot be indexed", kindName(base)));
  }
  int64_t at = index.i < 0 ? index.i + size : index.i;
  if (at < 0 || at >= size)
    return error(range(e), "ts-eval", fmt::format("index {} in a list of {}", index.i, size));
  if (base.isStr())
    return heap.str(std::string(1, (*base.s)[size_t(at)]));
  return base.isList() ? base.list->items[size_t(at)] : base.tuple->items[size_t(at)];
}

Val Evaluator::evalRange(const Expr &e) {
  Val base = eval(e.items[0]);
  auto bound = [&](const Expr *x, int64_t missing) {
    Val v = x ? eval(x) : Val::integer(missing);
    return v.isInt() ? v.i : missing;
  };
  int64_t begin = bound(e.items[1], 0), end = bound(e.items[2], INT64_MAX);
  if (base.isPoison())
    return base;
  if (!base.isTuple() && !base.isList())
    return error(range(e), "ts-eval", fmt::format("`{}` cannot be sliced", kindName(base)));
  const std::vector<Val> &items = base.isTuple() ? base.tuple->items : base.list->items;
  int64_t n = int64_t(items.size());
  auto clamp = [n](int64_t i) { return std::clamp<int64_t>(i < 0 ? i + n : i, 0, n); };
  begin = clamp(begin);
  end = std::max(begin, clamp(end));
  std::vector<Val> part(items.begin() + begin, items.begin() + end);
  return base.isTuple() ? heap.tuple(std::move(part)) : heap.list(std::move(part));
}

} // namespace wnnx::ts
