// SPDX-License-Identifier: Apache-2.0
//
// Removes nodes that return one of their operands unchanged, whatever its values: the identities of
// the table, and reshapes, slices, pads and so on whose attributes change nothing.
#include "wnnx/IR/OpViews.h"
#include "wnnx/Transforms/Passes.h"

namespace wnnx {

static bool allAre(llvm::ArrayRef<int64_t> values, int64_t value) {
  return llvm::all_of(values, [&](int64_t v) { return v == value; });
}

/// Dimensions of a size other than 1 stay in order.
static bool keepsOrder(const Node &n) {
  PermuteOp op(n);
  int64_t last = -1;
  for (int64_t dim : op.dims()) {
    int64_t d = *normalizeDim(dim, op.input()->rank());
    if (op.input()->dim(d) == 1)
      continue;
    if (d < last)
      return false;
    last = d;
  }
  return true;
}

/// All listed dimensions have at most one element.
static bool atMostOneElement(const Value *v, llvm::ArrayRef<int64_t> dims) {
  return llvm::all_of(
      dims, [&](int64_t d) { return v->rank() == 0 || v->dim(*normalizeDim(d, v->rank())) <= 1; });
}

/// The operand that the node's first result always equals, or null. Types agree where an op can
/// only keep elements in place: a slice that keeps the size of its dimension has a step of 1 or
/// one element, and starts at 0.
static Value *unchangedOperand(const Node &n) {
  Value *in = n.operand(0);
  if (!in || n.numResults() != 1 || n.result()->type() != in->type())
    return nullptr;
  if (n.info().has(Trait::Identity))
    return in;
  switch (n.kind()) {
  case OpKind::To:
  case OpKind::Reshape:
  case OpKind::Expand:
  case OpKind::Slice:
  case OpKind::Split:
    return in;
  case OpKind::Permute:
    return keepsOrder(n) ? in : nullptr;
  case OpKind::Cat:
    return n.numOperands() == 1 ? in : nullptr;
  case OpKind::Pad: // of equal type, but (1, -1) shifts
    return allAre(PadOp(n).pad(), 0) ? in : nullptr;
  case OpKind::Repeat:
    return in;
  case OpKind::Flip:
    return atMostOneElement(in, FlipOp(n).dims()) ? in : nullptr;
  case OpKind::Roll:
    return allAre(RollOp(n).shifts(), 0) || atMostOneElement(in, RollOp(n).dims()) ? in : nullptr;
  default: // ops that compute
    return nullptr;
  }
}

FailureOr<bool> runCanonicalizePass(Graph &g, const PassOptions &, Diagnostics &) {
  bool changed = false;
  for (Node *n : nodesOf(g)) {
    Value *same = unchangedOperand(*n);
    if (!same)
      continue;
    std::string name = n->result()->name();
    n->result()->replaceAllUsesWith(same);
    g.erase(n);
    if (same->name().empty())
      g.setName(same, name);
    changed = true;
  }
  return changed;
}

} // namespace wnnx
