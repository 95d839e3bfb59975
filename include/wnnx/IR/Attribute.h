// SPDX-License-Identifier: Apache-2.0
//
// Compile-time values on nodes. Which attributes an op has, of which kind, is in `Ops.def`.
#pragma once

#include "wnnx/IR/Tensor.h"

#include <string>
#include <variant>
#include <vector>

namespace wnnx {

enum class AttrKind : uint8_t { None, Bool, Int, Float, Str, DType, Ints, Floats, Tensor };
std::string_view attrKindName(AttrKind k);

/// A value of one of the kinds above, in that order. None stands for an absent optional attribute.
class Attribute {
  using Ints = std::vector<int64_t>;
  using Floats = std::vector<double>;
  std::variant<std::monostate, bool, int64_t, double, std::string, DType, Ints, Floats, Tensor> v;

public:
  Attribute() = default;
  Attribute(bool x) : v(x) {}
  Attribute(int x) : v(int64_t(x)) {}
  Attribute(int64_t x) : v(x) {}
  Attribute(double x) : v(x) {}
  Attribute(std::string x) : v(std::move(x)) {}
  Attribute(const char *x) : v(std::string(x)) {}
  Attribute(DType x) : v(x) {}
  Attribute(Ints x) : v(std::move(x)) {}
  Attribute(llvm::ArrayRef<int64_t> x) : v(Ints(x.begin(), x.end())) {}
  Attribute(Floats x) : v(std::move(x)) {}
  Attribute(Tensor x) : v(std::move(x)) {}

  AttrKind kind() const { return AttrKind(v.index()); }
  bool isNone() const { return kind() == AttrKind::None; }
  bool asBool() const { return std::get<bool>(v); }
  int64_t asInt() const { return std::get<int64_t>(v); }
  double asFloat() const { return std::get<double>(v); }
  const std::string &asStr() const { return std::get<std::string>(v); }
  DType asDType() const { return std::get<DType>(v); }
  const Ints &asInts() const { return std::get<Ints>(v); }
  const Floats &asFloats() const { return std::get<Floats>(v); }
  const Tensor &asTensor() const { return std::get<Tensor>(v); }
  /// Equal kind and value; tensors by bytes, floats by bits (so NaN equals itself).
  bool operator==(const Attribute &o) const;
  bool operator!=(const Attribute &o) const { return !(*this == o); }
  /// As in the text form: `2`, `1e-05`, `"same"`, `[1, 1]`, `f32`, `true`, `none`.
  std::string str() const;
};

/// The shortest text that reads back as exactly this double; always with `.`, an exponent, or one
/// of `inf`, `-inf`, `nan`, so that it is not taken for an integer.
std::string formatFloat(double value);
/// The text in double quotes, with C escapes.
std::string quote(std::string_view text);

} // namespace wnnx
