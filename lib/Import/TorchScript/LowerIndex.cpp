// SPDX-License-Identifier: Apache-2.0
//
// Indexing: reads by index tensors, and writes, which become scatters or selections.
#include "OpCall.h"

#include "Limits.h"

#include <fmt/format.h>

namespace wnnx::ts {

Val lowerEmbedding(OpCall &c) {
  return c.result(c.b.op(OpKind::Embedding, {c.in("weight"), c.in("indices")}));
}

Val lowerIndexSelect(OpCall &c) {
  Ref x = c.in(0u);
  return c.result(c.b.op(OpKind::IndexSelect, {x, c.in("index")},
                         {{"dim", c.dim(c.integer("dim"), x->rank())}}));
}

Val lowerGather(OpCall &c) {
  Ref x = c.in(0u);
  return c.result(
      c.b.op(OpKind::Gather, {x, c.in("index")}, {{"dim", c.dim(c.integer("dim"), x->rank())}}));
}

Val lowerIndex(OpCall &c) {
  std::vector<Ref> operands{c.in(0u)};
  for (Ref r : c.list("indices")) {
    if (r && r->dtype() == DType::Bool && !r->isConstant())
      return c.error("the shape of a selection by a mask depends on the data",
                     "use torch.where instead of indexing by a condition");
    operands.push_back(r);
  }
  return c.result(c.b.op(OpKind::Index, operands));
}

namespace {

/// Where a mask is set, take `value`; the mask covers the leading dimensions.
Ref putByMask(OpCall &c, Ref x, Ref mask, Ref value) {
  Shape s = mask->shape();
  if (value->type.numel() != 1)
    return c.badRef("several values written through a mask: which goes where depends on the data",
                    "use torch.where");
  while (s.rank() < x->rank())
    s.push(1);
  value = c.b.reshape(value, {});
  return c.b.op(OpKind::Where, {c.b.reshape(mask, s.ref()), value, x});
}

/// Writes rows addressed by index tensors over the leading dimensions: the tensor is seen as
/// [positions, rest] and scattered into.
Ref putByIndex(OpCall &c, Ref x, llvm::ArrayRef<Ref> indices, Ref value) {
  int64_t k = int64_t(indices.size());
  Shape where;
  for (Ref r : indices) {
    std::optional<Shape> both = broadcast(where, r->shape());
    if (!both)
      return c.badRef("index tensors that do not broadcast");
    where = *both;
  }
  Ref position = nullptr;
  for (int64_t i = 0; i < k; ++i) {
    Ref index = c.b.convert(indices[size_t(i)], DType::I64);
    Ref size = c.b.scalarInt(DType::I64, x->dim(i));
    Ref negative = c.b.op(OpKind::Lt, {index, c.b.scalarInt(DType::I64, 0)});
    index = c.b.op(OpKind::Where, {negative, c.b.op(OpKind::Add, {index, size}), index});
    if (position)
      position = c.b.op(OpKind::Add, {c.b.op(OpKind::Mul, {position, size}), index});
    else
      position = index;
  }
  if (c.b.failed)
    return x;
  int64_t rows = x->shape().product(0, k), rest = x->shape().product(k, x->rank());
  int64_t n = where.numel();
  Shape values = where;
  for (int64_t i = k; i < x->rank(); ++i)
    values.push(x->dim(i));
  value = c.b.reshape(c.b.expand(value, values), {n, rest});
  position = c.b.reshape(c.b.expand(position, where), {n, 1});
  position = c.b.expand(position, {n, rest});
  Ref flat = c.b.reshape(x, {rows, rest});
  return c.b.reshape(c.b.op(OpKind::Scatter, {flat, position, value}, {{"dim", 0}}),
                     x->shape().ref());
}

} // namespace

Val lowerIndexPut(OpCall &c) {
  Ref x = c.in(0u), value = c.b.convert(c.in("values"), x->dtype());
  std::vector<Ref> indices = c.list("indices");
  while (!indices.empty() && !indices.back())
    indices.pop_back();
  if (c.b.failed)
    return Val::poison();
  if (c.flag("accumulate"))
    return c.error("accumulating writes by index are not supported");
  if (indices.empty() || int64_t(indices.size()) > x->rank())
    return c.error("malformed indices");
  for (Ref r : indices)
    if (!r)
      return c.error("writes by index over a dimension that is not among the first");
  if (indices.size() == 1 && indices[0]->dtype() == DType::Bool) {
    if (indices[0]->rank() > x->rank() || indices[0]->rank() == 0)
      return c.error("a mask of the wrong rank");
    return c.result(putByMask(c, x, indices[0], value));
  }
  for (Ref r : indices)
    if (!isInt(r->dtype()))
      return c.error("a mask together with other indices");
  return c.result(putByIndex(c, x, indices, value));
}

Val lowerScatter(OpCall &c) {
  Ref x = c.in(0u), index = c.in("index");
  if (c.given("reduce"))
    return c.error("scatter with a reduction is not supported");
  Ref src = c.given("src") ? c.b.convert(c.in("src"), x->dtype())
                           : c.b.expand(c.operand(c.arg("value"), x->dtype()), index->shape());
  return c.result(
      c.b.op(OpKind::Scatter, {x, index, src}, {{"dim", c.dim(c.integer("dim"), x->rank())}}));
}

Val lowerSelectScatter(OpCall &c) {
  Ref x = c.in(0u);
  return c.result(
      c.b.op(OpKind::SelectScatter, {x, c.b.convert(c.in("src"), x->dtype())},
             {{"dim", c.dim(c.integer("dim"), x->rank())}, {"index", c.integer("index")}}));
}

Val lowerSliceScatter(OpCall &c) {
  Ref x = c.in(0u);
  return c.result(c.b.op(OpKind::SliceScatter, {x, c.b.convert(c.in("src"), x->dtype())},
                         {{"dim", c.dim(c.integer("dim"), x->rank())},
                          {"start", c.given("start") ? c.integer("start") : 0},
                          {"end", c.given("end") ? c.integer("end") : INT64_MAX},
                          {"step", c.integer("step")}}));
}

Val lowerOneHot(OpCall &c) {
  Ref x = c.in(0u);
  int64_t n = c.integer("num_classes");
  if (n == -1) {
    if (!x->isConstant())
      return c.error("the number of classes depends on the data", "give num_classes");
    for (int64_t i = 0; i < x->type.numel(); ++i)
      n = std::max(n, x->constant.getInt(i) + 1);
  }
  if (c.b.failed || n <= 0 || n > limits::constantElements)
    return c.error("impossible number of classes");
  std::vector<int64_t> classes(static_cast<size_t>(n));
  for (int64_t i = 0; i < n; ++i)
    classes[size_t(i)] = i;
  Shape s = x->shape();
  s.push(1);
  Ref equal = c.b.op(OpKind::Eq, {c.b.reshape(c.b.convert(x, DType::I64), s.ref()),
                                  c.b.constant(Tensor::fromInts({n}, classes))});
  return c.result(c.b.convert(equal, DType::I64));
}

} // namespace wnnx::ts
