// SPDX-License-Identifier: Apache-2.0
//
// Multiply-adds and bytes of nodes, from their types alone. Sums stay at the largest number rather
// than wrap.
#include "wnnx/Ops/Cost.h"

#include "wnnx/IR/OpViews.h"

#include <limits>

namespace wnnx {

static int64_t times(int64_t a, int64_t b) {
  int64_t r = 0;
  return __builtin_mul_overflow(a, b, &r) ? std::numeric_limits<int64_t>::max() : r;
}

static void addTo(int64_t &sum, int64_t v) {
  if (__builtin_add_overflow(sum, v, &sum))
    sum = std::numeric_limits<int64_t>::max();
}

/// Each step multiplies input and state of every sample with all matrices of its cell.
static int64_t recurrentMacs(const Node &n, llvm::ArrayRef<Value *> weights) {
  const Shape &in = n.operand(0)->shape();
  int64_t macs = 0;
  for (const Value *w : weights) {
    if (w->rank() == 2)
      addTo(macs, times(w->type().numel(), times(in[0], in[1])));
  }
  return macs;
}

static int64_t macsOf(const Node &n) {
  switch (n.kind()) {
  case OpKind::Conv2d: {
    const Shape &w = Conv2dOp(n).weight()->shape();
    return times(n.result()->type().numel(), w.product(1, 4));
  }
  case OpKind::ConvTranspose2d: {
    ConvTranspose2dOp op(n);
    return times(op.input()->type().numel(), op.weight()->shape().product(1, 4));
  }
  case OpKind::Linear:
    return times(n.result()->type().numel(), LinearOp(n).weight()->dim(1));
  case OpKind::Matmul:
    return times(n.result()->type().numel(), MatmulOp(n).input()->shape().back());
  case OpKind::ScaledDotProductAttention: {
    ScaledDotProductAttentionOp op(n);
    const Shape &out = n.result()->shape(), &q = op.query()->shape();
    int64_t rows = out.product(0, out.rank() - 1), cols = op.key()->shape().back(1);
    return times(times(rows, cols), q.back() + out.back());
  }
  case OpKind::Lstm:
    return recurrentMacs(n, LstmOp(n).weights());
  case OpKind::Gru:
    return recurrentMacs(n, GruOp(n).weights());
  default:
    return 0;
  }
}

Cost nodeCost(const Node &n) {
  Cost c;
  if (n.kind() == OpKind::Constant)
    return c; // counted where it is read
  c.macs = macsOf(n);
  bool view = n.info().has(Trait::Reshape);
  for (const Value *v : n.operands()) {
    if (v && v->constant())
      addTo(c.weightBytes, v->type().bytes());
    else if (v && !view)
      addTo(c.dataBytes, v->type().bytes());
  }
  for (unsigned i = 0; i < n.numResults() && !view; ++i)
    addTo(c.dataBytes, n.result(i)->type().bytes());
  return c;
}

Cost graphCost(const Graph &g) {
  Cost sum;
  for (const Node *n = g.front(); n; n = n->next()) {
    Cost c = nodeCost(*n);
    addTo(sum.macs, c.macs);
    addTo(sum.weightBytes, c.weightBytes);
    addTo(sum.dataBytes, c.dataBytes);
  }
  return sum;
}

} // namespace wnnx
