// SPDX-License-Identifier: Apache-2.0
//
// Shared constant bytes and reading and writing of single elements.
#include "wnnx/IR/Tensor.h"

#include "wnnx/Support/Check.h"
#include "wnnx/Support/Half.h"

#include <cmath>
#include <cstring>
#include <limits>

namespace wnnx {

Tensor Tensor::own(TensorType type, std::vector<uint8_t> bytes) {
  WNNX_CHECK(int64_t(bytes.size()) == type.bytes(), "a tensor has as many bytes as its type says");
  auto holder = std::make_shared<std::vector<uint8_t>>(std::move(bytes));
  const uint8_t *p = holder->data();
  static const uint8_t none = 0;
  return view(std::move(type), std::move(holder), p ? p : &none);
}

Tensor Tensor::view(TensorType type, std::shared_ptr<const void> owner, const uint8_t *bytes) {
  Tensor t;
  t.ty = std::move(type);
  t.owner = std::move(owner);
  t.ptr = bytes;
  return t;
}

Tensor Tensor::zeros(TensorType type) {
  std::vector<uint8_t> bytes(size_t(type.bytes()));
  return own(std::move(type), std::move(bytes));
}

Tensor Tensor::splat(TensorType type, double value) {
  std::vector<uint8_t> bytes(size_t(type.bytes()));
  unsigned step = dtypeBytes(type.dtype);
  for (size_t i = 0; i < bytes.size(); i += step)
    storeElement(type.dtype, &bytes[i], value);
  return own(std::move(type), std::move(bytes));
}

Tensor Tensor::scalarInt(DType dtype, int64_t value) {
  std::vector<uint8_t> bytes(dtypeBytes(dtype));
  storeElementInt(dtype, bytes.data(), value);
  return own({dtype, {}}, std::move(bytes));
}

Tensor Tensor::fromFloats(Shape shape, llvm::ArrayRef<float> values) {
  std::vector<uint8_t> bytes(values.size() * 4);
  if (!values.empty())
    std::memcpy(bytes.data(), values.data(), bytes.size());
  return own({DType::F32, std::move(shape)}, std::move(bytes));
}

Tensor Tensor::fromInts(Shape shape, llvm::ArrayRef<int64_t> values) {
  std::vector<uint8_t> bytes(values.size() * 8);
  if (!values.empty())
    std::memcpy(bytes.data(), values.data(), bytes.size());
  return own({DType::I64, std::move(shape)}, std::move(bytes));
}

Tensor Tensor::fromDoubles(TensorType type, llvm::ArrayRef<double> values) {
  WNNX_CHECK(int64_t(values.size()) == type.numel(),
             "a tensor has as many values as its type says");
  unsigned step = dtypeBytes(type.dtype);
  std::vector<uint8_t> bytes(values.size() * step);
  for (size_t i = 0; i < values.size(); ++i)
    storeElement(type.dtype, &bytes[i * step], values[i]);
  return own(std::move(type), std::move(bytes));
}

template <class T> static T load(const uint8_t *p) {
  T v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

double Tensor::getDouble(int64_t i) const {
  const uint8_t *p = ptr + size_t(i) * dtypeBytes(ty.dtype);
  switch (ty.dtype) {
  case DType::F32:
    return load<float>(p);
  case DType::F16:
    return halfToFloat(load<uint16_t>(p));
  case DType::BF16:
    return bfloatToFloat(load<uint16_t>(p));
  case DType::F64:
    return load<double>(p);
  default:
    return double(getInt(i));
  }
}

/// The nearest int64, with NaN as 0, where a plain cast would be undefined.
static int64_t truncateToInt(double v) {
  if (std::isnan(v))
    return 0;
  if (v >= 9223372036854775808.0)
    return std::numeric_limits<int64_t>::max();
  if (v <= -9223372036854775808.0)
    return std::numeric_limits<int64_t>::min();
  return int64_t(v);
}

int64_t Tensor::getInt(int64_t i) const {
  const uint8_t *p = ptr + size_t(i) * dtypeBytes(ty.dtype);
  switch (ty.dtype) {
  case DType::I8:
    return load<int8_t>(p);
  case DType::U8:
    return load<uint8_t>(p);
  case DType::I16:
    return load<int16_t>(p);
  case DType::I32:
    return load<int32_t>(p);
  case DType::I64:
    return load<int64_t>(p);
  case DType::Bool:
    return load<uint8_t>(p) != 0;
  default:
    return truncateToInt(getDouble(i));
  }
}

std::vector<double> Tensor::toDoubles() const {
  std::vector<double> out(static_cast<size_t>(numel()));
  if (ty.dtype == DType::F32) {
    for (size_t i = 0; i < out.size(); ++i)
      out[i] = load<float>(ptr + 4 * i);
    return out;
  }
  for (size_t i = 0; i < out.size(); ++i)
    out[i] = getDouble(int64_t(i));
  return out;
}

Tensor Tensor::reshaped(Shape shape) const {
  WNNX_CHECK(shape.numel() == numel(), "a reshape keeps the number of elements");
  return view({ty.dtype, std::move(shape)}, owner, ptr);
}

std::optional<double> Tensor::splatValue() const {
  int64_t n = numel();
  if (n == 0)
    return std::nullopt;
  size_t step = dtypeBytes(ty.dtype);
  for (int64_t i = 1; i < n; ++i) {
    if (std::memcmp(ptr, ptr + size_t(i) * step, step) != 0)
      return std::nullopt;
  }
  return getDouble(0);
}

bool Tensor::identical(const Tensor &o) const {
  if (ty != o.ty || !ptr != !o.ptr)
    return false;
  return ptr == o.ptr || bytes() == 0 || std::memcmp(ptr, o.ptr, size_t(bytes())) == 0;
}

template <class T> static void put(uint8_t *at, T v) {
  std::memcpy(at, &v, sizeof v);
}

void storeElement(DType dtype, uint8_t *at, double value) {
  switch (dtype) {
  case DType::F32:
    return put(at, float(value));
  case DType::F16:
    return put(at, doubleToHalf(value));
  case DType::BF16:
    return put(at, floatToBfloat(float(value)));
  case DType::F64:
    return put(at, value);
  case DType::Bool:
    return put(at, uint8_t(value != 0));
  default:
    return storeElementInt(dtype, at, truncateToInt(value));
  }
}

void storeElementInt(DType dtype, uint8_t *at, int64_t value) {
  switch (dtype) {
  case DType::I8:
    return put(at, int8_t(value));
  case DType::U8:
    return put(at, uint8_t(value));
  case DType::I16:
    return put(at, int16_t(value));
  case DType::I32:
    return put(at, int32_t(value));
  case DType::I64:
    return put(at, value);
  case DType::Bool:
    return put(at, uint8_t(value != 0));
  default:
    return storeElement(dtype, at, double(value));
  }
}

} // namespace wnnx
