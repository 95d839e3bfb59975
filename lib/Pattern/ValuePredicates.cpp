// SPDX-License-Identifier: Apache-2.0
//
// Constants are read; of other values only what their ranges say is known.
#include "ValuePredicates.h"

#include <algorithm>
#include <cmath>

namespace wnnx::pat {

llvm::ArrayRef<ValuePredicateInfo> valuePredicates() {
  static const ValuePredicateInfo table[] = {
      {ValuePredicate::Positive, "positive", "positive", true},
      {ValuePredicate::NonNegative, "nonnegative", "not negative", true},
      {ValuePredicate::Scalar, "scalar", "of one element", true},
      {ValuePredicate::Splat, "splat", "of one value", false},
      {ValuePredicate::Finite, "finite", "finite", true},
      {ValuePredicate::Zero, "zero", "zero", true},
      {ValuePredicate::One, "one", "one", true},
      {ValuePredicate::Nonzero, "nonzero", "without zeros", true},
      {ValuePredicate::Integral, "integral", "whole numbers", true},
      {ValuePredicate::Identity, "identity", "an identity matrix", false},
      {ValuePredicate::Arange, "arange", "0, 1, 2 ...", false},
      {ValuePredicate::Permutation, "permutation", "a permutation of 0 ... n-1", false},
  };
  return table;
}

static bool ofConstant(ValuePredicate p, const Tensor &t) {
  auto every = [&](auto &&f) {
    for (int64_t i = 0, n = t.numel(); i < n; ++i) {
      if (!f(t.getDouble(i), i))
        return false;
    }
    return true;
  };
  switch (p) {
  case ValuePredicate::Positive:
    return every([](double x, int64_t) { return x > 0; });
  case ValuePredicate::NonNegative:
    return every([](double x, int64_t) { return x >= 0; });
  case ValuePredicate::Scalar:
    return t.numel() == 1;
  case ValuePredicate::Splat:
    return t.splatValue().has_value();
  case ValuePredicate::Finite:
    return every([](double x, int64_t) { return std::isfinite(x); });
  case ValuePredicate::Zero:
    return every([](double x, int64_t) { return x == 0; });
  case ValuePredicate::One:
    return every([](double x, int64_t) { return x == 1; });
  case ValuePredicate::Nonzero:
    return every([](double x, int64_t) { return x != 0 && !std::isnan(x); });
  case ValuePredicate::Integral:
    return every([](double x, int64_t) { return std::isfinite(x) && x == std::floor(x); });
  case ValuePredicate::Identity: {
    if (t.shape().rank() != 2 || t.shape()[0] != t.shape()[1])
      return false;
    int64_t n = t.shape()[0];
    return every([&](double x, int64_t i) { return x == (i / n == i % n ? 1 : 0); });
  }
  case ValuePredicate::Arange:
    return every([](double x, int64_t i) { return x == double(i); });
  case ValuePredicate::Permutation: {
    std::vector<bool> seen(size_t(t.numel()), false);
    return every([&](double x, int64_t) {
      if (!(x >= 0) || x >= double(seen.size()) || x != std::floor(x) || seen[size_t(x)])
        return false;
      return bool(seen[size_t(x)] = true);
    });
  }
  }
  return false;
}

bool holdsFor(ValuePredicate p, const Value &v, const InputRanges *assumed) {
  if (const Tensor *t = v.constant())
    return ofConstant(p, *t);
  if (p == ValuePredicate::Scalar)
    return v.shape().isStatic() && v.shape().numel() == 1;
  ValueRange r = rangeOf(&v, assumed);
  switch (p) {
  case ValuePredicate::Positive:
    return r.positive() && r.noNan;
  case ValuePredicate::NonNegative:
    return r.nonnegative();
  case ValuePredicate::Finite:
    return r.finite();
  case ValuePredicate::Zero:
    return r.isPoint() && r.lo == 0 && r.noNan;
  case ValuePredicate::One:
    return r.isPoint() && r.lo == 1 && r.noNan;
  case ValuePredicate::Nonzero:
    return (r.lo > 0 || r.hi < 0) && r.noNan;
  case ValuePredicate::Integral:
    return r.integer && r.finite();
  default:
    return false;
  }
}

} // namespace wnnx::pat
