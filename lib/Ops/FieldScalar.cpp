// SPDX-License-Identifier: Apache-2.0
//
// Arithmetic modulo 2^61 - 1 beyond sums and products, and the functions that stand for exp, erf
// and the like.
#include "wnnx/Ops/FieldScalar.h"

#include <cmath>
#include <unordered_map>

namespace wnnx {

namespace {
enum class Function : uint64_t {
  Exp = 1,
  Log,
  Sin,
  Cos,
  Erf,
  Floor,
  Round,
  Trunc,
  Fmod,
  Remainder,
  Atan2,
  Pow,
  ToInt
};

struct Functions {
  uint64_t seed = 0;
  std::unordered_map<uint64_t, uint64_t> logarithms, exponentials; // only looked up, never walked
};
thread_local Functions functions;

uint64_t mix(uint64_t x) {
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9ULL;
  x ^= x >> 27;
  x *= 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

/// Any element, but always the same one.
Field random(Function f, Field x, Field y = Field(0)) {
  if (x.isNaN() || y.isNaN())
    return Field::nan();
  uint64_t h = mix(functions.seed + 0x9e3779b97f4a7c15ULL * uint64_t(f));
  h = mix(h + x.residue());
  return Field::ofBits(mix(h * 3 + y.residue()));
}

/// f(-x) = -f(x).
Field odd(Function f, Field x) {
  if (x == Field(0))
    return x;
  return x < Field(0) ? -random(f, -x) : random(f, x);
}

/// Whether the element is a number that rounding leaves as it is.
bool isSmallInteger(Field x) {
  int64_t s = x.toSigned();
  return x.isElement() && s > -(int64_t(1) << 30) && s < (int64_t(1) << 30);
}
} // namespace

void seedFieldFunctions(uint64_t seed) {
  functions = {seed, {}, {}};
}

Field::Field(double x) {
  if (std::isnan(x)) {
    v = prime + 2;
    return;
  }
  if (std::isinf(x)) {
    v = x > 0 ? prime : prime + 1;
    return;
  }
  int exponent = 0;
  double fraction = std::frexp(std::fabs(x), &exponent);
  // 2^61 = 1, so that exponents count modulo 61.
  auto mantissa = uint64_t(std::ldexp(fraction, 53));
  int shift = ((exponent - 53) % 61 + 61) % 61;
  *this = raw(mantissa) * raw(uint64_t(1) << shift);
  if (x < 0)
    *this = -*this;
}

Field Field::addSpecial(Field a, Field b) {
  if (a.isNaN() || b.isNaN() || (a.isInfinite() && b.isInfinite() && a.v != b.v))
    return nan();
  return a.isInfinite() ? a : b;
}

Field Field::multiplySpecial(Field a, Field b) {
  if (a.isNaN() || b.isNaN() || a.v == 0 || b.v == 0)
    return nan();
  return (a < Field(0)) == (b < Field(0)) ? infinity() : minusInfinity();
}

Field Field::power(uint64_t exponent) const {
  Field result(1), base = *this;
  for (; exponent; exponent >>= 1) {
    if (exponent & 1)
      result = result * base;
    base = base * base;
  }
  return result;
}

Field Field::inverse() const {
  if (isInfinite())
    return Field(0);
  return v == 0 || isNaN() ? nan() : power(prime - 2);
}

namespace scalar {

bool isNaN(Field x) {
  return x.isNaN();
}
bool isInf(Field x) {
  return x.isInfinite();
}
Field reciprocal(Field x) {
  return x.inverse();
}
Field div(Field x, Field y) {
  return x * y.inverse();
}
Field exp(Field x) {
  if (!x.isElement())
    return x.isNaN() ? x : x < Field(0) ? Field(0) : x;
  if (x == Field(0))
    return Field(1);
  if (auto it = functions.exponentials.find(x.residue()); it != functions.exponentials.end())
    return Field::ofBits(it->second << 3);
  Field y = x < Field(0) ? random(Function::Exp, -x).inverse() : random(Function::Exp, x);
  functions.logarithms[y.residue()] = x.residue();
  return y;
}
Field log(Field x) {
  if (!x.isElement())
    return x;
  if (x == Field(0))
    return Field::minusInfinity();
  if (x == Field(1))
    return Field(0);
  if (auto it = functions.logarithms.find(x.residue()); it != functions.logarithms.end())
    return Field::ofBits(it->second << 3);
  Field y = random(Function::Log, x);
  functions.exponentials[y.residue()] = x.residue();
  return y;
}
Field expm1(Field x) {
  return exp(x) - Field(1);
}
Field log1p(Field x) {
  return log(x + Field(1));
}
Field log2(Field x) {
  return div(log(x), log(Field(2)));
}
/// The root of squares, which are half of all elements; products have the products of roots.
Field sqrt(Field x) {
  return x.isElement() ? x.power((Field::prime + 1) / 4) : x;
}
Field rsqrt(Field x) {
  return sqrt(x).inverse();
}
Field pow(Field x, Field y) {
  if (isSmallInteger(y) && y.toSigned() >= -64 && y.toSigned() <= 64) {
    int64_t n = y.toSigned();
    return n < 0 ? x.inverse().power(uint64_t(-n)) : x.power(uint64_t(n));
  }
  if (y == Field(0.5))
    return sqrt(x);
  if (y == Field(-0.5))
    return rsqrt(x);
  return random(Function::Pow, x, y);
}
Field sin(Field x) {
  return odd(Function::Sin, x);
}
Field cos(Field x) {
  return x == Field(0) ? Field(1) : random(Function::Cos, abs(x));
}
Field tan(Field x) {
  return div(sin(x), cos(x));
}
Field atan2(Field y, Field x) {
  return random(Function::Atan2, y, x);
}
Field tanh(Field x) {
  Field e = exp(x + x);
  return div(e - Field(1), e + Field(1));
}
Field erf(Field x) {
  return odd(Function::Erf, x);
}
Field abs(Field x) {
  return x < Field(0) ? -x : x;
}
Field sign(Field x) {
  return Field(int(x > Field(0)) - int(x < Field(0)));
}
Field floor(Field x) {
  return isSmallInteger(x) || !x.isElement() ? x : random(Function::Floor, x);
}
Field ceil(Field x) {
  return -floor(-x);
}
Field trunc(Field x) {
  return isSmallInteger(x) || !x.isElement() ? x : odd(Function::Trunc, x);
}
Field round(Field x) {
  return isSmallInteger(x) || !x.isElement() ? x : odd(Function::Round, x);
}
Field sigmoid(Field x) {
  return (Field(1) + exp(-x)).inverse();
}
Field max(Field x, Field y) {
  return x.isNaN() ? x : y.isNaN() ? y : x < y ? y : x;
}
Field min(Field x, Field y) {
  return x.isNaN() ? x : y.isNaN() ? y : y < x ? y : x;
}
Field fmod(Field x, Field y) {
  return random(Function::Fmod, x, y);
}
Field remainder(Field x, Field y) {
  return random(Function::Remainder, x, y);
}
int64_t toInt(Field x) {
  if (isSmallInteger(x))
    return x.toSigned();
  return int64_t(random(Function::ToInt, x).residue() % 17) - 8;
}

} // namespace scalar
} // namespace wnnx
