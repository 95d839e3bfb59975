// SPDX-License-Identifier: Apache-2.0
//
// Normalisations. Batch norm with constant statistics is one multiply-add per element.
#include "Lowering.h"

#include <cmath>
#include <limits>

namespace wnnx {

static wnnrt_channel_params channelParams(const Value *x, bool c16) {
  wnnrt_channel_params p = {};
  p.layout = c16 ? WNNRT_LAYOUT_C16 : WNNRT_PLAIN;
  p.n = i32(x->dim(0)), p.c = i32(x->dim(1)), p.hw = i32(x->shape().product(2, x->rank()));
  return p;
}

/// scale and shift computed by kernels, for statistics that are known only at run time.
static std::pair<int, int> runtimeScaleShift(Lowering &l, const BatchNormOp &op) {
  int64_t c = op.running_mean()->type().numel();
  TensorType type{DType::F32, Shape{c}};
  const std::string &name = op.result()->name();
  auto binary = [&](wnnrt_binary_op kind, int a, int b, int y) {
    wnnrt_binary_params p = {};
    p.op = kind, p.dtype = WNNRT_F32, p.rank = 1;
    p.dims[0] = c, p.a_strides[0] = p.b_strides[0] = 1;
    l.call(WNNRT_K_binary, p, {a, b, y});
  };
  int scale = l.temp(name + ".scale", type), shift = l.temp(name + ".shift", type);
  l.readable(scale, ceil16(c) * 4);
  l.readable(shift, ceil16(c) * 4);
  l.flatCopy(l.plain(op.running_var()), scale);
  l.unaryInPlace(scale, {WNNRT_AFFINE, 1, float(op.eps())});
  l.unaryInPlace(scale, {WNNRT_RSQRT, 0, 0});
  if (op.weight())
    binary(WNNRT_MUL, scale, l.plain(op.weight()), scale);
  binary(WNNRT_MUL, scale, l.plain(op.running_mean()), shift);
  l.unaryInPlace(shift, {WNNRT_NEG, 0, 0});
  if (op.bias())
    binary(WNNRT_ADD, shift, l.plain(op.bias()), shift);
  return {scale, shift};
}

LogicalResult lowerBatchNorm(Lowering &l, const Node &n) {
  if (!l.requireF32(n))
    return failure();
  BatchNormOp op(n);
  const Value *x = op.input(), *y = op.result();
  bool c16 = l.inC16(x);
  int from = c16 ? l.c16(x) : l.plain(x);
  int scale, shift;
  bool known = l.constant(op.running_mean()) && l.constant(op.running_var()) &&
               (!op.weight() || l.constant(op.weight())) && (!op.bias() || l.constant(op.bias()));
  if (known) {
    int64_t c = op.running_mean()->type().numel();
    std::vector<float> scales(static_cast<size_t>(c)), shifts(static_cast<size_t>(c));
    auto at = [&](const Value *v, int64_t i, double absent) {
      return v ? l.constant(v)->getDouble(i) : absent;
    };
    for (int64_t i = 0; i < c; ++i) {
      double s = at(op.weight(), i, 1) / std::sqrt(at(op.running_var(), i, 1) + op.eps());
      scales[size_t(i)] = float(s);
      shifts[size_t(i)] = float(at(op.bias(), i, 0) - at(op.running_mean(), i, 0) * s);
    }
    const std::string &name = y->name();
    scale = l.channelConstant(name + ".scale", scales);
    shift = l.channelConstant(name + ".shift", shifts);
  } else {
    std::tie(scale, shift) = runtimeScaleShift(l, op);
  }
  wnnrt_channel_params p = channelParams(x, c16);
  y = l.foldActivation(n, p.act);
  if (c16 && takesScaledInput(l, y)) {
    l.scaledInputs[y] = {from, scale, shift, 0, p.act, l.formula, n.loc()};
    return success();
  }
  l.call(WNNRT_K_batch_norm, p, {from, scale, shift, c16 ? l.defineC16(y) : l.definePlain(y)},
         {0u});
  return success();
}

LogicalResult lowerRowNorm(Lowering &l, const Node &n) {
  if (!l.requireF32(n))
    return failure();
  const Value *x = n.operand(0), *y = n.result();
  bool rms = n.kind() == OpKind::RmsNorm;
  if (auto last = l.channelsLastC16.find(x); last != l.channelsLastC16.end()) {
    lowerLayerNormC16(l, n, last->second);
    return success();
  }
  wnnrt_row_norm_params p = {};
  p.size = 1;
  for (int64_t d : n.attr("normalized_shape").asInts())
    p.size *= d;
  p.rows = x->type().numel() / p.size;
  // Without eps PyTorch takes that of f32, the type it computes in.
  const Attribute &eps = n.attr("eps");
  p.eps = eps.isNone() ? std::numeric_limits<float>::epsilon() : float(eps.asFloat());
  int from = l.plain(x);
  int weight = n.operand(1) ? l.plain(n.operand(1)) : noTensor;
  if (rms) {
    l.call(WNNRT_K_rms_norm, p, {from, weight, l.definePlain(y)}, {0u});
    return success();
  }
  int bias = n.operand(2) ? l.plain(n.operand(2)) : noTensor;
  l.call(WNNRT_K_layer_norm, p, {from, weight, bias, l.definePlain(y)}, {0u});
  return success();
}

LogicalResult lowerGroupNorm(Lowering &l, const Node &n) {
  if (!l.requireF32(n))
    return failure();
  const Value *x = n.operand(0), *y = n.result();
  bool c16 = l.inC16(x);
  wnnrt_group_norm_params p = {};
  p.layout = c16 ? WNNRT_LAYOUT_C16 : WNNRT_PLAIN;
  p.n = i32(x->dim(0)), p.c = i32(x->dim(1)), p.hw = i32(x->shape().product(2, x->rank()));
  p.groups = n.kind() == OpKind::InstanceNorm ? p.c : i32(n.attr("num_groups").asInt());
  p.eps = float(n.attr("eps").asFloat());
  int from = c16 ? l.c16(x) : l.plain(x);
  int weight = l.channelVector(n.operand(1)), bias = l.channelVector(n.operand(2));
  y = l.foldActivation(n, p.act);
  l.call(WNNRT_K_group_norm, p, {from, weight, bias, c16 ? l.defineC16(y) : l.definePlain(y)},
         {0u});
  return success();
}

} // namespace wnnx
