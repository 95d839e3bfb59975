// SPDX-License-Identifier: Apache-2.0
//
// Products without an activation between them are one (case A10), and products of three are taken in
// the cheaper order (cases A3b, B5). Each rule compares the multiply-adds of both sides: a chain
// through a narrow middle is cheaper as it stands.
pat 1;
import "sets.pat";

rule linear_linear : fold, class real {
  match {
    y = linear(x, v: const[P, I], c?: const[P]);
    z = linear(y, w: const[O, P], b?: const[O], r?, act, act_params);
  }
  when I * O <= I * P + P * O, I * P * O <= 17179869184;  // larger ones take long to multiply
  rewrite {
    z = linear(x, matmul(w, v),
               has(b) || has(c) ? (b ?? zeros([O])) + matmul(w, c ?? zeros([P])) : none, r,
               act = act, act_params = act_params);
  }
}

/// Any convolution, then a 1x1: filters are combined. A stride of the second joins the first's.
rule conv_conv1x1 : fold, class real {
  match {
    y = conv2d(x, v: const[P, I, K, L], c?: const[P], stride = [s, t], padding = p, dilation = dl,
               groups = 1);
    z = conv2d(y, w: const[O, P, 1, 1], b?: const[O], r?, stride = [m, n], padding = [0, 0],
               dilation = _, groups = 1, act, act_params);
  }
  when numel(z) * I * K * L <= macs(y) + macs(z);
  rewrite {
    z = conv2d(x, matmul(w.reshape([O, P]), v.reshape([P, I * K * L])).reshape([O, I, K, L]),
               has(b) || has(c) ? (b ?? zeros([O])) + matmul(w.reshape([O, P]), c ?? zeros([P]))
               : none,
               r, stride = [s * m, t * n], padding = p, dilation = dl, groups = 1, act = act,
               act_params = act_params);
  }
}
/// A 1x1, then any convolution. Where the second is padded, it sees zeros rather than the first one's
/// bias: then there may be no such bias.
rule conv1x1_conv : fold, class real {
  match {
    y = conv2d(x, v: const[P, I, 1, 1], c?: const[P], padding = [0, 0], dilation = _, groups = 1);
    z = conv2d(y, w: const[O, P, K, L], b?: const[O], r?, stride = s, padding = p, dilation = dl,
               groups = 1, act, act_params);
  }
  where all([q == 0 for q in p]) || !has(c) || is_splat(c ?? zeros([P]), 0);
  when numel(z) * I * K * L <= macs(y) + macs(z);
  rewrite {
    z = conv2d(x, einsum("opkl,pi->oikl", [w, v.reshape([P, I])]),
               has(b) || has(c) ? (b ?? zeros([O])) + matmul(sum(w, [2, 3]), c ?? zeros([P]))
               : none,
               r, stride = s, padding = p, dilation = dl, groups = 1, act = act,
               act_params = act_params);
  }
}
/// (a b) c = a (b c) when that is cheaper, batches alike. B5: attention without a softmax.
rule reassociate_right : fold, class real {
  match {
    y = matmul(a: [.., M, K], b: [.., _, N]);
    z = matmul(y, c: [.., _, P]);
  }
  where rank(a) == rank(b), rank(b) == rank(c), shape(a)[0:-2] == shape(b)[0:-2],
        shape(b)[0:-2] == shape(c)[0:-2];
  // The saving is asked to be a quarter, so that the opposite rule never takes it back.
  when 4 * (K * N * P + M * K * P) <= 3 * (M * K * N + M * N * P);
  rewrite { z = matmul(a, matmul(b, c)); }
}
rule reassociate_left : fold, class real {
  match {
    y = matmul(b: [.., K, N], c: [.., _, P]);
    z = matmul(a: [.., M, _], y);
  }
  where rank(a) == rank(b), rank(b) == rank(c), shape(a)[0:-2] == shape(b)[0:-2],
        shape(b)[0:-2] == shape(c)[0:-2];
  when 4 * (M * K * N + M * N * P) <= 3 * (K * N * P + M * K * P);
  rewrite { z = matmul(matmul(a, b), c); }
}

/// A3b: few queries against keys that a product makes from x: q (x W^T + b)^T = (q W) x^T + q b^T.
/// The keys are never formed. As right for latent keys of which a cache holds x (B5).
rule single_query_keys : fold, class real {
  match {
    k = linear(x: [B, S, I], w: const[D, I], b?: const[D]);
    y = matmul(q: [B, M, D], permute(k, dims = [0, 2, 1]));
  }
  let B1 = b ?? zeros([D]);
  when 2 * (M * D * I + M * I * S) <= S * I * D + M * D * S;
  rewrite {
    s = matmul(linear(q, w.permute([1, 0])), permute(x, dims = [0, 2, 1]));
    y = has(b) ? add(s, linear(q, B1.reshape([1, D]))) : s;
  }
}
/// p (x W^T) = (p x) W^T.
rule single_query_values : fold, class real {
  match {
    v = linear(x: [B, S, I], w: const[D, I]);
    y = matmul(p: [B, M, S], v);
  }
  when 2 * (M * S * I + M * I * D) <= S * I * D + M * S * D;
  rewrite { y = linear(matmul(p, x), w); }
}
/// With a bias: rows of a softmax sum to one, so the bias is what it was.
rule single_query_values_bias : fold, class real {
  match {
    v = linear(x: [B, S, I], w: const[D, I], b: const[D]);
    p = softmax(t: [B, M, S], dim = {-1, 2});
    y = matmul(p, v);
  }
  when 2 * (M * S * I + M * I * D) <= S * I * D + M * S * D;
  rewrite { y = linear(matmul(softmax(t, dim = -1), x), w, b); }
}
/// The same with heads: each has its own rows of the weight.
rule single_query_head_keys : fold, class real {
  match {
    k = linear(x: [B, S, I], w: const[D, I], b?: const[D]);
    h = reshape(k, shape = _);
    t = permute(h: [B, S, H, E], dims = [0, 2, 3, 1]);
    y = matmul(q: [B, H, M, E], t);
  }
  let B1 = b ?? zeros([D]);
  where H * E == D;
  when 2 * (M * D * I + M * H * I * S) <= S * I * D + M * D * S;
  rewrite {
    s = matmul(matmul(q, w.reshape([1, H, E, I])),
               permute(reshape(x, shape = [B, 1, S, I]), dims = [0, 1, 3, 2]));
    y = has(b) ? add(s, matmul(q, B1.reshape([1, H, E, 1]))) : s;
  }
}
rule single_query_head_values : fold, class real {
  match {
    v = linear(x: [B, S, I], w: const[D, I], b?: const[D]);
    h = reshape(v, shape = _);
    t = permute(h: [B, S, H, E], dims = [0, 2, 1, 3]);
    p = softmax(l: [B, H, M, S], dim = {-1, 3});
    y = matmul(p, t);
  }
  let B1 = b ?? zeros([D]);
  where H * E == D;
  when 2 * (M * H * I * S + M * D * I) <= S * I * D + M * D * S;
  rewrite {
    s = matmul(matmul(softmax(l, dim = -1), reshape(x, shape = [B, 1, S, I])),
               w.reshape([1, H, E, I]).permute([0, 1, 3, 2]));
    y = has(b) ? add(s, B1.reshape([1, H, 1, E])) : s;
  }
}

test "biases" for linear_linear {
  graph (x: f32[2,5,3], q: f32[2,5,4]) {
    const v: f32[9,3] = file("random", "v");
    const c: f32[9] = file("random", "c");
    const w: f32[4,9] = file("random", "w");
    const b: f32[4] = file("random", "b");
    y = linear(x, v, c);
    z = linear(y, w, b, q, act="relu");
    return z;
  }
  expect fired 1;
}
test "a bias inside" for linear_linear {
  graph (x: f32[5,3]) {
    const v: f32[9,3] = file("random", "v");
    const c: f32[9] = file("random", "c");
    const w: f32[4,9] = file("random", "w");
    y = linear(x, v, c);
    z = linear(y, w);
    return z;
  }
  expect fired 1;
}
test "an activation inside" for linear_linear {
  graph (x: f32[5,3]) {
    const v: f32[9,3] = file("random", "v");
    const w: f32[4,9] = file("random", "w");
    y = linear(x, v, act="relu");
    z = linear(y, w);
    return z;
  }
  expect no_match because "attribute `act`";
}
test "a narrow middle is cheaper" for linear_linear {
  graph (x: f32[5,30]) {
    const v: f32[2,30] = file("random", "v");
    const w: f32[40,2] = file("random", "w");
    y = linear(x, v);
    z = linear(y, w);
    return z;
  }
  expect no_match because "I * O <= I * P + P * O";
}
test "strides multiply" for conv_conv1x1 {
  graph (x: f32[2,3,11,9]) {
    const v: f32[8,3,3,2] = file("random", "v");
    const c: f32[8] = file("random", "c");
    const w: f32[4,8,1,1] = file("random", "w");
    y = conv2d(x, v, c, stride=[1, 2], padding=[0, 1, 1, 0], dilation=[2, 1]);
    z = conv2d(y, w, stride=[2, 1], act="silu");
    return z;
  }
  expect fired 1;
}
test "groups" for conv_conv1x1 {
  graph (x: f32[2,4,11,9]) {
    const v: f32[8,2,3,2] = file("random", "v");
    const w: f32[4,8,1,1] = file("random", "w");
    y = conv2d(x, v, groups=2);
    z = conv2d(y, w);
    return z;
  }
  expect no_match because "attribute `groups`";
}
test "a bottleneck" for conv_conv1x1 {
  graph (x: f32[2,8,11,9]) {
    const v: f32[1,8,3,3] = file("random", "v");
    const w: f32[16,1,1,1] = file("random", "w");
    y = conv2d(x, v);
    z = conv2d(y, w);
    return z;
  }
  expect no_match because "macs(y) + macs(z)";
}
test "no padding, biases" for conv1x1_conv {
  graph (x: f32[2,3,7,9]) {
    const v: f32[12,3,1,1] = file("random", "v");
    const c: f32[12] = file("random", "c");
    const w: f32[4,12,2,3] = file("random", "w");
    const b: f32[4] = file("random", "b");
    y = conv2d(x, v, c);
    z = conv2d(y, w, b, stride=[2, 1], dilation=[1, 2]);
    return z;
  }
  expect fired 1;
}
test "padding, no bias" for conv1x1_conv {
  graph (x: f32[2,3,7,9]) {
    const v: f32[12,3,1,1] = file("random", "v");
    const w: f32[4,12,3,3] = file("random", "w");
    y = conv2d(x, v);
    z = conv2d(y, w, padding=[1, 1]);
    return z;
  }
  expect fired 1;
}
test "padding and a bias: the border would be wrong" for conv1x1_conv {
  graph (x: f32[2,3,7,9]) {
    const v: f32[12,3,1,1] = file("random", "v");
    const c: f32[12] = file("random", "c");
    const w: f32[4,12,3,3] = file("random", "w");
    y = conv2d(x, v, c);
    z = conv2d(y, w, padding=[1, 1]);
    return z;
  }
  expect no_match because "is_splat";
}
test "attention without a softmax" for reassociate_right {
  graph (a: f32[2,3,20,4], b: f32[2,3,4,20], c: f32[2,3,20,5]) { y = matmul(a, b); z = matmul(y, c); return z; }
  expect fired 1;
}
test "few rows" for reassociate_right {
  graph (a: f32[2,2,4], b: f32[2,4,4], c: f32[2,4,4]) { y = matmul(a, b); z = matmul(y, c); return z; }
  expect no_match because "K * N * P";
}
test "few rows, from the other side" for reassociate_left {
  graph (a: f32[2,1,9], b: f32[2,9,7], c: f32[2,7,8]) { y = matmul(b, c); z = matmul(a, y); return z; }
  expect fired 1;
}
test "a batch that is broadcast" for reassociate_left {
  graph (a: f32[2,1,9], b: f32[1,9,7], c: f32[1,7,8]) { y = matmul(b, c); z = matmul(a, y); return z; }
  expect no_match because "shape(a)[0:-2] == shape(b)[0:-2]";
}
test "one query, bias" for single_query_keys {
  graph (q: f32[2,1,6], x: f32[2,9,7]) {
    const w: f32[6,7] = file("random", "w");
    const b: f32[6] = file("random", "b");
    k = linear(x, w, b);
    t = permute(k, dims=[0, 2, 1]);
    y = matmul(q, t);
    return y;
  }
  expect fired 1;
}
test "no bias" for single_query_keys {
  graph (q: f32[2,2,6], x: f32[2,9,7]) {
    const w: f32[6,7] = file("random", "w");
    k = linear(x, w);
    t = permute(k, dims=[0, 2, 1]);
    y = matmul(q, t);
    return y;
  }
  expect fired 1;
}
test "as many queries as keys" for single_query_keys {
  graph (q: f32[2,9,6], x: f32[2,9,7]) {
    const w: f32[6,7] = file("random", "w");
    k = linear(x, w);
    t = permute(k, dims=[0, 2, 1]);
    y = matmul(q, t);
    return y;
  }
  expect no_match because "2 * (M * D * I";
}
test "one row" for single_query_values {
  graph (p: f32[2,1,9], x: f32[2,9,7]) { const w: f32[6,7] = file("random", "w"); v = linear(x, w); y = matmul(p, v); return y; }
  expect fired 1;
}
test "a bias needs a softmax" for single_query_values {
  graph (p: f32[2,1,9], x: f32[2,9,7]) {
    const w: f32[6,7] = file("random", "w");
    const b: f32[6] = file("random", "b");
    v = linear(x, w, b);
    y = matmul(p, v);
    return y;
  }
  expect no_match because "operand `bias`";
}
test "softmax" for single_query_values_bias {
  graph (t: f32[2,1,9], x: f32[2,9,7]) {
    const w: f32[6,7] = file("random", "w");
    const b: f32[6] = file("random", "b");
    v = linear(x, w, b);
    p = softmax(t, dim=2);
    y = matmul(p, v);
    return y;
  }
  expect fired 1;
}
test "softmax over the queries" for single_query_values_bias {
  graph (t: f32[2,1,9], x: f32[2,9,7]) {
    const w: f32[6,7] = file("random", "w");
    const b: f32[6] = file("random", "b");
    v = linear(x, w, b);
    p = softmax(t, dim=1);
    y = matmul(p, v);
    return y;
  }
  expect no_match because "attribute `dim`";
}
test "two heads" for single_query_head_keys {
  graph (q: f32[3,2,1,4], x: f32[3,9,7]) {
    const w: f32[8,7] = file("random", "w");
    const b: f32[8] = file("random", "b");
    k = linear(x, w, b);
    h = reshape(k, shape=[3, 9, 2, 4]);
    t = permute(h, dims=[0, 2, 3, 1]);
    y = matmul(q, t);
    return y;
  }
  expect fired 1;
}
test "many queries" for single_query_head_keys {
  graph (q: f32[3,2,9,4], x: f32[3,9,7]) {
    const w: f32[8,7] = file("random", "w");
    k = linear(x, w);
    h = reshape(k, shape=[3, 9, 2, 4]);
    t = permute(h, dims=[0, 2, 3, 1]);
    y = matmul(q, t);
    return y;
  }
  expect no_match because "2 * (M * D * I";
}
test "two heads of values" for single_query_head_values {
  graph (l: f32[3,2,1,9], x: f32[3,9,7]) {
    const w: f32[8,7] = file("random", "w");
    const b: f32[8] = file("random", "b");
    k = linear(x, w, b);
    h = reshape(k, shape=[3, 9, 2, 4]);
    t = permute(h, dims=[0, 2, 1, 3]);
    p = softmax(l, dim=-1);
    y = matmul(p, t);
    return y;
  }
  expect fired 1;
}
test "the weights are an output" for single_query_head_values {
  graph (l: f32[3,2,1,9], x: f32[3,9,7]) {
    const w: f32[8,7] = file("random", "w");
    k = linear(x, w);
    h = reshape(k, shape=[3, 9, 2, 4]);
    t = permute(h, dims=[0, 2, 1, 3]);
    p = softmax(l, dim=-1);
    y = matmul(p, t);
    return p, y;
  }
  expect no_match because "graph output";
}
