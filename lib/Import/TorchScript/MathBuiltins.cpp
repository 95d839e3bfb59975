// SPDX-License-Identifier: Apache-2.0
//
// Python's numbers: 64-bit integers that wrap, doubles, booleans.
#include "BuiltinTables.h"
#include "Limits.h"

#include <cmath>
#include <fmt/format.h>
#include <numeric>

namespace wnnx::ts {
namespace {

using Args = llvm::ArrayRef<Val>;
using Result = std::optional<Val>;

Val divisionByZero(Evaluator &ev) {
  return ev.error(ev.where(), "ts-eval", "division by zero");
}

/// A double as an integer, when it fits.
Val toInt(Evaluator &ev, double d) {
  if (!(std::fabs(d) < 9.2e18))
    return ev.error(ev.where(), "ts-eval", fmt::format("{} is no 64-bit integer", d));
  return Val::integer(int64_t(d));
}

int64_t floorDiv(int64_t x, int64_t y) {
  if (y == -1)
    return int64_t(0 - uint64_t(x));
  int64_t q = x / y;
  return x % y != 0 && (x < 0) != (y < 0) ? q - 1 : q;
}

double pythonMod(double x, double y) {
  double m = std::fmod(x, y);
  return m != 0 && (m < 0) != (y < 0) ? m + y : m;
}

Result binary(Evaluator &ev, llvm::StringRef name, const Val &x, const Val &y) {
  if (!x.isNumber() || !y.isNumber())
    return std::nullopt;
  bool real = x.isFloat() || y.isFloat();
  double a = x.number(), b = y.number();
  uint64_t i = uint64_t(x.i), j = uint64_t(y.i);
  bool both = x.isBool() && y.isBool();
  auto number = [&](double d, uint64_t n) {
    return real ? Val::real(d) : Val::integer(int64_t(n));
  };
  if (name == "add" || name == "add_")
    return number(a + b, i + j);
  if (name == "sub")
    return number(a - b, i - j);
  if (name == "rsub")
    return number(b - a, j - i);
  if (name == "mul")
    return number(a * b, i * j);
  if (name == "lt")
    return Val::boolean(real ? a < b : x.i < y.i);
  if (name == "le")
    return Val::boolean(real ? a <= b : x.i <= y.i);
  if (name == "gt")
    return Val::boolean(real ? a > b : x.i > y.i);
  if (name == "ge")
    return Val::boolean(real ? a >= b : x.i >= y.i);
  if (name == "div" || name == "true_divide" || name == "truediv") {
    if (b == 0)
      return divisionByZero(ev);
    if (name == "div" && !real && ev.archive.version <= 3)
      return y.i == -1 ? Val::integer(int64_t(0 - i)) : Val::integer(x.i / y.i);
    return Val::real(a / b);
  }
  if (name == "floordiv" || name == "floor_divide") {
    if (b == 0)
      return divisionByZero(ev);
    return real ? Val::real(std::floor(a / b)) : Val::integer(floorDiv(x.i, y.i));
  }
  if (name == "remainder" || name == "fmod") {
    if (b == 0)
      return divisionByZero(ev);
    if (name == "fmod")
      return real ? Val::real(std::fmod(a, b)) : Val::integer(y.i == -1 ? 0 : x.i % y.i);
    return real ? Val::real(pythonMod(a, b))
                : Val::integer(int64_t(i - uint64_t(floorDiv(x.i, y.i)) * j));
  }
  if (name == "pow") {
    if (!real && y.i >= 0) {
      uint64_t r = 1, base = i;
      for (uint64_t n = j; n; n >>= 1, base *= base)
        if (n & 1)
          r *= base;
      return Val::integer(int64_t(r));
    }
    return Val::real(std::pow(a, b));
  }
  if (name == "max")
    return real ? Val::real(std::max(a, b)) : Val::integer(std::max(x.i, y.i));
  if (name == "min")
    return real ? Val::real(std::min(a, b)) : Val::integer(std::min(x.i, y.i));
  if (name == "__and__" || name == "__or__" || name == "__xor__") {
    uint64_t r = name == "__and__" ? i & j : name == "__or__" ? i | j : i ^ j;
    return real ? Result() : both ? Val::boolean(r) : Val::integer(int64_t(r));
  }
  if (name == "__lshift__" || name == "__rshift__") {
    if (real || y.i < 0 || y.i > 63)
      return std::nullopt;
    return Val::integer(name == "__lshift__" ? int64_t(i << j) : x.i >> y.i);
  }
  if (name == "gcd" && !real)
    return Val::integer(int64_t(std::gcd(x.i == INT64_MIN ? 0 : x.i, y.i == INT64_MIN ? 0 : y.i)));
  if (name == "atan2")
    return Val::real(std::atan2(a, b));
  if (name == "copysign")
    return Val::real(std::copysign(a, b));
  return std::nullopt;
}

Result unary(Evaluator &ev, llvm::StringRef name, const Val &x) {
  if (name == "__not__")
    return Val::boolean(!truth(x));
  if (name == "Bool")
    return Val::boolean(truth(x));
  if (x.isStr() && (name == "Int" || name == "Float")) {
    int64_t i = 0;
    llvm::StringRef s = llvm::StringRef(*x.s).trim();
    if (name == "Int")
      return s.getAsInteger(10, i) ? ev.error(ev.where(), "ts-eval", "a string that is no integer")
                                   : Val::integer(i);
    double d = 0;
    return s.getAsDouble(d) ? ev.error(ev.where(), "ts-eval", "a string that is no number")
                            : Val::real(d);
  }
  if (name == "ord" && x.isStr() && x.s->size() == 1)
    return Val::integer(uint8_t((*x.s)[0]));
  if (!x.isNumber())
    return std::nullopt;
  double d = x.number();
  if (name == "Float")
    return Val::real(d);
  if (name == "Int")
    return x.isFloat() ? toInt(ev, d) : Val::integer(x.i);
  if (name == "neg")
    return x.isFloat() ? Val::real(-d) : Val::integer(int64_t(0 - uint64_t(x.i)));
  if (name == "abs")
    return x.isFloat() ? Val::real(std::fabs(d))
                       : Val::integer(x.i < 0 ? int64_t(0 - uint64_t(x.i)) : x.i);
  if (name == "ceil")
    return toInt(ev, std::ceil(d));
  if (name == "floor")
    return toInt(ev, std::floor(d));
  if (name == "trunc")
    return toInt(ev, std::trunc(d));
  if (name == "round")
    return Val::real(std::nearbyint(d));
  using Real = double (*)(double);
  Real f = llvm::StringSwitch<Real>(name)
               .Case("sqrt", std::sqrt)
               .Case("exp", std::exp)
               .Case("log", std::log)
               .Case("log2", std::log2)
               .Case("log10", std::log10)
               .Case("log1p", std::log1p)
               .Case("sin", std::sin)
               .Case("cos", std::cos)
               .Case("tan", std::tan)
               .Case("tanh", std::tanh)
               .Case("atan", std::atan)
               .Case("erf", std::erf)
               .Default(nullptr);
  if (f)
    return Val::real(f(d));
  if (name == "isnan")
    return Val::boolean(std::isnan(d));
  if (name == "isinf")
    return Val::boolean(std::isinf(d));
  if (name == "isfinite")
    return Val::boolean(std::isfinite(d));
  return std::nullopt;
}

/// Over a list of numbers.
Result reduce(Evaluator &ev, llvm::StringRef name, const Val &list) {
  if (!list.isList() || (name != "sum" && name != "max" && name != "min"))
    return std::nullopt;
  const auto &items = list.list->items;
  for (const Val &v : items)
    if (!v.isNumber())
      return std::nullopt;
  if (items.empty())
    return name == "sum" ? Val::integer(0) : ev.error(ev.where(), "ts-eval", "an empty list");
  Val r = items[0];
  if (r.isBool())
    r = Val::integer(r.i);
  for (size_t i = 1; i < items.size(); ++i)
    r = *binary(ev, name == "sum" ? "add" : name, r, items[i]);
  return r;
}

bool anyTensor(Args a) {
  for (const Val &v : a)
    if (v.isTensor())
      return true;
  return false;
}

} // namespace

std::optional<Val> callMath(Evaluator &ev, llvm::StringRef name, llvm::ArrayRef<Val> a) {
  if (name == "__is__" && a.size() == 2)
    return Val::boolean(a[0].kind == a[1].kind && equalVals(a[0], a[1]));
  if (name == "__isnot__" && a.size() == 2)
    return Val::boolean(!(a[0].kind == a[1].kind && equalVals(a[0], a[1])));
  if (name == "__range_length" && a.size() == 3 && a[0].isInt() && a[1].isInt() && a[2].isInt()) {
    int64_t lo = a[0].i, hi = a[1].i, step = a[2].i;
    if (step == 0)
      return ev.error(ev.where(), "ts-eval", "a range with step zero");
    if (step > 0 ? lo >= hi : lo <= hi)
      return Val::integer(0);
    uint64_t span = step > 0 ? uint64_t(hi) - uint64_t(lo) : uint64_t(lo) - uint64_t(hi);
    uint64_t stride = step > 0 ? uint64_t(step) : 0 - uint64_t(step);
    return Val::integer(int64_t((span - 1) / stride + 1));
  }
  if (name == "__derive_index" && a.size() == 3 && a[0].isInt() && a[1].isInt() && a[2].isInt())
    return Val::integer(int64_t(uint64_t(a[1].i) + uint64_t(a[0].i) * uint64_t(a[2].i)));
  if (anyTensor(a))
    return std::nullopt;
  if (name == "eq" && a.size() == 2)
    return Val::boolean(equalVals(a[0], a[1]));
  if (name == "ne" && a.size() == 2)
    return Val::boolean(!equalVals(a[0], a[1]));
  if (a.size() == 1) {
    if (Result r = reduce(ev, name, a[0]))
      return r;
    return unary(ev, name, a[0]);
  }
  if (a.size() == 2) {
    if (a[0].isStr() && a[1].isStr()) {
      if (name == "lt")
        return Val::boolean(*a[0].s < *a[1].s);
      if (name == "gt")
        return Val::boolean(*a[0].s > *a[1].s);
    }
    if (name == "round" && a[0].isNumber() && a[1].isInt()) {
      double scale = std::pow(10.0, double(a[1].i));
      return Val::real(std::nearbyint(a[0].number() * scale) / scale);
    }
    return binary(ev, name, a[0], a[1]);
  }
  return std::nullopt;
}

bool isMathName(llvm::StringRef name) {
  static const llvm::StringSet<> names = {"add",
                                          "sub",
                                          "mul",
                                          "div",
                                          "floordiv",
                                          "remainder",
                                          "pow",
                                          "neg",
                                          "abs",
                                          "lt",
                                          "le",
                                          "gt",
                                          "ge",
                                          "eq",
                                          "ne",
                                          "__is__",
                                          "__isnot__",
                                          "__not__",
                                          "__and__",
                                          "__or__",
                                          "__xor__",
                                          "Int",
                                          "Float",
                                          "Bool",
                                          "sum",
                                          "max",
                                          "min",
                                          "ceil",
                                          "floor",
                                          "round",
                                          "trunc",
                                          "sqrt",
                                          "exp",
                                          "log",
                                          "__range_length",
                                          "__derive_index",
                                          "ord",
                                          "gcd",
                                          "atan2",
                                          "__lshift__",
                                          "__rshift__"};
  return names.contains(name);
}

} // namespace wnnx::ts
