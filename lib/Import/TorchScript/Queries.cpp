// SPDX-License-Identifier: Apache-2.0
//
// Questions about tensors and about the state of the runtime, answered at import. Gradients are
// said to be enabled: that keeps scripted attention modules on their ordinary path of plain
// operators.
#include "BuiltinTables.h"
#include "Limits.h"

#include <fmt/format.h>

namespace wnnx::ts {
namespace {

using Result = std::optional<Val>;

/// Python numbers, perhaps in nested lists, as a tensor.
struct Literal {
  std::vector<int64_t> shape;
  std::vector<Val> leaves;
  bool ragged = false;

  void collect(const Val &v, size_t level) {
    if (!v.isList() && !v.isTuple()) {
      ragged |= level != shape.size() || !v.isNumber();
      leaves.push_back(v);
      return;
    }
    const auto &items = v.isList() ? v.list->items : v.tuple->items;
    if (level == shape.size() && leaves.empty() && level < 16)
      shape.push_back(int64_t(items.size()));
    ragged |= level >= shape.size() || shape[level] != int64_t(items.size());
    for (const Val &i : items) {
      if (ragged)
        return;
      collect(i, level + 1);
    }
  }
};

Val makeTensor(Evaluator &ev, const Val &data, const Val &dtypeArg) {
  if (data.isTensor() && dtypeArg.isNone())
    return data;
  Literal lit;
  bool scalar = !data.isList() && !data.isTuple();
  Val resolved = data;
  if (data.isTensor())
    resolved = ev.item(data, "`torch.tensor`");
  if (resolved.isPoison())
    return resolved;
  lit.collect(resolved, 0);
  // A list may hold 0-dim tensors, as tracing makes them.
  if (lit.ragged && !scalar)
    return ev.error(ev.where(), "ts-op",
                    "`torch.tensor` of a list that is ragged or not of numbers");
  if (lit.ragged)
    return ev.error(ev.where(), "ts-op",
                    fmt::format("`torch.tensor` of a value of kind `{}`", kindName(data)));
  DType t = DType::Bool;
  for (const Val &v : lit.leaves)
    t = v.isFloat() ? DType::F32 : v.isInt() && t == DType::Bool ? DType::I64 : t;
  if (lit.leaves.empty())
    t = DType::F32;
  if (dtypeArg.isInt()) {
    std::optional<DType> asked = dtypeOfScalarType(dtypeArg.i);
    if (!asked)
      return ev.error(
          ev.where(), "ts-op",
          fmt::format("tensors of type `{}` are not supported", scalarTypeName(dtypeArg.i)));
    t = *asked;
  }
  TensorType ty{t, Shape(lit.shape)};
  std::vector<uint8_t> bytes(size_t(ty.bytes()));
  for (size_t i = 0; i < lit.leaves.size(); ++i) {
    uint8_t *at = bytes.data() + i * dtypeBytes(t);
    const Val &v = lit.leaves[i];
    if (v.isFloat() || isFloat(t))
      storeElement(t, at, t == DType::Bool ? v.number() != 0 : v.number());
    else
      storeElementInt(t, at, t == DType::Bool ? v.i != 0 : v.i);
  }
  return ev.tensorOf(ev.builder.constant(Tensor::own(ty, std::move(bytes))));
}

Val sizes(Evaluator &ev, llvm::ArrayRef<int64_t> dims) {
  std::vector<Val> items;
  for (int64_t d : dims)
    items.push_back(Val::integer(d));
  return ev.heap.list(std::move(items));
}

Val toList(Evaluator &ev, Ref r, int64_t dim, int64_t &at) {
  if (dim == r->rank()) {
    int64_t i = at++;
    if (isFloat(r->dtype()))
      return Val::real(r->constant.getDouble(i));
    return r->dtype() == DType::Bool ? Val::boolean(r->constant.getInt(i))
                                     : Val::integer(r->constant.getInt(i));
  }
  std::vector<Val> items;
  for (int64_t i = 0; i < r->dim(dim); ++i)
    items.push_back(toList(ev, r, dim + 1, at));
  return ev.heap.list(std::move(items));
}

Result tensorQuery(Evaluator &ev, llvm::StringRef name, llvm::ArrayRef<Val> a) {
  const TensorObject &t = *a[0].tensor;
  const Shape &shape = t.type.shape;
  if (name == "size" || name == "sym_size") {
    if (a.size() == 1)
      return sizes(ev, shape.ref());
    if (!a[1].isInt())
      return std::nullopt;
    std::optional<int64_t> d = normalizeDim(a[1].i, shape.rank());
    if (!d || shape.rank() == 0)
      return ev.error(
          ev.where(), "ts-op",
          fmt::format("`size`: dimension {} of a tensor of rank {}", a[1].i, shape.rank()));
    return Val::integer(shape[*d]);
  }
  if (name == "dim")
    return Val::integer(shape.rank());
  if (name == "numel")
    return Val::integer(shape.numel());
  if (name == "element_size")
    return Val::integer(dtypeBytes(t.type.dtype));
  if (name == "is_floating_point")
    return Val::boolean(isFloat(t.type.dtype));
  if (name == "is_complex" || name == "is_conj" || name == "is_neg" || name == "is_inference")
    return Val::boolean(false);
  if (name == "is_contiguous")
    return Val::boolean(Functionalizer::isContiguous(&t));
  if (name == "is_nonzero")
    return ev.item(a[0], "`bool`");
  if (name == "is_same_size" && a.size() == 2 && a[1].isTensor())
    return Val::boolean(shape == a[1].tensor->type.shape);
  if (name == "get_device")
    return Val::integer(-1);
  if (name == "item" || name == "Int" || name == "Float" || name == "Bool" ||
      name == "IntImplicit" || name == "FloatImplicit" || name == "ScalarImplicit") {
    Val v = ev.item(a[0], "`" + name.str() + "`");
    if (v.isPoison() || name == "item" || name == "ScalarImplicit")
      return v;
    return callMath(ev,
                    name.starts_with("Int")     ? "Int"
                    : name.starts_with("Float") ? "Float"
                                                : "Bool",
                    {v});
  }
  if (name == "stride") {
    if (!t.strides)
      return ev.error(ev.where(), "ts-op",
                      "`stride`: the memory layout of this tensor is not known at import");
    if (a.size() == 1)
      return sizes(ev, *t.strides);
    std::optional<int64_t> d = a[1].isInt() ? normalizeDim(a[1].i, shape.rank()) : std::nullopt;
    return d && shape.rank() ? Val::integer((*t.strides)[size_t(*d)]) : Result();
  }
  if (name == "tolist") {
    Ref r = ev.functionalizer.read(a[0].tensor);
    if (!r->isConstant() || r->type.numel() > int64_t(limits::listLength))
      return ev.error(ev.where(), "ts-data",
                      "`tolist` of a tensor that depends on the model's input");
    int64_t at = 0;
    return toList(ev, r, 0, at);
  }
  return std::nullopt;
}

} // namespace

std::optional<Val> callQuery(Evaluator &ev, llvm::StringRef name, llvm::ArrayRef<Val> a,
                             KeywordArgs keywords) {
  for (const Val &v : a)
    if (v.isPoison())
      return std::nullopt;
  auto keyword = [&](llvm::StringRef k) {
    for (const auto &[n, v] : keywords)
      if (n == k)
        return v;
    return Val::none();
  };
  if ((name == "tensor" || name == "as_tensor") && !a.empty())
    return makeTensor(ev, a[0], keyword("dtype"));
  if (name == "device" && a.size() == 1 && a[0].isStr())
    return ev.heap.device(*a[0].s);
  if (name == "is_grad_enabled")
    return Val::boolean(true);
  if (name == "is_autocast_enabled" || name == "is_autocast_cpu_enabled" ||
      name == "is_scripting" || name == "is_tracing" || name == "_cuda_isCurrentStreamCapturing")
    return Val::boolean(name == "is_scripting");
  if (name == "warn" || name == "_assert" || name == "set_grad_enabled" || name == "manual_seed")
    return Val::none();
  if (name == "list_with_default" && a.size() == 2)
    return a[0];
  if (name == "wait" && a.size() == 1)
    return a[0];
  if (name == "hash" && a.size() == 1)
    return Val::integer(0);
  if (name == "result_type" || name == "promote_types") {
    if (name == "promote_types" && a.size() == 2 && a[0].isInt() && a[1].isInt()) {
      auto x = dtypeOfScalarType(a[0].i), y = dtypeOfScalarType(a[1].i);
      if (x && y)
        return Val::integer(scalarTypeOf(promote(*x, *y)));
    }
    return std::nullopt;
  }
  if (!a.empty() && a[0].isTensor())
    return tensorQuery(ev, name, a);
  return std::nullopt;
}

bool isQueryName(llvm::StringRef name) {
  static const llvm::StringSet<> names = {"tensor",
                                          "as_tensor",
                                          "device",
                                          "is_grad_enabled",
                                          "is_autocast_enabled",
                                          "is_scripting",
                                          "warn",
                                          "_assert",
                                          "size",
                                          "dim",
                                          "numel",
                                          "is_floating_point",
                                          "is_complex",
                                          "is_contiguous",
                                          "is_nonzero",
                                          "item",
                                          "stride",
                                          "tolist",
                                          "IntImplicit",
                                          "FloatImplicit",
                                          "ScalarImplicit",
                                          "list_with_default",
                                          "wait",
                                          "get_device",
                                          "element_size",
                                          "is_autocast_cpu_enabled"};
  return names.contains(name);
}

std::optional<Val> callPrim(Evaluator &ev, llvm::StringRef name, llvm::ArrayRef<Val> a) {
  if (a.empty())
    return std::nullopt;
  const Val &x = a[0];
  if (name == "NumToTensor" && x.isNumber()) {
    DType t = x.isFloat() ? DType::F64 : x.isBool() ? DType::Bool : DType::I64;
    Ref r = x.isFloat() ? ev.builder.scalar(t, x.f) : ev.builder.scalarInt(t, x.i);
    return ev.tensorOf(r);
  }
  if (name == "min" || name == "max" || name == "abs")
    return callMath(ev, name, a);
  if (name == "unchecked_cast" || name == "unchecked_unwrap_optional" || name == "data")
    return x;
  if (name == "type" && x.is(ValKind::Device))
    return ev.heap.str("cpu");
  if (name == "rangelist" && x.isInt()) {
    std::vector<Val> items;
    for (int64_t i = 0; i < x.i && uint64_t(i) < limits::listLength; ++i)
      items.push_back(Val::integer(i));
    return ev.heap.list(std::move(items));
  }
  if (name == "TupleIndex" && x.isTuple() && a.size() == 2 && a[1].isInt()) {
    int64_t n = int64_t(x.tuple->items.size()), i = a[1].i < 0 ? a[1].i + n : a[1].i;
    return i >= 0 && i < n ? x.tuple->items[size_t(i)] : Result();
  }
  if (!x.isTensor())
    return std::nullopt;
  if (name == "dtype")
    return Val::integer(scalarTypeOf(x.tensor->type.dtype));
  if (name == "device")
    return ev.heap.device("cpu");
  if (name == "layout")
    return Val::integer(0);
  if (name == "requires_grad" || name == "is_leaf" || name == "is_cpu")
    return Val::boolean(true);
  if (name.starts_with("is_")) // is_cuda, is_quantized, is_nested, is_sparse, is_mkldnn...
    return Val::boolean(false);
  if (name == "shape" || name == "size")
    return sizes(ev, x.tensor->type.shape.ref());
  if (name == "ndim")
    return Val::integer(x.tensor->type.shape.rank());
  if (name == "itemsize")
    return Val::integer(dtypeBytes(x.tensor->type.dtype));
  if (name == "grad")
    return Val::none();
  return std::nullopt;
}

} // namespace wnnx::ts
