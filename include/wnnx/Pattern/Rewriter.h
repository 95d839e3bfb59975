// SPDX-License-Identifier: Apache-2.0
//
// Carries out one rewrite as a transaction: the right side is built beside the graph with its types
// inferred; either all of it fits and is committed, or nothing has happened. Weights are computed
// only after everything fits.
#pragma once

#include "wnnx/Pattern/Matcher.h"

#include "llvm/ADT/DenseMap.h"

namespace wnnx::pat {

/// What a committed rewrite did to the graph. Erased nodes are gone; only their number is known.
struct RewriteEffect {
  std::vector<Node *> added;    // without constants
  std::vector<Value *> touched; // values whose users or definition changed
  unsigned erased = 0;          // without constants
  Cost removedCost, addedCost;
  uint64_t weightBytes = 0, weightNanos = 0; // of the constants that were computed
};

/// A rewrite that fits but has not happened yet: the matched nodes are as they were, the new ones
/// are not in the list of the graph. New constants have their content.
struct PendingRewrite {
  const Rule &rule;
  const Match &match;
  llvm::ArrayRef<std::pair<Value *, Value *>> replacements; // old, new
  llvm::ArrayRef<std::pair<Node *, TensorRef>> weights;     // new constants and their expressions
};

class Rewriter {
public:
  Rewriter(Graph &graph, const RewriteOptions &o) : g(graph), options(o) {}

  /// False when the right side does not fit; `why` says so.
  bool apply(const Rule &rule, Match &match, RewriteEffect &effect, std::string &why);

  /// Called before a node is erased.
  std::function<void(Node *)> onErase;

private:
  friend class RightSide;
  Graph &g;
  const RewriteOptions &options;
  /// Constants made by rules, by content, so that equal ones are shared.
  std::map<uint64_t, std::vector<Value *>> constants;
  llvm::DenseMap<Node *, uint64_t> constantHash;

  Value *shareConstant(Node *n);
  void eraseNode(Node *n, RewriteEffect &effect);
  void eraseDead(std::vector<Node *> candidates, RewriteEffect &effect);
  void mergeDuplicates(RewriteEffect &effect);
};

} // namespace wnnx::pat
