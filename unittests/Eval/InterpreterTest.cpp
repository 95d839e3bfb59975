// SPDX-License-Identifier: Apache-2.0
//
// The interpreter: inputs, outputs, order of observation, and located messages for operand values
// that an op has no result for.
#include "wnnx/Eval/Interpreter.h"
#include "wnnx/Eval/RuntimeErrors.h"
#include "wnnx/IR/Text.h"
#include "wnnx/Ops/Infer.h"

#include <cmath>
#include <gtest/gtest.h>

using namespace wnnx;

namespace {

class Interpreter : public testing::Test {
protected:
  Diagnostics diags;
  std::unique_ptr<Graph> graph;

  void parse(const std::string &text) {
    const SourceFile &file = diags.addFile("t.wnnxt", text);
    ParseOptions options;
    options.infer = inferNode;
    uint32_t offset = 0;
    graph = parseEmbeddedGraph(file, offset, diags, options);
    ASSERT_TRUE(graph) << diags.render();
  }
  /// The outputs, none after an error.
  std::vector<Tensor> run(llvm::ArrayRef<Tensor> inputs, const InterpreterOptions &options = {}) {
    FailureOr<std::vector<Tensor>> out = interpret(*graph, inputs, diags, options);
    return failed(out) ? std::vector<Tensor>() : *out;
  }
  bool says(const std::string &text) { return diags.render().find(text) != std::string::npos; }
};

TEST_F(Interpreter, SeveralInputsAndOutputs) {
  parse("graph t(a: f32[2], b: f32[2]) { s = add(a, b); d = sub(a, b); "
        "return s, d, again = s, input = a; }");
  auto out = run({Tensor::fromFloats({2}, {5, 7}), Tensor::fromFloats({2}, {1, 2})});
  ASSERT_EQ(out.size(), 4u) << diags.render();
  EXPECT_TRUE(out[0].identical(Tensor::fromFloats({2}, {6, 9})));
  EXPECT_TRUE(out[1].identical(Tensor::fromFloats({2}, {4, 5})));
  EXPECT_TRUE(out[2].identical(out[0]));
  EXPECT_TRUE(out[3].identical(Tensor::fromFloats({2}, {5, 7})));
}

TEST_F(Interpreter, RoundsBetweenNodes) {
  // 2048 + 1 is not a half; a wider sum kept between the nodes would give 2050.
  parse("graph t(a: f16[]) { const one: f16[] = dense [1.0]; s = add(a, one); t = add(s, one); "
        "return t; }");
  auto out = run({Tensor::scalar(DType::F16, 2048)});
  ASSERT_EQ(out.size(), 1u) << diags.render();
  EXPECT_EQ(out[0].getDouble(0), 2048);
}

TEST_F(Interpreter, ConstantsAsOutputsAndTwiceAsOperand) {
  parse("graph t() { const c: f32[2] = dense [3.0, 4.0]; y = mul(c, c); return y, c; }");
  auto out = run({});
  ASSERT_EQ(out.size(), 2u) << diags.render();
  EXPECT_TRUE(out[0].identical(Tensor::fromFloats({2}, {9, 16})));
  EXPECT_TRUE(out[1].identical(Tensor::fromFloats({2}, {3, 4})));
}

TEST_F(Interpreter, ShowsEveryNodeInOrder) {
  parse("graph t(x: f32[3]) { const c: f32[] = dense [1.0]; y = add(x, c); v, i = sort(y); "
        "unused = neg(v); return i; }");
  std::string seen;
  InterpreterOptions options;
  options.onNode = [&](const Node &n, llvm::ArrayRef<Tensor> results) {
    seen += std::string(opName(n.kind())) + ":" + std::to_string(results.size()) + " ";
    EXPECT_EQ(results.size(), n.numResults());
  };
  auto out = run({Tensor::fromFloats({3}, {3, 1, 2})}, options);
  ASSERT_EQ(out.size(), 1u) << diags.render();
  EXPECT_EQ(seen, "constant:1 add:1 sort:2 neg:1 ");
  EXPECT_TRUE(out[0].identical(Tensor::fromInts({3}, {1, 2, 0})));
}

TEST_F(Interpreter, RefusesWrongInputs) {
  parse("graph t(a: f32[2], b: i64[]) { y = relu(a); return y, b; }");
  run({Tensor::fromFloats({3}, {1, 2, 3}), Tensor::scalar(DType::F32, 0)});
  EXPECT_TRUE(says("input `a`: error: must be f32[2], found f32[3]")) << diags.render();
  EXPECT_TRUE(says("input `b`: error: must be i64[], found f32[]")) << diags.render();
  diags.clear();
  EXPECT_TRUE(run({}).empty());
  EXPECT_TRUE(says("has 2 inputs; 0 were given")) << diags.render();
}

TEST_F(Interpreter, RefusesHugeValues) {
  parse("graph t(a: f32[1]) { y = expand(a, shape=[1048576, 1048576]); z = sum(y); return z; }");
  EXPECT_TRUE(run({Tensor::fromFloats({1}, {1})}).empty());
  EXPECT_TRUE(says("f32[1048576,1048576] is too large to interpret")) << diags.render();
}

struct ErrorCase {
  const char *statement;
  std::vector<int64_t> index;
  const char *message;
};

TEST_F(Interpreter, ReportsWhatPyTorchRaises) {
  for (const ErrorCase &c : std::vector<ErrorCase>{
           {"embedding(x, i)", {0, 3}, "index 3 in `indices` is out of range"},
           {"embedding(x, i)", {-1, 0}, "index -1"},
           {"index_select(x, i, dim=1)", {0, 2}, "dimension of size 2"},
           {"index(x, i)",
            {-4, 0},
            "index -4 in `indices` is out of range for a dimension of size 3"},
           {"index(x, none, i)", {1, 2}, "dimension of size 2"},
           {"index(x, i)", {-3, 2}, ""},
       }) {
    SCOPED_TRACE(c.statement);
    diags.clear();
    parse("graph t(x: f32[3,2], i: i64[2]) { y = " + std::string(c.statement) +
          " @(\"net.py\":7:0); return y; }");
    auto out =
        run({Tensor::fromFloats({3, 2}, {0, 1, 2, 3, 4, 5}), Tensor::fromInts({2}, c.index)});
    EXPECT_EQ(out.empty(), *c.message != 0) << diags.render();
    if (*c.message) {
      EXPECT_TRUE(says(c.message) && says("net.py:7")) << diags.render();
    }
  }
}

TEST_F(Interpreter, ReportsGatherAndScatterPositions) {
  parse("graph t(x: f32[3,1], i: i64[1,1]) { y = gather(x, i, dim=0); return y; }");
  Tensor x = Tensor::fromFloats({3, 1}, {0, 1, 2});
  EXPECT_TRUE(run({x, Tensor::fromInts({1, 1}, {3})}).empty());
  EXPECT_TRUE(says("index 3 in `index`")) << diags.render();
  parse("graph t(x: f32[3,1], i: i64[1,1]) { y = scatter(x, i, x, dim=0); return y; }");
  diags.clear();
  EXPECT_TRUE(run({x, Tensor::fromInts({1, 1}, {-1})}).empty());
  EXPECT_TRUE(says("index -1 in `index`")) << diags.render();
}

TEST_F(Interpreter, ReportsIntegerDivisionByZero) {
  for (const char *statement : {"div(a, b, rounding_mode=\"floor\")", "remainder(a, b)",
                                "div(a, b, rounding_mode=\"trunc\")", "fmod(a, b)"}) {
    SCOPED_TRACE(statement);
    diags.clear();
    parse("graph t(a: i32[2], b: i32[2]) { y = " + std::string(statement) + "; return y; }");
    Tensor a = Tensor::fromDoubles({DType::I32, {2}}, {5, 5});
    EXPECT_TRUE(run({a, Tensor::fromDoubles({DType::I32, {2}}, {1, 0})}).empty());
    EXPECT_TRUE(says("integer division by zero: element 1 of `other` is 0")) << diags.render();
  }
  diags.clear();
  parse("graph t(a: i32[1], b: i32[1]) { y = div(a, b); return y; }");
  auto out = run({Tensor::fromDoubles({DType::I32, {1}}, {5}), Tensor::zeros({DType::I32, {1}})});
  ASSERT_EQ(out.size(), 1u) << diags.render();
  EXPECT_EQ(out[0].getDouble(0), INFINITY);
}

/// What evaluation does where nobody has checked: it stays inside, and has no undefined behaviour.
TEST_F(Interpreter, EvaluationIsTotal) {
  parse("graph t(x: i64[3], i: i64[2], e: i64[0]) { a = index_select(x, i, dim=0); "
        "b = index(x, i); c = remainder(i, i); d = div(i, i, rounding_mode=\"floor\"); "
        "f = index_select(e, i, dim=0); return a, b, c, d, f; }");
  auto at = [&](int64_t first, int64_t second) { return Tensor::fromInts({2}, {first, second}); };
  Tensor x = Tensor::fromInts({3}, {10, 11, 12}), e = Tensor::fromInts({0}, {});
  Tensor far = at(INT64_MAX, INT64_MIN), none = at(0, 0);
  auto evaluate = [&](unsigned output, llvm::ArrayRef<const Tensor *> operands) {
    return evaluateConstants(*graph->outputs()[output].value->node(), operands)[0];
  };
  EXPECT_TRUE(evaluate(0, {&x, &far}).identical(at(12, 10)));
  EXPECT_TRUE(evaluate(1, {&x, &far}).identical(at(12, 10)));
  EXPECT_TRUE(evaluate(2, {&far, &none}).identical(none));
  EXPECT_TRUE(evaluate(3, {&far, &none}).identical(none));
  EXPECT_TRUE(evaluate(4, {&e, &far}).identical(none));
  Tensor minus = at(-1, -1); // INT64_MIN / -1 wraps
  EXPECT_TRUE(evaluate(3, {&far, &minus}).identical(at(-INT64_MAX, INT64_MIN)));
  EXPECT_TRUE(findRuntimeError(*graph->outputs()[3].value->node(), {&far, &none}).has_value());
}

} // namespace
