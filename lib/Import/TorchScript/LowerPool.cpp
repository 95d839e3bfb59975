// SPDX-License-Identifier: Apache-2.0
//
// Pooling and resampling.
#include "LowerWindow.h"

#include <cmath>
#include <fmt/format.h>

namespace wnnx::ts {
namespace {

unsigned spatialDims(OpCall &c) {
  return c.name.contains("1d") ? 1 : 2;
}

/// An argument with one entry for each of two spatial dimensions, `fill` for a missing first.
WindowInts pair(OpCall &c, llvm::StringRef name, int64_t fill) {
  unsigned n = spatialDims(c);
  WindowInts v = c.ints(name, n);
  if (n == 1 && v.size() == 1)
    v.insert(v.begin(), fill);
  return v;
}

Val withIndices(OpCall &c, Ref r) {
  // Which element was the largest is not computed; a use of that leads nowhere.
  Val v = c.result(r);
  return c.b.failed ? Val::poison() : c.heap.tuple({v, Val::poison()});
}

} // namespace

Val lowerMaxPool(OpCall &c) {
  Window w(c, c.in(0u), spatialDims(c));
  WindowInts kernel = pair(c, "kernel_size", 1), stride = pair(c, "stride", 1);
  Ref r = c.b.op(OpKind::MaxPool2d, {w.input()},
                 {{"kernel_size", llvm::ArrayRef<int64_t>(kernel)},
                  {"stride", llvm::ArrayRef<int64_t>((stride.empty() ? kernel : stride))},
                  {"padding", llvm::ArrayRef<int64_t>(pair(c, "padding", 0))},
                  {"dilation", llvm::ArrayRef<int64_t>(pair(c, "dilation", 1))},
                  {"ceil_mode", c.flag("ceil_mode")}});
  r = w.restore(r);
  return c.name.ends_with("indices") ? withIndices(c, r) : c.result(r);
}

Val lowerAvgPool(OpCall &c) {
  Window w(c, c.in(0u), spatialDims(c));
  WindowInts kernel = pair(c, "kernel_size", 1), stride = pair(c, "stride", 1);
  Attribute divisor =
      c.given("divisor_override") ? Attribute(c.integer("divisor_override")) : Attribute();
  Ref r = c.b.op(OpKind::AvgPool2d, {w.input()},
                 {{"kernel_size", llvm::ArrayRef<int64_t>(kernel)},
                  {"stride", llvm::ArrayRef<int64_t>((stride.empty() ? kernel : stride))},
                  {"padding", llvm::ArrayRef<int64_t>(pair(c, "padding", 0))},
                  {"ceil_mode", c.flag("ceil_mode")},
                  {"count_include_pad", c.flag("count_include_pad")},
                  {"divisor_override", divisor}});
  return c.result(w.restore(r));
}

static Ref adaptive(OpCall &c, OpKind kind) {
  Window w(c, c.in(0u), spatialDims(c));
  return w.restore(c.b.op(kind, {w.input()},
                          {{"output_size", llvm::ArrayRef<int64_t>(pair(c, "output_size", 1))}}));
}

Val lowerAdaptiveAvgPool(OpCall &c) {
  return c.result(adaptive(c, OpKind::AdaptiveAvgPool2d));
}
Val lowerAdaptiveMaxPool(OpCall &c) {
  return withIndices(c, adaptive(c, OpKind::AdaptiveMaxPool2d));
}

namespace {

/// Sizes and factors of a resize, in either of the two forms that the operators have.
struct Resize {
  WindowInts size;
  std::vector<double> scales;
};

Resize resizeOf(OpCall &c, Ref x, unsigned n) {
  Resize r;
  if (c.given("output_size"))
    r.size = c.ints("output_size", n);
  llvm::SmallVector<double, 4> factors;
  if (c.given("scale_factors"))
    factors = c.floats("scale_factors");
  else if (c.given("scales"))
    factors = {c.number("scales")};
  else if (c.given("scales_h") && c.given("scales_w"))
    factors = {c.number("scales_h"), c.number("scales_w")};
  if (factors.size() == 1 && n == 2)
    factors.push_back(factors[0]);
  if (r.size.empty() && factors.size() == n)
    for (unsigned i = 0; i < n; ++i) {
      double size = std::floor(double(x->dim(2 + i)) * factors[i]);
      if (!(size >= 0 && size < 1e9)) {
        c.error("impossible scale factor");
        return r;
      }
      r.size.push_back(int64_t(size));
    }
  if (r.size.size() != n) {
    c.error("neither a size nor scale factors");
    return r;
  }
  r.scales.assign(factors.begin(), factors.end());
  if (n == 1) {
    r.size.insert(r.size.begin(), 1);
    if (!r.scales.empty())
      r.scales.insert(r.scales.begin(), 1.0);
  }
  return r;
}

Val resize(OpCall &c, OpKind kind, bool corners) {
  unsigned n = spatialDims(c);
  Ref x = c.in(0u);
  if (c.b.failed || x->rank() != n + 2)
    return c.error(fmt::format("the input has rank {}", x->rank()));
  Resize r = resizeOf(c, x, n);
  Window w(c, x, n);
  std::vector<NamedAttr> attrs = {{"output_size", llvm::ArrayRef<int64_t>(r.size)},
                                  {"scales", r.scales}};
  if (corners)
    attrs.push_back({"align_corners", c.flag("align_corners")});
  return c.result(w.restore(c.b.op(kind, {w.input()}, std::move(attrs))));
}

} // namespace

Val lowerUpsampleNearest(OpCall &c) {
  return resize(c, OpKind::UpsampleNearest2d, false);
}

Val lowerUpsampleLinear(OpCall &c) {
  return resize(
      c, c.name.contains("bicubic") ? OpKind::UpsampleBicubic2d : OpKind::UpsampleBilinear2d, true);
}

Val lowerGridSample(OpCall &c) {
  static constexpr const char *modes[] = {"bilinear", "nearest", "bicubic"};
  static constexpr const char *pads[] = {"zeros", "border", "reflection"};
  int64_t mode = c.integer("interpolation_mode"), pad = c.integer("padding_mode");
  if (mode < 0 || mode > 2 || pad < 0 || pad > 2)
    return c.error("unknown mode");
  return c.result(c.b.op(OpKind::GridSample, {c.in(0u), c.in(1u)},
                         {{"mode", modes[mode]},
                          {"padding_mode", pads[pad]},
                          {"align_corners", c.flag("align_corners")}}));
}

} // namespace wnnx::ts
