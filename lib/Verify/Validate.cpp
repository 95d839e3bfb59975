// SPDX-License-Identifier: Apache-2.0
//
// Both sides stand beside each other before a rewrite is committed; the values that both read are
// the inputs.
#include "wnnx/Verify/Validate.h"

#include "Check.h"
#include "GraphValues.h"
#include "wnnx/Eval/RuntimeErrors.h"
#include "wnnx/Ops/Infer.h"

#include "fmt/format.h"
#include "llvm/ADT/DenseSet.h"

namespace wnnx::verify {

using namespace pat;

namespace {

/// The values that the cones of both sides read from the rest of the graph, in order of discovery.
struct Boundary {
  std::vector<const Value *> values;
  std::vector<const Node *> nodes; // of both sides, operands before users
  llvm::DenseSet<const Value *> seen;
  llvm::DenseSet<const Node *> done;
  const Match &match;

  explicit Boundary(const Match &m) : match(m) {}

  bool inside(const Node *n) const {
    return !n->isInserted() || llvm::is_contained(match.nodes, n) || n->kind() == OpKind::Constant;
  }
  void visit(const Value *v) {
    const Node *n = v->node();
    if (!n || !inside(n)) {
      if (seen.insert(v).second)
        values.push_back(v);
      return;
    }
    if (!done.insert(n).second)
      return;
    for (const Value *o : n->operands()) {
      if (o)
        visit(o);
    }
    nodes.push_back(n);
  }
};

/// Numbers within what is known of the value, which rules may have relied on.
Tensor randomInput(const Value *v, const InputRanges *assumed, uint64_t seed, bool smallPositions) {
  std::vector<double> numbers(size_t(v->type().numel()));
  ValueRange range = rangeOf(v, assumed);
  double lo = std::max(range.lo, std::min(-2.0, range.hi - 4));
  double hi = std::min(range.hi, std::max(2.0, lo + 4));
  for (size_t i = 0; i < numbers.size(); ++i) {
    uint64_t bits = mixBits(seed + i);
    double x = lo + (hi - lo) * (double(bits >> 40) * 0x1p-24);
    if (v->dtype() == DType::Bool)
      x = std::clamp(double(bits & 1), range.lo, range.hi);
    else if (!isFloat(v->dtype()))
      x = std::clamp(smallPositions ? double(bits & 1) : double(bits % 7), range.lo, range.hi);
    else if (range.integer)
      x = std::clamp(std::round(x), range.lo, range.hi);
    numbers[i] = x;
  }
  return Tensor::fromDoubles(v->type(), numbers);
}

} // namespace

bool RewriteValidator::check(const PendingRewrite &p, std::string &why) {
  if (p.rule.eqClass == EqClass::Relaxed) {
    ++skipped;
    return true;
  }
  Boundary b(p.match);
  for (const auto &[from, to] : p.replacements) {
    b.visit(from);
    b.visit(to);
  }
  bool exact = p.rule.eqClass == EqClass::Exact;
  Weights none;
  for (uint64_t round = 0; round < 2; ++round) {
    GraphValues<double> values(none, true);
    bool runs = false;
    for (bool small : {false, true}) {
      values = GraphValues<double>(none, true);
      for (size_t i = 0; i < b.values.size(); ++i)
        values.set(b.values[i], randomInput(b.values[i], ranges,
                                            mixBits(seed + 131 * round + 17 * i + checked), small));
      runs = true;
      for (const Node *n : b.nodes) {
        if (n->kind() == OpKind::Constant)
          continue;
        llvm::SmallVector<const RefTensor<double> *, 4> operands;
        for (const Value *o : n->operands())
          operands.push_back(o ? &values.get(o) : nullptr);
        runs &= !findRuntimeError(*n, operands);
      }
      if (runs)
        break;
    }
    if (!runs)
      continue;
    for (const auto &[from, to] : p.replacements) {
      const RefTensor<double> &left = values.get(from), &right = values.get(to);
      double loose = p.rule.eqClass == EqClass::Approx                             ? 1e-1
                     : from->dtype() == DType::F16 || from->dtype() == DType::BF16 ? 5e-2
                                                                                   : 1e-3;
      int64_t at = -1;
      if (p.rule.eqClass == EqClass::Order) {
        // Decisions may differ where numbers are within rounding of each other.
        size_t different = 0;
        for (size_t i = 0; i < left.ints.size(); ++i)
          different += left.ints[i] != right.ints[i];
        if (different > left.ints.size() / 50)
          at = firstDifference(left, right, 0, false);
      } else {
        at = firstDifference(left, right, exact ? 0 : loose * std::max(values.scale, 1e-3), exact);
      }
      if (at < 0)
        continue;
      auto show = [&](const RefTensor<double> &t) {
        return t.real() ? fmt::format("{:.9g}", t.reals[size_t(at)])
                        : std::to_string(t.ints[size_t(at)]);
      };
      diags
          .error(p.rule.range, "pat-validate",
                 fmt::format("rule `{}` (class {}) changes the result at {}: element {} of {} was "
                             "{} and became {}",
                             p.rule.name, eqClassName(p.rule.eqClass),
                             from->node() ? describe(*from->node()) : from->name(), at,
                             from->type().str(), show(left), show(right)))
          .hint("`wnnx-pat verify` looks for a small example");
      why = "it changes the result";
      return false;
    }
  }
  ++checked;
  return true;
}

} // namespace wnnx::verify
