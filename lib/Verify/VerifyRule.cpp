// SPDX-License-Identifier: Apache-2.0
//
// The search for a counterexample: instances from scratch, and variations of those that were found,
// which is how rules with narrow conditions get theirs. When nothing matches yet, the attempt that
// came nearest is varied.
#include "AttributePairs.h"
#include "Check.h"
#include "Shrink.h"
#include "wnnx/Verify/Verify.h"

#include <chrono>
#include <thread>

namespace wnnx::verify {

using namespace pat;

namespace {

class Search {
  const Rule &rule;
  const VerifyOptions &options;
  RewriteOptions rewriting;
  Generator generator;
  std::vector<Trace> found; // a sample of what matched
  Trace nearest;
  Progress nearestProgress = -1;
  AttributePairs pairs;
  uint64_t fresh = 0, freshHits = 0; // attempts from scratch, and those that matched
  uint64_t random;
  RuleVerdict v;

  uint64_t next(uint64_t n) {
    random = mixBits(random);
    return random % n;
  }

  /// A trace with some decisions left out, to be taken anew.
  Trace varied(const Trace &t) {
    Trace out;
    uint64_t percent = std::initializer_list<uint64_t>{5, 15, 40, 70}.begin()[next(4)];
    for (const auto &entry : t) {
      if (next(100) >= percent)
        out.insert(entry);
    }
    return out;
  }

  Trace start() {
    // Twice in three times no aim is taken, so that rules of which few instances exist get them.
    if (next(3) == 0) {
      Trace t = !found.empty() && next(2) ? varied(found[next(found.size())]) : Trace();
      if (pairs.aim(t))
        return t;
    }
    // Where instances are easy to find, new ones differ more from each other than variations do.
    bool easy = freshHits * 4 > fresh && freshHits > 4;
    if (!found.empty() && next(easy ? 6 : 2) == 0)
      return varied(found[next(found.size())]);
    if (found.empty() && nearestProgress > 0 && next(3))
      return varied(nearest);
    return {};
  }

public:
  Search(const Rule &r, const VerifyOptions &o)
      : rule(r), options(o), generator(r, rewriting),
        random(mixBits(o.seed) ^ Key().operator/(std::string_view(r.name)).value()) {
    rewriting.ignoreWhen = true;
    rewriting.allow = EqPolicy::everything();
    v.rule = r.title();
    v.place = r.place();
    v.range = r.range;
    v.eqClass = eqClassName(r.eqClass);
  }

  RuleVerdict run() {
    auto begin = std::chrono::steady_clock::now();
    unsigned want = std::max<int64_t>(options.instances, rule.verify.instances);
    uint64_t limit = std::max<uint64_t>(uint64_t(want) * options.patience, 20000);
    std::string why;
    for (v.attempts = 0; v.attempts < limit && v.instances < want; ++v.attempts) {
      Trace trace = start();
      Progress progress = 0;
      bool isFresh = trace.empty();
      std::optional<Instance> in = generator.make(trace, next(UINT64_MAX), false, progress, &why);
      fresh += isFresh;
      freshHits += isFresh && in;
      if (!in) {
        if (progress >= nearestProgress) {
          if (progress > nearestProgress)
            v.why = why;
          nearestProgress = progress;
          nearest = std::move(trace);
        }
        continue;
      }
      Trace taken = in->trace;
      Features features = in->features;
      std::vector<AttributeChoice> attributes = in->attributes;
      uint64_t seed = next(UINT64_MAX);
      Finding f = checkInstance(rule, *in, rewriting, seed);
      if (f.kind == Finding::NothingToSay)
        continue;
      for (const auto &[group, value] : features)
        ++v.coverage[group][value];
      pairs.count(attributes);
      if (found.size() < 24)
        found.push_back(taken);
      else
        found[next(found.size())] = taken;
      ++v.instances;
      v.inField += f.inField;
      if (f.fails()) {
        v.status = RuleVerdict::Wrong;
        v.layer = f.kind == Finding::Shapes ? "shapes" : "values";
        v.counterexample = smallest(rule, generator, rewriting, std::move(taken), f.kind, seed,
                                    options.shrink ? 1500 : 0);
        break;
      }
    }
    unsigned least = unsigned(std::max<int64_t>(options.least, rule.verify.instances));
    if (v.status == RuleVerdict::Passed && v.instances < std::min(least, want))
      v.status = RuleVerdict::Vacuous;
    pairs.report(v.attributePairs, v.attributePairsMet, v.neverTogether);
    v.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return std::move(v);
  }
};

} // namespace

RuleVerdict verifyRule(const Rule &rule, const VerifyOptions &options) {
  return Search(rule, options).run();
}

std::vector<RuleVerdict> verifyRules(const RuleSet &rules, const VerifyOptions &options) {
  std::vector<const Rule *> chosen;
  for (const auto &r : rules.program().rules) {
    if (!options.only || options.only(r->name))
      chosen.push_back(r.get());
  }
  std::vector<RuleVerdict> verdicts(chosen.size());
  // Rules are independent of each other, and each search depends on its seed alone.
  unsigned jobs = std::max(1u, std::min<unsigned>(options.jobs, unsigned(chosen.size())));
  auto work = [&](unsigned first) {
    for (size_t i = first; i < chosen.size(); i += jobs)
      verdicts[i] = verifyRule(*chosen[i], options);
  };
  std::vector<std::thread> threads;
  for (unsigned j = 1; j < jobs; ++j)
    threads.emplace_back(work, j);
  work(0);
  for (std::thread &t : threads)
    t.join();
  return verdicts;
}

} // namespace wnnx::verify
