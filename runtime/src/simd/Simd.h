// SPDX-License-Identifier: Apache-2.0
// The vector types that the hot kernels are written in, for the ISA this file is compiled for:
// AVX-512 (16 floats), AVX2 with FMA (8), or 128-bit GNU vectors (4: NEON, SSE2). Everything is in
// an unnamed namespace: with ISA flags on, a symbol with linkage could be picked for the whole
// program and crash on an older CPU. For the same reason ISA files include nothing but this, other
// headers of this folder, wnnrt.h and C headers.
#ifndef WNNRT_SRC_SIMD_SIMD_H
#define WNNRT_SRC_SIMD_SIMD_H

#include "wnnrt.h"

#include <string.h>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#define WNNRT_INLINE static inline __attribute__((always_inline))
#define WNNRT_NOINLINE __attribute__((noinline))
#define WNNRT_UNROLL _Pragma("GCC unroll 32")

namespace {

#if defined(__AVX512F__)

constexpr int vlanes = 16;
using vf = __m512;
using vi = __m512i;
using vm = __mmask16;

WNNRT_INLINE vf vload(const float *p) {
  return _mm512_loadu_ps(p);
}
WNNRT_INLINE void vstore(float *p, vf v) {
  _mm512_storeu_ps(p, v);
}
WNNRT_INLINE vf vset(float x) {
  return _mm512_set1_ps(x);
}
WNNRT_INLINE vf vzero() {
  return _mm512_setzero_ps();
}
WNNRT_INLINE vf vadd(vf a, vf b) {
  return _mm512_add_ps(a, b);
}
WNNRT_INLINE vf vsub(vf a, vf b) {
  return _mm512_sub_ps(a, b);
}
WNNRT_INLINE vf vmul(vf a, vf b) {
  return _mm512_mul_ps(a, b);
}
WNNRT_INLINE vf vdiv(vf a, vf b) {
  return _mm512_div_ps(a, b);
}
WNNRT_INLINE vf vfma(vf a, vf b, vf c) {
  return _mm512_fmadd_ps(a, b, c);
}
WNNRT_INLINE vf vsqrt(vf a) {
  return _mm512_sqrt_ps(a);
}
/// 1 / a for a >= 1, infinity and NaN, with an error of 1 in the last place. Half the time of a
/// division.
WNNRT_INLINE vf vrecip(vf a) {
  vf r = _mm512_rcp14_ps(a);
  vf e = _mm512_fnmadd_ps(a, r, _mm512_set1_ps(1));
  // r is 0 where a is infinite, and e then NaN.
  return _mm512_mask_fmadd_ps(r, _mm512_cmp_ps_mask(r, _mm512_setzero_ps(), _CMP_NEQ_UQ), e, r);
}
/// b where either is NaN.
WNNRT_INLINE vf vmax(vf a, vf b) {
  return _mm512_max_ps(a, b);
}
WNNRT_INLINE vf vmin(vf a, vf b) {
  return _mm512_min_ps(a, b);
}
WNNRT_INLINE vm vlt(vf a, vf b) {
  return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ);
}
WNNRT_INLINE vm vunordered(vf a) {
  return _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q);
}
/// Where either is NaN.
WNNRT_INLINE vm vunordered(vf a, vf b) {
  return _mm512_cmp_ps_mask(a, b, _CMP_UNORD_Q);
}
WNNRT_INLINE vm vor(vm a, vm b) {
  return static_cast<vm>(a | b);
}
WNNRT_INLINE vf vselect(vm m, vf yes, vf no) {
  return _mm512_mask_blend_ps(m, no, yes);
}
WNNRT_INLINE vf vabs(vf a) {
  return _mm512_abs_ps(a);
}
WNNRT_INLINE vf vcopysign(vf magnitude, vf sign) {
  vi mask = _mm512_set1_epi32(INT32_MIN);
  return _mm512_castsi512_ps(
      _mm512_or_si512(_mm512_andnot_si512(mask, _mm512_castps_si512(magnitude)),
                      _mm512_and_si512(mask, _mm512_castps_si512(sign))));
}
WNNRT_INLINE vf vround(vf a) {
  return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
/// a * 2^n for a whole n in [-160, 160].
WNNRT_INLINE vf vscale(vf a, vf n) {
  return _mm512_scalef_ps(a, n);
}
WNNRT_INLINE float vsum(vf a) {
  return _mm512_reduce_add_ps(a);
}
WNNRT_INLINE float vlargest(vf a) {
  return _mm512_reduce_max_ps(a);
}
WNNRT_INLINE vf vloadPart(const float *p, int n) {
  return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << n) - 1u), p);
}
/// The first n lanes; the others are 0.
WNNRT_INLINE vf vfirst(vf v, int n) {
  return _mm512_maskz_mov_ps(static_cast<__mmask16>((1u << n) - 1u), v);
}
WNNRT_INLINE void vstorePart(float *p, vf v, int n) {
  _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1u << n) - 1u), v);
}

#elif defined(__AVX2__)

constexpr int vlanes = 8;
using vf = __m256;
using vi = __m256i;
using vm = __m256;

WNNRT_INLINE vf vload(const float *p) {
  return _mm256_loadu_ps(p);
}
WNNRT_INLINE void vstore(float *p, vf v) {
  _mm256_storeu_ps(p, v);
}
WNNRT_INLINE vf vset(float x) {
  return _mm256_set1_ps(x);
}
WNNRT_INLINE vf vzero() {
  return _mm256_setzero_ps();
}
WNNRT_INLINE vf vadd(vf a, vf b) {
  return _mm256_add_ps(a, b);
}
WNNRT_INLINE vf vsub(vf a, vf b) {
  return _mm256_sub_ps(a, b);
}
WNNRT_INLINE vf vmul(vf a, vf b) {
  return _mm256_mul_ps(a, b);
}
WNNRT_INLINE vf vdiv(vf a, vf b) {
  return _mm256_div_ps(a, b);
}
WNNRT_INLINE vf vfma(vf a, vf b, vf c) {
  return _mm256_fmadd_ps(a, b, c);
}
WNNRT_INLINE vf vsqrt(vf a) {
  return _mm256_sqrt_ps(a);
}
WNNRT_INLINE vf vrecip(vf a) {
  return _mm256_div_ps(_mm256_set1_ps(1), a);
}
WNNRT_INLINE vf vmax(vf a, vf b) {
  return _mm256_max_ps(a, b);
}
WNNRT_INLINE vf vmin(vf a, vf b) {
  return _mm256_min_ps(a, b);
}
WNNRT_INLINE vm vlt(vf a, vf b) {
  return _mm256_cmp_ps(a, b, _CMP_LT_OQ);
}
WNNRT_INLINE vm vunordered(vf a) {
  return _mm256_cmp_ps(a, a, _CMP_UNORD_Q);
}
WNNRT_INLINE vm vunordered(vf a, vf b) {
  return _mm256_cmp_ps(a, b, _CMP_UNORD_Q);
}
WNNRT_INLINE vm vor(vm a, vm b) {
  return _mm256_or_ps(a, b);
}
WNNRT_INLINE vf vselect(vm m, vf yes, vf no) {
  return _mm256_blendv_ps(no, yes, m);
}
WNNRT_INLINE vf vabs(vf a) {
  return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a);
}
WNNRT_INLINE vf vcopysign(vf magnitude, vf sign) {
  vf mask = _mm256_set1_ps(-0.0f);
  return _mm256_or_ps(_mm256_andnot_ps(mask, magnitude), _mm256_and_ps(mask, sign));
}
WNNRT_INLINE vf vround(vf a) {
  return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
WNNRT_INLINE vf vscale(vf a, vf n) {
  // In two halves, so that results beyond the normal range come out right.
  vi whole = _mm256_cvtps_epi32(n), half = _mm256_srai_epi32(whole, 1);
  vi bias = _mm256_set1_epi32(127), rest = _mm256_sub_epi32(whole, half);
  vf first = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(half, bias), 23));
  vf second = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(rest, bias), 23));
  return _mm256_mul_ps(_mm256_mul_ps(a, first), second);
}
WNNRT_INLINE float vsum(vf a) {
  __m128 s = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
  s = _mm_add_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}
WNNRT_INLINE float vlargest(vf a) {
  __m128 s = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
  s = _mm_max_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_max_ss(s, _mm_movehdup_ps(s)));
}
WNNRT_INLINE vi vpartMask(int n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
WNNRT_INLINE vf vloadPart(const float *p, int n) {
  return _mm256_maskload_ps(p, vpartMask(n));
}
WNNRT_INLINE vf vfirst(vf v, int n) {
  return _mm256_and_ps(v, _mm256_castsi256_ps(vpartMask(n)));
}
WNNRT_INLINE void vstorePart(float *p, vf v, int n) {
  _mm256_maskstore_ps(p, vpartMask(n), v);
}

#else

constexpr int vlanes = 4;
typedef float vf __attribute__((vector_size(16)));
typedef int32_t vi __attribute__((vector_size(16)));
using vm = vi;

WNNRT_INLINE vf vload(const float *p) {
  vf v;
  memcpy(&v, p, sizeof(v));
  return v;
}
WNNRT_INLINE void vstore(float *p, vf v) {
  memcpy(p, &v, sizeof(v));
}
WNNRT_INLINE vf vset(float x) {
  return vf{x, x, x, x};
}
WNNRT_INLINE vf vzero() {
  return vset(0);
}
WNNRT_INLINE vf vadd(vf a, vf b) {
  return a + b;
}
WNNRT_INLINE vf vsub(vf a, vf b) {
  return a - b;
}
WNNRT_INLINE vf vmul(vf a, vf b) {
  return a * b;
}
WNNRT_INLINE vf vdiv(vf a, vf b) {
  return a / b;
}
/// Contracted to one instruction where the target has it (-ffp-contract=fast).
WNNRT_INLINE vf vfma(vf a, vf b, vf c) {
  return a * b + c;
}
WNNRT_INLINE vf vsqrt(vf a) {
  return vf{__builtin_sqrtf(a[0]), __builtin_sqrtf(a[1]), __builtin_sqrtf(a[2]),
            __builtin_sqrtf(a[3])};
}
WNNRT_INLINE vf vrecip(vf a) {
  return vset(1) / a;
}
WNNRT_INLINE vm vor(vm a, vm b) {
  return a | b;
}
WNNRT_INLINE vf vselect(vm m, vf yes, vf no) {
  return reinterpret_cast<vf>((reinterpret_cast<vi>(yes) & m) | (reinterpret_cast<vi>(no) & ~m));
}
WNNRT_INLINE vm vlt(vf a, vf b) {
  return a < b;
}
WNNRT_INLINE vm vunordered(vf a) {
  return a != a;
}
WNNRT_INLINE vm vunordered(vf a, vf b) {
  return (a != a) | (b != b);
}
WNNRT_INLINE vf vmax(vf a, vf b) {
  return vselect(a > b, a, b);
}
WNNRT_INLINE vf vmin(vf a, vf b) {
  return vselect(a < b, a, b);
}
WNNRT_INLINE vi vbits(vf a) {
  return reinterpret_cast<vi>(a);
}
WNNRT_INLINE vf vabs(vf a) {
  return reinterpret_cast<vf>(vbits(a) & INT32_MAX);
}
WNNRT_INLINE vf vcopysign(vf magnitude, vf sign) {
  return reinterpret_cast<vf>((vbits(magnitude) & INT32_MAX) | (vbits(sign) & INT32_MIN));
}
/// For |a| below 2^22, which is all that the kernels need.
WNNRT_INLINE vf vround(vf a) {
  vf magic = vcopysign(vset(8388608.0f), a);
  vf sum = a + magic;
  return sum - magic;
}
WNNRT_INLINE vf vscale(vf a, vf n) {
  vi whole = __builtin_convertvector(n, vi), half = whole >> 1;
  vf first = reinterpret_cast<vf>((half + 127) << 23);
  vf second = reinterpret_cast<vf>((whole - half + 127) << 23);
  return a * first * second;
}
WNNRT_INLINE float vsum(vf a) {
  return (a[0] + a[1]) + (a[2] + a[3]);
}
WNNRT_INLINE float vlargest(vf a) {
  float l = a[0] > a[1] ? a[0] : a[1], r = a[2] > a[3] ? a[2] : a[3];
  return l > r ? l : r;
}
WNNRT_INLINE vf vloadPart(const float *p, int n) {
  vf v = vzero();
  for (int i = 0; i < n; ++i)
    v[i] = p[i];
  return v;
}
WNNRT_INLINE vf vfirst(vf v, int n) {
  for (int i = n; i < vlanes; ++i)
    v[i] = 0;
  return v;
}
WNNRT_INLINE void vstorePart(float *p, vf v, int n) {
  for (int i = 0; i < n; ++i)
    p[i] = v[i];
}

#endif

/// Vectors per block of 16 channels.
constexpr int vper16 = 16 / vlanes;

/// At the end of kernels that are compiled for size, where the compiler does not do it itself:
/// the caller's SSE instructions would have to keep the upper halves of registers, which takes a
/// tenth of a microsecond.
WNNRT_INLINE void vdone() {
#if defined(__AVX2__)
  _mm256_zeroupper();
#endif
}

/// NaN stays NaN.
WNNRT_INLINE vf vclamp(vf x, vf lo, vf hi) {
  return vmin(hi, vmax(lo, x));
}

WNNRT_INLINE void prefetchL2(const void *p) {
  __builtin_prefetch(p, 0, 2);
}

WNNRT_INLINE int64_t minOf(int64_t a, int64_t b) {
  return a < b ? a : b;
}
WNNRT_INLINE int64_t maxOf(int64_t a, int64_t b) {
  return a > b ? a : b;
}
WNNRT_INLINE int64_t blocksOf16(int64_t n) {
  return (n + 15) / 16;
}

} // namespace
#endif // WNNRT_SRC_SIMD_SIMD_H
