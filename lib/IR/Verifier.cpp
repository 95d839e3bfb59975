// SPDX-License-Identifier: Apache-2.0
//
// Structural verification.
#include "wnnx/IR/Verifier.h"

#include "llvm/ADT/DenseSet.h"

#include <algorithm>

namespace wnnx {

std::string describe(const Node &n) {
  std::string s = "`" + std::string(opName(n.kind())) + "` node";
  if (n.numResults() && !n.result()->name().empty())
    s += " `" + n.result()->name() + "`";
  if (n.loc())
    s += " (" + n.loc().str() + ")";
  return s;
}

LogicalResult verifySchema(const Node &n, Diagnostics &diags) {
  const OpInfo &op = n.info();
  bool ok = true;
  auto error = [&](std::string text) {
    diags.error(describe(n), "ir-schema", std::move(text)).note("", "schema: " + op.schema());
    ok = false;
  };
  unsigned fixed = op.numFixedOperands();
  if (!op.isVariadic() && n.numOperands() > fixed)
    error("has " + std::to_string(n.numOperands()) + " operands; the op takes " +
          std::to_string(fixed));
  for (unsigned i = 0; i < n.numOperands() && i < op.operands.size(); ++i) {
    if (!n.operand(i) && op.operands[i].kind == OperandKind::Single)
      error("operand `" + std::string(op.operands[i].name) + "` is missing");
  }
  if (op.isVariadic() && op.operands.back().kind == OperandKind::Variadic) {
    for (Value *v : n.variadicOperands()) {
      if (!v)
        error("an operand in `" + std::string(op.operands.back().name) + "` is missing");
    }
  }
  for (unsigned i = 0; i < op.attrs.size(); ++i) {
    const AttrInfo &a = op.attrs[i];
    const Attribute &value = n.attr(i);
    if (value.isNone() && a.optional)
      continue;
    if (value.isNone())
      error("attribute `" + std::string(a.name) + "` is missing");
    else if (value.kind() != a.kind)
      error("attribute `" + std::string(a.name) + "` is a " + std::string(attrKindName(a.kind)) +
            "; found " + value.str());
  }
  return success(ok);
}

namespace {
class StructureVerifier {
  const Graph &g;
  Diagnostics &diags;
  llvm::DenseSet<const Value *> defined;
  llvm::DenseSet<std::pair<const Value *, std::pair<const Node *, unsigned>>> found;
  bool ok = true;

  void error(std::string place, std::string text) {
    diags.error(std::move(place), "ir-structure", std::move(text));
    ok = false;
  }

  void define(const Value *v, std::string place) {
    defined.insert(v);
    if (v->graph() != &g)
      error(place, "a value belongs to another graph");
    if (!v->name().empty() && g.lookup(v->name()) != v)
      error(place, "name `" + v->name() + "` is not unique");
    if (!v->shape().isStatic())
      error(place, "shape " + v->shape().str() + " is not static");
  }

  void checkUses(const Value *v, std::string place) {
    for (const Use &u : v->uses()) {
      if (!found.contains({v, {u.user, u.index}}))
        error(place, "the use list of `" + v->name() + "` names a user outside the graph");
    }
  }

public:
  StructureVerifier(const Graph &graph, Diagnostics &d) : g(graph), diags(d) {}

  LogicalResult run() {
    std::string place = "graph `" + g.name + "`";
    for (const auto &in : g.inputs())
      define(in.get(), place);
    const Node *previous = nullptr;
    for (const Node *n = g.front(); n; previous = n, n = n->next()) {
      std::string where = describe(*n);
      if (previous && !previous->isBefore(n))
        error(where, "the order numbers do not grow");
      if (failed(verifySchema(*n, diags)))
        ok = false;
      for (unsigned i = 0; i < n->numOperands(); ++i) {
        const Value *v = n->operand(i);
        if (!v)
          continue;
        if (!defined.contains(v))
          error(where, "operand `" + v->name() + "` is not defined before its use");
        found.insert({v, {n, i}});
      }
      for (unsigned i = 0; i < n->numResults(); ++i)
        define(n->result(i), where);
    }
    for (unsigned i = 0; i < g.outputs().size(); ++i) {
      if (!defined.contains(g.outputs()[i].value))
        error(place, "output `" + g.outputs()[i].name + "` is not a value of the graph");
      found.insert({g.outputs()[i].value, {nullptr, i}});
    }
    for (const auto &in : g.inputs())
      checkUses(in.get(), place);
    for (const Node *n = g.front(); n; n = n->next()) {
      for (unsigned i = 0; i < n->numResults(); ++i)
        checkUses(n->result(i), describe(*n));
    }
    return success(ok);
  }
};
} // namespace

LogicalResult verifyStructure(const Graph &g, Diagnostics &diags) {
  return StructureVerifier(g, diags).run();
}

} // namespace wnnx
