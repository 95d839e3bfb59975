// SPDX-License-Identifier: Apache-2.0
//
// How long it takes to load rules and to apply them: 300 rules on graphs of 10,000, 100,000 and
// 1,000,000 nodes, the same with 300 more rules whose ops do not occur, and with the reference
// matcher alone. The graph is a chain of blocks as convolutional networks have them; the rules are
// chains of three of the same ops, nearly all of which come close without matching, and a few that
// fire. No weights are computed. Prints medians in milliseconds, of one thread.
//
//   bench_rules [--rounds=N] [--no-million]
#include "wnnx/Ops/Infer.h"
#include "wnnx/Pattern/Rules.h"

#include "fmt/format.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

using namespace wnnx;

namespace {

double now() {
  return std::chrono::duration<double, std::milli>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

[[noreturn]] void die(const std::string &what) {
  llvm::errs() << "bench_rules: " << what << "\n";
  std::exit(1);
}

class GraphMaker {
  Graph &g;
  Diagnostics diags;

public:
  explicit GraphMaker(Graph &graph) : g(graph) {}
  Value *add(OpKind k, std::vector<Value *> operands, std::vector<NamedAttr> attrs = {}) {
    FailureOr<Node *> n = buildNode(g, k, operands, std::move(attrs), {}, diags);
    if (failed(n))
      die(diags.render());
    g.append(*n);
    return (*n)->result();
  }
};

/// Blocks of 16 nodes. In each block two rules of `firingRules` fire once.
std::unique_ptr<Graph> makeGraph(size_t nodes) {
  auto g = std::make_unique<Graph>();
  GraphMaker make(*g);
  auto constant = [&](Shape s, double v, std::string_view name) {
    TensorType type{DType::F32, std::move(s)};
    return g->addConstant(Tensor::fromDoubles(type, std::vector<double>(size_t(type.numel()), v)),
                          name);
  };
  Value *x = g->addInput("x", {DType::F32, Shape({1, 4, 6, 6})});
  Value *w = constant(Shape({4, 4, 3, 3}), 0.1, "w"), *b = constant(Shape({4}), 0.5, "b"),
        *v = constant(Shape({4}), 1, "v"), *half = constant(Shape({}), 0.5, "half");
  Attribute one = Attribute(std::vector<int64_t>{1, 1});
  for (size_t i = 0; i < nodes; i += 16) {
    Value *skip = x;
    x = make.add(OpKind::Conv2d, {x, w, b}, {{"padding", one}});
    x = make.add(OpKind::BatchNorm, {x, b, v});
    Value *s = make.add(OpKind::Sigmoid, {x});
    x = make.add(OpKind::Mul, {x, s});
    x = make.add(OpKind::Conv2d, {x, w}, {{"padding", one}});
    x = make.add(OpKind::Add, {x, skip});
    x = make.add(OpKind::Relu, {x});
    x = make.add(OpKind::Relu, {x});
    x = make.add(OpKind::Permute, {x}, {{"dims", Attribute(std::vector<int64_t>{0, 2, 3, 1})}});
    x = make.add(OpKind::Softmax, {x}, {{"dim", Attribute(int64_t(-1))}});
    x = make.add(OpKind::Mul, {x, half});
    x = make.add(OpKind::Permute, {x}, {{"dims", Attribute(std::vector<int64_t>{0, 3, 1, 2})}});
    x = make.add(OpKind::Gelu, {x});
    x = make.add(OpKind::Slice, {x},
                 {{"dim", Attribute(int64_t(1))},
                  {"start", Attribute(int64_t(0))},
                  {"end", Attribute(int64_t(4))}});
    x = make.add(OpKind::Tanh, {x});
    x = make.add(OpKind::Reshape, {x}, {{"shape", Attribute(std::vector<int64_t>{1, 4, 6, 6})}});
  }
  g->addOutput("y", x);
  g->nameAll();
  return g;
}

constexpr const char *firingRules = R"(
rule silu : r, class real { match { y = mul(x, sigmoid(x)); } rewrite { y = silu(x); } }
rule relu_relu : r, class exact { match { y = relu(relu(x)); } rewrite { y = relu(x); } }
)";

/// Chains of three ops, which the graph has singly and in pairs.
std::string commonRules(size_t count) {
  const char *ops[] = {"conv2d(%, _, _, padding = [2, $], stride = _, "
                       "dilation = _, groups = _)",
                       "batch_norm(%, _, _, eps = _)",
                       "sigmoid(%)",
                       "mul(%, $.5)",
                       "mul(%, _)",
                       "add(%, _)",
                       "relu(%)",
                       "permute(%, dims = [0, 3, 2, 1])",
                       "softmax(%, dim = 1)",
                       "gelu(%, approximate = _)",
                       "slice(%, dim = $, start = _, end = _, step = _)",
                       "tanh(%)",
                       "reshape(%, shape = _)"};
  size_t n = std::size(ops);
  auto fill = [&](size_t op, const std::string &inner, size_t place) {
    std::string text;
    for (const char *c = ops[op]; *c; ++c)
      text += *c == '%' ? inner : *c == '$' ? std::to_string(place) : std::string(1, *c);
    return text;
  };
  std::string text;
  for (size_t i = 0; i < count; ++i) {
    size_t a = i % n, b = (i / n) % n, c = (a + 2 * b + i / (n * n)) % n;
    std::string chain = fill(a, fill(b, fill(c, "x", 1), 2), 3);
    text += fmt::format("/// Rule {0} of the benchmark.\nrule chain{0} : r, class real {{\n  match "
                        "{{ y = {1}; }}\n  where rank(x) == 7;\n  rewrite {{ y = x; }}\n}}\n",
                        i, chain);
  }
  return text;
}

/// Rules none of whose ops the graph has.
std::string foreignRules(size_t count) {
  const char *ops[] = {"erf(%)",       "cos(%)",  "sin(%)",  "exp(%)",   "log(%)",
                       "floor(%)",     "ceil(%)", "sign(%)", "abs(%)",   "round(%)",
                       "hardswish(%)", "mish(%)", "sqrt(%)", "rsqrt(%)", "neg(%)"};
  size_t n = std::size(ops);
  std::string text;
  for (size_t i = 0; i < count; ++i) {
    std::string chain = "x";
    for (size_t op : {i % n, (i / n) % n, (i / n / n + i) % n}) {
      std::string outer = ops[op];
      chain = outer.replace(outer.find('%'), 1, chain);
    }
    text +=
        fmt::format("rule foreign{0} : r, class real {{\n  match {{ y = {1}; }}\n  rewrite {{ y "
                    "= tanh(x); }}\n}}\n",
                    i, chain);
  }
  return text;
}

double median(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  return v[v.size() / 2];
}

struct Loaded {
  Diagnostics diags; // owns the texts that the rules refer to
  std::optional<pat::RuleSet> rules;
  double ms = 0;
};

std::unique_ptr<Loaded> load(const std::string &text, int rounds) {
  std::vector<double> times;
  std::unique_ptr<Loaded> loaded;
  for (int i = 0; i < rounds; ++i) {
    loaded = std::make_unique<Loaded>();
    double t = now();
    FailureOr<pat::RuleSet> r = pat::loadRulesFromText("bench.pat", text, loaded->diags);
    times.push_back(now() - t);
    if (failed(r))
      die(loaded->diags.render());
    loaded->rules = *r;
  }
  loaded->ms = median(times);
  return loaded;
}

double apply(const Loaded &loaded, size_t nodes, int rounds, bool reference,
             uint64_t &applications) {
  std::unique_ptr<Graph> model = makeGraph(nodes);
  std::vector<double> times;
  for (int i = 0; i < rounds; ++i) {
    std::unique_ptr<Graph> g = model->clone();
    pat::RewriteOptions options;
    options.prefilter = !reference;
    pat::RewriteReport report;
    Diagnostics diags;
    double t = now();
    if (failed(pat::applyRules(*g, *loaded.rules, options, report, diags)))
      die(diags.render());
    times.push_back(now() - t);
    applications = report.applications;
  }
  return median(times);
}

} // namespace

int main(int argc, char **argv) {
  int rounds = 5;
  bool million = true;
  for (int i = 1; i < argc; ++i) {
    llvm::StringRef a(argv[i]);
    if (a == "--no-million")
      million = false;
    else if (!a.consume_front("--rounds=") || a.getAsInteger(10, rounds) || rounds < 1)
      die("usage: bench_rules [--rounds=N] [--no-million]");
  }
  std::string head = "pat 1;\nruleset r;\n" + std::string(firingRules);
  std::unique_ptr<Loaded> rules300 = load(head + commonRules(298), rounds),
                          rules600 = load(head + commonRules(298) + foreignRules(300), rounds);
  llvm::outs() << fmt::format("parse and check {} rules: {:.1f} ms; {} rules: {:.1f} ms\n",
                              rules300->rules->size(), rules300->ms, rules600->rules->size(),
                              rules600->ms);
  auto row = [&](std::string_view what, const Loaded &l, size_t nodes, int n, bool reference) {
    uint64_t applications = 0;
    double ms = apply(l, nodes, n, reference, applications);
    llvm::outs() << fmt::format("{:<38} {:>9} nodes {:>10.1f} ms  {:>7} applications\n", what,
                                nodes, ms, applications);
    llvm::outs().flush();
    return ms;
  };
  double small = row("300 rules", *rules300, 10000, rounds, false);
  double more = row("300 rules and 300 without common ops", *rules600, 10000, rounds, false);
  row("300 rules, reference matcher alone", *rules300, 10000, rounds, true);
  double large = row("300 rules", *rules300, 100000, rounds, false);
  llvm::outs() << fmt::format("twice the rules, no common ops: {:.2f}x\n10x the nodes: {:.2f}x\n",
                              more / small, large / small);
  if (million) {
    double huge = row("300 rules", *rules300, 1000000, std::min(rounds, 3), false);
    llvm::outs() << fmt::format("1,000,000 nodes take {:.2f}x of 100,000\n", huge / large);
  }
  return 0;
}
