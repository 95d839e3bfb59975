// SPDX-License-Identifier: Apache-2.0
//
// Matrix products: linear, matmul, attention.
#include "Lowering.h"

#include "wnnrt_pack.h"

#include <cmath>

namespace wnnx {

/// A constant [n][k] matrix (or [k][n] when `transposed`) in the linear kernel's packing.
static int packLinear(Lowering &l, const Value *w, int64_t n, int64_t k, bool transposed) {
  Floats source(*l.constant(w));
  std::vector<float> turned;
  const float *from = source.data();
  if (transposed) {
    turned.resize(size_t(n * k));
    for (int64_t i = 0; i < k; ++i)
      for (int64_t j = 0; j < n; ++j)
        turned[size_t(j * k + i)] = from[i * n + j];
    from = turned.data();
  }
  return l.packedWeight(w->name(), transposed ? "linear of the transpose" : "linear", w->type(),
                        wnnrt_pack_linear_floats(n, k),
                        [&](float *to) { wnnrt_pack_linear(n, k, from, to); });
}

static void matmul(Lowering &l, const View &a, const View &b, int y, const Shape &batch, int64_t m,
                   int64_t n, int64_t k) {
  // a and b have their batch dims first, then row and column.
  wnnrt_matmul_params p = {};
  Dims yStrides = denseStrides([&] {
    Dims d(batch.begin(), batch.end());
    d.push_back(m);
    d.push_back(n);
    return d;
  }());
  // Batch dims of one stride pattern are merged, since the kernel takes at most 6.
  for (int64_t i = 0; i < batch.rank(); ++i) {
    if (batch[i] == 1)
      continue;
    int32_t &r = p.batch_rank;
    int64_t sa = a.strides[size_t(i)], sb = b.strides[size_t(i)], d = batch[i];
    if (r > 0 && p.a_batch_strides[r - 1] == sa * d && p.b_batch_strides[r - 1] == sb * d) {
      p.batch_dims[r - 1] *= d;
      --r;
    } else {
      p.batch_dims[r] = d;
    }
    p.a_batch_strides[r] = sa;
    p.b_batch_strides[r] = sb;
    p.y_batch_strides[r] = yStrides[size_t(i)];
    ++r;
  }
  size_t last = a.strides.size() - 1;
  p.m = m, p.n = n, p.k = k;
  p.a_row_stride = a.strides[last - 1], p.a_col_stride = a.strides[last];
  p.b_row_stride = b.strides[last - 1], p.b_col_stride = b.strides[last];
  p.y_row_stride = n, p.y_col_stride = 1;
  p.alpha = 1;
  int scratch = l.scratch(wnnrt_matmul_scratch_bytes(&p));
  l.call(WNNRT_K_matmul, p, {a.ref(DType::F32), b.ref(DType::F32), y, scratch}).macs =
      batch.numel() * m * n * k;
}

LogicalResult lowerLinear(Lowering &l, const Node &n) {
  if (!l.requireF32(n))
    return failure();
  LinearOp op(n);
  if (auto last = l.channelsLastC16.find(op.input()); last != l.channelsLastC16.end())
    return lowerLinearC16(l, n, last->second);
  auto steps = fusedSteps(l, n);
  if (failed(steps))
    return failure();
  const Value *x = op.input(), *w = op.weight(), *y = op.result();
  wnnrt_linear_params p = {};
  p.n = w->dim(0), p.k = w->dim(1), p.m = y->type().numel() / p.n;
  if (steps->size() == 1)
    p.act = (*steps)[0];
  int64_t macs = p.m * p.n * p.k;
  if (!l.constant(w)) {
    // Weights known only at run time: a product with the transposed matrix, then the epilogue.
    View a = denseView(l.plain(x), {p.m, p.k}), b = l.view(w);
    b = {b.tensor, b.offset, {p.k, p.n}, {b.strides[1], b.strides[0]}};
    int yt = l.definePlain(y);
    matmul(l, a, b, yt, Shape{}, p.m, p.n, p.k);
    auto addTo = [&](const View &v) {
      wnnrt_binary_params q = {};
      q.op = WNNRT_ADD, q.dtype = WNNRT_F32, q.rank = 2;
      setDims(q.dims, {p.m, p.n});
      setDims(q.a_strides, {p.n, 1});
      setDims(q.b_strides, v.strides);
      l.call(WNNRT_K_binary, q, {yt, v.ref(DType::F32), yt});
    };
    if (op.bias()) {
      View bias = l.view(op.bias());
      addTo({bias.tensor, bias.offset, {p.m, p.n}, {0, bias.strides[0]}});
    }
    if (op.residual())
      addTo(denseView(l.plain(op.residual()), {p.m, p.n}));
    for (const wnnrt_act &a1 : *steps)
      l.unaryInPlace(yt, a1);
    return success();
  }
  int xt = l.plain(x);
  int wt = packLinear(l, w, p.n, p.k, false);
  int bias = l.channelVector(op.bias());
  int residual = op.residual() ? l.plain(op.residual()) : noTensor;
  int yt = l.definePlain(y);
  l.call(WNNRT_K_linear, p, {xt, wt, bias, residual, yt}, {3u}).macs = macs;
  if (steps->size() > 1)
    for (const wnnrt_act &a : *steps)
      l.unaryInPlace(yt, a);
  return success();
}

LogicalResult lowerMatmul(Lowering &l, const Node &n) {
  MatmulOp op(n);
  const Value *a = op.input(), *b = op.other(), *y = op.result();
  if (l.dtype(y) != DType::F32)
    return l.unsupported(n, "`matmul` has no kernel for " + std::string(dtypeName(y->dtype())),
                         "convert the operands to f32");
  // Vectors become matrices of one row or column.
  Shape as = a->shape(), bs = b->shape();
  if (as.rank() == 1)
    as = Shape{1, as[0]};
  if (bs.rank() == 1)
    bs = Shape{bs[0], 1};
  int64_t m = as.back(1), k = as.back(), cols = bs.back();
  if (k == 0) {
    l.fill(l.definePlain(y), DType::F32, y->type().numel(), 0);
    return success();
  }
  if (l.constant(b) && bs.rank() == 2 && b->rank() == 2) {
    wnnrt_linear_params p = {};
    p.m = y->type().numel() / cols, p.n = cols, p.k = k;
    int x = l.plain(a);
    int w = packLinear(l, b, cols, k, true);
    l.call(WNNRT_K_linear, p, {x, w, noTensor, noTensor, l.definePlain(y)}).macs = p.m * cols * k;
    return success();
  }
  Shape aBatch(as.ref().drop_back(2)), bBatch(bs.ref().drop_back(2));
  std::optional<Shape> batch = broadcast(aBatch, bBatch);
  auto matrix = [&](const Value *v, const Shape &s) {
    View own = *reshapeView(l.view(v), s.ref()); // adds at most a dim of size 1
    View r{own.tensor, own.offset, Dims(batch->begin(), batch->end()),
           Dims(size_t(batch->rank()), 0)};
    size_t skip = size_t(batch->rank() + 2 - s.rank());
    for (size_t i = 0; i + 2 < own.dims.size(); ++i)
      r.strides[skip + i] = own.dims[i] == 1 ? 0 : own.strides[i];
    for (size_t i : {own.dims.size() - 2, own.dims.size() - 1}) {
      r.dims.push_back(own.dims[i]);
      r.strides.push_back(own.strides[i]);
    }
    return r;
  };
  View va = matrix(a, as), vb = matrix(b, bs);
  matmul(l, va, vb, l.definePlain(y), *batch, m, cols, k);
  return success();
}

LogicalResult lowerSdpa(Lowering &l, const Node &n) {
  if (!l.requireF32(n))
    return failure();
  ScaledDotProductAttentionOp op(n);
  const Value *q = op.query(), *k = op.key(), *v = op.value(), *y = op.result();
  wnnrt_sdpa_params p = {};
  Shape ys = y->shape();
  int64_t rank = ys.rank();
  p.lq = i32(q->shape().back(1)), p.lk = i32(k->shape().back(1));
  p.d = i32(q->shape().back()), p.dv = i32(v->shape().back());
  p.heads = rank >= 3 ? i32(ys[rank - 3]) : 1;
  p.batch = i32(ys.product(0, std::max<int64_t>(rank - 3, 0)));
  p.kv_heads = p.heads;
  p.causal = op.is_causal();
  std::optional<double> scale = op.scale();
  p.scale = float(scale ? *scale : 1.0 / std::sqrt(double(p.d)));
  if (p.lk == 0) {
    l.fill(l.definePlain(y), DType::F32, y->type().numel(), 0);
    return success();
  }
  // Every operand as [batch, heads, rows, columns], with stride 0 where it repeats.
  auto four = [&](const Value *value, int64_t rows, int64_t cols) {
    Shape full = ys;
    full[rank - 2] = rows;
    full[rank - 1] = cols;
    Dims shape{p.batch, p.heads, rows, cols};
    View own = l.broadcastView(value, full);
    std::optional<View> r = reshapeView(own, shape);
    if (!r) {
      int dense = l.temp(value->name() + ".dense", {DType::F32, full});
      l.copyBox(DType::F32, own, denseView(dense, full.ref()));
      r = denseView(dense, shape);
    }
    return *r;
  };
  auto rowsDense = [&](const Value *value, int64_t rows, int64_t cols) {
    View r = four(value, rows, cols);
    if (cols > 1 && r.strides[3] != 1) {
      l.plain(value);
      r = denseView(l.temp(value->name() + ".rows", {DType::F32, Shape(r.dims)}), r.dims);
      l.copyBox(DType::F32, four(value, rows, cols), r);
    }
    return r;
  };
  View vq = rowsDense(q, p.lq, p.d), vk = rowsDense(k, p.lk, p.d), vv = rowsDense(v, p.lk, p.dv);
  TensorRef mask;
  if (const Value *m = op.attn_mask()) {
    View vm = four(m, p.lq, p.lk);
    p.mask_kind = m->dtype() == DType::Bool ? WNNRT_MASK_BOOL : WNNRT_MASK_F32;
    std::copy(vm.strides.begin(), vm.strides.end(), p.mask_strides);
    mask = vm.ref(l.dtype(m));
  }
  std::copy_n(vq.strides.begin(), 3, p.q_strides);
  std::copy_n(vk.strides.begin(), 3, p.k_strides);
  std::copy_n(vv.strides.begin(), 3, p.v_strides);
  p.y_strides[2] = p.dv;
  p.y_strides[1] = int64_t(p.lq) * p.dv;
  p.y_strides[0] = p.heads * p.y_strides[1];
  int scratch = l.scratch(wnnrt_sdpa_scratch_bytes(&p));
  l.call(WNNRT_K_sdpa, p,
         {vq.ref(DType::F32), vk.ref(DType::F32), vv.ref(DType::F32), mask, l.definePlain(y),
          scratch})
      .macs = int64_t(p.batch) * p.heads * p.lq * p.lk * (p.d + p.dv);
  return success();
}

} // namespace wnnx
