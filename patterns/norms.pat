// SPDX-License-Identifier: Apache-2.0
//
// Rows made unit vectors and channels normalised in groups, written out; affine parts of
// normalisations, folded into the linear op behind. Layer norm and RMS norm are in spell_norm.pat.
pat 1;
import "sets.pat";

frag squared(x) = mul(x, x) | pow(x, 2);
/// x / sqrt(sum(x^2) + eps): the length of each row made one.
rule l2_normalize : spell, benefit 20, class real {
  match {
    v = sum(squared(x), dim = [d], keepdim = true);
    y = (div(x, sqrt(add(v, e: const & scalar & nonnegative)))
         | mul(x, rsqrt(add(v, e: const & scalar & nonnegative))));
  }
  where norm(d, rank(x)) == rank(x) - 1, dim(x, -1) > 0, shape(x) == shape(y);
  let n = dim(x, -1);
  rewrite {
    y = rms_norm(x, full([n], 1.0 / sqrt(n)), normalized_shape = [n], eps = item(e) / (1.0 * n));
  }
}

/// Groups of channels laid out in a row, normalised, and laid back.
rule group_norm : spell, benefit 20, class real {
  match {
    r = reshape(x: [N, C, ..], shape = _);
    n = (layer_norm(r: [N, G, K], normalized_shape = [K], eps = e));
    y = reshape(n, shape = _);
  }
  where shape(x) == shape(y), G > 0 && C % G == 0, K > 0;
  rewrite { y = group_norm(x, num_groups = G, eps = e); }
}
rule group_norm_instance : spell, benefit 20, class real {
  match {
    r = reshape(x: [N, C, ..], shape = _);
    n = instance_norm(r: [N, G, K], w?: const, b?: const, eps = e);
    y = reshape(n, shape = _);
  }
  where shape(x) == shape(y), G > 0 && C % G == 0, K > 0;
  let w2 = (w ?? ones([G]))[:, None].expand([G, C / G]).reshape([C]);
  let b2 = (b ?? zeros([G]))[:, None].expand([G, C / G]).reshape([C]);
  rewrite { y = group_norm(x, w2, b2, num_groups = G, eps = e); }
}
/// Weight and bias of each channel behind a group norm.
fn channel_shaped(s: list, r: int, C: int) =
    prod(s) == C && len(s) >= r - 1 && s[len(s) - r + 1] == C;
rule group_norm_weight : spell, class real {
  match {
    n = group_norm(x: [_, C, ..], w?: const, b?: const, num_groups = g, eps = e);
    y = mul(n, c: const);
  }
  where shape(n) == shape(y), channel_shaped(shape(c), rank(x), C);
  let k = c.reshape([C]);
  rewrite {
    y = group_norm(x, (w ?? ones([C])) * k, has(b) ? b * k : none, num_groups = g, eps = e);
  }
}
rule group_norm_bias : spell, class real {
  match {
    n = group_norm(x: [_, C, ..], w?: const, b?: const, num_groups = g, eps = e);
    y = add(n, c: const);
  }
  where shape(n) == shape(y), channel_shaped(shape(c), rank(x), C);
  rewrite {
    y = group_norm(x, w ?? ones([C]), (b ?? zeros([C])) + c.reshape([C]), num_groups = g, eps = e);
  }
}

/// The affine part of a normalisation goes into the linear op behind, when that is the only one.
/// Runs late, so that parallel linear ops are one by then.
rule norm_linear : merge, class real {
  match {
    n = layer_norm(x, g: const[I], b?: const[I], normalized_shape = k, eps = e);
    y = linear(n, w: const[O, I], c?: const[O], ..a);
  }
  rewrite {
    y = linear(layer_norm(x, normalized_shape = k, eps = e), w * g[None, :],
               has(b) ? matmul(w, b ?? zeros([I])) + (c ?? zeros([O])) : c, ..a);
  }
}
/// Several linear ops read it, and nothing else does.
rule norm_linears : merge, class real {
  match {
    n = layer_norm(x, g: const[I], b?: const[I], normalized_shape = k, eps = e);
    all ys[i in 2..] = linear(n, ws[i]: const[os[i], I], cs[i]?: const[os[i]], act = as [i],
                              act_params = ps[i]);
  }
  rewrite {
    m = layer_norm(x, normalized_shape = k, eps = e);
    ys[i] = linear(m, ws[i] * g[None, :],
                   has(b) ? matmul(ws[i], b ?? zeros([I])) + (cs[i] ?? zeros([os[i]])) : cs[i],
                   act = as [i], act_params = ps[i]);
  }
}
rule rms_norm_linear : merge, class real {
  match {
    n = rms_norm(x, g: const[I], normalized_shape = k, eps = e);
    y = linear(n, w: const[O, I], c?, ..a);
  }
  rewrite { y = linear(rms_norm(x, normalized_shape = k, eps = e), w * g[None, :], c, ..a); }
}

test "unit rows" for l2_normalize {
  graph (x: f32[2,5,7]) {
    const eps: f32[] = dense[0.01];
    q = mul(x, x); v = sum(q, dim=[-1], keepdim=true); s = add(v, eps); r = sqrt(s);
    y = div(x, r); return y;
  }
  expect fired 1;
}
test "unit columns" for l2_normalize {
  graph (x: f32[2,5,7]) {
    const eps: f32[] = dense[0.01];
    q = mul(x, x); v = sum(q, dim=[1], keepdim=true); s = add(v, eps); r = sqrt(s);
    y = div(x, r); return y;
  }
  expect no_match because "norm(d, rank(x))";
}
test "three groups" for group_norm {
  graph (x: f32[2,6,5,3]) {
    r = reshape(x, shape=[2,3,-1]); n = layer_norm(r, normalized_shape=[30], eps=0.01);
    y = reshape(n, shape=[2,6,5,3]); return y;
  }
  expect fired 1;
}
test "half of a channel" for group_norm {
  graph (x: f32[2,3,4,2]) {
    r = reshape(x, shape=[2,6,-1]); n = layer_norm(r, normalized_shape=[4], eps=0.01);
    y = reshape(n, shape=[2,3,4,2]); return y;
  }
  expect no_match because "C % G == 0";
}
test "as exported" for group_norm_instance {
  graph (x: f32[2,6,5,3]) {
    const w: f32[3] = file("random", "w");
    const b: f32[3] = file("random", "b");
    r = reshape(x, shape=[2,3,-1]); n = instance_norm(r, w, b, eps=0.01);
    y = reshape(n, shape=[2,6,5,3]); return y;
  }
  expect fired 1;
}
test "laid out otherwise" for group_norm_instance {
  graph (x: f32[2,6,5,3]) {
    r = reshape(x, shape=[2,3,-1]); n = instance_norm(r, eps=0.01);
    y = reshape(n, shape=[2,6,3,5]); return y;
  }
  expect no_match because "shape(x) == shape(y)";
}
test "by channel" for group_norm_weight {
  graph (x: f32[2,6,5,3]) {
    const c: f32[1,6,1,1] = file("random", "c");
    const w: f32[6] = file("random", "w");
    const b: f32[6] = file("random", "b");
    n = group_norm(x, w, b, num_groups=2); y = mul(c, n); return y;
  }
  expect fired 1;
}
test "by column" for group_norm_weight {
  graph (x: f32[2,6,5,6]) {
    const c: f32[6] = file("random", "c");
    n = group_norm(x, num_groups=2); y = mul(c, n); return y;
  }
  expect no_match because "channel_shaped";
}
test "by channel" for group_norm_bias {
  graph (x: f32[2,6,5]) {
    const c: f32[6,1] = file("random", "c");
    n = group_norm(x, num_groups=2); y = add(c, n); return y;
  }
  expect fired 1;
}
test "by column" for group_norm_bias {
  graph (x: f32[2,6,6]) {
    const c: f32[6] = file("random", "c");
    n = group_norm(x, num_groups=2); y = add(c, n); return y;
  }
  expect no_match because "channel_shaped";
}
test "bias on both" for norm_linear {
  graph (x: f32[2,5,7]) {
    const g: f32[7] = file("random", "g");
    const b: f32[7] = file("random", "b");
    const w: f32[3,7] = file("random", "w");
    const c: f32[3] = file("random", "c");
    n = layer_norm(x, g, b, normalized_shape=[7]); y = linear(n, w, c, act="relu"); return y;
  }
  expect fired 1;
}
test "no bias at all" for norm_linear {
  graph (x: f32[2,5,7]) {
    const g: f32[7] = file("random", "g");
    const w: f32[3,7] = file("random", "w");
    n = layer_norm(x, g, normalized_shape=[7]); y = linear(n, w); return y;
  }
  expect fired 1;
}
test "also a residual" for norm_linear {
  graph (x: f32[2,5,7]) {
    const g: f32[7] = file("random", "g");
    const w: f32[7,7] = file("random", "w");
    n = layer_norm(x, g, normalized_shape=[7]); y = linear(n, w); z = add(y, n); return z;
  }
  expect no_match because "no uses outside";
}
test "queries, keys and values" for norm_linears {
  graph (x: f32[2,5,7]) {
    const g: f32[7] = file("random", "g");
    const b: f32[7] = file("random", "b");
    const u: f32[3,7] = file("random", "u");
    const v: f32[4,7] = file("random", "v");
    const c: f32[4] = file("random", "c");
    const w: f32[1,7] = file("random", "w");
    n = layer_norm(x, g, b, normalized_shape=[7]);
    q = linear(n, u);
    k = linear(n, v, c, act="relu");
    p = linear(n, w);
    return q, k, p;
  }
  expect fired 1;
}
test "also a residual" for norm_linears {
  graph (x: f32[2,5,7]) {
    const g: f32[7] = file("random", "g");
    const u: f32[7,7] = file("random", "u");
    const v: f32[4,7] = file("random", "v");
    n = layer_norm(x, g, normalized_shape=[7]);
    q = linear(n, u);
    k = linear(n, v);
    r = add(q, n);
    return r, k;
  }
  expect no_match;
}
test "no bias" for rms_norm_linear {
  graph (x: f32[2,5,7]) {
    const g: f32[7] = file("random", "g");
    const w: f32[3,7] = file("random", "w");
    n = rms_norm(x, g, normalized_shape=[7], eps=0.01); y = linear(n, w); return y;
  }
  expect fired 1;
}
test "used twice" for rms_norm_linear {
  graph (x: f32[2,5,7]) {
    const g: f32[7] = file("random", "g");
    const w: f32[3,7] = file("random", "w");
    n = rms_norm(x, g, normalized_shape=[7], eps=0.01); y = linear(n, w); return y, n;
  }
  expect no_match;
}
