// SPDX-License-Identifier: Apache-2.0
//
// A graph from text, passes over it, and the result as text.
#pragma once

#include "wnnx/Eval/Interpreter.h"
#include "wnnx/IR/Text.h"
#include "wnnx/Ops/Infer.h"
#include "wnnx/Transforms/Passes.h"

#include <gtest/gtest.h>

namespace wnnx {

class PassTest : public testing::Test {
protected:
  Diagnostics diags;
  std::unique_ptr<Graph> graph;
  PassOptions options;

  PassTest() { options.verify = true; }

  void parse(const std::string &text) {
    const SourceFile &file = diags.addFile("t.wnnxt", text);
    ParseOptions parseOptions;
    parseOptions.infer = inferNode;
    uint32_t offset = 0;
    graph = parseEmbeddedGraph(file, offset, diags, parseOptions);
    ASSERT_TRUE(graph) << diags.render();
  }

  /// Whether the passes changed the graph; a test failure when they fail.
  bool run(const std::string &names) {
    bool changed = false;
    LogicalResult ok = runPasses(*graph, splitPassNames(names), options, diags, &changed);
    EXPECT_TRUE(succeeded(ok)) << diags.render();
    return changed;
  }

  /// Op names of all nodes, in order: "constant add relu".
  std::string ops() const {
    std::string s;
    for (const Node *n : nodesOf(*graph))
      s += (s.empty() ? "" : " ") + std::string(opName(n->kind()));
    return s;
  }
  Value *output(unsigned i = 0) const { return graph->outputs()[i].value; }
};

} // namespace wnnx
