// SPDX-License-Identifier: Apache-2.0
//
// Runs the `test` blocks of rule files: the rule under test is tried at every node of the block's
// graph, and what happened is compared with the expectation. Where a rule fired, the graph is also
// run before and after on random inputs, and the results are compared as the rule's class promises.
#include "wnnx/Eval/Interpreter.h"
#include "wnnx/IR/Text.h"
#include "wnnx/Ops/Infer.h"
#include "wnnx/Pattern/Matcher.h"

#include "fmt/format.h"
#include "llvm/Support/xxhash.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace wnnx::pat {

namespace {

/// Numbers from the name alone: the same in each run and on each machine.
Tensor randomTensor(const TensorType &type, std::string_view name, bool positive) {
  std::mt19937_64 engine(llvm::xxHash64(llvm::StringRef(name.data(), name.size())));
  auto unit = [&] { return double(engine() >> 11) * 0x1p-53; };
  std::vector<double> v(size_t(type.numel()));
  for (double &x : v) {
    x = positive ? 0.5 + unit() : 4 * unit() - 2;
    if (!isFloat(type.dtype))
      x = type.dtype == DType::Bool ? double(x > 0) : std::floor(3 * x);
  }
  return Tensor::fromDoubles(type, v);
}

std::unique_ptr<Graph> readGraph(const ast::TestDecl &t, Diagnostics &diags) {
  ParseOptions options;
  options.infer = [](Node &n, Diagnostics &d) { return inferNode(n, d); };
  // Tests stand for themselves: `file("random", NAME)` is no file, but numbers made from NAME.
  options.loadConstant = [](const std::string &path, const std::string &name,
                            const TensorType &type, SourceRange where,
                            Diagnostics &d) -> FailureOr<Tensor> {
    if (path == "random" || path == "positive")
      return randomTensor(type, name, path == "positive");
    return d.error(where, "pat-test", "a test cannot read files")
        .hint("write `file(\"random\", \"NAME\")` or `file(\"positive\", \"NAME\")` for numbers "
              "made from the name");
  };
  uint32_t at = t.graphBegin;
  return parseEmbeddedGraph(*t.range.file, at, diags, options);
}

/// The attempt that came farthest, over all nodes.
NearMiss bestMiss(const Graph &g, const Program &p, const std::string &ruleName,
                  const RewriteOptions &options) {
  NearMiss best;
  for (const auto &rule : p.rules) {
    if (!ruleName.empty() && rule->name != ruleName)
      continue;
    for (Node *n : nodesOf(g)) {
      if (std::find(rule->anchorKinds.begin(), rule->anchorKinds.end(), n->kind()) ==
          rule->anchorKinds.end())
        continue;
      Match m;
      Matcher(*rule, options).match(n, m, &best);
    }
  }
  return best;
}

/// What differs between the outputs of two graphs, or the empty string.
std::string compareResults(const Graph &before, const Graph &after, bool exact) {
  for (int round = 0; round < 3; ++round) {
    std::vector<Tensor> inputs;
    for (const auto &in : before.inputs())
      inputs.push_back(randomTensor(in->type(), fmt::format("{}{}", in->name(), round), false));
    Diagnostics scratch;
    FailureOr<std::vector<Tensor>> first = interpret(before, inputs, scratch),
                                   second = interpret(after, inputs, scratch);
    if (failed(first) || failed(second))
      return scratch.all().empty() ? "the graph cannot be run" : scratch.all()[0].message;
    const std::vector<Tensor> &a = *first, &b = *second;
    for (size_t i = 0; i < a.size(); ++i) {
      if (a[i].type() != b[i].type())
        return fmt::format("output {} changed its type", i);
      std::vector<double> x = a[i].toDoubles(), y = b[i].toDoubles();
      double largest = 0, worst = 0;
      for (size_t k = 0; k < x.size(); ++k) {
        if (std::isnan(x[k]) && std::isnan(y[k]))
          continue;
        largest = std::max(largest, std::fabs(x[k]));
        double d = x[k] == y[k] ? 0 : std::fabs(x[k] - y[k]);
        worst = std::isnan(d) ? INFINITY : std::max(worst, d);
      }
      if (worst > (exact ? 0 : 1e-5 * std::max(largest, 1e-3)))
        return fmt::format("output {} differs by {:.3g}; its largest value is {:.3g}", i, worst,
                           largest);
    }
  }
  return "";
}

std::string runTest(const ast::TestDecl &t, Graph &g, const RuleSet &rules, Diagnostics &diags) {
  RewriteOptions options;
  options.allow = EqPolicy::everything();
  options.verifyEach = true;
  if (t.rule)
    options.only = [&](std::string_view name) { return name == t.rule.text; };
  NearMiss best = bestMiss(g, rules.program(), t.rule.text, options);
  RewriteReport report;
  std::unique_ptr<Graph> original = g.clone();
  unsigned before = diags.errorCount();
  if (failed(applyRules(g, rules, options, report, diags)) || diags.errorCount() != before)
    return "the rules failed";
  uint64_t fired = report.applications;
  std::string dropped = report.notes.empty() ? "" : "; " + report.notes[0];
  if (t.fired) {
    if (t.times >= 0 && fired != uint64_t(t.times))
      return fmt::format("fired {} time{}, and {} is expected", fired, fired == 1 ? "" : "s",
                         t.times);
    if (!fired)
      return fmt::format("did not fire: {}{}",
                         best.reason.empty() ? "no node has the anchor's op" : best.reason,
                         dropped);
    bool exact = true;
    for (const auto &r : rules.program().rules)
      exact &= !report.rules[r->fileOrder].fired || r->eqClass == EqClass::Exact;
    return compareResults(*original, g, exact);
  }
  if (fired)
    return fmt::format("fired where `no_match` is expected; applications: {}", fired);
  if (best.reason.find(t.because) == std::string::npos &&
      dropped.find(t.because) == std::string::npos)
    return fmt::format("did not match, but because: {}{}", best.reason, dropped);
  return "";
}

} // namespace

FailureOr<std::vector<RuleTestResult>> runRuleTests(const RuleSet &rules, Diagnostics &diags,
                                                    std::string_view rule) {
  std::vector<RuleTestResult> results;
  bool ok = true;
  for (const ast::TestDecl &t : rules.program().tests) {
    if (!rule.empty() && t.rule.text != rule)
      continue;
    std::unique_ptr<Graph> g = readGraph(t, diags);
    if (!g) {
      ok = false;
      continue;
    }
    RuleTestResult r;
    r.name = t.name.text;
    r.place = t.range.str();
    r.why = runTest(t, *g, rules, diags);
    r.passed = r.why.empty();
    results.push_back(std::move(r));
  }
  if (!ok)
    return failure();
  return results;
}

} // namespace wnnx::pat
