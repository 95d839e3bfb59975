// SPDX-License-Identifier: Apache-2.0
//
// Graphs to `.wnnx` bytes and back: nothing is lost, shared weights are stored once, bytes are the
// same every time.
#include "WnnxTestHelpers.h"

#include "wnnx/IR/Text.h"
#include "wnnx/Support/Json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

using namespace wnnx;

namespace {

PrintOptions everything() {
  PrintOptions o;
  o.locations = true;
  return o;
}

TEST(WnnxRoundTrip, KeepsEverything) {
  std::unique_ptr<Graph> g = makeSample();
  std::string bytes = toBytes(*g);
  Diagnostics diags;
  std::unique_ptr<Graph> back = fromBytes(bytes, diags);
  ASSERT_TRUE(back) << diags.render();
  EXPECT_EQ(printGraph(*back, everything()), printGraph(*g, everything()));
  EXPECT_EQ(back->metadata, g->metadata);
  EXPECT_EQ(toBytes(*back), bytes);
}

TEST(WnnxRoundTrip, KeepsEveryDType) {
  Graph g;
  for (unsigned i = 0; i < numDTypes; ++i) {
    std::string name = "c" + std::to_string(i);
    g.addOutput(name, g.addConstant(Tensor::splat({DType(i), {3}}, 1), name));
    g.addOutput("e" + name, g.addConstant(Tensor::zeros({DType(i), {0, 2}}), "e" + name));
  }
  Diagnostics diags;
  std::unique_ptr<Graph> back = fromBytes(toBytes(g), diags);
  ASSERT_TRUE(back) << diags.render();
  EXPECT_EQ(printGraph(*back), printGraph(g));
}

TEST(WnnxRoundTrip, KeepsOddNumbers) {
  Graph g;
  Value *x = g.addInput("x", {DType::F32, {2}});
  double odd[] = {std::numeric_limits<double>::infinity(), -0.0, 0.1, 5e-324,
                  -std::numeric_limits<double>::infinity()};
  for (double d : odd) {
    Node *n = g.create(OpKind::Clamp, {x}, {{"min", Attribute(d)}}, {{DType::F32, {2}}}, {});
    g.append(n);
    x = n->result();
  }
  g.addOutput("output", x);
  Diagnostics diags;
  std::unique_ptr<Graph> back = fromBytes(toBytes(g), diags);
  ASSERT_TRUE(back) << diags.render();
  unsigned i = 0;
  for (const Node *n : nodesOf(*back)) {
    EXPECT_EQ(n->attr("min"), Attribute(odd[i++]));
    EXPECT_TRUE(n->attr("max").isNone());
    EXPECT_FALSE(n->loc());
  }
  EXPECT_EQ(i, std::size(odd));
}

TEST(WnnxRoundTrip, SharedWeightsAreStoredOnce) {
  Graph g;
  Tensor t = Tensor::fromFloats({1024}, std::vector<float>(1024, 2.5f));
  g.addOutput("a", g.addConstant(t, "a"));
  g.addOutput("b", g.addConstant(t, "b"));
  g.addOutput("c", g.addConstant(t.reshaped({32, 32}), "c"));
  std::string bytes = toBytes(g);
  Diagnostics diags;
  auto file = openBytes(bytes, diags);
  ASSERT_TRUE(file) << diags.render();
  EXPECT_EQ(file->entries().size(), 2u); // one for each type
  std::unique_ptr<Graph> back = readWnnxGraph(file, diags);
  ASSERT_TRUE(back) << diags.render();
  EXPECT_EQ(back->lookup("a")->constant()->data(), back->lookup("b")->constant()->data());
}

TEST(WnnxRoundTrip, AlignsWeights) {
  Graph g;
  for (int64_t n : {3, 16, 1, 32, 5, 64}) {
    std::string name = "w" + std::to_string(n);
    g.addOutput(name, g.addConstant(Tensor::splat({DType::F32, {n}}, 1), name));
  }
  g.addOutput("u", g.addConstant(Tensor::splat({DType::U8, {3}}, 1), "u"));
  g.addOutput("d", g.addConstant(Tensor::splat({DType::F64, {3}}, 1), "d"));
  std::string bytes = toBytes(g);
  Diagnostics diags;
  auto file = openBytes(bytes, diags);
  ASSERT_TRUE(file) << diags.render();
  // The length of the header is its first two bytes here.
  EXPECT_EQ((8 + uint8_t(bytes[0]) + 256 * uint8_t(bytes[1])) % 64, 0);
  for (const SafetensorsFile::Entry &e : file->entries()) {
    size_t at = size_t(e.data - file->entries()[0].data); // the first is where the data begin
    EXPECT_EQ(at % dtypeBytes(*e.dtype), 0u) << e.name;
    if (e.bytes % 64 == 0) {
      EXPECT_EQ(at % 64, 0u) << e.name;
    }
  }
}

TEST(WnnxRoundTrip, UnnamedAndIllegibleNamesGetNames) {
  Graph g;
  Value *x = g.addInput("x", {DType::F32, {2}});
  Node *n = g.create(OpKind::Relu, {x}, {}, {{DType::F32, {2}}}, {});
  g.append(n);
  Node *m = g.create(OpKind::Relu, {n->result()}, {}, {{DType::F32, {2}}}, {});
  g.append(m);
  g.setName(m->result(), "bad\xff");
  g.addOutput("output", m->result());
  Diagnostics diags;
  std::unique_ptr<Graph> back = fromBytes(toBytes(g), diags);
  ASSERT_TRUE(back) << diags.render();
  EXPECT_EQ(back->numNodes(), 2u);
  EXPECT_TRUE(n->result()->name().empty());
}

TEST(WnnxRoundTrip, TensorNamedLikeTheMetadata) {
  Graph g;
  g.addOutput("o", g.addConstant(Tensor::splat({DType::F32, {2}}, 1), "__metadata__"));
  Diagnostics diags;
  std::unique_ptr<Graph> back = fromBytes(toBytes(g), diags);
  ASSERT_TRUE(back) << diags.render();
  EXPECT_TRUE(back->lookup("__metadata__"));
}

TEST(WnnxRoundTrip, DeepLocationsStayALinearTable) {
  Graph g;
  Value *x = g.addInput("x", {DType::F32, {2}});
  Location loc = Location::file("net.py", 3, 1, "layer");
  for (int i = 0; i < 200; ++i) // as a tree this would have 2^200 leaves
    loc = Location::fused("r", "f.pat:1", {loc, loc});
  Node *n = g.create(OpKind::Relu, {x}, {}, {{DType::F32, {2}}}, loc);
  g.append(n);
  g.setName(n->result(), "y");
  g.addOutput("output", n->result());
  std::string bytes = toBytes(g);
  EXPECT_LT(bytes.size(), 40000u);
  Diagnostics diags;
  ASSERT_TRUE(fromBytes(bytes, diags)) << diags.render();
}

} // namespace
