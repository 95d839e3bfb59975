// SPDX-License-Identifier: Apache-2.0
//
// How equal is equal: `exact` bit for bit with PyTorch's rounding, `real` without rounding (over
// the prime field, and in double) and with a margin in f32, `order` by decisions.
#include "Check.h"

#include "GraphValues.h"
#include "wnnx/Eval/RuntimeErrors.h"
#include "wnnx/Ops/Infer.h"
#include "wnnx/Pattern/Rewriter.h"

#include "fmt/format.h"
#include "llvm/ADT/StringRef.h"

#include <map>

namespace wnnx::verify {

using namespace pat;
using Doubles = RefTensor<double>;

int64_t firstDifference(const Doubles &a, const Doubles &b, double tolerance, bool bits,
                        bool overflows) {
  for (size_t i = 0; i < a.ints.size(); ++i) {
    if (a.ints[i] != b.ints[i])
      return int64_t(i);
  }
  for (size_t i = 0; i < a.reals.size(); ++i) {
    double x = a.reals[i], y = b.reals[i];
    if ((std::isnan(x) && (std::isnan(y) || !bits)) || (overflows && !std::isfinite(x)))
      continue;
    if (bits ? x != y || std::signbit(x) != std::signbit(y)
             : x != y && (!std::isfinite(x) ? std::isfinite(y) && std::fabs(y) < 1e30
                                            : !(std::fabs(x - y) <= tolerance)))
      return int64_t(i);
  }
  return -1;
}

namespace {

/// The sign of NaN means nothing.
double shown(double x) {
  return std::isnan(x) ? std::nan("") : x;
}

/// The outputs of a graph in every way in which they are compared.
struct Outputs {
  std::vector<Doubles> exact, rounded;
  std::vector<RefTensor<Field>> field;
  double scale = 0, roundedScale = 0;
};

class Comparison {
  const Rule &rule;
  Instance &in;
  Graph &g;
  uint64_t seed;
  bool wantField = false, wantRounded = false, wantExact = false;
  double looseness = 1e-9; // of results without rounding but of literals

  Outputs run(const Weights &weights) const {
    Outputs out;
    auto fill = [&](auto &values) {
      for (unsigned i = 0; i < in.inputs.size(); ++i)
        values.set(g.input(i), in.inputs[i]);
    };
    if (wantExact) {
      GraphValues<double> values(weights, false);
      fill(values);
      for (const GraphOutput &o : g.outputs())
        out.exact.push_back(values.get(o.value));
      out.scale = values.scale;
    }
    if (wantRounded) {
      GraphValues<double> values(weights, true);
      fill(values);
      for (const GraphOutput &o : g.outputs())
        out.rounded.push_back(values.get(o.value));
      out.roundedScale = values.scale;
    }
    if (wantField) {
      seedFieldFunctions(seed);
      GraphValues<Field> values(weights, false);
      fill(values);
      for (const GraphOutput &o : g.outputs())
        out.field.push_back(values.get(o.value));
    }
    return out;
  }

  /// A rule may make as large values as it likes; running them here is another matter.
  bool isTooLarge() const {
    for (Node *n : nodesOf(g)) {
      for (unsigned i = 0; i < n->numResults(); ++i) {
        std::optional<int64_t> size = checkedNumel(n->result(i)->shape().ref());
        if (!size || *size > (int64_t(1) << 22))
          return true;
      }
    }
    return false;
  }

  bool hasEmptyValue() const {
    for (Node *n : nodesOf(g)) {
      for (unsigned i = 0; i < n->numResults(); ++i) {
        if (n->result(i)->type().numel() == 0)
          return true;
      }
    }
    return false;
  }

  /// Whether some node reads a position that does not exist; there is then no result to keep.
  bool hasRuntimeError() const {
    Weights none;
    GraphValues<double> values(none, true);
    for (unsigned i = 0; i < in.inputs.size(); ++i)
      values.set(g.input(i), in.inputs[i]);
    for (Node *n : nodesOf(g)) {
      if (n->kind() == OpKind::Constant)
        continue;
      llvm::SmallVector<const Doubles *, 4> operands;
      for (const Value *v : n->operands())
        operands.push_back(v ? &values.get(v) : nullptr);
      if (findRuntimeError(*n, operands))
        return true;
    }
    return false;
  }

  void plan() {
    bool literalsRounded = false, halves = false, onlyF64 = true;
    auto look = [&](const Value *v) {
      DType t = v->dtype();
      literalsRounded |= t == DType::F32;
      halves |= t == DType::F16 || t == DType::BF16;
      onlyF64 &= !isFloat(t) || t == DType::F64;
    };
    for (const auto &v : g.inputs())
      look(v.get());
    for (Node *n : nodesOf(g)) {
      for (unsigned i = 0; i < n->numResults(); ++i)
        look(n->result(i));
    }
    looseness = halves ? 2e-2 : literalsRounded ? 1e-5 : 1e-9;
    wantExact = rule.eqClass != EqClass::Exact;
    wantRounded = rule.eqClass == EqClass::Exact || (literalsRounded && !halves);
    wantField = onlyF64 && (rule.eqClass == EqClass::Real || rule.eqClass == EqClass::Exact);
  }

  /// The reason begins with its place in the rule file, where there is one.
  static Finding unfit(llvm::StringRef why) {
    Finding f;
    f.kind = Finding::Shapes;
    llvm::StringRef place, rest = why;
    if (size_t at = why.find(": "); at != llvm::StringRef::npos) {
      place = why.take_front(at);
      auto [file, column] = place.rsplit(':');
      auto [name, line] = file.rsplit(':');
      unsigned n = 0;
      if (name.empty() || line.getAsInteger(10, n) || column.getAsInteger(10, n))
        place = "";
      else
        rest = why.drop_front(at + 2);
    }
    f.message = rest.str();
    f.place = place.str();
    return f;
  }

  /// Whether nothing but sums, products, divisions by constants and movements happens, so that
  /// two sides that are equal must be equal over the field as well, but for rounded numbers.
  bool isPolynomial() const {
    for (const Node *n : nodesOf(g)) {
      const OpInfo &info = n->info();
      switch (n->kind()) {
      case OpKind::Constant:
      case OpKind::Add:
      case OpKind::Sub:
      case OpKind::Mul:
      case OpKind::ConvTranspose2d:
      case OpKind::AvgPool2d:
      case OpKind::AdaptiveAvgPool2d:
        continue;
      case OpKind::Conv2d:
      case OpKind::Linear:
        if (n->attr("act").asStr() == "none")
          continue;
        return false;
      case OpKind::BatchNorm:
        return false;
      default:
        if (info.has(Trait::LinearIn0) || info.has(Trait::Movement) || info.has(Trait::Reshape) ||
            info.has(Trait::Identity))
          continue;
        return false;
      }
    }
    return true;
  }

  static bool equalInField(const Outputs &a, const Outputs &b) {
    for (size_t i = 0; i < a.field.size(); ++i) {
      if (a.field[i].ints != b.field[i].ints || a.field[i].reals.size() != b.field[i].reals.size())
        return false;
      for (size_t k = 0; k < a.field[i].reals.size(); ++k) {
        if (a.field[i].reals[k] != b.field[i].reals[k])
          return false;
      }
    }
    return !a.field.empty();
  }

  static bool onlyNaN(const std::vector<Doubles> &outputs) {
    bool any = false;
    for (const Doubles &o : outputs) {
      for (double x : o.reals) {
        if (!std::isnan(x))
          return false;
        any = true;
      }
      if (!o.ints.empty())
        return false;
    }
    return any;
  }

  Finding differ(unsigned output, int64_t at, const Doubles &a, const Doubles &b) const {
    auto text = [](const Doubles &t) {
      std::string s;
      size_t n = std::max(t.reals.size(), t.ints.size());
      for (size_t i = 0; i < std::min<size_t>(n, 8); ++i)
        s += (i ? ", " : "") +
             (t.real() ? fmt::format("{:.7g}", shown(t.reals[i])) : std::to_string(t.ints[i]));
      return "[" + s + (n > 8 ? ", ...]" : "]");
    };
    Finding f;
    f.kind = Finding::Values;
    auto one = [&](const Doubles &t) {
      return t.real() ? fmt::format("{:.9g}", shown(t.reals[size_t(at)]))
                      : std::to_string(t.ints[size_t(at)]);
    };
    f.message = fmt::format("element {} of `{}` is {} on the left and {} on the right", at,
                            g.outputs()[output].value->name(), one(a), one(b));
    f.left = text(a);
    f.right = text(b);
    return f;
  }

  std::optional<Finding> compare(const std::vector<Doubles> &a, const std::vector<Doubles> &b,
                                 double tolerance, bool bits, bool overflows = false) const {
    for (unsigned i = 0; i < a.size(); ++i) {
      if (rule.eqClass == EqClass::Order && a[i].real())
        continue;
      int64_t at = firstDifference(a[i], b[i], tolerance, bits, overflows);
      bool mayTie = rule.eqClass == EqClass::Order || declared.count(i);
      if (at >= 0 && !(mayTie && tie(i, a[i], b[i])))
        return differ(i, at, a[i], b[i]);
    }
    return std::nullopt;
  }

  /// Values at which decisions were made, of the old graph and of the new one, by output.
  std::vector<std::optional<std::pair<Doubles, Shape>>> oldWitness, newWitness;

  /// What `compare y by witness x` says: values of x by the output that y is.
  std::map<unsigned, std::pair<Doubles, Shape>> declared;

  void declareWitnesses() {
    if (rule.verify.witnesses.empty() || rule.eqClass == EqClass::Exact)
      return;
    Weights none;
    GraphValues<double> values(none, false);
    for (unsigned i = 0; i < in.inputs.size(); ++i)
      values.set(g.input(i), in.inputs[i]);
    for (const auto &w : rule.verify.witnesses) {
      const Value *y = in.match.slots[w.result].value(), *x = in.match.slots[w.input].value();
      for (unsigned i = 0; y && x && i < g.outputs().size(); ++i) {
        if (g.outputs()[i].value == y && !isFloat(y->dtype()))
          declared[i] = {values.get(x), x->shape()};
      }
    }
  }

  /// The dimension of x that indices of y's shape point along: the one that y has not, or has
  /// another size of. -1: over all elements.
  static std::optional<int64_t> alongDim(const Shape &x, const Shape &y) {
    if (y.numel() == 1 && x.rank() != 1)
      return -1;
    for (int64_t d = 0; d < x.rank(); ++d) {
      Shape without = x, kept = x;
      without.erase(d);
      if (y.rank() == x.rank())
        kept[d] = y[d];
      if (without == y || (kept == y && (y[d] != x[d] || x.rank() == 1)))
        return d;
    }
    return std::nullopt;
  }

  /// An output of indices: of argmax or argmin, or the second of topk or sort.
  static bool isDecision(const Value *v) {
    const Node *n = v->node();
    if (!n)
      return false;
    OpKind k = n->kind();
    return k == OpKind::Argmax || k == OpKind::Argmin ||
           ((k == OpKind::Topk || k == OpKind::Sort) && v->index() == 1);
  }

  /// The operands that index outputs point into.
  std::vector<std::optional<std::pair<Doubles, Shape>>> witnesses() const {
    std::vector<std::optional<std::pair<Doubles, Shape>>> out;
    Weights none;
    GraphValues<double> values(none, false);
    for (unsigned i = 0; i < in.inputs.size(); ++i)
      values.set(g.input(i), in.inputs[i]);
    for (const GraphOutput &o : g.outputs()) {
      out.push_back(std::nullopt);
      if (isDecision(o.value))
        out.back() = std::pair(values.get(o.value->node()->operand(0)),
                               o.value->node()->operand(0)->shape());
    }
    return out;
  }

  /// Whether both indices point at equal numbers, so that either decision is right.
  bool tie(unsigned output, const Doubles &a, const Doubles &b) const {
    const Value *v = g.outputs()[output].value;
    auto given = declared.find(output);
    if (given == declared.end() && !isDecision(v))
      return false;
    Attribute dimAttr = isDecision(v) ? v->node()->attr("dim") : Attribute();
    bool keepsSize = v->node() && v->node()->numResults() == 2;
    std::vector<std::optional<std::pair<Doubles, Shape>>> told(output + 1);
    if (given != declared.end())
      told[output] = given->second;
    const auto &shown = told;
    for (const auto *side : {&oldWitness, &newWitness, &shown}) {
      if (output >= side->size() || !(*side)[output])
        continue;
      const auto &[witness, shape] = *(*side)[output];
      std::optional<int64_t> d;
      if (!dimAttr.isNone() && shape.rank())
        d = normalizeDim(dimAttr.asInt(), shape.rank());
      if (side == &shown && !d) {
        d = alongDim(shape, v->shape());
        if (!d)
          continue;
        keepsSize = *d >= 0 && v->rank() == shape.rank();
        if (*d < 0)
          d.reset();
      }
      int64_t outer = d ? shape.product(0, *d) : 1, size = d ? shape[*d] : shape.numel();
      int64_t inner = d ? shape.product(*d + 1, shape.rank()) : 1;
      int64_t taken = keepsSize && v->rank() && d ? v->dim(*d) : 1;
      if (int64_t(a.ints.size()) != outer * taken * inner)
        continue;
      bool same = true;
      for (int64_t i = 0; i < int64_t(a.ints.size()) && same; ++i) {
        int64_t p = a.ints[size_t(i)], q = b.ints[size_t(i)];
        if (p < 0 || q < 0 || p >= size || q >= size) {
          same = false;
          break;
        }
        auto at = [&](int64_t k) {
          size_t where = size_t((i / (taken * inner) * size + k) * inner + i % inner);
          return witness.real() ? witness.reals[where] : double(witness.ints[where]);
        };
        double x = at(p), y = at(q);
        same = std::fabs(x - y) <= 1e-12 * std::max(1.0, std::fabs(x));
      }
      if (same)
        return true;
    }
    return false;
  }

public:
  Comparison(const Rule &r, Instance &i, uint64_t s) : rule(r), in(i), g(*i.graph), seed(s) {}

  Finding check(const RewriteOptions &given) {
    if (hasRuntimeError())
      return {Finding::NothingToSay};
    plan();
    bool values = rule.eqClass != EqClass::Relaxed;
    Weights weights;
    Outputs before = values ? run(weights) : Outputs();
    bool polynomial = wantField && rule.eqClass == EqClass::Real && isPolynomial();
    declareWitnesses();
    if (rule.eqClass == EqClass::Order)
      oldWitness = witnesses();
    RewriteOptions options = given;
    options.beforeCommit = [&](const PendingRewrite &p, std::string &) {
      for (const auto &[node, expr] : p.weights)
        weights[node] = expr;
      return true;
    };
    Rewriter rewriter(g, options);
    RewriteEffect effect;
    std::string why;
    if (!rewriter.apply(rule, in.match, effect, why)) {
      if (why.find("replaced by itself") != std::string::npos ||
          why.find("depend on themselves") != std::string::npos)
        return {Finding::NothingToSay};
      // Such a rewrite is dropped and does no harm. That a rule is meant for floats, and for values
      // that have elements, need not be written into every one; that it forgets a condition on
      // sizes is a mistake.
      if (in.unusualTypes || hasEmptyValue())
        return {Finding::NothingToSay};
      return unfit(why);
    }
    g.nameAll();
    Diagnostics scratch;
    if (failed(verifyGraph(g, scratch)))
      return {Finding::Shapes, false,
              "the graph is no longer well-formed: " +
                  (scratch.all().empty() ? std::string() : scratch.all()[0].message)};
    if (!values)
      return {Finding::Holds};
    if (isTooLarge())
      return {Finding::NothingToSay};
    Outputs after = run(weights);
    if (rule.eqClass == EqClass::Order)
      newWitness = witnesses();
    Finding f;
    f.inField = wantField && equalInField(before, after);
    // Rounding of numbers that rules compute in double is no fault; a term too many is.
    if (polynomial && !f.inField && isPolynomial())
      looseness = std::min(looseness, 1e-12);
    if (wantRounded && rule.eqClass == EqClass::Exact) {
      if (auto bad = compare(before.rounded, after.rounded, 0, true))
        return *bad;
    }
    double scale = std::max({before.scale, after.scale, 1e-3});
    if (wantExact) {
      double tolerance = (rule.eqClass == EqClass::Approx ? approxTolerance() : looseness) * scale;
      if (auto bad = compare(before.exact, after.exact, tolerance, false))
        return *bad;
    }
    if (wantRounded && rule.eqClass == EqClass::Real) {
      double s = std::max({before.roundedScale, after.roundedScale, 1e-3});
      if (auto bad = compare(before.rounded, after.rounded, 1e-3 * s, false, true)) {
        bad->message += " (in f32, where rounding is magnified)";
        return *bad;
      }
    }
    if (onlyNaN(wantExact ? before.exact : before.rounded))
      f.kind = Finding::NothingToSay;
    return f;
  }

private:
  double approxTolerance() const { return rule.classTolerance > 0 ? rule.classTolerance : 1e-2; }
};

} // namespace

Finding checkInstance(const Rule &rule, Instance &in, const RewriteOptions &options,
                      uint64_t seed) {
  return Comparison(rule, in, seed).check(options);
}

} // namespace wnnx::verify
