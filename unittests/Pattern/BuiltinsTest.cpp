// SPDX-License-Identifier: Apache-2.0
//
// The functions of the language, each in conditions that must hold, must not hold, or have no
// value; the kernel functions against the convolutions they stand for.
#include "Helpers.h"

#include "wnnx/Pattern/TensorExpr.h"
#include "wnnx/Pattern/Types.h"

#include <set>

using namespace wnnx;
using namespace wnnx::pat;
using namespace wnnx::pat::test;

namespace {

/// Whether a rule with this condition fires at `y = relu(x)`; w is [3, 4] 0..11, v is [4], h is
/// above zero, m is a linear of x.
bool holds(const std::string &condition) {
  Rules rules(
      "rule r : s, class real { match { y = relu(x); m = linear(x, w: const);\n"
      "  v = mul(x, p: const); n = add(x, i: const); } where "
      "rank(x) == 3 && (" +
      condition + ")" +
      "; rewrite { y = neg(x); m = linear(x, w * 1); v = mul(x, p + 1); n = add(x, i + 1); } }");
  if (!rules) {
    ADD_FAILURE() << condition << "\n" << rules.diags.render();
    return false;
  }
  Diagnostics diags;
  auto g = graphOf(R"((x: f32[2,3,4]) {
    const w: f32[3,4] = dense[0,1,2,3,4,5,6,7,8,9,10,11];
    const p: f32[4] = dense[0,2,0,3];
    const i: f32[4] = dense[2,0,3,1];
    y = relu(x);
    m = linear(x, w);
    v = mul(x, p);
    n = add(x, i);
    s = softmax(y, dim=-1);
    return s, m, v, n;
  })",
                   diags);
  RewriteOptions options;
  Match match;
  bool any = false;
  for (Node *n : nodesOf(*g)) {
    for (const auto &r : rules.set->program().rules)
      any |= Matcher(*r, options).match(n, match) == MatchOutcome::Matched;
  }
  return any;
}

const char *const yes[] = {
    // Values.
    "rank(x) == 3", "numel(w) == 12", "dim(x, -1) == 4", "shape(x) == [2, 3, 4]",
    "shape(w.reshape([2, 6])) == [2, 6]", "is_input(x) && !is_input(y)", "op_of(y) == \"relu\"",
    "op_of(x) == \"input\"", "uses(x) == 4", "only_used_by(y, [\"softmax\"])",
    "only_used_by(x, [\"relu\", \"linear\", \"elementwise_binary\"])",
    "only_used_by(x, [y, m, v, n])", "is_output(m) && !is_output(y)",
    // Costs.
    "macs(m) == 72", "bytes(x) == 96", "weight_bytes(m) == 48", "data_bytes(y) == 192",
    "macs(linear(x, w[0:1])) == 24", "macs(linear(slice(x, dim = 1, end = 1), w)) < macs(m)",
    "numel(slice(x, dim = 2, start = 0, end = 1)) == 6", "shape(cat([x, x], dim = 1)) == [2, 6, 4]",
    "bytes(to(x, dtype = f16)) == 48", "weight_bytes(linear(x, cat([w, w], 0))) == 96",
    // Facts.
    "range(y).lo == 0", "is_nonneg(y) && !is_nonneg(x)", "!is_finite(x)", "is_finite(w)",
    "is_integral(w)", "!is_positive(y)",
    // Lists.
    "unique([1, 2, 1]) == [1, 2]", "index_of([4, 5], 5) == 1", "without([1, 2, 3], 1) == [1, 3]",
    "inserted([1, 2], 2, 9) == [1, 2, 9]", "inserted([1, 2], 0, 9) == [9, 1, 2]",
    "replaced_at([1, 2], -1, 9) == [1, 9]", "sorted([3, 1, 2]) == [1, 2, 3]",
    "smallest([3, 1]) == 1 && largest([3, 1]) == 3", "prefix_sum([2, 3, 4]) == [0, 2, 5]",
    "compose_perm([1, 2, 0], [0, 2, 1]) == [1, 0, 2]", "inverse_perm([1, 2, 0]) == [2, 0, 1]",
    // Dimensions.
    "broadcasts([3, 1], [4])", "!broadcasts([3], [4])", "broadcast([3, 1], [4]) == [3, 4]",
    "perm_dim([0, 2, 1], -1) == 1", "map_dim([2, 3, 4], [2, 3, 2, 2], 1) == 1",
    "map_dim([2, 3, 4], [6, 4], 2) == 1", "map_dim([1, 2, 3], [2, 1, 3], 1) == 0",
    "map_dim([2, 1, 1, 3], [2, 1, 3], 3) == 2",
    // A head of [N, S, H, D] is a run of [N, S, H * D]; rows of [N * S, C] are entries of N.
    "map_slice([2, 3, 4, 5], [2, 3, 20], { dim = 2, start = 1, end = 3, step = 1 }) == "
    "{ dim = 2, start = 5, end = 15, step = 1 }",
    "map_slice([6, 4], [2, 3, 4], { dim = 0, start = 3, end = 6, step = 1 }) == "
    "{ dim = 0, start = 1, end = 2, step = 1 }",
    "map_slice([2, 3, 4], [2, 3, 2, 2], { dim = -2, start = 0, end = 3, step = 2 }) == "
    "{ dim = 1, start = 0, end = 3, step = 2 }",
    "norm_slice([2, 7], { dim = -1, start = -3, end = MAX, step = 2 }) == "
    "{ dim = 1, start = 4, end = 7, step = 2 }",
    "norm_slice([9], { dim = 0, start = 1, end = 9, step = 3 }) == "
    "{ dim = 0, start = 1, end = 8, step = 3 }",
    "compose_slices([10], { dim = 0, start = 1, end = 9, step = 2 }, "
    "{ dim = 0, start = 1, end = 3, step = 2 }) == { dim = 0, start = 3, end = 4, step = 4 }",
    "slice_shape([2, 7], { dim = 1, start = 1, end = MAX, step = 3 }) == [2, 2]",
    // Arithmetic.
    "abs(logit(sigmoid(0.3)) - 0.3) < 1e-9", "sign(-2) == -1", "round(2.5) == 2.0",
    "abs(erf(1) - 0.8427007929) < 1e-9", "log1p(expm1(0.5)) > 0.4999",
    // Tensors.
    "all_close(stack([p, p], 0)[1], p, 0.0)", "shape(stack([p, p, p], -1)) == [4, 3]",
    "numbers(gather(p, 0, i)) == [0.0, 0.0, 3.0, 2.0]",
    "numbers(dilate(arange(3) + 1, [2])) == [1.0, 0.0, 2.0, 0.0, 3.0]",
    "shape(matmul(ones([5, 2, 3]), ones([5, 3, 4]))) == [5, 2, 4]",
    // Predicates.
    "is_identity(eye(3)) && !is_identity(w)", "is_arange(w) && !is_arange(p)",
    "is_permutation(i) && !is_permutation(p)", "is_permutation([1, 0])", "is_uniform(ones([3]))",
    "splat_value(full([2], 7)) == 7.0", "ints(i) == [2, 0, 3, 1]", "zero_channels(p, 0) == [0, 2]",
    "nonzero_channels(p, -1) == [1, 3]", "zero_channels(w, 0) == []", "is_splat(p * 0, 0)",
    "has_kernel(target, \"relu\")"};

/// Conditions without a value, which do not hold either way.
const char *const neither[] = {
    "index_of([1], 2) == 0",
    "without([1], 1) == []",
    "smallest([]) == 0",
    "map_dim([2, 3, 4], [24], 1) == 0",
    "map_dim([4, 4], [2, 2, 4], 0) == 0",
    "map_dim([0, 3], [3, 0], 1) == 0",
    "map_slice([6, 4], [2, 3, 4], { dim = 0, start = 2, end = 4, step = 1 }).dim == 0",
    "map_slice([2, 6], [2, 3, 2], { dim = 1, start = 0, end = 6, step = 2 }).dim == 0",
    "splat_value(p) == 0",
    "ints(p / 4) == []",
    "shape(gather(p, 0, w)) == []",
    "macs(linear(x, p)) == 0",
    "shape(cat([x, m], dim = 0)) == []",
    "item(p) == 0",
    "shape(compose_conv(ones([2, 3, 1, 1]), ones([4, 3, 1, 1]))) == []",
    "shape(dilate(p, [0])) == []",
    "broadcast([2], [3]) == []"};

} // namespace

TEST(Builtins, ConditionsThatHold) {
  for (const char *c : yes)
    EXPECT_TRUE(holds(c)) << c;
}

TEST(Builtins, ConditionsWithoutAValue) {
  for (const char *c : neither) {
    EXPECT_FALSE(holds(c)) << c;
    EXPECT_FALSE(holds(std::string("!(") + c + ")")) << c;
  }
}

TEST(Builtins, TheGraphIsNotTouchedByQuestions) {
  Rules rules("rule r : s, class real { match { y = relu(x); }\n"
              "  when macs(linear(x, zeros([7, 4]))) < 0; rewrite { y = neg(x); } }");
  ASSERT_TRUE(rules);
  Diagnostics diags;
  auto g = graphOf("(x: f32[2,3,4]) { y = relu(x); return y; }", diags);
  std::string before = printGraph(*g);
  RewriteOptions options;
  Match match;
  Matcher(*rules.set->program().rules[0], options).match(g->front(), match);
  EXPECT_EQ(printGraph(*g), before);
  EXPECT_EQ(g->input(0)->uses().size(), 1u);
}

TEST(Builtins, EachBelongsToAGroupAndHasANameOfItsOwn) {
  std::set<std::string> names;
  for (const BuiltinInfo &b : allBuiltins()) {
    EXPECT_TRUE(names.insert(b.name).second) << b.name;
    EXPECT_FALSE(b.doc.empty());
    EXPECT_FALSE(builtinGroupTitle(b.group).empty());
  }
}

static std::vector<double> conv(const Tensor &x, const TensorRef &w, int64_t groups,
                                std::vector<int64_t> dilation) {
  Graph g;
  Value *in = g.addInput("x", x.type());
  Value *k = g.addConstant(w->evaluate({DType::F64, w->shape}), "w");
  Diagnostics diags;
  FailureOr<Node *> n =
      buildNode(g, OpKind::Conv2d, {in, k}, {{"groups", groups}, {"dilation", std::move(dilation)}},
                {}, diags);
  EXPECT_TRUE(succeeded(n)) << diags.render();
  g.append(*n);
  g.addOutput("y", (*n)->result());
  FailureOr<std::vector<Tensor>> out = interpret(g, {x}, diags);
  EXPECT_TRUE(succeeded(out));
  return (*out)[0].toDoubles();
}

static void expectClose(const std::vector<double> &a, const std::vector<double> &b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i)
    ASSERT_NEAR(a[i], b[i], 1e-12) << i;
}

TEST(Builtins, ComposedKernelsAreTwoConvolutions) {
  struct Case {
    int64_t groups, kh, kw, lh, lw;
  };
  for (Case c : {Case{1, 1, 1, 3, 3}, Case{1, 3, 2, 2, 4}, Case{2, 3, 3, 1, 1}, Case{2, 2, 3, 3, 1},
                 Case{1, 1, 1, 1, 1}}) {
    TensorBuilder b;
    Tensor x = randomTensor({DType::F64, {2, 4, 9, 8}}, 1);
    TensorRef u = b.leaf(randomTensor({DType::F64, {6, 4 / c.groups, c.kh, c.kw}}, 2), "u");
    TensorRef v = b.leaf(randomTensor({DType::F64, {4, 6 / c.groups, c.lh, c.lw}}, 3), "v");
    Tensor mid = Tensor::fromDoubles({DType::F64, {2, 6, 10 - c.kh, 9 - c.kw}},
                                     conv(x, u, c.groups, {1, 1}));
    TensorRef both = b.composeConv(u, v, c.groups);
    ASSERT_TRUE(both) << b.why;
    expectClose(conv(x, both, c.groups, {1, 1}), conv(mid, v, c.groups, {1, 1}));
    TensorRef dense = b.denseKernel(u, c.groups);
    ASSERT_TRUE(dense) << b.why;
    expectClose(conv(x, dense, 1, {1, 1}), conv(x, u, c.groups, {1, 1}));
    TensorRef spread = b.dilate(u, {2, 3});
    ASSERT_TRUE(spread) << b.why;
    expectClose(conv(x, spread, c.groups, {1, 1}), conv(x, u, c.groups, {2, 3}));
  }
}

TEST(Builtins, LargeTensorsAreTheSameAsSmallOnes) {
  // Large enough for several threads and many blocks; compared with sums made by hand.
  TensorBuilder b;
  int64_t n = 700, m = 900;
  Tensor w = randomTensor({DType::F32, {n, m}}, 5), s = randomTensor({DType::F32, {n, 1}}, 6);
  TensorRef t = b.map(TensorFn::Mul, b.leaf(w, "w"), b.leaf(s, "s"));
  TensorRef both = b.cat({t, b.permute(b.permute(t, {1, 0}), {1, 0})}, 1);
  TensorRef padded = b.pad(both, {1, 0, 2, 3}, -1);
  std::vector<double> v = padded->values();
  Tensor out = padded->evaluate({DType::F32, padded->shape});
  ASSERT_EQ(padded->shape, (Shape{n + 1, 2 * m + 5}));
  int64_t width = 2 * m + 5;
  for (int64_t i = 0; i <= n; ++i) {
    for (int64_t j = 0; j < width; ++j) {
      bool inside = i > 0 && j >= 2 && j < width - 3;
      double want = inside ? w.getDouble((i - 1) * m + (j - 2) % m) * s.getDouble(i - 1) : -1;
      ASSERT_EQ(v[size_t(i * width + j)], want) << i << " " << j;
      ASSERT_EQ(out.getDouble(i * width + j), double(float(want)));
    }
  }
  std::vector<double> rows = b.reduce(TensorFn::Sum, t, {1}, false)->values();
  std::vector<double> product =
      b.matmul(b.leaf(w, "w"), b.permute(b.leaf(w, "w"), {1, 0}))->values();
  for (int64_t i : {int64_t(0), int64_t(1), n / 2, n - 1}) {
    double sum = 0, dot = 0;
    for (int64_t j = 0; j < m; ++j) {
      sum += w.getDouble(i * m + j) * s.getDouble(i);
      dot += w.getDouble(i * m + j) * w.getDouble((n - 1) * m + j);
    }
    EXPECT_EQ(rows[size_t(i)], sum);
    EXPECT_EQ(product[size_t(i * n + n - 1)], dot);
  }
}

TEST(Builtins, PiecesOfAWeightAreNotCopied) {
  TensorBuilder b;
  Tensor w = randomTensor({DType::F32, {4, 6}}, 1);
  TensorRef rows = b.slice(b.leaf(w, "w"), 0, 1, 3, 1);
  EXPECT_EQ(rows->evaluate({DType::F32, {2, 6}}).data(), w.data() + 6 * 4);
  TensorRef columns = b.slice(b.leaf(w, "w"), 1, 1, 3, 1);
  EXPECT_EQ(columns->evaluate({DType::F32, {4, 2}}).getDouble(2), w.getDouble(7));
}

TEST(Builtins, LongIntegersAreMovedUnharmed) {
  TensorBuilder b;
  int64_t big = (int64_t(1) << 60) + 1;
  TensorRef t = b.leaf(Tensor::fromInts({3}, {big, -big, 5}), "i");
  TensorRef moved = b.cat({b.flip(t, {0}), b.select(t, 0, {1, 0})}, 0);
  Tensor out = moved->evaluate({DType::I64, {5}});
  EXPECT_EQ(out.getInt(2), big);
  EXPECT_EQ(out.getInt(3), -big);
}

TEST(Builtins, DeepExpressionsDoNotExhaustTheStack) {
  TensorBuilder b;
  TensorRef t = b.iota(3);
  for (int i = 0; i < 5000; ++i)
    t = b.map(TensorFn::Add, b.number(1, false), t);
  EXPECT_EQ(t->values(), (std::vector<double>{5000, 5001, 5002}));
  // Each is used twice: computed once, not 2^60 times.
  TensorRef d = b.iota(3);
  for (int i = 0; i < 60; ++i)
    d = b.map(TensorFn::Max, d, d);
  EXPECT_EQ(d->values(), (std::vector<double>{0, 1, 2}));
}
