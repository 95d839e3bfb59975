// SPDX-License-Identifier: Apache-2.0
//
// Ops that look positions up at run time.
#include "Lowering.h"

namespace wnnx {

/// An index tensor as the kernels take it: i32 or i64, dense.
static std::pair<int, DType> indexTensor(Lowering &l, const Value *v) {
  DType t = v->dtype();
  int from = l.plain(v);
  if (t == DType::I32 || t == DType::I64)
    return {from, t};
  int to = l.temp(v->name() + ".i64", {DType::I64, v->shape()});
  l.cast(from, t, to, DType::I64, v->type().numel());
  return {to, DType::I64};
}

LogicalResult lowerEmbedding(Lowering &l, const Node &n) {
  EmbeddingOp op(n);
  const Value *w = op.weight(), *y = op.result();
  int table = l.plain(w);
  auto [index, t] = indexTensor(l, op.indices());
  wnnrt_embedding_params p = {};
  p.index_dtype = runtimeDType(t);
  p.vocabulary = w->dim(0);
  p.row_bytes = w->dim(1) * int64_t(dtypeBytes(w->dtype()));
  p.count = op.indices()->type().numel();
  l.call(WNNRT_K_embedding, p, {table, index, l.definePlain(y)});
  return success();
}

LogicalResult lowerIndexSelect(Lowering &l, const Node &n) {
  IndexSelectOp op(n);
  const Value *x = op.input(), *y = op.result();
  int from = l.plain(x);
  auto [index, t] = indexTensor(l, op.index());
  wnnrt_index_select_params p = {};
  p.index_dtype = runtimeDType(t);
  p.element_bytes = i32(dtypeBytes(x->dtype()));
  p.outer = p.dim = p.inner = 1;
  if (x->rank() > 0) {
    int64_t d = *normalizeDim(op.dim(), x->rank());
    p.outer = x->shape().product(0, d);
    p.dim = x->dim(d);
    p.inner = x->shape().product(d + 1, x->rank());
  }
  p.count = op.index()->type().numel();
  l.call(WNNRT_K_index_select, p, {from, index, l.definePlain(y)});
  return success();
}

/// Shapes of rank 0 are walked as one element.
static Dims atLeastOne(const Shape &s) {
  Dims d(s.begin(), s.end());
  if (d.empty())
    d.push_back(1);
  return d;
}

/// What gather and scatter have in common: positions are those of a dense index tensor.
static wnnrt_gather_params gatherParams(const Value *x, const Value *index, DType indexType,
                                        int64_t dim) {
  Dims dims = atLeastOne(x->shape()), indexDims = atLeastOne(index->shape());
  wnnrt_gather_params p = {};
  p.index_dtype = runtimeDType(indexType);
  p.dtype = runtimeDType(x->dtype());
  p.rank = i32(int64_t(dims.size()));
  p.axis = x->rank() ? i32(*normalizeDim(dim, x->rank())) : 0;
  setDims(p.dims, dims);
  setDims(p.index_dims, indexDims);
  setDims(p.index_strides, denseStrides(indexDims));
  return p;
}

LogicalResult lowerGather(Lowering &l, const Node &n) {
  GatherOp op(n);
  const Value *x = op.input(), *y = op.result();
  int from = l.plain(x);
  auto [index, t] = indexTensor(l, op.index());
  wnnrt_gather_params p = gatherParams(x, op.index(), t, op.dim());
  l.call(WNNRT_K_gather, p, {from, index, l.definePlain(y)});
  return success();
}

LogicalResult lowerScatter(Lowering &l, const Node &n) {
  ScatterOp op(n);
  const Value *x = op.input(), *y = op.result();
  int from = l.plain(x);
  auto [index, t] = indexTensor(l, op.index());
  View src = op.src()->rank() ? l.view(op.src()) : denseView(l.plain(op.src()), {1});
  wnnrt_gather_params p = gatherParams(x, op.index(), t, op.dim());
  setDims(p.src_strides, src.strides);
  l.call(WNNRT_K_scatter, p, {from, index, src.ref(x->dtype()), l.definePlain(y)}, {0u});
  return success();
}

namespace {
struct IndexTensor {
  int64_t axis;
  int tensor;
  Shape shape;
};
} // namespace

/// Positions where a constant mask is true: one i64 vector for each of its dimensions.
static void expandMask(Lowering &l, const Value *v, int64_t axis, std::vector<IndexTensor> &out) {
  const Tensor &mask = *l.constant(v);
  std::vector<std::vector<int64_t>> positions(size_t(mask.shape().rank()));
  auto strides = mask.shape().strides();
  for (int64_t i = 0; i < mask.numel(); ++i)
    if (mask.getInt(i))
      for (size_t d = 0; d < positions.size(); ++d)
        positions[d].push_back(i / strides[d] % mask.shape()[int64_t(d)]);
  for (size_t d = 0; d < positions.size(); ++d) {
    Tensor t = Tensor::fromInts(Shape{int64_t(positions[d].size())}, positions[d]);
    int w = l.weight(v->name() + ".dim" + std::to_string(d), "positions of a mask", t.type(),
                     std::vector<uint8_t>(t.raw().begin(), t.raw().end()));
    out.push_back({axis + int64_t(d), w, t.shape()});
  }
}

LogicalResult lowerIndex(Lowering &l, const Node &n) {
  IndexOp op(n);
  const Value *x = op.input(), *y = op.result();
  std::vector<IndexTensor> indices;
  int64_t axis = 0;
  for (const Value *v : op.indices()) {
    if (!v) {
      ++axis;
      continue;
    }
    if (v->dtype() == DType::Bool) {
      if (!l.constant(v))
        return l.unsupported(n,
                             "indexing with the run-time mask `" + v->name() +
                                 "` gives a result whose size is not known",
                             "use `where` instead");
      expandMask(l, v, axis, indices);
      axis += v->rank();
      continue;
    }
    int from = l.plain(v);
    if (v->dtype() != DType::I64) {
      int to = l.temp(v->name() + ".i64", {DType::I64, v->shape()});
      l.cast(from, v->dtype(), to, DType::I64, v->type().numel());
      from = to;
    }
    indices.push_back({axis++, from, v->shape()});
  }
  if (indices.empty()) {
    l.setSame(y, x);
    return success();
  }
  Shape common = indices[0].shape;
  for (const IndexTensor &i : indices)
    common = *broadcast(common, i.shape);
  View v = l.view(x);
  wnnrt_index_params p = {};
  p.dtype = runtimeDType(x->dtype());
  p.index_dtype = WNNRT_I64;
  p.rank = i32(x->rank());
  p.index_count = i32(int64_t(indices.size()));
  p.index_rank = i32(common.rank());
  setDims(p.dims, v.dims);
  setDims(p.strides, v.strides);
  setDims(p.index_dims, common.ref());
  llvm::SmallVector<TensorRef, 4> pointers;
  bool adjacent = true;
  for (size_t i = 0; i < indices.size(); ++i) {
    p.index_axes[i] = i32(indices[i].axis);
    adjacent &= i == 0 || indices[i].axis == indices[i - 1].axis + 1;
    Dims strides = denseStrides(indices[i].shape.ref());
    size_t skip = size_t(common.rank() - indices[i].shape.rank());
    for (size_t d = 0; d < strides.size(); ++d)
      p.index_strides[i][skip + d] = indices[i].shape[int64_t(d)] == 1 ? 0 : strides[d];
    pointers.push_back({indices[i].tensor, 0});
  }
  p.index_position = adjacent ? i32(indices[0].axis) : 0;
  l.call(WNNRT_K_index, p,
         {v.ref(x->dtype()), llvm::ArrayRef<TensorRef>(pointers), l.definePlain(y)});
  return success();
}

} // namespace wnnx
