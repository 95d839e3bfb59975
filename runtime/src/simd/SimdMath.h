// SPDX-License-Identifier: Apache-2.0
// Vector exp, tanh, erf and the activations made of them. Polynomials were fitted for the smallest
// largest relative error; results are within about 1e-6 relative of the exact value.
#ifndef WNNRT_SRC_SIMD_SIMDMATH_H
#define WNNRT_SRC_SIMD_SIMDMATH_H

#include "Simd.h"

namespace {

/// exp(x): x = n ln2 + r, |r| <= ln2/2, exp(r) = 1 + r + r^2 Q(r) (error 4e-9).
WNNRT_INLINE vf vexp(vf x) {
  // NaN stays: it is the second operand. Beyond the bounds the result is 0 or infinity anyway.
  x = vmin(vset(89.5f), vmax(vset(-104.5f), x));
  vf n = vround(vmul(x, vset(1.44269504f)));
  vf r = vfma(n, vset(-0.693145752f), x);
  r = vfma(n, vset(-1.42860677e-6f), r);
  vf q = vset(0.001381314236705256f);
  q = vfma(q, r, vset(0.008369419043628222f));
  q = vfma(q, r, vset(0.04166845683311803f));
  q = vfma(q, r, vset(0.1666651478911705f));
  q = vfma(q, r, vset(0.49999993050491925f));
  vf e = vadd(vfma(q, vmul(r, r), r), vset(1));
  return vscale(e, n);
}

WNNRT_INLINE vf vsigmoid(vf x) {
  return vrecip(vadd(vset(1), vexp(vsub(vzero(), x))));
}

#if defined(__AVX512F__)
/// Convolutions of whole networks end in it, so it has an exponential of its own: 2^f for |f| <=
/// 1/2 (error 1.5e-7), and no lower bound, as the scaling overflows to what is right.
WNNRT_INLINE vf vsilu(vf x) {
  vf minusLog2E = vset(-1.44269504f), c = vmin(vset(104.5f), x);
  vf n = vround(vmul(c, minusLog2E)), f = _mm512_fmsub_ps(c, minusLog2E, n);
  vf e = vset(0.0013276470126584172f);
  e = vfma(e, f, vset(0.009675540961325169f));
  e = vfma(e, f, vset(0.05550713092088699f));
  e = vfma(e, f, vset(0.24022120237350464f));
  e = vfma(e, f, vset(0.6931469440460205f));
  e = vfma(e, f, vset(1));
  return vmul(x, vrecip(vadd(vset(1), vscale(e, n))));
}
#else
WNNRT_INLINE vf vsilu(vf x) {
  return vmul(x, vrecip(vadd(vset(1), vexp(vsub(vzero(), x)))));
}
#endif

/// Odd polynomial near 0, where 1 - 2/(exp(2|x|) + 1) would cancel.
WNNRT_INLINE vf vtanh(vf x) {
  vf a = vabs(x), z = vmul(x, x);
  vf q = vset(-0.005591007390453845f);
  q = vfma(q, z, vset(0.020538811019614016f));
  q = vfma(q, z, vset(-0.053709654294612254f));
  q = vfma(q, z, vset(0.1333109220704861f));
  q = vfma(q, z, vset(-0.33333269514874886f));
  vf small = vfma(vmul(q, z), x, x);
  vf large = vfma(vset(-2), vrecip(vadd(vexp(vadd(a, a)), vset(1))), vset(1));
  return vselect(vlt(a, vset(0.64f)), small, vcopysign(large, x));
}

/// erfc(a) for a >= 1 as exp(-a^2) / a * Q(1/a).
WNNRT_INLINE vf verfcLarge(vf a) {
  vf u = vrecip(a);
  vf q = vset(-0.05650298797273133f);
  q = vfma(q, u, vset(0.28200203398809515f));
  q = vfma(q, u, vset(-0.5170022529968369f));
  q = vfma(q, u, vset(0.2576963129814283f));
  q = vfma(q, u, vset(0.5404973857361727f));
  q = vfma(q, u, vset(-1.087471646666715f));
  q = vfma(q, u, vset(0.7923664117228877f));
  q = vfma(q, u, vset(-0.07448731661655175f));
  q = vfma(q, u, vset(-0.2731301849966402f));
  q = vfma(q, u, vset(-0.0005899867419059401f));
  q = vfma(q, u, vset(0.5642057900839657f));
  return vmul(vmul(vexp(vsub(vzero(), vmul(a, a))), u), q);
}

/// erf(x) for |x| <= 1 as x * Q(x^2).
WNNRT_INLINE vf verfSmall(vf x) {
  vf z = vmul(x, x);
  vf q = vset(7.853857356123042e-05f);
  q = vfma(q, z, vset(-0.0008010192405703339f));
  q = vfma(q, z, vset(0.005188327545451184f));
  q = vfma(q, z, vset(-0.02685381186024844f));
  q = vfma(q, z, vset(0.1128358514676802f));
  q = vfma(q, z, vset(-0.37612625824059753f));
  q = vfma(q, z, vset(1.1283791657266777f));
  return vmul(x, q);
}

WNNRT_INLINE vf verf(vf x) {
  vf a = vabs(x);
  vf large = vcopysign(vsub(vset(1), verfcLarge(vmax(vset(1), a))), x);
  return vselect(vlt(a, vset(1)), verfSmall(x), large);
}

/// x times the normal distribution's share below x. The share below -a, a = |x|, is
/// exp(-a^2 / 2) u Q(u) with u = 1 / (1 + 0.27 a) (error 2e-8), which keeps the tail's digits.
WNNRT_INLINE vf vgelu(vf x) {
  vf a = vabs(x), u = vrecip(vfma(vset(0.27f), a, vset(1)));
  vf q = vset(0.028827012684029745f);
  q = vfma(q, u, vset(-0.12580985247215923f));
  q = vfma(q, u, vset(0.1683325508531697f));
  q = vfma(q, u, vset(-0.06747345697996418f));
  q = vfma(q, u, vset(0.1065663739362389f));
  q = vfma(q, u, vset(0.0726150280377949f));
  q = vfma(q, u, vset(0.10165741245723525f));
  q = vfma(q, u, vset(0.10756571873414447f));
  q = vfma(q, u, vset(0.1077192242578408f));
  vf share = vmul(vexp(vmul(vmul(vset(-0.5f), x), x)), vmul(u, q));
  vf below = vmul(x, share);
  vf y = vselect(vlt(vzero(), x), vsub(x, below), below);
  // Beyond any digit of the tail; as in the plain formula, -inf gives NaN and inf gives inf.
  y = vselect(vlt(vset(13.2f), x), x, y);
  return vselect(vlt(x, vset(-13.2f)), vmul(x, vzero()), y);
}

WNNRT_INLINE vf vgeluTanh(vf x) {
  vf inner = vmul(vset(0.79788456f), vfma(vmul(vset(0.044715f), vmul(x, x)), x, x));
  // 0.5 (1 + tanh t) = sigmoid(2 t), which has no cancellation for negative t.
  vf y = vmul(x, vsigmoid(vadd(inner, inner)));
  return vselect(vlt(x, vset(-12)), vmul(vzero(), x), y);
}

/// x tanh(log(1 + e^x)) = x (e^2 + 2 e) / (e^2 + 2 e + 2) with e = exp(x).
WNNRT_INLINE vf vmish(vf x) {
  vf e = vexp(vmin(vset(20), x)), n = vmul(e, vadd(e, vset(2)));
  return vselect(vlt(vset(20), x), x, vmul(vmul(x, n), vrecip(vadd(n, vset(2)))));
}

template <int32_t op> WNNRT_INLINE vf vact(vf x, vf a, vf b) {
  switch (op) {
  case WNNRT_RELU:
    return vmax(vzero(), x);
  case WNNRT_CLAMP:
    return vclamp(x, a, b);
  case WNNRT_LEAKY_RELU:
    return vselect(vlt(vzero(), x), x, vmul(x, a));
  case WNNRT_SILU:
    return vsilu(x);
  case WNNRT_HARDSWISH:
    return vmul(x, vmul(vclamp(vadd(x, vset(3)), vzero(), vset(6)), vset(1.0f / 6)));
  case WNNRT_HARDSIGMOID:
    return vmul(vclamp(vadd(x, vset(3)), vzero(), vset(6)), vset(1.0f / 6));
  case WNNRT_SIGMOID:
    return vsigmoid(x);
  case WNNRT_TANH:
    return vtanh(x);
  case WNNRT_GELU:
    return vgelu(x);
  case WNNRT_GELU_TANH:
    return vgeluTanh(x);
  case WNNRT_MISH:
    return vmish(x);
  case WNNRT_EXP:
    return vexp(x);
  case WNNRT_ERF:
    return verf(x);
  case WNNRT_SQRT:
    return vsqrt(x);
  case WNNRT_RSQRT:
    return vdiv(vset(1), vsqrt(x));
  case WNNRT_RECIPROCAL:
    return vdiv(vset(1), x);
  case WNNRT_SQUARE:
    return vmul(x, x);
  case WNNRT_ABS:
    return vabs(x);
  case WNNRT_NEG:
    return vsub(vset(-0.0f), x);
  case WNNRT_AFFINE:
    return vfma(a, x, b);
  default:
    return x;
  }
}

} // namespace
#endif // WNNRT_SRC_SIMD_SIMDMATH_H
