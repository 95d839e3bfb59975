// SPDX-License-Identifier: Apache-2.0
//
// Functions that look into compile-time tensors: what their elements are.
#include "wnnx/Pattern/Evaluator.h"

#include "fmt/format.h"

#include <cmath>

namespace wnnx::pat {

/// Indices along `dim` at which all elements are zero.
static std::vector<int64_t> channels(const std::vector<double> &x, const Shape &s, int64_t dim,
                                     bool zero) {
  int64_t inner = s.product(dim + 1, s.rank()), size = s[dim];
  std::vector<bool> used(size_t(size), false);
  for (size_t i = 0; i < x.size(); ++i) {
    if (x[i] != 0)
      used[(i / size_t(inner)) % size_t(size)] = true;
  }
  std::vector<int64_t> out;
  for (int64_t i = 0; i < size; ++i) {
    if (used[size_t(i)] != zero)
      out.push_back(i);
  }
  return out;
}

static bool isPermutation(const std::vector<double> &x) {
  std::vector<bool> seen(x.size(), false);
  for (double v : x) {
    if (!(v >= 0) || v >= double(x.size()) || v != std::floor(v) || seen[size_t(v)])
      return false;
    seen[size_t(v)] = true;
  }
  return true;
}

std::optional<Datum> Evaluator::callPredicate(const Code &c, const std::vector<Datum> &a) {
  auto tolerance = [&](size_t i) {
    return i < a.size() && a[i].isNumber() ? a[i].asDouble() : 0.0;
  };
  auto close = [](double x, double y, double tol) { return x == y || std::fabs(x - y) <= tol; };
  if (c.builtin == Builtin::IsPermutation && a[0].list()) {
    std::optional<std::vector<int64_t>> p = a[0].ints();
    return Datum(p && isPermutation({p->begin(), p->end()}));
  }
  TensorRef t = tensor(*c.kids[0], a[0]);
  if (!t)
    return std::nullopt;
  const Shape &s = t->shape;
  if (c.builtin == Builtin::Item && s.numel() != 1)
    return fail(c, fmt::format("a tensor of shape {} is not one number", s.str()));
  if ((c.builtin == Builtin::Ints || c.builtin == Builtin::Numbers) && s.numel() > (1 << 20))
    return fail(c, "the list would be too long");
  std::vector<double> x = t->values();
  switch (c.builtin) {
  case Builtin::Item:
    return Datum(x[0]);
  case Builtin::Ints: {
    std::vector<int64_t> out;
    for (double v : x) {
      if (v != std::floor(v) || std::fabs(v) > 0x1p53)
        return fail(c, fmt::format("{} is not a whole number", v));
      out.push_back(int64_t(v));
    }
    return Datum::ofInts(out);
  }
  case Builtin::Numbers:
    return Datum(DatumList(x.begin(), x.end()));
  case Builtin::IsUniform:
  case Builtin::SplatValue: {
    bool same = !x.empty();
    for (double v : x)
      same &= v == x[0];
    if (c.builtin == Builtin::IsUniform)
      return Datum(same);
    return same ? std::optional<Datum>(x[0]) : fail(c, "the elements differ");
  }
  case Builtin::IsSplat:
    if (!a[1].isNumber())
      return fail(c, "not a number");
    for (double v : x) {
      if (!close(v, a[1].asDouble(), tolerance(2)))
        return Datum(false);
    }
    return Datum(true);
  case Builtin::AllClose: {
    TensorRef u = tensor(*c.kids[1], a[1]);
    if (!u)
      return std::nullopt;
    if (s != u->shape)
      return Datum(false);
    std::vector<double> y = u->values();
    for (size_t i = 0; i < x.size(); ++i) {
      if (!close(x[i], y[i], tolerance(2)))
        return Datum(false);
    }
    return Datum(true);
  }
  case Builtin::IsIdentity: {
    if (s.rank() != 2 || s[0] != s[1])
      return Datum(false);
    for (size_t i = 0; i < x.size(); ++i) {
      bool diagonal = int64_t(i) / s[1] == int64_t(i) % s[1];
      if (!close(x[i], diagonal ? 1 : 0, tolerance(1)))
        return Datum(false);
    }
    return Datum(true);
  }
  case Builtin::IsArange:
    for (size_t i = 0; i < x.size(); ++i) {
      if (!close(x[i], double(i), tolerance(1)))
        return Datum(false);
    }
    return Datum(true);
  case Builtin::IsPermutation:
    return Datum(isPermutation(x));
  case Builtin::ZeroChannels:
  case Builtin::NonzeroChannels: {
    auto *dim = a[1].as<int64_t>();
    std::optional<int64_t> d = dim && s.rank() ? normalizeDim(*dim, s.rank()) : std::nullopt;
    if (!d)
      return fail(c, fmt::format("{} has no dimension {}", s.str(), a[1].str()));
    return Datum::ofInts(channels(x, s, *d, c.builtin == Builtin::ZeroChannels));
  }
  default:
    return fail(c, "unknown function");
  }
}

} // namespace wnnx::pat
