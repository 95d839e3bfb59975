// SPDX-License-Identifier: Apache-2.0
//
// A constant: a type and bytes, contiguous and row-major, little-endian. The bytes are shared and
// never change; they may lie in a memory-mapped file.
#pragma once

#include "wnnx/IR/Type.h"

#include <memory>
#include <vector>

namespace wnnx {

class Tensor {
  TensorType ty;
  std::shared_ptr<const void> owner; // keeps `ptr` alive
  const uint8_t *ptr = nullptr;

public:
  Tensor() = default;
  /// Takes bytes over; their number must be that of the type.
  static Tensor own(TensorType type, std::vector<uint8_t> bytes);
  /// Points into memory that `owner` keeps alive. The address may be unaligned: read through
  /// `get`, or memcpy.
  static Tensor view(TensorType type, std::shared_ptr<const void> owner, const uint8_t *bytes);
  static Tensor zeros(TensorType type);
  /// Every element `value`, rounded to the dtype.
  static Tensor splat(TensorType type, double value);
  static Tensor scalar(DType dtype, double value) { return splat({dtype, {}}, value); }
  static Tensor scalarInt(DType dtype, int64_t value);
  static Tensor fromFloats(Shape shape, llvm::ArrayRef<float> values);
  static Tensor fromInts(Shape shape, llvm::ArrayRef<int64_t> values);
  /// From doubles, rounded to the type's dtype.
  static Tensor fromDoubles(TensorType type, llvm::ArrayRef<double> values);

  explicit operator bool() const { return ptr != nullptr; }
  const TensorType &type() const { return ty; }
  const Shape &shape() const { return ty.shape; }
  DType dtype() const { return ty.dtype; }
  int64_t numel() const { return ty.numel(); }
  int64_t bytes() const { return ty.bytes(); }
  const uint8_t *data() const { return ptr; }
  llvm::ArrayRef<uint8_t> raw() const { return {ptr, size_t(bytes())}; }
  const std::shared_ptr<const void> &storage() const { return owner; }

  /// Element i, in row-major order, as a number of the wider kind; bool is 0 or 1.
  double getDouble(int64_t i) const;
  int64_t getInt(int64_t i) const;
  std::vector<double> toDoubles() const;
  /// The same bytes under another shape of as many elements.
  Tensor reshaped(Shape shape) const;
  /// The common value when all elements are equal bit for bit (and there is one).
  std::optional<double> splatValue() const;
  /// Same type and same bytes.
  bool identical(const Tensor &o) const;
};

/// Writes `value` as one element of `dtype` at `at`: rounded once for floats, wrapped for integers.
void storeElement(DType dtype, uint8_t *at, double value);
void storeElementInt(DType dtype, uint8_t *at, int64_t value);

} // namespace wnnx
