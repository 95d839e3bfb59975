// SPDX-License-Identifier: Apache-2.0
//
// Argument lists of aten operators, out of `Schemas.def`, and the matching of calls against them.
#pragma once

#include "Value.h"

#include "llvm/ADT/ArrayRef.h"

namespace wnnx::ts {

enum class ArgType : uint8_t {
  Tensor,
  Scalar,
  Int,
  Float,
  Bool,
  Str,
  Device,
  Any,
  Tensors,
  OptionalTensors,
  Scalars,
  Ints,
  Floats,
  Bools,
};

struct SchemaArg {
  std::string name;
  ArgType type = ArgType::Any;
  bool optional = false;
  bool keywordOnly = false;
  bool hasDefault = false;
  std::string defaultText;
};

struct Schema {
  std::string name, overload, text;
  std::vector<SchemaArg> args;

  int indexOf(llvm::StringRef arg) const;
  /// "clamp(T self, S? min=None, S? max=None)"
  std::string str() const { return name + "(" + text + ")"; }
};

using KeywordArgs = llvm::ArrayRef<std::pair<llvm::StringRef, Val>>;

/// All overloads of an operator, or of `foo` for an in-place `foo_` without rows of its own. Empty
/// when the operator is unknown.
llvm::ArrayRef<Schema> schemasOf(llvm::StringRef name);

/// Picks the first overload that a call fits, at first without and then with conversions (int to
/// float, number to list, constant tensor to number), and binds its arguments, defaults included.
/// Null when none fits.
const Schema *bindCall(llvm::ArrayRef<Schema> overloads, llvm::ArrayRef<Val> args,
                       KeywordArgs keywords, Heap &heap, std::vector<Val> &bound);

} // namespace wnnx::ts
