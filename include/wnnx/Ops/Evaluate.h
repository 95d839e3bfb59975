// SPDX-License-Identifier: Apache-2.0
//
// Reference evaluation of single nodes: slow, short, and obviously right. Every op defines
// `evalNAME<S>`, a template on the scalar that stands for real numbers, so that the same text
// serves `double` and other number systems. Functions of reals are taken from `scalar::`, never
// from std::, so that each scalar can say what they mean.
//
// Float tensors hold values of S; integer and bool tensors hold int64_t. The caller rounds float
// results to the node's dtype, so that what is stored between nodes is what PyTorch stores, while
// sums inside a node are carried in S.
#pragma once

#include "wnnx/IR/OpViews.h"
#include "wnnx/Ops/FieldScalar.h"

#include <vector>

namespace wnnx {

template <class S> struct RefTensor {
  TensorType type;
  std::vector<S> reals;      // when the dtype is a float
  std::vector<int64_t> ints; // otherwise; bool is 0 or 1
  RefTensor() = default;
  explicit RefTensor(TensorType t) : type(std::move(t)) {
    if (isFloat(type.dtype))
      reals.resize(size_t(type.numel()));
    else
      ints.resize(size_t(type.numel()));
  }
  const Shape &shape() const { return type.shape; }
  bool real() const { return isFloat(type.dtype); }
};

template <class S> struct EvalContext {
  const Node &node;
  /// In operand order; null for absent optional operands.
  llvm::ArrayRef<const RefTensor<S> *> operands;
  /// Made by the caller with the node's result types, zero-filled; the hook fills them in.
  llvm::MutableArrayRef<RefTensor<S>> results;

  const RefTensor<S> &in(unsigned i) const { return *operands[i]; }
  const RefTensor<S> *optional(unsigned i) const {
    return i < operands.size() ? operands[i] : nullptr;
  }
  RefTensor<S> &out(unsigned i = 0) const { return results[i]; }
};

#define WNNX_OP(Name, mnemonic, traits, doc)                                                       \
  template <class S> void eval##Name(const EvalContext<S> &ctx);
#include "wnnx/IR/Ops.def"

/// Runs the node's hook. Operands and attributes must have passed inference. Instantiated for
/// double and for `Field`.
template <class S> void evaluateNode(const EvalContext<S> &ctx);
extern template void evaluateNode<double>(const EvalContext<double> &ctx);
extern template void evaluateNode<Field>(const EvalContext<Field> &ctx);

/// Rounds to what the dtype can hold: floats to nearest even, integers by wrapping.
void roundToDType(RefTensor<double> &t);

RefTensor<double> toRef(const Tensor &t);
Tensor fromRef(const RefTensor<double> &t);

} // namespace wnnx
