// SPDX-License-Identifier: Apache-2.0
//
// What `Ops.def` says, as data: op kinds, their operands, attributes, results and traits.
#pragma once

#include "wnnx/IR/Attribute.h"

#include "llvm/ADT/ArrayRef.h"

#include <optional>
#include <string_view>

namespace wnnx {

enum class OpKind : uint16_t {
#define WNNX_OP(Name, mnemonic, traits, doc) Name,
#include "wnnx/IR/Ops.def"
};

constexpr unsigned numOps = 0
#define WNNX_OP(Name, mnemonic, traits, doc) +1
#include "wnnx/IR/Ops.def"
    ;

/// Properties of an op that rules and passes may rely on.
namespace Trait {
enum : uint32_t {
  None = 0,
  Commutative = 1u << 0,       // the first two operands may be swapped
  Associative = 1u << 1,       // over the reals
  UnaryElementwise = 1u << 2,  // result[i] = f(input[i]); same shape; first operand
  BinaryElementwise = 1u << 3, // broadcasts
  Monotone = 1u << 4,          // unary and non-decreasing in its first operand
  Identity = 1u << 5,          // returns its first operand unchanged in inference
  Reshape = 1u << 6,           // same elements in the same row-major order under another shape
  Movement = 1u << 7, // every result element is some operand element (permute, slice, cat...)
  Reduction = 1u << 8,
  Compare = 1u << 9,     // result is bool
  Activation = 1u << 10, // may be named in the `act` attribute of conv2d and linear
  LinearIn0 = 1u << 11,  // linear in its first operand, the others fixed (bias aside)
};
}

enum class OperandKind : uint8_t { Single, Optional, Variadic, OptionalVariadic };

struct OperandInfo {
  std::string_view name;
  OperandKind kind;
  std::string_view doc;
};
struct AttrInfo {
  std::string_view name;
  AttrKind kind;
  bool optional; // may be none
  bool required; // has no default
  Attribute defaultValue;
  std::string_view doc;
};
struct ResultInfo {
  std::string_view name;
  bool variadic;
};
struct OpInfo {
  OpKind kind;
  std::string_view name;     // "conv2d"
  std::string_view enumName; // "Conv2d"
  uint32_t traits;
  std::string_view doc;
  std::vector<OperandInfo> operands; // a variadic group, if any, is the last
  std::vector<AttrInfo> attrs;
  std::vector<ResultInfo> results;

  bool has(uint32_t trait) const { return (traits & trait) == trait; }
  bool isVariadic() const;
  unsigned numFixedOperands() const;
  int attrIndex(std::string_view name) const;    // -1 when there is none
  int operandIndex(std::string_view name) const; // -1 when there is none
  /// "conv2d(input, weight, bias?, residual?; stride: ints = [1, 1], ...) -> result"
  std::string schema() const;
};

const OpInfo &opInfo(OpKind kind);
inline std::string_view opName(OpKind kind) {
  return opInfo(kind).name;
}
const OpInfo *lookupOp(std::string_view name);
llvm::ArrayRef<OpInfo> allOps();
/// All op names, for "did you mean".
const std::vector<std::string_view> &opNames();

} // namespace wnnx
