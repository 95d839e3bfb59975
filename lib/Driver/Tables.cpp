// SPDX-License-Identifier: Apache-2.0
//
// Tables for people: a model's nodes with their cost, and the ops.
#include "wnnx/Driver/Compile.h"

#include "wnnx/Ops/Cost.h"

#include <algorithm>
#include <fmt/format.h>

namespace wnnx {

std::string nodeTable(const Graph &graph) {
  std::string out = fmt::format("{:>14}  {:>12}  {:>12}  {:<28} {}\n", "MACs", "weight bytes",
                                "data bytes", "op", "result");
  unsigned count = 0;
  for (const Node *n : nodesOf(graph)) {
    if (n->kind() == OpKind::Constant)
      continue;
    Cost c = nodeCost(*n);
    ++count;
    out += fmt::format("{:>14}  {:>12}  {:>12}  {:<28} {} {}\n", c.macs, c.weightBytes, c.dataBytes,
                       opName(n->kind()), n->numResults() ? n->result()->name() : "",
                       n->numResults() ? n->result()->type().str() : "");
  }
  Cost total = graphCost(graph);
  out += fmt::format("{:>14}  {:>12}  {:>12}  total of {} nodes\n", total.macs, total.weightBytes,
                     total.dataBytes, count);
  return out;
}

std::string opTable() {
  std::string out;
  for (const OpInfo &op : allOps())
    out += op.schema() + "\n    " + std::string(op.doc) + "\n";
  return out;
}

} // namespace wnnx
