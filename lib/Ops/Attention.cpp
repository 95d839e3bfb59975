// SPDX-License-Identifier: Apache-2.0
//
// scaled_dot_product_attention.
#include "BatchedMatrices.h"
#include "EvalHelpers.h"
#include "InferHelpers.h"
#include "Product.h"

#include <cmath>

namespace wnnx {

using AttentionOp = ScaledDotProductAttentionOp;

/// The batch dimensions of query, key and value, broadcast together; nothing when they do not fit.
static std::optional<Shape> attentionBatch(const Shape &q, const Shape &k, const Shape &v) {
  std::optional<Shape> batch = broadcast(batchDims(q), batchDims(k));
  return batch ? broadcast(*batch, batchDims(v)) : std::nullopt;
}

LogicalResult inferScaledDotProductAttention(InferContext &ctx) {
  AttentionOp op(ctx.node);
  const Value *q = op.query(), *k = op.key(), *v = op.value(), *mask = op.attn_mask();
  bool ok = expectFloat(ctx, q, "query");
  ok &= expectSameDType(ctx, k, "key", q, "query");
  ok &= expectSameDType(ctx, v, "value", q, "query");
  for (auto [name, t] : {std::pair("query", q), std::pair("key", k), std::pair("value", v)}) {
    if (t->rank() < 2) {
      ctx.error("`" + std::string(name) + "` must have at least 2 dimensions; found " +
                t->type().str());
      ok = false;
    }
  }
  if (mask && mask->dtype() != DType::Bool)
    ok &= expectSameDType(ctx, mask, "attn_mask", q, "query");
  if (mask && op.is_causal()) {
    ctx.error("`attn_mask` and `is_causal` exclude each other");
    ok = false;
  }
  if (!ok)
    return failure();
  if (q->shape().back() != k->shape().back()) {
    ctx.error("`query` " + q->shape().str() + " and `key` " + k->shape().str() +
              " differ in the last dimension");
    ok = false;
  }
  if (k->shape().back(1) != v->shape().back(1)) {
    ctx.error("`key` " + k->shape().str() + " and `value` " + v->shape().str() +
              " differ in length (the last dimension but one)");
    ok = false;
  }
  std::optional<Shape> batch = attentionBatch(q->shape(), k->shape(), v->shape());
  if (!batch) {
    ctx.error("the batch dimensions of `query` " + q->shape().str() + ", `key` " +
              k->shape().str() + " and `value` " + v->shape().str() + " do not broadcast");
    ok = false;
  }
  if (!ok)
    return failure();
  Shape scores = *batch, shape = *batch;
  scores.push(q->shape().back(1));
  scores.push(k->shape().back(1));
  if (mask && broadcast(mask->shape(), scores) != scores)
    return ctx.error("`attn_mask` " + mask->shape().str() + " does not broadcast to " +
                     scores.str());
  shape.push(q->shape().back(1));
  shape.push(v->shape().back());
  return finish(ctx, q->dtype(), std::move(shape));
}

/// softmax in place; a row that sees nothing gets zeros.
template <class S> static void softmaxRow(S *row, int64_t n) {
  S top = -scalar::infinity<S>(), sum = S(0);
  for (int64_t i = 0; i < n; ++i)
    top = scalar::max(top, row[i]);
  if (scalar::isInf(top) && top < S(0)) {
    std::fill_n(row, n, S(0));
    return;
  }
  for (int64_t i = 0; i < n; ++i)
    sum += row[i] = scalar::exp(row[i] - top);
  for (int64_t i = 0; i < n; ++i)
    row[i] = scalar::div(row[i], sum);
}

template <class S> void evalScaledDotProductAttention(const EvalContext<S> &ctx) {
  AttentionOp op(ctx.node);
  const RefTensor<S> &q = ctx.in(0), &k = ctx.in(1), &v = ctx.in(2), *mask = ctx.optional(3);
  int64_t rows = q.shape().back(1), cols = k.shape().back(1), depth = q.shape().back();
  int64_t width = v.shape().back();
  Shape batch = *attentionBatch(q.shape(), k.shape(), v.shape()), all = batch;
  all.push(rows);
  all.push(cols);
  S scale =
      op.scale() ? scalar::real<S>(*op.scale()) : scalar::rsqrt(scalar::real<S>(double(depth)));
  std::vector<S> scores(size_t(rows * cols));
  for (int64_t b = 0; b < batch.numel(); ++b) {
    auto matrix = [&](const RefTensor<S> &t) {
      return t.reals.data() +
             broadcastIndex(b, batch, batchDims(t.shape())) * t.shape().back(1) * t.shape().back();
    };
    std::fill(scores.begin(), scores.end(), S(0));
    multiplyTransposed(matrix(q), matrix(k), rows, cols, depth, scores.data());
    for (int64_t i = 0; i < rows; ++i) {
      for (int64_t j = 0; j < cols; ++j) {
        S &score = scores[size_t(i * cols + j)];
        score = score * scale;
        if (op.is_causal() && j > i)
          score = -scalar::infinity<S>();
        if (!mask)
          continue;
        auto at = size_t(broadcastIndex((b * rows + i) * cols + j, all, mask->shape()));
        if (mask->real())
          score += mask->reals[at];
        else if (!mask->ints[at])
          score = -scalar::infinity<S>();
      }
      softmaxRow(scores.data() + i * cols, cols);
    }
    multiply(scores.data(), matrix(v), rows, width, cols,
             ctx.out().reals.data() + b * rows * width);
  }
}

WNNX_INSTANTIATE_EVAL(ScaledDotProductAttention);

} // namespace wnnx
