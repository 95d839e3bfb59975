// SPDX-License-Identifier: Apache-2.0
//
// Ops that look at the same elements through another shape or order: reshape, permute, expand.
#include "Elements.h"
#include "ShapeChecks.h"

#include <fmt/format.h>

namespace wnnx {

LogicalResult inferReshape(InferContext &ctx) {
  ReshapeOp op(ctx.node);
  const std::vector<int64_t> &wanted = op.shape();
  std::string text = Attribute(wanted).str();
  int64_t unknown = -1;
  Shape shape(wanted);
  for (int64_t i = 0; i < shape.rank(); ++i) {
    if (shape[i] >= 0)
      continue;
    if (shape[i] != -1)
      return ctx.error(fmt::format("`shape` {} has a negative size", text));
    if (unknown >= 0)
      return ctx.error(fmt::format("`shape` {} has more than one -1", text));
    unknown = i;
    shape[i] = 1;
  }
  std::optional<int64_t> known = checkedNumel(shape.ref());
  int64_t numel = op.input()->type().numel();
  if (known && unknown >= 0 && *known == 0)
    return ctx.error(fmt::format("`shape` {} has a 0, so the size for -1 is not known", text));
  if (known && unknown >= 0 && numel % *known == 0) {
    shape[unknown] = numel / *known;
    known = numel;
  }
  if (!known || *known != numel)
    return ctx.error(fmt::format("{} elements of shape {} do not fit shape {}", numel,
                                 op.input()->shape().str(), text));
  return addResult(ctx, op.input()->dtype(), shape);
}

LogicalResult inferPermute(InferContext &ctx) {
  PermuteOp op(ctx.node);
  const Shape &shape = op.input()->shape();
  if (int64_t(op.dims().size()) != shape.rank())
    return ctx.error(fmt::format("`dims` {} has {} entries for {} dimensions",
                                 Attribute(op.dims()).str(), op.dims().size(), shape.rank()));
  if (failed(checkedDims(ctx, op.dims(), shape.rank())))
    return failure();
  Shape out;
  for (int64_t d : op.dims())
    out.push(shape[*normalizeDim(d, shape.rank())]);
  ctx.result(op.input()->dtype(), out);
  return success();
}

LogicalResult inferExpand(InferContext &ctx) {
  ExpandOp op(ctx.node);
  const Shape &from = op.input()->shape();
  Shape to(op.shape());
  int64_t added = to.rank() - from.rank();
  if (added < 0)
    return ctx.error(fmt::format("`shape` {} has fewer dimensions than the input's {}",
                                 Attribute(op.shape()).str(), from.str()));
  for (int64_t i = 0; i < to.rank(); ++i) {
    if (i < added) {
      if (to[i] < 0)
        return ctx.error(fmt::format("`shape` {} has {} for the added dimension {}",
                                     Attribute(op.shape()).str(), to[i], i));
      continue;
    }
    int64_t size = from[i - added];
    if (to[i] == -1)
      to[i] = size;
    if (to[i] != size && (size != 1 || to[i] < 0))
      return ctx.error(
          fmt::format("dimension {} of size {} can not expand to {}", i - added, size, to[i]));
  }
  return addResult(ctx, op.input()->dtype(), to);
}

template <class S> void evalReshape(const EvalContext<S> &ctx) {
  withElements(ctx.in(0), ctx.out(), [](const auto &in, auto &out) { out = in; });
}
WNNX_INSTANTIATE_EVAL(Reshape);

template <class S> void evalPermute(const EvalContext<S> &ctx) {
  const RefTensor<S> &in = ctx.in(0);
  OffsetMaps own = identityMaps(in.shape()), maps;
  for (int64_t d : PermuteOp(ctx.node).dims())
    maps.push_back(own[size_t(*normalizeDim(d, in.shape().rank()))]);
  readMapped(in, ctx.out(), maps);
}
WNNX_INSTANTIATE_EVAL(Permute);

template <class S> void evalExpand(const EvalContext<S> &ctx) {
  readMapped(ctx.in(0), ctx.out(), expandMaps(ctx.in(0).shape(), ctx.out().shape()));
}
WNNX_INSTANTIATE_EVAL(Expand);

} // namespace wnnx
