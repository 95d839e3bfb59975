// SPDX-License-Identifier: Apache-2.0
//
// Convolutions: which kernel, packed weights, fused epilogues.
#include "ConvCost.h"
#include "Lowering.h"

#include "wnnrt_pack.h"

#include <cmath>

namespace wnnx {
namespace {

enum class ConvKernel { C16, First, Depthwise, AsLinear, Plain, Winograd2, Winograd4, Matrix };

struct Conv {
  Lowering &l;
  const Node &n;
  Conv2dOp op;
  wnnrt_conv2d_params p = {};
  /// Where there was a choice of kernels.
  std::string layer, variant, modelVariant;
};

/// Whether all weights can be split in two for the matrix unit, which would make NaN of infinite
/// ones.
bool splits(Conv &c) {
  const Value *w = c.op.weight();
  Floats weights(*c.l.constant(w));
  return std::all_of(weights.data(), weights.data() + w->type().numel(),
                     [](float x) { return std::fabs(x) < 1.7e38f; });
}

/// By the options, a tuning file, or the cost model.
wnnrt_kernel_id chooseVariant(Conv &c) {
  const PlanOptions &o = c.l.options;
  MatrixUnit unit = o.matrixUnit;
  if (unit != MatrixUnit::Off && !splits(c))
    unit = MatrixUnit::Off;
  ConvVariant byModel = chooseVariant(c.p, o.winograd, unit), taken = byModel;
  auto variants = convVariants(c.p, o.winograd, unit);
  if (variants.size() < 2)
    return byModel.kernel;
  c.layer = convLayerName(c.p);
  const std::string wanted = o.wantedVariant(c.layer);
  for (const ConvVariant &v : variants)
    if (v.name == wanted)
      taken = v;
  c.variant = taken.name;
  c.modelVariant = byModel.name;
  return taken.kernel;
}

ConvKernel choose(Conv &c) {
  if (!c.l.constant(c.op.weight()) || !c.l.options.blockedLayout)
    return ConvKernel::Plain;
  const wnnrt_conv2d_params &p = c.p;
  if (p.groups == 1 && p.kh == 1 && p.kw == 1 && p.ih * p.iw == 1 && p.oh * p.ow == 1 &&
      p.pad_top == 0 && p.pad_left == 0)
    return ConvKernel::AsLinear;
  if (p.groups > 1 && p.groups == p.ci && p.ci == p.co)
    return ConvKernel::Depthwise;
  if (p.groups == 1 && p.ci <= 8 && !c.l.inC16(c.op.input()))
    return ConvKernel::First;
  // Those that take their input scaled have a kernel of their own.
  if (c.l.scaledInputs.count(c.op.input()))
    return ConvKernel::C16;
  switch (chooseVariant(c)) {
  case WNNRT_K_conv2d_winograd2_c16:
    return ConvKernel::Winograd2;
  case WNNRT_K_conv2d_winograd4_c16:
    return ConvKernel::Winograd4;
  case WNNRT_K_conv2d_matrix_c16:
    return ConvKernel::Matrix;
  default:
    return ConvKernel::C16;
  }
}

int packWeight(Conv &c, ConvKernel k) {
  const wnnrt_conv2d_params *p = &c.p;
  const Value *w = c.op.weight();
  Floats source(*c.l.constant(w));
  auto pack = [&](const char *packing, size_t floats, auto function) {
    return c.l.packedWeight(w->name(), packing, w->type(), floats,
                            [&](float *to) { function(p, source.data(), to); });
  };
  switch (k) {
  case ConvKernel::First:
    return pack("conv2d_first", wnnrt_pack_conv2d_first_floats(p), wnnrt_pack_conv2d_first);
  case ConvKernel::Winograd2:
    return pack("winograd2", wnnrt_pack_conv2d_winograd_floats(p, 2),
                [](const wnnrt_conv2d_params *q, const float *from, float *to) {
                  wnnrt_pack_conv2d_winograd(q, 2, from, to);
                });
  case ConvKernel::Winograd4:
    return pack("winograd4", wnnrt_pack_conv2d_winograd_floats(p, 4),
                [](const wnnrt_conv2d_params *q, const float *from, float *to) {
                  wnnrt_pack_conv2d_winograd(q, 4, from, to);
                });
  case ConvKernel::Depthwise:
    return pack("depthwise_c16", wnnrt_pack_depthwise_c16_floats(p), wnnrt_pack_depthwise_c16);
  case ConvKernel::AsLinear:
    return pack("linear", wnnrt_pack_linear_floats(p->co, p->ci * p->kh * p->kw),
                [](const wnnrt_conv2d_params *q, const float *from, float *to) {
                  wnnrt_pack_linear(q->co, q->ci * q->kh * q->kw, from, to);
                });
  default:
    return pack("conv2d_c16", wnnrt_pack_conv2d_c16_floats(p), wnnrt_pack_conv2d_c16);
  }
}

/// A 1x1 convolution of 1x1 pictures, such as in squeeze-and-excite: rows times a matrix.
void asLinear(Conv &c, int weight, int bias) {
  Lowering &l = c.l;
  wnnrt_linear_params p = {};
  p.m = c.p.n, p.n = c.p.co, p.k = c.p.ci;
  p.act = c.p.act;
  int x = l.plain(c.op.input());
  int residual = c.op.residual() ? l.plain(c.op.residual()) : noTensor;
  int y = l.definePlain(c.op.result());
  l.call(WNNRT_K_linear, p, {x, weight, bias, residual, y}, {3u}).macs = p.m * p.n * p.k;
}

/// Patches that touch no other one, as vision transformers cut a picture into: a copy puts the
/// numbers of each side by side, and the rest is a product. Its result has the channels last, as
/// the permute that follows wants them.
bool isPatches(const Conv &c) {
  const wnnrt_conv2d_params &p = c.p;
  const Value *y = c.op.result();
  constexpr int32_t shortest = 8; // a run of a copy
  return p.groups == 1 && p.kh == p.stride_h && p.kw == p.stride_w && p.pad_top == 0 &&
         p.pad_left == 0 && p.dilation_h == 1 && p.dilation_w == 1 && p.kw >= shortest &&
         p.co >= 64 && p.oh * p.ow >= 16 && int64_t(p.oh) * p.kh <= p.ih &&
         int64_t(p.ow) * p.kw <= p.iw && !c.op.residual() && c.l.constant(c.op.weight()) &&
         y->dtype() == DType::F32 && !c.l.inC16(c.op.input()) && !c.l.wantsC16(y);
}

/// The tensor of the product.
int lowerPatches(Conv &c) {
  Lowering &l = c.l;
  const wnnrt_conv2d_params &p = c.p;
  const Value *x = c.op.input(), *y = c.op.result();
  wnnrt_linear_params q = {};
  q.m = y->dim(0) * y->dim(2) * y->dim(3), q.n = p.co, q.k = int64_t(p.ci) * p.kh * p.kw;
  q.act = p.act;
  View from = l.view(x);
  const Dims &s = from.strides;
  from.dims = {p.n, p.oh, p.ow, p.ci, p.kh, p.kw};
  from.strides = {s[0], s[2] * p.kh, s[3] * p.kw, s[1], s[2], s[3]};
  int patches = l.temp(x->name() + "_patches", {DType::F32, Shape{q.m, q.k}});
  std::string product = std::exchange(l.formula, "patches of " + x->name() + " side by side");
  l.copyBox(DType::F32, from, denseView(patches, from.dims));
  l.formula = std::move(product);
  int packed = packWeight(c, ConvKernel::AsLinear), bias = l.channelVector(c.op.bias());
  int to = l.temp(y->name(), {DType::F32, Shape{q.m, q.n}});
  l.call(WNNRT_K_linear, q, {patches, packed, bias, noTensor, to}).macs = q.m * q.n * q.k;
  l.setView(y, {to,
                0,
                {p.n, p.co, p.oh, p.ow},
                {int64_t(p.oh) * p.ow * p.co, 1, int64_t(p.ow) * p.co, p.co}});
  return to;
}

} // namespace

LogicalResult lowerConv2d(Lowering &l, const Node &n) {
  if (!l.requireF32(n))
    return failure();
  if (lowerMobileBlock(l, n))
    return success();
  Conv c{l, n, Conv2dOp(n)};
  const Value *x = c.op.input(), *w = c.op.weight(), *y = c.op.result();
  auto steps = fusedSteps(l, n);
  if (failed(steps))
    return failure();
  wnnrt_conv2d_params &p = c.p;
  p.n = i32(x->dim(0)), p.ci = i32(x->dim(1)), p.ih = i32(x->dim(2)), p.iw = i32(x->dim(3));
  p.co = i32(y->dim(1)), p.oh = i32(y->dim(2)), p.ow = i32(y->dim(3));
  p.kh = i32(w->dim(2)), p.kw = i32(w->dim(3));
  p.stride_h = i32(c.op.stride()[0]), p.stride_w = i32(c.op.stride()[1]);
  p.dilation_h = i32(c.op.dilation()[0]), p.dilation_w = i32(c.op.dilation()[1]);
  p.pad_top = i32(c.op.padding()[0]), p.pad_left = i32(c.op.padding()[1]);
  p.groups = i32(c.op.groups());
  if (steps->size() == 1)
    p.act = (*steps)[0];
  if (isPatches(c)) {
    int to = lowerPatches(c);
    if (steps->size() > 1)
      for (const wnnrt_act &a : *steps)
        l.unaryInPlace(to, a);
    return success();
  }
  ConvKernel k = choose(c);
  int bias = l.channelVector(c.op.bias());
  int64_t macs = y->type().numel() * (p.ci / p.groups) * p.kh * p.kw;
  int y0;
  if (k == ConvKernel::AsLinear) {
    asLinear(c, packWeight(c, k), bias);
    y0 = l.plan.calls.back().args.back().refs[0].tensor;
  } else if (auto scaled = l.scaledInputs.find(x); scaled != l.scaledInputs.end()) {
    y0 = lowerScaledConv(l, scaled->second, c.op, p, packWeight(c, ConvKernel::C16), bias);
  } else {
    bool plain = k == ConvKernel::Plain;
    int xt = plain || k == ConvKernel::First ? l.plain(x) : l.c16(x);
    int wt = plain ? l.plain(w) : packWeight(c, k);
    const Value *r = c.op.residual();
    int rt = !r ? noTensor : plain ? l.plain(r) : l.c16(r);
    y0 = plain ? l.definePlain(y) : l.defineC16(y);
    wnnrt_kernel_id id = plain                        ? WNNRT_K_conv2d_plain
                         : k == ConvKernel::First     ? WNNRT_K_conv2d_first
                         : k == ConvKernel::Depthwise ? WNNRT_K_depthwise_c16
                         : k == ConvKernel::Winograd2 ? WNNRT_K_conv2d_winograd2_c16
                         : k == ConvKernel::Winograd4 ? WNNRT_K_conv2d_winograd4_c16
                         : k == ConvKernel::Matrix    ? WNNRT_K_conv2d_matrix_c16
                                                      : WNNRT_K_conv2d_c16;
    size_t scratch = k == ConvKernel::Winograd2   ? wnnrt_conv2d_winograd2_c16_scratch_bytes(&p)
                     : k == ConvKernel::Winograd4 ? wnnrt_conv2d_winograd4_c16_scratch_bytes(&p)
                     : k == ConvKernel::Matrix    ? wnnrt_conv2d_matrix_c16_scratch_bytes(&p)
                                                  : 0;
    if (scratch)
      l.call(id, p, {xt, wt, bias, rt, y0, l.scratch(scratch)}, {3u}).macs = macs;
    else
      l.call(id, p, {xt, wt, bias, rt, y0}, {3u}).macs = macs;
  }
  KernelCall &made = l.plan.calls.back();
  made.layer = std::move(c.layer);
  made.variant = std::move(c.variant);
  made.modelVariant = std::move(c.modelVariant);
  if (steps->size() > 1)
    for (const wnnrt_act &a : *steps)
      l.unaryInPlace(y0, a);
  return success();
}

LogicalResult lowerConvTranspose2d(Lowering &l, const Node &n) {
  if (!l.requireF32(n))
    return failure();
  ConvTranspose2dOp op(n);
  const Value *x = op.input(), *w = op.weight(), *y = op.result();
  wnnrt_conv2d_params p = {};
  p.n = i32(x->dim(0)), p.ci = i32(x->dim(1)), p.ih = i32(x->dim(2)), p.iw = i32(x->dim(3));
  p.co = i32(y->dim(1)), p.oh = i32(y->dim(2)), p.ow = i32(y->dim(3));
  p.kh = i32(w->dim(2)), p.kw = i32(w->dim(3));
  p.stride_h = i32(op.stride()[0]), p.stride_w = i32(op.stride()[1]);
  p.dilation_h = i32(op.dilation()[0]), p.dilation_w = i32(op.dilation()[1]);
  p.pad_top = i32(op.padding()[0]), p.pad_left = i32(op.padding()[1]);
  p.groups = i32(op.groups());
  y = l.foldActivation(n, p.act);
  int64_t macs = x->type().numel() * (p.co / p.groups) * p.kh * p.kw;
  int bias = l.channelVector(op.bias());
  if (!l.constant(w) || !l.options.blockedLayout) {
    int xt = l.plain(x), wt = l.plain(w);
    l.call(WNNRT_K_conv_transpose2d_plain, p, {xt, wt, bias, noTensor, l.definePlain(y)}).macs =
        macs;
    return success();
  }
  Floats source(*l.constant(w));
  int xt = l.c16(x);
  int wt = l.packedWeight(
      w->name(), "conv_transpose2d_c16", w->type(), wnnrt_pack_conv_transpose2d_c16_floats(&p),
      [&](float *to) { wnnrt_pack_conv_transpose2d_c16(&p, source.data(), to); });
  l.call(WNNRT_K_conv_transpose2d_c16, p, {xt, wt, bias, noTensor, l.defineC16(y)}).macs = macs;
  return success();
}

} // namespace wnnx
