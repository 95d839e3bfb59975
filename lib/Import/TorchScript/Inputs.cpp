// SPDX-License-Identifier: Apache-2.0
//
// Binding of parameters to types.
#include "Inputs.h"

#include "Limits.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace wnnx::ts {
namespace {

std::string typeText(const Expr *type, unsigned depth = 0) {
  if (!type)
    return "Tensor";
  if (depth > 20)
    return "...";
  if (type->kind == ExprKind::Index)
    return typeText(type->items[0], depth + 1) + "[" + typeText(type->items[1], depth + 1) + "]";
  if (type->kind == ExprKind::Tuple) {
    std::string s;
    for (const Expr *e : type->items)
      s += (s.empty() ? "" : ", ") + typeText(e, depth + 1);
    return s;
  }
  return type->text.str();
}

bool isName(const Expr *type, llvm::StringRef name) {
  return type && type->kind == ExprKind::Name && type->text == name;
}

/// The argument of `Outer[...]`, or null.
const Expr *argumentOf(const Expr *type, llvm::StringRef outer) {
  if (!type || type->kind != ExprKind::Index || type->items[0]->text != outer)
    return nullptr;
  return type->items[1];
}

std::vector<const Expr *> tupleTypes(const Expr *inner) {
  if (inner->kind == ExprKind::Tuple)
    return inner->items.vec();
  return {inner};
}

} // namespace

DiagnosticBuilder InputBinder::error(std::string message) {
  failed = true;
  return ev.diags.error(ev.archive.place(), "ts-input", std::move(message));
}

FailureOr<std::vector<Val>> InputBinder::run() {
  for (const Param &p : method.params.drop_front())
    findTensors(p.type, p.name.str(), p.defaultValue != nullptr);
  reportUnknown();
  std::vector<Val> args;
  for (size_t i = 1; i < method.params.size(); ++i) {
    const Param &p = method.params[i];
    args.push_back(bind(p.type, p.name.str(), p.defaultValue, exampleOf(i - 1)));
  }
  if (!missing.empty())
    reportMissing();
  if (failed)
    return failure();
  return args;
}

void InputBinder::findTensors(const Expr *type, const std::string &name, bool optional) {
  if (!type || isName(type, "Tensor")) {
    tensorNames.push_back(name);
    requiredTensors += !optional;
  } else if (const Expr *inner = argumentOf(type, "Optional")) {
    findTensors(inner, name, true);
  } else if (const Expr *items = argumentOf(type, "Tuple")) {
    std::vector<const Expr *> types = tupleTypes(items);
    for (size_t i = 0; i < types.size(); ++i)
      findTensors(types[i], name + "." + std::to_string(i), optional);
  } else if (argumentOf(type, "List") || argumentOf(type, "Dict")) {
    tensorNames.push_back(name + ".*");
    requiredTensors += 2; // any number, and all have names
  }
}

/// Options that name no input.
void InputBinder::reportUnknown() {
  std::vector<std::string_view> names;
  for (const std::string &n : tensorNames)
    names.push_back(n);
  for (const TorchScriptInput &i : options.inputs) {
    if (i.name.empty()) {
      if (!namesOne())
        error(fmt::format("--input gives a type without a name, but the model has {} inputs: {}",
                          tensorNames.size(), fmt::join(tensorNames, ", ")));
      continue;
    }
    bool known = false;
    for (const std::string &n : tensorNames) {
      llvm::StringRef pattern = n;
      known |= pattern == i.name ||
               (pattern.consume_back("*") && llvm::StringRef(i.name).starts_with(pattern));
    }
    if (!known)
      error(fmt::format("the model has no input `{}`{}", i.name, didYouMean(i.name, names)))
          .hint(fmt::format("its inputs are: {}", fmt::join(tensorNames, ", ")));
  }
}

void InputBinder::reportMissing() {
  std::string spelling;
  for (const std::string &n : missing)
    spelling += fmt::format("{}--input '{}:f32[1,3,224,224]'", spelling.empty() ? "" : " ", n);
  error(fmt::format("the file does not say the shape of {} `{}`",
                    missing.size() == 1 ? "input" : "inputs", fmt::join(missing, "`, `")))
      .hint("give dtype and shape of each: " + spelling);
}

const TorchScriptInput *InputBinder::option(const std::string &name) const {
  for (const TorchScriptInput &i : options.inputs)
    if (i.name == name || (i.name.empty() && namesOne()))
      return &i;
  return nullptr;
}

bool InputBinder::hasOptionBelow(const std::string &name) const {
  for (const TorchScriptInput &i : options.inputs)
    if (i.name == name || llvm::StringRef(i.name).starts_with(name + "."))
      return true;
  return false;
}

InputBinder::Example InputBinder::exampleOf(size_t parameter) const {
  const PickleData &p = ev.archive.tracedInputs;
  if (!ev.archive.hasTracedInputs || p[p.root].kind != PickleKind::Dict)
    return {};
  llvm::ArrayRef<PickleRef> entries = p.items(p.root);
  for (size_t i = 0; i + 1 < entries.size(); i += 2)
    if (p[entries[i]].kind == PickleKind::Str && p.text(entries[i]) == options.method)
      return child({entries[i + 1], true}, parameter);
  return {};
}

InputBinder::Example InputBinder::child(Example e, size_t i) const {
  const PickleData &p = ev.archive.tracedInputs;
  if (!e.present || (p[e.ref].kind != PickleKind::List && p[e.ref].kind != PickleKind::Tuple) ||
      i >= p.items(e.ref).size())
    return {};
  return {p.items(e.ref)[i], true};
}

std::optional<TensorType> InputBinder::exampleType(Example e) const {
  const PickleData &p = ev.archive.tracedInputs;
  if (!e.present || p[e.ref].kind != PickleKind::Tensor)
    return std::nullopt;
  const PickleTensor &t = p.tensors[p[e.ref].aux];
  std::optional<DType> dtype = dtypeOfStorage(p.storages[p[t.storage].aux].type);
  if (!dtype || !checkedNumel(t.sizes) || int64_t(t.sizes.size()) > limits::tensorRank)
    return std::nullopt;
  return TensorType{*dtype, Shape(t.sizes)};
}

Val InputBinder::bind(const Expr *type, const std::string &name, const Expr *defaultValue,
                      Example example) {
  if (!type || isName(type, "Tensor"))
    return bindTensor(name, example);
  if (const Expr *inner = argumentOf(type, "Optional")) {
    if (hasOptionBelow(name) || example.present)
      return bind(inner, name, defaultValue, example);
    return Val::none();
  }
  if (argumentOf(type, "Tuple") || argumentOf(type, "List"))
    return bindSequence(type, name, example);
  if (argumentOf(type, "Dict"))
    return bindDict(type, name, example);
  if (defaultValue) {
    switch (defaultValue->kind) {
    case ExprKind::Int:
      return Val::integer(defaultValue->integer);
    case ExprKind::Float:
      return Val::real(defaultValue->number);
    case ExprKind::True:
      return Val::boolean(true);
    case ExprKind::False:
      return Val::boolean(false);
    case ExprKind::Str:
      return ev.heap.str(defaultValue->text.str());
    case ExprKind::None:
      return Val::none();
    default:
      break;
    }
  }
  error(fmt::format("parameter `{}` of type `{}` has no default", name, typeText(type)))
      .hint("wrap the model in a module whose forward takes tensors only");
  return Val::poison();
}

Val InputBinder::bindTensor(const std::string &name, Example example) {
  std::optional<TensorType> traced = exampleType(example), type = traced;
  if (const TorchScriptInput *o = option(name)) {
    type = o->type;
    if (traced && traced->shape.rank() != type->shape.rank()) {
      error(fmt::format("input `{}`: {} has rank {}, but the model was traced with {} of rank {}",
                        name, type->str(), type->shape.rank(), traced->str(),
                        traced->shape.rank()));
      return Val::poison();
    }
    if (traced && traced->dtype != type->dtype) {
      error(fmt::format("input `{}`: {} was given, but the model was traced with {}", name,
                        type->str(), traced->str()));
      return Val::poison();
    }
    if (traced && traced->shape != type->shape)
      ev.diags
          .warning(ev.archive.place(), "ts-input",
                   fmt::format("input `{}`: {} was given, but the model was traced with {}", name,
                               type->str(), traced->str()))
          .hint("tracing may have fixed sizes that followed from the example input");
  }
  if (!type) {
    missing.push_back(name);
    return Val::poison();
  }
  Value *v = ev.graph.addInput(name, *type);
  return ev.tensorOf(ev.builder.input(v));
}

Val InputBinder::bindSequence(const Expr *type, const std::string &name, Example example) {
  bool tuple = argumentOf(type, "Tuple") != nullptr;
  const Expr *inner = type->items[1];
  std::vector<const Expr *> types;
  if (tuple) {
    types = tupleTypes(inner);
  } else {
    size_t n = 0;
    while (hasOptionBelow(name + "." + std::to_string(n)) || child(example, n).present)
      ++n;
    types.assign(n, inner);
    if (n == 0)
      missing.push_back(name + ".0");
  }
  std::vector<Val> items;
  for (size_t i = 0; i < types.size(); ++i)
    items.push_back(bind(types[i], name + "." + std::to_string(i), nullptr, child(example, i)));
  return tuple ? ev.heap.tuple(std::move(items)) : ev.heap.list(std::move(items));
}

Val InputBinder::bindDict(const Expr *type, const std::string &name, Example example) {
  const Expr *inner = type->items[1];
  Val d = ev.heap.dict();
  std::vector<const Expr *> types = tupleTypes(inner);
  if (types.size() != 2 || !isName(types[0], "str"))
    return error(fmt::format("parameter `{}` of type `{}` is not supported", name, typeText(type))),
           Val::poison();
  const PickleData &p = ev.archive.tracedInputs;
  std::vector<std::pair<std::string, Example>> keys;
  if (example.present && p[example.ref].kind == PickleKind::Dict) {
    llvm::ArrayRef<PickleRef> entries = p.items(example.ref);
    for (size_t i = 0; i + 1 < entries.size(); i += 2)
      if (p[entries[i]].kind == PickleKind::Str)
        keys.push_back({p.text(entries[i]), {entries[i + 1], true}});
  } else {
    for (const TorchScriptInput &i : options.inputs)
      if (llvm::StringRef key = i.name; key.consume_front(name + "."))
        keys.push_back({key.str(), {}});
  }
  if (keys.empty())
    missing.push_back(name + ".KEY");
  for (auto &[key, keyExample] : keys)
    d.dict->items.push_back(
        {ev.heap.str(key), bind(types[1], name + "." + key, nullptr, keyExample)});
  return d;
}

} // namespace wnnx::ts
