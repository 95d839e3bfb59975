// SPDX-License-Identifier: Apache-2.0
//
// Parsing of `Schemas.def` (once, on first use) and overload resolution.
#include "Schema.h"

#include "Functionalize.h"

#include "llvm/ADT/StringSwitch.h"

#include <cstdlib>

namespace wnnx::ts {
namespace {

SchemaArg parseArg(llvm::StringRef text, bool keywordOnly) {
  SchemaArg a;
  a.keywordOnly = keywordOnly;
  auto [code, rest] = text.split(' ');
  a.optional = code.consume_back("?");
  a.type = llvm::StringSwitch<ArgType>(code)
               .Case("T", ArgType::Tensor)
               .Case("S", ArgType::Scalar)
               .Case("i", ArgType::Int)
               .Case("f", ArgType::Float)
               .Case("b", ArgType::Bool)
               .Case("s", ArgType::Str)
               .Case("d", ArgType::Device)
               .Case("TL", ArgType::Tensors)
               .Case("OL", ArgType::OptionalTensors)
               .Case("SL", ArgType::Scalars)
               .Case("iL", ArgType::Ints)
               .Case("fL", ArgType::Floats)
               .Case("bL", ArgType::Bools)
               .Default(ArgType::Any);
  auto [name, defaultText] = rest.split('=');
  a.name = name.str();
  a.hasDefault = rest.contains('=');
  a.defaultText = defaultText.str();
  return a;
}

Schema parseSchema(llvm::StringRef name, llvm::StringRef overload, llvm::StringRef text) {
  Schema s{name.str(), overload.str(), text.str(), {}};
  bool keywordOnly = false;
  while (!text.empty()) {
    auto [part, rest] = text.split(", ");
    text = rest;
    if (part == "*")
      keywordOnly = true;
    else
      s.args.push_back(parseArg(part, keywordOnly));
  }
  return s;
}

class Table {
  llvm::StringMap<std::vector<Schema>> byName;

public:
  Table() {
#define TS_SCHEMA(name, overload, text) byName[name].push_back(parseSchema(name, overload, text));
#include "Schemas.def"
  }
  llvm::ArrayRef<Schema> find(llvm::StringRef name) const {
    auto it = byName.find(name);
    return it == byName.end() ? llvm::ArrayRef<Schema>() : llvm::ArrayRef<Schema>(it->second);
  }
};

Val parseDefault(llvm::StringRef t, Heap &heap) {
  if (t == "None")
    return Val::none();
  if (t == "True" || t == "False")
    return Val::boolean(t == "True");
  if (t.consume_front("\"")) {
    t.consume_back("\"");
    return heap.str(t.str());
  }
  if (t.consume_front("[")) {
    t.consume_back("]");
    std::vector<Val> items;
    while (!t.empty()) {
      auto [item, rest] = t.split(' ');
      items.push_back(parseDefault(item, heap));
      t = rest;
    }
    return heap.list(std::move(items));
  }
  int64_t i = 0;
  if (!t.getAsInteger(10, i))
    return Val::integer(i);
  return Val::real(std::strtod(t.str().c_str(), nullptr));
}

/// The number in a constant tensor of one element.
std::optional<Val> constantNumber(const Val &v) {
  if (!v.isTensor() || v.tensor->type.numel() != 1)
    return std::nullopt;
  // Reading needs no graph when the value is a constant; a view is resolved elsewhere.
  Ref base = v.tensor->parent ? v.tensor->cached : v.tensor->box->base;
  if (!base || !base->isConstant() ||
      (v.tensor->parent && v.tensor->cachedVersion != v.tensor->box->version))
    return std::nullopt;
  const Tensor &t = base->constant;
  if (isFloat(t.dtype()))
    return Val::real(t.getDouble(0));
  return t.dtype() == DType::Bool ? Val::boolean(t.getInt(0)) : Val::integer(t.getInt(0));
}

bool fits(Val &v, ArgType type, bool convert, Heap &heap);

bool fitsList(Val &v, ArgType item, bool optionalItems, bool convert, Heap &heap) {
  if (convert && v.isTuple() && !v.tuple->cls)
    v = heap.list(v.tuple->items);
  if (convert && !v.isList() && item != ArgType::Tensor) {
    Val single = v;
    if (!fits(single, item, true, heap))
      return false;
    v = heap.list({single});
    return true;
  }
  if (!v.isList())
    return false;
  std::vector<Val> items = v.list->items;
  bool changed = false;
  for (Val &i : items) {
    if (optionalItems && i.isNone())
      continue;
    ValKind before = i.kind;
    if (!fits(i, item, convert, heap))
      return false;
    changed |= i.kind != before;
  }
  if (changed)
    v = heap.list(std::move(items));
  return true;
}

bool fits(Val &v, ArgType type, bool convert, Heap &heap) {
  auto toNumber = [&] {
    if (!convert)
      return false;
    std::optional<Val> n = constantNumber(v);
    if (n)
      v = *n;
    return n.has_value();
  };
  switch (type) {
  case ArgType::Any:
    return true;
  case ArgType::Tensor:
    return v.isTensor();
  case ArgType::Scalar:
    return v.isNumber() || toNumber();
  case ArgType::Int:
    if (v.isInt())
      return true;
    if (v.isTensor() && !toNumber())
      return false;
    if (convert && v.isBool())
      v = Val::integer(v.i);
    return v.isInt();
  case ArgType::Float:
    if (v.isFloat())
      return true;
    if (v.isTensor() && !toNumber())
      return false;
    if (convert && v.isNumber())
      v = Val::real(v.number());
    return v.isFloat();
  case ArgType::Bool:
    if (v.isTensor() && !toNumber())
      return false;
    if (convert && v.isInt())
      v = Val::boolean(v.i);
    return v.isBool();
  case ArgType::Str:
    return v.isStr();
  case ArgType::Device:
    return v.is(ValKind::Device) || (convert && v.isStr());
  case ArgType::Tensors:
    return fitsList(v, ArgType::Tensor, false, convert, heap);
  case ArgType::OptionalTensors:
    return fitsList(v, ArgType::Tensor, true, convert, heap);
  case ArgType::Scalars:
    return fitsList(v, ArgType::Scalar, false, convert, heap);
  case ArgType::Ints:
    return fitsList(v, ArgType::Int, false, convert, heap);
  case ArgType::Floats:
    return fitsList(v, ArgType::Float, false, convert, heap);
  case ArgType::Bools:
    return fitsList(v, ArgType::Bool, false, convert, heap);
  }
  return false;
}

bool bindTo(const Schema &s, llvm::ArrayRef<Val> args, KeywordArgs keywords, bool convert,
            Heap &heap, std::vector<Val> &bound) {
  bound.assign(s.args.size(), Val::poison());
  std::vector<bool> given(s.args.size(), false);
  if (args.size() > s.args.size())
    return false;
  for (size_t i = 0; i < args.size(); ++i) {
    if (s.args[i].keywordOnly)
      return false;
    bound[i] = args[i];
    given[i] = true;
  }
  for (const auto &[name, v] : keywords) {
    int i = s.indexOf(name);
    if (i < 0 && name == "input")
      i = s.indexOf("self");
    if (i < 0 || given[size_t(i)])
      return false;
    bound[size_t(i)] = v;
    given[size_t(i)] = true;
  }
  for (size_t i = 0; i < s.args.size(); ++i) {
    const SchemaArg &a = s.args[i];
    if (!given[i]) {
      if (!a.hasDefault && !a.optional)
        return false;
      bound[i] = a.hasDefault ? parseDefault(a.defaultText, heap) : Val::none();
      if (a.type == ArgType::Float && bound[i].isInt())
        bound[i] = Val::real(double(bound[i].i));
      continue;
    }
    if (bound[i].isNone() ? !a.optional && a.type != ArgType::Any
                          : !fits(bound[i], a.type, convert, heap))
      return false;
  }
  return true;
}

} // namespace

int Schema::indexOf(llvm::StringRef arg) const {
  for (size_t i = 0; i < args.size(); ++i)
    if (args[i].name == arg)
      return int(i);
  return -1;
}

llvm::ArrayRef<Schema> schemasOf(llvm::StringRef name) {
  static const Table table;
  llvm::ArrayRef<Schema> found = table.find(name);
  if (found.empty() && name.ends_with("_") && !name.ends_with("__"))
    found = table.find(name.drop_back());
  return found;
}

const Schema *bindCall(llvm::ArrayRef<Schema> overloads, llvm::ArrayRef<Val> args,
                       KeywordArgs keywords, Heap &heap, std::vector<Val> &bound) {
  for (bool convert : {false, true})
    for (const Schema &s : overloads)
      if (bindTo(s, args, keywords, convert, heap, bound))
        return &s;
  return nullptr;
}

} // namespace wnnx::ts
