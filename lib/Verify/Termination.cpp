// SPDX-License-Identifier: Apache-2.0
//
// Termination is tested as values are: on instances. Here conditions of profit count, since they
// are what stops many rules.
#include "wnnx/Verify/Termination.h"

#include "Generator.h"
#include "wnnx/Ops/Cost.h"
#include "wnnx/Pattern/Rewriter.h"

#include "fmt/format.h"
#include "llvm/ADT/DenseSet.h"

#include <algorithm>
#include <set>

namespace wnnx::verify {

using namespace pat;

int64_t measure(const Graph &g, const Measure &m) {
  auto counts = [&](const Node *n) { return llvm::is_contained(m.ops, n->kind()); };
  int64_t sum = 0;
  switch (m.kind) {
  case Measure::Nodes:
    for (const Node *n : nodesOf(g))
      sum += n->kind() != OpKind::Constant;
    return sum;
  case Measure::Macs:
    return graphCost(g).macs;
  case Measure::Bytes: {
    Cost c = graphCost(g);
    return c.weightBytes + c.dataBytes;
  }
  case Measure::Count:
    for (const Node *n : nodesOf(g))
      sum += counts(n);
    return sum;
  case Measure::DepthSum:
    for (const Node *n : nodesOf(g)) {
      if (!counts(n))
        continue;
      llvm::DenseSet<const Node *> seen;
      std::vector<const Node *> work{n};
      while (!work.empty()) {
        const Node *at = work.back();
        work.pop_back();
        for (const Value *v : at->operands()) {
          const Node *d = v ? v->node() : nullptr;
          if (d && d->kind() != OpKind::Constant && seen.insert(d).second)
            work.push_back(d);
        }
      }
      sum += int64_t(seen.size());
    }
    return sum;
  }
  return 0;
}

namespace {

constexpr unsigned instancesForTermination = 10, attemptsForTermination = 400;

std::string nameOf(const Measure &m) {
  static const char *names[] = {"nodes", "macs", "bytes", "count", "depth_sum"};
  std::string s = names[m.kind];
  for (size_t i = 0; i < m.ops.size(); ++i)
    s += (i ? ", " : "(") + std::string(opName(m.ops[i]));
  return m.ops.empty() ? s : s + ")";
}

void collectOps(const Pat &p, std::set<OpKind> &out) {
  if (p.kind == PatKind::Op || p.kind == PatKind::Flat || p.kind == PatKind::Chain)
    out.insert(p.kinds.begin(), p.kinds.end());
  for (const auto *list : {&p.operands, &p.elements, &p.kids}) {
    for (const PatPtr &k : *list) {
      if (k)
        collectOps(*k, out);
    }
  }
}

/// Ops that an expression may build. An op captured on the left may be any that the left side has.
void collectOps(const Code &c, const std::set<OpKind> &left, std::set<OpKind> &out) {
  if (c.kind == CodeKind::Build && c.opSlot >= 0)
    out.insert(left.begin(), left.end());
  else if (c.kind == CodeKind::Build || c.kind == CodeKind::BuildFlat)
    out.insert(c.op);
  for (const auto *list : {&c.kids, &c.operands, &c.spreads}) {
    for (const CodePtr &k : *list) {
      if (k)
        collectOps(*k, left, out);
    }
  }
}

struct RuleOps {
  std::set<OpKind> left, right;
};

class Checker {
  const RuleSet &rules;
  const Program &program;
  const VerifyOptions &options;
  TerminationReport report;
  std::vector<RuleOps> ops;
  std::vector<bool> shrinks, ran; // each application makes the graph smaller; there were some

  void say(std::string line) { report.text += line + "\n"; }

  const std::vector<Measure> &measuresOf(const Rule &r) const {
    if (!r.decreases.empty())
      return r.decreases;
    for (const Ruleset &s : program.rulesets) {
      if (s.name == r.ruleset)
        return s.order;
    }
    return r.decreases;
  }

  /// Whether the first measure that changes goes down; tells the ones that did not.
  static bool goesDown(llvm::ArrayRef<Measure> list, llvm::ArrayRef<int64_t> before,
                       llvm::ArrayRef<int64_t> after, std::string *which) {
    for (size_t i = 0; i < list.size(); ++i) {
      if (before[i] != after[i]) {
        if (which && after[i] > before[i])
          *which = fmt::format("`{}` goes from {} to {}", nameOf(list[i]), before[i], after[i]);
        return after[i] < before[i];
      }
    }
    if (which)
      *which = list.size() == 1 ? fmt::format("`{}` stays {}", nameOf(list[0]), before[0])
                                : "none of its measures changes";
    return false;
  }

  /// False when something was found that ends the search for this rule.
  bool onInstance(size_t index, Instance &in, const RewriteOptions &rewriting) {
    const Rule &rule = *program.rules[index];
    std::unique_ptr<Graph> original = in.graph->clone();
    const std::vector<Measure> &declared = measuresOf(rule);
    const std::vector<Measure> natural = {
        {Measure::Nodes, {}, {}}, {Measure::Macs, {}, {}}, {Measure::Bytes, {}, {}}};
    auto all = [&](llvm::ArrayRef<Measure> list) {
      std::vector<int64_t> v;
      for (const Measure &m : list)
        v.push_back(measure(*in.graph, m));
      return v;
    };
    in.graph->eraseDeadNodes();
    std::vector<int64_t> before = all(declared), naturalBefore = all(natural);
    Rewriter rewriter(*in.graph, rewriting);
    RewriteEffect effect;
    std::string why;
    if (!rewriter.apply(rule, in.match, effect, why))
      return true;
    in.graph->eraseDeadNodes();
    ran[index] = true;
    if (!goesDown(natural, naturalBefore, all(natural), nullptr))
      shrinks[index] = false;
    std::string which;
    if (!declared.empty() && !rule.bounded && !goesDown(declared, before, all(declared), &which)) {
      say(fmt::format("{}: {}: may not end: {}", rule.place(), rule.name, which));
      say(fmt::format(
          "    try: {} must go down with each application, as in `decreases "
          "count(relu);`, which counts nodes of an op; `bounded` in front of the braces "
          "if it ends for another reason",
          rule.decreases.empty()
              ? fmt::format("a measure of the `order` of `{}`, or of a `decreases` of "
                            "the rule itself,",
                            rule.ruleset)
              : "a measure of its `decreases`"));
      report.loops = true;
      return false;
    }
    RewriteOptions whole = rewriting;
    whole.only = [&](std::string_view name) {
      for (const auto &r : program.rules) {
        if (r->name == name && r->ruleset == rule.ruleset)
          return true;
      }
      return false;
    };
    Diagnostics scratch;
    RewriteReport ignored;
    if (failed(applyRules(*original, rules, whole, ignored, scratch))) {
      for (const Diagnostic &d : scratch.all()) {
        if (d.code != "pat-loop")
          continue;
        say(fmt::format("{}: {}: runs for ever on a graph on which it fires: {}", rule.place(),
                        rule.name, d.message));
        report.loops = true;
        return false;
      }
    }
    return true;
  }

  void run(size_t index) {
    const Rule &rule = *program.rules[index];
    RewriteOptions rewriting;
    rewriting.allow = EqPolicy::everything();
    Generator generator(rule, rewriting);
    uint64_t random = mixBits(options.seed + 77 * index);
    Trace nearest;
    std::vector<Trace> found;
    Progress best = -1;
    unsigned instances = 0;
    for (unsigned a = 0; a < attemptsForTermination && instances < instancesForTermination; ++a) {
      Trace start;
      random = mixBits(random);
      const Trace *from = !found.empty() && random % 2  ? &found[random / 7 % found.size()]
                          : found.empty() && random % 3 ? &nearest
                                                        : nullptr;
      if (from) {
        for (const auto &e : *from) {
          random = mixBits(random);
          if (random % 100 >= 30)
            start.insert(e);
        }
      }
      random = mixBits(random);
      Progress progress = 0;
      std::optional<Instance> in = generator.make(start, random, false, progress);
      if (!in) {
        if (progress >= best) {
          best = progress;
          nearest = std::move(start);
        }
        continue;
      }
      found.push_back(in->trace);
      ++instances;
      if (!onInstance(index, *in, rewriting))
        return;
    }
  }

  /// Cycles among rules of one set that were seen not to shrink the graph, by what their right
  /// sides make and their left sides look for.
  void interactions() {
    size_t n = program.rules.size();
    auto feeds = [&](size_t a, size_t b) {
      return std::any_of(ops[a].right.begin(), ops[a].right.end(),
                         [&](OpKind k) { return ops[b].left.count(k) != 0; });
    };
    std::vector<bool> reported(n, false);
    for (size_t start = 0; start < n; ++start) {
      if (!candidate(start) || reported[start])
        continue;
      // The shortest way back to the start, breadth first.
      std::vector<size_t> from(n, n), queue{start};
      bool closed = false;
      size_t last = start;
      for (size_t q = 0; q < queue.size() && !closed; ++q) {
        for (size_t b = 0; b < n && !closed; ++b) {
          if (!candidate(b) || program.rules[b]->ruleset != program.rules[start]->ruleset ||
              !feeds(queue[q], b))
            continue;
          if (b == start) {
            closed = true;
            last = queue[q];
          } else if (from[b] == n) {
            from[b] = queue[q];
            queue.push_back(b);
          }
        }
      }
      if (!closed)
        continue;
      std::vector<size_t> cycle;
      for (size_t at = last; at != start; at = from[at])
        cycle.push_back(at);
      std::string text = program.rules[start]->name;
      reported[start] = true;
      for (size_t i = cycle.size(); i-- > 0;) {
        text += " -> " + program.rules[cycle[i]]->name;
        reported[cycle[i]] = true;
      }
      report.cycles +=
          fmt::format("may feed each other: {} -> {}\n", text, program.rules[start]->name);
    }
  }

  bool candidate(size_t i) const {
    return ran[i] && !shrinks[i] && !program.rules[i]->bounded &&
           measuresOf(*program.rules[i]).empty();
  }

public:
  Checker(const RuleSet &r, const VerifyOptions &o)
      : rules(r), program(r.program()), options(o), ops(program.rules.size()),
        shrinks(program.rules.size(), true), ran(program.rules.size(), false) {}

  TerminationReport check(llvm::ArrayRef<RuleVerdict> verdicts) {
    std::set<std::string> wrong;
    for (const RuleVerdict &v : verdicts) {
      if (v.status != RuleVerdict::Passed)
        wrong.insert(v.place + v.rule);
    }
    for (size_t i = 0; i < program.rules.size(); ++i) {
      const Rule &r = *program.rules[i];
      for (const Stmt &s : r.stmts)
        collectOps(*s.pattern, ops[i].left);
      for (const RewriteAssign &a : r.rewrite)
        collectOps(*a.value, ops[i].left, ops[i].right);
      if (!r.off && !wrong.count(r.place() + r.name))
        run(i);
    }
    if (!report.loops)
      interactions();
    return std::move(report);
  }
};

} // namespace

TerminationReport checkTermination(const RuleSet &rules, llvm::ArrayRef<RuleVerdict> verdicts,
                                   const VerifyOptions &options) {
  return Checker(rules, options).check(verdicts);
}

} // namespace wnnx::verify
