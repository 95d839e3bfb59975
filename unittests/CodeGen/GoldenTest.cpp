// SPDX-License-Identifier: Apache-2.0
//
// Runs every graph of test/Ops/goldens as compiled code and compares with what PyTorch computed.
// Each graph is compiled twice: with its weights constant and the rest as inputs, so that weights
// are packed ahead of time; and with everything as inputs.
#include "wnnx/CodeGen/CompileAndRun.h"
#include "wnnx/IR/Text.h"
#include "wnnx/Ops/Infer.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>

using namespace wnnx;

namespace {

std::vector<std::string> goldenFiles() {
  std::vector<std::string> files;
  std::error_code ec;
  for (llvm::sys::fs::directory_iterator it(WNNX_SOURCE_DIR "/test/Ops/goldens", ec), end;
       it != end && !ec; it.increment(ec))
    if (llvm::sys::path::extension(it->path()) == ".wnnxt")
      files.push_back(it->path());
  std::sort(files.begin(), files.end());
  return files;
}

/// A graph whose outputs are the `got`s, with its inputs' values and the wanted outputs.
struct Case {
  std::unique_ptr<Graph> graph;
  std::vector<Tensor> inputs, want;
  std::optional<Plan> plan;
};

bool staysConstant(const Value *v, bool weightsToo) {
  for (const Use &u : v->uses()) {
    if (!u.user)
      continue;
    const OpInfo &info = u.user->info();
    std::string_view name = info.operands[std::min<size_t>(u.index, info.operands.size() - 1)].name;
    if (u.user->kind() == OpKind::Index && v->dtype() == DType::Bool)
      return true;
    if (weightsToo && (name == "weight" || name == "bias" || name == "weights" ||
                       name == "running_mean" || name == "running_var"))
      return true;
  }
  return false;
}

/// The case of a graph; `weightsToo`: weights stay constants.
Case makeCase(const Graph &source, bool weightsToo) {
  Case c;
  c.graph = source.clone();
  Graph &g = *c.graph;
  for (unsigned i = 0; i < g.outputs().size();) {
    const GraphOutput &o = g.outputs()[i];
    if (llvm::StringRef(o.name).starts_with("want")) {
      c.want.push_back(*o.value->constant());
      g.eraseOutput(i);
    } else {
      ++i;
    }
  }
  g.eraseDeadNodes();
  for (Node *n : g.nodes()) {
    if (n->kind() != OpKind::Constant || staysConstant(n->result(), weightsToo))
      continue;
    c.inputs.push_back(*n->result()->constant());
    Value *in = g.addInput(n->result()->name() + "_in", n->result()->type());
    n->result()->replaceAllUsesWith(in);
    g.erase(n);
  }
  return c;
}

/// Largest difference allowed, relative to the largest wanted magnitude.
double tolerance(DType t) {
  switch (t) {
  case DType::F16:
    return 2.0 / 1024;
  case DType::BF16:
    return 2.0 / 128;
  case DType::F64:
    return 1e-9;
  default:
    return 1e-4;
  }
}

std::string compare(const Tensor &got, const Tensor &want) {
  if (got.type() != want.type())
    return "type " + got.type().str() + ", wanted " + want.type().str();
  double largest = 0;
  for (double v : want.toDoubles())
    if (std::isfinite(v))
      largest = std::max(largest, std::fabs(v));
  for (int64_t i = 0; i < want.numel(); ++i) {
    double a = got.getDouble(i), b = want.getDouble(i);
    bool same = isFloat(want.dtype()) && std::isfinite(b)
                    ? std::fabs(a - b) <= tolerance(want.dtype()) * largest
                : std::isnan(b) ? std::isnan(a)
                                : a == b && got.getInt(i) == want.getInt(i);
    if (!same)
      return "element " + std::to_string(i) + " of " + want.type().str() + " is " + formatFloat(a) +
             ", wanted " + formatFloat(b);
  }
  return "";
}

class CompiledGolden : public testing::TestWithParam<std::string> {};

TEST_P(CompiledGolden, AgreesWithPyTorch) {
  Diagnostics diags;
  auto buffer = llvm::MemoryBuffer::getFile(GetParam());
  ASSERT_TRUE(bool(buffer));
  const SourceFile &file =
      diags.addFile(llvm::sys::path::filename(GetParam()).str(), (*buffer)->getBuffer().str());
  ParseOptions options;
  options.infer = inferNode;
  std::vector<Case> cases;
  for (uint32_t offset = 0; offset < file.text().size();) {
    std::unique_ptr<Graph> g = parseEmbeddedGraph(file, offset, diags, options);
    ASSERT_TRUE(g != nullptr) << diags.render();
    for (bool weightsToo : {true, false}) {
      Case c = makeCase(*g, weightsToo);
      c.graph->name = g->name + (weightsToo ? "" : "_dynamic");
      Diagnostics own;
      FailureOr<Plan> plan = makePlan(*c.graph, {}, own);
      if (failed(plan)) {
        // The only excuse is a dtype without a kernel, and it must be said.
        std::string said = own.render();
        bool excused = said.find("has no kernel for f64") != std::string::npos ||
                       said.find("has no kernel for i") != std::string::npos ||
                       said.find("has no kernel for bool") != std::string::npos;
        EXPECT_TRUE(excused) << g->name << ": " << said;
        continue;
      }
      c.plan = std::move(*plan);
      cases.push_back(std::move(c));
    }
  }
  ASSERT_FALSE(cases.empty());
  std::vector<cg::CompileJob> jobs;
  for (Case &c : cases)
    jobs.push_back({&*c.plan, c.graph.get(), {}});
  cg::CompileOptions compile;
  compile.flags = {"-O0"};
  auto models = cg::CompiledModels::build(jobs, compile, diags);
  ASSERT_TRUE(succeeded(models)) << diags.render();
  for (size_t i = 0; i < cases.size(); ++i) {
    const Case &c = cases[i];
    Diagnostics own;
    auto run = (*models)->run(unsigned(i), c.inputs, 0, own);
    if (failed(run)) {
      ADD_FAILURE() << c.graph->name << ": " << own.render() << printPlan(*c.plan);
      continue;
    }
    for (size_t o = 0; o < c.want.size(); ++o)
      EXPECT_EQ(compare(run->outputs[o], c.want[o]), "")
          << c.graph->name << ", result " << o << "\n"
          << printPlan(*c.plan);
  }
}

INSTANTIATE_TEST_SUITE_P(Files, CompiledGolden, testing::ValuesIn(goldenFiles()),
                         [](const auto &file) { return llvm::sys::path::stem(file.param).str(); });

} // namespace
