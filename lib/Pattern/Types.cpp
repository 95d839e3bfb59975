// SPDX-License-Identifier: Apache-2.0
//
// Static types of the rule language; reads the signatures of the built-in functions.
#include "wnnx/Pattern/Types.h"

#include "wnnx/Support/Check.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringRef.h"

namespace wnnx::pat {

Type Type::list(Type element) {
  Type t(TypeKind::List);
  t.element = std::make_shared<const Type>(std::move(element));
  return t;
}

Type Type::record(std::vector<std::pair<std::string, Type>> fields) {
  Type t(TypeKind::Record);
  t.fields = std::make_shared<const std::vector<std::pair<std::string, Type>>>(std::move(fields));
  return t;
}

Type Type::ofAttr(const AttrInfo &info) {
  auto base = [&]() -> Type {
    switch (info.kind) {
    case AttrKind::None:
      return TypeKind::None;
    case AttrKind::Bool:
      return TypeKind::Bool;
    case AttrKind::Int:
      return TypeKind::Int;
    case AttrKind::Float:
      return TypeKind::Float;
    case AttrKind::Str:
      return TypeKind::Str;
    case AttrKind::DType:
      return TypeKind::DType;
    case AttrKind::Ints:
      return list(TypeKind::Int);
    case AttrKind::Floats:
      return list(TypeKind::Float);
    case AttrKind::Tensor:
      return TypeKind::Tensor;
    }
    return TypeKind::Any;
  };
  return base().withOptional(info.optional);
}

const Type *Type::field(std::string_view name) const {
  if (fields) {
    for (const auto &f : *fields) {
      if (f.first == name)
        return &f.second;
    }
  }
  return nullptr;
}

std::string Type::str() const {
  std::string s;
  switch (kind) {
  case TypeKind::Any:
    s = "any";
    break;
  case TypeKind::Value:
    s = constant ? "constant" : "value";
    break;
  case TypeKind::Tensor:
    s = "tensor";
    break;
  case TypeKind::Int:
    s = "int";
    break;
  case TypeKind::Float:
    s = "float";
    break;
  case TypeKind::Bool:
    s = "bool";
    break;
  case TypeKind::Str:
    s = "str";
    break;
  case TypeKind::DType:
    s = "dtype";
    break;
  case TypeKind::List:
    s = element ? "list<" + element->str() + ">" : "list";
    break;
  case TypeKind::Record:
    s = "record";
    break;
  case TypeKind::Op:
    s = "op";
    break;
  case TypeKind::None:
    s = "none";
    break;
  case TypeKind::Target:
    s = "target";
    break;
  }
  return optional ? s + "?" : s;
}

Type joinTypes(const Type &a, const Type &b) {
  if (a.is(TypeKind::None))
    return b.withOptional(true);
  if (b.is(TypeKind::None))
    return a.withOptional(true);
  bool optional = a.optional || b.optional;
  if (a.kind == b.kind) {
    Type t = a.withOptional(optional);
    t.constant = a.constant && b.constant;
    if (a.is(TypeKind::List) && a.element && b.element)
      t.element = std::make_shared<const Type>(joinTypes(*a.element, *b.element));
    else if (a.is(TypeKind::List))
      t.element = a.element ? a.element : b.element;
    if (a.is(TypeKind::Record) && a.fields && b.fields && a.fields->size() == b.fields->size()) {
      std::vector<std::pair<std::string, Type>> fields;
      for (const auto &f : *a.fields) {
        const Type *o = b.field(f.first);
        fields.push_back({f.first, o ? joinTypes(f.second, *o) : Type()});
      }
      t = Type::record(std::move(fields)).withOptional(optional);
    }
    return t;
  }
  if (a.number() && b.number() && !a.any() && !b.any())
    return Type(TypeKind::Float).withOptional(optional);
  if (a.tensorLike() && b.tensorLike() && !a.any() && !b.any())
    return Type(TypeKind::Tensor).withOptional(optional);
  return Type().withOptional(optional);
}

static BuiltinInfo readSignature(Builtin id, BuiltinGroup group, llvm::StringRef signature,
                                 const char *doc) {
  BuiltinInfo info{id, group, "", signature.str(), "", doc, {}};
  auto [name, rest] = signature.split('(');
  auto [params, result] = rest.split(") -> ");
  info.name = name.str();
  info.result = result.str();
  llvm::SmallVector<llvm::StringRef, 4> parts;
  params.split(parts, ", ");
  for (llvm::StringRef p : parts) {
    auto [param, type] = p.split(": ");
    BuiltinParam b{param.str(), type.str(), type.ends_with("?")};
    if (b.optional)
      b.type.pop_back();
    info.params.push_back(std::move(b));
  }
  return info;
}

const std::vector<BuiltinInfo> &allBuiltins() {
  static const std::vector<BuiltinInfo> table = [] {
    std::vector<BuiltinInfo> t;
    BuiltinGroup group = BuiltinGroup::Values;
#define PAT_BUILTIN_GROUP(Name, title) group = BuiltinGroup::Name;
#define PAT_BUILTIN(Name, signature, doc)                                                          \
  t.push_back(readSignature(Builtin::Name, group, signature, doc));
#include "wnnx/Pattern/Builtins.def"
    return t;
  }();
  return table;
}

std::string_view builtinGroupTitle(BuiltinGroup g) {
  static const std::string_view titles[] = {
#define PAT_BUILTIN_GROUP(Name, title) title,
#include "wnnx/Pattern/Builtins.def"
  };
  return titles[size_t(g)];
}

const BuiltinInfo *lookupBuiltin(std::string_view name) {
  for (const BuiltinInfo &b : allBuiltins()) {
    if (b.name == name)
      return &b;
  }
  return nullptr;
}

namespace {
struct TraitName {
  std::string_view name;
  uint32_t bits;
};
constexpr TraitName traits[] = {
    {"elementwise_unary", Trait::UnaryElementwise},
    {"elementwise_binary", Trait::BinaryElementwise},
    {"commutative", Trait::Commutative},
    {"associative", Trait::Associative},
    {"monotone", Trait::Monotone},
    {"identity", Trait::Identity},
    {"reshape", Trait::Reshape},
    {"movement", Trait::Movement},
    {"reduction", Trait::Reduction},
    {"compare", Trait::Compare},
    {"activation", Trait::Activation},
    {"linear", Trait::LinearIn0},
};
} // namespace

uint32_t traitByName(std::string_view name) {
  for (const TraitName &t : traits) {
    if (t.name == name)
      return t.bits;
  }
  return 0;
}

const std::vector<std::string_view> &traitNames() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> v;
    for (const TraitName &t : traits)
      v.push_back(t.name);
    return v;
  }();
  return names;
}

} // namespace wnnx::pat
