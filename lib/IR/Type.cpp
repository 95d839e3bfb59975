// SPDX-License-Identifier: Apache-2.0
//
// Shapes, element types and their text.
#include "wnnx/IR/Type.h"

#include <algorithm>
#include <charconv>

namespace wnnx {

namespace {
struct DTypeInfo {
  std::string_view name;
  unsigned bytes;
};
constexpr DTypeInfo dtypes[numDTypes] = {{"f32", 4}, {"f16", 2}, {"bf16", 2}, {"f64", 8},
                                         {"i8", 1},  {"u8", 1},  {"i16", 2},  {"i32", 4},
                                         {"i64", 8}, {"bool", 1}};
} // namespace

std::string_view dtypeName(DType t) {
  return dtypes[size_t(t)].name;
}
unsigned dtypeBytes(DType t) {
  return dtypes[size_t(t)].bytes;
}

std::optional<DType> parseDType(std::string_view name) {
  for (unsigned i = 0; i < numDTypes; ++i) {
    if (dtypes[i].name == name)
      return DType(i);
  }
  return std::nullopt;
}

DType promote(DType a, DType b) {
  if (a == b)
    return a;
  if (isFloat(a) && isFloat(b)) {
    if (a == DType::F64 || b == DType::F64)
      return DType::F64;
    return DType::F32; // f32 with a half, or the two halves with each other
  }
  if (isFloat(a))
    return a;
  if (isFloat(b))
    return b;
  if (a == DType::Bool)
    return b;
  if (b == DType::Bool)
    return a;
  if (a == DType::U8 || b == DType::U8) { // u8 with a signed type needs the next wider signed one
    DType other = a == DType::U8 ? b : a;
    return other == DType::I8 ? DType::I16 : other;
  }
  return std::max(a, b); // the signed integers stand in order of width
}

bool Shape::isStatic() const {
  return std::all_of(dims.begin(), dims.end(), [](int64_t d) { return d >= 0; });
}

int64_t Shape::product(int64_t from, int64_t to) const {
  int64_t n = 1;
  for (int64_t i = from; i < to; ++i)
    n *= dims[size_t(i)];
  return n;
}

int64_t Shape::numel() const {
  return product(0, rank());
}

llvm::SmallVector<int64_t, 6> Shape::strides() const {
  llvm::SmallVector<int64_t, 6> s(dims.size(), 1);
  for (int64_t i = rank() - 2; i >= 0; --i)
    s[size_t(i)] = s[size_t(i) + 1] * dims[size_t(i) + 1];
  return s;
}

std::string Shape::str() const {
  std::string s = "[";
  for (size_t i = 0; i < dims.size(); ++i)
    s += (i ? "," : "") + (dims[i] < 0 ? std::string("?") : std::to_string(dims[i]));
  return s + "]";
}

std::optional<int64_t> checkedNumel(llvm::ArrayRef<int64_t> sizes) {
  constexpr int64_t limit = int64_t(1) << 40;
  bool empty = false;
  int64_t n = 1;
  for (int64_t d : sizes) {
    if (d < 0 || d > limit)
      return std::nullopt;
    if (d == 0) {
      empty = true;
      continue;
    }
    if (n > limit / d)
      return std::nullopt;
    n *= d;
  }
  return empty ? 0 : n;
}

std::optional<Shape> broadcast(const Shape &a, const Shape &b) {
  int64_t rank = std::max(a.rank(), b.rank());
  Shape out(llvm::SmallVector<int64_t, 6>(size_t(rank), 1));
  for (int64_t i = 0; i < rank; ++i) {
    int64_t da = i < a.rank() ? a.back(i) : 1, db = i < b.rank() ? b.back(i) : 1;
    if (da != db && da != 1 && db != 1)
      return std::nullopt;
    out[rank - 1 - i] = da == 1 ? db : da;
  }
  return out;
}

std::string TensorType::str() const {
  return std::string(dtypeName(dtype)) + shape.str();
}

std::optional<TensorType> parseTensorType(std::string_view text) {
  size_t bracket = text.find('[');
  if (bracket == std::string_view::npos || text.empty() || text.back() != ']')
    return std::nullopt;
  std::optional<DType> dtype = parseDType(text.substr(0, bracket));
  if (!dtype)
    return std::nullopt;
  TensorType type{*dtype, {}};
  std::string_view rest = text.substr(bracket + 1, text.size() - bracket - 2);
  bool expectNumber = false;
  while (!rest.empty() || expectNumber) {
    while (!rest.empty() && rest.front() == ' ')
      rest.remove_prefix(1);
    int64_t d = 0;
    auto [end, ec] = std::from_chars(rest.data(), rest.data() + rest.size(), d);
    if (ec != std::errc() || d < 0 || type.shape.rank() >= 64)
      return std::nullopt;
    type.shape.push(d);
    rest.remove_prefix(size_t(end - rest.data()));
    while (!rest.empty() && rest.front() == ' ')
      rest.remove_prefix(1);
    expectNumber = false;
    if (!rest.empty()) {
      if (rest.front() != ',')
        return std::nullopt;
      rest.remove_prefix(1);
      expectNumber = true;
    }
  }
  if (!checkedNumel(type.shape.ref()))
    return std::nullopt;
  return type;
}

std::optional<int64_t> normalizeDim(int64_t d, int64_t rank) {
  int64_t r = rank == 0 ? 1 : rank;
  if (d < -r || d >= r)
    return std::nullopt;
  return d < 0 ? d + r : d;
}

} // namespace wnnx
