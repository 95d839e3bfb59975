// SPDX-License-Identifier: Apache-2.0
//
// Dispatch to the ops' evaluators, and conversions between tensors and what evaluators work on.
#include "wnnx/Ops/Evaluate.h"

#include "wnnx/Support/Check.h"
#include "wnnx/Support/Half.h"

#include "llvm/ADT/STLExtras.h"

namespace wnnx {

template <class S> void evaluateNode(const EvalContext<S> &ctx) {
  // Without elements there is nothing to compute, however large the other dimensions are.
  if (llvm::all_of(ctx.results, [](const RefTensor<S> &r) { return r.type.numel() == 0; }))
    return;
  switch (ctx.node.kind()) {
#define WNNX_OP(Name, mnemonic, traits, doc)                                                       \
  case OpKind::Name:                                                                               \
    return eval##Name<S>(ctx);
#include "wnnx/IR/Ops.def"
  }
}
template void evaluateNode<double>(const EvalContext<double> &ctx);
template void evaluateNode<Field>(const EvalContext<Field> &ctx);

template <class T> static void wrap(std::vector<int64_t> &values) {
  for (int64_t &v : values)
    v = int64_t(T(v));
}

void roundToDType(RefTensor<double> &t) {
  switch (t.type.dtype) {
  case DType::F32:
    for (double &v : t.reals)
      v = float(v);
    return;
  case DType::F16:
    for (double &v : t.reals)
      v = halfToFloat(doubleToHalf(v));
    return;
  case DType::BF16:
    for (double &v : t.reals)
      v = bfloatToFloat(floatToBfloat(float(v)));
    return;
  case DType::I8:
    return wrap<int8_t>(t.ints);
  case DType::U8:
    return wrap<uint8_t>(t.ints);
  case DType::I16:
    return wrap<int16_t>(t.ints);
  case DType::I32:
    return wrap<int32_t>(t.ints);
  case DType::Bool:
    for (int64_t &v : t.ints)
      v = v != 0;
    return;
  case DType::F64:
  case DType::I64:
    return;
  }
}

RefTensor<double> toRef(const Tensor &t) {
  RefTensor<double> r;
  r.type = t.type();
  if (r.real()) {
    r.reals = t.toDoubles();
    return r;
  }
  r.ints.resize(size_t(t.numel()));
  for (size_t i = 0; i < r.ints.size(); ++i)
    r.ints[i] = t.getInt(int64_t(i));
  return r;
}

Tensor fromRef(const RefTensor<double> &t) {
  if (t.real())
    return Tensor::fromDoubles(t.type, t.reals);
  WNNX_CHECK(int64_t(t.ints.size()) == t.type.numel(), "an evaluator fills its result's type");
  unsigned step = dtypeBytes(t.type.dtype);
  std::vector<uint8_t> bytes(t.ints.size() * step);
  for (size_t i = 0; i < t.ints.size(); ++i)
    storeElementInt(t.type.dtype, bytes.data() + i * step, t.ints[i]);
  return Tensor::own(t.type, std::move(bytes));
}

} // namespace wnnx
