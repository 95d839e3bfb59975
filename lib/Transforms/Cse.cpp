// SPDX-License-Identifier: Apache-2.0
//
// Common subexpressions: of nodes with the same op, operands and attributes the first is kept.
// Constants with the same type and bytes are such nodes too. Operands of commutative ops may stand
// in either order.
#include "wnnx/Transforms/Passes.h"

#include "llvm/ADT/Hashing.h"

#include <unordered_map>

namespace wnnx {

/// A hash of a tensor's type and of some of its bytes; equality looks at all of them.
static llvm::hash_code hashTensor(const Tensor &t) {
  constexpr size_t sample = 256;
  llvm::ArrayRef<uint8_t> bytes = t.raw();
  llvm::ArrayRef<uint8_t> head = bytes.take_front(sample), tail = bytes.take_back(sample);
  return llvm::hash_combine(t.dtype(), llvm::hash_combine_range(t.shape().begin(), t.shape().end()),
                            llvm::hash_combine_range(head.begin(), head.end()),
                            llvm::hash_combine_range(tail.begin(), tail.end()));
}

static llvm::hash_code hashNode(const Node &n) {
  llvm::hash_code hash = llvm::hash_combine(n.kind(), n.numOperands());
  if (n.info().has(Trait::Commutative)) // the same for either order
    hash = llvm::hash_combine(hash, uintptr_t(n.operand(0)) ^ uintptr_t(n.operand(1)));
  else
    hash = llvm::hash_combine(hash,
                              llvm::hash_combine_range(n.operands().begin(), n.operands().end()));
  for (const Attribute &a : n.attrs()) {
    if (a.kind() == AttrKind::Tensor)
      hash = llvm::hash_combine(hash, hashTensor(a.asTensor()));
    else
      hash = llvm::hash_combine(hash, a.str());
  }
  return hash;
}

static bool computeTheSame(const Node &a, const Node &b) {
  if (a.kind() != b.kind() || a.numResults() != b.numResults() || a.attrs() != b.attrs())
    return false;
  for (unsigned i = 0; i < a.numResults(); ++i) {
    if (a.result(i)->type() != b.result(i)->type())
      return false;
  }
  if (a.operands() == b.operands())
    return true;
  return a.info().has(Trait::Commutative) && a.numOperands() == 2 && b.numOperands() == 2 &&
         a.operand(0) == b.operand(1) && a.operand(1) == b.operand(0);
}

FailureOr<bool> runCsePass(Graph &g, const PassOptions &, Diagnostics &) {
  // Looked up only, never iterated: the result does not depend on hashes.
  std::unordered_multimap<size_t, Node *> seen;
  bool changed = false;
  for (Node *n : nodesOf(g)) {
    size_t hash = hashNode(*n);
    auto [from, to] = seen.equal_range(hash);
    Node *first = nullptr;
    for (auto it = from; it != to; ++it) {
      // Of several candidates (which would be equal to each other) the earliest.
      if (computeTheSame(*it->second, *n) && (!first || it->second->isBefore(first)))
        first = it->second;
    }
    if (!first) {
      seen.insert({hash, n});
      continue;
    }
    for (unsigned i = 0; i < n->numResults(); ++i)
      n->result(i)->replaceAllUsesWith(first->result(i));
    g.erase(n);
    changed = true;
  }
  return changed;
}

} // namespace wnnx
