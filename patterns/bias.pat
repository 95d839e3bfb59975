// SPDX-License-Identifier: Apache-2.0
//
// Biases around attention. A bias of the keys adds the same number to all scores of a row, which
// softmax takes off again; a bias of the values passes through, since the weights of a row sum to
// one. Not with rotary positions in between: the way from the linear op to attention must be the
// splitting of heads alone, as it stands here.
pat 1;
import "sets.pat";

rule key_bias : fold, class real {
  match {
    k = linear(x, w: const, b: const);
    r = reshape(k: [B, S, _], shape = _);
    t = permute(r: [B, S, H, D], dims = [0, 2, 1, 3]);
    o = scaled_dot_product_attention(q, t, v, m?, ..a);
  }
  where numel(b) == H * D;
  rewrite {
    n = permute(reshape(linear(x, w), shape = [B, S, H, D]), dims = [0, 2, 1, 3]);
    o = scaled_dot_product_attention(q, n, v, m, ..a);
  }
}
/// One head.
rule key_bias_plain : fold, class real {
  match { k = linear(x, w: const, b: const); o = scaled_dot_product_attention(q, k, v, m?, ..a); }
  where numel(b) == dim(q, -1);
  rewrite { o = scaled_dot_product_attention(q, linear(x, w), v, m, ..a); }
}
/// The values' bias goes into the output projection. Not with a mask of choices, which may leave a
/// row nothing: then attention gives zero, without the bias.
rule value_bias : fold, class real {
  match {
    u = linear(x, w: const, b: const);
    r = reshape(u: [B, S, _], shape = _);
    t = permute(r: [B, S, H, D], dims = [0, 2, 1, 3]);
    o = scaled_dot_product_attention(q, k, t, m?, ..a);
    p = permute(o, dims = [0, 2, 1, 3]);
    f = reshape(p: [B, L, H, D], shape = _);
    y = linear(f: [B, L, _], wo: const[O, I], bo?: const[O], ..s);
  }
  where I == H * D, numel(b) == I, S > 0, has(m) ? is_float(dtype(m)) : true;
  rewrite {
    n = permute(reshape(linear(x, w), shape = [B, S, H, D]), dims = [0, 2, 1, 3]);
    g = reshape(permute(scaled_dot_product_attention(q, k, n, m, ..a), dims = [0, 2, 1, 3]),
                shape = [B, L, I]);
    y = linear(g, wo, matmul(wo, b) + (bo ?? zeros([O])), ..s);
  }
}
rule value_bias_plain : fold, class real {
  match {
    u = linear(x, w: const, b: const[I]);
    o = scaled_dot_product_attention(q, k, u, m?, ..a);
    y = linear(o, wo: const[O, I], bo?: const[O], ..s);
  }
  where dim(u, -2) > 0, has(m) ? is_float(dtype(m)) : true;
  rewrite {
    g = scaled_dot_product_attention(q, k, linear(x, w), m, ..a);
    y = linear(g, wo, matmul(wo, b) + (bo ?? zeros([O])), ..s);
  }
}
/// A factor of the queries is a factor of the scores.
rule query_scale : fold, class real {
  match {
    s = mul(q, c: const & scalar);
    o = scaled_dot_product_attention(s, k, v, m?, is_causal = i, scale = f);
  }
  where shape(q) == shape(s), dim(q, -1) > 0;
  rewrite {
    o = scaled_dot_product_attention(q, k, v, m, is_causal = i,
                                     scale = (f ?? 1.0 / sqrt(dim(q, -1))) * item(c));
  }
}
rule key_scale : fold, class real {
  match {
    s = mul(k, c: const & scalar);
    o = scaled_dot_product_attention(q, s, v, m?, is_causal = i, scale = f);
  }
  where shape(k) == shape(s), dim(q, -1) > 0;
  rewrite {
    o = scaled_dot_product_attention(q, k, v, m, is_causal = i,
                                     scale = (f ?? 1.0 / sqrt(dim(q, -1))) * item(c));
  }
}

test "two heads, masked" for key_bias {
  graph (x: f32[2,5,6], q: f32[2,2,3,4], v: f32[2,2,5,7], m: f32[3,5]) {
    const w: f32[8,6] = file("random", "w");
    const b: f32[8] = file("random", "b");
    k = linear(x, w, b); r = reshape(k, shape=[2,5,2,4]); t = permute(r, dims=[0,2,1,3]);
    o = scaled_dot_product_attention(q, t, v, m); return o;
  }
  expect fired 1;
}
test "rotated on the way" for key_bias {
  graph (x: f32[2,5,6], q: f32[2,2,3,4], v: f32[2,2,5,7], c: f32[5,4]) {
    const w: f32[8,6] = file("random", "w");
    const b: f32[8] = file("random", "b");
    k = linear(x, w, b); r = reshape(k, shape=[2,5,2,4]); t = permute(r, dims=[0,2,1,3]);
    e = mul(t, c); o = scaled_dot_product_attention(q, e, v); return o;
  }
  expect no_match;
}
test "one head" for key_bias_plain {
  graph (x: f32[2,5,6], q: f32[2,3,4], v: f32[2,5,7]) {
    const w: f32[4,6] = file("random", "w");
    const b: f32[4] = file("random", "b");
    k = linear(x, w, b); o = scaled_dot_product_attention(q, k, v, scale=0.3); return o;
  }
  expect fired 1;
}
test "a bias of the queries counts" for key_bias_plain {
  graph (x: f32[2,5,6], k: f32[2,3,4], v: f32[2,3,7]) {
    const w: f32[4,6] = file("random", "w");
    const b: f32[4] = file("random", "b");
    q = linear(x, w, b); o = scaled_dot_product_attention(q, k, v); return o;
  }
  expect no_match;
}
test "two heads, causal" for value_bias {
  graph (x: f32[2,5,6], q: f32[2,2,3,4], k: f32[2,2,5,4]) {
    const w: f32[8,6] = file("random", "w");
    const b: f32[8] = file("random", "b");
    const z: f32[3,8] = file("random", "z");
    const c: f32[3] = file("random", "c");
    u = linear(x, w, b); r = reshape(u, shape=[2,5,2,4]); t = permute(r, dims=[0,2,1,3]);
    o = scaled_dot_product_attention(q, k, t, is_causal=true);
    p = permute(o, dims=[0,2,1,3]); f = reshape(p, shape=[2,3,8]); y = linear(f, z, c, act="relu");
    return y;
  }
  expect fired 1;
}
test "a mask may leave nothing" for value_bias {
  graph (x: f32[2,5,6], q: f32[2,2,3,4], k: f32[2,2,5,4], m: bool[3,5]) {
    const w: f32[8,6] = file("random", "w");
    const b: f32[8] = file("random", "b");
    const z: f32[3,8] = file("random", "z");
    u = linear(x, w, b);
    r = reshape(u, shape=[2,5,2,4]);
    t = permute(r, dims=[0,2,1,3]);
    o = scaled_dot_product_attention(q, k, t, m);
    p = permute(o, dims=[0,2,1,3]);
    f = reshape(p, shape=[2,3,8]);
    y = linear(f, z);
    return y;
  }
  expect no_match because "is_float(dtype(m))";
}
test "heads joined in another order" for value_bias {
  graph (x: f32[2,5,6], q: f32[2,2,5,4], k: f32[2,2,5,4]) {
    const w: f32[8,6] = file("random", "w");
    const b: f32[8] = file("random", "b");
    const z: f32[3,8] = file("random", "z");
    u = linear(x, w, b); r = reshape(u, shape=[2,5,2,4]); t = permute(r, dims=[0,2,1,3]);
    o = scaled_dot_product_attention(q, k, t);
    p = permute(o, dims=[0,2,3,1]); f = reshape(p, shape=[2,5,8]); y = linear(f, z);
    return y;
  }
  expect no_match;
}
test "one head" for value_bias_plain {
  graph (x: f32[2,5,6], q: f32[2,3,4], k: f32[2,5,4]) {
    const w: f32[7,6] = file("random", "w");
    const b: f32[7] = file("random", "b");
    const z: f32[3,7] = file("random", "z");
    u = linear(x, w, b); o = scaled_dot_product_attention(q, k, u); y = linear(o, z); return y;
  }
  expect fired 1;
}
test "a residual of the attention" for value_bias_plain {
  graph (x: f32[2,5,6], q: f32[2,3,4], k: f32[2,5,4]) {
    const w: f32[7,6] = file("random", "w");
    const b: f32[7] = file("random", "b");
    const z: f32[7,7] = file("random", "z");
    u = linear(x, w, b); o = scaled_dot_product_attention(q, k, u); y = linear(o, z); r = add(y, o);
    return r;
  }
  expect no_match;
}
test "given no scale" for query_scale {
  graph (q: f32[2,3,4], k: f32[2,5,4], v: f32[2,5,7]) {
    const c: f32[] = dense[0.3];
    s = mul(c, q); o = scaled_dot_product_attention(s, k, v); return o;
  }
  expect fired 1;
}
test "by feature" for query_scale {
  graph (q: f32[2,3,4], k: f32[2,5,4], v: f32[2,5,7]) {
    const c: f32[4] = file("random", "c");
    s = mul(c, q); o = scaled_dot_product_attention(s, k, v); return o;
  }
  expect no_match;
}
test "given a scale" for key_scale {
  graph (q: f32[2,3,4], k: f32[2,5,4], v: f32[2,5,7], m: bool[3,5]) {
    const c: f32[1] = dense[0.3];
    s = mul(c, k); o = scaled_dot_product_attention(q, s, v, scale=2.0); return o;
  }
  expect fired 1;
}
test "a factor of the values" for key_scale {
  graph (q: f32[2,3,4], k: f32[2,5,4], v: f32[2,5,7]) {
    const c: f32[] = dense[0.3];
    s = mul(c, v); o = scaled_dot_product_attention(q, k, s); return o;
  }
  expect no_match;
}
