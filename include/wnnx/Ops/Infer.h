// SPDX-License-Identifier: Apache-2.0
//
// Shape inference and verification of single nodes. Each op of `Ops.def` defines one hook,
// `inferNAME`, which checks operands and attributes and computes the result types.
#pragma once

#include "wnnx/IR/OpViews.h"
#include "wnnx/Support/Diagnostics.h"

namespace wnnx {

/// What an infer hook sees and fills in.
struct InferContext {
  const Node &node;
  Diagnostics &diags;
  llvm::SmallVector<TensorType, 2> results;

  InferContext(const Node &n, Diagnostics &d) : node(n), diags(d) {}
  /// An error at the node: its location, op and name are added.
  DiagnosticBuilder error(std::string message);
  void result(DType dtype, Shape shape) { results.push_back({dtype, std::move(shape)}); }
};

/// Where a node is, for messages: "`conv2d` node `layer1.0.conv1` (net.py:88)".
std::string describe(const Node &n);

#define WNNX_OP(Name, mnemonic, traits, doc) LogicalResult infer##Name(InferContext &ctx);
#include "wnnx/IR/Ops.def"

/// Checks arity and attribute kinds against the schema, then runs the op's hook.
LogicalResult inferTypes(InferContext &ctx);

/// Sets the node's result types by inference (creating the results of ops whose number of results
/// depends on attributes).
LogicalResult inferNode(Node &n, Diagnostics &diags);

/// Makes a node and infers its types; on failure nothing is left behind. Not inserted.
FailureOr<Node *> buildNode(Graph &g, OpKind kind, llvm::ArrayRef<Value *> operands,
                            std::vector<NamedAttr> attrs, Location loc, Diagnostics &diags);

/// Structure (order, uses, names) and, for every node, that inference agrees with the stored types.
LogicalResult verifyGraph(const Graph &g, Diagnostics &diags);

} // namespace wnnx
