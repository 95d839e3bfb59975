// SPDX-License-Identifier: Apache-2.0
//
// Finding operand values that an op has no result for.
#include "wnnx/Eval/RuntimeErrors.h"

#include <fmt/format.h>

namespace wnnx {

using Message = std::optional<std::string>;
using Operands = llvm::ArrayRef<const RefTensor<double> *>;

/// Positions in [0, size), or [-size, size) with `negatives`.
static Message checkPositions(const RefTensor<double> &index, std::string_view name, int64_t size,
                              bool negatives) {
  for (int64_t at : index.ints) {
    if (at >= size || at < (negatives ? -size : 0))
      return fmt::format("index {} in `{}` is out of range for a dimension of size {}", at, name,
                         size);
  }
  return std::nullopt;
}

/// The size of a dimension, where a scalar counts as a vector of one.
static int64_t sizeOf(const Shape &shape, int64_t dim) {
  return shape.rank() ? shape[*normalizeDim(dim, shape.rank())] : 1;
}

static Message checkIndex(const Node &n, Operands operands) {
  int64_t dim = 0;
  for (unsigned i = 1; i < operands.size(); ++i) {
    if (!operands[i] || operands[i]->type.dtype != DType::Bool) {
      if (operands[i]) {
        if (Message m = checkPositions(*operands[i], "indices", n.operand(0)->dim(dim), true))
          return m;
      }
      ++dim;
      continue;
    }
    dim += operands[i]->shape().rank(); // a mask, which has been checked against the input
  }
  return std::nullopt;
}

static Message checkDivisor(const Node &n, Operands operands) {
  if (n.result()->type().numel() == 0)
    return std::nullopt;
  for (size_t i = 0; i < operands[1]->ints.size(); ++i) {
    if (operands[1]->ints[i] == 0)
      return fmt::format("integer division by zero: element {} of `other` is 0", i);
  }
  return std::nullopt;
}

Message findRuntimeError(const Node &n, Operands operands) {
  const Shape *first = operands.empty() || !operands[0] ? nullptr : &operands[0]->shape();
  switch (n.kind()) {
  case OpKind::Embedding:
    return checkPositions(*operands[1], "indices", (*first)[0], false);
  case OpKind::IndexSelect:
    return checkPositions(*operands[1], "index", sizeOf(*first, IndexSelectOp(n).dim()), false);
  case OpKind::Gather:
    return checkPositions(*operands[1], "index", sizeOf(*first, GatherOp(n).dim()), false);
  case OpKind::Scatter:
    return checkPositions(*operands[1], "index", sizeOf(*first, ScatterOp(n).dim()), false);
  case OpKind::Index:
    return checkIndex(n, operands);
  case OpKind::Div:
    if (DivOp(n).rounding_mode() == "none")
      return std::nullopt;
    [[fallthrough]];
  case OpKind::Remainder:
  case OpKind::Fmod:
    return checkDivisor(n, operands);
  default: // all other ops have a result for all values
    return std::nullopt;
  }
}

/// Whether some operand values have no result; only then are operands converted.
static bool mayFail(OpKind kind) {
  switch (kind) {
  case OpKind::Embedding:
  case OpKind::IndexSelect:
  case OpKind::Gather:
  case OpKind::Scatter:
  case OpKind::Index:
  case OpKind::Div:
  case OpKind::Remainder:
  case OpKind::Fmod:
    return true;
  default:
    return false;
  }
}

Message findRuntimeError(const Node &n, llvm::ArrayRef<const Tensor *> tensors) {
  if (!mayFail(n.kind()))
    return std::nullopt;
  std::vector<RefTensor<double>> refs;
  refs.reserve(tensors.size());
  llvm::SmallVector<const RefTensor<double> *, 4> operands;
  for (const Tensor *t : tensors) {
    if (t)
      refs.push_back(toRef(*t));
    operands.push_back(t ? &refs.back() : nullptr);
  }
  return findRuntimeError(n, operands);
}

} // namespace wnnx
