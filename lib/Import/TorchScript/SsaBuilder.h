// SPDX-License-Identifier: Apache-2.0
//
// Builds graph nodes over values that are either graph values or constants. A node whose operands
// are all constants is evaluated instead (within limits), which is how shape arithmetic, masks and
// index grids disappear from the graph.
#pragma once

#include "wnnx/Ops/Infer.h"

#include <deque>

namespace wnnx::ts {

/// An immutable tensor value: a graph value, a constant, or both once the constant is put into the
/// graph.
struct Ssa {
  TensorType type;
  Value *value = nullptr;
  Tensor constant;
  std::string name;            // of constants: the path in the state dict
  const char *state = nullptr; // the buffer that forward has changed, on which this depends

  bool isConstant() const { return bool(constant); }
  const Shape &shape() const { return type.shape; }
  DType dtype() const { return type.dtype; }
  int64_t rank() const { return type.shape.rank(); }
  int64_t dim(int64_t i) const { return type.shape[i]; }
};
using Ref = Ssa *;

class SsaBuilder {
  Graph &graph;
  Diagnostics &diags;
  std::deque<Ssa> pool;
  std::deque<std::string> stateNames;
  Ssa dummy;
  int64_t folded = 0;
  bool tooLarge = false;

public:
  /// Where the operation being imported stands, and what its results are to be called.
  Location loc;
  std::string name;
  /// Set when a node could not be made; the message has been given. Results are placeholders then.
  bool failed = false;

  SsaBuilder(Graph &g, Diagnostics &d) : graph(g), diags(d) {}

  Ref input(Value *v);
  Ref constant(Tensor t, std::string name = "");
  Ref scalar(DType dtype, double v) { return constant(Tensor::scalar(dtype, v)); }
  Ref scalarInt(DType dtype, int64_t v) { return constant(Tensor::scalarInt(dtype, v)); }
  /// A value that depends on what `forward` itself has written to `buffer`.
  Ref withState(Ref r, const std::string &buffer);
  /// What stands for a value after a failure.
  Ref placeholder() { return failed = true, &dummy; }

  /// A node and its results. Null operands are absent ones.
  std::vector<Ref> emit(OpKind op, llvm::ArrayRef<Ref> operands, std::vector<NamedAttr> attrs = {});
  /// The same for ops with one result.
  Ref op(OpKind kind, llvm::ArrayRef<Ref> operands, std::vector<NamedAttr> attrs = {});
  /// The graph value, made for a constant when needed.
  Value *materialize(Ref r);
  Graph &target() { return graph; }
  Diagnostics &diagnostics() { return diags; }

  // Frequent ones; each returns its operand when there is nothing to do.
  Ref reshape(Ref r, llvm::ArrayRef<int64_t> shape);
  Ref permute(Ref r, llvm::ArrayRef<int64_t> dims);
  Ref expand(Ref r, const Shape &shape);
  Ref convert(Ref r, DType dtype);

private:
  bool canFold(OpKind op, llvm::ArrayRef<Ref> operands) const;
  bool fold(OpKind op, llvm::ArrayRef<Ref> operands, std::vector<NamedAttr> &attrs,
            std::vector<Ref> &results);
};

} // namespace wnnx::ts
