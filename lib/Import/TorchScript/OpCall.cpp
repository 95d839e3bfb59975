// SPDX-License-Identifier: Apache-2.0
//
// Arguments, results and type promotion of operator calls.
#include "OpCall.h"

#include "Archive.h"

#include <fmt/format.h>

namespace wnnx::ts {

Val OpCall::arg(llvm::StringRef n) const {
  int i = schema.indexOf(n);
  return i < 0 ? Val::none() : args[size_t(i)];
}

std::vector<Ref> OpCall::list(llvm::StringRef n) {
  std::vector<Ref> refs;
  Val v = arg(n);
  if (v.isList())
    for (const Val &i : v.list->items)
      refs.push_back(i.isTensor() ? read(i.tensor) : nullptr);
  return refs;
}

llvm::SmallVector<int64_t, 6> OpCall::ints(llvm::StringRef n) const {
  llvm::SmallVector<int64_t, 6> out;
  Val v = arg(n);
  if (v.isList())
    for (const Val &i : v.list->items)
      out.push_back(i.i);
  else if (v.isInt())
    out.push_back(v.i);
  return out;
}

llvm::SmallVector<int64_t, 6> OpCall::ints(llvm::StringRef n, unsigned count) const {
  llvm::SmallVector<int64_t, 6> out = ints(n);
  if (out.size() == 1)
    out.resize(count, out[0]);
  return out;
}

llvm::SmallVector<double, 4> OpCall::floats(llvm::StringRef n) const {
  llvm::SmallVector<double, 4> out;
  Val v = arg(n);
  if (v.isList())
    for (const Val &i : v.list->items)
      out.push_back(i.number());
  return out;
}

std::optional<DType> OpCall::dtype(llvm::StringRef n) {
  Val v = arg(n);
  if (!v.isInt())
    return std::nullopt;
  std::optional<DType> t = dtypeOfScalarType(v.i);
  if (!t)
    error(fmt::format("tensors of type `{}` are not supported", scalarTypeName(v.i)));
  return t;
}

int64_t OpCall::dim(int64_t d, int64_t rank) {
  if (std::optional<int64_t> n = normalizeDim(d, rank))
    return *n;
  error(fmt::format("dimension {} is out of range for a tensor of rank {}", d, rank));
  return 0;
}

llvm::SmallVector<int64_t, 6> OpCall::dims(llvm::StringRef n, int64_t rank) {
  llvm::SmallVector<int64_t, 6> out = ints(n);
  for (int64_t &d : out)
    d = dim(d, rank);
  return out;
}

Val OpCall::result(Ref r) {
  if (b.failed)
    return Val::poison();
  // Kernels keep the memory layout of their operands; only a row-major one is certain.
  bool contiguous = true;
  for (const Val &v : args) {
    if (v.isTensor())
      contiguous &= Functionalizer::isContiguous(v.tensor);
    if (v.isList())
      for (const Val &i : v.list->items)
        contiguous &= !i.isTensor() || Functionalizer::isContiguous(i.tensor);
  }
  Val v = Val::of(ValKind::Tensor);
  v.tensor = functionalizer.fresh(r, contiguous);
  return v;
}

Val OpCall::results(std::vector<Ref> refs) {
  std::vector<Val> vals;
  for (Ref r : refs)
    vals.push_back(r ? result(r) : Val::none());
  return b.failed ? Val::poison() : heap.tuple(std::move(vals));
}

Val OpCall::listOf(const std::vector<Ref> &refs) {
  std::vector<Val> vals;
  for (Ref r : refs)
    vals.push_back(result(r));
  return b.failed ? Val::poison() : heap.list(std::move(vals));
}

Val OpCall::view(TensorObject *parent, ViewStep step, Shape shape, Strides strides) {
  if (b.failed)
    return Val::poison();
  Val v = Val::of(ValKind::Tensor);
  v.tensor = functionalizer.view(parent, std::move(step), {parent->type.dtype, std::move(shape)},
                                 std::move(strides));
  // The node is made where the view stands, not where it is first used.
  functionalizer.read(v.tensor);
  return b.failed ? Val::poison() : v;
}

Val OpCall::cachedView(TensorObject *parent, ViewStep step, Strides strides, Ref value) {
  if (b.failed)
    return Val::poison();
  Val v = Val::of(ValKind::Tensor);
  v.tensor = functionalizer.view(parent, std::move(step), value->type, std::move(strides));
  v.tensor->cached = value;
  v.tensor->cachedVersion = parent->box->version;
  return v;
}

Val OpCall::perhapsView(TensorObject *of, Ref copy) {
  if (b.failed)
    return Val::poison();
  Val v = Val::of(ValKind::Tensor);
  v.tensor = functionalizer.perhapsView(of, copy);
  return v;
}

Val OpCall::alias(TensorObject *t) const {
  Val v = Val::of(ValKind::Tensor);
  v.tensor = t;
  return v;
}

Val OpCall::error(std::string message, std::string hint) {
  if (!b.failed) {
    DiagnosticBuilder d = diags.error(where, "ts-op", fmt::format("`{}`: {}", name.str(), message));
    if (!hint.empty())
      d.hint(std::move(hint));
  }
  b.failed = true;
  return Val::poison();
}

namespace {

/// bool, integer or float: a dtype of a lower category never changes one of a higher category.
int category(DType t) {
  return isFloat(t) ? 2 : t == DType::Bool ? 0 : 1;
}

std::optional<DType> combine(std::optional<DType> higher, std::optional<DType> lower) {
  if (!higher || !lower)
    return higher ? higher : lower;
  return category(*higher) >= category(*lower) ? higher : promote(*higher, *lower);
}

} // namespace

DType OpCall::resultType(llvm::ArrayRef<Val> operands) const {
  std::optional<DType> dimensioned, zeroDim, numbers;
  auto add = [](std::optional<DType> &to, DType t) { to = to ? promote(*to, t) : t; };
  for (const Val &v : operands) {
    if (v.isTensor()) {
      DType t = v.tensor->type.dtype;
      if (v.tensor->wrapped)
        add(numbers, isFloat(t) ? DType::F32 : t);
      else
        add(v.tensor->type.shape.rank() ? dimensioned : zeroDim, t);
    } else if (v.isNumber()) {
      add(numbers, v.isFloat() ? DType::F32 : v.isBool() ? DType::Bool : DType::I64);
    }
  }
  return combine(dimensioned, combine(zeroDim, numbers)).value_or(DType::F32);
}

Ref OpCall::operand(const Val &v, DType dtype) {
  if (v.isTensor())
    return b.convert(read(v.tensor), dtype);
  if (v.isFloat() || isFloat(dtype))
    return b.scalar(dtype, v.number());
  return b.scalarInt(dtype, v.i);
}

Ref OpCall::binary(OpKind kind, const Val &x, const Val &y, std::vector<NamedAttr> attrs) {
  DType t = resultType({x, y});
  return b.op(kind, {operand(x, t), operand(y, t)}, std::move(attrs));
}

} // namespace wnnx::ts
