// SPDX-License-Identifier: Apache-2.0
//
// Runs the `test` blocks of rule files: the rule under test is tried at every node of the block's
// graph, and what happened is compared with the expectation.
#include "wnnx/IR/Text.h"
#include "wnnx/Ops/Infer.h"
#include "wnnx/Pattern/Matcher.h"

#include "fmt/format.h"

namespace wnnx::pat {

namespace {

std::unique_ptr<Graph> readGraph(const ast::TestDecl &t, Diagnostics &diags) {
  ParseOptions options;
  options.infer = [](Node &n, Diagnostics &d) { return inferNode(n, d); };
  options.loadConstant = [](const std::string &, const std::string &, const TensorType &,
                            SourceRange where, Diagnostics &d) -> FailureOr<Tensor> {
    return d.error(where, "pat-test", "a test's constants are written in place");
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

std::string runTest(const ast::TestDecl &t, Graph &g, const RuleSet &rules, Diagnostics &diags) {
  RewriteOptions options;
  options.allowRelaxed = true;
  options.verifyEach = true;
  if (t.rule)
    options.only = [&](std::string_view name) { return name == t.rule.text; };
  NearMiss best = bestMiss(g, rules.program(), t.rule.text, options);
  RewriteReport report;
  unsigned before = diags.errorCount();
  if (failed(applyRules(g, rules, options, report, diags)) || diags.errorCount() != before)
    return "the rules failed";
  uint64_t fired = report.applications;
  std::string dropped = report.notes.empty() ? "" : "; " + report.notes[0];
  if (t.fired) {
    if (t.times >= 0 && fired != uint64_t(t.times))
      return fmt::format("fired {} times, not {}", fired, t.times);
    if (!fired)
      return fmt::format("did not fire: {}{}",
                         best.reason.empty() ? "no node has the anchor's op" : best.reason, dropped);
    return "";
  }
  if (fired)
    return fmt::format("fired {} times", fired);
  if (best.reason.find(t.because) == std::string::npos &&
      dropped.find(t.because) == std::string::npos)
    return fmt::format("did not match, but because: {}{}", best.reason, dropped);
  return "";
}

} // namespace

FailureOr<std::vector<RuleTestResult>> runRuleTests(const RuleSet &rules, Diagnostics &diags) {
  std::vector<RuleTestResult> results;
  bool ok = true;
  for (const ast::TestDecl &t : rules.program().tests) {
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
