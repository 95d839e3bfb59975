// SPDX-License-Identifier: Apache-2.0
//
// Layer norms and linears over the channels of pictures, between a permute to [N,H,W,C] and one
// back: they run on the c16 tensor, linears as 1x1 convolutions, and nothing is permuted.
#include "Lowering.h"

#include "wnnrt_pack.h"

namespace wnnx {

static bool permutesBack(const Node &n) {
  return n.kind() == OpKind::Permute && PermuteOp(n).dims() == std::vector<int64_t>{0, 3, 1, 2};
}

static bool staysInC16(const Lowering &l, const Value *v, unsigned depth) {
  if (!l.options.blockedLayout || v->rank() != 4 || l.dtype(v) != DType::F32 || !v->hasUses() ||
      v->type().numel() == 0 || depth == 0)
    return false;
  return llvm::all_of(v->uses(), [&](const Use &u) {
    if (!u.user || u.index != 0)
      return false;
    if (permutesBack(*u.user))
      return true;
    const Node &n = *u.user;
    if (n.kind() == OpKind::LayerNorm)
      return n.attr("normalized_shape").asInts().size() == 1 &&
             (!n.operand(1) || l.dtype(n.operand(1)) == DType::F32) &&
             staysInC16(l, n.result(), depth - 1);
    if (n.kind() != OpKind::Linear)
      return false;
    LinearOp op(n);
    return l.constant(op.weight()) && !op.residual() && staysInC16(l, n.result(), depth - 1);
  });
}

bool staysInC16(const Lowering &l, const Value *v) {
  return staysInC16(l, v, 8);
}

/// A tensor for the value, which is permuted in the plan's eyes.
static int define(Lowering &l, const Value *v) {
  Shape s{v->dim(0), v->dim(3), v->dim(1), v->dim(2)};
  int t = l.temp(v->name(), {DType::F32, s}, Layout::C16);
  l.channelsLastC16[v] = t;
  return t;
}

void lowerLayerNormC16(Lowering &l, const Node &n, int x) {
  const Value *y = n.result();
  wnnrt_group_norm_params p = {};
  p.layout = WNNRT_LAYOUT_C16;
  p.n = i32(y->dim(0)), p.c = i32(y->dim(3)), p.hw = i32(y->dim(1) * y->dim(2));
  p.groups = 1;
  p.eps = float(n.attr("eps").asFloat());
  int weight = l.channelVector(n.operand(1)), bias = l.channelVector(n.operand(2));
  l.call(WNNRT_K_layer_norm_c16, p, {x, weight, bias, define(l, y)}, {0u});
}

/// The only user of the value, where it is a node.
static const Node *onlyUser(const Value *v) {
  return v->hasOneUse() ? v->uses()[0].user : nullptr;
}

/// A constant factor for each channel of [N,C,H,W]; null for none.
static const Tensor *channelFactor(const Lowering &l, const Node &mul, const Value *x) {
  if (mul.kind() != OpKind::Mul || mul.result()->shape() != x->shape())
    return nullptr;
  const Value *other = mul.operand(mul.operand(0) == x ? 1 : 0);
  const Tensor *c = l.constant(other);
  int64_t rank = other->rank();
  if (!c || other == x || l.dtype(other) != DType::F32 || rank < 3 || c->numel() != x->dim(1) ||
      other->dim(rank - 3) != x->dim(1))
    return nullptr;
  return c;
}

LogicalResult lowerLinearC16(Lowering &l, const Node &n, int x) {
  LinearOp op(n);
  auto steps = fusedSteps(l, n);
  if (failed(steps))
    return failure();
  const Value *w = op.weight(), *y = op.result();
  wnnrt_conv2d_params p = {};
  p.n = i32(y->dim(0)), p.ih = p.oh = i32(y->dim(1)), p.iw = p.ow = i32(y->dim(2));
  p.co = i32(w->dim(0)), p.ci = i32(w->dim(1));
  p.kh = p.kw = p.stride_h = p.stride_w = p.dilation_h = p.dilation_w = p.groups = 1;
  if (steps->size() == 1)
    p.act = (*steps)[0];
  int64_t co = p.co, ci = p.ci;
  Floats source(*l.constant(w));
  std::vector<float> weights(source.data(), source.data() + co * ci);
  std::vector<float> biases;
  if (const Value *b = op.bias(); b && l.constant(b)) {
    Floats values(*l.constant(b));
    biases.assign(values.data(), values.data() + co);
  }
  // Behind the permute back: a factor for each channel goes into the weights, a sum with a c16
  // value is the convolution's residual.
  const Value *result = y;
  const Node *back = steps->empty() && (!op.bias() || !biases.empty()) ? onlyUser(y) : nullptr;
  int residual = noTensor;
  if (back && permutesBack(*back)) {
    const Value *last = back->result();
    const Node *next = onlyUser(last);
    llvm::SmallVector<const Node *, 3> also{back};
    if (const Tensor *factor = next ? channelFactor(l, *next, last) : nullptr) {
      Floats f(*factor);
      for (int64_t o = 0; o < co; ++o) {
        for (int64_t i = 0; i < ci; ++i)
          weights[size_t(o * ci + i)] *= f.data()[o];
        if (!biases.empty())
          biases[size_t(o)] *= f.data()[o];
      }
      also.push_back(next);
      last = next->result();
      next = onlyUser(last);
    }
    if (next && next->kind() == OpKind::Add && next->result()->shape() == last->shape()) {
      const Value *other = next->operand(next->operand(0) == last ? 1 : 0);
      if (other != last && other->shape() == last->shape() && l.inC16(other)) {
        residual = l.c16(other);
        also.push_back(next);
        last = next->result();
      }
    }
    result = last;
    for (const Node *node : also)
      l.alsoLower(*node);
  }
  int packed = l.packedWeight(w->name(), "conv2d_c16", w->type(), wnnrt_pack_conv2d_c16_floats(&p),
                              [&](float *to) { wnnrt_pack_conv2d_c16(&p, weights.data(), to); });
  int bias =
      !biases.empty() ? l.channelConstant(y->name() + ".bias", biases) : l.channelVector(op.bias());
  int to = result == y ? define(l, y) : l.defineC16(result);
  l.call(WNNRT_K_conv2d_c16, p, {x, packed, bias, residual, to}, {3u}).macs =
      y->type().numel() * ci;
  if (steps->size() > 1)
    for (const wnnrt_act &a : *steps)
      l.unaryInPlace(to, a);
  return success();
}

} // namespace wnnx
