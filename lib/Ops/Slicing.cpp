// SPDX-License-Identifier: Apache-2.0
//
// Parts of a tensor along one dimension, read and written: slice, select, split, slice_scatter,
// select_scatter.
#include "Elements.h"
#include "ShapeChecks.h"

#include <fmt/format.h>

namespace wnnx {

/// `dim` of a tensor that has dimensions; there is nothing to slice in a scalar.
static FailureOr<int64_t> checkedSliceDim(InferContext &ctx, int64_t dim) {
  if (ctx.node.operand(0)->rank() == 0)
    return ctx.error("`input` has no dimensions");
  return checkedDim(ctx, dim, ctx.node.operand(0)->rank());
}

static FailureOr<Shape> slicedShape(InferContext &ctx, int64_t dim, int64_t start, int64_t end,
                                    int64_t step) {
  FailureOr<int64_t> d = checkedSliceDim(ctx, dim);
  if (failed(d))
    return failure();
  if (step <= 0)
    return ctx.error(fmt::format("`step` is {}; it must be positive", step));
  Shape shape = ctx.node.operand(0)->shape();
  shape[*d] = clampSlice(start, end, step, shape[*d]).count;
  return shape;
}

static FailureOr<Shape> selectedShape(InferContext &ctx, int64_t dim, int64_t index) {
  FailureOr<int64_t> d = checkedSliceDim(ctx, dim);
  if (failed(d))
    return failure();
  Shape shape = ctx.node.operand(0)->shape();
  int64_t size = shape[*d];
  if (index < -size || index >= size)
    return ctx.error(
        fmt::format("index {} is out of range for dimension {} of size {}", index, *d, size));
  shape.erase(*d);
  return shape;
}

LogicalResult inferSlice(InferContext &ctx) {
  SliceOp op(ctx.node);
  FailureOr<Shape> shape = slicedShape(ctx, op.dim(), op.start(), op.end(), op.step());
  if (failed(shape))
    return failure();
  ctx.result(op.input()->dtype(), *shape);
  return success();
}

LogicalResult inferSelect(InferContext &ctx) {
  SelectOp op(ctx.node);
  FailureOr<Shape> shape = selectedShape(ctx, op.dim(), op.index());
  if (failed(shape))
    return failure();
  ctx.result(op.input()->dtype(), *shape);
  return success();
}

LogicalResult inferSplit(InferContext &ctx) {
  SplitOp op(ctx.node);
  FailureOr<int64_t> dim = checkedSliceDim(ctx, op.dim());
  if (failed(dim))
    return failure();
  if (op.sizes().empty())
    return ctx.error("`sizes` is empty");
  Shape shape = op.input()->shape();
  int64_t size = shape[*dim], rest = size;
  for (int64_t piece : op.sizes()) {
    if (piece < 0)
      return ctx.error(fmt::format("`sizes` has the negative size {}", piece));
    // Pieces past the first too large one are not added, so that the sum can not overflow.
    rest = piece > rest ? -1 : rest - piece;
    if (rest < 0)
      break;
  }
  if (rest != 0)
    return ctx.error(fmt::format("`sizes` {} do not sum to {}, the size of dimension {}",
                                 Attribute(op.sizes()).str(), size, *dim));
  for (int64_t piece : op.sizes()) {
    shape[*dim] = piece;
    ctx.result(op.input()->dtype(), shape);
  }
  return success();
}

/// `src` must have exactly the shape of what it replaces.
static LogicalResult inferReplaced(InferContext &ctx, FailureOr<Shape> part) {
  LogicalResult ok = requireSameDType(ctx, 0, 1);
  if (failed(ok) || failed(part))
    return failure();
  const Shape &src = ctx.node.operand(1)->shape();
  if (src != *part)
    return ctx.error(fmt::format("`src` has shape {}, but it replaces a part of shape {}",
                                 src.str(), part->str()));
  ctx.results.push_back(ctx.node.operand(0)->type());
  return success();
}

LogicalResult inferSliceScatter(InferContext &ctx) {
  SliceScatterOp op(ctx.node);
  return inferReplaced(ctx, slicedShape(ctx, op.dim(), op.start(), op.end(), op.step()));
}

LogicalResult inferSelectScatter(InferContext &ctx) {
  SelectScatterOp op(ctx.node);
  return inferReplaced(ctx, selectedShape(ctx, op.dim(), op.index()));
}

/// The part of a tensor that slice and select read and their scatters write.
struct PartMaps {
  OffsetMaps maps;
  int64_t base = 0;
};

static PartMaps sliceMaps(const Shape &shape, int64_t dim, int64_t start, int64_t end,
                          int64_t step) {
  PartMaps part{identityMaps(shape)};
  int64_t d = *normalizeDim(dim, shape.rank());
  SliceRange range = clampSlice(start, end, step, shape[d]);
  part.maps[size_t(d)] =
      offsetsOf(range.start, range.count, range.step, shape.strides()[size_t(d)]);
  return part;
}

static PartMaps selectMaps(const Shape &shape, int64_t dim, int64_t index) {
  PartMaps part{identityMaps(shape)};
  int64_t d = *normalizeDim(dim, shape.rank());
  part.base = (index < 0 ? index + shape[d] : index) * shape.strides()[size_t(d)];
  part.maps.erase(part.maps.begin() + d);
  return part;
}

template <class S> static void replacePart(const EvalContext<S> &ctx, const PartMaps &part) {
  ctx.out() = ctx.in(0);
  withElements(ctx.in(1), ctx.out(), [&](const auto &src, auto &out) {
    forEachMapped(part.maps, part.base,
                  [&](int64_t i, int64_t offset) { out[size_t(offset)] = src[size_t(i)]; });
  });
}

template <class S> void evalSlice(const EvalContext<S> &ctx) {
  SliceOp op(ctx.node);
  PartMaps part = sliceMaps(ctx.in(0).shape(), op.dim(), op.start(), op.end(), op.step());
  readMapped(ctx.in(0), ctx.out(), part.maps);
}
WNNX_INSTANTIATE_EVAL(Slice);

template <class S> void evalSelect(const EvalContext<S> &ctx) {
  SelectOp op(ctx.node);
  PartMaps part = selectMaps(ctx.in(0).shape(), op.dim(), op.index());
  readMapped(ctx.in(0), ctx.out(), part.maps, part.base);
}
WNNX_INSTANTIATE_EVAL(Select);

template <class S> void evalSplit(const EvalContext<S> &ctx) {
  SplitOp op(ctx.node);
  int64_t start = 0;
  for (size_t i = 0; i < op.sizes().size(); ++i) {
    PartMaps part =
        sliceMaps(ctx.in(0).shape(), op.dim(), start, start + op.sizes()[i], /*step=*/1);
    readMapped(ctx.in(0), ctx.out(unsigned(i)), part.maps);
    start += op.sizes()[i];
  }
}
WNNX_INSTANTIATE_EVAL(Split);

template <class S> void evalSliceScatter(const EvalContext<S> &ctx) {
  SliceScatterOp op(ctx.node);
  replacePart(ctx, sliceMaps(ctx.in(0).shape(), op.dim(), op.start(), op.end(), op.step()));
}
WNNX_INSTANTIATE_EVAL(SliceScatter);

template <class S> void evalSelectScatter(const EvalContext<S> &ctx) {
  SelectScatterOp op(ctx.node);
  replacePart(ctx, selectMaps(ctx.in(0).shape(), op.dim(), op.index()));
}
WNNX_INSTANTIATE_EVAL(SelectScatter);

} // namespace wnnx
