// SPDX-License-Identifier: Apache-2.0
//
// Inference: result shapes at the edges of PyTorch's rules, and a message for each mistake. Every
// row is one statement over inputs of the given types.
#include "wnnx/Ops/Infer.h"
#include "wnnx/IR/Text.h"
#include "wnnx/Ops/Cost.h"

#include <gtest/gtest.h>

using namespace wnnx;

namespace {

struct Row {
  const char *inputs;
  const char *op;
  const char *expected; // the result's type, or a part of the message
};

std::unique_ptr<Graph> parse(const Row &row, Diagnostics &diags) {
  std::string results = std::string_view(row.op).substr(0, 4) == "lstm"  ? "y, h, c"
                        : std::string_view(row.op).substr(0, 3) == "gru" ? "y, h"
                                                                         : "y";
  std::string text = "graph t(" + std::string(row.inputs) + ") { " + results + " = " + row.op +
                     " @(\"net.py\":3:0); return y; }";
  const SourceFile &file = diags.addFile("t.wnnxt", text);
  ParseOptions options;
  options.infer = inferNode;
  uint32_t offset = 0;
  return parseEmbeddedGraph(file, offset, diags, options);
}

void expectTypes(llvm::ArrayRef<Row> rows) {
  for (const Row &row : rows) {
    SCOPED_TRACE(std::string(row.op) + " of " + row.inputs);
    Diagnostics diags;
    std::unique_ptr<Graph> g = parse(row, diags);
    if (!g) {
      ADD_FAILURE() << diags.render();
      continue;
    }
    EXPECT_EQ(g->outputs()[0].value->type().str(), row.expected);
  }
}

void expectErrors(llvm::ArrayRef<Row> rows) {
  for (const Row &row : rows) {
    SCOPED_TRACE(std::string(row.op) + " of " + row.inputs);
    Diagnostics diags;
    EXPECT_EQ(parse(row, diags), nullptr);
    EXPECT_TRUE(diags.hasErrors());
    EXPECT_NE(diags.render().find(row.expected), std::string::npos) << diags.render();
  }
}

TEST(InferTypes, Windows) {
  expectTypes({
      {"x: f32[2,3,224,224], w: f32[64,3,7,7]", "conv2d(x, w, stride=[2, 2], padding=[3, 3])",
       "f32[2,64,112,112]"},
      {"x: f32[1,8,5,6], w: f32[4,4,3,2]", "conv2d(x, w, groups=2, dilation=[2, 3])",
       "f32[1,4,1,3]"},
      {"x: f32[1,1,4,4], w: f32[1,1,3,3]", "conv2d(x, w, padding=[0, 1, 2, 3])", "f32[1,1,4,6]"},
      {"x: f16[0,1,4,4], w: f16[1,1,3,3]", "conv2d(x, w)", "f16[0,1,2,2]"},
      {"x: f32[1,0,4,4], w: f32[2,0,3,3]", "conv2d(x, w)", "f32[1,2,2,2]"},
      {"x: f32[1,4,3,3], w: f32[4,2,4,4]",
       "conv_transpose2d(x, w, stride=[2, 3], padding=[1, 0], output_padding=[1, 2], groups=2)",
       "f32[1,4,7,12]"},
      {"x: f32[1,1,5,5]", "max_pool2d(x, kernel_size=[2, 2], stride=[2, 2])", "f32[1,1,2,2]"},
      {"x: f32[1,1,5,5]", "max_pool2d(x, kernel_size=[2, 2], stride=[2, 2], ceil_mode=true)",
       "f32[1,1,3,3]"},
      // The last window would start in the padding behind the input.
      {"x: f32[1,1,4,4]",
       "avg_pool2d(x, kernel_size=[2, 2], stride=[3, 3], padding=[1, 1], ceil_mode=true)",
       "f32[1,1,2,2]"},
      {"x: i64[1,1,4,4]", "max_pool2d(x, kernel_size=[2, 2], stride=[1, 1])", "i64[1,1,3,3]"},
      {"x: f32[1,2,4,4]", "adaptive_avg_pool2d(x, output_size=[0, 7])", "f32[1,2,0,7]"},
      {"x: f32[1,2,4,4]", "upsample_nearest2d(x, output_size=[9, 3], scales=[2.3, 0.8])",
       "f32[1,2,9,3]"},
      {"x: f32[2,5,4,4], g: f32[2,7,1,2]", "grid_sample(x, g)", "f32[2,5,7,1]"},
  });
}

TEST(InferTypes, Products) {
  expectTypes({
      {"x: f32[5], w: f32[3,5]", "linear(x, w)", "f32[3]"},
      {"x: f32[2,0,5], w: f32[3,5]", "linear(x, w)", "f32[2,0,3]"},
      {"x: f32[5], y0: f32[5]", "matmul(x, y0)", "f32[]"},
      {"x: f32[5], y0: f32[2,5,3]", "matmul(x, y0)", "f32[2,3]"},
      {"x: f32[4,1,2,5], y0: f32[3,5,6]", "matmul(x, y0)", "f32[4,3,2,6]"},
      {"q: f32[2,1,3,4], k: f32[5,6,4], v: f32[5,6,7]", "scaled_dot_product_attention(q, k, v)",
       "f32[2,5,3,7]"},
  });
}

TEST(InferTypes, Recurrent) {
  expectTypes({
      {"x: f32[7,2,3], h0: f32[2,2,4], c0: f32[2,2,4], a: f32[16,3], b: f32[16,4], c1: f32[16,3], "
       "d: f32[16,4]",
       "lstm(x, h0, c0, a, b, c1, d, has_biases=false, bidirectional=true)", "f32[7,2,8]"},
      {"x: f32[2,7,3], h0: f32[1,2,4], a: f32[12,3], b: f32[12,4], c: f32[12], d: f32[12]",
       "gru(x, h0, a, b, c, d, batch_first=true)", "f32[2,7,4]"},
  });
}

TEST(InferErrors, Located) {
  Diagnostics diags;
  EXPECT_EQ(parse({"x: f32[1,32,8,8], w: f32[4,64,3,3]", "conv2d(x, w)", ""}, diags), nullptr);
  std::string text = diags.render();
  EXPECT_NE(text.find("`conv2d` node"), std::string::npos) << text;
  EXPECT_NE(text.find("net.py:3"), std::string::npos) << text;
}

TEST(InferErrors, EveryMistakeIsReported) {
  Diagnostics diags;
  EXPECT_EQ(parse({"x: f32[1,3,8], w: f32[4,3,3,3]",
                   "conv2d(x, w, stride=[0, 1], dilation=[1], act=\"exp\")", ""},
                  diags),
            nullptr);
  EXPECT_GE(diags.errorCount(), 4u) << diags.render();
}

TEST(InferErrors, Convolution) {
  const char *image = "x: f32[1,6,8,8], w: f32[4,6,3,3], b: f32[3]";
  expectErrors({
      {"x: f32[1,32,8,8], w: f32[4,64,3,3]", "conv2d(x, w)",
       "expects 64 input channels, `input` [1,32,8,8] has 32"},
      {"x: f32[1,6,8,8], w: f32[4,6,3,3]", "conv2d(x, w, groups=2)",
       "expects 2 * 6 input channels"},
      {"x: f32[6,8,8], w: f32[4,6,3,3]", "conv2d(x, w)",
       "`input` must have 4 dimensions [N, C, H, W]; found f32[6,8,8]"},
      {"x: f32[1,6,8,8], w: f16[4,6,3,3]", "conv2d(x, w)", "`weight` is f16, but `input` is f32"},
      {"x: i32[1,6,8,8], w: i32[4,6,3,3]", "conv2d(x, w)", "`input` must have a float dtype"},
      {image, "conv2d(x, w, b)", "`bias` must have shape [4]; found [3]"},
      {image, "conv2d(x, w, none, x)", "`residual` must have shape [1,4,6,6]; found [1,6,8,8]"},
      {image, "conv2d(x, w, stride=[0, 1])", "`stride` must be at least 1; found [0, 1]"},
      {image, "conv2d(x, w, stride=[1])", "`stride` must have 2 entries; found [1]"},
      {image, "conv2d(x, w, padding=[-1, 0])", "`padding` must be at least 0"},
      {image, "conv2d(x, w, padding=[1, 1, 1])", "`padding` must have 2 entries"},
      {image, "conv2d(x, w, padding=[1, 1, 1, -4])", "`padding` must be at least 0"},
      {image, "conv2d(x, w, dilation=[0, 1])", "`dilation` must be at least 1"},
      {image, "conv2d(x, w, dilation=[4611686018427387904, 1])", "`dilation` must be at most"},
      {image, "conv2d(x, w, dilation=[2147483647, 1])", "the padded input has 8"},
      {image, "conv2d(x, w, groups=0)", "`groups` 0 must divide the 6 input channels"},
      {image, "conv2d(x, w, groups=-2)", "`groups` -2 must divide"},
      {image, "conv2d(x, w, groups=3)", "`groups` 3 must divide the 4 output channels"},
      {"x: f32[1,0,8,8], w: f32[0,0,3,3]", "conv2d(x, w, groups=1000000000000)", "must divide"},
      {"x: f32[1,1,2,8], w: f32[1,1,3,3]", "conv2d(x, w)",
       "the kernel spans 3 elements vertically, the padded input has 2"},
      {"x: f32[1,1,8,8], w: f32[1,1,0,3]", "conv2d(x, w)", "the kernel has 0 taps vertically"},
      {"x: f32[1,1,8,8], w: f32[0,1,3,9000000000]", "conv2d(x, w)", "9000000000 taps"},
      {"x: f32[1000,1,8,8], w: f32[1000,1,1,1]", "conv2d(x, w, padding=[2000000, 2000000])",
       "more than 2^40 elements"},
      {image, "conv2d(x, w, act=\"add\")", "`add` is not an activation"},
      {image, "conv2d(x, w, act=\"rleu\")", "`rleu` is not an op"},
      {image, "conv2d(x, w, act=\"clamp\", act_params=[1.0])", "takes 2 parameters; found 1"},
      {image, "conv2d(x, w, act_params=[1.0])", "`none` takes no parameters"},
      {image, "conv2d(x, w, act=\"gelu\", act_params=[2.0])", "is 0 (erf) or 1 (tanh)"},
      {"x: f32[1,6,8,8], w: f32[4,6,3,3]", "conv_transpose2d(x, w)", "expects 4 input channels"},
      {"x: f32[1,4,8,8], w: f32[4,6,3,3]", "conv_transpose2d(x, w, output_padding=[1, 0])",
       "`output_padding` must be smaller than stride or dilation; found 1 vertically"},
      {"x: f32[1,4,8,8], w: f32[4,6,3,3]", "conv_transpose2d(x, w, padding=[6, 0])",
       "negative size or be too large vertically"},
      {"x: f32[1,0,8589934592,8], w: f32[0,6,3,3]",
       "conv_transpose2d(x, w, stride=[2147483647, 1])", "negative size or be too large"},
      {"x: f32[1,0,0,8], w: f32[0,6,3,3]", "conv_transpose2d(x, w)", "negative size"},
  });
}

TEST(InferErrors, Products) {
  expectErrors({
      {"x: f32[2,4], w: f32[3,5]", "linear(x, w)", "expects 5 input features, `input` [2,4] has 4"},
      {"x: f32[], w: f32[3,5]", "linear(x, w)", "`input` must have at least 1 dimension"},
      {"x: f32[2,5], w: f32[3,5,1]", "linear(x, w)", "`weight` must have 2 dimensions [O, I]"},
      {"x: f32[2,5], w: f32[3,5], b: f32[1]", "linear(x, w, b)", "`bias` must have shape [3]"},
      {"x: f32[2,5], w: f32[3,5], r: f32[3]", "linear(x, w, none, r)",
       "`residual` must have shape [2,3]"},
      {"a: f32[2,3], b: f32[4,5]", "matmul(a, b)", "has 3 columns, `other` [4,5] has 4 rows"},
      {"a: f32[3], b: f32[4]", "matmul(a, b)", "has 3 columns, `other` [4] has 4 rows"},
      {"a: f32[], b: f32[4]", "matmul(a, b)", "`input` must have at least 1 dimension"},
      {"a: f32[2,1,3], b: f32[3,3,4]", "matmul(a, b)", "do not broadcast"},
      {"a: f32[2,3], b: f64[3,3]", "matmul(a, b)", "`other` is f64, but `input` is f32"},
      {"a: bool[2,3], b: bool[3,3]", "matmul(a, b)", "must hold numbers"},
      {"a: f32[1099511627776,0], b: f32[0,2]", "matmul(a, b)", "more than 2^40 elements"},
      {"q: f32[2,4], k: f32[3,5], v: f32[3,2]", "scaled_dot_product_attention(q, k, v)",
       "differ in the last dimension"},
      {"q: f32[2,4], k: f32[3,4], v: f32[2,2]", "scaled_dot_product_attention(q, k, v)",
       "differ in length"},
      {"q: f32[2,2,4], k: f32[3,3,4], v: f32[3,3,2]", "scaled_dot_product_attention(q, k, v)",
       "do not broadcast"},
      {"q: f32[4], k: f32[3,4], v: f32[3,2]", "scaled_dot_product_attention(q, k, v)",
       "`query` must have at least 2 dimensions"},
      {"q: f32[2,4], k: f32[3,4], v: f32[3,2], m: f32[3,2]",
       "scaled_dot_product_attention(q, k, v, m)", "does not broadcast to [2,3]"},
      {"q: f32[2,4], k: f32[3,4], v: f32[3,2], m: f32[5,2,3]",
       "scaled_dot_product_attention(q, k, v, m)", "does not broadcast to [2,3]"},
      {"q: f32[2,4], k: f32[3,4], v: f32[3,2], m: i64[2,3]",
       "scaled_dot_product_attention(q, k, v, m)", "`attn_mask` is i64, but `query` is f32"},
      {"q: f32[2,4], k: f32[3,4], v: f32[3,2], m: f32[2,3]",
       "scaled_dot_product_attention(q, k, v, m, is_causal=true)", "exclude each other"},
  });
}

TEST(InferErrors, Normalization) {
  expectErrors({
      {"x: f32[2,3,4], m: f32[3], v: f32[4]", "batch_norm(x, m, v)",
       "`running_var` must have shape [3]; found [4]"},
      {"x: f32[3], m: f32[3], v: f32[3]", "batch_norm(x, m, v)", "at least 2 dimensions"},
      {"x: f32[2,3], m: f32[3], v: f32[3]", "batch_norm(x, m, v, eps=-1.0)",
       "`eps` must not be negative"},
      {"x: f32[2,3], m: f32[3], v: f32[3]", "batch_norm(x, m, v, eps=nan)", "`eps` must not be"},
      {"x: f32[2,3], m: f16[3], v: f32[3]", "batch_norm(x, m, v)", "`running_mean` is f16"},
      {"x: f32[2,3,4]", "layer_norm(x, normalized_shape=[3])",
       "`normalized_shape` [3] must be the last dimensions of `input` [2,3,4]"},
      {"x: f32[2,3,4]", "layer_norm(x, normalized_shape=[])", "must be the last dimensions"},
      {"x: f32[4]", "layer_norm(x, normalized_shape=[2, 4])", "must be the last dimensions"},
      {"x: f32[2,3,4], w: f32[3]", "layer_norm(x, w, normalized_shape=[4])",
       "`weight` must have shape [4]; found [3]"},
      {"x: f32[2,3,4]", "group_norm(x, num_groups=2)", "`num_groups` 2 must divide the 3 channels"},
      {"x: f32[2,3,4]", "group_norm(x, num_groups=0)", "`num_groups` 0 must divide"},
      {"x: f32[2,3]", "instance_norm(x)", "at least 3 dimensions"},
      {"x: i32[2,3]", "rms_norm(x, normalized_shape=[3])", "`input` must have a float dtype"},
      {"x: f32[2,3]", "rms_norm(x, normalized_shape=[3], eps=-0.5)", "`eps` must not be negative"},
  });
}

TEST(InferErrors, PoolingAndResampling) {
  const char *image = "x: f32[1,2,5,5]";
  expectErrors({
      {image, "max_pool2d(x, kernel_size=[2, 2], stride=[0, 1])", "`stride` must be at least 1"},
      {image, "max_pool2d(x, kernel_size=[2], stride=[1, 1])", "`kernel_size` must have 2 entries"},
      {image, "max_pool2d(x, kernel_size=[2, 2], stride=[1, 1], padding=[2, 0])",
       "`padding` may be at most half of the kernel's 2; found 2 vertically"},
      {image, "max_pool2d(x, kernel_size=[2, 6], stride=[1, 1])",
       "the window spans 6 elements horizontally, the padded input has 5"},
      {image, "max_pool2d(x, kernel_size=[9223372036854775807, 1], stride=[1, 1])",
       "`kernel_size` must be at most"},
      {"x: f32[1,2,0,5]", "max_pool2d(x, kernel_size=[1, 1], stride=[1, 1])", "has no pixels"},
      {"x: bool[1,2,5,5]", "max_pool2d(x, kernel_size=[1, 1], stride=[1, 1])",
       "`input` must hold numbers"},
      {image, "avg_pool2d(x, kernel_size=[2, 2], stride=[1, 1], divisor_override=0)",
       "`divisor_override` must not be 0"},
      {image, "adaptive_avg_pool2d(x, output_size=[1])", "`output_size` must have 2 entries"},
      {image, "adaptive_max_pool2d(x, output_size=[-1, 1])", "`output_size` must be at least 0"},
      {image, "adaptive_max_pool2d(x, output_size=[2147483647, 2147483647])",
       "more than 2^40 elements"},
      {image, "upsample_nearest2d(x, output_size=[0, 1])", "`output_size` must be at least 1"},
      {image, "upsample_bilinear2d(x, output_size=[2, 2], scales=[2.0])",
       "`scales` must be empty or two positive factors"},
      {image, "upsample_bicubic2d(x, output_size=[2, 2], scales=[0.0, 1.0])",
       "`scales` must be empty or two positive factors"},
      {"x: f32[1,2,5,5], g: f32[1,2,2,3]", "grid_sample(x, g)", "must have 2 coordinates"},
      {"x: f32[1,2,5,5], g: f32[2,2,2,2]", "grid_sample(x, g)", "differ in the batch dimension"},
      {"x: f32[1,2,5,5], g: f32[1,2,2,2]", "grid_sample(x, g, mode=\"bilnear\")",
       "did you mean `bilinear`?"},
      {"x: f32[1,2,5,5], g: f32[1,2,2,2]", "grid_sample(x, g, padding_mode=\"wrap\")",
       "`padding_mode` is one of `zeros`, `border`, `reflection`"},
  });
}

TEST(InferErrors, Recurrent) {
  const char *net = "x: f32[7,2,3], h0: f32[1,2,4], a: f32[12,3], b: f32[12,4], c: f32[12]";
  expectErrors({
      {net, "gru(x, h0, a, b, c)", "1 layers in 1 directions need 4 weights; found 3"},
      {net, "gru(x, h0, a, a, has_biases=false)",
       "`weights[1]` must have shape [12,4]; found [12,3]"},
      {net, "gru(x, h0, a, b, c, c, num_layers=0)", "`num_layers` must be at least 1"},
      {net, "gru(x, h0, a, b, c, c, num_layers=1000000000)", "weights; found 4"},
      {net, "gru(x, x, a, b, c, c)", "`h0` must have shape [1,2,3]; found [7,2,3]"},
      {net, "lstm(x, h0, x, a, b, c, c)", "`c0` must have shape [1,2,4]"},
      {"x: f32[0,2,3], h0: f32[1,2,4], a: f32[12,3], b: f32[12,4], c: f32[12]",
       "gru(x, h0, a, b, c, c)", "has no time steps"},
  });
}

TEST(BuildNode, LeavesNothingBehindOnFailure) {
  Graph g;
  Diagnostics diags;
  Value *x = g.addInput("x", {DType::F32, {2, 3}});
  EXPECT_TRUE(failed(buildNode(g, OpKind::Linear, {x, x}, {{"act", "nothing"}}, {}, diags)));
  EXPECT_FALSE(x->hasUses());
  EXPECT_TRUE(failed(buildNode(g, OpKind::Relu, {x}, {{"alpha", 1.0}}, {}, diags)));
  EXPECT_NE(diags.render().find("there is no attribute `alpha`"), std::string::npos);
  FailureOr<Node *> n = buildNode(g, OpKind::Relu, {x}, {}, {}, diags);
  ASSERT_TRUE(succeeded(n));
  EXPECT_EQ((*n)->result()->type().str(), "f32[2,3]");
  g.append(*n);
  g.addOutput("y", (*n)->result());
  EXPECT_TRUE(succeeded(verifyGraph(g, diags)));
  (*n)->result()->setType({DType::F32, {3, 2}});
  EXPECT_TRUE(failed(verifyGraph(g, diags)));
  EXPECT_NE(diags.render().find("is declared f32[3,2]; inference gives f32[2,3]"),
            std::string::npos);
}

TEST(NodeCost, CountsMultiplyAddsAndBytes) {
  auto costOf = [](const Row &row) {
    Diagnostics diags;
    std::unique_ptr<Graph> g = parse(row, diags);
    EXPECT_TRUE(g) << diags.render();
    return g ? graphCost(*g) : Cost();
  };
  Cost conv = costOf({"x: f32[2,4,5,5], w: f32[6,2,3,3]", "conv2d(x, w, groups=2)", ""});
  EXPECT_EQ(conv.macs, 2 * 6 * 3 * 3 * 2 * 3 * 3);
  EXPECT_EQ(conv.dataBytes, 4 * (2 * 4 * 25 + 6 * 2 * 9 + 2 * 6 * 9));
  EXPECT_EQ(costOf({"x: f32[7,3], w: f32[5,3]", "linear(x, w)", ""}).macs, 7 * 5 * 3);
  EXPECT_EQ(costOf({"a: f32[2,4,3], b: f32[3,5]", "matmul(a, b)", ""}).macs, 2 * 4 * 3 * 5);
  EXPECT_EQ(costOf({"q: f32[2,3,4], k: f32[2,5,4], v: f32[2,5,6]",
                    "scaled_dot_product_attention(q, k, v)", ""})
                .macs,
            2 * 3 * 5 * (4 + 6));
  EXPECT_EQ(costOf({"x: f32[7,2,3], h0: f32[1,2,4], a: f32[12,3], b: f32[12,4]",
                    "gru(x, h0, a, b, has_biases=false)", ""})
                .macs,
            7 * 2 * 12 * (3 + 4));
  Cost view = costOf({"x: f32[2,3]", "reshape(x, shape=[6])", ""});
  EXPECT_EQ(view.macs + view.dataBytes + view.weightBytes, 0);
}

} // namespace
