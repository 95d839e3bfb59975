// SPDX-License-Identifier: Apache-2.0
//
// 0 is always the simplest decision, so an instance gets smaller by making numbers of its trace
// smaller. Sizes go towards 1, counts down, attributes to their defaults, numbers to 0 and 1.
#include "Shrink.h"

#include "wnnx/IR/Text.h"

#include "fmt/format.h"

namespace wnnx::verify {

using namespace pat;

namespace {

class Shrinker {
  const Rule &rule;
  const Generator &generator;
  const RewriteOptions &options;
  Finding::Kind kind;
  uint64_t seed;

public:
  Trace best;
  unsigned steps;

  Shrinker(const Rule &r, const Generator &g, const RewriteOptions &o, Finding::Kind k, uint64_t s,
           unsigned limit)
      : rule(r), generator(g), options(o), kind(k), seed(s), steps(limit) {}

  bool stillFails(const Trace &t, Trace &taken) {
    Progress progress = 0;
    std::optional<Instance> in = generator.make(t, 0, true, progress);
    if (!in)
      return false;
    taken = in->trace;
    return checkInstance(rule, *in, options, seed).kind == kind;
  }

  bool attempt(const Trace &t) {
    Trace taken;
    if (steps == 0 || !(steps--, stillFails(t, taken)) || taken == best)
      return false;
    best = std::move(taken);
    return true;
  }

  void run() {
    attempt({}); // perhaps the simplest of all fails
    for (bool changed = true; changed && steps > 0;) {
      changed = false;
      // Whole stretches of decisions first.
      for (size_t stretch = best.size() / 2; stretch > 1 && steps > 0; stretch /= 2) {
        std::vector<uint64_t> keys;
        for (const auto &e : best)
          keys.push_back(e.first);
        for (size_t i = 0; i < keys.size() && steps > 0; i += stretch) {
          Trace t = best;
          bool any = false;
          for (size_t k = i; k < std::min(keys.size(), i + stretch); ++k) {
            if (auto it = t.find(keys[k]); it != t.end() && it->second) {
              it->second = 0;
              any = true;
            }
          }
          changed |= any && attempt(t);
        }
      }
      std::vector<uint64_t> keys;
      for (const auto &e : best)
        keys.push_back(e.first);
      for (uint64_t k : keys) {
        auto it = best.find(k);
        if (it == best.end() || it->second == 0)
          continue;
        for (uint64_t smaller : {uint64_t(0), uint64_t(1), it->second / 2, it->second - 1}) {
          auto now = best.find(k);
          if (now == best.end() || smaller >= now->second)
            continue;
          Trace t = best;
          t[k] = smaller;
          if (attempt(t)) {
            changed = true;
            break;
          }
        }
      }
    }
  }
};

std::string numbers(const Tensor &t) {
  std::string s;
  for (int64_t i = 0; i < std::min<int64_t>(t.numel(), 12); ++i)
    s += (i ? ", " : "") +
         (isFloat(t.dtype()) ? fmt::format("{:.7g}", t.getDouble(i)) : std::to_string(t.getInt(i)));
  return "[" + s + (t.numel() > 12 ? ", ...]" : "]");
}

std::string indented(const std::string &text) {
  std::string out;
  bool atStart = true;
  for (char c : text) {
    if (atStart && c != '\n')
      out += "  ";
    out += c;
    atStart = c == '\n';
  }
  return out;
}

} // namespace

Counterexample smallest(const Rule &rule, const Generator &generator, const RewriteOptions &options,
                        Trace failing, Finding::Kind kind, uint64_t seed, unsigned steps) {
  Shrinker shrinker(rule, generator, options, kind, seed, steps);
  shrinker.best = std::move(failing);
  shrinker.run();
  Counterexample c;
  Progress progress = 0;
  std::optional<Instance> in = generator.make(shrinker.best, 0, true, progress);
  if (!in)
    return c;
  for (unsigned i = 0; i < in->inputs.size(); ++i)
    c.instance += fmt::format("  {}: {} = {}\n", in->graph->input(i)->name(),
                              in->inputs[i].type().str(), numbers(in->inputs[i]));
  PrintOptions print;
  print.types = false;
  print.inlineLimit = 4096;
  std::string graph = printGraph(*in->graph, print);
  // The text form of a file begins with its version; a test holds the graph alone, without name.
  size_t at = graph.find("graph "), open = graph.find('(', at);
  if (at != std::string::npos && open != std::string::npos)
    graph = "graph " + graph.substr(open);
  c.test = fmt::format("test \"counterexample\" for {} {{\n{}{}  expect fired;\n}}\n", rule.name,
                       indented(graph), graph.empty() || graph.back() != '\n' ? "\n" : "");
  Finding f = checkInstance(rule, *in, options, seed);
  c.message = f.message;
  c.place = f.place;
  c.left = f.left;
  c.right = f.right;
  return c;
}

} // namespace wnnx::verify
