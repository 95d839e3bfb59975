// SPDX-License-Identifier: Apache-2.0
//
// The prime field GF(2^61 - 1) as a scalar of the reference evaluators. `+ - *` and division are
// exact, so that two formulas that are equal as rational functions are equal here to the last bit,
// and two that are not differ at a random point all but certainly. Doubles are dyadic rationals
// and embed exactly.
//
// Functions without an algebraic meaning are pseudo-random functions of their argument, of which
// only a few laws hold (exp(-x) = 1/exp(x), log(exp(x)) = x, odd functions are odd, whole powers).
// Whatever is equal here is so because of the algebra, whatever the functions are; what differs
// here may still be equal over the reals. Elements are ordered as signed residues, which agrees
// with the integers, with negation, and with nothing else.
#pragma once

#include <cstdint>

namespace wnnx {

class Field {
  uint64_t v = 0;

public:
  static constexpr uint64_t prime = (uint64_t(1) << 61) - 1;
  Field() = default;
  explicit Field(int x) : v(x >= 0 ? uint64_t(x) : prime - uint64_t(-int64_t(x))) {}
  explicit Field(double x);
  /// An element from any 64 bits.
  static Field ofBits(uint64_t bits) { return raw((bits >> 3) % prime); }
  static Field infinity() { return raw(prime); }
  static Field minusInfinity() { return raw(prime + 1); }
  static Field nan() { return raw(prime + 2); }

  uint64_t residue() const { return v; }
  /// Not an infinity, nor NaN, which divisions by zero give.
  bool isElement() const { return v < prime; }
  bool isInfinite() const { return v == prime || v == prime + 1; }
  bool isNaN() const { return v == prime + 2; }
  /// The residue nearest to zero; infinities are beyond all of them.
  int64_t toSigned() const {
    return v < prime    ? (v > prime / 2 ? int64_t(v) - int64_t(prime) : int64_t(v))
           : v == prime ? INT64_MAX
                        : INT64_MIN;
  }

  Field operator-() const {
    if (v >= prime)
      return v == prime ? minusInfinity() : v == prime + 1 ? infinity() : nan();
    return raw(v ? prime - v : 0);
  }
  Field operator+(Field o) const {
    if (v >= prime || o.v >= prime)
      return addSpecial(*this, o);
    return raw(reduce(v + o.v));
  }
  Field operator-(Field o) const { return *this + -o; }
  Field operator*(Field o) const {
    if (v >= prime || o.v >= prime)
      return multiplySpecial(*this, o);
    unsigned __int128 product = static_cast<unsigned __int128>(v) * o.v;
    return raw(reduce((uint64_t(product) & prime) + uint64_t(product >> 61)));
  }
  Field &operator+=(Field o) { return *this = *this + o; }
  Field inverse() const; // NaN of zero
  Field power(uint64_t exponent) const;

  friend bool operator==(Field a, Field b) { return a.v == b.v && !a.isNaN(); }
  friend bool operator!=(Field a, Field b) { return !(a == b); }
  friend bool operator<(Field a, Field b) {
    return !a.isNaN() && !b.isNaN() && a.toSigned() < b.toSigned();
  }
  friend bool operator>(Field a, Field b) { return b < a; }
  friend bool operator<=(Field a, Field b) { return a < b || a == b; }
  friend bool operator>=(Field a, Field b) { return b <= a; }

private:
  static Field raw(uint64_t x) {
    Field f;
    f.v = x;
    return f;
  }
  static uint64_t reduce(uint64_t x) { return x >= prime ? x - prime : x; }
  static Field addSpecial(Field a, Field b);
  static Field multiplySpecial(Field a, Field b);
};

/// Chooses the pseudo-random functions, and forgets what logarithms are known. For this thread.
void seedFieldFunctions(uint64_t seed);

namespace scalar {
bool isNaN(Field x);
bool isInf(Field x);
Field exp(Field x);
Field expm1(Field x);
Field log(Field x);
Field log2(Field x);
Field log1p(Field x);
Field sqrt(Field x);
Field rsqrt(Field x);
Field reciprocal(Field x);
Field div(Field x, Field y);
Field pow(Field x, Field y);
Field sin(Field x);
Field cos(Field x);
Field tan(Field x);
Field atan2(Field y, Field x);
Field tanh(Field x);
Field erf(Field x);
Field abs(Field x);
Field sign(Field x);
Field floor(Field x);
Field ceil(Field x);
Field trunc(Field x);
Field round(Field x);
Field sigmoid(Field x);
Field max(Field x, Field y);
Field min(Field x, Field y);
Field fmod(Field x, Field y);
Field remainder(Field x, Field y);
int64_t toInt(Field x);
} // namespace scalar
} // namespace wnnx
