// SPDX-License-Identifier: Apache-2.0
//
// Binary search over the number of applications: rules are deterministic, so the first N
// applications are the same in each run.
#include "wnnx/RuleTools/Bisect.h"

#include "wnnx/IR/Text.h"
#include "wnnx/Ops/Infer.h"

#include "llvm/ADT/StringRef.h"

namespace wnnx::pat {

FailureOr<BisectResult> bisectRules(const Graph &g, const RuleSet &rules,
                                    const RewriteOptions &rewrite,
                                    llvm::function_ref<bool(const Graph &)> good,
                                    Diagnostics &diags) {
  BisectResult result;
  MonitorOptions quiet;
  std::unique_ptr<Graph> graph;
  /// The graph after the first `n` applications; the monitor has seen them.
  auto apply = [&](uint64_t n, RuleMonitor &monitor) {
    graph = g.clone();
    RewriteOptions o = rewrite;
    o.ruleLimit = n;
    o.listener = &monitor;
    RewriteReport report;
    Diagnostics scratch;
    return applyRules(*graph, rules, o, report, scratch).succeeded() &&
           verifyGraph(*graph, scratch).succeeded();
  };
  auto works = [&](uint64_t n) {
    RuleMonitor monitor(rules, quiet, nullptr);
    ++result.runs;
    return apply(n, monitor) && good(*graph);
  };
  {
    RuleMonitor monitor(rules, quiet, nullptr);
    ++result.runs;
    bool fine = apply(UINT64_MAX, monitor) && good(*graph);
    result.applications = monitor.applications().size();
    if (fine)
      return result;
  }
  if (!works(0))
    return diags.error("bisect", "bisect", "the results are wrong without any rule")
        .hint("compare with `--expect` that belongs to this model, or raise `--tolerance`");
  uint64_t right = 0, wrong = result.applications;
  while (wrong - right > 1) {
    uint64_t middle = right + (wrong - right) / 2;
    (works(middle) ? right : wrong) = middle;
  }
  if (wrong == 0)
    return diags.error("bisect", "bisect",
                       "the rules fail without having been applied; see `wnnx-pat check`");
  result.guilty = wrong;
  RuleMonitor monitor(rules, quiet, nullptr);
  apply(wrong, monitor);
  if (monitor.applications().size() < wrong)
    return diags.error("bisect", "bisect", "the rules do not do the same twice");
  result.application = monitor.applications()[wrong - 1];
  RuleMonitor again(rules, quiet, nullptr);
  apply(wrong - 1, again);
  for (const std::string &m : result.application.matched) {
    llvm::StringRef name = llvm::StringRef(m).drop_front().split(' ').first;
    if (const Value *v = graph->lookup(name.str()); v && v->node())
      result.before = printNode(*v->node()) + "\n" + result.before;
  }
  return result;
}

} // namespace wnnx::pat
