// SPDX-License-Identifier: Apache-2.0
// The meaning of every unary op on one floating-point value, as PyTorch defines it. The reference
// kernels use it directly; vector kernels are tested against it.
#ifndef WNNRT_SRC_SCALARMATH_H
#define WNNRT_SRC_SCALARMATH_H

#include "wnnrt.h"

#include <math.h>

namespace wnnrt {

template <class T> inline T sigmoid(T x) {
  return T(1) / (T(1) + T(exp(-x)));
}
inline float fexp(float x) {
  return expf(x);
}
inline double fexp(double x) {
  return exp(x);
}

template <class T> inline T clampKeepNan(T x, T lo, T hi) {
  x = x < lo ? lo : x;
  return x > hi ? hi : x;
}

template <class T> inline T softplus(T x, T beta, T threshold) {
  return x * beta > threshold ? x : T(log1p(exp(x * beta))) / beta;
}

/// Ops up to POW_SCALAR; others are not value -> value of the same dtype.
template <class T> inline T unaryOp(int32_t op, T x, T a, T b) {
  switch (op) {
  case WNNRT_RELU:
    return x < T(0) ? T(0) : x;
  case WNNRT_CLAMP:
    return clampKeepNan(x, a, b);
  case WNNRT_LEAKY_RELU:
    return x > T(0) ? x : x * a;
  case WNNRT_ELU:
    return x > T(0) ? x : a * T(expm1(x));
  case WNNRT_SELU:
    return T(1.0507009873554804934193349852946) *
           (x > T(0) ? x : T(1.6732632423543772848170429916717) * T(expm1(x)));
  case WNNRT_CELU:
    return x > T(0) ? x : a * T(expm1(x / a));
  case WNNRT_SILU:
    return x / (T(1) + T(exp(-x)));
  case WNNRT_HARDSWISH:
    return x * clampKeepNan(x + T(3), T(0), T(6)) / T(6);
  case WNNRT_HARDSIGMOID:
    return clampKeepNan(x + T(3), T(0), T(6)) / T(6);
  case WNNRT_SIGMOID:
    return sigmoid(x);
  case WNNRT_TANH:
    return T(tanh(x));
  case WNNRT_GELU:
    return T(0.5) * x * (T(1) + T(erf(x * T(0.70710678118654752440))));
  case WNNRT_GELU_TANH:
    return T(0.5) * x * (T(1) + T(tanh(T(0.79788456080286535588) * (x + T(0.044715) * x * x * x))));
  case WNNRT_SOFTPLUS:
    return softplus(x, a, b);
  case WNNRT_MISH:
    return x * T(tanh(softplus(x, T(1), T(20))));
  case WNNRT_EXP:
    return T(exp(x));
  case WNNRT_EXPM1:
    return T(expm1(x));
  case WNNRT_LOG:
    return T(log(x));
  case WNNRT_LOG2:
    return T(log2(x));
  case WNNRT_LOG10:
    return T(log10(x));
  case WNNRT_LOG1P:
    return T(log1p(x));
  case WNNRT_SQRT:
    return T(sqrt(x));
  case WNNRT_RSQRT:
    return T(1) / T(sqrt(x));
  case WNNRT_RECIPROCAL:
    return T(1) / x;
  case WNNRT_SQUARE:
    return x * x;
  case WNNRT_ABS:
    return T(fabs(x));
  case WNNRT_NEG:
    return -x;
  case WNNRT_SIGN:
    return T((x > T(0)) - (x < T(0)));
  case WNNRT_FLOOR:
    return T(floor(x));
  case WNNRT_CEIL:
    return T(ceil(x));
  case WNNRT_ROUND:
    return T(nearbyint(x));
  case WNNRT_TRUNC:
    return T(trunc(x));
  case WNNRT_FRAC:
    return x - T(trunc(x));
  case WNNRT_SIN:
    return T(sin(x));
  case WNNRT_COS:
    return T(cos(x));
  case WNNRT_TAN:
    return T(tan(x));
  case WNNRT_ASIN:
    return T(asin(x));
  case WNNRT_ACOS:
    return T(acos(x));
  case WNNRT_ATAN:
    return T(atan(x));
  case WNNRT_SINH:
    return T(sinh(x));
  case WNNRT_COSH:
    return T(cosh(x));
  case WNNRT_ASINH:
    return T(asinh(x));
  case WNNRT_ACOSH:
    return T(acosh(x));
  case WNNRT_ATANH:
    return T(atanh(x));
  case WNNRT_ERF:
    return T(erf(x));
  case WNNRT_ERFC:
    return T(erfc(x));
  case WNNRT_SOFTSIGN:
    return x / (T(1) + T(fabs(x)));
  case WNNRT_LOGSIGMOID:
    return (x < T(0) ? x : T(0)) - T(log1p(exp(-fabs(x))));
  case WNNRT_HARDSHRINK:
    return x >= -a && x <= a ? T(0) : x;
  case WNNRT_SOFTSHRINK:
    return x > a ? x - a : x < -a ? x + a : x * T(0);
  case WNNRT_TANHSHRINK:
    return x - T(tanh(x));
  case WNNRT_THRESHOLD:
    return x <= a ? b : x;
  case WNNRT_AFFINE:
    return a * x + b;
  case WNNRT_POW_SCALAR:
    return T(pow(x, a));
  default:
    return x;
  }
}

inline float applyAct(const wnnrt_act &act, float x) {
  return unaryOp<float>(act.op, x, act.a, act.b);
}

inline bool validAct(const wnnrt_act &act) {
  return act.op >= WNNRT_IDENTITY && act.op <= WNNRT_POW_SCALAR;
}

} // namespace wnnrt
#endif // WNNRT_SRC_SCALARMATH_H
