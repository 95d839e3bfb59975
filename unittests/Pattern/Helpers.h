// SPDX-License-Identifier: Apache-2.0
//
// What the tests of the rule language share: rules and graphs from text, numbers from names.
#pragma once

#include "wnnx/Eval/Interpreter.h"
#include "wnnx/IR/Text.h"
#include "wnnx/Ops/Infer.h"
#include "wnnx/Pattern/Matcher.h"
#include "wnnx/Pattern/Rules.h"

#include "gtest/gtest.h"

#include <cmath>
#include <random>

namespace wnnx::pat::test {

inline Tensor randomTensor(const TensorType &type, uint64_t seed, double low = -1,
                           double high = 1) {
  std::mt19937_64 engine(seed);
  std::vector<double> v(size_t(type.numel()));
  for (double &x : v)
    x = low + (high - low) * double(engine() >> 11) * 0x1p-53;
  return Tensor::fromDoubles(type, v);
}

inline std::unique_ptr<Graph> graphOf(const std::string &body, Diagnostics &diags) {
  const SourceFile &f = diags.addFile("graph", "wnnx 1;\ngraph g" + body);
  ParseOptions options;
  options.infer = [](Node &n, Diagnostics &d) { return inferNode(n, d); };
  options.loadConstant = [](const std::string &path, const std::string &, const TensorType &type,
                            SourceRange, Diagnostics &) -> FailureOr<Tensor> {
    uint64_t seed = std::hash<std::string>()(path);
    return path[0] == '+' ? randomTensor(type, seed, 0.5, 1.5) : randomTensor(type, seed);
  };
  std::unique_ptr<Graph> g = parseGraph(f, diags, options);
  EXPECT_TRUE(g) << diags.render();
  return g;
}

/// Rules, with the rule set `s` declared.
struct Rules {
  Diagnostics diags;
  std::optional<RuleSet> set;
  explicit Rules(const std::string &text, bool header = true) {
    FailureOr<RuleSet> r =
        loadRulesFromText("test.pat", (header ? "pat 1; ruleset s;\n" : "") + text, diags);
    if (succeeded(r))
      set = *r;
  }
  explicit operator bool() const { return set.has_value(); }
  std::string codes() const {
    std::string out;
    for (const Diagnostic &d : diags.all())
      out += (out.empty() ? "" : " ") + d.code;
    return out;
  }
};

struct Result {
  std::unique_ptr<Graph> graph;
  RewriteReport report;
  std::string text;
  bool ok = false;
  std::string errors;
};

inline Result rewrite(const std::string &rules, const std::string &graph,
                      RewriteOptions options = {}) {
  Result r;
  Rules loaded(rules);
  EXPECT_TRUE(bool(loaded)) << loaded.diags.render();
  Diagnostics diags;
  r.graph = graphOf(graph, diags);
  if (!loaded || !r.graph)
    return r;
  options.verifyEach = true;
  r.ok = succeeded(applyRules(*r.graph, *loaded.set, options, r.report, diags));
  r.errors = diags.render();
  PrintOptions print;
  print.types = false;
  r.text = printGraph(*r.graph, print);
  Diagnostics check;
  EXPECT_TRUE(succeeded(verifyGraph(*r.graph, check))) << check.render();
  return r;
}

inline bool has(const std::string &text, const std::string &part) {
  return text.find(part) != std::string::npos;
}

/// The largest difference between the outputs, relative to the largest value.
inline double difference(const Graph &a, const Graph &b, uint64_t seed = 1) {
  std::vector<Tensor> inputs;
  for (const auto &in : a.inputs())
    inputs.push_back(randomTensor(in->type(), seed++));
  Diagnostics diags;
  FailureOr<std::vector<Tensor>> x = interpret(a, inputs, diags), y = interpret(b, inputs, diags);
  EXPECT_TRUE(succeeded(x) && succeeded(y)) << diags.render();
  if (failed(x) || failed(y))
    return INFINITY;
  double worst = 0;
  for (size_t i = 0; i < x->size(); ++i) {
    EXPECT_EQ((*x)[i].type(), (*y)[i].type());
    double largest = 1e-6, diff = 0;
    for (int64_t k = 0; k < (*x)[i].numel(); ++k) {
      double p = (*x)[i].getDouble(k), q = (*y)[i].getDouble(k);
      largest = std::max(largest, std::fabs(p));
      diff = std::max(diff, std::fabs(p - q));
    }
    worst = std::max(worst, diff / largest);
  }
  return worst;
}

} // namespace wnnx::pat::test
