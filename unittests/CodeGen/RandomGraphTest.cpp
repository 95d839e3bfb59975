// SPDX-License-Identifier: Apache-2.0
//
// Random graphs, compiled and interpreted: the results must agree whatever layouts, views, in-place
// results and arena offsets the plan chose.
#include "wnnx/CodeGen/CompileAndRun.h"
#include "wnnx/Eval/Interpreter.h"
#include "wnnx/IR/Text.h"
#include "wnnx/Ops/Infer.h"
#include "wnnx/Plan/Arena.h"

#include <cmath>
#include <gtest/gtest.h>
#include <random>

using namespace wnnx;

namespace {

class Generator {
  std::mt19937 random;
  Graph &g;
  Diagnostics diags;
  std::vector<Value *> values;

  unsigned below(size_t n) { return unsigned(random() % n); }
  Value *any() { return values[below(values.size())]; }
  Value *picture() {
    for (int i = 0; i < 20; ++i)
      if (Value *v = any(); v->rank() == 4)
        return v;
    return values[0];
  }
  Tensor floats(Shape s, float scale) {
    std::vector<float> v(static_cast<size_t>(s.numel()));
    for (float &x : v)
      x = (float(random() % 2001) / 1000 - 1) * scale;
    return Tensor::fromFloats(s, v);
  }
  Value *weight(Shape s, float scale) { return g.addConstant(floats(s, scale), "w"); }

  void add(OpKind k, std::vector<Value *> operands, std::vector<NamedAttr> attrs = {}) {
    FailureOr<Node *> n = buildNode(g, k, operands, std::move(attrs), {}, diags);
    if (failed(n))
      return;
    g.append(*n);
    for (unsigned i = 0; i < (*n)->numResults(); ++i)
      if ((*n)->result(i)->type().numel() < 40000)
        values.push_back((*n)->result(i));
  }
  using Ints = std::vector<int64_t>;

  void conv(Value *x) {
    int64_t c = x->dim(1), groups = 1, o = 4 * (1 + below(9));
    switch (below(4)) {
    case 0:
      groups = c;
      o = c;
      break;
    case 1:
      groups = c % 2 ? 1 : 2;
      break;
    default:
      break;
    }
    int64_t k = std::min<int64_t>({1 + 2 * int64_t(below(2)), x->dim(2) + 2, x->dim(3) + 2});
    Value *bias = below(2) ? weight(Shape{o}, 1) : nullptr;
    add(OpKind::Conv2d, {x, weight(Shape{o, c / groups, k, k}, 0.3f), bias},
        {{"groups", groups},
         {"padding", Ints{k / 2, k / 2}},
         {"stride", Ints{1 + int64_t(below(2)), 1}},
         {"act", below(3) ? "none" : "relu"}});
  }

  /// The last value, when it has p's batch, picture and c channels.
  Value *last(const Value *p, int64_t c) {
    Value *v = values.back();
    bool fits = v->rank() == 4 && v->shape() == Shape{p->dim(0), c, p->dim(2), p->dim(3)};
    return fits ? v : nullptr;
  }

  void pointwise(Value *x, int64_t channels) {
    add(OpKind::Conv2d,
        {x, weight(Shape{channels, x->dim(1), 1, 1}, 0.3f), weight(Shape{channels}, 1)},
        {{"act", below(2) ? "none" : "silu"}});
  }

  /// A batch norm or a gate, perhaps an activation, and a 1x1 convolution.
  void scaledConv(Value *p) {
    int64_t c = 4 * int64_t(2 + below(8));
    pointwise(p, c);
    Value *wide = last(p, c);
    if (!wide)
      return;
    if (below(2)) {
      add(OpKind::BatchNorm, {wide, weight(Shape{c}, 1),
                              g.addConstant(Tensor::splat({DType::F32, Shape{c}}, 1.5), "v"),
                              weight(Shape{c}, 1), below(2) ? weight(Shape{c}, 1) : nullptr});
    } else {
      add(OpKind::AdaptiveAvgPool2d, {wide}, {{"output_size", Ints{1, 1}}});
      Value *gate = values.back();
      if (gate->dim(1) != c || gate->dim(2) != 1)
        return;
      add(OpKind::Mul, {below(2) ? wide : gate, below(2) ? gate : wide});
    }
    if (below(2) && last(p, c))
      add(below(2) ? OpKind::Relu : OpKind::Hardswish, {values.back()});
    if (Value *scaled = last(p, c))
      pointwise(scaled, 4 * int64_t(1 + below(9)));
  }

  /// A concatenation of two, shuffled, and pieces of it.
  void shuffledPieces(Value *p) {
    int64_t half = 2 * int64_t(3 + below(12)), c = 2 * half;
    pointwise(p, half);
    Value *a = last(p, half);
    pointwise(p, half);
    Value *b = last(p, half);
    if (!a || !b || a == b)
      return;
    int64_t groups = below(2) ? 2 : half;
    add(OpKind::Cat, {a, b}, {{"dim", int64_t(1)}});
    if (!last(p, c))
      return;
    Value *cat = values.back();
    values.pop_back();
    add(OpKind::Reshape, {cat},
        {{"shape", Ints{p->dim(0), groups, c / groups, p->dim(2), p->dim(3)}}});
    Value *five = values.back();
    values.pop_back();
    add(OpKind::Permute, {five}, {{"dims", Ints{0, 2, 1, 3, 4}}});
    five = values.back();
    values.pop_back();
    add(OpKind::Reshape, {five}, {{"shape", Ints{p->dim(0), c, p->dim(2), p->dim(3)}}});
    Value *shuffled = values.back();
    int64_t first = 1 + int64_t(below(size_t(c - 1)));
    if (below(3))
      values.pop_back(); // only its pieces are used
    add(OpKind::Split, {shuffled}, {{"sizes", Ints{first, c - first}}, {"dim", int64_t(1)}});
  }

  /// Layer norm and linears over the channels, a layer scale, a sum.
  void channelsLastBlock(Value *p) {
    int64_t c = 4 * int64_t(1 + below(9));
    pointwise(p, c);
    Value *skip = last(p, c);
    if (!skip)
      return;
    size_t kept = values.size();
    add(OpKind::Permute, {skip}, {{"dims", Ints{0, 2, 3, 1}}});
    if (below(4))
      add(OpKind::LayerNorm, {values.back(), weight(Shape{c}, 1), weight(Shape{c}, 1)},
          {{"normalized_shape", Ints{c}}});
    int64_t wide = 4 * int64_t(1 + below(12));
    add(OpKind::Linear, {values.back(), weight(Shape{wide, c}, 0.2f), weight(Shape{wide}, 1)},
        {{"act", below(2) ? "gelu" : "none"}});
    add(OpKind::Linear,
        {values.back(), weight(Shape{c, wide}, 0.2f), below(2) ? weight(Shape{c}, 1) : nullptr});
    add(OpKind::Permute, {values.back()}, {{"dims", Ints{0, 3, 1, 2}}});
    Value *back = last(p, c);
    if (!back || values.size() < kept + 4)
      return;
    if (below(3)) // what lies between has no other use
      values.resize(kept);
    if (below(3)) {
      add(OpKind::Mul, {weight(Shape{c, 1, 1}, 1), back});
      back = values.back();
    }
    if (below(3)) {
      values.pop_back();
      add(OpKind::Add, {back, skip});
    } else {
      values.push_back(back);
    }
  }

  /// Rows of channels of two pictures, of which some columns are computed further, as detection
  /// heads end.
  void head(Value *p) {
    const size_t kept = values.size();
    int64_t c = 3 + int64_t(below(40)), first = 1 + int64_t(below(size_t(c - 1)));
    std::vector<Value *> parts;
    for (Value *from : {p, picture()}) {
      if (from->dim(0) != p->dim(0))
        continue;
      pointwise(from, c);
      if (Value *v = last(from, c)) {
        add(OpKind::Reshape, {v}, {{"shape", Ints{v->dim(0), c, v->dim(2) * v->dim(3)}}});
        parts.push_back(values.back());
      }
    }
    if (parts.empty() || parts.back()->rank() != 3)
      return;
    Value *all = parts[0];
    if (parts.size() > 1) {
      add(OpKind::Cat, parts, {{"dim", int64_t(2)}});
      all = values.back();
    }
    add(OpKind::Permute, {all}, {{"dims", Ints{0, 2, 1}}});
    Value *rows = values.back();
    values.resize(kept);
    if (below(4) == 0)
      values.push_back(rows);
    add(OpKind::Slice, {rows}, {{"dim", int64_t(2)}, {"end", first}});
    Value *left = values.back();
    add(OpKind::Slice, {rows}, {{"dim", int64_t(2)}, {"start", first}});
    Value *right = values.back();
    values.resize(values.size() - 2);
    if (left->rank() != 3 || right->rank() != 3 || left == right)
      return;
    add(OpKind::Sigmoid, {left});
    left = values.back();
    if (below(3))
      values.pop_back();
    std::vector<Value *> pieces{left, right};
    if (below(4) == 0)
      std::swap(pieces[0], pieces[1]);
    add(OpKind::Cat, pieces, {{"dim", int64_t(2)}});
  }

  /// Patches of a picture as rows behind a class token, as vision transformers begin.
  void patches(int64_t batch) {
    int64_t c = 1 + below(3), o = 64 + below(20), h = 8 + below(3), w = 8 + below(3);
    Value *x =
        g.addInput("image", {DType::F32, Shape{batch, c, 4 * h + below(5), 4 * w + below(9)}});
    const char *acts[] = {"none", "relu", "mish"};
    add(OpKind::Conv2d,
        {x, weight(Shape{o, c, h, w}, 0.1f), below(2) ? weight(Shape{o}, 1) : nullptr},
        {{"stride", Ints{h, w}}, {"act", acts[below(3)]}});
    Value *y = values.back();
    add(OpKind::Reshape, {y}, {{"shape", Ints{batch, o, y->dim(2) * y->dim(3)}}});
    add(OpKind::Permute, {values.back()}, {{"dims", Ints{0, 2, 1}}});
    if (below(2))
      add(OpKind::Cat, {weight(Shape{batch, 1, o}, 1), values.back()}, {{"dim", int64_t(1)}});
  }

  void step() {
    Value *x = any(), *p = picture();
    int64_t c = p->dim(1);
    switch (below(28)) {
    case 26:
    case 27:
      return head(p);
    case 20:
    case 21:
      return scaledConv(p);
    case 22:
    case 23:
      return shuffledPieces(p);
    case 24:
    case 25:
      return channelsLastBlock(p);
    case 0:
    case 1:
    case 2:
      return conv(p);
    case 3:
      return add(OpKind::Relu, {x});
    case 4:
      return add(OpKind::Sigmoid, {x});
    case 5:
    case 6:
      for (Value *y : values)
        if (y->shape() == x->shape() && below(2))
          return add(below(2) ? OpKind::Add : OpKind::Mul, {x, y});
      return add(OpKind::Add, {x, x});
    case 7: {
      std::vector<Value *> parts{p};
      for (Value *y : values)
        if (y->rank() == 4 && y->dim(0) == p->dim(0) && y->dim(2) == p->dim(2) &&
            y->dim(3) == p->dim(3) && parts.size() < 4 && below(2))
          parts.push_back(y);
      return add(OpKind::Cat, parts, {{"dim", int64_t(1)}});
    }
    case 8: {
      int64_t first = c > 1 ? 1 + below(size_t(c - 1)) : 1;
      if (below(2) && c > 16)
        first = 16;
      if (first < c)
        add(OpKind::Split, {p}, {{"sizes", Ints{first, c - first}}, {"dim", int64_t(1)}});
      return;
    }
    case 9:
      return add(OpKind::Slice, {x},
                 {{"dim", int64_t(below(size_t(x->rank())))},
                  {"start", int64_t(below(2))},
                  {"step", int64_t(1 + below(2))}});
    case 10:
      return add(OpKind::MaxPool2d, {p},
                 {{"kernel_size", Ints{2, 2}}, {"stride", Ints{1, 1}}, {"padding", Ints{1, 1}}});
    case 11:
      return add(OpKind::Reshape, {x}, {{"shape", Ints{x->dim(0), -1}}});
    case 12:
      if (x->rank() == 4)
        return add(OpKind::Permute, {x},
                   {{"dims", below(2) ? Ints{0, 2, 3, 1} : Ints{0, 1, 3, 2}}});
      return add(OpKind::Permute, {x}, {{"dims", Ints{1, 0}}});
    case 13:
      if (c % 2 == 0) {
        Value *before = values.back();
        add(OpKind::Reshape, {p}, {{"shape", Ints{p->dim(0), 2, c / 2, p->dim(2), p->dim(3)}}});
        if (values.back() == before)
          return;
        Value *five = values.back();
        values.pop_back();
        add(OpKind::Permute, {five}, {{"dims", Ints{0, 2, 1, 3, 4}}});
        five = values.back();
        values.pop_back();
        add(OpKind::Reshape, {five}, {{"shape", Ints{p->dim(0), c, p->dim(2), p->dim(3)}}});
      }
      return;
    case 14: {
      add(OpKind::AdaptiveAvgPool2d, {p}, {{"output_size", Ints{1, 1}}});
      Value *gate = values.back();
      if (gate->rank() == 4 && gate->dim(1) == c)
        add(OpKind::Mul, {p, gate});
      return;
    }
    case 15:
      return add(OpKind::BatchNorm, {p, weight(Shape{c}, 1),
                                     g.addConstant(Tensor::splat({DType::F32, Shape{c}}, 1.5), "v"),
                                     weight(Shape{c}, 1), nullptr});
    case 16:
      return add(OpKind::Pad, {p}, {{"pad", Ints{1, 0, 0, 1}}, {"value", 0.5}});
    case 17:
      return add(OpKind::Mean, {p}, {{"dim", Ints{2, 3}}, {"keepdim", bool(below(2))}});
    case 18: {
      Value *row = weight(Shape{x->shape().back()}, 1);
      return add(OpKind::Sub, {x, row});
    }
    default:
      if (x->rank() == 2 && x->dim(1) < 2000) {
        int64_t o = 1 + below(20);
        return add(OpKind::Linear, {x, weight(Shape{o, x->dim(1)}, 0.1f), weight(Shape{o}, 1)});
      }
      return conv(p);
    }
  }

public:
  Generator(Graph &graph, unsigned seed) : random(seed), g(graph) {}

  void run() {
    int64_t batch = 1 + int64_t(below(2));
    int64_t channels[] = {3, 8, 16, 20, 32};
    for (unsigned i = 0, n = 1 + below(2); i < n; ++i)
      values.push_back(
          g.addInput("x" + std::to_string(i),
                     {DType::F32, Shape{batch, channels[below(5)], 3 + int64_t(below(5)),
                                        3 + int64_t(below(5))}}));
    for (unsigned i = 0, n = 4 + below(16); i < n; ++i)
      step();
    if (below(8) == 0)
      patches(batch);
    g.nameAll();
    for (unsigned i = 0, n = 1 + below(4); i < n; ++i)
      g.addOutput("y" + std::to_string(i),
                  values[values.size() - 1 - below(std::min<size_t>(values.size(), 5))]);
    if (below(8) == 0)
      g.addOutput("again", g.outputs()[0].value);
    if (below(8) == 0)
      g.addOutput("same", g.input(0));
  }
};

TEST(RandomGraphs, CompiledAgreesWithInterpreted) {
  constexpr unsigned count = 160;
  std::vector<std::unique_ptr<Graph>> graphs;
  std::vector<std::unique_ptr<Plan>> plans;
  std::vector<cg::CompileJob> jobs;
  Diagnostics diags;
  for (unsigned seed = 0; seed < count; ++seed) {
    auto g = std::make_unique<Graph>();
    g->name = "random" + std::to_string(seed);
    Generator(*g, seed).run();
    ASSERT_TRUE(succeeded(verifyGraph(*g, diags))) << diags.render();
    FailureOr<Plan> plan = makePlan(*g, {}, diags);
    ASSERT_TRUE(succeeded(plan)) << diags.render();
    EXPECT_GE(plan->arenaBytes, plan->arenaLowerBound);
    plans.push_back(std::make_unique<Plan>(std::move(*plan)));
    jobs.push_back({plans.back().get(), g.get(), {}});
    graphs.push_back(std::move(g));
  }
  EXPECT_TRUE(llvm::any_of(plans, [](const auto &plan) {
    return llvm::any_of(plan->calls, [](const auto &c) {
      return c.formula.find("side by side") != std::string::npos;
    });
  })) << "no graph has patches";
  for (wnnrt_kernel_id wanted :
       {WNNRT_K_conv2d_scaled_c16, WNNRT_K_gather_channels_c16, WNNRT_K_layer_norm_c16})
    EXPECT_TRUE(llvm::any_of(plans,
                             [wanted](const auto &plan) {
                               return llvm::any_of(plan->calls, [wanted](const auto &c) {
                                 return c.kernel == wanted;
                               });
                             }))
        << "no graph needs " << kernelInfo(wanted).name;
  cg::CompileOptions options;
  options.flags = {"-O0"};
  auto models = cg::CompiledModels::build(jobs, options, diags);
  ASSERT_TRUE(succeeded(models)) << diags.render();
  std::mt19937 random(7);
  for (unsigned i = 0; i < count; ++i) {
    const Graph &g = *graphs[i];
    std::vector<Tensor> inputs;
    for (const auto &in : g.inputs()) {
      std::vector<float> v(static_cast<size_t>(in->type().numel()));
      for (float &x : v)
        x = float(random() % 2001) / 1000 - 1;
      inputs.push_back(Tensor::fromFloats(in->shape(), v));
    }
    auto want = interpret(g, inputs, diags);
    ASSERT_TRUE(succeeded(want)) << diags.render();
    auto got = (*models)->run(i, inputs, 0, diags);
    ASSERT_TRUE(succeeded(got)) << diags.render() << printPlan(*plans[i]);
    for (size_t o = 0; o < want->size(); ++o) {
      double largest = 0, worst = 0;
      for (int64_t k = 0; k < (*want)[o].numel(); ++k) {
        largest = std::max(largest, std::fabs((*want)[o].getDouble(k)));
        worst = std::max(worst, std::fabs((*want)[o].getDouble(k) - got->outputs[o].getDouble(k)));
      }
      EXPECT_LE(worst, 1e-4 * largest + 1e-30) << g.name << " output " << o << "\n"
                                               << printGraph(g) << printPlan(*plans[i]);
    }
  }
}

} // namespace
