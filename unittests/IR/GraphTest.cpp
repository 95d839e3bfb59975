// SPDX-License-Identifier: Apache-2.0
//
// Graph surgery: uses, names, order and copies stay consistent whatever is done.
#include "wnnx/IR/Graph.h"
#include "wnnx/IR/Text.h"
#include "wnnx/IR/Verifier.h"

#include <gtest/gtest.h>

#include <random>

using namespace wnnx;

namespace {

const TensorType f2{DType::F32, {2}};

Node *unary(Graph &g, OpKind kind, Value *x) {
  Node *n = g.create(kind, {x}, {}, {f2}, {});
  g.append(n);
  return n;
}
Node *add(Graph &g, Value *a, Value *b) {
  Node *n = g.create(OpKind::Add, {a, b}, {}, {f2}, {});
  g.append(n);
  return n;
}
std::string verify(const Graph &g) {
  Diagnostics diags;
  return verifyStructure(g, diags).succeeded() ? "" : diags.render();
}

TEST(Graph, UseListsFollowOperands) {
  Graph g;
  Value *x = g.addInput("x", f2), *y = g.addInput("y", f2);
  Node *n = add(g, x, x);
  EXPECT_EQ(x->uses().size(), 2u);
  n->setOperand(1, y);
  EXPECT_TRUE(x->hasOneUse());
  EXPECT_TRUE(y->hasOneUse());
  EXPECT_EQ(y->uses()[0], (Use{n, 1}));
  g.addOutput("a", n->result());
  g.addOutput("b", n->result());
  EXPECT_TRUE(n->result()->isGraphOutput());
  EXPECT_EQ(n->result()->uses().size(), 2u);
  EXPECT_EQ(verify(g), "");
  g.eraseOutput(0);
  ASSERT_EQ(g.outputs().size(), 1u);
  EXPECT_EQ(g.outputs()[0].name, "b");
  EXPECT_EQ(n->result()->uses()[0], (Use{nullptr, 0}));
  EXPECT_EQ(verify(g), "");
}

TEST(Graph, ReplaceAllUsesTakesOutputsAlong) {
  Graph g;
  Value *x = g.addInput("x", f2);
  Node *a = unary(g, OpKind::Relu, x), *b = unary(g, OpKind::Sigmoid, x);
  Node *sum = add(g, a->result(), a->result());
  g.addOutput("s", sum->result());
  g.addOutput("a", a->result());
  a->result()->replaceAllUsesWith(b->result());
  EXPECT_FALSE(a->result()->hasUses());
  EXPECT_EQ(sum->operand(0), b->result());
  EXPECT_EQ(sum->operand(1), b->result());
  EXPECT_EQ(g.outputs()[1].value, b->result());
  EXPECT_EQ(b->result()->uses().size(), 3u);
  b->result()->replaceAllUsesWith(b->result()); // nothing happens
  EXPECT_EQ(b->result()->uses().size(), 3u);
  EXPECT_EQ(g.eraseDeadNodes(), 1u);
  EXPECT_EQ(verify(g), "");
}

TEST(Graph, DeadChainsGoInOneSweep) {
  Graph g;
  Value *x = g.addInput("x", f2);
  Value *v = x;
  for (int i = 0; i < 5; ++i)
    v = unary(g, OpKind::Relu, v)->result();
  Node *kept = unary(g, OpKind::Tanh, x);
  g.addOutput("o", kept->result());
  EXPECT_EQ(g.eraseDeadNodes(), 5u);
  EXPECT_EQ(g.numNodes(), 1u);
  EXPECT_EQ(g.front(), kept);
  EXPECT_EQ(g.back(), kept);
}

TEST(Graph, NamesAreUnique) {
  Graph g;
  Value *x = g.addInput("x", f2);
  Node *a = unary(g, OpKind::Relu, x), *b = unary(g, OpKind::Relu, x),
       *c = unary(g, OpKind::Relu, x);
  g.setName(a->result(), "y");
  g.setName(b->result(), "y");
  EXPECT_EQ(a->result()->name(), "y");
  EXPECT_EQ(b->result()->name(), "y_1");
  EXPECT_EQ(g.lookup("y_1"), b->result());
  g.erase(b);
  EXPECT_EQ(g.lookup("y_1"), nullptr);
  g.setName(a->result(), "z");
  EXPECT_EQ(g.lookup("y"), nullptr);
  g.setName(c->result(), "y");
  EXPECT_EQ(c->result()->name(), "y");
  Node *d = unary(g, OpKind::Relu, x);
  g.nameAll();
  EXPECT_EQ(g.lookup(d->result()->name()), d->result());
}

TEST(Graph, InsertionKeepsOrder) {
  Graph g;
  Value *x = g.addInput("x", f2);
  Node *first = unary(g, OpKind::Relu, x), *last = unary(g, OpKind::Relu, first->result());
  // So many insertions at one place that the gaps between order numbers run out.
  std::vector<Node *> middle;
  for (int i = 0; i < 100; ++i) {
    Node *n = g.create(OpKind::Tanh, {first->result()}, {}, {f2}, {});
    g.insertBefore(n, last);
    middle.push_back(n);
    Node *m = g.create(OpKind::Tanh, {first->result()}, {}, {f2}, {});
    g.insertAfter(m, first);
    EXPECT_TRUE(first->isBefore(m));
    EXPECT_TRUE(m->isBefore(last));
  }
  for (size_t i = 1; i < middle.size(); ++i)
    EXPECT_TRUE(middle[i - 1]->isBefore(middle[i]));
  EXPECT_EQ(g.numNodes(), 202u);
  EXPECT_EQ(verify(g), "");
}

TEST(Graph, SortIsStableAndFindsCycles) {
  Graph g;
  Value *x = g.addInput("x", f2);
  Node *a = unary(g, OpKind::Relu, x), *b = unary(g, OpKind::Tanh, x);
  Node *c = add(g, a->result(), b->result());
  g.unlink(a);
  g.append(a); // behind its user
  EXPECT_NE(verify(g), "");
  EXPECT_TRUE(g.sortTopologically());
  EXPECT_EQ(g.nodes(), (std::vector<Node *>{b, a, c}));
  EXPECT_EQ(verify(g), "");
  a->setOperand(0, c->result());
  EXPECT_FALSE(g.sortTopologically());
  EXPECT_EQ(g.numNodes(), 3u);
  a->setOperand(0, x);
}

TEST(Graph, CloneIsDeepAndSharesTensors) {
  Graph g;
  g.name = "m";
  g.metadata["k"] = "v";
  Value *x = g.addInput("x", f2);
  Value *w = g.addConstant(Tensor::splat(f2, 3), "w");
  Node *n = add(g, x, w);
  g.setName(n->result(), "y");
  g.addOutput("o", n->result());
  std::unique_ptr<Graph> copy = g.clone();
  EXPECT_EQ(printGraph(*copy), printGraph(g));
  EXPECT_EQ(copy->lookup("w")->constant()->data(), w->constant()->data());
  EXPECT_NE(copy->lookup("y"), n->result());
  std::string before = printGraph(g);
  copy->setOutput(0, copy->input(0));
  copy->eraseDeadNodes();
  EXPECT_EQ(printGraph(g), before);
  EXPECT_EQ(verify(g) + verify(*copy), "");
}

TEST(Graph, IterationToleratesErasingTheCurrentNode) {
  Graph g;
  Value *x = g.addInput("x", f2);
  for (int i = 0; i < 6; ++i)
    unary(g, i % 2 ? OpKind::Relu : OpKind::Tanh, x);
  for (Node *n : nodesOf(g)) {
    if (n->kind() == OpKind::Relu)
      g.erase(n);
  }
  EXPECT_EQ(g.numNodes(), 3u);
  EXPECT_EQ(verify(g), "");
}

TEST(Graph, RandomSurgeryStaysSound) {
  std::mt19937 random(5);
  Graph g;
  Value *x = g.addInput("x", f2);
  g.addOutput("o", unary(g, OpKind::Relu, x)->result());
  for (int step = 0; step < 3000; ++step) {
    std::vector<Node *> all = g.nodes();
    Node *at = all[random() % all.size()];
    switch (random() % 4) {
    case 0: { // a new node in front of one, between it and its operand
      Node *n = g.create(OpKind::Tanh, {at->operand(0)}, {}, {f2}, {});
      g.insertBefore(n, at);
      at->setOperand(0, n->result());
      break;
    }
    case 1: { // a second use
      Node *n = g.create(OpKind::Add, {at->result(), at->operand(0)}, {}, {f2}, {});
      g.insertAfter(n, at);
      if (random() % 2)
        g.setOutput(0, n->result());
      break;
    }
    case 2: // bypass
      at->result()->replaceAllUsesWith(at->operand(0));
      break;
    case 3:
      g.setName(at->result(), "n");
      break;
    }
    if (step % 50 == 0)
      g.eraseDeadNodes();
    if (g.numNodes() == 0)
      g.setOutput(0, unary(g, OpKind::Relu, x)->result());
    if (step % 20 == 0) {
      ASSERT_EQ(verify(g), "") << "after step " << step;
    }
  }
}

} // namespace
