// SPDX-License-Identifier: Apache-2.0
//
// Compile-time tensors of the rule language: an expression is built with its shape known at once
// and evaluated later, or never when the rewrite is dropped. Arithmetic is in double; the result is
// rounded once to its dtype. A tensor that is only passed on, or reshaped, is not copied.
#pragma once

#include "wnnx/IR/Tensor.h"

#include <memory>
#include <string>
#include <vector>

namespace wnnx::pat {

class TensorExpr;
using TensorRef = std::shared_ptr<const TensorExpr>;

enum class TensorFn : uint8_t {
  // One operand.
  Neg,
  Abs,
  Sqrt,
  Rsqrt,
  Exp,
  Log,
  Tanh,
  Sigmoid,
  Floor,
  Ceil,
  Round,
  Sign,
  Erf,
  Logit,
  Sin,
  Cos,
  Log1p,
  Expm1,
  // Two operands.
  Add,
  Sub,
  Mul,
  Div,
  Min,
  Max,
  Pow,
  // Reductions.
  Sum,
  Mean,
  Amax,
  Amin,
};

/// The scalar function of a one- or two-operand entry.
double applyFn(TensorFn f, double a, double b = 0);

class TensorExpr {
public:
  enum Kind : uint8_t {
    Leaf,
    Fill,
    Iota,
    Map1,
    Map2,
    Reshape,
    View,
    Cat,
    Pad,
    Select,
    Reduce,
    Contract,
    Cast
  };
  Kind kind = Leaf;
  TensorFn fn = TensorFn::Add;
  Shape shape;
  /// Unset for values made from numbers alone, which take the dtype of what they meet.
  std::optional<DType> dtype;
  bool fromFloat = false; // unset dtype, and a fraction was written
  std::vector<TensorRef> args;
  Tensor leaf;               // Leaf
  double value = 0;          // Fill, Pad: the number
  int64_t offset = 0;        // View: of the first element
  std::vector<int64_t> ints; // View: strides; Pad: before, per dimension; Select: indices;
                             // Reduce: flags of reduced dimensions
  int64_t dim = 0;           // Cat, Select
  std::string labels;        // Contract: "ab,bc->ac"
  /// Something to name the result after: the first weight it is made of.
  std::string sourceName() const;
  std::string name; // Leaf: the captured value's name

  /// Evaluates, rounded to `type`'s dtype; `type` has this shape.
  Tensor evaluate(const TensorType &type) const;
  std::vector<double> values() const;
};

/// Elements a compile-time tensor may have.
constexpr int64_t maxTensorElements = int64_t(1) << 28;

/// Builders: null on failure, with the reason in `why`.
struct TensorBuilder {
  std::string why;

  TensorRef leaf(Tensor t, std::string name);
  TensorRef number(double v, bool isFloat);
  TensorRef fill(const std::vector<int64_t> &shape, double v, bool isFloat);
  TensorRef iota(int64_t n);
  TensorRef eye(int64_t n);
  /// Weight [O, O / groups, kh, kw] of a convolution that returns its input.
  TensorRef identityKernel(int64_t o, int64_t groups, int64_t kh, int64_t kw);
  TensorRef map(TensorFn f, TensorRef a);
  TensorRef map(TensorFn f, TensorRef a, TensorRef b);
  TensorRef reshape(TensorRef a, std::vector<int64_t> shape);
  TensorRef permute(TensorRef a, const std::vector<int64_t> &dims);
  TensorRef expand(TensorRef a, const std::vector<int64_t> &shape);
  TensorRef slice(TensorRef a, int64_t dim, int64_t start, int64_t end, int64_t step);
  TensorRef flip(TensorRef a, const std::vector<int64_t> &dims);
  TensorRef at(TensorRef a, int64_t dim, int64_t index);
  TensorRef cat(std::vector<TensorRef> parts, int64_t dim);
  /// `pairs`: before and after, of each dimension in order.
  TensorRef pad(TensorRef a, const std::vector<int64_t> &pairs, double v);
  TensorRef select(TensorRef a, int64_t dim, std::vector<int64_t> indices);
  TensorRef reduce(TensorFn f, TensorRef a, const std::vector<int64_t> &dims, bool keep);
  TensorRef contract(const std::string &labels, std::vector<TensorRef> args);
  /// Vectors and matrices, and batches of matrices with the same leading sizes.
  TensorRef matmul(TensorRef a, TensorRef b);
  /// torch.gather.
  TensorRef gather(TensorRef a, int64_t dim, TensorRef index);
  TensorRef stack(const std::vector<TensorRef> &parts, int64_t dim);
  /// Puts factor - 1 zeros between neighbours along the last dimensions, one factor for each.
  TensorRef dilate(TensorRef a, const std::vector<int64_t> &factors);
  /// The weight of an ungrouped convolution that does what the grouped one does.
  TensorRef denseKernel(TensorRef w, int64_t groups);
  /// The weight of the one convolution that is `first`, then `second`, both in `groups` groups.
  TensorRef composeConv(TensorRef first, TensorRef second, int64_t groups);
  TensorRef cast(TensorRef a, DType t);

private:
  TensorRef fail(std::string reason);
  bool fits(const Shape &s);
};

} // namespace wnnx::pat
