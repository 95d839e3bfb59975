// SPDX-License-Identifier: Apache-2.0
//
// Slices move towards the inputs, so that what is thrown away is never computed (case A1; A2 and A3
// follow from it). These are the ops that compute; `slice_shape.pat` has those that only move,
// `slice_weights.pat` those where the slice goes into a weight, `stride.pat` convolutions.
//
// Every rule of the set `push` takes a slice over one op, and asks that the op has no other user:
// then what is computed shrinks. Nothing here moves slices down, so the set ends at the inputs.
pat 1;
import "sets.pat";

/// Dimensions from the front and limits within the size, so that equal slices look equal.
rule slice_normal : push, benefit 20, class exact {
  match { y = slice(x, dim = d, start = s, end = e, step = t); }
  let n = dim(x, d);
  let first = max(0, min(n, s < 0 ? s + n : s));
  let last = max(first, min(n, e < 0 ? e + n : e));
  where norm(d, rank(x)) - d != 0 || s != first || e != last;
  rewrite { y = slice(x, dim = norm(d, rank(x)), start = first, end = last, step = t); }
}
/// All of it, as what is left of the only sample of a batch.
rule slice_all : push, benefit 40, class exact {
  match { y = slice(x, dim = _, start = _, end = _, step = _); }
  where shape(x) == shape(y);
  rewrite { y = x; }
}
/// One index is a slice of one, which can move; `select_again` in `slice_shape.pat` turns back those
/// that remain.
rule select_slice : push, benefit 20, class exact {
  match { y = select(x, dim = d, index = i); }
  let at = i < 0 ? i + dim(x, d) : i;
  let s = shape(y);
  rewrite {
    y = reshape(slice(x, dim = norm(d, rank(x)), start = at, end = at + 1, step = 1), shape = s);
  }
}
/// Two equal slices are one. Behind a residual sum both branches end in the same slice.
rule slice_twice : push, benefit 30, class exact {
  match {
    a = slice(x, dim = d, start = s, end = e, step = t);
    b = slice(x, dim = d, start = s, end = e, step = t);
  }
  rewrite { m = slice(x, dim = d, start = s, end = e, step = t); a = m; b = m; }
}
/// A slice of a slice along one dimension.
rule slice_slice : push, benefit 10, class exact {
  match {
    y = slice(x, dim = d, start = s, end = _, step = t);
    z = slice(y, dim = c, start = u, end = v, step = w);
  }
  let k = norm(d, rank(x));
  where norm(c, rank(x)) == k, s >= 0, u >= 0, v >= u, t >= 1;
  let last = min(v, dim(y, k));
  rewrite {
    z = slice(x, dim = k, start = s + u * t, end = max(s + u * t, s + (last - 1) * t + 1),
              step = t * w);
  }
}
/// Slices along one dimension that are all that is read: first the part that holds them, which can move
/// up alone. Only where it holds nothing else.
rule slice_hull : push, class exact {
  match { all ys[i in 2..] = slice(x, dim = ds[i], start = ss[i], end = es[i], step = 1); }
  let k = norm(ds[0], rank(x));
  let from = smallest(ss[*]);
  let to = largest(es[*]);
  where all([norm(d, rank(x)) == k for d in ds[*]]), from >= 0, to <= dim(x, k),
        all([es[i] >= ss[i] for i]);
  when !is_const(x), to - from < dim(x, k), to - from <= sum([es[i] - ss[i] for i]);
  rewrite {
    h = slice(x, dim = k, start = from, end = to, step = 1);
    ys[i] = slice(h, dim = k, start = ss[i] - from, end = es[i] - from, step = 1);
  }
}
/// Slices along different dimensions: the first dimension innermost.
rule slice_order : push, class exact {
  match {
    y = slice(x, dim = d, ..r);
    z = slice(y, dim = c, ..q);
  }
  where norm(c, rank(x)) < norm(d, rank(x));
  rewrite { z = slice(slice(x, dim = c, ..q), dim = d, ..r); }
}

/// Through any function of one element.
rule slice_unary : push, class exact {
  match { y = f@elementwise_unary(x, ..a); z = slice(y, ..r); }
  when numel(z) < numel(y);
  rewrite { z = f(slice(x, ..r), ..a); }
}
/// Through any function of two; an operand that is broadcast along the dimension stays whole.
rule slice_binary : push, class exact {
  match {
    y = f@elementwise_binary(a, b, ..p);
    z = slice(y, dim = d, start = s, end = e, step = t);
  }
  let r = rank(y) - norm(d, rank(y));  // counted from the back, as broadcasting does
  when numel(z) < numel(y);
  rewrite {
    z = f(rank(a) >= r && dim(a, -r) == dim(y, -r)
          ? slice(a, dim = -r, start = s, end = e, step = t) : a,
          rank(b) >= r && dim(b, -r) == dim(y, -r)
          ? slice(b, dim = -r, start = s, end = e, step = t) : b,
          ..p);
  }
}
rule slice_where : push, class exact {
  match {
    y = where(c, a, b);
    z = slice(y, dim = d, start = s, end = e, step = t);
  }
  let r = rank(y) - norm(d, rank(y));
  when numel(z) < numel(y);
  rewrite {
    z = where(rank(c) >= r && dim(c, -r) == dim(y, -r)
              ? slice(c, dim = -r, start = s, end = e, step = t) : c,
              rank(a) >= r && dim(a, -r) == dim(y, -r)
              ? slice(a, dim = -r, start = s, end = e, step = t) : a,
              rank(b) >= r && dim(b, -r) == dim(y, -r)
              ? slice(b, dim = -r, start = s, end = e, step = t) : b);
  }
}

/// Rows of a product with a weight: the last token's logits (A2), the class token's row (A3). The
/// last dimension are the features, whose slice goes into the weight.
rule slice_linear : push, class real {
  match {
    y = linear(x, w, b?, act, act_params);
    z = slice(y, dim = d, ..r);
  }
  where norm(d, rank(y)) < rank(y) - 1;
  when numel(z) < numel(y);
  rewrite { z = linear(slice(x, dim = d, ..r), w, b, act = act, act_params = act_params); }
}
rule slice_linear_residual : push, class real {
  match {
    y = linear(x, w, b?, q, act, act_params);
    z = slice(y, dim = d, ..r);
  }
  where norm(d, rank(y)) < rank(y) - 1;
  when numel(z) < numel(y);
  rewrite {
    z = linear(slice(x, dim = d, ..r), w, b, slice(q, dim = d, ..r), act = act,
               act_params = act_params);
  }
}

/// Rows of a product.
rule slice_matmul_rows : push, class real {
  match {
    y = matmul(a: [.., M, _], b: [.., _, _]);
    z = slice(y, dim = d, ..r);
  }
  where norm(d, rank(y)) == rank(y) - 2;
  when numel(z) < numel(y);
  rewrite { z = matmul(slice(a, dim = -2, ..r), b); }
}
/// Columns of a product.
rule slice_matmul_columns : push, class real {
  match {
    y = matmul(a: [.., _, _], b: [.., _, N]);
    z = slice(y, dim = d, ..r);
  }
  where norm(d, rank(y)) == rank(y) - 1;
  when numel(z) < numel(y);
  rewrite { z = matmul(a, slice(b, dim = -1, ..r)); }
}
/// Some products of a batch. An operand that serves the whole batch stays.
rule slice_matmul_batch : push, class real {
  match {
    y = matmul(a: [.., _, _], b: [.., _, _]);
    z = slice(y, dim = d, start = s, end = e, step = t);
  }
  let r = rank(y) - norm(d, rank(y));
  where r > 2;
  when numel(z) < numel(y);
  rewrite {
    z = matmul(rank(a) >= r && dim(a, -r) == dim(y, -r)
               ? slice(a, dim = -r, start = s, end = e, step = t) : a,
               rank(b) >= r && dim(b, -r) == dim(y, -r)
               ? slice(b, dim = -r, start = s, end = e, step = t) : b);
  }
}

/// Rows of attention are rows of the query. Keys and values are needed whole.
rule slice_sdpa : push, class real {
  match {
    y = scaled_dot_product_attention(q, k, v, is_causal = false, ..a);
    z = slice(y, dim = d, ..r);
  }
  where norm(d, rank(y)) == rank(y) - 2;
  when numel(z) < numel(y);
  rewrite {
    z = scaled_dot_product_attention(slice(q, dim = -2, ..r), k, v, is_causal = false, ..a);
  }
}
rule slice_sdpa_masked : push, class real {
  match {
    y = scaled_dot_product_attention(q, k, v, m, is_causal = false, ..a);
    z = slice(y, dim = d, ..r);
  }
  where norm(d, rank(y)) == rank(y) - 2;
  when numel(z) < numel(y);
  rewrite {
    z = scaled_dot_product_attention(slice(q, dim = -2, ..r), k, v,
                                     rank(m) >= 2 && dim(m, -2) == dim(y, -2)
                                     ? slice(m, dim = -2, ..r) : m,
                                     is_causal = false, ..a);
  }
}
/// One row of causal attention: it sees the keys up to its own place, without any mask. This is the
/// last token of a prompt.
rule slice_sdpa_causal : push, class real {
  match {
    y = scaled_dot_product_attention(q, k, v, is_causal = true, ..a);
    z = slice(y, dim = d, start = s, end = e, step = 1);
  }
  where norm(d, rank(y)) == rank(y) - 2, s >= 0, e == s + 1, dim(z, d) == 1;
  when numel(z) < numel(y);
  rewrite {
    z = scaled_dot_product_attention(slice(q, dim = -2, start = s, end = e),
                                     slice(k, dim = -2, start = 0, end = e),
                                     slice(v, dim = -2, start = 0, end = e), is_causal = false,
                                     ..a);
  }
}

/// Norms over the last dimensions, one by one.
rule slice_layer_norm : push, class exact {
  match {
    y = layer_norm(x, w?, b?, normalized_shape = n, eps);
    z = slice(y, dim = d, ..r);
  }
  where norm(d, rank(y)) < rank(y) - len(n);
  when numel(z) < numel(y);
  rewrite { z = layer_norm(slice(x, dim = d, ..r), w, b, normalized_shape = n, eps = eps); }
}
rule slice_rms_norm : push, class exact {
  match {
    y = rms_norm(x, w?, normalized_shape = n, eps);
    z = slice(y, dim = d, ..r);
  }
  where norm(d, rank(y)) < rank(y) - len(n);
  when numel(z) < numel(y);
  rewrite { z = rms_norm(slice(x, dim = d, ..r), w, normalized_shape = n, eps = eps); }
}
rule slice_softmax for f in { softmax, log_softmax } : push, class exact {
  match {
    y = f(x, dim = c);
    z = slice(y, dim = d, ..r);
  }
  where norm(c, rank(x)) != norm(d, rank(x));
  when numel(z) < numel(y);
  rewrite { z = f(slice(x, dim = d, ..r), dim = c); }
}
/// Batch norm: any dimension but the channels.
rule slice_batch_norm : push, class exact {
  match {
    y = batch_norm(x, mean, var, g?, b?, eps);
    z = slice(y, dim = d, ..r);
  }
  where norm(d, rank(x)) != 1;
  when numel(z) < numel(y);
  rewrite { z = batch_norm(slice(x, dim = d, ..r), mean, var, g, b, eps = eps); }
}
/// Some samples of a batch.
rule slice_samples for f in { max_pool2d, avg_pool2d, adaptive_avg_pool2d, adaptive_max_pool2d,
                              upsample_nearest2d, upsample_bilinear2d, upsample_bicubic2d }
    : push, class exact {
  match {
    y = f(x, ..a);
    z = slice(y, dim = d, ..r);
  }
  where norm(d, rank(x)) < 2;
  when numel(z) < numel(y);
  rewrite { z = f(slice(x, dim = d, ..r), ..a); }
}
/// Reductions that keep the dimension that is sliced.
rule slice_reduction for f in { sum, mean, amax, amin } : push, class exact {
  match {
    y = f(x, dim = c, keepdim = true);
    z = slice(y, dim = d, ..r);
  }
  where len(c) > 0, all([norm(v, rank(x)) != norm(d, rank(x)) for v in c]);
  when numel(z) < numel(y);
  rewrite { z = f(slice(x, dim = d, ..r), dim = c, keepdim = true); }
}

test "from the end" for slice_normal {
  graph (x: f32[2,5,3]) { y = slice(x, dim=-2, start=-3, end=-1); return y; }
  expect fired 1;
}
test "past the end, and nothing left" for slice_normal {
  graph (x: f32[2,5]) { y = slice(x, dim=1, start=3, end=9, step=2); z = slice(x, dim=0, start=2, end=1); return y, z; }
  expect fired 2;
}
test "normal already" for slice_normal {
  graph (x: f32[2,5]) { y = slice(x, dim=1, start=1, end=5, step=2); return y; }
  expect no_match because "does not hold";
}
test "the last entry" for select_slice {
  graph (x: f32[2,5,3]) { y = select(x, dim=-2, index=-1); return y; }
  expect fired 1;
}
test "a slice of one keeps its dimension" for select_slice {
  graph (x: f32[2,5,3]) { y = slice(x, dim=1, start=4); return y; }
  expect no_match;
}
test "equal slices" for slice_twice {
  graph (x: f32[2,5,3]) {
    a = slice(x, dim=1, start=1, end=4, step=2);
    b = slice(x, dim=1, start=1, end=4, step=2);
    c = mul(a, b);
    return c;
  }
  expect fired 1;
}
test "slices of unlike steps" for slice_twice {
  graph (x: f32[2,5,3]) {
    a = slice(x, dim=1, start=1, end=4, step=2);
    b = slice(x, dim=1, start=2, end=4, step=1);
    return a, b;
  }
  expect no_match;
}
test "steps multiply" for slice_slice {
  graph (x: f32[2,17]) { y = slice(x, dim=1, start=1, end=16, step=3); z = slice(y, dim=-1, start=1, end=5, step=2); return z; }
  expect fired 1;
}
test "the inner one ends first" for slice_slice {
  graph (x: f32[9]) { y = slice(x, dim=0, start=2, end=7, step=2); z = slice(y, dim=0, start=1, end=99); return z; }
  expect fired 1;
}
test "two dimensions" for slice_slice {
  graph (x: f32[4,9]) { y = slice(x, dim=0, start=2); z = slice(y, dim=1, start=1); return z; }
  expect no_match because "norm(c, rank(x)) == k";
}
test "two parts at the end" for slice_hull {
  graph (x: f32[2,9]) {
    y = relu(x);
    a = slice(y, dim=1, start=3, end=5);
    b = slice(y, dim=-1, start=4, end=8);
    return a, b;
  }
  expect fired 1;
}
test "a gap between" for slice_hull {
  graph (x: f32[2,9]) {
    y = relu(x);
    a = slice(y, dim=1, start=0, end=2);
    b = slice(y, dim=1, start=6, end=8);
    return a, b;
  }
  expect no_match because "to - from";
}
test "the whole is read, too" for slice_hull {
  graph (x: f32[2,9]) {
    y = relu(x);
    a = slice(y, dim=1, start=3, end=5);
    b = slice(y, dim=1, start=5, end=8);
    return a, b, y;
  }
  expect no_match;
}
test "rows outside columns" for slice_order {
  graph (x: f32[4,9,3]) { y = slice(x, dim=-1, start=1); z = slice(y, dim=1, start=2, end=8, step=3); return z; }
  expect fired 1;
}
test "in order" for slice_order {
  graph (x: f32[4,9]) { y = slice(x, dim=0, start=2); z = slice(y, dim=1, start=1); return z; }
  expect no_match because "norm(c, rank(x)) < norm(d, rank(x))";
}

test "attributes stay" for slice_unary {
  graph (x: f32[4,3,5]) { y = elu(x, alpha=0.5); z = slice(y, dim=1, start=1, end=3, step=2); return z; }
  expect fired 1;
}
test "conversion" for slice_unary {
  graph (x: f32[4,3]) { y = to(x, dtype=f64); z = slice(y, dim=0, start=1); return z; }
  expect fired 1;
}
test "all of it" for slice_unary {
  graph (x: f32[4,3]) { y = relu(x); z = slice(y, dim=0); return z; }
  expect no_match because "numel(z) < numel(y)";
}
test "the rest is read" for slice_unary {
  graph (x: f32[4,3]) { y = relu(x); z = slice(y, dim=0, end=1); w = sum(y, dim=[0]); return z, w; }
  expect no_match because "also used";
}
test "equal shapes" for slice_binary {
  graph (x: f32[4,3], u: f32[4,3]) { y = sub(x, u); z = slice(y, dim=-1, start=1); return z; }
  expect fired 1;
}
test "the right side is broadcast along the rows" for slice_binary {
  graph (x: f32[2,4,3], u: f32[1,3]) { y = div(x, u, rounding_mode="floor"); z = slice(y, dim=1, start=1, end=3); return z; }
  expect fired 1;
}
test "the left side has fewer dimensions" for slice_binary {
  graph (x: f32[3], u: f32[2,4,3]) { y = lt(x, u); z = slice(y, dim=0, end=1); w = slice(y, dim=2, end=1); return z; }
  expect no_match because "also used";
}
test "a number and a row" for slice_binary {
  graph (x: f32[], u: f32[1,4,1], v: f32[2,1,3]) {
    a = mul(x, u);
    y = pow(a, v);
    z = slice(y, dim=2, start=1);
    return z;
  }
  expect fired 1;
}
test "all three move or not" for slice_where {
  graph (c: bool[4,1], x: f32[3], u: f32[2,4,3]) { y = where(c, x, u); z = slice(y, dim=1, start=1, end=2); return z; }
  expect fired 1;
}
test "used twice" for slice_where {
  graph (c: bool[4], x: f32[4], u: f32[4]) { y = where(c, x, u); z = slice(y, dim=0, end=2); return y, z; }
  expect no_match because "graph output";
}

test "last token" for slice_linear {
  graph (x: f32[2,5,3]) {
    const w: f32[4,3] = file("random", "w");
    const b: f32[4] = file("random", "b");
    y = linear(x, w, b, act="relu");
    z = slice(y, dim=1, start=4);
    return z;
  }
  expect fired 1;
}
test "features" for slice_linear {
  graph (x: f32[2,5,3], w: f32[4,3]) { y = linear(x, w); z = slice(y, dim=2, start=3); return z; }
  expect no_match because "< rank(y) - 1";
}
test "residual" for slice_linear_residual {
  graph (x: f32[2,5,3], q: f32[2,5,4]) {
    const w: f32[4,3] = file("random", "w");
    y = linear(x, w, none, q, act="gelu", act_params=[0.0]);
    z = slice(y, dim=-2, end=2);
    return z;
  }
  expect fired 1;
}
test "features with a residual" for slice_linear_residual {
  graph (x: f32[2,5,3], w: f32[4,3], q: f32[2,5,4]) { y = linear(x, w, none, q); z = slice(y, dim=2, start=3); return z; }
  expect no_match because "< rank(y) - 1";
}
test "rows, broadcast batch" for slice_matmul_rows {
  graph (a: f32[4,3], b: f32[2,3,5]) { y = matmul(a, b); z = slice(y, dim=1, start=1, end=4, step=2); return z; }
  expect fired 1;
}
test "a vector has no rows" for slice_matmul_rows {
  graph (a: f32[3], b: f32[2,3,5]) { y = matmul(a, b); z = slice(y, dim=0, start=1); return z; }
  expect no_match;
}
test "columns" for slice_matmul_columns {
  graph (a: f32[2,4,3], b: f32[3,5]) { y = matmul(a, b); z = slice(y, dim=-1, start=1, end=4, step=2); return z; }
  expect fired 1;
}
test "rows are not columns" for slice_matmul_columns {
  graph (a: f32[2,4,3], b: f32[3,5]) { y = matmul(a, b); z = slice(y, dim=1, start=1); return z; }
  expect no_match because "rank(y) - 1";
}
test "batch on one side" for slice_matmul_batch {
  graph (a: f32[2,1,4,3], b: f32[6,3,5]) { y = matmul(a, b); z = slice(y, dim=1, start=1, end=3); return z; }
  expect fired 1;
}
test "batch on both sides" for slice_matmul_batch {
  graph (a: f32[6,4,3], b: f32[6,3,5]) { y = matmul(a, b); z = slice(y, dim=0, start=1, step=2); return z; }
  expect fired 1;
}
test "rows are not the batch" for slice_matmul_batch {
  graph (a: f32[6,4,3], b: f32[6,3,5]) { y = matmul(a, b); z = slice(y, dim=1, start=1, step=2); return z; }
  expect no_match because "r > 2";
}

test "a row of the query" for slice_sdpa {
  graph (q: f32[2,3,5,4], k: f32[2,3,7,4], v: f32[2,3,7,6]) {
    y = scaled_dot_product_attention(q, k, v, scale=0.3);
    z = slice(y, dim=2, end=1);
    return z;
  }
  expect fired 1;
}
test "the batch" for slice_sdpa {
  graph (q: f32[2,3,5,4], k: f32[2,3,7,4], v: f32[2,3,7,6]) {
    y = scaled_dot_product_attention(q, k, v);
    z = slice(y, dim=0, end=1);
    return z;
  }
  expect no_match because "rank(y) - 2";
}
test "causal" for slice_sdpa {
  graph (q: f32[2,5,4], k: f32[2,5,4], v: f32[2,5,6]) {
    y = scaled_dot_product_attention(q, k, v, is_causal=true);
    z = slice(y, dim=1, end=3);
    return z;
  }
  expect no_match because "is_causal";
}
test "mask by row" for slice_sdpa_masked {
  graph (q: f32[2,3,5,4], k: f32[2,3,7,4], v: f32[2,3,7,6], m: f32[5,7]) {
    y = scaled_dot_product_attention(q, k, v, m);
    z = slice(y, dim=-2, start=1, end=3);
    return z;
  }
  expect fired 1;
}
test "mask by column" for slice_sdpa_masked {
  graph (q: f32[2,3,5,4], k: f32[2,3,7,4], v: f32[2,3,7,6], m: f32[2,1,1,7]) {
    y = scaled_dot_product_attention(q, k, v, m);
    z = slice(y, dim=2, start=4);
    return z;
  }
  expect fired 1;
}
test "the batch of masked attention" for slice_sdpa_masked {
  graph (q: f32[2,5,4], k: f32[2,7,4], v: f32[2,7,6], m: f32[5,7]) {
    y = scaled_dot_product_attention(q, k, v, m);
    z = slice(y, dim=0, end=1);
    return z;
  }
  expect no_match because "rank(y) - 2";
}
test "last token of a prompt" for slice_sdpa_causal {
  graph (q: f32[2,3,5,4], k: f32[2,3,5,4], v: f32[2,3,5,6]) {
    y = scaled_dot_product_attention(q, k, v, is_causal=true);
    z = slice(y, dim=2, start=4, end=5);
    return z;
  }
  expect fired 1;
}
test "one in the middle, fewer keys" for slice_sdpa_causal {
  graph (q: f32[2,5,4], k: f32[2,3,4], v: f32[2,3,6]) {
    y = scaled_dot_product_attention(q, k, v, is_causal=true, scale=0.25);
    z = slice(y, dim=1, start=1, end=2);
    w = slice(z, dim=0, start=1);
    return w;
  }
  expect fired 1;
}
test "two rows" for slice_sdpa_causal {
  graph (q: f32[2,5,4], k: f32[2,5,4], v: f32[2,5,6]) {
    y = scaled_dot_product_attention(q, k, v, is_causal=true);
    z = slice(y, dim=1, start=3, end=5);
    return z;
  }
  expect no_match because "e == s + 1";
}

test "two normalised dimensions" for slice_layer_norm {
  graph (x: f32[3,4,2,5]) {
    const w: f32[2,5] = file("random", "w");
    y = layer_norm(x, w, normalized_shape=[2, 5], eps=0.001);
    z = slice(y, dim=1, start=1, step=2);
    return z;
  }
  expect fired 1;
}
test "a normalised dimension" for slice_layer_norm {
  graph (x: f32[3,4,2,5]) { y = layer_norm(x, normalized_shape=[2, 5]); z = slice(y, dim=2, end=1); return z; }
  expect no_match because "rank(y) - len(n)";
}
test "rows of an RMS norm" for slice_rms_norm {
  graph (x: f32[3,4,5]) {
    const w: f32[5] = file("random", "w");
    y = rms_norm(x, w, normalized_shape=[5], eps=0.01);
    z = slice(y, dim=-2, start=3);
    return z;
  }
  expect fired 1;
}
test "features of an RMS norm" for slice_rms_norm {
  graph (x: f32[3,4,5]) { y = rms_norm(x, normalized_shape=[5]); z = slice(y, dim=2, end=1); return z; }
  expect no_match because "rank(y) - len(n)";
}
test "another dimension" for slice_softmax {
  graph (x: f32[3,4,5]) { y = softmax(x, dim=-1); z = slice(y, dim=1, end=1); return z; }
  expect fired 1;
}
test "logarithm" for slice_softmax {
  graph (x: f32[3,4,5]) { y = log_softmax(x, dim=0); z = slice(y, dim=2, end=1); return z; }
  expect fired 1;
}
test "the dimension of the sum" for slice_softmax {
  graph (x: f32[3,4,5]) { y = softmax(x, dim=-1); z = slice(y, dim=2, end=1); return z; }
  expect no_match because "norm(c, rank(x)) != norm(d, rank(x))";
}
test "columns" for slice_batch_norm {
  graph (x: f32[3,2,5]) {
    const m: f32[2] = file("random", "m");
    const v: f32[2] = file("positive", "v");
    const g: f32[2] = file("random", "g");
    y = batch_norm(x, m, v, g, eps=0.01);
    z = slice(y, dim=2, end=3);
    return z;
  }
  expect fired 1;
}
test "channels" for slice_batch_norm {
  graph (x: f32[3,2,5], m: f32[2], v: f32[2]) { y = batch_norm(x, m, v); z = slice(y, dim=1, end=1); return z; }
  expect no_match because "!= 1";
}
test "one picture" for slice_samples {
  graph (x: f32[3,2,5,6]) { y = avg_pool2d(x, kernel_size=[2,3], stride=[1,2]); z = slice(y, dim=0, start=2); return z; }
  expect fired 1;
}
test "rows of a pooling" for slice_samples {
  graph (x: f32[3,2,5,6]) { y = avg_pool2d(x, kernel_size=[2,3], stride=[1,2]); z = slice(y, dim=2, start=1); return z; }
  expect no_match because "< 2";
}
test "a mean over others" for slice_reduction {
  graph (x: f32[3,2,5,6]) { y = mean(x, dim=[1, -1], keepdim=true); z = slice(y, dim=-2, start=2); return z; }
  expect fired 1;
}
test "a mean over all" for slice_reduction {
  graph (x: f32[3,2]) { y = amax(x, keepdim=true); z = slice(y, dim=0, end=0); return z; }
  expect no_match because "len(c) > 0";
}

test "the only sample" for slice_all {
  graph (x: f32[1,3]) { u = relu(x); y = slice(u, dim=0, start=-1); z = exp(y); return z; }
  expect fired 1;
}
test "one of two" for slice_all {
  graph (x: f32[2,3]) { u = relu(x); y = slice(u, dim=0, start=-1); return y; }
  expect no_match because "shape(x) == shape(y)";
}
