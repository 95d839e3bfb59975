// SPDX-License-Identifier: Apache-2.0
//
// Applies rules to a graph: a worklist that begins at the outputs, an index from op to rules, and
// after each application only the neighbourhood again. Rules that feed each other for ever are
// stopped, with the cycle shown.
#include "MatchText.h"
#include "wnnx/Ops/Infer.h"
#include "wnnx/Pattern/Listener.h"
#include "wnnx/Pattern/Prefilter.h"
#include "wnnx/Pattern/Rewriter.h"
#include "wnnx/Pattern/Schedule.h"

#include "fmt/format.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"

#include <algorithm>
#include <chrono>
#include <deque>

namespace wnnx::pat {

namespace {

/// How a node came about by rules that did not make the graph smaller. Such chains are short unless
/// rules undo each other.
struct Chain {
  const Rule *rule;
  std::shared_ptr<const Chain> before;
  unsigned length;
};
using ChainRef = std::shared_ptr<const Chain>;
constexpr unsigned maxChain = 128, maxBoundedChain = 4096;

void add(Cost &to, const Cost &c) {
  to.macs += c.macs;
  to.weightBytes += c.weightBytes;
  to.dataBytes += c.dataBytes;
}

unsigned countNodes(const Graph &g) {
  unsigned n = 0;
  for (Node *node : nodesOf(g))
    n += node->kind() != OpKind::Constant;
  return n;
}

class Driver {
  Graph &g;
  const Program &program;
  const RewriteOptions &options;
  RewriteReport &report;
  Diagnostics &diags;
  Rewriter rewriter;
  std::vector<std::unique_ptr<Matcher>> matchers; // per rule
  std::vector<Prefilter> prefilters;              // per rule
  std::vector<const Rule *> byKind[numOps];
  std::string currentSet;
  OpSet present; // kinds of op that the graph has had since the rules were selected
  unsigned radius = 1;
  bool severalRoots = false; // some rule of the set has
  static constexpr size_t manyUsers = 32;
  /// Nodes to visit, with their numbers: those that are not queued any more were erased.
  std::deque<std::pair<uint64_t, Node *>> work;
  std::vector<bool> queued; // by the node's number, which grow with each new node
  llvm::DenseMap<Node *, ChainRef> chains;
  uint64_t fuel;
  bool stopped = false;

public:
  Driver(Graph &graph, const Program &p, const RewriteOptions &o, RewriteReport &r, Diagnostics &d)
      : g(graph), program(p), options(o), report(r), diags(d), rewriter(graph, o) {
    for (const auto &rule : program.rules) {
      matchers.push_back(std::make_unique<Matcher>(*rule, options));
      prefilters.emplace_back(*rule);
      report.rules.push_back(
          {rule->title(), rule->place(), rule->ruleset, std::string(eqClassName(rule->eqClass))});
    }
    fuel = 200 * (uint64_t(g.numNodes()) + 100);
    rewriter.onErase = [this](Node *n) {
      unqueue(n->id());
      chains.erase(n);
    };
  }

  LogicalResult runAll() {
    FailureOr<std::vector<ast::SchedTerm>> terms = planSchedule(program, options.schedule, diags);
    bool changed = false;
    return failed(terms) ? failure() : runTerms(*terms, changed);
  }

private:
  LogicalResult runTerms(const std::vector<ast::SchedTerm> &terms, bool &changed);
  LogicalResult runSet(const std::string &name, bool toFixpoint, bool &changed);
  void selectRules();
  bool canOccur(const Rule &r) const;
  bool enabled(const Rule &r) const;
  void push(Node *n) {
    if (!n || !n->isInserted() || n->kind() == OpKind::Constant)
      return;
    if (n->id() >= queued.size())
      queued.resize(n->id() + 1 + queued.size() / 2);
    if (!queued[n->id()])
      work.push_back({n->id(), n});
    queued[n->id()] = true;
  }
  /// Whether it was in the queue.
  bool unqueue(uint64_t id) {
    if (id >= queued.size() || !queued[id])
      return false;
    queued[id] = false;
    return true;
  }
  void pushAround(const RewriteEffect &effect);
  /// Nanoseconds, when somebody listens.
  uint64_t now() const {
    return options.listener ? uint64_t(std::chrono::steady_clock::now().time_since_epoch().count())
                            : 0;
  }
  bool matches(const Rule &rule, Node *n, Match &match);
  bool tryNode(Node *n, LogicalResult &outcome);
  bool tryByBenefit(const std::vector<const Rule *> &rules, Node *n, LogicalResult &outcome);
  bool fire(const Rule &rule, Match &match, LogicalResult &outcome);
  LogicalResult loop(const Rule &rule, const ChainRef &chain);
};

bool Driver::enabled(const Rule &r) const {
  return !r.off && options.allow.allows(r.eqClass, r.name) &&
         (!options.only || options.only(r.name));
}

/// Whether the graph has all the ops that the rule needs.
bool Driver::canOccur(const Rule &r) const {
  return !options.prefilter ||
         llvm::all_of(prefilters[r.fileOrder].requiredOps(),
                      [&](const OpSet &kinds) { return (kinds & present).any(); });
}

/// Indexes the rules of the current set by the ops of their anchors. Rules that need an op which
/// the graph does not have are left out until a rule makes one.
void Driver::selectRules() {
  for (auto &list : byKind)
    list.clear();
  radius = 1;
  severalRoots = false;
  for (const auto &r : program.rules) {
    if (r->ruleset != currentSet || !enabled(*r))
      continue;
    // Of all rules: one that is left out now must find its new ops' neighbours in the queue.
    radius = std::max(radius, r->radius);
    severalRoots |= r->roots.size() > 1 || r->hasSets;
    if (!canOccur(*r))
      continue;
    for (OpKind k : r->anchorKinds)
      byKind[size_t(k)].push_back(r.get());
  }
  for (auto &list : byKind) {
    std::stable_sort(list.begin(), list.end(), [](const Rule *a, const Rule *b) {
      if (a->benefit != b->benefit)
        return a->benefit > b->benefit;
      if (a->opCount != b->opCount)
        return a->opCount > b->opCount;
      return a->fileOrder < b->fileOrder;
    });
  }
}

LogicalResult Driver::runTerms(const std::vector<ast::SchedTerm> &terms, bool &changed) {
  for (const ast::SchedTerm &t : terms) {
    for (int64_t i = 0; t.star || i < t.repeat; ++i) {
      bool now = false;
      LogicalResult r = t.ruleset ? runSet(t.ruleset.text, t.star, now) : runTerms(t.group, now);
      if (failed(r))
        return failure();
      changed |= now;
      if (!now || stopped || (t.star && t.ruleset))
        break;
    }
  }
  return success();
}

LogicalResult Driver::runSet(const std::string &name, bool toFixpoint, bool &changed) {
  currentSet = name;
  present.reset();
  present.set(size_t(OpKind::Constant)); // rules make them at will
  work.clear();
  queued.clear();
  for (Node *n = g.back(); n; n = n->prev()) {
    present.set(size_t(n->kind()));
    push(n);
  }
  selectRules();
  size_t seeds = work.size();
  LogicalResult outcome = success();
  while (!work.empty() && !stopped) {
    // Without `*` each node that was there at the start is visited once.
    if (!toFixpoint && seeds-- == 0)
      break;
    auto [id, n] = work.front();
    work.pop_front();
    if (!unqueue(id)) // erased meanwhile
      continue;
    changed |= tryNode(n, outcome);
    if (failed(outcome))
      return failure();
  }
  if (options.listener)
    options.listener->ranSet(name);
  return success();
}

bool Driver::matches(const Rule &rule, Node *n, Match &match) {
  RuleStats &stats = report.rules[rule.fileOrder];
  ++stats.tried;
  if (options.prefilter && !prefilters[rule.fileOrder].admits(n))
    return false;
  NearMiss miss;
  miss.quiet = true;
  uint64_t start = now();
  MatchOutcome m = matchers[rule.fileOrder]->match(n, match, options.listener ? &miss : nullptr);
  if (options.listener)
    options.listener->attempted(rule, *n, m, miss, now() - start);
  if (m == MatchOutcome::OverBudget && ++stats.overBudget == 1)
    report.notes.push_back(
        fmt::format("{} ({}): an attempt at `{}` took more than {} steps and was given up",
                    rule.name, rule.place(), n->result()->name(), options.stepBudget));
  return m == MatchOutcome::Matched;
}

bool Driver::tryNode(Node *n, LogicalResult &outcome) {
  const std::vector<const Rule *> &rules = byKind[size_t(n->kind())];
  if (llvm::any_of(rules, [](const Rule *r) { return r->benefitCode != nullptr; }))
    return tryByBenefit(rules, n, outcome);
  for (const Rule *rule : rules) {
    Match match;
    if (matches(*rule, n, match) && fire(*rule, match, outcome))
      return true;
  }
  return false;
}

/// Where benefits depend on the match, all rules are matched before one fires.
bool Driver::tryByBenefit(const std::vector<const Rule *> &rules, Node *n, LogicalResult &outcome) {
  struct Candidate {
    const Rule *rule;
    Match match;
    int64_t benefit;
  };
  std::vector<Candidate> found;
  for (const Rule *rule : rules) {
    Match match;
    if (!matches(*rule, n, match))
      continue;
    int64_t benefit = rule->benefit;
    if (rule->benefitCode) {
      Slots scratch = match.slots;
      std::optional<Datum> d = Evaluator(*rule, scratch, options).eval(*rule->benefitCode);
      if (d && d->as<int64_t>())
        benefit = *d->as<int64_t>();
    }
    found.push_back({rule, std::move(match), benefit});
  }
  // The order among equals is that of the rules.
  std::stable_sort(found.begin(), found.end(),
                   [](const Candidate &a, const Candidate &b) { return a.benefit > b.benefit; });
  return llvm::any_of(found, [&](Candidate &c) { return fire(*c.rule, c.match, outcome); });
}

bool Driver::fire(const Rule &rule, Match &match, LogicalResult &outcome) {
  RuleStats &stats = report.rules[rule.fileOrder];
  ChainRef longest;
  for (Node *n : match.nodes) {
    if (auto it = chains.find(n);
        it != chains.end() && (!longest || it->second->length > longest->length))
      longest = it->second;
  }
  RewriteEffect effect;
  std::string why, anchor = match.nodes[0]->result()->name();
  uint64_t start = now();
  Application app{rule};
  if (options.listener) {
    app.loc = match.nodes[0]->loc();
    for (Node *n : match.nodes)
      app.matched.push_back(show(n->result()));
    app.anchor = app.matched[0];
  }
  if (!rewriter.apply(rule, match, effect, why)) {
    if (options.listener)
      options.listener->rejected(rule, *match.nodes[0], why, now() - start);
    if (++stats.rejected == 1)
      report.notes.push_back(fmt::format("{} ({}) matched at `{}` but was dropped: {}", rule.name,
                                         rule.place(), anchor, why));
    return false;
  }
  ++stats.fired;
  stats.nodesRemoved += effect.erased;
  stats.nodesAdded += effect.added.size();
  add(stats.removed, effect.removedCost);
  add(stats.added, effect.addedCost);
  ++report.applications;
  if (options.listener) {
    for (Node *n : effect.added)
      app.added.push_back(show(n->result()));
    app.erased = effect.erased;
    app.removedCost = effect.removedCost;
    app.addedCost = effect.addedCost;
    app.weightBytes = effect.weightBytes;
    app.weightNanos = effect.weightNanos;
    app.buildNanos = now() - start - effect.weightNanos;
    options.listener->applied(app);
  }
  pushAround(effect);
  ChainRef chain = longest;
  if (effect.added.size() >= effect.erased)
    chain = std::make_shared<Chain>(Chain{&rule, longest, (longest ? longest->length : 0) + 1});
  if (chain) {
    for (Node *n : effect.added)
      chains[n] = chain;
  }
  if (options.verifyEach && failed(verifyGraph(g, diags)))
    outcome = diags.error(rule.place(), "pat-verify",
                          fmt::format("rule `{}` left a graph that is not well-formed", rule.name));
  if (report.applications >= options.ruleLimit)
    stopped = true;
  unsigned limit = rule.bounded ? maxBoundedChain : maxChain;
  if ((chain && chain->length > limit) || --fuel == 0)
    outcome = loop(rule, chain);
  return true;
}

LogicalResult Driver::loop(const Rule &rule, const ChainRef &chain) {
  // The shortest repetition at the end of the chain is the cycle.
  std::vector<const Rule *> names;
  for (const Chain *c = chain.get(); c; c = c->before.get())
    names.push_back(c->rule);
  size_t period = 1;
  for (; period < names.size() / 2; ++period) {
    bool repeats = true;
    for (size_t i = 0; i + period < std::min(names.size(), 4 * period) && repeats; ++i)
      repeats = names[i] == names[i + period];
    if (repeats)
      break;
  }
  std::string cycle;
  for (size_t i = std::min(period, names.size()); i-- > 0;)
    cycle += names[i]->name + " -> ";
  cycle += names.empty() ? rule.name : names[std::min(period, names.size()) - 1]->name;
  return diags
      .error(rule.range, "pat-loop", fmt::format("rules feed each other for ever: {}", cycle))
      .hint("each rule should make something smaller; `when` can say what");
}

void Driver::pushAround(const RewriteEffect &effect) {
  bool newKind = false;
  for (Node *n : effect.added) {
    newKind |= !present[size_t(n->kind())];
    present.set(size_t(n->kind()));
  }
  if (newKind)
    selectRules();
  // Breadth first over defining and using nodes; patterns see no farther than their radius.
  llvm::DenseSet<Node *> seen;
  std::vector<Node *> frontier, next;
  auto visit = [&](Node *n, std::vector<Node *> &into) {
    if (n && n->isInserted() && n->kind() != OpKind::Constant && seen.insert(n).second) {
      into.push_back(n);
      push(n);
    }
  };
  // A value with many users does not become anybody's own by losing one; only rules with several
  // roots look from one user to another. Constants are shared at will and never exclusive.
  auto visitUsers = [&](Value *v, std::vector<Node *> &into) {
    if (v->constant() || (v->uses().size() > manyUsers && !severalRoots))
      return;
    for (const Use &u : v->uses())
      visit(u.user, into);
  };
  for (Node *n : effect.added) {
    visit(n, frontier);
    // Their users see a new definition, however many they are.
    for (unsigned i = 0; i < n->numResults(); ++i) {
      for (const Use &u : n->result(i)->uses())
        visit(u.user, frontier);
    }
  }
  for (Value *v : effect.touched) {
    visit(v->node(), frontier);
    visitUsers(v, frontier);
  }
  for (unsigned r = 0; r < radius && !frontier.empty(); ++r) {
    next.clear();
    for (Node *n : frontier) {
      for (Value *v : n->operands()) {
        if (v)
          visit(v->node(), next);
      }
      for (unsigned i = 0; i < n->numResults(); ++i) {
        visitUsers(n->result(i), next);
      }
    }
    std::swap(frontier, next);
  }
}

} // namespace

const RuleStats *RewriteReport::find(std::string_view rule) const {
  for (const RuleStats &r : rules) {
    if (r.rule == rule)
      return &r;
  }
  return nullptr;
}

LogicalResult applyRules(Graph &g, const RuleSet &rules, const RewriteOptions &options,
                         RewriteReport &report, Diagnostics &diags) {
  report = {};
  report.nodesBefore = countNodes(g);
  report.before = graphCost(g);
  LogicalResult outcome = success();
  if (options.ruleLimit > 0)
    outcome = Driver(g, rules.program(), options, report, diags).runAll();
  g.nameAll();
  report.nodesAfter = countNodes(g);
  report.after = graphCost(g);
  return outcome;
}

} // namespace wnnx::pat
