// SPDX-License-Identifier: Apache-2.0
//
// Calls: methods and functions of the model, the few Python functions of TorchScript, and
// operators.
#include "Builtins.h"
#include "Evaluator.h"
#include "Limits.h"
#include "OpTable.h"

#include "llvm/ADT/StringSwitch.h"

#include <fmt/format.h>

namespace wnnx::ts {

bool Evaluator::evalArgs(const Expr &e, unsigned from, std::vector<Val> &args,
                         std::vector<std::pair<llvm::StringRef, Val>> &keywords) {
  bool good = true;
  for (size_t i = from; i < e.items.size(); ++i) {
    args.push_back(eval(e.items[i]));
    good &= !args.back().isPoison();
  }
  for (const Keyword &k : e.keywords) {
    keywords.push_back({k.name, eval(k.value)});
    good &= !keywords.back().second.isPoison();
  }
  return good;
}

Val Evaluator::evalCall(const Expr &e) {
  const Expr &callee = *e.items[0];
  if (callee.kind == ExprKind::Name && !frame->locals.count(callee.text))
    return callNamed(e, callee.text);
  if (callee.kind == ExprKind::Attr) {
    const Expr &base = *callee.items[0];
    bool global = base.kind == ExprKind::Name && !frame->locals.count(base.text);
    if (global && base.text == "torch")
      return callOp("aten", callee.text, e);
    if (base.kind == ExprKind::Attr && base.items[0]->kind == ExprKind::Name &&
        base.items[0]->text == "ops" && !frame->locals.count("ops"))
      return callOp(base.text, callee.text, e);
    if (!dottedName(&callee, "torch").empty())
      return callOp("aten", callee.text, e);
    std::string dotted = dottedName(&callee, "__torch__");
    if (!dotted.empty() && callee.text == "__new__") {
      Val cls = resolveGlobal(dotted.substr(0, dotted.rfind('.')), range(e));
      if (!cls.is(ValKind::Class))
        return Val::poison();
      Val v = Val::of(ValKind::Instance);
      v.instance = heap.instance();
      v.instance->cls = cls.cls;
      return v;
    }
    if (dotted.empty()) {
      Val object = eval(&base);
      std::vector<Val> args;
      std::vector<std::pair<llvm::StringRef, Val>> keywords;
      evalArgs(e, 1, args, keywords);
      if (object.is(ValKind::Instance) && object.instance->cls->decl->method(callee.text))
        return callMethod(object, callee.text, std::move(args), range(e));
      if (object.isTensor()) { // `t.tolist()`
        callRange = range(e);
        args.insert(args.begin(), object);
        return callAten(callee.text, args, keywords);
      }
      return callValue(attributeOf(object, callee.text, range(e)), std::move(args), range(e));
    }
  }
  Val f = eval(&callee);
  std::vector<Val> args;
  std::vector<std::pair<llvm::StringRef, Val>> keywords;
  evalArgs(e, 1, args, keywords);
  return callValue(f, std::move(args), range(e));
}

Val Evaluator::callValue(Val callee, std::vector<Val> args, SourceRange where) {
  switch (callee.kind) {
  case ValKind::Poison:
    return callee;
  case ValKind::Function:
    return callFunction(*callee.function->decl, callee.function->module, std::move(args), scope(),
                        frame->leaf, where, callee.function->nested);
  case ValKind::Class: {
    const Class &c = *callee.cls->decl;
    if (c.base == "NamedTuple")
      return heap.tuple(std::move(args), callee.cls);
    Val v = Val::of(ValKind::Instance);
    v.instance = heap.instance();
    v.instance->cls = callee.cls;
    if (c.method("__init__"))
      callMethod(v, "__init__", std::move(args), where);
    return v;
  }
  case ValKind::Instance:
    return callMethod(callee, "forward", std::move(args), where);
  default:
    return error(where, "ts-call", fmt::format("`{}` cannot be called", kindName(callee)));
  }
}

Val Evaluator::callNamed(const Expr &e, llvm::StringRef name) {
  if (name == "annotate" || name == "unchecked_cast")
    return annotate(e);
  if (name == "uninitialized")
    return Val::poison();
  if (name == "isinstance" && e.items.size() == 3) {
    Val v = eval(e.items[1]);
    return v.isPoison() ? v : Val::boolean(matchesType(v, e.items[2]));
  }
  if (name == "getattr" && e.items.size() >= 3 && e.items[2]->kind == ExprKind::Str)
    return attributeOf(eval(e.items[1]), e.items[2]->text, range(e));
  std::vector<Val> args;
  std::vector<std::pair<llvm::StringRef, Val>> keywords;
  if (!evalArgs(e, 1, args, keywords))
    return Val::poison();
  callRange = range(e);
  if (name == "fork" && !args.empty())
    return callValue(args[0], {args.begin() + 1, args.end()}, callRange);
  if (name == "print")
    return Val::none();
  if (name == "int" || name == "float" || name == "bool") {
    if (args.size() == 1 && args[0].isTensor()) {
      args[0] = item(args[0], "`" + name.str() + "`");
      if (args[0].isPoison())
        return args[0];
    }
    llvm::StringRef op = name == "int" ? "Int" : name == "float" ? "Float" : "Bool";
    if (std::optional<Val> v = callBuiltin(*this, op, args, keywords))
      return *v;
  }
  if (std::optional<Val> v = callBuiltin(*this, name, args, keywords))
    return *v;
  std::string kinds;
  for (const Val &v : args)
    kinds += (kinds.empty() ? "" : ", ") + kindName(v);
  return error(callRange, "ts-call", fmt::format("unknown function `{}({})`", name.str(), kinds));
}

Val Evaluator::annotate(const Expr &e) {
  if (e.items.size() != 3)
    return error(range(e), "ts-call", "a cast needs a type and a value");
  Val v = eval(e.items[2]);
  llvm::StringRef type = e.items[1]->text;
  callRange = range(e);
  if (v.isTensor() && e.items[1]->kind == ExprKind::Name &&
      (type == "number" || type == "int" || type == "float" || type == "bool")) {
    v = item(v, "use as a number");
    if (type == "float" && v.isNumber())
      v = Val::real(v.number());
    else if (type == "int" && v.isFloat())
      return *callBuiltin(*this, "Int", {v}, {});
  }
  return v;
}

bool Evaluator::matchesType(const Val &v, const Expr *type, unsigned level) {
  if (level > limits::containerDepth)
    return false;
  if (type->kind == ExprKind::Tuple) {
    for (const Expr *t : type->items)
      if (matchesType(v, t, level + 1))
        return true;
    return false;
  }
  if (type->kind == ExprKind::None)
    return v.isNone();
  if (type->kind == ExprKind::Index) {
    llvm::StringRef outer = type->items[0]->text;
    const Expr *inner = type->items[1];
    if (outer == "Optional")
      return v.isNone() || matchesType(v, inner, level + 1);
    if (outer == "Union")
      return matchesType(v, inner, level + 1);
    if (outer == "List")
      return v.isList() &&
             (v.list->items.empty() || matchesType(v.list->items[0], inner, level + 1));
    if (outer == "Dict")
      return v.is(ValKind::Dict);
    if (outer == "Tuple")
      return v.isTuple();
    return false;
  }
  std::string dotted = dottedName(type, "__torch__");
  if (!dotted.empty()) {
    const ClassInfo *cls = v.is(ValKind::Instance)              ? v.instance->cls
                           : v.isTuple() || v.is(ValKind::Enum) ? v.tuple->cls
                                                                : nullptr;
    return cls && cls->name == dotted;
  }
  return llvm::StringSwitch<bool>(type->text)
      .Case("Tensor", v.isTensor())
      .Case("int", v.isInt())
      .Case("float", v.isFloat())
      .Case("bool", v.isBool())
      .Case("number", v.isNumber())
      .Case("str", v.isStr())
      .Case("NoneType", v.isNone())
      .Case("Device", v.is(ValKind::Device))
      .Case("list", v.isList())
      .Case("tuple", v.isTuple())
      .Cases("Any", "AnyType", true)
      .Default(false);
}

// Operators -----------------------------------------------------------------------------------

void Evaluator::setPlace(llvm::StringRef op) {
  auto [line, column] = callRange.file ? callRange.file->lineColumn(callRange.begin)
                                       : std::pair<unsigned, unsigned>{0, 0};
  builder.loc = Location::file(callRange.file ? callRange.file->name() : "", line, column, scope());
  std::string base = op.str();
  if (op.ends_with("_") && !op.ends_with("__"))
    base.pop_back();
  builder.name = frame && frame->leaf ? scope() : scope().empty() ? "" : scope() + "." + base;
  builder.failed = false;
}

void Evaluator::reportUnsupported(std::string op, llvm::ArrayRef<Val> args) {
  // Code that may not run at all would make the list longer than the work to be done.
  if (!speculative)
    unsupported.add(std::move(op), args, callRange, scope());
}

Val Evaluator::callOp(llvm::StringRef space, llvm::StringRef name, const Expr &e) {
  std::vector<Val> args;
  std::vector<std::pair<llvm::StringRef, Val>> keywords;
  bool good = evalArgs(e, 1, args, keywords);
  callRange = range(e);
  if (space == "prim") {
    if (name == "RaiseException") {
      if (!speculative) {
        std::string text = args.empty() || !args[0].isStr() ? "" : *args[0].s;
        error(callRange, "ts-raise", fmt::format("the model raises an exception: {}", text),
              "the input's shape or dtype may be one that the model rejects");
        frame->returned = true;
        frame->result = Val::poison();
      }
      return Val::none();
    }
    if (!good)
      return Val::poison();
    if (std::optional<Val> v = callPrim(*this, name, args))
      return *v;
  } else if (space == "aten") {
    if (!good) {
      if (!handlerOf(name) && !isBuiltinName(name))
        reportUnsupported("aten::" + name.str(), args);
      return Val::poison();
    }
    return callAten(name, args, keywords);
  }
  reportUnsupported(fmt::format("{}::{}", space.str(), name.str()), args);
  return Val::poison();
}

Val Evaluator::callAten(llvm::StringRef name, llvm::ArrayRef<Val> args, KeywordArgs keywords) {
  if (std::optional<Val> v = callQuery(*this, name, args, keywords))
    return *v;
  if (std::optional<Val> v = callBuiltin(*this, name, args, keywords))
    return *v;
  auto poisoned = [](const Val &v) {
    if (v.isList())
      for (const Val &i : v.list->items)
        if (i.isPoison())
          return true;
    return v.isPoison();
  };
  bool poison = speculative > 0;
  for (const Val &v : args)
    poison |= poisoned(v);
  for (const auto &k : keywords)
    poison |= poisoned(k.second);
  if (!handlerOf(name)) {
    if (poison && isBuiltinName(name))
      return Val::poison();
    reportUnsupported("aten::" + name.str(), args);
    return Val::poison();
  }
  return poison ? Val::poison() : runHandler(name, args, keywords);
}

Val Evaluator::runHandler(llvm::StringRef name, llvm::ArrayRef<Val> args, KeywordArgs keywords) {
  setPlace(name);
  auto resolve = [&](const Val &v) { // so that constant views can be taken for numbers
    if (v.isTensor() && v.tensor->parent && v.tensor->type.numel() == 1)
      functionalizer.read(v.tensor);
  };
  for (const Val &v : args)
    resolve(v);
  for (const auto &k : keywords)
    resolve(k.second);
  if (builder.failed)
    return Val::poison();
  bool inPlace = name.ends_with("_") && !name.ends_with("__") && name != "requires_grad_";
  std::vector<Val> bound;
  const Schema *schema = bindCall(schemasOf(name), args, keywords, heap, bound);
  if (!schema) {
    std::string kinds;
    for (const Val &v : args)
      kinds += (kinds.empty() ? "" : ", ") + kindName(v);
    for (const auto &[k, v] : keywords)
      kinds += (kinds.empty() ? "" : ", ") + k.str() + "=" + kindName(v);
    reportUnsupported(fmt::format("aten::{}", name.str()), args);
    return Val::poison();
  }
  OpCall call(builder, functionalizer, heap, diags, *schema, inPlace ? name.drop_back() : name,
              inPlace, bound, callRange, archive.version);
  Val result = handlerOf(name)(call);
  if (builder.failed)
    return Val::poison();
  return inPlace ? finishInPlace(call, result) : result;
}

Val Evaluator::finishInPlace(OpCall &c, Val result) {
  if (!result.isTensor() || !c.arg(0u).isTensor())
    return result;
  TensorObject *self = c.self();
  Ref r = functionalizer.read(result.tensor);
  if (builder.failed)
    return Val::poison();
  if (isFloat(r->dtype()) && !isFloat(self->type.dtype))
    return c.error(fmt::format("a result of type {} cannot be stored in a tensor of type {}",
                               dtypeName(r->dtype()), dtypeName(self->type.dtype)));
  if (r->shape() != self->type.shape)
    return c.error(fmt::format("a result of shape {} cannot be stored in a tensor of shape {}",
                               r->shape().str(), self->type.shape.str()));
  bool overwrite = c.name == "fill" || c.name == "zero" || c.name == "copy";
  functionalizer.write(self, builder.convert(r, self->type.dtype), !overwrite);
  return builder.failed ? Val::poison() : c.arg(0u);
}

} // namespace wnnx::ts
