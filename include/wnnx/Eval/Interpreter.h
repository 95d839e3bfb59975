// SPDX-License-Identifier: Apache-2.0
//
// The reference interpreter: runs a graph node by node with the reference evaluators. Float results
// are rounded to their dtype after each node; sums inside a node are in double.
#pragma once

#include "wnnx/IR/Graph.h"
#include "wnnx/Support/Diagnostics.h"

#include <functional>

namespace wnnx {

struct InterpreterOptions {
  /// Called after each node with its results; for tracing and comparing.
  std::function<void(const Node &, llvm::ArrayRef<Tensor>)> onNode;
  /// Graphs with a larger value than this are refused.
  int64_t maxValueBytes = int64_t(1) << 32;
};

/// Inputs in graph order, of the graph's types. Returns the outputs in order. Values are freed
/// after their last use. Reports inputs that do not fit, and values for which an op has no result
/// (see `RuntimeErrors.h`), at the node. The graph must have passed inference.
FailureOr<std::vector<Tensor>> interpret(const Graph &g, llvm::ArrayRef<Tensor> inputs,
                                         Diagnostics &diags,
                                         const InterpreterOptions &options = {});

/// Evaluates one node on constants, in operand order, null where an operand is absent. Where an op
/// has no result, it does what `RuntimeErrors.h` says.
std::vector<Tensor> evaluateConstants(const Node &n, llvm::ArrayRef<const Tensor *> operands);

} // namespace wnnx
