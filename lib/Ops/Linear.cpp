// SPDX-License-Identifier: Apache-2.0
//
// linear and matmul, with torch.matmul's rules for vectors and for broadcasting of batches.
#include "BatchedMatrices.h"
#include "EvalHelpers.h"
#include "FusedTail.h"
#include "Product.h"

namespace wnnx {

LogicalResult inferLinear(InferContext &ctx) {
  LinearOp op(ctx.node);
  const Value *input = op.input(), *weight = op.weight();
  bool ok = expectRank(ctx, weight, "weight", 2, "[O, I]");
  if (input->rank() < 1) {
    ctx.error("`input` must have at least 1 dimension; found " + input->type().str());
    ok = false;
  }
  ok &= expectFloat(ctx, input, "input");
  ok &= expectSameDType(ctx, weight, "weight", input, "input");
  ok &= expectSameDType(ctx, op.bias(), "bias", input, "input");
  ok &= expectSameDType(ctx, op.residual(), "residual", input, "input");
  ok &= checkFusedAct(ctx, op.act(), op.act_params());
  if (!ok)
    return failure();
  if (input->shape().back() != weight->dim(1)) {
    ctx.error("`weight` " + weight->shape().str() + " expects " + std::to_string(weight->dim(1)) +
              " input features, `input` " + input->shape().str() + " has " +
              std::to_string(input->shape().back()));
    ok = false;
  }
  ok &= expectShape(ctx, op.bias(), "bias", {weight->dim(0)});
  Shape shape = input->shape();
  shape[shape.rank() - 1] = weight->dim(0);
  ok &= expectShape(ctx, op.residual(), "residual", shape);
  return ok ? finish(ctx, input->dtype(), std::move(shape)) : failure();
}

template <class S> void evalLinear(const EvalContext<S> &ctx) {
  LinearOp op(ctx.node);
  int64_t outs = ctx.in(1).shape()[0], features = ctx.in(1).shape()[1];
  int64_t rows = ctx.out().shape().numel() / outs;
  multiplyTransposed(ctx.in(0).reals.data(), ctx.in(1).reals.data(), rows, outs, features,
                     ctx.out().reals.data());
  applyFusedTail(ctx, op.act(), op.act_params(), 1);
}

LogicalResult inferMatmul(InferContext &ctx) {
  MatmulOp op(ctx.node);
  const Value *a = op.input(), *b = op.other();
  bool ok = expectSameDType(ctx, b, "other", a, "input");
  for (const Value *v : {a, b}) {
    const char *name = v == a ? "input" : "other";
    if (v->rank() < 1) {
      ctx.error("`" + std::string(name) + "` must have at least 1 dimension; found " +
                v->type().str());
      ok = false;
    }
    if (v->dtype() == DType::Bool) {
      ctx.error("`" + std::string(name) + "` must hold numbers; found " + v->type().str());
      ok = false;
    }
  }
  if (!ok)
    return failure();
  std::optional<BatchedProduct> p = BatchedProduct::of(a->shape(), b->shape());
  if (!p)
    return ctx.error("the batch dimensions of `input` " + a->shape().str() + " and `other` " +
                     b->shape().str() + " do not broadcast");
  if (p->k != p->otherK)
    return ctx.error("`input` " + a->shape().str() + " has " + std::to_string(p->k) +
                     " columns, `other` " + b->shape().str() + " has " + std::to_string(p->otherK) +
                     " rows");
  Shape shape = p->batch;
  if (a->rank() > 1)
    shape.push(p->m);
  if (b->rank() > 1)
    shape.push(p->n);
  return finish(ctx, a->dtype(), std::move(shape));
}

/// Integers wrap, as PyTorch's do.
static void multiplyInts(const int64_t *a, const int64_t *b, int64_t m, int64_t n, int64_t k,
                         int64_t *c) {
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t p = 0; p < k; ++p) {
      for (int64_t j = 0; j < n; ++j)
        c[i * n + j] =
            int64_t(uint64_t(c[i * n + j]) + uint64_t(a[i * k + p]) * uint64_t(b[p * n + j]));
    }
  }
}

template <class S> void evalMatmul(const EvalContext<S> &ctx) {
  const RefTensor<S> &a = ctx.in(0), &b = ctx.in(1);
  RefTensor<S> &out = ctx.out();
  BatchedProduct p = *BatchedProduct::of(a.shape(), b.shape());
  for (int64_t i = 0; i < p.batch.numel(); ++i) {
    int64_t ia = p.matrixOf(i, a.shape()) * p.m * p.k, ib = p.matrixOf(i, b.shape()) * p.k * p.n;
    int64_t ic = i * p.m * p.n;
    if (a.real())
      multiply(a.reals.data() + ia, b.reals.data() + ib, p.m, p.n, p.k, out.reals.data() + ic);
    else
      multiplyInts(a.ints.data() + ia, b.ints.data() + ib, p.m, p.n, p.k, out.ints.data() + ic);
  }
}

WNNX_INSTANTIATE_EVAL(Linear);
WNNX_INSTANTIATE_EVAL(Matmul);

} // namespace wnnx
