// SPDX-License-Identifier: Apache-2.0
//
// Pooling and resampling of pictures. The layout of the input is kept.
#include "Lowering.h"

namespace wnnx {

LogicalResult lowerPool(Lowering &l, const Node &n) {
  if (!l.requireF32(n))
    return failure();
  const Value *x = n.operand(0), *y = n.result();
  bool c16 = l.inC16(x);
  auto pair = [&](std::string_view name, int i) { return i32(n.attr(name).asInts()[size_t(i)]); };
  wnnrt_pool2d_params p = {};
  p.layout = c16 ? WNNRT_LAYOUT_C16 : WNNRT_PLAIN;
  p.n = i32(x->dim(0)), p.c = i32(x->dim(1)), p.ih = i32(x->dim(2)), p.iw = i32(x->dim(3));
  p.oh = i32(y->dim(2)), p.ow = i32(y->dim(3));
  p.kh = pair("kernel_size", 0), p.kw = pair("kernel_size", 1);
  p.stride_h = pair("stride", 0), p.stride_w = pair("stride", 1);
  p.pad_top = p.pad_bottom = pair("padding", 0), p.pad_left = p.pad_right = pair("padding", 1);
  p.dilation_h = p.dilation_w = 1;
  int from = c16 ? l.c16(x) : l.plain(x);
  if (n.kind() == OpKind::MaxPool2d) {
    p.dilation_h = pair("dilation", 0), p.dilation_w = pair("dilation", 1);
    l.call(WNNRT_K_max_pool2d, p, {from, c16 ? l.defineC16(y) : l.definePlain(y), noTensor});
    return success();
  }
  AvgPool2dOp op(n);
  p.count_include_pad = op.count_include_pad();
  p.divisor_override = i32(op.divisor_override().value_or(0));
  l.call(WNNRT_K_avg_pool2d, p, {from, c16 ? l.defineC16(y) : l.definePlain(y)});
  return success();
}

LogicalResult lowerAdaptivePool(Lowering &l, const Node &n) {
  if (!l.requireF32(n))
    return failure();
  const Value *x = n.operand(0), *y = n.result();
  bool c16 = l.inC16(x);
  int from = c16 ? l.c16(x) : l.plain(x);
  if (n.kind() == OpKind::AdaptiveAvgPool2d && y->dim(2) * y->dim(3) == 1) {
    wnnrt_global_avg_pool_params p = {};
    p.layout = c16 ? WNNRT_LAYOUT_C16 : WNNRT_PLAIN;
    p.n = i32(x->dim(0)), p.c = i32(x->dim(1)), p.hw = i32(x->dim(2) * x->dim(3));
    l.call(WNNRT_K_global_avg_pool, p, {from, l.definePlain(y)});
    return success();
  }
  wnnrt_adaptive_pool2d_params p = {};
  p.layout = c16 ? WNNRT_LAYOUT_C16 : WNNRT_PLAIN;
  p.n = i32(x->dim(0)), p.c = i32(x->dim(1)), p.ih = i32(x->dim(2)), p.iw = i32(x->dim(3));
  p.oh = i32(y->dim(2)), p.ow = i32(y->dim(3));
  if (p.oh == p.ih && p.ow == p.iw) { // each window is one element
    l.setSame(y, x);
    return success();
  }
  int to = c16 ? l.defineC16(y) : l.definePlain(y);
  if (n.kind() == OpKind::AdaptiveAvgPool2d)
    l.call(WNNRT_K_adaptive_avg_pool2d, p, {from, to});
  else
    l.call(WNNRT_K_adaptive_max_pool2d, p, {from, to, noTensor});
  return success();
}

LogicalResult lowerUpsample(Lowering &l, const Node &n) {
  if (!l.requireF32(n))
    return failure();
  const Value *x = n.operand(0), *y = n.result();
  wnnrt_upsample2d_params p = {};
  p.mode = n.kind() == OpKind::UpsampleNearest2d    ? WNNRT_NEAREST
           : n.kind() == OpKind::UpsampleBilinear2d ? WNNRT_BILINEAR
                                                    : WNNRT_BICUBIC;
  bool c16 = l.inC16(x) && p.mode != WNNRT_BICUBIC;
  p.layout = c16 ? WNNRT_LAYOUT_C16 : WNNRT_PLAIN;
  p.n = i32(x->dim(0)), p.c = i32(x->dim(1)), p.ih = i32(x->dim(2)), p.iw = i32(x->dim(3));
  p.oh = i32(y->dim(2)), p.ow = i32(y->dim(3));
  if (p.mode != WNNRT_NEAREST)
    p.align_corners = n.attr("align_corners").asBool();
  const std::vector<double> &scales = n.attr("scales").asFloats();
  // As PyTorch does: equal sizes, and for the nearest pixel doubled ones, ignore the scales.
  auto scale = [&](size_t i, int32_t in, int32_t out) {
    bool exact =
        p.mode != WNNRT_BICUBIC && (out == in || (p.mode == WNNRT_NEAREST && out == 2 * in));
    return scales.size() == 2 && !exact ? scales[i] : 0.0;
  };
  p.scale_h = scale(0, p.ih, p.oh), p.scale_w = scale(1, p.iw, p.ow);
  int from = c16 ? l.c16(x) : l.plain(x);
  l.call(WNNRT_K_upsample2d, p, {from, c16 ? l.defineC16(y) : l.definePlain(y)});
  return success();
}

LogicalResult lowerGridSample(Lowering &l, const Node &n) {
  if (!l.requireF32(n))
    return failure();
  GridSampleOp op(n);
  const Value *x = op.input(), *y = op.result();
  wnnrt_grid_sampler2d_params p = {};
  p.mode = op.mode() == "nearest"   ? WNNRT_GRID_NEAREST
           : op.mode() == "bicubic" ? WNNRT_GRID_BICUBIC
                                    : WNNRT_GRID_BILINEAR;
  p.padding = op.padding_mode() == "border"       ? WNNRT_GRID_BORDER
              : op.padding_mode() == "reflection" ? WNNRT_GRID_REFLECTION
                                                  : WNNRT_GRID_ZEROS;
  p.n = i32(x->dim(0)), p.c = i32(x->dim(1)), p.ih = i32(x->dim(2)), p.iw = i32(x->dim(3));
  p.oh = i32(y->dim(2)), p.ow = i32(y->dim(3));
  p.align_corners = op.align_corners();
  int from = l.plain(x), grid = l.plain(op.grid());
  l.call(WNNRT_K_grid_sampler2d, p, {from, grid, l.definePlain(y)});
  return success();
}

} // namespace wnnx
