// SPDX-License-Identifier: Apache-2.0
//
// Ops that take positions from tensors: embedding, index_select, gather, scatter. Positions that
// are constants are checked by inference. For others PyTorch raises at run time; the reference
// evaluators read the nearest valid position instead, so that they never leave the tensor, and who
// runs them reports the position first (`wnnx/Eval/RuntimeErrors.h`).
#include "Elements.h"
#include "IndexChecks.h"
#include "ShapeChecks.h"

#include <fmt/format.h>

namespace wnnx {

LogicalResult checkConstantIndices(InferContext &ctx, unsigned i, int64_t size, bool negatives) {
  const Tensor *indices = ctx.node.operand(i)->constant();
  if (!indices)
    return success();
  for (int64_t k = 0, n = indices->numel(); k < n; ++k) {
    int64_t at = indices->getInt(k);
    if (at >= size || at < (negatives ? -size : 0))
      return ctx.error(fmt::format("index {} in `{}` is out of range for a dimension of size {}",
                                   at, operandName(ctx.node, i), size));
  }
  return success();
}

LogicalResult inferEmbedding(InferContext &ctx) {
  EmbeddingOp op(ctx.node);
  if (op.weight()->rank() != 2)
    return ctx.error("`weight` must have 2 dimensions; found " + op.weight()->type().str());
  if (failed(requireIndex(ctx, 1)) ||
      failed(checkConstantIndices(ctx, 1, op.weight()->dim(0), false)))
    return failure();
  Shape shape = op.indices()->shape();
  shape.push(op.weight()->dim(1));
  return addResult(ctx, op.weight()->dtype(), shape);
}

LogicalResult inferIndexSelect(InferContext &ctx) {
  IndexSelectOp op(ctx.node);
  FailureOr<int64_t> dim = checkedDim(ctx, op.dim(), op.input()->rank());
  if (failed(dim) || failed(requireIndex(ctx, 1)))
    return failure();
  const Shape &index = op.index()->shape();
  if (index.rank() > 1)
    return ctx.error("`index` must have at most 1 dimension; found " + op.index()->type().str());
  Shape shape = op.input()->shape();
  int64_t size = shape.rank() ? shape[*dim] : 1;
  if (failed(checkConstantIndices(ctx, 1, size, false)))
    return failure();
  if (shape.rank())
    shape[*dim] = index.numel();
  else if (index.numel() != 1)
    return ctx.error("`index` of a tensor without dimensions must have 1 element; found " +
                     op.index()->type().str());
  return addResult(ctx, op.input()->dtype(), shape);
}

/// `index` of gather and scatter: rank of input (a scalar counts as a vector of one), and no
/// larger than `bound` in any dimension but `except`.
static LogicalResult checkExtent(InferContext &ctx, const Shape &index, unsigned boundOperand,
                                 int64_t except) {
  const Shape &bound = ctx.node.operand(boundOperand)->shape();
  if (std::max<int64_t>(index.rank(), 1) != std::max<int64_t>(bound.rank(), 1))
    return ctx.error(fmt::format("`index` of shape {} and `{}` of shape {} must have as many "
                                 "dimensions",
                                 index.str(), operandName(ctx.node, boundOperand), bound.str()));
  for (int64_t i = 0; i < index.rank(); ++i) {
    int64_t size = bound.rank() ? bound[i] : 1;
    if (i != except && index[i] > size)
      return ctx.error(
          fmt::format("`index` of shape {} is larger than `{}` of shape {} in dimension "
                      "{}",
                      index.str(), operandName(ctx.node, boundOperand), bound.str(), i));
  }
  return success();
}

LogicalResult inferGather(InferContext &ctx) {
  GatherOp op(ctx.node);
  const Shape &shape = op.input()->shape(), &index = op.index()->shape();
  FailureOr<int64_t> dim = checkedDim(ctx, op.dim(), shape.rank());
  if (failed(dim) || failed(requireIndex(ctx, 1)))
    return failure();
  if (index.numel() != 0 && failed(checkExtent(ctx, index, 0, *dim)))
    return failure();
  if (failed(checkConstantIndices(ctx, 1, shape.rank() ? shape[*dim] : 1, false)))
    return failure();
  return addResult(ctx, op.input()->dtype(), index);
}

LogicalResult inferScatter(InferContext &ctx) {
  ScatterOp op(ctx.node);
  const Shape &shape = op.input()->shape(), &index = op.index()->shape();
  FailureOr<int64_t> dim = checkedDim(ctx, op.dim(), shape.rank());
  if (failed(dim) || failed(requireIndex(ctx, 1)) || failed(requireSameDType(ctx, 0, 2)))
    return failure();
  if (index.numel() != 0 &&
      (failed(checkExtent(ctx, index, 0, *dim)) || failed(checkExtent(ctx, index, 2, -1))))
    return failure();
  if (failed(checkConstantIndices(ctx, 1, shape.rank() ? shape[*dim] : 1, false)))
    return failure();
  ctx.results.push_back(op.input()->type());
  return success();
}

/// Copies one element.
template <class S>
static void copyElement(const RefTensor<S> &from, int64_t i, RefTensor<S> &to, int64_t k) {
  if (from.real())
    to.reals[size_t(k)] = from.reals[size_t(i)];
  else
    to.ints[size_t(k)] = from.ints[size_t(i)];
}

template <class S> void evalEmbedding(const EvalContext<S> &ctx) {
  const RefTensor<S> &weight = ctx.in(0), &indices = ctx.in(1);
  int64_t rows = weight.shape()[0], width = weight.shape()[1];
  if (rows == 0)
    return;
  for (size_t i = 0; i < indices.ints.size(); ++i) {
    int64_t row = safePosition(indices.ints[i], rows);
    for (int64_t k = 0; k < width; ++k)
      copyElement(weight, row * width + k, ctx.out(), int64_t(i) * width + k);
  }
}
WNNX_INSTANTIATE_EVAL(Embedding);

template <class S> void evalIndexSelect(const EvalContext<S> &ctx) {
  const RefTensor<S> &in = ctx.in(0), &index = ctx.in(1);
  if (in.type.numel() == 0)
    return;
  OffsetMaps maps = identityMaps(in.shape());
  if (!maps.empty()) {
    int64_t dim = *normalizeDim(IndexSelectOp(ctx.node).dim(), in.shape().rank());
    std::vector<int64_t> &map = maps[size_t(dim)];
    map.clear();
    for (int64_t at : index.ints)
      map.push_back(safePosition(at, in.shape()[dim]) * in.shape().strides()[size_t(dim)]);
  }
  readMapped(in, ctx.out(), maps);
}
WNNX_INSTANTIATE_EVAL(IndexSelect);

/// Maps of the coordinates of `index` to offsets in a tensor of shape `shape`, without `dim`.
static OffsetMaps coordinateMaps(const Shape &index, const Shape &shape, int64_t dim) {
  OffsetMaps maps;
  auto strides = shape.strides();
  for (int64_t d = 0; d < index.rank(); ++d) {
    bool counts = d != dim && shape.rank() > 0;
    maps.push_back(offsetsOf(0, index[d], 1, counts ? strides[size_t(d)] : 0));
  }
  return maps;
}

template <class S> void evalGather(const EvalContext<S> &ctx) {
  const RefTensor<S> &in = ctx.in(0), &index = ctx.in(1);
  if (in.type.numel() == 0)
    return;
  Lines lines(in.shape(), GatherOp(ctx.node).dim());
  int64_t dim = *normalizeDim(GatherOp(ctx.node).dim(), in.shape().rank());
  forEachMapped(coordinateMaps(index.shape(), in.shape(), dim), 0, [&](int64_t i, int64_t offset) {
    int64_t at = safePosition(index.ints[size_t(i)], lines.size);
    copyElement(in, offset + at * lines.inner, ctx.out(), i);
  });
}
WNNX_INSTANTIATE_EVAL(Gather);

/// Entries are written in row-major order of `index`, so that the last of several wins.
template <class S> void evalScatter(const EvalContext<S> &ctx) {
  const RefTensor<S> &in = ctx.in(0), &index = ctx.in(1), &src = ctx.in(2);
  RefTensor<S> &out = ctx.out();
  out = in;
  if (in.type.numel() == 0)
    return;
  Lines lines(in.shape(), ScatterOp(ctx.node).dim());
  int64_t dim = *normalizeDim(ScatterOp(ctx.node).dim(), in.shape().rank());
  std::vector<int64_t> from(index.ints.size());
  forEachMapped(coordinateMaps(index.shape(), src.shape(), -1), 0,
                [&](int64_t i, int64_t offset) { from[size_t(i)] = offset; });
  forEachMapped(coordinateMaps(index.shape(), in.shape(), dim), 0, [&](int64_t i, int64_t offset) {
    int64_t at = safePosition(index.ints[size_t(i)], lines.size);
    copyElement(src, from[size_t(i)], out, offset + at * lines.inner);
  });
}
WNNX_INSTANTIATE_EVAL(Scatter);

} // namespace wnnx
