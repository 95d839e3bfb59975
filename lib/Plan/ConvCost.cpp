// SPDX-License-Identifier: Apache-2.0
//
// How long a convolution takes directly, by Winograd's algorithm and on a matrix unit, and which is
// chosen.
#include "ConvCost.h"

#include "wnnrt_matrix.h"
#include "wnnrt_pack.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

namespace wnnx {
namespace {

// Of a core with AVX-512, measured with runtime/bench/bench_conv and checked with bench/tune.py: of
// 54 layers of eight networks, within the networks, the fastest kernel or one within 3 % of it is
// chosen for 53; only ratios matter, and they hold for narrower vectors too.
constexpr double flopsPerUs = 160e3;
constexpr double bytesPerUs = 10e3; // weights come from memory: nothing else has used them yet

/// Compute and streaming overlap, but not perfectly.
double together(double compute, double weightBytes) {
  double stream = weightBytes / bytesPerUs;
  return std::max(stream, compute + 0.4 * stream);
}

} // namespace

double directConvUs(const wnnrt_conv2d_params &p) {
  // Of groups, with the zeros that fill panels.
  double weights =
      p.groups == 1 ? double(p.kh) * p.kw * p.ci * p.co : double(wnnrt_pack_conv2d_c16_floats(&p));
  return together(2.0 * p.n * p.oh * p.ow * weights / flopsPerUs, 4 * weights);
}

double winogradConvUs(const wnnrt_conv2d_params &p, int tile) {
  double a = tile + 2, ciBlocks = (p.ci + 15) / 16, coBlocks = (p.co + 15) / 16;
  double tiles = double(p.n) * ((p.oh + tile - 1) / tile) * ((p.ow + tile - 1) / tile);
  double weights = a * a * p.ci * coBlocks * 16;
  // Transforms take a time per tile and block of channels, whatever the other side's channels are.
  double transforms = tiles * (ciBlocks + coBlocks) * (tile == 4 ? 0.11 : 0.035);
  size_t scratch = tile == 4 ? wnnrt_conv2d_winograd4_c16_scratch_bytes(&p)
                             : wnnrt_conv2d_winograd2_c16_scratch_bytes(&p);
  double perTile = 4 * a * a * (ciBlocks * 16 + 32);
  // Each pass over the tiles reads the weights again, from the last cache if they fit there.
  double passes = std::max(1.0, tiles * perTile / double(std::max<size_t>(scratch, 1)));
  double reread = 4 * weights <= 1.5e6 ? 0 : 0.5 * (passes - 1);
  return together(2 * tiles * weights / flopsPerUs + transforms, 4 * weights * (1 + reread));
}

double matrixConvUs(const wnnrt_conv2d_params &p) {
  double image = double(wnnrt_conv2d_matrix_c16_scratch_bytes(&p));
  if (image == 0)
    return HUGE_VAL;
  constexpr double tileUs = 0.0255; // of the three products of a tile of 16 outputs by 16 by 32
  constexpr double splitBytesPerUs = 20e3; // of the image in two parts
  double panels = (p.co + 15) / 16, taps = double(p.kh) * p.kw;
  double blocks = p.groups == 1 ? (p.ci + 15) / 16 : std::max(1.0, p.ci / p.groups / 16.0);
  double columns = p.kw == 1 ? p.ow : p.ow + double(p.kw - 1) * p.dilation_w / p.stride_w;
  double tiles = std::ceil(std::min(columns * p.oh / 16, p.oh * std::ceil(p.ow / 16.0)));
  // Two blocks of channels are a step; one alone takes two taps.
  double pairs = p.groups == 1 ? std::floor(blocks / 2) : 0;
  double steps = pairs * taps + (blocks - 2 * pairs) * p.kh * ((p.kw + 1) / 2);
  double rows = p.kh == 1 ? p.oh : double(p.oh - 1) * p.stride_h + p.kh;
  double bytes = rows * columns * (p.kw == 1 ? 1 : p.stride_w) * ((p.ci + 15) / 16) * 64;
  double weights = taps * (p.ci / p.groups) * p.co;
  double reread = 4 * weights <= 1.5e6 ? 0 : 0.5 * (p.n - 1); // by each picture
  return 3 + together(p.n * (tiles * panels * steps * tileUs + bytes / splitBytesPerUs),
                      4 * weights * (1 + reread));
}

llvm::SmallVector<ConvVariant, 4> convVariants(const wnnrt_conv2d_params &p, int largest,
                                               MatrixUnit unit) {
  llvm::SmallVector<ConvVariant, 4> all{{"direct", WNNRT_K_conv2d_c16}};
  double macs = double(p.n) * p.oh * p.ow * (p.ci / p.groups) * p.co * p.kh * p.kw;
  bool fits = p.groups == 1 && p.kh == 3 && p.kw == 3 && p.stride_h == 1 && p.stride_w == 1 &&
              p.dilation_h == 1 && p.dilation_w == 1 && p.ci >= 16 && p.co >= 16;
  // Below this there is nothing to win that is worth other roundings; small layers stay direct
  // where they may find a matrix unit, which is faster than either.
  if (fits && macs >= (unit == MatrixUnit::Off ? 1e6 : 4e6)) {
    if (largest >= 2)
      all.push_back({"winograd2", WNNRT_K_conv2d_winograd2_c16, 2});
    if (largest >= 4)
      all.push_back({"winograd4", WNNRT_K_conv2d_winograd4_c16, 4});
  }
  // The direct kernel itself runs 1x1 convolutions of neighbouring pixels on the unit: as fast or
  // faster where it splits few weights for many pixels or few pixels for many weights.
  bool pointwise = p.groups == 1 && p.kh == 1 && p.kw == 1 && p.stride_h == 1 && p.stride_w == 1;
  bool other = !pointwise || (p.ci >= 192 && p.co >= 32 && p.oh * p.ow >= 150 &&
                              !wnnrt::isNarrowProduct(int64_t(p.oh) * p.ow, p.ci, p.co));
  if (unit != MatrixUnit::Off && other && macs >= 1e6 &&
      wnnrt_conv2d_matrix_c16_scratch_bytes(&p) > 0)
    all.push_back({"matrix", WNNRT_K_conv2d_matrix_c16});
  return all;
}

std::string convLayerName(const wnnrt_conv2d_params &p) {
  std::string s = fmt::format("conv2d {}x{}x{}x{} to {}x{}x{}, kernel {}x{}, stride {}x{}, padding "
                              "{}x{}",
                              p.n, p.ci, p.ih, p.iw, p.co, p.oh, p.ow, p.kh, p.kw, p.stride_h,
                              p.stride_w, p.pad_top, p.pad_left);
  if (p.dilation_h != 1 || p.dilation_w != 1)
    s += fmt::format(", dilation {}x{}", p.dilation_h, p.dilation_w);
  if (p.groups != 1)
    s += fmt::format(", groups {}", p.groups);
  return s;
}

ConvVariant chooseVariant(const wnnrt_conv2d_params &p, int largest, MatrixUnit unit) {
  auto all = convVariants(p, largest, unit);
  ConvVariant best = all[0];
  // Direct where it is as good: it rounds less and its weights are smaller.
  double direct = 0.95 * directConvUs(p), bestUs = direct;
  for (const ConvVariant &v : all) {
    bool matrix = v.kernel == WNNRT_K_conv2d_matrix_c16;
    // A CPU without a unit would run the direct kernel.
    if (matrix && unit != MatrixUnit::Assume && best.winograd)
      continue;
    double us = v.winograd ? winogradConvUs(p, v.winograd) : matrix ? matrixConvUs(p) : HUGE_VAL;
    if (us < bestUs) {
      best = v;
      bestUs = us;
    }
  }
  return best;
}

} // namespace wnnx
