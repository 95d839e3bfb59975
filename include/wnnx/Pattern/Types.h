// SPDX-License-Identifier: Apache-2.0
//
// Static types of the rule language, and its built-in functions as the checker sees them.
#pragma once

#include "wnnx/IR/Ops.h"

#include <memory>
#include <string>
#include <vector>

namespace wnnx::pat {

enum class TypeKind : uint8_t {
  Any, // not known before the rule is tried; also the type of what has already been reported
  Value,
  Tensor,
  Int,
  Float,
  Bool,
  Str,
  DType,
  List,
  Record,
  Op,
  None,
  Target,
};

struct Type {
  TypeKind kind = TypeKind::Any;
  bool optional = false;               // may be absent
  bool constant = false;               // Value: known to be a constant, so it serves as a tensor
  std::shared_ptr<const Type> element; // List; null: any
  std::shared_ptr<const std::vector<std::pair<std::string, Type>>> fields; // Record; null: any

  Type() = default;
  Type(TypeKind k) : kind(k) {}
  static Type list(Type element);
  static Type record(std::vector<std::pair<std::string, Type>> fields);
  static Type ofAttr(const AttrInfo &info);
  Type withOptional(bool o) const {
    Type t = *this;
    t.optional = o;
    return t;
  }
  bool is(TypeKind k) const { return kind == k; }
  bool any() const { return kind == TypeKind::Any; }
  /// A runtime value: one whose numbers are not known when rules run.
  bool runtime() const { return kind == TypeKind::Value && !constant; }
  /// Usable as a compile-time tensor.
  bool tensorLike() const {
    return any() || kind == TypeKind::Tensor || (kind == TypeKind::Value && constant);
  }
  bool number() const { return any() || kind == TypeKind::Int || kind == TypeKind::Float; }
  const Type *field(std::string_view name) const;
  std::string str() const;
};

/// What an expression that is either has.
Type joinTypes(const Type &a, const Type &b);

/// Parts of the function reference; each is computed by one file.
enum class BuiltinGroup : uint8_t {
#define PAT_BUILTIN_GROUP(Name, title) Name,
#include "wnnx/Pattern/Builtins.def"
};
std::string_view builtinGroupTitle(BuiltinGroup g);

enum class Builtin : uint8_t {
#define PAT_BUILTIN(Name, signature, doc) Name,
#include "wnnx/Pattern/Builtins.def"
};

struct BuiltinParam {
  std::string name, type;
  bool optional = false;
};
struct BuiltinInfo {
  Builtin id;
  BuiltinGroup group;
  std::string name, signature, result, doc;
  std::vector<BuiltinParam> params;
};
const std::vector<BuiltinInfo> &allBuiltins();
const BuiltinInfo *lookupBuiltin(std::string_view name);

/// Bits of `Trait` by the name used behind `@`; 0 when there is none.
uint32_t traitByName(std::string_view name);
const std::vector<std::string_view> &traitNames();

} // namespace wnnx::pat
