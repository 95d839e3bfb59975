// SPDX-License-Identifier: Apache-2.0
//
// Element types, shapes and tensor types. Sizes are in elements, row-major.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wnnx {

enum class DType : uint8_t { F32, F16, BF16, F64, I8, U8, I16, I32, I64, Bool };
constexpr unsigned numDTypes = 10;

/// "f32", "bool"...
std::string_view dtypeName(DType t);
std::optional<DType> parseDType(std::string_view name);
unsigned dtypeBytes(DType t);
inline bool isFloat(DType t) {
  return t <= DType::F64;
}
inline bool isInt(DType t) {
  return t >= DType::I8 && t <= DType::I64;
}
/// The dtype of `a op b` for two tensors with dimensions, by PyTorch's promotion table.
DType promote(DType a, DType b);

/// Dimensions of a tensor. A negative entry is reserved for a symbolic dimension; everything that
/// needs numbers asks `isStatic` first.
class Shape {
  llvm::SmallVector<int64_t, 6> dims;

public:
  Shape() = default;
  Shape(std::initializer_list<int64_t> d) : dims(d) {}
  explicit Shape(llvm::ArrayRef<int64_t> d) : dims(d.begin(), d.end()) {}
  int64_t rank() const { return int64_t(dims.size()); }
  int64_t operator[](int64_t i) const { return dims[size_t(i)]; }
  int64_t &operator[](int64_t i) { return dims[size_t(i)]; }
  /// From the end: back(0) is the last dimension.
  int64_t back(int64_t i = 0) const { return dims[dims.size() - 1 - size_t(i)]; }
  void push(int64_t d) { dims.push_back(d); }
  void insert(int64_t at, int64_t d) { dims.insert(dims.begin() + at, d); }
  void erase(int64_t at) { dims.erase(dims.begin() + at); }
  llvm::ArrayRef<int64_t> ref() const { return dims; }
  auto begin() const { return dims.begin(); }
  auto end() const { return dims.end(); }
  bool operator==(const Shape &o) const { return dims == o.dims; }
  bool operator!=(const Shape &o) const { return !(*this == o); }
  bool isStatic() const;
  /// Product of the dimensions; 1 for rank 0.
  int64_t numel() const;
  /// Product of dims [from, to).
  int64_t product(int64_t from, int64_t to) const;
  /// Row-major strides in elements.
  llvm::SmallVector<int64_t, 6> strides() const;
  /// "[1,3,224,224]"
  std::string str() const;
};

/// The product of sizes, or nothing when one is negative or the product passes 2^40.
std::optional<int64_t> checkedNumel(llvm::ArrayRef<int64_t> sizes);

/// PyTorch's broadcasting of two shapes, or nothing when they do not fit.
std::optional<Shape> broadcast(const Shape &a, const Shape &b);

struct TensorType {
  DType dtype = DType::F32;
  Shape shape;
  int64_t numel() const { return shape.numel(); }
  int64_t bytes() const { return numel() * dtypeBytes(dtype); }
  bool operator==(const TensorType &o) const { return dtype == o.dtype && shape == o.shape; }
  bool operator!=(const TensorType &o) const { return !(*this == o); }
  /// "f32[1,3,224,224]"
  std::string str() const;
};

/// "f32[1,3]" back to a type; nothing when malformed, negative or larger than `checkedNumel`
/// allows.
std::optional<TensorType> parseTensorType(std::string_view text);

/// `d` in [0, rank), counting from the end when negative; nothing when out of range. Rank 0 admits
/// 0 and -1, as PyTorch does.
std::optional<int64_t> normalizeDim(int64_t d, int64_t rank);

} // namespace wnnx
