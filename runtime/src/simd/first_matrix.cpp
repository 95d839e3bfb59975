// SPDX-License-Identifier: Apache-2.0
// first_matrix: first convolutions on the matrix unit. Pixels of a few kernel rows, all channels of
// each, lie next to each other in an image of bf16 parts, so that what an output reads of these
// rows is one run of up to 64 bytes, and outputs next to each other read runs at a constant
// distance: a tile's rows. Such images of a row of outputs are made while tiles multiply those of
// the row before.
#define WNNRT_PART_LINKAGE // this defines one
#include "../Isa.h"

#if defined(__AVX512F__)
#include "../RowsJob.h"
#include "MatrixRows.h"
#include "Tile.h"
#include "wnnrt_matrix.h"

#ifdef WNNRT_HAVE_TILES

namespace {

constexpr int64_t imageBytes = 128 * 1024, weightTiles = 40;
constexpr int64_t channels = 3, dwordsMost = 5, linesMost = 32, stepsMost = 16;

/// Which kernel rows lie together, and how.
struct FirstImage {
  int64_t rows, dwords, steps;      // kernel rows of a line, two numbers each of a pixel, lines
  int64_t pixels, lineBytes, lines; // of a line; bytes of its high parts; lines that are kept
  explicit FirstImage(const wnnrt_conv2d_params *p) {
    rows = minOf(3, p->kh);
    while (rows > 1 && p->kw * dwordsOf(p, rows) > 16)
      --rows;
    dwords = dwordsOf(p, rows);
    steps = (p->kh + rows - 1) / rows;
    // What the last tile reads.
    pixels = (blocksOf16(p->ow) * 16 - 1) * p->stride_w + (16 + dwords - 1) / dwords;
    pixels = blocksOf16(pixels) * 16;
    lineBytes = pixels * dwords * 4 + 64;
    lines = p->kh + p->stride_h;
  }
  static int64_t dwordsOf(const wnnrt_conv2d_params *p, int64_t rows) {
    return (rows * p->ci + 1) / 2;
  }
  bool fits(const wnnrt_conv2d_params *p) const {
    return p->dilation_h == 1 && p->dilation_w == 1 && p->kw * dwords <= 16 && steps <= stepsMost &&
           lines <= linesMost && lines * lineBytes * 2 <= imageBytes &&
           steps * blocksOf16(p->co) <= weightTiles;
  }
};

bool fits(const wnnrt_conv2d_params *p) {
  return wnnrt::firstWorthMatrixUnit(p->ci, int64_t(p->kh) * p->kw, p->co, p->oh, p->ow,
                                     p->stride_w) &&
         FirstImage(p).fits(p);
}

struct FirstRows {
  static constexpr bool farOutputs = true, lowFirst = true;
  const wnnrt::FirstRowsJob &j;
  const wnnrt_conv2d_params *p;
  const FirstImage shape;
  const int64_t stepsAll, outputs, yRow = 16, ihw, ohw;
  __m512i take[dwordsMost];               // which pixel each dword of a vector is of
  __mmask16 from[dwordsMost][dwordsMost]; // and which of its dwords
  int64_t have[linesMost];                // the first input row of each line
  bool bad[linesMost];
  // Lines to make.
  int64_t due[stepsMost], dueCount = 0, dueAt = 0, pixelAt = 0, quota = 0;
  alignas(64) unsigned char weights[weightTiles * weightTileBytes];
  alignas(64) unsigned char image[imageBytes];

  explicit FirstRows(const wnnrt::FirstRowsJob &job)
      : j(job), p(job.p), shape(job.p), stepsAll(shape.steps), outputs(blocksOf16(p->co)),
        ihw(int64_t(p->ih) * p->iw), ohw(int64_t(p->oh) * p->ow) {
    for (int64_t &row : have)
      row = INT64_MIN;
    for (int64_t i = 0; i < shape.lines * 2; ++i) // behind the last pixel
      memset(image + (i + 1) * shape.lineBytes - 64, 0, 64);
    for (int64_t v = 0; v < shape.dwords; ++v) {
      alignas(64) int32_t pixel[16];
      for (int64_t s = 0; s < shape.dwords; ++s)
        from[v][s] = 0;
      for (int64_t i = 0; i < 16; ++i) {
        pixel[i] = static_cast<int32_t>((v * 16 + i) / shape.dwords);
        __mmask16 &m = from[v][(v * 16 + i) % shape.dwords];
        m = static_cast<__mmask16>(m | 1u << i);
      }
      take[v] = _mm512_load_si512(pixel);
    }
    splitWeights();
  }

  /// The weights of term `term` of a step: numbers of a pixel, pixel by pixel.
  const float *weight(int64_t output, int64_t step, int64_t term) const {
    int64_t s = term / (2 * shape.dwords), number = term % (2 * shape.dwords);
    int64_t r = step * shape.rows + number / p->ci, c = number % p->ci;
    if (s >= p->kw || number >= shape.rows * p->ci || r >= p->kh)
      return nullptr;
    return j.w + ((output * p->ci + c) * p->kh * p->kw + r * p->kw + s) * 16;
  }
  WNNRT_NOINLINE void splitWeights() {
    unsigned char *to = weights;
    for (int64_t o = 0; o < outputs; ++o)
      for (int64_t s = 0; s < stepsAll; ++s, to += weightTileBytes)
        for (int pair = 0; pair < 16; ++pair) {
          const float *a = weight(o, s, 2 * pair), *b = weight(o, s, 2 * pair + 1);
          splitPair(a ? _mm512_loadu_si512(a) : _mm512_setzero_si512(),
                    b ? _mm512_loadu_si512(b) : _mm512_setzero_si512(), to + pair * 64);
        }
  }

  const float *biasOf(int64_t output) const { return j.bias ? j.bias + output * 16 : nullptr; }
  int64_t placeOf(int64_t output) const { return output * ohw * 16; }
  void exact(int64_t, int64_t, int64_t, float *) const {}

  int64_t slot(int64_t row) const { return (row % shape.lines + shape.lines) % shape.lines; }
  unsigned char *line(int64_t row) { return image + slot(row) * shape.lineBytes * 2; }

  /// 16 pixels of the line that begins with input row `row`, from pixel `at`. R rows of C channels.
  template <int R, int C> WNNRT_INLINE_MEMBER void makePixels(int64_t row, int64_t at) {
    constexpr int D = (R * C + 1) / 2;
    const int64_t ix = at - p->pad_left;
    const int64_t begin = maxOf(0, -ix), end = minOf(16, p->iw - ix);
    const __mmask16 inside =
        begin < end ? static_cast<__mmask16>((1u << end) - (1u << begin)) : __mmask16(0);
    const __m512i half = _mm512_set1_epi32(0x8000), upper = _mm512_set1_epi32(int(0xffff0000u));
    __m512i high[D], low[D];
    __m512 lows = _mm512_setzero_ps(); // infinite or NaN if one is
    WNNRT_UNROLL
    for (int i = 0; i < R * C; ++i) {
      const int64_t r = row + i / C;
      const bool there = r >= 0 && r < p->ih && inside;
      // Nothing is read where no number is: it would take long to find out.
      __m512 x = _mm512_maskz_loadu_ps(there ? inside : __mmask16(0),
                                       there ? j.x + i % C * ihw + r * p->iw + ix : j.x);
      __m512i h = highPart(_mm512_castps_si512(x));
      __m512 rest = _mm512_sub_ps(x, _mm512_castsi512_ps(h));
      lows = _mm512_add_ps(lows, rest);
      __m512i l = _mm512_add_epi32(_mm512_castps_si512(rest), half);
      if (i % 2 == 0) {
        high[i / 2] = _mm512_srli_epi32(h, 16);
        low[i / 2] = _mm512_srli_epi32(l, 16);
      } else { // bits of h below are 0
        high[i / 2] = _mm512_or_si512(high[i / 2], h);
        low[i / 2] = _mm512_ternarylogic_epi32(low[i / 2], l, upper, 0xf8); // a | (b & c)
      }
    }
    if (_mm512_fpclass_ps_mask(lows, 0x99))
      bad[slot(row)] = true;
    unsigned char *to = line(row) + at * D * 4;
    WNNRT_UNROLL
    for (int v = 0; v < D; ++v, to += 64) {
      __m512i h = _mm512_maskz_permutexvar_epi32(from[v][0], take[v], high[0]);
      __m512i l = _mm512_maskz_permutexvar_epi32(from[v][0], take[v], low[0]);
      WNNRT_UNROLL
      for (int s = 1; s < D; ++s) {
        h = _mm512_mask_permutexvar_epi32(h, from[v][s], take[v], high[s]);
        l = _mm512_mask_permutexvar_epi32(l, from[v][s], take[v], low[s]);
      }
      _mm512_storeu_si512(to, h);
      _mm512_storeu_si512(to + shape.lineBytes, l);
    }
  }
  template <int R, int C> WNNRT_NOINLINE void makeSomeOf(int64_t count) {
    for (; count > 0 && dueAt < dueCount; --count) {
      makePixels<R, C>(due[dueAt], pixelAt);
      if ((pixelAt += 16) >= shape.pixels)
        pixelAt = 0, ++dueAt;
    }
  }
  void makeSome(int64_t count) {
    switch (shape.rows) {
    case 1:
      return makeSomeOf<1, channels>(count);
    case 2:
      return makeSomeOf<2, channels>(count);
    default:
      return makeSomeOf<3, channels>(count);
    }
  }
  WNNRT_INLINE_MEMBER void beside() {
    if (dueAt < dueCount)
      makeSome(quota);
  }

  int64_t firstRow(int64_t oy) const { return oy * p->stride_h - p->pad_top; }
  bool anyInside(int64_t row) const { return row + shape.rows > 0 && row < p->ih; }
  /// Lists the lines of output row `oy` that are not there.
  void startRow(int64_t oy, int64_t calls) {
    dueCount = dueAt = pixelAt = 0;
    for (int64_t s = 0; s < stepsAll; ++s) {
      int64_t row = firstRow(oy) + s * shape.rows;
      if (!anyInside(row) || have[slot(row)] == row)
        continue;
      have[slot(row)] = row;
      bad[slot(row)] = false;
      due[dueCount++] = row;
    }
    quota = (dueCount * (shape.pixels / 16) + calls - 1) / maxOf(1, calls);
  }
};

WNNRT_AMX WNNRT_NOINLINE int64_t run(const wnnrt::FirstRowsJob &job, int64_t begin, int64_t end) {
  FirstRows rows(job);
  const wnnrt_conv2d_params *p = job.p;
  MatrixRows<FirstRows> matrix(rows, p->act, p->residual_after_act != 0);
  matrix.configure();
  const Split tiles((p->ow + 15) / 16, rowTiles);
  const int64_t tileStride = rows.shape.dwords * 4 * p->stride_w;
  int64_t stepAt[stepsMost], weightsOf[stepsMost], oy = begin;
  LeftTiles l = {rows.image, tileStride * 16, rows.shape.lineBytes, tileStride, 0,
                 stepAt,     weightsOf};
  int64_t runs = 0;
  for (int64_t b = 0; b < tiles.count; ++b)
    runs += matrix.runsOf(tiles.sizeOf(b), rows.outputs);
  rows.startRow(oy, 1);
  for (; oy < end; ++oy) {
    rows.makeSome(INT64_MAX);
    l.steps = 0;
    bool good = true;
    for (int64_t s = 0; s < rows.stepsAll; ++s) {
      int64_t row = rows.firstRow(oy) + s * rows.shape.rows;
      if (!rows.anyInside(row))
        continue;
      good &= !rows.bad[rows.slot(row)];
      stepAt[l.steps] = rows.line(row) - rows.image;
      weightsOf[l.steps++] = s;
    }
    if (!good)
      break;
    if (oy + 1 < end)
      rows.startRow(oy + 1, runs * l.steps);
    for (int64_t b = 0; b < tiles.count; ++b) {
      int64_t ox = tiles.begin(b) * 16, n = minOf(tiles.sizeOf(b) * 16, p->ow - ox);
      int64_t at = (oy * p->ow + ox) * 16;
      l.at = rows.image + ox * tileStride;
      matrix.run(tiles.sizeOf(b), l, n, job.y + at, job.residual ? job.residual + at : nullptr);
    }
  }
  matrix.finishAll();
  matrix.release();
  return oy;
}

constexpr wnnrt::FirstMatrixPart part = {fits, run};

} // namespace

const wnnrt_part wnnrt::WNNRT_SIMD_NS::first_matrix = {nullptr, &part};

#else // no tiles here
const wnnrt_part wnnrt::WNNRT_SIMD_NS::first_matrix = {};
#endif
#endif
