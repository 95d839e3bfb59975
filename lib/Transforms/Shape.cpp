// SPDX-License-Identifier: Apache-2.0
//
// The pass that infers all types again, for graphs whose stored types may be stale.
#include "wnnx/Ops/Infer.h"
#include "wnnx/Transforms/Passes.h"

#include <fmt/format.h>

#include <unordered_set>

namespace wnnx {

/// Infers one node; says whether its types changed.
static FailureOr<bool> inferAgain(Graph &g, Node &n, Diagnostics &diags) {
  InferContext ctx(n, diags);
  if (failed(inferTypes(ctx)))
    return failure();
  for (size_t i = ctx.results.size(); i < n.numResults(); ++i) {
    if (n.result(unsigned(i))->hasUses())
      return ctx.error(
          fmt::format("result {} is used, but inference gives {} results", i, ctx.results.size()));
  }
  bool changed = ctx.results.size() != n.numResults();
  for (unsigned i = 0; !changed && i < n.numResults(); ++i)
    changed = n.result(i)->type() != ctx.results[i];
  if (changed)
    g.setResultTypes(&n, ctx.results);
  return changed;
}

FailureOr<bool> runShapePass(Graph &g, const PassOptions &, Diagnostics &diags) {
  bool changed = false;
  // Nodes behind one that failed are skipped: their messages would only follow from the first.
  std::unordered_set<const Node *> bad;
  for (Node *n : nodesOf(g)) {
    bool follows = llvm::any_of(
        n->operands(), [&](const Value *v) { return v && v->node() && bad.count(v->node()); });
    FailureOr<bool> did = follows ? FailureOr<bool>(failure()) : inferAgain(g, *n, diags);
    if (failed(did))
      bad.insert(n);
    else
      changed |= *did;
  }
  if (!bad.empty())
    return failure();
  return changed;
}

} // namespace wnnx
