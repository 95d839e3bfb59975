// SPDX-License-Identifier: Apache-2.0
//
// Structural checks that need no knowledge of ops' meanings.
#pragma once

#include "wnnx/IR/Graph.h"
#include "wnnx/Support/Diagnostics.h"

namespace wnnx {

/// "`conv2d` node `y` (net.py:12)": how messages call a node.
std::string describe(const Node &n);

/// Operands precede their users, use lists agree, arity and attribute kinds fit the schema, names
/// are unique, outputs exist. Reports every violation.
LogicalResult verifyStructure(const Graph &g, Diagnostics &diags);

/// The part about one node's arity and attribute kinds.
LogicalResult verifySchema(const Node &n, Diagnostics &diags);

} // namespace wnnx
