// SPDX-License-Identifier: Apache-2.0
//
// Every fixture with PyTorch's results: imported, interpreted, compared.
#include "Fixtures.h"

#include "wnnx/Eval/Interpreter.h"
#include "wnnx/Ops/Infer.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <sstream>

using namespace wnnx;
using namespace wnnx::testing;

namespace {

struct Golden {
  std::vector<std::pair<std::string, Tensor>> inputs, outputs;
};

Golden readGolden(const std::filesystem::path &path) {
  std::vector<uint8_t> bytes = readBytes(path);
  std::string text(bytes.begin(), bytes.end());
  size_t at = text.find("\n\n");
  std::istringstream head(text.substr(0, at + 1));
  at += 2;
  Golden g;
  std::string kind, name, type;
  while (head >> kind >> name >> type) {
    TensorType t = *parseTensorType(type);
    Tensor tensor =
        Tensor::own(t, {bytes.begin() + long(at), bytes.begin() + long(at) + t.bytes()});
    at += size_t(t.bytes());
    (kind == "in" ? g.inputs : g.outputs).push_back({name, tensor});
  }
  return g;
}

/// The largest difference as a share of the largest expected magnitude.
double difference(const Tensor &got, const Tensor &want) {
  double largest = 0, worst = 0;
  for (int64_t i = 0; i < want.numel(); ++i) {
    double w = want.getDouble(i), g = got.getDouble(i);
    if (std::isfinite(w))
      largest = std::max(largest, std::fabs(w));
    bool same = w == g || (std::isnan(w) && std::isnan(g));
    double d = same ? 0 : std::fabs(w - g);
    worst = d <= worst ? worst : d; // NaN wins
  }
  return largest > 0 ? worst / largest : worst;
}

std::vector<std::string> goldenNames() {
  std::vector<std::string> names;
  for (const char *version : {"v1_13", "v2_13"})
    for (const auto &file : std::filesystem::directory_iterator(inputsFolder() / version))
      if (file.path().extension() == ".golden")
        names.push_back(std::string(version) + "/" + file.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

class GoldenTest : public ::testing::TestWithParam<std::string> {};

TEST_P(GoldenTest, MatchesPyTorch) {
  Golden golden = readGolden(inputsFolder() / (GetParam() + ".golden"));
  ASSERT_FALSE(golden.outputs.empty());
  TorchScriptOptions options;
  for (const auto &[name, t] : golden.inputs)
    options.inputs.push_back({name, t.type()});
  Diagnostics diags;
  auto graph = importTorchScript((inputsFolder() / (GetParam() + ".pt")).string(), options, diags);
  ASSERT_TRUE(succeeded(graph)) << diags.render();
  ASSERT_TRUE(verifyGraph(**graph, diags).succeeded()) << diags.render();

  std::vector<Tensor> inputs;
  for (const auto &v : (*graph)->inputs())
    for (const auto &[name, t] : golden.inputs)
      if (name == v->name())
        inputs.push_back(t);
  ASSERT_EQ(inputs.size(), (*graph)->inputs().size());
  FailureOr<std::vector<Tensor>> got = interpret(**graph, inputs, diags);
  ASSERT_TRUE(succeeded(got)) << diags.render();
  ASSERT_EQ(got->size(), golden.outputs.size());
  for (size_t i = 0; i < got->size(); ++i) {
    const auto &[name, want] = golden.outputs[i];
    EXPECT_EQ((*graph)->outputs()[i].name, name);
    ASSERT_EQ((*got)[i].type().str(), want.type().str()) << name;
    double limit = want.dtype() == DType::F16 ? 2e-3 : isFloat(want.dtype()) ? 1e-5 : 0;
    EXPECT_LE(difference((*got)[i], want), limit) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Fixtures, GoldenTest, ::testing::ValuesIn(goldenNames()),
                         [](const auto &p) {
                           std::string name = p.param;
                           std::replace(name.begin(), name.end(), '/', '_');
                           return name;
                         });

TEST(GoldenFiles, AreThere) {
  EXPECT_GE(goldenNames().size(), 25u);
}

TEST(ImportedGraph, KeepsNamesAndPlaces) {
  Diagnostics diags;
  auto graph = importTorchScript((inputsFolder() / "v2_13/cnn_trace.pt").string(), {}, diags);
  ASSERT_TRUE(succeeded(graph)) << diags.render();
  Graph &g = **graph;
  EXPECT_EQ(g.name, "cnn_trace");
  EXPECT_EQ(g.input(0)->name(), "x");
  EXPECT_EQ(g.input(0)->type().str(), "f32[2,3,15,18]");
  const Value *conv = g.lookup("features.0");
  ASSERT_NE(conv, nullptr);
  EXPECT_EQ(conv->node()->kind(), OpKind::Conv2d);
  EXPECT_EQ(conv->node()->operand(1)->name(), "features.0.weight");
  EXPECT_EQ(conv->node()->loc().scopeName(), "features.0");
  EXPECT_EQ(conv->node()->loc().fileLine().file.rfind("code/__torch__/torch/nn/modules/conv", 0),
            0u);
  EXPECT_GT(conv->node()->loc().fileLine().line, 0u);
}

TEST(ImportedGraph, PointsIntoTheFile) {
  std::vector<uint8_t> bytes = readBytes(inputsFolder() / "v2_13/cnn_trace.pt");
  auto owner = std::make_shared<std::vector<uint8_t>>(std::move(bytes));
  Diagnostics diags;
  auto graph = importTorchScript(*owner, owner, "m.pt", {}, diags);
  ASSERT_TRUE(succeeded(graph)) << diags.render();
  const Tensor *weight = (*graph)->lookup("features.0.weight")->constant();
  EXPECT_GE(weight->data(), owner->data());
  EXPECT_LT(weight->data(), owner->data() + owner->size());
}

TEST(ImportedGraph, TiedWeightsAreOneConstant) {
  Diagnostics diags;
  auto graph = importTorchScript((inputsFolder() / "v2_13/weights_script.pt").string(),
                                 inputs({{"x", "f32[2,6]"}}), diags);
  ASSERT_TRUE(succeeded(graph)) << diags.render();
  EXPECT_NE((*graph)->lookup("w"), nullptr);
  EXPECT_EQ((*graph)->lookup("tied"), nullptr);
}

} // namespace
