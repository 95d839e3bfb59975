// SPDX-License-Identifier: Apache-2.0
//
// One function from the ranges of operands to that of the result for each op that has something to
// say. Limits are those of real arithmetic; those that rounding could pass are moved outwards.
#include "wnnx/Pattern/RangeFacts.h"

#include "wnnx/IR/OpViews.h"

#include "llvm/ADT/DenseMap.h"

#include <algorithm>
#include <cmath>

namespace wnnx::pat {

bool ValueRange::finite() const {
  return noNan && std::isfinite(lo) && std::isfinite(hi);
}

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
/// Nodes looked at for one question, and how far back.
constexpr unsigned maxNodes = 64, maxDepth = 16;
/// Constants with more elements are not read.
constexpr int64_t maxConstant = 1 << 12;

ValueRange between(double lo, double hi, bool noNan = false, bool integer = false) {
  ValueRange r;
  r.lo = lo;
  r.hi = hi;
  r.noNan = noNan;
  r.integer = integer;
  return r;
}

/// A little wider, for results that rounding may carry past their limits; 0, 1 and -1 are reached
/// exactly by those who have them as limits.
ValueRange widened(ValueRange r) {
  auto hard = [](double x) { return x == 0 || std::fabs(x) == 1 || std::isinf(x); };
  if (!hard(r.lo))
    r.lo -= std::fabs(r.lo) * 1e-5;
  if (!hard(r.hi))
    r.hi += std::fabs(r.hi) * 1e-5;
  return r;
}

ValueRange ofDType(DType t) {
  switch (t) {
  case DType::Bool:
    return between(0, 1, true, true);
  case DType::U8:
    return between(0, 255, true, true);
  case DType::I8:
    return between(-128, 127, true, true);
  case DType::I16:
    return between(-32768, 32767, true, true);
  case DType::I32:
    return between(-0x1p31, 0x1p31, true, true);
  case DType::I64:
    return between(-0x1p63, 0x1p63, true, true);
  default:
    return {};
  }
}

double largest(DType t) {
  switch (t) {
  case DType::F16:
    return 65504;
  case DType::BF16:
    return 3.38e38;
  case DType::F32:
    return 3.4028234e38;
  default:
    return 1.79e308;
  }
}

/// Floats beyond the largest of their type are infinite; integers wrap, and then nothing is known.
ValueRange fitted(ValueRange r, DType t) {
  if (isFloat(t)) {
    if (r.lo < -largest(t))
      r.lo = -inf;
    if (r.hi > largest(t))
      r.hi = inf;
    return r;
  }
  ValueRange whole = ofDType(t);
  if (!(r.lo >= whole.lo && r.hi <= whole.hi))
    return whole;
  r.noNan = r.integer = true;
  return r;
}

ValueRange ofConstant(const Tensor &t) {
  ValueRange r = ofDType(t.dtype());
  if (t.numel() == 0 || t.numel() > maxConstant)
    return r;
  r = between(inf, -inf, true, true);
  for (int64_t i = 0; i < t.numel(); ++i) {
    double x = t.getDouble(i);
    if (std::isnan(x)) {
      r.noNan = false;
      continue;
    }
    r.lo = std::min(r.lo, x);
    r.hi = std::max(r.hi, x);
    r.integer &= x == std::floor(x);
  }
  if (r.lo > r.hi) // NaN only
    r = between(-inf, inf);
  return r;
}

ValueRange join(const ValueRange &a, const ValueRange &b) {
  return between(std::min(a.lo, b.lo), std::max(a.hi, b.hi), a.noNan && b.noNan,
                 a.integer && b.integer);
}

ValueRange add(const ValueRange &a, const ValueRange &b) {
  // Infinities of different sign make NaN.
  bool clash = (a.lo == -inf && b.hi == inf) || (a.hi == inf && b.lo == -inf);
  double lo = a.lo + b.lo, hi = a.hi + b.hi;
  return between(std::isnan(lo) ? -inf : lo, std::isnan(hi) ? inf : hi,
                 a.noNan && b.noNan && !clash, a.integer && b.integer);
}

ValueRange negated(const ValueRange &a) {
  return between(-a.hi, -a.lo, a.noNan, a.integer);
}

ValueRange mul(const ValueRange &a, const ValueRange &b) {
  auto times = [](double x, double y) { return x == 0 || y == 0 ? 0 : x * y; };
  double p[] = {times(a.lo, b.lo), times(a.lo, b.hi), times(a.hi, b.lo), times(a.hi, b.hi)};
  bool finite =
      std::isfinite(a.lo) && std::isfinite(a.hi) && std::isfinite(b.lo) && std::isfinite(b.hi);
  return between(*std::min_element(p, p + 4), *std::max_element(p, p + 4),
                 a.noNan && b.noNan && finite, a.integer && b.integer);
}

ValueRange reciprocal(const ValueRange &a) {
  if (a.lo > 0)
    return between(1 / a.hi, 1 / a.lo, a.noNan);
  if (a.lo >= 0) // 1 / -0 is -inf
    return between(-inf, inf, a.noNan);
  if (a.hi < 0)
    return between(1 / a.hi, 1 / a.lo, a.noNan);
  return between(-inf, inf, a.noNan);
}

/// By a non-decreasing function.
template <class F> ValueRange through(const ValueRange &a, F &&f, bool noNan) {
  double lo = f(a.lo), hi = f(a.hi);
  return widened(between(std::isnan(lo) ? -inf : lo, std::isnan(hi) ? inf : hi, noNan));
}

class Ranges {
  const InputRanges *assumed;
  llvm::DenseMap<const Value *, ValueRange> known;
  unsigned visited = 0;

public:
  explicit Ranges(const InputRanges *a) : assumed(a) {}
  ValueRange of(const Value *v, unsigned depth);

private:
  ValueRange result(const Node &n, const Value *v, unsigned depth);
  ValueRange unary(const Node &n, const ValueRange &a);
  ValueRange binary(const Node &n, const Value *l, const Value *r, unsigned depth);
  ValueRange pooled(const Node &n, ValueRange a);
};

ValueRange Ranges::of(const Value *v, unsigned depth) {
  if (auto it = known.find(v); it != known.end())
    return it->second;
  ValueRange r = ofDType(v->dtype());
  if (const Tensor *t = v->constant()) {
    r = ofConstant(*t);
  } else if (v->isInput()) {
    if (assumed) {
      if (auto it = assumed->find(v->name()); it != assumed->end())
        r = it->second;
    }
  } else if (depth < maxDepth && ++visited <= maxNodes) {
    r = fitted(result(*v->node(), v, depth + 1), v->dtype());
  }
  known[v] = r;
  return r;
}

/// `1/(1+exp(-x))` and its like reach their limits; what lies between is moved outwards a little.
ValueRange Ranges::unary(const Node &n, const ValueRange &a) {
  bool ok = a.noNan;
  switch (n.kind()) {
  case OpKind::Relu:
    return between(std::max(a.lo, 0.0), std::max(a.hi, 0.0), ok, a.integer);
  case OpKind::Clamp: {
    double lo = n.attr("min").isNone() ? -inf : n.attr("min").asFloat();
    double hi = n.attr("max").isNone() ? inf : n.attr("max").asFloat();
    bool whole = a.integer && (std::isinf(lo) || lo == std::floor(lo)) &&
                 (std::isinf(hi) || hi == std::floor(hi));
    // As torch: min(max(x, lo), hi).
    return between(std::min(std::max(a.lo, lo), hi), std::min(std::max(a.hi, lo), hi), ok, whole);
  }
  case OpKind::Hardsigmoid:
    return through(a, [](double x) { return std::clamp(x / 6 + 0.5, 0.0, 1.0); }, ok);
  case OpKind::Sigmoid:
    return through(a, [](double x) { return 1 / (1 + std::exp(-x)); }, ok);
  case OpKind::Tanh:
    return through(a, [](double x) { return std::tanh(x); }, ok);
  case OpKind::Erf:
    return through(a, [](double x) { return std::erf(x); }, ok);
  case OpKind::Exp:
    return through(a, [](double x) { return std::exp(x); }, ok);
  case OpKind::Expm1:
    return through(a, [](double x) { return std::expm1(x); }, ok);
  case OpKind::Log:
  case OpKind::Log2:
  case OpKind::Log1p: {
    double low = n.kind() == OpKind::Log1p ? -1 : 0;
    auto f = [&](double x) {
      return n.kind() == OpKind::Log    ? std::log(std::max(x, 0.0))
             : n.kind() == OpKind::Log2 ? std::log2(std::max(x, 0.0))
                                        : std::log1p(std::max(x, -1.0));
    };
    return through(a, f, ok && a.lo >= low);
  }
  case OpKind::Sqrt:
    return through(a, [](double x) { return std::sqrt(std::max(x, 0.0)); }, ok && a.lo >= 0);
  case OpKind::Rsqrt:
    return widened(between(a.hi > 0 ? 1 / std::sqrt(a.hi) : 0, a.lo > 0 ? 1 / std::sqrt(a.lo) : inf,
                           ok && a.lo >= 0));
  case OpKind::Softplus:
    if (!(n.attr("beta").asFloat() > 0))
      return {};
    return between(0, inf, ok);
  case OpKind::Silu:
    return between(-0.2785, std::max(a.hi, 0.0), ok && std::isfinite(a.lo));
  case OpKind::Gelu:
    return between(-0.1701, std::max(a.hi, 0.0), ok && std::isfinite(a.lo));
  case OpKind::Mish:
    return between(-0.3089, std::max(a.hi, 0.0), ok && std::isfinite(a.lo));
  case OpKind::Hardswish:
    return between(-0.3751, std::max(a.hi, 0.0), ok && std::isfinite(a.lo));
  case OpKind::Elu: {
    double alpha = n.attr("alpha").asFloat(), scale = n.attr("scale").asFloat();
    if (alpha < 0 || scale < 0 || n.attr("input_scale").asFloat() < 0)
      return {};
    return widened(between(a.lo >= 0 ? 0 : -alpha * scale, std::max(a.hi * scale, 0.0), ok));
  }
  case OpKind::LeakyRelu: {
    double slope = n.attr("negative_slope").asFloat();
    if (slope < 0)
      return {};
    auto f = [&](double x) { return x > 0 ? x : slope == 0 ? 0 : slope * x; };
    return through(a, f, ok && (slope > 0 || std::isfinite(a.lo)));
  }
  case OpKind::Abs: {
    double hi = std::max(std::fabs(a.lo), std::fabs(a.hi));
    return between(a.lo > 0 ? a.lo : a.hi < 0 ? -a.hi : 0, hi, ok, a.integer);
  }
  case OpKind::Neg:
    return negated(a);
  case OpKind::Reciprocal:
    return widened(reciprocal(a));
  case OpKind::Sin:
  case OpKind::Cos:
    return between(-1, 1, ok && std::isfinite(a.lo) && std::isfinite(a.hi));
  case OpKind::Floor:
    return between(std::floor(a.lo), std::floor(a.hi), ok, true);
  case OpKind::Ceil:
    return between(std::ceil(a.lo), std::ceil(a.hi), ok, true);
  case OpKind::Round:
    return between(std::nearbyint(a.lo), std::nearbyint(a.hi), ok, true);
  case OpKind::Trunc:
    return between(std::trunc(a.lo), std::trunc(a.hi), ok, true);
  case OpKind::Sign:
    return between(a.lo > 0 ? 1 : a.lo == 0 ? 0 : -1, a.hi < 0 ? -1 : a.hi == 0 ? 0 : 1, ok, true);
  case OpKind::To:
    if (isFloat(n.result()->dtype()))
      return !isFloat(n.operand(0)->dtype()) && a.lo >= -2048 && a.hi <= 2048
                 ? a // whole numbers that each float type holds
                 : widened(a);
    if (n.result()->dtype() == DType::Bool || !a.finite())
      return ofDType(n.result()->dtype());
    return between(std::trunc(a.lo), std::trunc(a.hi), true, true);
  default:
    return ofDType(n.result()->dtype());
  }
}

ValueRange Ranges::binary(const Node &n, const Value *l, const Value *r, unsigned depth) {
  ValueRange a = of(l, depth), b = of(r, depth);
  switch (n.kind()) {
  case OpKind::Add:
    return widened(add(a, b));
  case OpKind::Sub:
    return widened(add(a, negated(b)));
  case OpKind::Mul:
    if (l == r) { // a square; infinities stay infinities
      double m = std::max(std::fabs(a.lo), std::fabs(a.hi));
      double least = a.lo > 0 ? a.lo : a.hi < 0 ? -a.hi : 0;
      return widened(between(least * least, m * m, a.noNan, a.integer));
    }
    return widened(mul(a, b));
  case OpKind::Div: {
    if (n.attr("rounding_mode").asStr() != "none")
      return ofDType(n.result()->dtype());
    if (b.lo > 0 || b.hi < 0) {
      ValueRange q = mul(a, reciprocal(b));
      q.integer = false;
      q.noNan = a.noNan && b.noNan && std::isfinite(b.lo) && std::isfinite(b.hi);
      return widened(q);
    }
    return {};
  }
  case OpKind::Pow: {
    const Tensor *t = r->constant();
    std::optional<double> e = t ? t->splatValue() : std::nullopt;
    if (e && *e == std::floor(*e) && std::fmod(*e, 2) == 0)
      return between(0, inf, a.noNan);
    return a.lo >= 0 ? between(0, inf) : ValueRange{};
  }
  case OpKind::Maximum:
    return between(std::max(a.lo, b.lo), std::max(a.hi, b.hi), a.noNan && b.noNan,
                   a.integer && b.integer);
  case OpKind::Minimum:
    return between(std::min(a.lo, b.lo), std::min(a.hi, b.hi), a.noNan && b.noNan,
                   a.integer && b.integer);
  default:
    return ofDType(n.result()->dtype());
  }
}

/// Averages lie between the limits, and zero where padding takes part.
ValueRange Ranges::pooled(const Node &n, ValueRange a) {
  if (n.kind() == OpKind::AvgPool2d && !n.attr("divisor_override").isNone())
    return a.lo >= 0 && n.attr("divisor_override").asInt() > 0 ? between(0, inf) : ValueRange{};
  if (n.kind() == OpKind::AvgPool2d)
    a = join(a, between(0, 0, true, true));
  a.integer = false;
  // A sum on the way may pass the largest number.
  a.noNan = a.finite() && n.operand(0)->type().numel() > 0;
  return widened(a);
}

ValueRange Ranges::result(const Node &n, const Value *v, unsigned depth) {
  auto in = [&](unsigned i) { return of(n.operand(i), depth); };
  const OpInfo &info = n.info();
  switch (n.kind()) {
  case OpKind::Identity:
  case OpKind::Dropout:
  case OpKind::Contiguous:
  case OpKind::Reshape:
  case OpKind::Permute:
  case OpKind::Expand:
  case OpKind::Slice:
  case OpKind::Select:
  case OpKind::Split:
  case OpKind::Flip:
  case OpKind::Roll:
  case OpKind::Repeat:
  case OpKind::UpsampleNearest2d:
  case OpKind::Embedding:
  case OpKind::IndexSelect:
  case OpKind::Gather:
  case OpKind::Index:
  case OpKind::AdaptiveMaxPool2d:
    return v->index() == 0 || n.kind() == OpKind::Split ? in(0) : ofDType(v->dtype());
  case OpKind::MaxPool2d:
  case OpKind::Amax:
  case OpKind::Amin:
    return in(0);
  case OpKind::Topk:
  case OpKind::Sort:
    return v->index() == 0 ? in(0) : between(0, inf, true, true);
  case OpKind::Argmax:
  case OpKind::Argmin:
    return between(0, double(n.operand(0)->type().numel()), true, true);
  case OpKind::AvgPool2d:
  case OpKind::AdaptiveAvgPool2d:
  case OpKind::UpsampleBilinear2d:
  case OpKind::Mean:
    return pooled(n, in(0));
  case OpKind::Pad:
    if (n.attr("mode").asStr() != "constant")
      return in(0);
    return join(in(0), between(n.attr("value").asFloat(), n.attr("value").asFloat(), true,
                               n.attr("value").asFloat() == std::floor(n.attr("value").asFloat())));
  case OpKind::Tril:
  case OpKind::Triu:
    return join(in(0), between(0, 0, true, true));
  case OpKind::Cat: {
    ValueRange r = in(0);
    for (unsigned i = 1; i < n.numOperands(); ++i)
      r = join(r, in(i));
    return r;
  }
  case OpKind::Where:
    return join(in(1), in(2));
  case OpKind::Softmax:
    return between(0, 1, in(0).finite());
  case OpKind::LogSoftmax:
    return between(-inf, 0, in(0).finite());
  case OpKind::Var:
    return between(0, inf);
  case OpKind::Sum: {
    ValueRange a = in(0);
    if (a.lo >= 0)
      return between(0, inf, a.noNan, a.integer);
    if (a.hi <= 0)
      return between(-inf, 0, a.noNan, a.integer);
    return between(-inf, inf, a.finite() && !isFloat(v->dtype()), a.integer);
  }
  case OpKind::Matmul: {
    ValueRange a = in(0), b = in(1);
    bool positive = (a.lo >= 0 && b.lo >= 0) || (a.hi <= 0 && b.hi <= 0);
    return between(positive ? 0 : -inf, inf);
  }
  case OpKind::Conv2d:
  case OpKind::Linear:
    // What a fused activation promises whatever it is applied to.
    if (n.attr("act").asStr() == "relu")
      return between(0, inf);
    if (n.attr("act").asStr() == "sigmoid" || n.attr("act").asStr() == "hardsigmoid")
      return between(0, 1);
    if (n.attr("act").asStr() == "tanh")
      return between(-1, 1);
    return {};
  default:
    break;
  }
  if (info.has(Trait::BinaryElementwise))
    return binary(n, n.operand(0), n.operand(1), depth);
  if (info.has(Trait::UnaryElementwise))
    return unary(n, in(0));
  return ofDType(v->dtype());
}

} // namespace

ValueRange rangeOf(const Value *v, const InputRanges *assumed) {
  return Ranges(assumed).of(v, 0);
}

} // namespace wnnx::pat
