// SPDX-License-Identifier: Apache-2.0
//
// Attention: the plain operator, and PyTorch's fused multi-head and encoder-layer operators taken
// apart.
#include "OpCall.h"

#include <cmath>

namespace wnnx::ts {

Val lowerScaledDotProductAttention(OpCall &c) {
  Ref q = c.in("query"), k = c.in("key"), v = c.in("value"), mask = c.optional("attn_mask");
  if (c.number("dropout_p") != 0)
    return c.error("random dropout: the model was saved in training mode",
                   "call model.eval() before tracing or scripting, and save it again");
  if (c.flag("enable_gqa"))
    return c.error("`enable_gqa` is not supported", "repeat the heads of key and value yourself");
  if (mask && mask->dtype() != DType::Bool)
    mask = c.b.convert(mask, q->dtype());
  Attribute scale = c.given("scale") ? Attribute(c.number("scale")) : Attribute();
  return c.result(c.b.op(OpKind::ScaledDotProductAttention, {q, k, v, mask},
                         {{"is_causal", c.flag("is_causal")}, {"scale", scale}}));
}

namespace {

struct Heads {
  Ref q, k, v; // each [N, H, L, D]
};

/// [N, L, H * D] to [N, H, L, D].
Ref toHeads(OpCall &c, Ref r, int64_t heads) {
  if (c.b.failed)
    return r;
  Ref split = c.b.reshape(r, {r->dim(0), r->dim(1), heads, r->dim(2) / heads});
  return c.b.permute(split, {0, 2, 1, 3});
}

Heads project(OpCall &c, TensorObject *q, TensorObject *k, TensorObject *v, Ref query, Ref key,
              Ref value, int64_t embed, int64_t heads, Ref weight, Ref bias) {
  std::vector<Ref> parts;
  std::vector<int64_t> thirds{embed, embed, embed};
  if (q == k && k == v) {
    Ref all = c.b.op(OpKind::Linear, {query, weight, bias});
    if (c.b.failed)
      return {};
    parts = c.b.emit(OpKind::Split, {all}, {{"sizes", thirds}, {"dim", 2}});
  } else {
    std::vector<Ref> w = c.b.emit(OpKind::Split, {weight}, {{"sizes", thirds}, {"dim", 0}});
    std::vector<Ref> b = c.b.emit(OpKind::Split, {bias}, {{"sizes", thirds}, {"dim", 0}});
    if (c.b.failed)
      return {};
    Ref inputs[] = {query, key, value};
    for (size_t i = 0; i < 3; ++i)
      parts.push_back(c.b.op(OpKind::Linear, {inputs[i], w[i], b[i]}));
  }
  if (c.b.failed)
    return {};
  return {toHeads(c, parts[0], heads), toHeads(c, parts[1], heads), toHeads(c, parts[2], heads)};
}

/// The mask (true hides) as the attention op wants it (true takes part).
Ref attentionMask(OpCall &c, Ref mask, int64_t maskType) {
  if (!mask || c.b.failed)
    return nullptr;
  Ref keep = c.b.op(OpKind::LogicalNot, {c.b.convert(mask, DType::Bool)});
  if (maskType == 1 && mask->rank() == 2) // of padded keys: [N, S]
    keep = c.b.reshape(keep, {mask->dim(0), 1, 1, mask->dim(1)});
  return keep;
}

struct Attention {
  Ref output, weights;
};

Attention attend(OpCall &c, const Heads &h, Ref keep, bool needWeights) {
  if (c.b.failed)
    return {};
  if (!needWeights)
    return {c.b.op(OpKind::ScaledDotProductAttention, {h.q, h.k, h.v, keep}), nullptr};
  DType t = h.q->dtype();
  Ref scaled = c.b.op(OpKind::Mul, {h.q, c.scalar(t, 1 / std::sqrt(double(h.q->dim(3))))});
  Ref scores = c.b.op(OpKind::Matmul, {scaled, c.b.permute(h.k, {0, 1, 3, 2})});
  if (keep)
    scores = c.b.op(OpKind::Where, {keep, scores, c.scalar(t, -INFINITY)});
  Ref weights = c.b.op(OpKind::Softmax, {scores}, {{"dim", 3}});
  return {c.b.op(OpKind::Matmul, {weights, h.v}), weights};
}

/// [N, H, L, D] back to [N, L, H * D], and through the output projection.
Ref fromHeads(OpCall &c, Ref r, Ref weight, Ref bias) {
  if (c.b.failed)
    return r;
  Ref joined =
      c.b.reshape(c.b.permute(r, {0, 2, 1, 3}), {r->dim(0), r->dim(2), r->dim(1) * r->dim(3)});
  return c.b.op(OpKind::Linear, {joined, weight, bias});
}

bool goodShapes(OpCall &c, Ref x, int64_t embed, int64_t heads) {
  if (!c.b.failed &&
      (x->rank() != 3 || heads <= 0 || embed <= 0 || embed % heads || x->dim(2) != embed))
    c.error("the shapes of a batch of sequences are expected");
  return !c.b.failed;
}

} // namespace

Val lowerNativeMultiHeadAttention(OpCall &c) {
  int64_t embed = c.integer("embed_dim"), heads = c.integer("num_head");
  Ref query = c.in("query"), key = c.in("key"), value = c.in("value");
  if (!goodShapes(c, query, embed, heads) || !goodShapes(c, key, embed, heads) ||
      !goodShapes(c, value, embed, heads))
    return Val::poison();
  Heads h = project(c, c.object("query"), c.object("key"), c.object("value"), query, key, value,
                    embed, heads, c.in("qkv_weight"), c.in("qkv_bias"));
  Ref keep =
      attentionMask(c, c.optional("mask"), c.given("mask_type") ? c.integer("mask_type") : 2);
  Attention a = attend(c, h, keep, c.flag("need_weights"));
  Ref out = fromHeads(c, a.output, c.in("proj_weight"), c.in("proj_bias"));
  Ref weights = a.weights;
  if (weights && c.flag("average_attn_weights"))
    weights = c.b.op(OpKind::Mean, {weights}, {{"dim", std::vector<int64_t>{1}}});
  return c.results({out, weights});
}

Val lowerTransformerEncoderLayer(OpCall &c) {
  int64_t embed = c.integer("embed_dim"), heads = c.integer("num_heads");
  Ref x = c.in("src");
  if (!goodShapes(c, x, embed, heads))
    return Val::poison();
  auto norm = [&](Ref r, const char *weight, const char *bias) {
    return c.b.op(OpKind::LayerNorm, {r, c.in(weight), c.in(bias)},
                  {{"normalized_shape", std::vector<int64_t>{embed}}, {"eps", c.number("eps")}});
  };
  auto attention = [&](Ref r) {
    TensorObject *same = c.object("src");
    Heads h =
        project(c, same, same, same, r, r, r, embed, heads, c.in("qkv_weight"), c.in("qkv_bias"));
    Ref keep =
        attentionMask(c, c.optional("mask"), c.given("mask_type") ? c.integer("mask_type") : 2);
    return fromHeads(c, attend(c, h, keep, false).output, c.in("proj_weight"), c.in("proj_bias"));
  };
  auto feedForward = [&](Ref r) {
    Ref hidden = c.b.op(OpKind::Linear, {r, c.in("ffn_weight_1"), c.in("ffn_bias_1")});
    hidden = c.b.op(c.flag("use_gelu") ? OpKind::Gelu : OpKind::Relu, {hidden});
    return c.b.op(OpKind::Linear, {hidden, c.in("ffn_weight_2"), c.in("ffn_bias_2")});
  };
  auto add = [&](Ref a, Ref b) { return c.b.op(OpKind::Add, {a, b}); };
  if (c.flag("norm_first")) {
    x = add(x, attention(norm(x, "norm_weight_1", "norm_bias_1")));
    return c.result(add(x, feedForward(norm(x, "norm_weight_2", "norm_bias_2"))));
  }
  x = norm(add(x, attention(x)), "norm_weight_1", "norm_bias_1");
  return c.result(norm(add(x, feedForward(x)), "norm_weight_2", "norm_bias_2"));
}

} // namespace wnnx::ts
