// SPDX-License-Identifier: Apache-2.0
//
// Runs graphs with any scalar: in double with or without rounding to the dtypes, or over the prime
// field. Constants that a rule made can be given by the expression that made them, so that they
// too are without rounding.
#pragma once

#include "TensorValues.h"
#include "wnnx/IR/Graph.h"
#include "wnnx/Ops/Evaluate.h"

#include <cmath>
#include <unordered_map>

namespace wnnx::verify {

/// Constants by the expressions that made them.
using Weights = std::unordered_map<const Node *, pat::TensorRef>;

template <class S> class GraphValues {
  std::unordered_map<const Value *, RefTensor<S>> values;
  const Weights *weights;
  bool round;

  static RefTensor<S> convert(const Tensor &t) {
    RefTensor<S> r(t.type());
    for (int64_t i = 0, n = t.numel(); i < n; ++i) {
      if (r.real())
        r.reals[size_t(i)] = S(t.getDouble(i));
      else
        r.ints[size_t(i)] = t.getInt(i);
    }
    return r;
  }

  RefTensor<S> constant(const Node &n) {
    const Tensor &t = *n.result()->constant();
    auto it = weights->find(&n);
    if (it == weights->end() || round || !isFloat(t.dtype()))
      return convert(t);
    RefTensor<S> r(t.type());
    if constexpr (std::is_same_v<S, double>) {
      r.reals = it->second->values();
    } else if (std::optional<std::vector<S>> v = fieldValues(*it->second)) {
      r.reals = std::move(*v);
    } else {
      std::fill(r.reals.begin(), r.reals.end(), Field::nan());
    }
    return r;
  }

  void measure(const RefTensor<S> &t) {
    if constexpr (std::is_same_v<S, double>) {
      for (double x : t.reals) {
        if (std::isfinite(x))
          scale = std::max(scale, std::fabs(x));
      }
    }
  }

public:
  /// The largest finite number anywhere, for judging differences.
  double scale = 0;

  GraphValues(const Weights &w, bool roundToDTypes) : weights(&w), round(roundToDTypes) {}

  void set(const Value *v, const Tensor &t) {
    values[v] = convert(t);
    measure(values[v]);
  }

  /// The value, with all that it depends on.
  const RefTensor<S> &get(const Value *v) {
    if (auto it = values.find(v); it != values.end())
      return it->second;
    // Chains can be longer than the stack is deep: what is missing is computed from the bottom.
    std::vector<const Node *> work = {v->node()};
    while (!work.empty()) {
      const Node &n = *work.back();
      size_t before = work.size();
      for (const Value *o : n.operands()) {
        if (o && !values.count(o))
          work.push_back(o->node());
      }
      if (work.size() != before)
        continue;
      work.pop_back();
      if (!values.count(n.result()))
        compute(n);
    }
    return values.at(v);
  }

private:
  void compute(const Node &n) {
    std::vector<RefTensor<S>> results;
    if (n.kind() == OpKind::Constant) {
      results.push_back(constant(n));
    } else {
      llvm::SmallVector<const RefTensor<S> *, 4> operands;
      for (const Value *o : n.operands())
        operands.push_back(o ? &values.at(o) : nullptr);
      for (unsigned i = 0; i < n.numResults(); ++i)
        results.emplace_back(n.result(i)->type());
      evaluateNode<S>({n, operands, results});
    }
    for (unsigned i = 0; i < n.numResults(); ++i) {
      if constexpr (std::is_same_v<S, double>) {
        if (round || !results[i].real())
          roundToDType(results[i]);
      }
      measure(results[i]);
      values[n.result(i)] = std::move(results[i]);
    }
  }
};

} // namespace wnnx::verify
