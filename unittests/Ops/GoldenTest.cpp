// SPDX-License-Identifier: Apache-2.0
//
// Runs every graph in test/Ops/goldens and compares its outputs `got0`, `got1`... with `want0`,
// `want1`...: what PyTorch computed. Also checks that every op has a case.
#include "wnnx/Eval/Interpreter.h"
#include "wnnx/IR/Text.h"
#include "wnnx/Ops/Infer.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <set>

using namespace wnnx;

namespace {

std::vector<std::string> goldenFiles() {
  std::vector<std::string> files;
  std::error_code ec;
  for (llvm::sys::fs::directory_iterator it(WNNX_SOURCE_DIR "/test/Ops/goldens", ec), end;
       it != end && !ec; it.increment(ec)) {
    if (llvm::sys::path::extension(it->path()) == ".wnnxt")
      files.push_back(it->path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// All graphs of a file; an error is a test failure.
std::vector<std::unique_ptr<Graph>> parseAll(const std::string &path, Diagnostics &diags) {
  std::vector<std::unique_ptr<Graph>> graphs;
  auto buffer = llvm::MemoryBuffer::getFile(path);
  if (!buffer) {
    ADD_FAILURE() << "cannot read " << path;
    return graphs;
  }
  const SourceFile &file =
      diags.addFile(llvm::sys::path::filename(path).str(), (*buffer)->getBuffer().str());
  ParseOptions options;
  options.infer = inferNode;
  uint32_t offset = 0;
  while (offset < file.text().size()) {
    std::unique_ptr<Graph> g = parseEmbeddedGraph(file, offset, diags, options);
    if (!g) {
      ADD_FAILURE() << diags.render();
      return graphs;
    }
    graphs.push_back(std::move(g));
  }
  return graphs;
}

/// What one unit in the last place of a dtype is, relative to the number.
double precisionOf(DType t) {
  switch (t) {
  case DType::F16:
    return 1.0 / 1024;
  case DType::BF16:
    return 1.0 / 128;
  case DType::F64:
    return 1e-12;
  default:
    return 1e-6;
  }
}

/// Empty when `got` is what `want` says: integers equal; floats within the precision of the dtype,
/// relative to the largest finite number; NaN where NaN is, infinities the same.
std::string compare(const Tensor &got, const Tensor &want) {
  if (got.type() != want.type())
    return "type " + got.type().str() + ", wanted " + want.type().str();
  std::string where;
  auto differ = [&](int64_t i, const std::string &a, const std::string &b) {
    return "element " + std::to_string(i) + " of " + want.type().str() + " is " + a + ", wanted " +
           b;
  };
  if (!isFloat(want.dtype())) {
    for (int64_t i = 0; i < want.numel(); ++i) {
      if (got.getInt(i) != want.getInt(i))
        return differ(i, std::to_string(got.getInt(i)), std::to_string(want.getInt(i)));
    }
    return "";
  }
  double largest = 0;
  for (double v : want.toDoubles()) {
    if (std::isfinite(v))
      largest = std::max(largest, std::fabs(v));
  }
  double tolerance = precisionOf(want.dtype()) * largest;
  for (int64_t i = 0; i < want.numel(); ++i) {
    double a = got.getDouble(i), b = want.getDouble(i);
    bool same =
        std::isfinite(b) ? std::fabs(a - b) <= tolerance : (std::isnan(b) ? std::isnan(a) : a == b);
    if (!same)
      return differ(i, formatFloat(a), formatFloat(b));
  }
  return "";
}

const GraphOutput *findOutput(const Graph &g, const std::string &name, unsigned &index) {
  for (index = 0; index < g.outputs().size(); ++index) {
    if (g.outputs()[index].name == name)
      return &g.outputs()[index];
  }
  return nullptr;
}

class Golden : public testing::TestWithParam<std::string> {};

TEST_P(Golden, AgreesWithPyTorch) {
  Diagnostics diags;
  std::vector<std::unique_ptr<Graph>> graphs = parseAll(GetParam(), diags);
  EXPECT_FALSE(graphs.empty());
  for (const auto &g : graphs) {
    ASSERT_TRUE(succeeded(verifyGraph(*g, diags))) << diags.render();
    FailureOr<std::vector<Tensor>> run = interpret(*g, {}, diags);
    ASSERT_TRUE(succeeded(run)) << diags.render();
    const std::vector<Tensor> &outputs = *run;
    unsigned pairs = 0, got = 0, want = 0;
    while (findOutput(*g, "got" + std::to_string(pairs), got) &&
           findOutput(*g, "want" + std::to_string(pairs), want)) {
      EXPECT_EQ(compare(outputs[got], outputs[want]), "")
          << "in graph `" << g->name << "`, result " << pairs << ": " << printNode(*g->back());
      ++pairs;
    }
    EXPECT_EQ(2 * pairs, g->outputs().size()) << "in graph `" << g->name << "`";
    EXPECT_GT(pairs, 0u);
  }
}

INSTANTIATE_TEST_SUITE_P(Files, Golden, testing::ValuesIn(goldenFiles()),
                         [](const auto &file) { return llvm::sys::path::stem(file.param).str(); });

TEST(GoldenCoverage, EveryOpHasACase) {
  std::set<OpKind> seen;
  for (const std::string &path : goldenFiles()) {
    Diagnostics diags;
    for (const auto &g : parseAll(path, diags)) {
      for (const Node *n : nodesOf(*g))
        seen.insert(n->kind());
    }
  }
  for (const OpInfo &op : allOps())
    EXPECT_TRUE(seen.count(op.kind)) << "no case in test/Ops/goldens runs `" << op.name << "`";
}

} // namespace
