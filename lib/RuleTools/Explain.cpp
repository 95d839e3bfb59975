// SPDX-License-Identifier: Apache-2.0
//
// The search for near misses: rules run as the schedule says, and whenever a set has come to rest
// the reference matcher tries its rules once more at every anchor that is left, this time taking
// notes. Of a set that runs several times, what is said is what the last run left.
#include "wnnx/RuleTools/Explain.h"

#include "Labels.h"
#include "wnnx/Pattern/Listener.h"
#include "wnnx/Pattern/Rewriter.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <functional>
#include <map>

namespace wnnx::pat {

namespace {

const char *stageName(NearMiss::Stage s) {
  switch (s) {
  case NearMiss::Structure:
    return "ops";
  case NearMiss::Attributes:
    return "attributes and types";
  case NearMiss::Uses:
    return "uses";
  case NearMiss::Where:
    return "where";
  case NearMiss::When:
    return "when";
  case NearMiss::Budget:
    return "step budget";
  }
  return "";
}

/// Which of its alternatives a place belongs to: the outermost choice around it.
bool findAlternative(const Pat &p, SourceRange where, size_t &index, size_t &count) {
  auto inside = [&](const Pat &k, auto &&self) -> bool {
    if (k.range.file == where.file && k.range.begin <= where.begin && where.end <= k.range.end)
      return true;
    for (const auto *list : {&k.kids, &k.operands, &k.elements}) {
      for (const PatPtr &c : *list) {
        if (c && self(*c, self))
          return true;
      }
    }
    return false;
  };
  if (p.kind == PatKind::Alt) {
    for (size_t i = 0; i < p.kids.size(); ++i) {
      if (inside(*p.kids[i], inside)) {
        index = i + 1;
        count = p.kids.size();
        return true;
      }
    }
  }
  for (const auto *list : {&p.kids, &p.operands, &p.elements}) {
    for (const PatPtr &c : *list) {
      if (c && findAlternative(*c, where, index, count))
        return true;
    }
  }
  return false;
}

struct Watcher : RewriteListener {
  std::map<std::string, std::vector<std::string>> at; // rule to anchors
  std::map<std::string, std::string> goneBy;          // "%y (relu)" to rule
  uint64_t applications = 0;
  std::function<void(const std::string &)> onSet;
  void applied(const Application &a) override {
    ++applications;
    at[a.rule.title()].push_back(a.anchor);
    for (const std::string &m : a.matched) {
      if (!llvm::is_contained(a.added, m))
        goneBy.emplace(m, a.rule.title());
    }
  }
  void ranSet(const std::string &set) override { onSet(set); }
};

class Explainer {
  Graph &g;
  const Program &program;
  const RuleSet &rules;
  const ExplainOptions &options;
  Diagnostics &diags;
  Watcher fired;

public:
  Explainer(Graph &graph, const RuleSet &r, const ExplainOptions &o, Diagnostics &d)
      : g(graph), program(r.program()), rules(r), options(o), diags(d) {}

  FailureOr<Explanation> run();

private:
  LogicalResult checkNames();
  RuleExplanation explain(const Rule &rule);
  Attempt attempt(const Rule &rule, const NearMiss &far, const std::vector<NearMiss> &missing);
  Obstacle obstacle(const NearMiss &m, const Rule &rule);
  std::optional<std::string> rejection(const Rule &rule, Node *anchor);
  bool allowed(const Rule &r) const;
};

bool Explainer::allowed(const Rule &r) const {
  return options.rewrite.allow.allows(r.eqClass, r.name);
}

LogicalResult Explainer::checkNames() {
  if (!options.rule.empty()) {
    std::vector<std::string_view> names;
    for (const auto &r : program.rules)
      names.push_back(r->name);
    if (!llvm::is_contained(names, std::string_view(options.rule)))
      return diags.error(
          "--rule", "no-rule",
          fmt::format("there is no rule `{}`{}", options.rule, didYouMean(options.rule, names)));
  }
  if (!options.node.empty() && !g.lookup(options.node)) {
    std::vector<std::string_view> names;
    for (Node *n : nodesOf(g)) {
      for (unsigned i = 0; i < n->numResults(); ++i)
        names.push_back(n->result(i)->name());
    }
    return diags
        .error("--node", "no-node",
               fmt::format("the model has no value `{}`{}", options.node,
                           didYouMean(options.node, names)))
        .hint("`wnnx-opt MODEL` prints the names");
  }
  return success();
}

Obstacle Explainer::obstacle(const NearMiss &m, const Rule &rule) {
  Obstacle o;
  o.stage = stageName(m.stage);
  o.kind = m.kind;
  o.reason = m.reason;
  o.expected = m.expected;
  o.actual = m.actual;
  o.where = m.where;
  o.hint = adviceFor(m, rule);
  const Value *v =
      m.value ? m.value : (m.node && m.node->numResults() ? m.node->result() : nullptr);
  if (v) {
    o.value = v->name();
    o.op = v->node() ? std::string(opName(v->node()->kind())) : "input";
    if (v->node() && v->node()->loc())
      o.location = v->node()->loc().str();
  }
  return o;
}

Attempt Explainer::attempt(const Rule &rule, const NearMiss &far,
                           const std::vector<NearMiss> &missing) {
  Attempt a;
  Node *n = far.node;
  a.node = n->result()->name();
  a.op = opName(n->kind());
  a.location = n->loc() ? n->loc().str() : "";
  a.ops = rule.opCount;
  a.opsMatched = missing.empty() ? far.ops : missing.back().ops;
  a.missedBy = unsigned(missing.size());
  if (missing.empty())
    a.obstacles.push_back(obstacle(far, rule));
  for (const NearMiss &m : missing)
    a.obstacles.push_back(obstacle(m, rule));
  // The ops of other alternatives were not asked for.
  if (!missing.empty())
    a.ops = std::min(a.ops, a.opsMatched);
  // An op that stands between the expected ones is matched, but not the pattern's.
  for (const NearMiss &m : missing)
    a.opsMatched -= m.kind == NearMiss::ExtraOp && a.opsMatched > a.ops;
  a.ops = std::max(a.ops, a.opsMatched); // of a set, each member is matched
  for (const Stmt &s : rule.stmts) {
    if (findAlternative(*s.pattern, a.obstacles[0].where, a.alternative, a.alternatives))
      break;
  }
  return a;
}

/// Why the right side does not fit, tried on a copy of the graph.
std::optional<std::string> Explainer::rejection(const Rule &rule, Node *anchor) {
  std::unique_ptr<Graph> copy = g.clone();
  Value *v = copy->lookup(anchor->result()->name());
  Match match;
  if (!v || !v->node() ||
      Matcher(rule, options.rewrite).match(v->node(), match) != MatchOutcome::Matched)
    return std::nullopt;
  RewriteEffect effect;
  std::string why;
  if (Rewriter(*copy, options.rewrite).apply(rule, match, effect, why))
    return std::nullopt;
  return why;
}

RuleExplanation Explainer::explain(const Rule &rule) {
  RuleExplanation e;
  e.rule = rule.title();
  e.place = rule.place();
  e.ruleset = rule.ruleset;
  e.eqClass = eqClassName(rule.eqClass);
  e.doc = rule.doc;
  e.firedAt = fired.at[rule.title()];
  e.fired = e.firedAt.size();
  std::string policy;
  if (rule.off)
    policy = "the rule is switched off (`off`)";
  else if (!allowed(rule))
    policy = fmt::format("rules of class `{}` are not allowed", e.eqClass);
  Matcher matcher(rule, options.rewrite);
  struct Found {
    Attempt attempt;
    NearMiss far;
  };
  std::vector<Found> found;
  for (Node *n : nodesOf(g)) {
    if (!llvm::is_contained(rule.anchorKinds, n->kind()) || !n->numResults())
      continue;
    ++e.anchors;
    if (!options.node.empty() && n->result()->name() != options.node)
      continue;
    Match match;
    NearMiss far;
    MatchOutcome outcome = matcher.match(n, match, &far);
    std::vector<NearMiss> missing;
    if (outcome == MatchOutcome::Matched) {
      // It matches and is still here: switched off, or the right side does not fit.
      std::optional<std::string> why = policy.empty() ? rejection(rule, n) : policy;
      if (!why)
        continue;
      far.set = true;
      far.stage = NearMiss::When;
      far.ops = match.nodes.size();
      far.node = n;
      far.where = rule.range;
      far.reason = *why;
      Attempt a = attempt(rule, far, {});
      a.missedBy = 1;
      a.obstacles[0].stage = policy.empty() ? "right side" : "policy";
      a.obstacles[0].hint =
          policy.empty() ? "the pattern matched, but the new ops do not fit: narrow the rule by a "
                           "condition in `where`"
          : rule.off
              ? "remove `off` to use it"
              : fmt::format("`--allow={}` or `--allow={}` lets it run", e.eqClass, rule.name);
      found.push_back({std::move(a), far});
      continue;
    }
    if (!far.set)
      continue;
    far.node = n;
    missing = matcher.missing(n, std::max(options.missedBy, 2u));
    if (options.missedBy && (missing.empty() || missing.size() > options.missedBy))
      continue;
    found.push_back({attempt(rule, far, missing), far});
  }
  std::stable_sort(found.begin(), found.end(), [](const Found &a, const Found &b) {
    unsigned x = a.attempt.missedBy ? a.attempt.missedBy : 1000;
    unsigned y = b.attempt.missedBy ? b.attempt.missedBy : 1000;
    return x != y ? x < y : a.far.betterThan(b.far);
  });
  // Attempts that failed by one condition of the rule are told once.
  std::map<std::tuple<const void *, uint32_t, int, unsigned, std::string>, size_t> byCondition;
  for (Found &f : found) {
    const Obstacle &o = f.attempt.obstacles[0];
    auto key = std::make_tuple(static_cast<const void *>(o.where.file), o.where.begin, int(o.kind),
                               f.attempt.missedBy, o.actual.substr(0, o.actual.find('%')));
    auto [it, fresh] = byCondition.emplace(key, e.attempts.size());
    if (!fresh) {
      if (it->second < e.attempts.size())
        e.attempts[it->second].alike.push_back(f.attempt.node);
      else
        ++e.others;
    } else if (e.attempts.size() < options.top || !options.node.empty()) {
      e.attempts.push_back(std::move(f.attempt));
    } else {
      ++e.others;
      it->second = SIZE_MAX;
    }
  }
  if (!e.anchors && !e.fired) {
    std::string ops;
    for (size_t i = 0; i < rule.anchorKinds.size() && i < 4; ++i)
      ops += (i ? ", " : "") + std::string(opName(rule.anchorKinds[i]));
    e.note = fmt::format("no node of the model is {}{}, with which the pattern ends",
                         rule.anchorKinds.size() > 1 ? "one of " : "", ops);
    if (rule.anchorKinds.size() > 4)
      e.note += fmt::format(" ({} ops in all)", rule.anchorKinds.size());
  } else if (!policy.empty()) {
    e.note = policy;
  }
  return e;
}

FailureOr<Explanation> Explainer::run() {
  if (checkNames().failed())
    return failure();
  Explanation all;
  std::map<unsigned, RuleExplanation> byOrder; // a rule `for` several ops is several of one name
  std::map<std::string, uint64_t> seen;        // applications when a set was last looked at
  auto look = [&](const std::string &set) {
    g.nameAll();
    auto [it, fresh] = seen.emplace(set, fired.applications);
    if (!fresh && it->second == fired.applications)
      return;
    it->second = fired.applications;
    for (const auto &r : program.rules) {
      if (r->ruleset == set && (options.rule.empty() || options.rule == r->name))
        byOrder[r->fileOrder] = explain(*r);
    }
  };
  fired.onSet = look;
  RewriteOptions rewrite = options.rewrite;
  rewrite.listener = &fired;
  RewriteReport report;
  if (applyRules(g, rules, rewrite, report, diags).failed())
    return failure();
  if (rewrite.ruleLimit == 0) { // only look: nothing ran
    for (const Ruleset &s : program.rulesets)
      look(s.name);
  }
  for (const auto &r : program.rules) {
    if (!seen.count(r->ruleset) && (options.rule.empty() || options.rule == r->name)) {
      RuleExplanation &e = byOrder[r->fileOrder] = explain(*r);
      e.attempts.clear();
      e.note =
          fmt::format("its rule set `{}` is not in schedule `{}`", r->ruleset, rewrite.schedule);
    }
  }
  for (auto &[order, explanation] : byOrder)
    all.rules.push_back(std::move(explanation));
  if (!options.node.empty()) {
    for (const auto &[name, rule] : fired.goneBy) {
      if (name.starts_with("%" + options.node + " ("))
        all.nodeGone = rule;
    }
  }
  return all;
}

} // namespace

FailureOr<Explanation> explainRules(Graph &g, const RuleSet &rules, const ExplainOptions &options,
                                    Diagnostics &diags) {
  return Explainer(g, rules, options, diags).run();
}

} // namespace wnnx::pat
