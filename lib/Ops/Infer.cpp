// SPDX-License-Identifier: Apache-2.0
//
// Inference of nodes and graphs: the schema check, the dispatch to the ops' hooks, and the
// comparison of inferred with stored types.
#include "wnnx/Ops/Infer.h"

#include "wnnx/IR/Verifier.h"

namespace wnnx {

DiagnosticBuilder InferContext::error(std::string message) {
  return diags.error(describe(node), "infer", std::move(message));
}

static LogicalResult runHook(InferContext &ctx) {
  switch (ctx.node.kind()) {
#define WNNX_OP(Name, mnemonic, traits, doc)                                                       \
  case OpKind::Name:                                                                               \
    return infer##Name(ctx);
#include "wnnx/IR/Ops.def"
  }
  return ctx.error("unknown op");
}

LogicalResult inferTypes(InferContext &ctx) {
  if (failed(verifySchema(ctx.node, ctx.diags)))
    return failure();
  for (const Value *v : ctx.node.operands()) {
    if (v && !v->shape().isStatic())
      return ctx.error("operand `" + v->name() + "` has shape " + v->shape().str() +
                       ", which is not static");
  }
  ctx.results.clear();
  return runHook(ctx);
}

LogicalResult inferNode(Node &n, Diagnostics &diags) {
  InferContext ctx(n, diags);
  if (failed(inferTypes(ctx)))
    return failure();
  for (unsigned i = unsigned(ctx.results.size()); i < n.numResults(); ++i) {
    if (n.result(i)->hasUses())
      return ctx.error("result " + std::to_string(i) + " is used, but there are only " +
                       std::to_string(ctx.results.size()) + " results");
  }
  n.graph()->setResultTypes(&n, ctx.results);
  return success();
}

FailureOr<Node *> buildNode(Graph &g, OpKind kind, llvm::ArrayRef<Value *> operands,
                            std::vector<NamedAttr> attrs, Location loc, Diagnostics &diags) {
  const OpInfo &op = opInfo(kind);
  for (const NamedAttr &a : attrs) {
    if (op.attrIndex(a.first) < 0) {
      std::vector<std::string_view> known;
      for (const AttrInfo &info : op.attrs)
        known.push_back(info.name);
      std::string place = "`" + std::string(op.name) + "` node";
      if (loc)
        place += " (" + loc.str() + ")";
      return diags.error(place, "infer",
                         "there is no attribute `" + std::string(a.first) + "`" +
                             didYouMean(a.first, known));
    }
  }
  Node *n = g.create(kind, operands, std::move(attrs), {}, std::move(loc));
  if (failed(inferNode(*n, diags))) {
    g.erase(n);
    return failure();
  }
  return n;
}

LogicalResult verifyGraph(const Graph &g, Diagnostics &diags) {
  if (failed(verifyStructure(g, diags)))
    return failure();
  bool ok = true;
  for (const Node *n = g.front(); n; n = n->next()) {
    InferContext ctx(*n, diags);
    if (failed(inferTypes(ctx))) {
      ok = false;
      continue;
    }
    if (ctx.results.size() != n->numResults()) {
      ctx.error("has " + std::to_string(n->numResults()) + " results; inference gives " +
                std::to_string(ctx.results.size()));
      ok = false;
      continue;
    }
    for (unsigned i = 0; i < n->numResults(); ++i) {
      if (n->result(i)->type() == ctx.results[i])
        continue;
      ctx.error("result " + std::to_string(i) + " is declared " + n->result(i)->type().str() +
                "; inference gives " + ctx.results[i].str());
      ok = false;
    }
  }
  return success(ok);
}

} // namespace wnnx
