// SPDX-License-Identifier: Apache-2.0
//
// Reductions, running sums, softmax and sorting: ops along dimensions.
#include "Lowering.h"

namespace wnnx {

static wnnrt_reduce_op reduceOp(OpKind k) {
  switch (k) {
  case OpKind::Sum:
    return WNNRT_REDUCE_SUM;
  case OpKind::Mean:
    return WNNRT_REDUCE_MEAN;
  case OpKind::Prod:
    return WNNRT_REDUCE_PROD;
  case OpKind::Amax:
    return WNNRT_REDUCE_MAX;
  case OpKind::Amin:
    return WNNRT_REDUCE_MIN;
  case OpKind::Any:
    return WNNRT_REDUCE_ANY;
  case OpKind::All:
    return WNNRT_REDUCE_ALL;
  case OpKind::Var:
    return WNNRT_REDUCE_VAR;
  case OpKind::Argmax:
    return WNNRT_REDUCE_ARGMAX;
  default:
    return WNNRT_REDUCE_ARGMIN;
  }
}

LogicalResult lowerReduce(Lowering &l, const Node &n) {
  const Value *x = n.operand(0), *y = n.result();
  std::vector<int64_t> dims;
  const Attribute &dim = n.attr("dim");
  if (dim.kind() == AttrKind::Int)
    dims = {dim.asInt()};
  else if (dim.kind() == AttrKind::Ints)
    dims = dim.asInts();
  uint32_t mask = 0;
  for (int64_t d : dims)
    mask |= 1u << *normalizeDim(d, x->rank());
  if (dims.empty())
    mask = (1u << x->rank()) - 1;
  if (n.kind() == OpKind::Mean && x->rank() == 4 && mask == 12 && l.dtype(x) == DType::F32 &&
      x->dim(2) * x->dim(3) > 0) {
    bool c16 = l.inC16(x);
    wnnrt_global_avg_pool_params p = {};
    p.layout = c16 ? WNNRT_LAYOUT_C16 : WNNRT_PLAIN;
    p.n = i32(x->dim(0)), p.c = i32(x->dim(1)), p.hw = i32(x->dim(2) * x->dim(3));
    int from = c16 ? l.c16(x) : l.plain(x);
    l.call(WNNRT_K_global_avg_pool, p, {from, l.definePlain(y)});
    return success();
  }
  View v = l.view(x);
  if (x->rank() == 0) {
    v.dims = {1};
    v.strides = {1};
    mask = 1;
  }
  wnnrt_reduce_params p = {};
  p.op = reduceOp(n.kind());
  p.dtype = runtimeDType(l.dtype(x));
  p.rank = i32(int64_t(v.dims.size()));
  p.reduce_mask = mask;
  setDims(p.dims, v.dims);
  setDims(p.strides, v.strides);
  if (n.kind() == OpKind::Var)
    p.correction = VarOp(n).correction();
  l.call(WNNRT_K_reduce, p, {v.ref(l.dtype(x)), l.definePlain(y)});
  return success();
}

/// Sizes before, along and behind a dimension; a scalar counts as one element along.
struct Along {
  int64_t outer = 1, dim = 1, inner = 1;
  Along(const Value *v, int64_t d) {
    if (v->rank() == 0)
      return;
    d = *normalizeDim(d, v->rank());
    outer = v->shape().product(0, d);
    dim = v->dim(d);
    inner = v->shape().product(d + 1, v->rank());
  }
};

LogicalResult lowerCumsum(Lowering &l, const Node &n) {
  CumsumOp op(n);
  const Value *x = op.input(), *y = op.result();
  DType t = l.dtype(y);
  int from = l.plain(x);
  if (l.dtype(x) != t) {
    int wide = l.temp(x->name() + "." + std::string(dtypeName(t)), {t, x->shape()});
    l.cast(from, l.dtype(x), wide, t, x->type().numel());
    from = wide;
  }
  if (t != DType::F32 && t != DType::F64 && t != DType::I32 && t != DType::I64)
    return l.unsupported(n, "`cumsum` has no kernel for " + std::string(dtypeName(t)));
  Along a(x, op.dim());
  wnnrt_cumulative_params p = {};
  p.dtype = runtimeDType(t);
  p.outer = a.outer, p.dim = a.dim, p.inner = a.inner;
  l.call(WNNRT_K_cumulative, p, {from, l.definePlain(y)});
  return success();
}

LogicalResult lowerSoftmax(Lowering &l, const Node &n) {
  if (!l.requireF32(n))
    return failure();
  const Value *x = n.operand(0), *y = n.result();
  Along a(x, n.attr("dim").asInt());
  wnnrt_softmax_params p = {};
  p.outer = a.outer, p.dim = a.dim, p.inner = a.inner;
  p.log = n.kind() == OpKind::LogSoftmax;
  int from = l.plain(x);
  l.call(WNNRT_K_softmax, p, {from, l.definePlain(y)}, {0u});
  return success();
}

LogicalResult lowerSort(Lowering &l, const Node &n) {
  const Value *x = n.operand(0);
  DType t = l.dtype(x);
  if (t == DType::Bool)
    return l.unsupported(n, "`" + std::string(opName(n.kind())) + "` has no kernel for bool",
                         "convert the operand to u8");
  Along a(x, n.attr("dim").asInt());
  wnnrt_sort_params p = {};
  p.dtype = runtimeDType(t);
  p.outer = a.outer, p.dim = a.dim, p.inner = a.inner;
  bool topk = n.kind() == OpKind::Topk;
  if (topk) {
    p.largest = TopkOp(n).largest();
    p.descending = p.largest;
    p.k = x->rank() ? TopkOp(n).k() : 1; // a scalar is its own first whatever k is
  } else {
    p.descending = SortOp(n).descending();
    p.k = p.dim;
  }
  int from = l.plain(x);
  int scratch = l.scratch(topk ? wnnrt_topk_scratch_bytes(&p) : wnnrt_sort_scratch_bytes(&p));
  int values = n.result(0)->hasUses() ? l.definePlain(n.result(0)) : noTensor;
  int indices = n.result(1)->hasUses() ? l.definePlain(n.result(1)) : noTensor;
  l.call(topk ? WNNRT_K_topk : WNNRT_K_sort, p, {from, values, indices, scratch});
  return success();
}

} // namespace wnnx
