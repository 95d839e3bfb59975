// SPDX-License-Identifier: Apache-2.0
//
// Prefilters change how fast rules run, and nothing else: random rules on random graphs, and the
// shipped rules, with the reference matcher as the judge.
#include "Helpers.h"

#include "wnnx/Pattern/Prefilter.h"

#include "fmt/format.h"

using namespace wnnx;
using namespace wnnx::pat;
using namespace wnnx::pat::test;

namespace {

class Maker {
  std::mt19937_64 engine;
  unsigned names = 0;

public:
  explicit Maker(uint64_t seed) : engine(seed) {}
  unsigned below(unsigned n) { return unsigned(engine() % n); }
  bool oneIn(unsigned n) { return below(n) == 0; }
  template <size_t N> const char *pick(const char *const (&from)[N]) { return from[below(N)]; }

  /// Few ops and few attribute values, so that rules do match.
  std::string graph() {
    std::string text = "(x: f32[2,3], y: f32[2,3]) { const two: f32[] = dense[2]; const w: "
                       "f32[3,3] = file(\"w\", \"\"); const m: f32[2,3] = file(\"m\", \"\");";
    std::vector<std::string> values = {"x", "y"};
    for (unsigned i = 0, n = 4 + below(14); i < n; ++i) {
      auto any = [&] {
        return values[values.size() - 1 - below(std::min(4u, unsigned(values.size())))];
      };
      std::string v = fmt::format("v{}", i), a = any(), b = any();
      std::string made;
      switch (below(9)) {
      case 0:
        made = fmt::format("{}({}, {})", pick({"add", "mul", "sub"}), a, b);
        break;
      case 1:
        made = fmt::format("{}({}, two)", pick({"add", "mul", "sub"}), a);
        break;
      case 2:
        made = fmt::format("{}(m, {})", pick({"add", "mul"}), a);
        break;
      case 3:
        made = fmt::format("softmax({}, dim={})", a, pick({"0", "1", "-1"}));
        break;
      case 4:
        made = fmt::format("linear({}, w)", a);
        break;
      case 5:
        text += fmt::format("c{} = cat({}, {}, dim=0);", i, a, b);
        made = fmt::format("slice(c{}, dim=0, start={}, end={})", i, pick({"0", "1"}),
                           pick({"2", "3"}));
        if (has(made, "start=0, end=3") || has(made, "start=1, end=2"))
          made = fmt::format("slice(c{}, dim=0, start=2, end=4)", i);
        break;
      case 6:
        made = fmt::format("leaky_relu({}, negative_slope={})", a, pick({"0.01", "0.5"}));
        break;
      default:
        made = fmt::format("{}({})", pick({"relu", "sigmoid", "neg", "tanh"}), a);
      }
      text += v + " = " + made + ";";
      values.push_back(v);
    }
    return text + "return " + values.back() + (oneIn(3) ? ", " + values[values.size() - 2] : "") +
           "; }";
  }

  std::string pattern(unsigned depth, bool top = false) {
    auto inner = [&] { return pattern(depth - 1); };
    if (depth == 0 || (!top && oneIn(6))) {
      switch (below(6)) {
      case 0:
        return "2";
      case 1:
        return "_: const";
      case 2:
        return "x";
      default:
        return "_";
      }
    }
    switch (below(top ? 8 : 10)) {
    case 0:
      return fmt::format("{}{}({}, {})", oneIn(5) ? "ordered " : "", pick({"add", "mul"}), inner(),
                         inner());
    case 1:
      return fmt::format("sub({}, {})", inner(), inner());
    case 2:
      return fmt::format("softmax({}, dim = {})", inner(), pick({"1", "_", "{0, -1}", "d"}));
    case 3:
      return fmt::format("linear({}, _: const)", inner());
    case 4:
      return fmt::format("leaky_relu({}{})", inner(),
                         pick({"", ", negative_slope = 0.5", ", negative_slope = _"}));
    case 5:
      return fmt::format("slice(cat([{}{}], dim = 0), dim = 0, start = {}, end = _)", inner(),
                         oneIn(2) ? ", .." : ", " + inner(), pick({"0", "1", "_"}));
    case 6:
    case 7:
      return fmt::format("{}({})", pick({"relu", "sigmoid", "neg", "tanh"}), inner());
    case 8:
      return fmt::format("{}?({})", pick({"relu", "neg"}), inner());
    default:
      return fmt::format("({} | {})", inner(), inner());
    }
  }

  /// A rule whose pattern is random; what it makes does not matter, but must not grow for ever.
  std::string rule() {
    std::string p, two, name = fmt::format("r{}", names++);
    do
      p = pattern(1 + below(3), true);
    while (!has(p, "x)") && !has(p, "x,"));
    if (oneIn(3)) {
      two = fmt::format("p = {}; q = {};", p, pattern(1, true));
      p = fmt::format("{}(p, q)", pick({"add", "mul", "sub"}));
    }
    return fmt::format("rule {} : s, class relaxed \"a test\" {{ match {{ {} z = {}; }} rewrite {{ "
                       "z = x; }} }}\n",
                       name, two, p);
  }
};

} // namespace

TEST(Prefilter, RandomRulesOnRandomGraphs) {
  unsigned usable = 0, matched = 0, refused = 0;
  for (uint64_t seed = 1; seed <= 2000; ++seed) {
    Maker make(seed);
    std::string text;
    for (int i = 0; i < 12; ++i) {
      std::string rule = make.rule();
      Rules alone(rule);
      if (alone)
        text += rule;
    }
    Rules rules(text);
    if (!rules || text.empty())
      continue;
    ++usable;
    std::string body = make.graph();
    Diagnostics diags;
    std::unique_ptr<Graph> g = graphOf(body, diags);
    ASSERT_TRUE(g) << body;
    RewriteOptions options;
    for (const auto &r : rules.set->program().rules) {
      Prefilter filter(*r);
      Matcher matcher(*r, options);
      for (Node *n : nodesOf(*g)) {
        if (std::find(r->anchorKinds.begin(), r->anchorKinds.end(), n->kind()) ==
            r->anchorKinds.end())
          continue;
        Match m;
        bool yes = matcher.match(n, m) == MatchOutcome::Matched;
        matched += yes;
        refused += !filter.admits(n);
        EXPECT_TRUE(!yes || filter.admits(n)) << text << body << n->result()->name();
      }
    }
    options.allow = EqPolicy::everything();
    std::string after[2];
    for (bool on : {false, true}) {
      options.prefilter = on;
      options.verifyEach = true;
      std::unique_ptr<Graph> copy = g->clone();
      RewriteReport report;
      Diagnostics said;
      LogicalResult ok = applyRules(*copy, *rules.set, options, report, said);
      after[on] = printGraph(*copy) + (succeeded(ok) ? "" : "failed");
      for (const RuleStats &s : report.rules)
        after[on] += fmt::format(" {}:{}", s.rule, s.fired);
    }
    EXPECT_EQ(after[0], after[1]) << text << body;
  }
  EXPECT_GT(usable, 1900u);
  EXPECT_GT(matched, 2000u);
  EXPECT_GT(refused, 5000u);
}

/// The graphs of the shipped rules' own tests, every rule at every node.
TEST(Prefilter, AdmitsWhatShippedRulesMatch) {
  Diagnostics diags;
  FailureOr<RuleSet> rules = loadRules({WNNX_SOURCE_DIR "/patterns/fuse.pat"}, diags);
  ASSERT_TRUE(succeeded(rules)) << diags.render();
  RewriteOptions options;
  ParseOptions parsing;
  parsing.infer = [](Node &n, Diagnostics &d) { return inferNode(n, d); };
  parsing.loadConstant = [](const std::string &path, const std::string &name,
                            const TensorType &type, SourceRange,
                            Diagnostics &) -> FailureOr<Tensor> {
    return randomTensor(type, std::hash<std::string>()(name), path == "positive" ? 0.5 : -1, 1.5);
  };
  unsigned matched = 0;
  for (const ast::TestDecl &t : rules->program().tests) {
    uint32_t at = t.graphBegin;
    std::unique_ptr<Graph> g = parseEmbeddedGraph(*t.range.file, at, diags, parsing);
    ASSERT_TRUE(g) << diags.render();
    for (const auto &r : rules->program().rules) {
      Prefilter filter(*r);
      Matcher matcher(*r, options);
      for (Node *n : nodesOf(*g)) {
        if (std::find(r->anchorKinds.begin(), r->anchorKinds.end(), n->kind()) ==
            r->anchorKinds.end())
          continue;
        Match m;
        if (matcher.match(n, m) != MatchOutcome::Matched)
          continue;
        ++matched;
        EXPECT_TRUE(filter.admits(n)) << r->name << " " << t.name.text;
      }
    }
  }
  EXPECT_GT(matched, 60u);
}
