// SPDX-License-Identifier: Apache-2.0
//
// Tensors made from numbers. They are constants, and mostly vanish into further constants.
#include "OpCall.h"

#include "Limits.h"

#include <cmath>
#include <fmt/format.h>

namespace wnnx::ts {
namespace {

/// The type asked for by size, `self` and `dtype`; `missing` without either of the latter.
std::optional<TensorType> factoryType(OpCall &c, DType missing) {
  TensorType t;
  bool like = c.name.ends_with("_like");
  llvm::SmallVector<int64_t, 6> size = c.ints("size");
  t.shape = like ? c.object("self")->type.shape : Shape(size);
  std::optional<DType> asked = c.dtype();
  bool hasSelf = c.schema.indexOf("self") >= 0;
  t.dtype = asked ? *asked : hasSelf ? c.object("self")->type.dtype : missing;
  std::optional<int64_t> numel = checkedNumel(t.shape.ref());
  if (!c.b.failed && (!numel || *numel > limits::constantElements))
    c.error(fmt::format("a tensor of shape {}", t.shape.str()));
  return c.b.failed ? std::nullopt : std::optional(t);
}

/// Every element `v`.
Ref filled(OpCall &c, const TensorType &t, const Val &v) {
  Tensor one = v.isFloat() || isFloat(t.dtype) ? Tensor::scalar(t.dtype, v.number())
                                               : Tensor::scalarInt(t.dtype, v.i);
  if (t.dtype == DType::Bool)
    one = Tensor::scalarInt(DType::Bool, v.number() != 0);
  std::vector<uint8_t> bytes;
  bytes.reserve(size_t(t.bytes()));
  for (int64_t i = 0; i < t.numel(); ++i)
    bytes.insert(bytes.end(), one.data(), one.data() + one.bytes());
  return c.b.constant(Tensor::own(t, std::move(bytes)));
}

Val make(OpCall &c, DType missing, const Val &v) {
  std::optional<TensorType> t = factoryType(c, missing);
  return t ? c.result(filled(c, *t, v)) : Val::poison();
}

} // namespace

Val lowerZeros(OpCall &c) {
  return make(c, DType::F32, Val::integer(0));
}
Val lowerOnes(OpCall &c) {
  return make(c, DType::F32, Val::integer(1));
}

Val lowerFull(OpCall &c) {
  Val v = c.arg("fill_value");
  DType natural = v.isFloat() || c.fileVersion <= 4 ? DType::F32
                  : v.isBool()                      ? DType::Bool
                                                    : DType::I64;
  return make(c, natural, v);
}

Val lowerScalarTensor(OpCall &c) {
  DType t = c.dtype().value_or(DType::F32);
  return c.b.failed ? Val::poison() : c.result(filled(c, {t, {}}, c.arg(0u)));
}

Val lowerArange(OpCall &c) {
  Val start = c.given("start") ? c.arg("start") : Val::integer(0), end = c.arg("end");
  Val stride = c.given("step") ? c.arg("step") : Val::integer(1);
  bool real = start.isFloat() || end.isFloat() || stride.isFloat();
  DType t = c.dtype().value_or(real ? DType::F32 : DType::I64);
  double from = start.number(), by = stride.number();
  double count = std::ceil((end.number() - from) / by);
  if (!real && by != 0) {
    // In integers, where doubles would round.
    __int128 span = __int128(end.i) - start.i, s = stride.i;
    count = double(span / s + (span % s != 0 && (span < 0) == (s < 0) ? 1 : 0));
  }
  if (c.b.failed || by == 0 || !(count >= 0) || count > double(limits::constantElements))
    return c.error(fmt::format("impossible range from {} to {} by {}", from, end.number(), by));
  int64_t n = int64_t(count);
  auto at64 = [&](int64_t i) {
    return int64_t(uint64_t(start.i) + uint64_t(i) * uint64_t(stride.i));
  };
  TensorType ty{t, {n}};
  std::vector<uint8_t> bytes(size_t(ty.bytes()));
  for (int64_t i = 0; i < n; ++i) {
    uint8_t *at = bytes.data() + i * dtypeBytes(t);
    if (real)
      storeElement(t, at, from + double(i) * by);
    else if (isFloat(t))
      storeElement(t, at, double(at64(i)));
    else
      storeElementInt(t, at, at64(i));
  }
  return c.result(c.b.constant(Tensor::own(ty, std::move(bytes))));
}

Val lowerLinspace(OpCall &c) {
  Val start = c.arg("start"), end = c.arg("end");
  int64_t n = c.given("steps") ? c.integer("steps") : 100;
  DType t = c.dtype().value_or(DType::F32);
  if (c.b.failed || n < 0 || n > limits::constantElements || !start.isNumber() || !end.isNumber())
    return c.error("impossible number of steps, or limits that depend on the data");
  // From both ends towards the middle, in the result's precision.
  std::vector<double> values(static_cast<size_t>(n));
  double from = start.number(), to = end.number();
  bool single = t != DType::F64;
  double by = n > 1 ? (to - from) / double(n - 1) : 0;
  if (single)
    by = float(by);
  for (int64_t i = 0; i < n; ++i) {
    double v = i < n / 2 || n == 1 ? from + by * double(i) : to - by * double(n - 1 - i);
    values[size_t(i)] = v;
  }
  return c.result(c.b.constant(Tensor::fromDoubles({t, {n}}, values)));
}

Val lowerEye(OpCall &c) {
  int64_t n = c.integer("n"), m = c.given("m") ? c.integer("m") : n;
  DType t = c.dtype().value_or(DType::F32);
  if (c.b.failed || n < 0 || m < 0 || n > 1 << 14 || m > 1 << 14)
    return c.error("impossible size");
  std::vector<double> values(size_t(n * m));
  for (int64_t i = 0; i < std::min(n, m); ++i)
    values[size_t(i * m + i)] = 1;
  return c.result(c.b.constant(Tensor::fromDoubles({t, {n, m}}, values)));
}

// Whole overwrites, whose functional forms ignore the old elements.

Val lowerFill(OpCall &c) {
  const TensorType &t = c.self()->type;
  Val v = c.arg("value");
  if (!v.isTensor())
    return c.result(filled(c, t, v));
  return c.result(c.b.expand(c.operand(v, t.dtype), t.shape));
}

Val lowerZero(OpCall &c) {
  return c.result(filled(c, c.self()->type, Val::integer(0)));
}

Val lowerCopy(OpCall &c) {
  const TensorType &t = c.self()->type;
  return c.result(c.b.expand(c.b.convert(c.in("src"), t.dtype), t.shape));
}

} // namespace wnnx::ts
