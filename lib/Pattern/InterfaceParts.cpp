// SPDX-License-Identifier: Apache-2.0
//
// Which nodes follow from which inputs, and the cut between them.
#include "InterfaceParts.h"

#include "fmt/format.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLExtras.h"

#include <algorithm>

namespace wnnx::pat {

namespace {

/// What a value follows from.
enum Origin : uint8_t { Nothing, Chosen, Others };

class PartCutter {
  Graph &g;
  llvm::DenseMap<const Value *, Origin> inputs;
  llvm::DenseMap<const Node *, Origin> nodes;

public:
  PartCutter(Graph &graph, llvm::ArrayRef<unsigned> chosen) : g(graph) {
    for (const auto &in : g.inputs())
      inputs[in.get()] = llvm::is_contained(chosen, in->index()) ? Chosen : Others;
    for (Node *n : nodesOf(g)) {
      Origin o = Nothing;
      for (const Value *v : n->operands())
        o = v ? std::max(o, of(v)) : o;
      nodes[n] = o;
    }
    // What only makes copies is cheaper to make again than to hand over.
    for (Node *n = g.back(); n; n = n->prev()) {
      if (nodes[n] == Chosen && copies(*n) && !feedsChosen(*n))
        nodes[n] = Others;
    }
  }

  Origin of(const Value *v) const { return v->node() ? nodes.lookup(v->node()) : inputs.lookup(v); }

  /// Values of the first part that the second reads, in order.
  std::vector<Value *> border() const {
    std::vector<Value *> list;
    for (Node *n : nodesOf(g)) {
      if (nodes.lookup(n) != Chosen)
        continue;
      for (unsigned i = 0; i < n->numResults(); ++i) {
        Value *v = n->result(i);
        if (llvm::any_of(v->uses(),
                         [&](const Use &u) { return u.user && nodes.lookup(u.user) == Others; }))
          list.push_back(v);
      }
    }
    return list;
  }

private:
  static bool copies(const Node &n) {
    return (n.kind() == OpKind::Expand || n.kind() == OpKind::Repeat) &&
           n.result()->type().numel() > n.operand(0)->type().numel();
  }
  bool feedsChosen(const Node &n) const {
    return llvm::any_of(n.result()->uses(),
                        [&](const Use &u) { return !u.user || nodes.lookup(u.user) == Chosen; });
  }
};

std::string listed(const std::vector<Value *> &values) {
  std::string s;
  for (const Value *v : values)
    s += fmt::format("{}{} ({})", s.empty() ? "" : ", ", v->name(), v->type().str());
  return s;
}

} // namespace

std::string takePart(Graph &g, InterfaceEdit::Kind kind, llvm::ArrayRef<unsigned> chosen,
                     std::string &why) {
  PartCutter cut(g, chosen);
  std::vector<Value *> border = cut.border();
  bool keep = kind == InterfaceEdit::KeepPart;
  std::vector<GraphOutput> outputs;
  for (const GraphOutput &o : g.outputs()) {
    if ((cut.of(o.value) == Others) != keep)
      outputs.push_back(o);
  }
  if (border.empty()) {
    why = "nothing that the rest of the model needs follows from these inputs alone";
    return "";
  }
  std::string done = listed(border);
  while (!g.outputs().empty())
    g.eraseOutput(unsigned(g.outputs().size()) - 1);
  for (GraphOutput &o : outputs)
    g.addOutput(std::move(o.name), o.value);
  if (keep) {
    auto names = [&](const std::string &name) {
      return llvm::any_of(g.outputs(), [&](const GraphOutput &o) { return o.name == name; });
    };
    for (Value *v : border) {
      if (!names(v->name()))
        g.addOutput(v->name(), v);
    }
  } else {
    for (Value *v : border) {
      std::string name = v->name();
      g.setName(v, "");
      v->replaceAllUsesWith(g.addInput(name, v->type()));
    }
  }
  g.eraseDeadNodes();
  // Inputs that only the other part reads; those that are new have uses.
  for (size_t i = g.inputs().size(); i-- > 0;) {
    const Value *in = g.input(unsigned(i));
    if (!in->hasUses() && (cut.of(in) == Others) == keep)
      g.eraseInput(unsigned(i));
  }
  return (keep ? "kept the part whose outputs are " : "dropped the part, and took as inputs ") +
         done;
}

} // namespace wnnx::pat
