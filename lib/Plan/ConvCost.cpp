// SPDX-License-Identifier: Apache-2.0
//
// How long a 3x3 convolution takes directly and by Winograd's algorithm, and which is chosen.
#include "ConvCost.h"

#include <algorithm>
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
  double weights = double(p.kh) * p.kw * (p.ci / p.groups) * p.co;
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

llvm::SmallVector<ConvVariant, 4> convVariants(const wnnrt_conv2d_params &p, int largest) {
  llvm::SmallVector<ConvVariant, 4> all{{"direct", 0}};
  bool fits = p.groups == 1 && p.kh == 3 && p.kw == 3 && p.stride_h == 1 && p.stride_w == 1 &&
              p.dilation_h == 1 && p.dilation_w == 1 && p.ci >= 16 && p.co >= 16;
  // Below this there is nothing to win that is worth other roundings.
  if (!fits || double(p.n) * p.oh * p.ow * p.ci * p.co * 9 < 4e6)
    return all;
  for (ConvVariant v : {ConvVariant{"winograd2", 2}, ConvVariant{"winograd4", 4}})
    if (v.winograd <= largest)
      all.push_back(v);
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

int chooseWinograd(const wnnrt_conv2d_params &p, int largest) {
  int best = 0;
  // Direct where it is as good: it rounds less and its weights are smaller.
  double bestUs = 0.95 * directConvUs(p);
  for (const ConvVariant &v : convVariants(p, largest))
    if (v.winograd)
      if (double us = winogradConvUs(p, v.winograd); us < bestUs) {
        best = v.winograd;
        bestUs = us;
      }
  return best;
}

} // namespace wnnx
