// SPDX-License-Identifier: Apache-2.0
//
// What inference says about wrong operands and attributes of elementwise, reduction, movement and
// indexing ops, including values chosen to overflow or to ask for huge results.
#include "wnnx/IR/Text.h"
#include "wnnx/Ops/Infer.h"

#include <gtest/gtest.h>

using namespace wnnx;

namespace {

struct Case {
  const char *inputs;
  const char *statements;
  const char *message; // a part of it
};

std::unique_ptr<Graph> parse(const Case &c, Diagnostics &diags) {
  std::string text =
      "graph t(" + std::string(c.inputs) + ") { " + std::string(c.statements) + "; return y; }";
  const SourceFile &file = diags.addFile("t.wnnxt", text);
  ParseOptions options;
  options.infer = inferNode;
  uint32_t offset = 0;
  return parseEmbeddedGraph(file, offset, diags, options);
}

void expectMessages(llvm::ArrayRef<Case> cases) {
  for (const Case &c : cases) {
    SCOPED_TRACE(std::string(c.statements) + " of " + c.inputs);
    Diagnostics diags;
    EXPECT_EQ(parse(c, diags), nullptr);
    EXPECT_NE(diags.render().find(c.message), std::string::npos) << diags.render();
  }
}

TEST(InferMessages, DTypes) {
  expectMessages({
      {"x: i64[2]", "y = silu(x)", "`input` must have a float dtype; found i64[2]"},
      {"x: bool[2]", "y = relu(x)", "`input` must be a number; found bool[2]"},
      {"x: bool[2]", "y = abs(x)", "must be a number"},
      {"x: f32[2]", "y = bitwise_not(x)", "must be an integer or bool tensor; found f32[2]"},
      {"x: i64[2]", "y = clamp(x, min=0.5)", "limit 0.5 does not fit the integer tensor"},
      {"x: f32[2]", "y = clamp(x)", "`min` and `max` are both none"},
      {"x: f32[2]", "y = gelu(x, approximate=\"erf\")", "must be \"none\" or \"tanh\""},
      {"x: f32[2], z: f64[2]", "y = add(x, z)", "`other` is f64, but `input` is f32"},
      {"x: bool[2], z: bool[2]", "y = sub(x, z)", "must be a number"},
      {"x: f32[2], z: f32[2]", "y = bitwise_and(x, z)", "must be an integer or bool tensor"},
      {"c: i64[2], x: f32[2]", "y = where(c, x, x)", "`condition` must be a bool tensor"},
      {"x: i32[2]", "y = mean(x)", "must have a float dtype; found i32[2]"},
      {"x: i32[2]", "y = softmax(x, dim=0)", "must have a float dtype"},
      {"x: bool[2]", "y = argmax(x)", "must be a number"},
      {"w: f32[2,2], i: u8[2]", "y = embedding(w, i)", "must be an i64 or i32 tensor; found u8"},
      {"x: f32[2], i: f32[2]", "y = index(x, i)",
       "`indices[0]` must be an i64, i32 or bool tensor"},
      {"x: f32[2], z: i64[2]", "y = cat(x, z)", "`inputs[1]` is i64, but `inputs[0]` is f32"},
      {"x: f32[3], z: f64[1]", "y = slice_scatter(x, z, dim=0, end=1)", "`src` is f64"},
  });
}

TEST(InferMessages, Shapes) {
  expectMessages({
      {"x: f32[2,3], z: f32[2]", "y = mul(x, z)",
       "shape [2,3] of `input` and [2] of `other` do not broadcast"},
      {"c: bool[3], x: f32[2]", "y = where(c, x, x)", "does not broadcast with shape [2]"},
      {"x: f32[2,3], w: f32[2]", "y = prelu(x, w)", "needs [1] or [3]"},
      {"x: f32[2,3]", "y = sum(x, dim=[2])", "must be in [-2, 1] for 2 dimensions; found 2"},
      {"x: f32[2,3]", "y = sum(x, dim=[1, -1])", "dimension 1 is listed twice"},
      {"x: f32[]", "y = sum(x, dim=[0, -1])", "dimension 0 is listed twice"},
      {"x: f32[0,3]", "y = amax(x)", "dimension 0 of shape [0,3] has no elements to reduce"},
      {"x: f32[2,0]", "y = argmin(x, dim=1)", "has no elements to choose from"},
      {"x: f32[2,3]", "y = softmax(x, dim=-3)", "found -3"},
      {"x: f32[2,3]", "y, z = topk(x, k=4)", "`k` is 4, but dimension 1 of shape [2,3] has 3"},
      {"x: f32[2,3]", "y = reshape(x, shape=[4, -1])", "6 elements of shape [2,3] do not fit"},
      {"x: f32[2,3]", "y = reshape(x, shape=[-1, -1])", "more than one -1"},
      {"x: f32[0,3]", "y = reshape(x, shape=[0, -1])", "the size for -1 is not known"},
      {"x: f32[2,3]", "y = permute(x, dims=[0])", "1 entries for 2 dimensions"},
      {"x: f32[2,3]", "y = permute(x, dims=[0, 0])", "listed twice"},
      {"x: f32[2,3]", "y = expand(x, shape=[3])", "fewer dimensions"},
      {"x: f32[2,3]", "y = expand(x, shape=[-1, 2, 3])", "-1 for the added dimension 0"},
      {"x: f32[2,3]", "y = expand(x, shape=[2, 6])", "dimension 1 of size 3 can not expand to 6"},
      {"x: f32[3]", "y = slice(x, dim=0, step=-1)", "`step` is -1; it must be positive"},
      {"x: f32[]", "y = select(x, dim=0, index=0)", "`input` has no dimensions"},
      {"x: f32[3]", "y = select(x, dim=0, index=3)", "index 3 is out of range"},
      {"x: f32[0]", "y = split(x, sizes=[])", "`sizes` is empty"},
      {"x: f32[3]", "y, z = split(x, sizes=[1, 1])", "do not sum to 3"},
      {"x: f32[3]", "y, z = split(x, sizes=[4, -1])", "`sizes` [4, -1]"},
      {"x: f32[2,3], z: f32[3,2]", "y = cat(x, z)", "do not join along dimension 0"},
      {"x: f32[]", "y = cat(x, x)", "scalars can not be joined"},
      {"x: f32[3]", "y = pad(x, pad=[1])", "`pad` has 1 entries"},
      {"x: f32[3]", "y = pad(x, pad=[-2, -2])", "crops more than the 3 elements"},
      {"x: f32[3]", "y = pad(x, pad=[3, 0], mode=\"reflect\")", "too large for mode \"reflect\""},
      {"x: f32[3]", "y = pad(x, pad=[0, 4], mode=\"circular\")", "too large for mode"},
      {"x: f32[0]", "y = pad(x, pad=[1, 0], mode=\"replicate\")", "too large for mode"},
      {"x: f32[3]", "y = pad(x, pad=[1, 0], mode=\"reflex\")", "did you mean `reflect`?"},
      {"x: f32[3]", "y = roll(x, shifts=[1, 2], dims=[0])", "2 entries and `dims` has 1"},
      {"x: f32[2,3]", "y = repeat(x, repeats=[2])", "fewer entries"},
      {"x: f32[3]", "y = tril(x)", "two dimensions or more"},
      {"x: f32[4], z: f32[1]", "y = slice_scatter(x, z, dim=0, end=2)",
       "`src` has shape [1], but it replaces a part of shape [2]"},
      {"x: f32[4,2], z: f32[4]", "y = select_scatter(x, z, dim=0, index=1)", "part of shape [2]"},
  });
}

TEST(InferMessages, Indices) {
  expectMessages({
      {"w: f32[2], i: i64[2]", "y = embedding(w, i)", "`weight` must have 2 dimensions"},
      {"w: f32[3,2]", "const i: i64[2] = dense [0, 3]; y = embedding(w, i)",
       "index 3 in `indices` is out of range for a dimension of size 3"},
      {"w: f32[3,2]", "const i: i64[2] = dense [0, -1]; y = embedding(w, i)", "index -1"},
      {"x: f32[3,2]", "const i: i64[1] = dense [2]; y = index_select(x, i, dim=1)", "index 2"},
      {"x: f32[3,2], i: i64[1,1]", "y = index_select(x, i, dim=0)", "at most 1 dimension"},
      {"x: f32[3,2], i: i64[2]", "y = gather(x, i, dim=0)", "must have as many dimensions"},
      {"x: f32[3,2], i: i64[1,3]", "y = gather(x, i, dim=0)",
       "`index` of shape [1,3] is larger than `input` of shape [3,2] in dimension 1"},
      {"x: f32[3,2], i: i64[3,2], s: f32[2,2]", "y = scatter(x, i, s, dim=0)",
       "is larger than `src` of shape [2,2]"},
      {"x: f32[3]", "const i: i64[1] = dense [-4]; y = index(x, i)", "index -4"},
      {"x: f32[3], i: i64[1]", "y = index(x, i, i)", "there are indices for 2 dimensions"},
      {"x: f32[3,3], i: i64[2], k: i64[3]", "y = index(x, i, k)",
       "`indices[1]` of shape [3] does not broadcast with shape [2]"},
      {"x: f32[3], m: bool[3]", "y = index(x, m)", "is a bool mask that is not a constant"},
      {"x: f32[3]", "const m: bool[2] = dense [true, false]; y = index(x, m)",
       "is a mask of shape [2], which does not fit shape [3]"},
      {"x: i64[2]", "const z: i64[2] = dense [1, 0]; y = remainder(x, z)",
       "integer division by zero: element 1 of `other` is 0"},
      {"x: i64[2]", "const z: i64[] = dense [0]; y = div(x, z, rounding_mode=\"floor\")",
       "integer division by zero"},
      {"x: i64[2], z: i64[2]", "y = div(x, z, rounding_mode=\"up\")", "`rounding_mode` is \"up\""},
  });
}

/// Sizes that overflow or that no machine holds are messages.
TEST(InferMessages, HostileSizes) {
  const char *limit = "more than 2^40 elements";
  expectMessages({
      {"x: f32[1]", "y = expand(x, shape=[9223372036854775807])", limit},
      {"x: f32[1]", "y = expand(x, shape=[1048576, 1048576, 2])", limit},
      {"x: f32[1]", "y = expand(x, shape=[-2])", "can not expand to -2"},
      {"x: f32[4]", "y = repeat(x, repeats=[4611686018427387904])", "too large"},
      {"x: f32[4]", "y = repeat(x, repeats=[1099511627776])", limit},
      {"x: f32[4]", "y = repeat(x, repeats=[-1])", "negative entry"},
      {"x: f32[4]", "y = pad(x, pad=[9223372036854775807, 0])", "too large"},
      {"x: f32[4]", "y = pad(x, pad=[4611686018427387904, 0])", limit},
      {"x: f32[4]", "y = pad(x, pad=[-9223372036854775808, 9223372036854775807])", "crops more"},
      {"x: f32[4]", "y = reshape(x, shape=[4611686018427387904, 4])", "do not fit"},
      {"x: f32[4]", "y = reshape(x, shape=[-9223372036854775808])", "negative size"},
      {"x: f32[4]", "y, z = split(x, sizes=[9223372036854775807, 9223372036854775807])",
       "do not sum to 4"},
      {"x: f32[1048576], z: f32[1048576,1,1]",
       "a = add(x, z); b = reshape(a, shape=[1099511627776, 1]); y = add(b, x)", limit},
      {"w: f32[2,1048576], i: i64[1048577]", "y = embedding(w, i)", limit},
      {"x: f32[4]", "y = sum(x, dim=[9223372036854775807])", "found 9223372036854775807"},
      {"x: f32[4]", "y, z = topk(x, k=-1)", "`k` is -1"},
      {"x: f32[4]", "y = select(x, dim=0, index=-9223372036854775808)", "out of range"},
  });
}

} // namespace
