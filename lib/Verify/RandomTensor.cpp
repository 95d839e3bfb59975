// SPDX-License-Identifier: Apache-2.0
//
// Kinds of numbers that find different faults: integers find ties and exchanged elements, few bits
// keep sums exact, all bits make rounding visible.
#include "RandomTensor.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace wnnx::verify {

namespace {
enum class Style { Zeros, Ones, Counted, SmallIntegers, FewBits, AllBits, Wide, SignedZeros };

Style styleOf(uint64_t n) {
  return n == 0    ? Style::Zeros
         : n == 1  ? Style::Ones
         : n == 2  ? Style::Counted
         : n <= 8  ? Style::SmallIntegers
         : n <= 20 ? Style::FewBits
         : n <= 28 ? Style::AllBits
         : n == 29 ? Style::Wide
                   : Style::SignedZeros;
}

double element(Style style, uint64_t bits, int64_t index) {
  auto below = [&](uint64_t n) { return double(bits % n); };
  switch (style) {
  case Style::Zeros:
    return 0;
  case Style::Ones:
    return 1;
  case Style::Counted:
    return double(index % 60 + 1); // of which exp is still finite in f32
  case Style::SmallIntegers:
    return below(6) - 2;
  case Style::FewBits:
    return (below(1 << 13) - 4096) / 1024;
  case Style::AllBits:
    return (double(bits >> 40) - 0x1p23) * 0x1p-22;
  case Style::Wide:
    return (below(1 << 16) - 32768) / 1024;
  case Style::SignedZeros:
    return bits % 3 == 0 ? -0.0 : bits % 3 == 1 ? 0.0 : below(8) - 4;
  }
  return 0;
}

double constrained(double x, uint64_t bits, const Domain &d, bool real) {
  if (d.integral)
    x = std::floor(x);
  if (d.positive || d.nonnegative)
    x = std::fabs(x);
  if (d.positive && x == 0)
    x = real ? 0.25 * double(1 + bits % 7) : double(1 + bits % 7);
  if (d.nonzero && x == 0)
    x = bits & 8 ? -1 : 1;
  return x;
}
} // namespace

Tensor randomTensor(Choices &choices, Key key, const TensorType &type, const Domain &d) {
  int64_t n = type.numel();
  std::vector<double> v(static_cast<size_t>(n));
  uint64_t seed = choices.draw(key / "numbers", uint64_t(1) << 32);
  bool real = isFloat(type.dtype);
  // The bound keeps huge tensors, which only a strange rule asks for, from taking all memory.
  Style style = styleOf(choices.draw(key / "style", 32));
  uint64_t kind = d.special && real ? choices.draw(key / "special", 8) : 0;
  bool special = kind == 7;
  bool onlyNaN = special && seed % 3; // infinities are beyond most ranges that rules ask for
  if (kind == 6)
    style = Style::SignedZeros;
  for (int64_t i = 0; i < n; ++i) {
    uint64_t bits = mixBits(seed ^ mixBits(uint64_t(d.splat ? 0 : i) + 1));
    double x = element(style, bits, d.splat ? 0 : i);
    if (d.below > 0)
      x = style == Style::Zeros ? 0 : double(bits % uint64_t(d.below));
    else if (d.zero || d.one)
      x = d.one;
    else if (d.arange || d.permutation)
      x = double(i);
    else if (d.identity)
      x = type.shape.rank() == 2 && i / std::max<int64_t>(type.shape[1], 1) == i % type.shape[1];
    else if (type.dtype == DType::Bool)
      x = style == Style::Zeros ? 0 : style == Style::Ones ? 1 : double(bits & 1);
    else
      x = constrained(real ? x : std::floor(x), bits, d, real);
    if (type.dtype == DType::U8)
      x = std::fabs(x);
    if (special && bits % 3 == 0)
      x = bits % 9 == 0 || onlyNaN ? std::numeric_limits<double>::quiet_NaN()
          : bits % 9 == 3          ? std::numeric_limits<double>::infinity()
                                   : -std::numeric_limits<double>::infinity();
    v[size_t(i)] = x;
  }
  if (d.permutation) {
    for (int64_t i = n - 1; i > 0; --i)
      std::swap(v[size_t(i)], v[mixBits(seed + uint64_t(i)) % uint64_t(i + 1)]);
  }
  return Tensor::fromDoubles(type, v);
}

} // namespace wnnx::verify
