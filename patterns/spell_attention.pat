// SPDX-License-Identifier: Apache-2.0
//
// Attention written out in products (case C3) is one op, which need not store the scores. Runs late, so
// that slices and products have moved through the spelled form before.
pat 1;
import "sets.pat";

/// p with its last two entries exchanged.
fn turned(p: list) = p[0:-2] + [p[-1], p[-2]];

frag scaled(t) -> { by: float } = mul(t, s: const & scalar) => { by = item(s) }
                                | div(t, r: const & nonzero & scalar) => { by = 1 / item(r) }
                                | t => { by = 1.0 };

rule attention : finish, benefit 20, class real {
  match {
    t = permute(k, dims = p);
    s = matmul(q, t: [.., E, S]);
    a = softmax(scaled(s) as c, dim = e);
    y = matmul(a, v);
  }
  let o = turned([norm(d, rank(k)) for d in p]);
  where norm(e, rank(a)) == rank(a) - 1, rank(q) == rank(k), rank(v) == rank(k), rank(k) >= 3,
        rank(a) == rank(k), dim(a, -1) == S, shape(q)[0:-2] == shape(t)[0:-2],
        shape(v)[0:-2] == shape(t)[0:-2], is_float(dtype(q));
  rewrite {
    y = scaled_dot_product_attention(q, is_identity_perm(o) ? k : permute(k, dims = o), v,
                                     scale = c.by);
  }
}
/// With something added to the scores, as masks and position tables are.
rule attention_masked : finish, benefit 20, class real {
  match {
    t = permute(k, dims = p);
    s = matmul(q, t: [.., E, S]);
    u = add(scaled(s) as c, m);
    a = softmax(u, dim = e);
    y = matmul(a, v);
  }
  let o = turned([norm(d, rank(k)) for d in p]);
  where norm(e, rank(a)) == rank(a) - 1, rank(q) == rank(k), rank(v) == rank(k), rank(k) >= 3,
        rank(a) == rank(k), dim(a, -1) == S, shape(q)[0:-2] == shape(t)[0:-2],
        shape(v)[0:-2] == shape(t)[0:-2], is_float(dtype(q)), shape(u) == shape(s),
        dtype(m) == dtype(q);
  rewrite {
    y = scaled_dot_product_attention(q, is_identity_perm(o) ? k : permute(k, dims = o), v, m,
                                     scale = c.by);
  }
}

test "scale behind the product" for attention {
  graph (q: f32[2,3,5,4], k: f32[2,3,7,4], v: f32[2,3,7,6]) {
    const c: f32[] = dense[0.3];
    t = permute(k, dims=[0, 1, 3, -2]);
    s = matmul(q, t);
    m = mul(c, s);
    a = softmax(m, dim=-1);
    y = matmul(a, v);
    return y;
  }
  expect fired 1;
}
test "heads and keys turned at once, division" for attention {
  graph (q: f32[2,3,5,4], k: f32[2,7,3,4], v: f32[2,3,7,6]) {
    const c: f32[] = dense[2.5];
    t = permute(k, dims=[0, 2, 3, 1]);
    s = matmul(q, t);
    m = div(s, c);
    a = softmax(m, dim=3);
    y = matmul(a, v);
    return y;
  }
  expect fired 1;
}
test "softmax over the queries" for attention {
  graph (q: f32[2,3,7,4], k: f32[2,3,7,4], v: f32[2,3,7,6]) {
    t = permute(k, dims=[0, 1, 3, 2]);
    s = matmul(q, t);
    a = softmax(s, dim=2);
    y = matmul(a, v);
    return y;
  }
  expect no_match because "norm(e, rank(a)) == rank(a) - 1";
}
test "the weights are read" for attention {
  graph (q: f32[3,7,4], k: f32[3,7,4], v: f32[3,7,6]) {
    t = permute(k, dims=[0, 2, 1]);
    s = matmul(q, t);
    a = softmax(s, dim=2);
    y = matmul(a, v);
    return a, y;
  }
  expect no_match because "graph output";
}
test "a mask by column" for attention_masked {
  graph (q: f32[2,3,5,4], k: f32[2,3,7,4], v: f32[2,3,7,6], m: f32[2,1,1,7]) {
    const c: f32[] = dense[0.3];
    t = permute(k, dims=[0, 1, 3, 2]);
    s = matmul(q, t);
    u = mul(s, c);
    w = add(u, m);
    a = softmax(w, dim=-1);
    y = matmul(a, v);
    return y;
  }
  expect fired 1;
}
test "a mask that widens" for attention_masked {
  graph (q: f32[1,5,4], k: f32[1,7,4], v: f32[3,7,6], m: f32[3,1,7]) {
    t = permute(k, dims=[0, 2, 1]);
    s = matmul(q, t);
    w = add(s, m);
    a = softmax(w, dim=-1);
    y = matmul(a, v);
    return y;
  }
  expect no_match because "shape(v)[0:-2] == shape(t)[0:-2]";
}
