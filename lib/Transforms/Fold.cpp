// SPDX-License-Identifier: Apache-2.0
//
// Constant folding: nodes whose operands are all constants become constants, by the reference
// evaluators. The new constants keep names and locations. A budget keeps a small node with a large
// result (expand, repeat) from growing the model.
#include "wnnx/Eval/Interpreter.h"
#include "wnnx/Eval/RuntimeErrors.h"
#include "wnnx/Ops/Cost.h"
#include "wnnx/Ops/Infer.h"
#include "wnnx/Transforms/Passes.h"

#include <algorithm>
#include <limits>

namespace wnnx {

/// The operands' tensors, or nothing when one is not constant.
static std::optional<llvm::SmallVector<const Tensor *, 4>> constantOperands(const Node &n) {
  llvm::SmallVector<const Tensor *, 4> tensors;
  for (const Value *v : n.operands()) {
    tensors.push_back(v ? v->constant() : nullptr);
    if (v && !tensors.back())
      return std::nullopt;
  }
  return tensors;
}

/// Whether every use of a constant is in this node, so that folding frees it.
static bool usedOnlyBy(const Value *v, const Node &n) {
  return llvm::all_of(v->uses(), [&](const Use &u) { return u.user == &n; });
}

/// How many bytes the model's constants grow by.
static int64_t growth(const Node &n) {
  int64_t bytes = 0;
  for (unsigned i = 0; i < n.numResults(); ++i)
    bytes += n.result(i)->hasUses() ? n.result(i)->type().bytes() : 0;
  for (unsigned i = 0; i < n.numOperands(); ++i) {
    const Value *v = n.operand(i);
    bool first = llvm::find(n.operands(), v) == n.operands().begin() + i;
    if (v && first && usedOnlyBy(v, n))
      bytes -= v->type().bytes();
  }
  return bytes;
}

/// Bytes of all operands and results.
static int64_t footprint(const Node &n) {
  int64_t bytes = 0;
  auto add = [&](const Value *v) {
    if (v && __builtin_add_overflow(bytes, v->type().bytes(), &bytes))
      bytes = std::numeric_limits<int64_t>::max();
  };
  for (const Value *v : n.operands())
    add(v);
  for (unsigned i = 0; i < n.numResults(); ++i)
    add(n.result(i));
  return bytes;
}

/// About how many steps the evaluators take: multiply-adds, window elements, or else elements.
static int64_t workOf(const Node &n) {
  int64_t window = 1, work = 0;
  if (n.kind() == OpKind::MaxPool2d || n.kind() == OpKind::AvgPool2d) {
    for (int64_t k : n.attr("kernel_size").asInts())
      window *= k; // each below 2^31
  }
  if (__builtin_mul_overflow(n.result()->type().numel(), window, &work))
    return std::numeric_limits<int64_t>::max();
  return std::max({work, nodeCost(n).macs, footprint(n)});
}

static std::vector<Tensor> evaluateForFolding(const Node &n,
                                              llvm::ArrayRef<const Tensor *> operands) {
  if (n.info().has(Trait::Reshape)) // shares the bytes
    return {operands[0]->reshaped(n.result()->shape())};
  return evaluateConstants(n, operands);
}

/// Replaces the node by constants for those of its results that are used.
static void replaceByConstants(Graph &g, Node *n, llvm::ArrayRef<Tensor> tensors) {
  std::vector<std::pair<Value *, std::string>> named;
  for (unsigned i = 0; i < n->numResults(); ++i) {
    Value *old = n->result(i);
    if (!old->hasUses())
      continue;
    Value *constant = g.addConstant(tensors[i], "", n->loc());
    named.push_back({constant, old->name()});
    old->replaceAllUsesWith(constant);
  }
  g.erase(n);
  for (auto &[value, name] : named)
    g.setName(value, name);
}

/// The pass may run several times over a node that it leaves.
static void warnOnce(Diagnostics &diags, std::string place, std::string message) {
  bool said = llvm::any_of(
      diags.all(), [&](const Diagnostic &d) { return d.place == place && d.message == message; });
  if (!said)
    diags.warning(std::move(place), "fold", std::move(message));
}

FailureOr<bool> runFoldPass(Graph &g, const PassOptions &options, Diagnostics &diags) {
  bool changed = false;
  int64_t grown = 0, workLeft = options.foldWorkLimit;
  for (Node *n : g.nodes()) {
    if (n->kind() == OpKind::Constant || n->numOperands() == 0 || !n->hasUses())
      continue;
    auto operands = constantOperands(*n);
    if (!operands || footprint(*n) > options.foldNodeLimit)
      continue;
    int64_t bytes = growth(*n), work = workOf(*n);
    if (work > workLeft || (bytes > 0 && grown + bytes > options.foldGrowthLimit))
      continue;
    workLeft -= work;
    if (std::optional<std::string> error = findRuntimeError(*n, *operands)) {
      warnOnce(diags, describe(*n), *error + "; the node is left as it is");
      continue;
    }
    std::vector<Tensor> results = evaluateForFolding(*n, *operands);
    llvm::SmallVector<Value *, 4> used(n->operands().begin(), n->operands().end());
    replaceByConstants(g, n, results);
    grown += std::max<int64_t>(bytes, 0);
    changed = true;
    // Operands that nobody uses any more go at once, so that their bytes are freed.
    for (size_t i = 0; i < used.size(); ++i) {
      if (used[i] && llvm::find(used, used[i]) == used.begin() + i && !used[i]->hasUses())
        g.erase(used[i]->node());
    }
  }
  return changed;
}

} // namespace wnnx
