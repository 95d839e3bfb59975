// SPDX-License-Identifier: Apache-2.0
//
// What is said about files and inputs that cannot be imported.
#include "Fixtures.h"

#include <gtest/gtest.h>

using namespace wnnx;
using namespace wnnx::testing;

namespace {

std::string errorsOf(const std::string &file, const TorchScriptOptions &options) {
  Diagnostics diags;
  auto graph = importTorchScript((inputsFolder() / file).string(), options, diags);
  EXPECT_TRUE(failed(graph)) << file;
  EXPECT_TRUE(diags.hasErrors());
  return diags.render();
}

void expectParts(const std::string &text, std::initializer_list<const char *> parts) {
  for (const char *p : parts)
    EXPECT_NE(text.find(p), std::string::npos) << "`" << p << "` is missing from:\n" << text;
}

TEST(Messages, TrainingMode) {
  expectParts(errorsOf("v2_13/train_trace.pt", {}), {"training mode", "model.eval()", "batchnorm"});
  expectParts(errorsOf("v1_13/dropout_script.pt", inputs({{"", "f32[1,4]"}})),
              {"random dropout", "model.eval()"});
}

TEST(Messages, State) {
  expectParts(errorsOf("v2_13/stateful_script.pt", inputs({{"x", "f32[3]"}})),
              {"keeps state", "`memory`"});
}

TEST(Messages, DataDependence) {
  expectParts(errorsOf("v2_13/data_if_script.pt", inputs({{"x", "f32[3]"}})),
              {"`bool` of a tensor that depends on the model's input",
               "code/__torch__.py:", "bool(torch.gt"});
}

TEST(Messages, UnsupportedOperatorsAreListedTogether) {
  std::string text = errorsOf("v2_13/several_trace.pt", {});
  expectParts(text, {"operators that cannot be imported", "aten::cumprod(Tensor, int)", "2 times",
                     "aten::fft_fft", "complex numbers", "aten::nonzero", "depends on the data",
                     "1 error"});
}

TEST(Messages, RandomNumbers) {
  expectParts(errorsOf("v2_13/noise_script.pt", inputs({{"x", "f32[3]"}})),
              {"aten::randn_like", "make the noise an input"});
}

TEST(Messages, StateDict) {
  expectParts(errorsOf("v2_13/state_dict.pth", {}), {"checkpoint", "torch.jit.trace"});
}

TEST(Messages, Inputs) {
  expectParts(errorsOf("v1_13/cnn_trace.pt", {}),
              {"the file does not say the shape of input `x`", "--input 'x:f32[1,3,224,224]'"});
  expectParts(errorsOf("v2_13/cnn_trace.pt", inputs({{"y", "f32[1,3,8,8]"}})),
              {"no input `y`", "its inputs are: x"});
  expectParts(errorsOf("v2_13/cnn_trace.pt", inputs({{"x", "f32[3,8,8]"}})),
              {"has rank 3", "traced with f32[2,3,15,18] of rank 4"});
  expectParts(errorsOf("v2_13/cnn_trace.pt", inputs({{"x", "i64[2,3,15,18]"}})),
              {"i64[2,3,15,18] was given, but the model was traced with f32"});
  expectParts(errorsOf("v2_13/aliasing_trace.pt", inputs({{"", "f32[2,3,4]"}})),
              {"without a name", "2 inputs: x, y"});
  TorchScriptOptions method = inputs({{"x", "f32[3,4]"}});
  method.method = "forwards";
  expectParts(errorsOf("v2_13/loops_script.pt", method), {"no method `forwards`", "forward"});
}

TEST(Messages, ShapesThatDoNotFit) {
  // Seven channels into a convolution of three.
  expectParts(errorsOf("v1_13/cnn_script.pt", inputs({{"x", "f32[2,7,15,18]"}})),
              {"conv2d", "features.0"});
}

TEST(Messages, ExceptionsOfTheModel) {
  expectParts(errorsOf("v2_13/cnn_script.pt", inputs({{"x", "f32[3,15,18]"}})),
              {"the model raises an exception", "expected 4D input (got 3D input)"});
}

TEST(Messages, OptionalInputsMayBeGiven) {
  Diagnostics diags;
  auto graph = importTorchScript((inputsFolder() / "v2_13/loops_script.pt").string(),
                                 inputs({{"x", "f32[3,4]"}, {"mask", "bool[3,4]"}}), diags);
  ASSERT_TRUE(succeeded(graph)) << diags.render();
  EXPECT_EQ((*graph)->inputs().size(), 2u);
  EXPECT_EQ((*graph)->input(1)->name(), "mask");
}

TEST(Messages, OtherShapeThanTracedIsAWarning) {
  Diagnostics diags;
  auto graph = importTorchScript((inputsFolder() / "v2_13/cnn_trace.pt").string(),
                                 inputs({{"x", "f32[1,3,20,20]"}}), diags);
  ASSERT_TRUE(succeeded(graph)) << diags.render();
  expectParts(diags.render(), {"warning", "traced with f32[2,3,15,18]"});
}

} // namespace
