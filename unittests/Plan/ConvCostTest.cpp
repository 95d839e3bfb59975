// SPDX-License-Identifier: Apache-2.0
//
// The cost model against measurements: on the machines whose tuning files are in bench/tuning its
// choices cost at most a tenth more than the fastest kernels of all layers.
#include "../../lib/Plan/ConvCost.h"
#include "wnnx/Plan/Tuning.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <gtest/gtest.h>

using namespace wnnx;

namespace {

/// From the name of a layer in a tuning file.
bool paramsOf(const std::string &layer, wnnrt_conv2d_params &p) {
  p = {};
  p.groups = p.dilation_h = p.dilation_w = 1;
  if (size_t at = layer.find(", groups "); at != std::string::npos)
    p.groups = std::atoi(layer.c_str() + at + 9);
  return std::sscanf(layer.c_str(),
                     "conv2d %dx%dx%dx%d to %dx%dx%d, kernel %dx%d, stride %dx%d, padding %dx%d",
                     &p.n, &p.ci, &p.ih, &p.iw, &p.co, &p.oh, &p.ow, &p.kh, &p.kw, &p.stride_h,
                     &p.stride_w, &p.pad_top, &p.pad_left) == 13;
}

TEST(ConvCost, ChoicesAreWithinATenthOfTheMeasuredBest) {
  unsigned files = 0;
  std::error_code ec;
  for (llvm::sys::fs::directory_iterator i(WNNX_SOURCE_DIR "/bench/tuning", ec), end;
       i != end && !ec; i.increment(ec)) {
    if (llvm::sys::path::extension(i->path()) != ".tune")
      continue;
    auto text = llvm::MemoryBuffer::getFile(i->path());
    ASSERT_TRUE(bool(text));
    Diagnostics diags;
    FailureOr<TuningTable> table =
        TuningTable::parse(std::string_view((*text)->getBuffer()), i->path(), diags);
    ASSERT_TRUE(succeeded(table)) << diags.render();
    // Files of plans for CPUs with a matrix unit have its kernel.
    bool matrix = false;
    for (const auto &[layer, entry] : table->layers)
      for (const TuningEntry::Variant &v : entry.variants)
        matrix |= v.name == "matrix";
    double chosen = 0, best = 0;
    for (const auto &[layer, entry] : table->layers) {
      wnnrt_conv2d_params p;
      ASSERT_TRUE(paramsOf(layer, p)) << layer;
      EXPECT_EQ(convLayerName(p), layer);
      std::string name = chooseVariant(p, 4, matrix ? MatrixUnit::Assume : MatrixUnit::Off).name;
      double least = HUGE_VAL, taken = -1;
      for (const TuningEntry::Variant &v : entry.variants) {
        least = std::min(least, v.us);
        taken = v.name == name ? v.us : taken;
      }
      ASSERT_GT(taken, 0) << layer << " was not measured with " << name;
      chosen += taken;
      best += least;
    }
    EXPECT_LE(chosen, 1.1 * best) << i->path();
    ++files;
  }
  EXPECT_GE(files, 16u);
}

} // namespace
