// SPDX-License-Identifier: Apache-2.0
// AMX tiles of f32 numbers that are split into a high and a low bf16 part, 16 bits of significand
// together.
#ifndef WNNRT_SRC_SIMD_MATRIXTILES_H
#define WNNRT_SRC_SIMD_MATRIXTILES_H

#include "Simd.h"

#if defined(__AVX512F__) && defined(__linux__) && defined(__x86_64__)
#define WNNRT_HAVE_TILES 1
#define WNNRT_AMX __attribute__((target("amx-tile,amx-bf16,avx512bf16")))
#define WNNRT_INLINE_MEMBER __attribute__((always_inline)) inline

namespace {

constexpr int64_t tileBytes = 1024;
constexpr int64_t tileStep = 32; // terms of one tile product

struct TileConfig {
  uint8_t palette, start, reserved[14];
  uint16_t columnBytes[16];
  uint8_t rows[16];
};
static_assert(sizeof(TileConfig) == 64, "as the CPU wants it");

/// x rounded to eight bits of significand.
WNNRT_INLINE __m512i highPart(__m512i bits) {
  return _mm512_and_si512(_mm512_add_epi32(bits, _mm512_set1_epi32(0x8000)),
                          _mm512_set1_epi32(int(0xffff0000u)));
}

/// Two rows of a packed panel, in pairs as the unit wants them.
WNNRT_INLINE void splitPair(__m512i a, __m512i b, unsigned char *to) {
  const __m512i half = _mm512_set1_epi32(0x8000);
  __m512i highA = highPart(a), highB = highPart(b);
  __m512i lowA =
      _mm512_castps_si512(_mm512_sub_ps(_mm512_castsi512_ps(a), _mm512_castsi512_ps(highA)));
  __m512i lowB =
      _mm512_castps_si512(_mm512_sub_ps(_mm512_castsi512_ps(b), _mm512_castsi512_ps(highB)));
  lowA = _mm512_add_epi32(lowA, half);
  lowB = _mm512_add_epi32(lowB, half);
  _mm512_store_si512(to, _mm512_mask_blend_epi16(0xaaaaaaaau, _mm512_srli_epi32(highA, 16), highB));
  _mm512_store_si512(to + tileBytes,
                     _mm512_mask_blend_epi16(0xaaaaaaaau, _mm512_srli_epi32(lowA, 16), lowB));
}

/// The first `pairs` pairs of rows, of which only `rows` rows exist.
WNNRT_INLINE void splitWeightRows(const float *w, int64_t rows, int pairs, unsigned char *to) {
  for (int pair = 0; pair < pairs; ++pair, w += 32) {
    __m512i a = _mm512_setzero_si512(), b = a;
    if (2 * pair < rows)
      a = _mm512_loadu_si512(w);
    if (2 * pair + 1 < rows)
      b = _mm512_loadu_si512(w + 16);
    splitPair(a, b, to + pair * 64);
  }
}

/// 32 terms of the left side, as they follow each other. Returns sums of their low parts: infinite
/// or NaN where a term is, or where its high part is infinite.
WNNRT_AMX WNNRT_INLINE __m512 splitTerms(__m512 a, __m512 b, unsigned char *high,
                                         unsigned char *low) {
  __m512 highA = _mm512_castsi512_ps(highPart(_mm512_castps_si512(a)));
  __m512 highB = _mm512_castsi512_ps(highPart(_mm512_castps_si512(b)));
  _mm512_storeu_si512(high, (__m512i)_mm512_cvtne2ps_pbh(highB, highA));
  __m512 lowA = _mm512_sub_ps(a, highA), lowB = _mm512_sub_ps(b, highB);
  _mm512_storeu_si512(low, (__m512i)_mm512_cvtne2ps_pbh(lowB, lowA));
  return _mm512_add_ps(lowA, lowB);
}

/// The compiler does not know that tile instructions read and write memory.
WNNRT_INLINE void barrier() {
  __asm__ volatile("" ::: "memory");
}

/// Numbers whose high part is infinite, or NaN.
WNNRT_INLINE __mmask16 tooLarge(__m512 v) {
  return _mm512_cmp_ps_mask(_mm512_abs_ps(v), _mm512_set1_ps(1.7e38f), _CMP_NLT_UQ);
}

} // namespace
#endif
#endif // WNNRT_SRC_SIMD_MATRIXTILES_H
