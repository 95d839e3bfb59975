// SPDX-License-Identifier: Apache-2.0
//
// Functions of real numbers as the reference evaluators use them. Evaluators are templates on the
// scalar S and take every function from here; another number system is one more set of overloads,
// included here, as the prime field of `FieldScalar.h` is. `+ - *` and
// comparisons are operators on S. NaN follows PyTorch: it passes through max, min and rounding.
#pragma once

#include "wnnx/Ops/FieldScalar.h"

#include <cmath>
#include <cstdint>
#include <limits>

namespace wnnx::scalar {

/// S from a number written in an attribute or in the evaluator's text.
template <class S> S real(double v) {
  return S(v);
}
template <class S> S infinity() {
  return real<S>(std::numeric_limits<double>::infinity());
}
template <class S> S nan() {
  return real<S>(std::numeric_limits<double>::quiet_NaN());
}

inline bool isNaN(double x) {
  return std::isnan(x);
}
inline bool isInf(double x) {
  return std::isinf(x);
}
inline double exp(double x) {
  return std::exp(x);
}
inline double expm1(double x) {
  return std::expm1(x);
}
inline double log(double x) {
  return std::log(x);
}
inline double log2(double x) {
  return std::log2(x);
}
inline double log1p(double x) {
  return std::log1p(x);
}
inline double sqrt(double x) {
  return std::sqrt(x);
}
inline double rsqrt(double x) {
  return 1.0 / std::sqrt(x);
}
inline double reciprocal(double x) {
  return 1.0 / x;
}
inline double div(double x, double y) {
  return x / y;
}
inline double pow(double x, double y) {
  return std::pow(x, y);
}
inline double sin(double x) {
  return std::sin(x);
}
inline double cos(double x) {
  return std::cos(x);
}
inline double tan(double x) {
  return std::tan(x);
}
inline double atan2(double y, double x) {
  return std::atan2(y, x);
}
inline double tanh(double x) {
  return std::tanh(x);
}
inline double erf(double x) {
  return std::erf(x);
}
inline double abs(double x) {
  return std::fabs(x);
}
/// -1, 0 or 1; 0 for NaN, as torch.sign has it.
inline double sign(double x) {
  return double((x > 0) - (x < 0));
}
inline double floor(double x) {
  return std::floor(x);
}
inline double ceil(double x) {
  return std::ceil(x);
}
inline double trunc(double x) {
  return std::trunc(x);
}
/// To nearest, ties to even.
inline double round(double x) {
  return std::nearbyint(x);
}
inline double sigmoid(double x) {
  return 1.0 / (1.0 + std::exp(-x));
}
inline double max(double x, double y) {
  return x != x ? x : y != y ? y : x < y ? y : x;
}
inline double min(double x, double y) {
  return x != x ? x : y != y ? y : y < x ? y : x;
}
/// C's fmod: the sign of x.
inline double fmod(double x, double y) {
  return std::fmod(x, y);
}
/// Python's modulo: the sign of y.
inline double remainder(double x, double y) {
  double r = std::fmod(x, y);
  return r != 0 && (r < 0) != (y < 0) ? r + y : r;
}
/// The integer that `to` an integer dtype gives before wrapping; 0 for NaN.
inline int64_t toInt(double x) {
  if (x != x)
    return 0;
  if (x >= 9223372036854775808.0)
    return std::numeric_limits<int64_t>::max();
  if (x < -9223372036854775808.0)
    return std::numeric_limits<int64_t>::min();
  return int64_t(x);
}

} // namespace wnnx::scalar
