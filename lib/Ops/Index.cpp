// SPDX-License-Identifier: Apache-2.0
//
// Indexing by tensors, `input[i0, i1, ...]`, with PyTorch's rules for where the indexed dimensions
// go: in place of the first when they are adjacent, else to the front.
#include "Elements.h"
#include "IndexChecks.h"
#include "ShapeChecks.h"

#include <fmt/format.h>

namespace wnnx {

std::vector<int64_t> maskPositions(const Tensor &mask, int64_t dim) {
  std::vector<int64_t> out;
  int64_t stride = mask.shape().strides()[size_t(dim)], size = mask.shape()[dim];
  for (int64_t i = 0, n = mask.numel(); i < n; ++i) {
    if (mask.getInt(i))
      out.push_back(i / stride % size);
  }
  return out;
}

/// Adds the dimensions that a bool mask selects from, and gives the shape of its positions.
static std::optional<Shape> layoutMask(const Node &n, unsigned operand, int64_t dim,
                                       IndexLayout &layout, std::string &why) {
  const Value *index = n.operand(operand), *input = n.operand(0);
  const Tensor *mask = index->constant();
  if (!mask) {
    why = fmt::format(
        "`{}` is a bool mask that is not a constant, so the result's shape is not known",
        operandName(n, operand));
    return std::nullopt;
  }
  bool fits = index->rank() > 0 && dim + index->rank() <= input->rank();
  for (int64_t k = 0; fits && k < index->rank(); ++k)
    fits = index->dim(k) == input->dim(dim + k);
  if (!fits) {
    why = fmt::format("`{}` is a mask of shape {}, which does not fit shape {} from dimension {}",
                      operandName(n, operand), index->shape().str(), input->shape().str(), dim);
    return std::nullopt;
  }
  int64_t count = 0;
  for (int64_t i = 0; i < mask->numel(); ++i)
    count += mask->getInt(i) != 0;
  for (int64_t k = 0; k < index->rank(); ++k)
    layout.parts.push_back({dim + k, operand, k});
  return Shape{count};
}

std::optional<IndexLayout> layoutIndex(const Node &n, std::string &why) {
  const Shape &shape = n.operand(0)->shape();
  IndexLayout layout;
  int64_t dim = 0;
  for (unsigned i = 1; i < n.numOperands(); ++i) {
    const Value *index = n.operand(i);
    if (!index) {
      ++dim;
      continue;
    }
    std::optional<Shape> positions = index->shape();
    if (index->dtype() == DType::Bool) {
      positions = layoutMask(n, i, dim, layout, why);
      if (!positions)
        return std::nullopt;
      dim += index->rank();
    } else if (index->dtype() == DType::I64 || index->dtype() == DType::I32) {
      layout.parts.push_back({dim++, i, -1});
    } else {
      why = fmt::format("`{}` must be an i64, i32 or bool tensor; found {}", operandName(n, i),
                        index->type().str());
      return std::nullopt;
    }
    std::optional<Shape> joined = broadcast(layout.positions, *positions);
    if (!joined) {
      why =
          fmt::format("`{}` of shape {} does not broadcast with shape {} of the indices before it",
                      operandName(n, i), positions->str(), layout.positions.str());
      return std::nullopt;
    }
    layout.positions = *joined;
  }
  if (dim > shape.rank()) {
    why = fmt::format("there are indices for {} dimensions, but the input has shape {}", dim,
                      shape.str());
    return std::nullopt;
  }
  const auto &parts = layout.parts;
  bool adjacent = true;
  for (size_t k = 1; k < parts.size(); ++k)
    adjacent &= parts[k].dim == parts[k - 1].dim + 1;
  layout.at = adjacent && !parts.empty() ? parts[0].dim : 0;
  for (int64_t d = 0; d < shape.rank(); ++d) {
    if (std::none_of(parts.begin(), parts.end(), [&](const auto &p) { return p.dim == d; }))
      layout.result.push(shape[d]);
  }
  for (int64_t k = 0; k < layout.positions.rank(); ++k)
    layout.result.insert(layout.at + k, layout.positions[k]);
  return layout;
}

LogicalResult inferIndex(InferContext &ctx) {
  std::string why;
  std::optional<IndexLayout> layout = layoutIndex(ctx.node, why);
  if (!layout)
    return ctx.error(why);
  const Shape &shape = ctx.node.operand(0)->shape();
  for (const IndexLayout::Part &part : layout->parts) {
    if (part.maskDim < 0 && failed(checkConstantIndices(ctx, part.operand, shape[part.dim], true)))
      return failure();
  }
  return addResult(ctx, ctx.node.operand(0)->dtype(), layout->result);
}

template <class S> void evalIndex(const EvalContext<S> &ctx) {
  std::string why;
  IndexLayout layout = *layoutIndex(ctx.node, why);
  const RefTensor<S> &in = ctx.in(0);
  RefTensor<S> &out = ctx.out();
  if (in.type.numel() == 0)
    return;
  auto strides = in.shape().strides();

  // The offset in the input that each element of the broadcast positions stands for.
  std::vector<int64_t> offsets(static_cast<size_t>(layout.positions.numel()), 0);
  for (const IndexLayout::Part &part : layout.parts) {
    const RefTensor<S> &index = ctx.in(part.operand);
    std::vector<int64_t> values = index.ints;
    Shape shape = index.shape();
    if (part.maskDim >= 0) {
      values = maskPositions(*ctx.node.operand(part.operand)->constant(), part.maskDim);
      shape = Shape{int64_t(values.size())};
    }
    forEachMapped(expandMaps(shape, layout.positions), 0, [&](int64_t i, int64_t from) {
      offsets[size_t(i)] +=
          safePosition(values[size_t(from)], in.shape()[part.dim]) * strides[size_t(part.dim)];
    });
  }

  // The other dimensions are read as they are. All position dimensions count as one, whose map is
  // `offsets`.
  OffsetMaps maps;
  for (int64_t d = 0; d < in.shape().rank(); ++d) {
    auto indexes = [&](const auto &p) { return p.dim == d; };
    if (std::none_of(layout.parts.begin(), layout.parts.end(), indexes))
      maps.push_back(offsetsOf(0, in.shape()[d], 1, strides[size_t(d)]));
  }
  if (!layout.parts.empty())
    maps.insert(maps.begin() + layout.at, offsets);
  readMapped(in, out, maps);
}
WNNX_INSTANTIATE_EVAL(Index);

} // namespace wnnx
