// SPDX-License-Identifier: Apache-2.0
//
// The reference interpreter: runs a graph node by node with the reference evaluators. Float results
// are rounded to their dtype after each node; sums inside a node are in double.
#pragma once

#include "wnnx/IR/Graph.h"

#include <functional>

namespace wnnx {

struct InterpreterOptions {
  /// Called after each node with its results; for tracing and comparing.
  std::function<void(const Node &, llvm::ArrayRef<Tensor>)> onNode;
};

/// Inputs in graph order, of the graph's types (asserted). Returns the outputs in order. Values are
/// freed after their last use.
std::vector<Tensor> interpret(const Graph &g, llvm::ArrayRef<Tensor> inputs,
                              const InterpreterOptions &options = {});

/// Evaluates one node on constants.
std::vector<Tensor> evaluateConstants(const Node &n, llvm::ArrayRef<const Tensor *> operands);

} // namespace wnnx
