// SPDX-License-Identifier: Apache-2.0
//
// Running passes by name, and the passes shape, canonicalize and dce.
#include "PassTest.h"

using namespace wnnx;

namespace {

class Passes : public PassTest {};

TEST_F(Passes, UnknownNamesAreReportedBeforeAnythingRuns) {
  parse("graph t(x: f32[2]) { a = neg(x); return x; }");
  LogicalResult ok = runPasses(*graph, {"dce", "folds", "zzz"}, options, diags);
  EXPECT_TRUE(failed(ok));
  EXPECT_NE(diags.render().find("there is no pass `folds`; did you mean `fold`?"),
            std::string::npos)
      << diags.render();
  EXPECT_NE(diags.render().find("there is no pass `zzz`"), std::string::npos) << diags.render();
  EXPECT_EQ(ops(), "neg");
}

TEST_F(Passes, EachReportsWhetherItChangedTheGraph) {
  parse("graph t(x: f32[2]) { a = identity(x); b = neg(x); return a; }");
  std::string seen;
  options.afterPass = [&](std::string_view pass, const Graph &, bool changed) {
    seen += std::string(pass) + (changed ? "+ " : "- ");
  };
  EXPECT_TRUE(run("shape,canonicalize,fold,cse,dce,dce"));
  EXPECT_EQ(seen, "shape- canonicalize+ fold- cse- dce+ dce- ");
  EXPECT_FALSE(run("dce,cse"));
  EXPECT_FALSE(run(""));
}

TEST_F(Passes, TableIsComplete) {
  for (const PassInfo &pass : allPasses()) {
    EXPECT_EQ(lookupPass(pass.name), &pass);
    EXPECT_FALSE(pass.doc.empty());
  }
  EXPECT_EQ(lookupPass("nothing"), nullptr);
}

TEST_F(Passes, VerificationNamesThePass) {
  parse("graph t(x: f32[2]) { y = neg(x); return y; }");
  output()->setType({DType::F32, {3}});
  EXPECT_TRUE(failed(runPasses(*graph, {"dce"}, options, diags)));
  EXPECT_NE(diags.render().find("pass `dce`"), std::string::npos) << diags.render();
}

TEST_F(Passes, ShapeRepairsStaleTypes) {
  parse("graph t(x: f32[2,3]) { a = sum(x, dim=[1]); y = neg(a); return y; }");
  graph->input(0)->setType({DType::F16, {5, 3}});
  EXPECT_TRUE(run("shape"));
  EXPECT_EQ(output()->type().str(), "f16[5]");
  EXPECT_FALSE(run("shape"));
}

TEST_F(Passes, ShapeReportsRootCausesOnly) {
  parse("graph t(x: f32[2,3], z: f32[4]) { a = sum(x, dim=[1]); b = neg(a); c = sum(z, dim=[0]); "
        "return b, c; }");
  graph->input(0)->setType({DType::F32, {2}});
  graph->input(1)->setType({DType::F32, {}});
  EXPECT_TRUE(failed(runPasses(*graph, {"shape"}, options, diags)));
  EXPECT_EQ(diags.errorCount(), 1u) << diags.render(); // a scalar has dimension 0 for PyTorch
}

TEST_F(Passes, ShapeDoesNotDropUsedResults) {
  parse("graph t(x: f32[3]) { a, b, c = split(x, sizes=[1, 1, 1]); return a, c; }");
  output()->node()->setAttr("sizes", Attribute(std::vector<int64_t>{1, 2}));
  EXPECT_TRUE(failed(runPasses(*graph, {"shape"}, options, diags)));
  EXPECT_NE(diags.render().find("result 2 is used, but inference gives 2 results"),
            std::string::npos)
      << diags.render();
}

TEST_F(Passes, DceKeepsInputsAndOutputs) {
  parse("graph t(x: f32[2], unused: f32[2]) { a = neg(x); b = exp(a); c = abs(x); return c; }");
  EXPECT_TRUE(run("dce"));
  EXPECT_EQ(ops(), "abs");
  EXPECT_EQ(graph->inputs().size(), 2u);
}

struct CanonicalCase {
  const char *input;
  const char *statement;
  bool removed;
};

TEST_F(Passes, CanonicalizeRemovesWhatChangesNothing) {
  for (const CanonicalCase &c : std::vector<CanonicalCase>{
           {"f32[2,3]", "identity(x)", true},
           {"f32[2,3]", "dropout(x, p=0.3)", true},
           {"f32[2,3]", "contiguous(x)", true},
           {"f32[2,3]", "to(x, dtype=f32)", true},
           {"f32[2,3]", "to(x, dtype=f64)", false},
           {"f32[2,3]", "reshape(x, shape=[2, -1])", true},
           {"f32[2,2]", "reshape(x, shape=[4])", false},
           {"f32[2,3]", "permute(x, dims=[0, -1])", true},
           {"f32[2,2]", "permute(x, dims=[1, 0])", false},
           {"f32[1,2,1]", "permute(x, dims=[2, 1, 0])", true},
           {"f32[2,3]", "expand(x, shape=[-1, 3])", true},
           {"f32[2,3]", "slice(x, dim=1)", true},
           {"f32[2,3]", "slice(x, dim=1, start=-5, end=3)", true},
           {"f32[2,3]", "slice(x, dim=1, start=1)", false},
           {"f32[2,3]", "cat(x, dim=1)", true},
           {"f32[2,3]", "split(x, sizes=[2])", true},
           {"f32[2,3]", "pad(x, pad=[0, 0, 0, 0])", true},
           {"f32[2,3]", "pad(x, pad=[1, -1])", false},
           {"f32[2,3]", "repeat(x, repeats=[1, 1])", true},
           {"f32[2,3]", "repeat(x, repeats=[1, 1, 1])", false},
           {"f32[2,1]", "flip(x, dims=[1])", true},
           {"f32[2,3]", "flip(x, dims=[1])", false},
           {"f32[2,3]", "roll(x, shifts=[0], dims=[1])", true},
           {"f32[2,3]", "roll(x, shifts=[1], dims=[1])", false},
           {"f32[2,3]", "sum(x, dim=[0], keepdim=true)", false},
           {"f32[2,3]", "relu(x)", false},
       }) {
    SCOPED_TRACE(std::string(c.statement) + " of " + c.input);
    parse("graph t(x: " + std::string(c.input) + ") { y = " + c.statement + "; return out = y; }");
    EXPECT_EQ(run("canonicalize"), c.removed);
    EXPECT_EQ(output() == graph->input(0), c.removed);
    EXPECT_EQ(graph->outputs()[0].name, "out");
  }
}

TEST_F(Passes, SimplifyReachesAFixedPoint) {
  // The reshape becomes an identity only after the constants are one.
  parse("graph t(x: f32[2]) { const a: f32[2] = dense [1.0, 2.0]; const b: f32[2] = dense [1.0, "
        "2.0]; "
        "c = add(a, b); d = neg(c); e = neg(c); f = add(d, e); g = dropout(x); h = add(g, f); "
        "k = add(x, f); y = mul(h, k); unused = exp(y); return y; }");
  ASSERT_TRUE(succeeded(simplify(*graph, options, diags))) << diags.render();
  EXPECT_EQ(ops(), "constant add mul");
  EXPECT_TRUE(graph->lookup("f")->constant()->identical(Tensor::fromFloats({2}, {-4, -8})));
}

} // namespace
