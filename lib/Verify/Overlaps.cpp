// SPDX-License-Identifier: Apache-2.0
//
// Critical pairs by construction: the pattern of the one rule is built with that of the other at
// one of its ops (SharedBuilder.cpp), the matcher confirms that both rules match there, and the
// rules are run to their end after each of the two.
#include "wnnx/Verify/Overlaps.h"

#include "CanonicalText.h"
#include "Check.h"
#include "GraphValues.h"
#include "InstanceBuilder.h"
#include "wnnx/IR/Text.h"
#include "wnnx/Ops/Cost.h"
#include "wnnx/Pattern/Rewriter.h"

#include "fmt/format.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/STLFunctionalExtras.h"

#include <map>
#include <thread>

namespace wnnx::verify {

using namespace pat;

namespace {

constexpr unsigned attemptsEach = 150, meetingsEach = 3, shrinkSteps = 24;

/// Ops of a rule's left side at which another rule's root can stand.
void collectSites(const Pat &p, std::vector<const Pat *> &out) {
  if (p.kind == PatKind::Op)
    out.push_back(&p);
  for (const auto *list : {&p.operands, &p.elements, &p.kids}) {
    for (const PatPtr &k : *list) {
      if (k)
        collectSites(*k, out);
    }
  }
}

/// Whether the ops that the patterns demand can be the same; cheap, and never wrongly no.
class Unifier {
  const Rule &a, &b;

  static const Pat *resolve(const Rule &r, const Pat *p) {
    while (p && p->kind == PatKind::Bind)
      p = p->kids[0].get();
    if (p && p->kind == PatKind::Var && r.slots[p->slot].stmt >= 0 && r.slots[p->slot].set < 0) {
      const Stmt &s = r.stmts[size_t(r.slots[p->slot].stmt)];
      return s.set ? nullptr : resolve(r, s.pattern.get());
    }
    return p;
  }
  static const Code *fixed(const Pat &p, unsigned attr, bool &mentioned) {
    mentioned = attr < p.mentioned.size() && p.mentioned[attr];
    for (const AttrPat &x : p.attrs) {
      if (x.index == attr && x.kind == AttrPat::Equal && x.code->kind == CodeKind::Const)
        return x.code.get();
    }
    return nullptr;
  }
  /// Two different constants, or one that is not the default which the other pattern implies.
  static bool attributesClash(const Pat &p, const Pat &q, OpKind kind) {
    const OpInfo &info = opInfo(kind);
    for (unsigned i = 0; i < info.attrs.size(); ++i) {
      bool inP, inQ;
      const Code *x = fixed(p, i, inP), *y = fixed(q, i, inQ);
      auto implied = [&](const Pat &of, bool mentioned) -> std::optional<Datum> {
        bool open = mentioned || of.attrSlot >= 0 || of.attrsFree || info.attrs[i].required;
        return open ? std::nullopt : std::optional(Datum::ofAttr(info.attrs[i].defaultValue));
      };
      std::optional<Datum> v = x ? std::optional(x->constant) : implied(p, inP);
      std::optional<Datum> w = y ? std::optional(y->constant) : implied(q, inQ);
      if (v && w && v->bound() && w->bound() && !v->equals(*w))
        return true;
    }
    return false;
  }

public:
  Unifier(const Rule &x, const Rule &y) : a(x), b(y) {}

  bool mayMeet(const Pat *p, const Pat *q, unsigned depth = 0) const {
    p = resolve(a, p);
    q = resolve(b, q);
    if (!p || !q || depth > 8 || p->kind != PatKind::Op || q->kind != PatKind::Op || p->optional ||
        q->optional)
      return true;
    for (OpKind k : p->kinds) {
      if (llvm::is_contained(q->kinds, k) && !attributesClash(*p, *q, k)) {
        if (p->bothOrders || p->variadic || q->variadic)
          return true;
        bool all = true;
        for (size_t i = 0; i < std::min(p->operands.size(), q->operands.size()) && all; ++i)
          all = mayMeet(p->operands[i].get(), q->operands[i].get(), depth + 1);
        if (all)
          return true;
      }
    }
    return false;
  }
};

/// A graph on which both rules fire, the one at `anchor`, the other at `sharedNode`.
struct Meeting {
  std::unique_ptr<Graph> graph;
  std::vector<Tensor> inputs;
  Node *anchor[2] = {};
  Trace trace;
};

class PairSearch {
  const Rule &outer, &inner;
  const Pat *site;
  const RewriteOptions &rewriting;
  uint64_t random;

public:
  PairSearch(const Rule &a, const Rule &b, const Pat *at, const RewriteOptions &o, uint64_t seed)
      : outer(a), inner(b), site(at), rewriting(o), random(seed) {}

  std::optional<Meeting> make(const Trace &trace, uint64_t seed, bool simplest) const {
    Meeting m;
    m.graph = std::make_unique<Graph>();
    Choices choices(trace, seed, simplest);
    InstanceBuilder a(outer, rewriting, choices, *m.graph), b(inner, rewriting, choices, *m.graph);
    a.other = &b;
    a.sharedAt = site;
    b.salt = 77;
    b.inputsOf = &a;
    if (!a.run(&b) || !a.shared)
      return std::nullopt;
    m.inputs = std::move(a.inputs);
    m.graph->nameAll();
    m.anchor[0] = a.anchor();
    m.anchor[1] = b.anchor();
    m.trace = std::move(choices.taken);
    for (int i : {0, 1}) {
      Match match;
      if (!m.anchor[i] ||
          Matcher(i ? inner : outer, rewriting).match(m.anchor[i], match) != MatchOutcome::Matched)
        return std::nullopt;
      // They meet only if both take the node; with another alternative they may not.
      if (!llvm::is_contained(match.nodes, a.shared->node()))
        return std::nullopt;
    }
    if (&outer == &inner && m.anchor[0] == m.anchor[1])
      return std::nullopt;
    return m;
  }

  /// The next one that chance finds.
  std::optional<Meeting> next() {
    while (attempts++ < attemptsEach) {
      random = mixBits(random);
      if (std::optional<Meeting> m = make({}, random, attempts == 1))
        return m;
    }
    return std::nullopt;
  }

  /// A smaller one of which the same can be said.
  Meeting smaller(Meeting best, llvm::function_ref<bool(const Meeting &)> same) const {
    unsigned steps = shrinkSteps;
    std::vector<uint64_t> keys;
    for (const auto &e : best.trace)
      keys.push_back(e.first);
    for (size_t stretch = std::max<size_t>(keys.size() / 2, 1); stretch > 0 && steps > 0;
         stretch /= 2) {
      for (size_t i = 0; i < keys.size() && steps > 0; i += stretch) {
        Trace t = best.trace;
        bool any = false;
        for (size_t k = i; k < std::min(keys.size(), i + stretch); ++k) {
          auto it = t.find(keys[k]);
          any |= it != t.end() && it->second;
          if (it != t.end())
            it->second = 0;
        }
        if (!any)
          continue;
        --steps;
        std::optional<Meeting> m = make(t, 0, true);
        if (m && size(*m) <= size(best) && same(*m))
          best = std::move(*m);
      }
    }
    return best;
  }

private:
  unsigned attempts = 0;
  static int64_t size(const Meeting &m) {
    int64_t n = 0;
    for (const Node *node : nodesOf(*m.graph)) {
      n += 100;
      for (unsigned i = 0; i < node->numResults(); ++i)
        n += node->result(i)->type().numel();
    }
    return n;
  }
};

/// Runs a rule, and then all of them.
class Outcomes {
  const RuleSet &rules;
  const RewriteOptions &rewriting;

public:
  Outcomes(const RuleSet &r, const RewriteOptions &o) : rules(r), rewriting(o) {}

  static unsigned indexOf(const Graph &g, const Node *of) {
    unsigned i = 0;
    for (const Node *n : nodesOf(g)) {
      if (n == of)
        break;
      ++i;
    }
    return i;
  }
  static Node *nodeAt(Graph &g, unsigned index) {
    for (Node *n : nodesOf(g)) {
      if (index-- == 0)
        return n;
    }
    return nullptr;
  }

  /// Nothing when the rule's right side did not fit.
  std::unique_ptr<Graph> after(const Meeting &m, const Rule &first, Node *anchor,
                               bool &runsForEver) const {
    std::unique_ptr<Graph> g = m.graph->clone();
    Match match;
    Node *at = nodeAt(*g, indexOf(*m.graph, anchor));
    if (!at || Matcher(first, rewriting).match(at, match) != MatchOutcome::Matched)
      return nullptr;
    RewriteEffect effect;
    std::string why;
    if (!Rewriter(*g, rewriting).apply(first, match, effect, why))
      return nullptr;
    Diagnostics scratch;
    RewriteReport report;
    runsForEver |= failed(applyRules(*g, rules, rewriting, report, scratch));
    g->eraseDeadNodes();
    return g;
  }

  /// Which of the two goes first by benefit, ops and order in the file: asked of the driver.
  int winner(const Meeting &m, const Rule &outer, const Rule &inner) const {
    if (&outer == &inner)
      return -1;
    std::unique_ptr<Graph> g = m.graph->clone();
    RewriteOptions one = rewriting;
    one.ruleLimit = 1;
    one.only = [&](std::string_view name) { return name == outer.name || name == inner.name; };
    Diagnostics scratch;
    RewriteReport report;
    (void)applyRules(*g, rules, one, report, scratch);
    for (const RuleStats &s : report.rules) {
      if (s.fired)
        return s.place == outer.place() && s.rule == outer.title()   ? 0
               : s.place == inner.place() && s.rule == inner.title() ? 1
                                                                     : -1;
    }
    return -1;
  }
};

/// Within rounding; decisions, casts and divisions by zero may do what they like with ties and NaN,
/// which is for verification of each rule and not for this.
bool sameValues(const Meeting &m, const Graph &a, const Graph &b, bool loose) {
  Weights none;
  auto outputs = [&](const Graph &g, double &scale) {
    GraphValues<double> values(none, true);
    for (unsigned i = 0; i < m.inputs.size(); ++i)
      values.set(g.input(i), m.inputs[i]);
    std::vector<RefTensor<double>> out;
    for (const GraphOutput &o : g.outputs())
      out.push_back(values.get(o.value));
    scale = std::max(scale, values.scale);
    return out;
  };
  double scale = 1e-3;
  std::vector<RefTensor<double>> x = outputs(a, scale), y = outputs(b, scale);
  for (size_t i = 0; i < x.size(); ++i) {
    if (x[i].real() && firstDifference(x[i], y[i], (loose ? 1e-1 : 2e-3) * scale, false, true) >= 0)
      return false;
  }
  return x.size() == y.size();
}

class Finder {
  const RuleSet &rules;
  const Program &program;
  const VerifyOptions &options;
  RewriteOptions rewriting;

  struct Candidate {
    const Rule *outer, *inner;
    const Pat *site;
  };

  std::vector<Candidate> candidates() const {
    std::vector<Candidate> out;
    std::vector<std::vector<const Rule *>> byKind(numOps);
    for (const auto &r : program.rules) {
      if (r->off)
        continue;
      for (OpKind k : r->anchorKinds)
        byKind[size_t(k)].push_back(r.get());
    }
    for (const auto &a : program.rules) {
      if (a->off)
        continue;
      for (size_t s = 0; s < a->stmts.size(); ++s) {
        bool root = s == a->roots[0];
        std::vector<const Pat *> sites;
        if (!a->stmts[s].set)
          collectSites(*a->stmts[s].pattern, sites);
        for (const Pat *site : sites) {
          std::vector<const Rule *> others;
          for (OpKind k : site->kinds) {
            for (const Rule *b : byKind[size_t(k)]) {
              if (!llvm::is_contained(others, b))
                others.push_back(b);
            }
          }
          llvm::sort(others, [](auto *x, auto *y) { return x->fileOrder < y->fileOrder; });
          for (const Rule *b : others) {
            bool rootToRoot = root && site == a->stmts[s].pattern.get();
            bool twice = rootToRoot && b->fileOrder <= a->fileOrder; // met the other way round
            bool asked = !options.only || options.only(a->name) || options.only(b->name);
            if (b->ruleset == a->ruleset && !twice && asked && !b->stmts[b->roots[0]].set &&
                Unifier(*a, *b).mayMeet(site, b->stmts[b->roots[0]].pattern.get()))
              out.push_back({a.get(), b, site});
          }
        }
      }
    }
    return out;
  }

  /// What becomes of one graph; nothing when a right side does not fit.
  std::optional<Overlap> outcome(const Candidate &c, const Meeting &m, bool full) const {
    Outcomes run(rules, rewriting);
    Overlap o;
    o.outer.rule = c.outer->title();
    o.outer.place = c.outer->place();
    o.inner.rule = c.inner->title();
    o.inner.place = c.inner->place();
    o.at = c.site->range;
    std::unique_ptr<Graph> ends[2];
    for (int i : {0, 1}) {
      ends[i] = run.after(m, i ? *c.inner : *c.outer, m.anchor[i], o.runsForEver);
      if (!ends[i])
        return std::nullopt;
    }
    if (!o.runsForEver && canonicalText(*ends[0]) == canonicalText(*ends[1]))
      return o;
    bool loose = c.outer->eqClass >= EqClass::Approx || c.inner->eqClass >= EqClass::Approx;
    o.outcome = sameValues(m, *ends[0], *ends[1], loose) ? Overlap::Differs : Overlap::Disagrees;
    if (!full)
      return o;
    for (int i : {0, 1}) {
      OverlapSide &s = i ? o.inner : o.outer;
      for (const Node *n : nodesOf(*ends[i]))
        s.nodes += n->kind() != OpKind::Constant;
      Cost cost = graphCost(*ends[i]);
      s.macs = cost.macs;
      s.bytes = cost.dataBytes + cost.weightBytes;
    }
    o.wins = run.winner(m, *c.outer, *c.inner);
    const OverlapSide &first = o.wins ? o.inner : o.outer, &second = o.wins ? o.outer : o.inner;
    o.worse = o.wins >= 0 && std::tuple(first.macs, first.bytes, first.nodes) >
                                 std::tuple(second.macs, second.bytes, second.nodes);
    PrintOptions print;
    print.types = false;
    o.graph = printGraph(*m.graph, print);
    for (int i : {0, 1})
      o.left[i] = printGraph(*ends[i], print);
    return o;
  }

  /// Where the first few graphs join, the pair is taken to join.
  std::optional<Overlap> examine(const Candidate &c) const {
    uint64_t seed = mixBits(options.seed) ^ (Key() / c.outer->title() / c.inner->title()).value() ^
                    c.site->range.begin;
    PairSearch search(*c.outer, *c.inner, c.site, rewriting, seed);
    std::optional<Overlap> joins;
    for (unsigned i = 0; i < meetingsEach; ++i) {
      std::optional<Meeting> m = search.next();
      if (!m)
        break;
      std::optional<Overlap> o = outcome(c, *m, false);
      if (!o)
        continue;
      if (o->outcome == Overlap::Joins) {
        joins = std::move(o);
        continue;
      }
      auto same = [&](const Meeting &other) {
        std::optional<Overlap> x = outcome(c, other, false);
        return x && x->outcome == o->outcome && x->runsForEver == o->runsForEver;
      };
      return outcome(c, search.smaller(std::move(*m), same), true);
    }
    return joins;
  }

public:
  Finder(const RuleSet &r, const VerifyOptions &o) : rules(r), program(r.program()), options(o) {
    rewriting.allow = EqPolicy::everything();
  }

  OverlapReport run() {
    OverlapReport report;
    std::vector<Candidate> list = candidates();
    report.candidates = unsigned(list.size());
    std::vector<std::optional<Overlap>> found(list.size());
    unsigned jobs = std::max(1u, std::min<unsigned>(options.jobs, unsigned(list.size())));
    auto work = [&](size_t first) {
      for (size_t i = first; i < list.size(); i += jobs)
        found[i] = examine(list[i]);
    };
    std::vector<std::thread> threads;
    for (unsigned j = 1; j < jobs; ++j)
      threads.emplace_back(work, j);
    work(0);
    for (std::thread &t : threads)
      t.join();
    for (size_t i = 0; i < list.size(); ++i) {
      report.met += found[i].has_value();
      if (found[i] && found[i]->outcome == Overlap::Joins)
        ++report.joins;
      else if (found[i])
        report.open.push_back(std::move(*found[i]));
    }
    return report;
  }
};

} // namespace

OverlapReport findOverlaps(const RuleSet &rules, const VerifyOptions &options) {
  return Finder(rules, options).run();
}

std::string describe(const OverlapReport &report, bool graphs) {
  std::string out;
  unsigned disagree = 0, worse = 0;
  auto indented = [](const std::string &text) {
    std::string s;
    for (size_t at = 0; at < text.size();) {
      size_t end = std::min(text.find('\n', at), text.size());
      s += "      " + text.substr(at, end - at) + "\n";
      at = end + 1;
    }
    return s;
  };
  for (const Overlap &o : report.open) {
    disagree += o.outcome == Overlap::Disagrees;
    worse += o.worse;
    out += fmt::format("{}: {} and {} ({}) meet at {}: {}\n", o.outer.place, o.outer.rule,
                       o.inner.rule, o.inner.place, o.at.str(),
                       o.runsForEver                     ? "run for ever"
                       : o.outcome == Overlap::Disagrees ? "different results"
                                                         : "different graphs, equal results");
    for (const OverlapSide *s : {&o.outer, &o.inner})
      out += fmt::format("    {} first: {} nodes, {} MACs, {} bytes{}\n", s->rule, s->nodes,
                         s->macs, s->bytes,
                         o.wins != (s == &o.inner) ? ""
                         : o.worse                 ? " (goes first, and is the costlier)"
                                                   : " (goes first)");
    if (graphs) {
      out += "    both fire on\n" + indented(o.graph);
      for (int i : {0, 1})
        out += fmt::format("    {} first leaves\n", (i ? o.inner : o.outer).rule) +
               indented(o.left[i]);
    }
  }
  out += fmt::format(
      "overlaps: {} of {} pairs meet; {} end in the same graph, {} in different ones "
      "with equal results, {} disagree; in {} the rule that goes first leaves the "
      "costlier graph\n",
      report.met, report.candidates, report.joins, report.open.size() - disagree, disagree, worse);
  return out;
}

} // namespace wnnx::verify
