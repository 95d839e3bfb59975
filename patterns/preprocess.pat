// SPDX-License-Identifier: Apache-2.0
//
// Arithmetic in front of a convolution goes into it (case B3): pictures divided by 255, their mean and
// deviation, the order of their colours; and batch norm behind a concatenation (case B4). A padded
// convolution sees zeros, whatever was added inside: see `shift_conv_padded`. Batch norm in front of a
// convolution is in `conv_bn.pat`.
pat 1;
import "kernels.pat";
import "sets.pat";

/// w with input channels scaled by s, which has all channels of all groups.
fn scale_inputs(w: tensor, s: tensor, O: int, Q: int, K: int, L: int, g: int) =
    (w.reshape([g, floordiv(O, g), Q, K, L]) * s.reshape([g, 1, Q, 1, 1])).reshape([O, Q, K, L]);
/// What shift s of the inputs adds to each output channel where all of the kernel is inside.
fn shifted(w: tensor, s: tensor, O: int, Q: int, K: int, L: int, g: int) =
    sum(w.reshape([g, floordiv(O, g), Q, K, L]) * s.reshape([g, 1, Q, 1, 1]), [2, 3, 4])
        .reshape([O]);

/// Zero stays zero, so padding does not matter.
rule scale_conv : fold_forward, class real {
  match {
    y = mul(x: [_, C, _, _], c: const);
    z = conv2d(y, w: const[O, Q, K, L], b?, r?, groups = g, ..a);
  }
  where shape(x) == shape(y), by_channel(shape(c), C), O % g == 0;
  rewrite { z = conv2d(x, scale_inputs(w, spread(c, C), O, Q, K, L, g), b, r, groups = g, ..a); }
}
rule divide_conv : fold_forward, class real {
  match {
    y = div(x: [_, C, _, _], c: const & nonzero);
    z = conv2d(y, w: const[O, Q, K, L], b?, r?, groups = g, ..a);
  }
  where shape(x) == shape(y), by_channel(shape(c), C), O % g == 0, dtype(x) == dtype(y);
  rewrite {
    z = conv2d(x, scale_inputs(w, 1 / spread(c, C), O, Q, K, L, g), b, r, groups = g, ..a);
  }
}
frag plus(x, c) -> { sign: float } = add(x, c) => { sign = 1.0 } | sub(x, c) => { sign = 0 - 1.0 };
/// Without padding every output pixel gets the same.
rule shift_conv : fold_forward, class real {
  match {
    y = plus(x: [_, C, _, _], c: const) as k;
    z = conv2d(y, w: const[O, Q, K, L], b?: const[O], r?, groups = g, padding = p, ..a);
  }
  where shape(x) == shape(y), by_channel(shape(c), C), O % g == 0, all([v == 0 for v in p]);
  rewrite {
    z = conv2d(x, w, (b ?? zeros([O])) + shifted(w, spread(c, C) * k.sign, O, Q, K, L, g), r,
               groups = g, padding = p, ..a);
  }
}
/// With padding, pixels at the border get less: what the convolution makes of the shift itself is
/// added, as a constant picture. Only where that is not larger than the pass over the input it saves.
rule shift_conv_padded : fold_forward, class real {
  match {
    y = plus(x: [_, C, H, W], c: const) as k;
    z = conv2d(y, w: const[O, _, _, _], b?, groups = g, padding = p, act = "none", act_params = [],
               ..a);
  }
  where shape(x) == shape(y), by_channel(shape(c), C), dtype(w) == dtype(x);
  when any([v != 0 for v in p]), numel(z) <= 2 * numel(x), dim(z, 0) * H * W <= 4000000;
  rewrite {
    z = add(conv2d(x, w, b, groups = g, padding = p, act = "none", act_params = [], ..a),
            conv2d((spread(c, C) * k.sign).reshape([1, C, 1, 1]).expand([1, C, H, W]), w,
                   groups = g, padding = p, act = "none", act_params = [], ..a));
  }
}
/// BGR for RGB: the channels of the weight in the other order.
rule flip_conv : fold_forward, class real {
  match {
    y = flip(x: [_, _, _, _], dims = [d]);
    z = conv2d(y, w: const, b?, r?, groups = 1, ..a);
  }
  where norm(d, 4) == 1;
  rewrite { z = conv2d(x, flip(w, [1]), b, r, groups = 1, ..a); }
}

/// Batch norm behind a concatenation of convolutions: a piece of it behind each.
rule bn_cat : fold, benefit 20, class real {
  match {
    c = cat([a, e], dim = {1, -3});
    a = conv2d(u, v, f?, act = "none", act_params = [], ..p);
    e = conv2d(s, t, h?, act = "none", act_params = [], ..q);
    z = batch_norm(c, mean: const[C], var: const[C], gamma?: const[C], beta?: const[C], eps);
  }
  let A = dim(v, 0);
  rewrite {
    z = cat([batch_norm(conv2d(u, v, f, act = "none", act_params = [], ..p), slice(mean, 0, 0, A),
                        slice(var, 0, 0, A), has(gamma) ? slice(gamma ?? ones([C]), 0, 0, A) : none,
                        has(beta) ? slice(beta ?? zeros([C]), 0, 0, A) : none, eps = eps),
             batch_norm(conv2d(s, t, h, act = "none", act_params = [], ..q), slice(mean, 0, A, C),
                        slice(var, 0, A, C), has(gamma) ? slice(gamma ?? ones([C]), 0, A, C) : none,
                        has(beta) ? slice(beta ?? zeros([C]), 0, A, C) : none, eps = eps)],
            dim = 1);
  }
}

/// pixel_unshuffle, then a convolution: one of R times the size and stride (case B1).
rule unshuffle_conv : fold, benefit 50, class real {
  match {
    u = reshape(x: [N, C, H, W], shape = _);
    v = permute(u: [N, C, h, R, k, R], dims = [0, 1, 3, 5, 2, 4]);
    f = reshape(v, shape = _);
    y = conv2d(f: [N, Q, h, k], w: const[O, Q, K, L], b?, r?, stride = s, dilation = [1, 1],
               groups = 1, padding = p, ..a);
  }
  where h * R == H, k * R == W, Q == C * R * R;
  rewrite {
    y = conv2d(x,
               w.reshape([O, C, R, R, K, L]).permute([0, 1, 4, 2, 5, 3])
                   .reshape([O, C, K * R, L * R]),
               b, r, stride = [R * i for i in s], dilation = [1, 1], groups = 1,
               padding = [R * i for i in p], ..a);
  }
  verify {
    R in { 2, 3 };
    C in { 1, 2 };
    K in { 1, 2, 3 };
    L in { 1, 2 };
    h in { 2, 3 };
    k in { 2, 4 };
  }
}

test "a factor for each channel, groups, padding" for scale_conv {
  graph (x: f32[2,4,5,6]) {
    const c: f32[4,1,1] = file("random", "c");
    const w: f32[6,2,3,3] = file("random", "w");
    y = mul(c, x);
    z = conv2d(y, w, padding=[1, 1], groups=2, act="relu");
    return z;
  }
  expect fired 1;
}
test "a factor for each column" for scale_conv {
  graph (x: f32[2,4,5,6]) {
    const c: f32[6] = file("random", "c");
    const w: f32[6,4,3,3] = file("random", "w");
    y = mul(c, x);
    z = conv2d(y, w);
    return z;
  }
  expect no_match because "by_channel";
}
test "255" for divide_conv {
  graph (x: f32[2,4,5,6]) {
    const c: f32[] = dense[255];
    const w: f32[6,4,3,3] = file("random", "w");
    const b: f32[6] = file("random", "b");
    y = div(x, c);
    z = conv2d(y, w, b, padding=[1, 1, 0, 0]);
    return z;
  }
  expect fired 1;
}
test "rounding" for divide_conv {
  graph (x: f32[2,4,5,6]) {
    const c: f32[] = dense[255];
    const w: f32[6,4,3,3] = file("random", "w");
    y = div(x, c, rounding_mode="floor");
    z = conv2d(y, w);
    return z;
  }
  expect no_match because "rounding_mode";
}
test "a mean" for shift_conv {
  graph (x: f32[2,4,5,6]) {
    const c: f32[1,4,1,1] = file("random", "c");
    const w: f32[6,2,3,2] = file("random", "w");
    y = sub(x, c);
    z = conv2d(y, w, groups=2, stride=[2, 1]);
    return z;
  }
  expect fired 1;
}
test "a sum" for shift_conv {
  graph (x: f32[2,4,5,6]) {
    const c: f32[] = dense[0.5];
    const w: f32[6,4,3,2] = file("random", "w");
    const b: f32[6] = file("random", "b");
    y = add(c, x);
    z = conv2d(y, w, b);
    return z;
  }
  expect fired 1;
}
test "padding" for shift_conv {
  graph (x: f32[2,4,5,6]) {
    const c: f32[] = dense[0.5];
    const w: f32[6,4,3,2] = file("random", "w");
    y = add(c, x);
    z = conv2d(y, w, padding=[0, 1]);
    return z;
  }
  expect no_match because "v == 0";
}
test "the border" for shift_conv_padded {
  graph (x: f32[2,4,5,6]) {
    const c: f32[4,1,1] = file("random", "c");
    const w: f32[6,2,3,3] = file("random", "w");
    const b: f32[6] = file("random", "b");
    y = sub(x, c);
    z = conv2d(y, w, b, padding=[1, 2], stride=[2, 1], groups=2);
    return z;
  }
  expect fired 1;
}
test "too large a picture to add" for shift_conv_padded {
  graph (x: f32[2,2,5,6]) {
    const c: f32[] = dense[0.5];
    const w: f32[6,2,3,3] = file("random", "w");
    y = sub(x, c);
    z = conv2d(y, w, padding=[1, 1]);
    return z;
  }
  expect no_match because "2 * numel(x)";
}
test "colours" for flip_conv {
  graph (x: f32[2,3,5,6]) {
    const w: f32[6,3,3,3] = file("random", "w");
    y = flip(x, dims=[-3]);
    z = conv2d(y, w, padding=[1, 1]);
    return z;
  }
  expect fired 1;
}
test "rows" for flip_conv {
  graph (x: f32[2,3,5,6]) {
    const w: f32[6,3,3,3] = file("random", "w");
    y = flip(x, dims=[2]);
    z = conv2d(y, w);
    return z;
  }
  expect no_match because "== 1";
}
test "two convolutions" for bn_cat {
  graph (x: f32[2,3,5,6], u: f32[2,2,5,6]) {
    const w: f32[4,3,3,3] = file("random", "w");
    const v: f32[2,2,1,1] = file("random", "v");
    const m: f32[6] = file("random", "m");
    const s: f32[6] = file("positive", "s");
    const g: f32[6] = file("random", "g");
    a = conv2d(x, w, padding=[1, 1]);
    b = conv2d(u, v);
    c = cat(a, b, dim=1);
    z = batch_norm(c, m, s, g);
    return z;
  }
  expect fired 1;
}
test "joined along the rows" for bn_cat {
  graph (x: f32[2,3,5,6], u: f32[2,3,5,6]) {
    const w: f32[4,3,1,1] = file("random", "w");
    const m: f32[4] = file("random", "m");
    const s: f32[4] = file("positive", "s");
    a = conv2d(x, w);
    b = conv2d(u, w);
    c = cat(a, b, dim=2);
    z = batch_norm(c, m, s);
    return z;
  }
  expect no_match because "attribute `dim`";
}
test "three by three" for unshuffle_conv {
  graph (x: f32[2,2,9,6]) {
    const w: f32[5,18,2,3] = file("random", "w");
    const b: f32[5] = file("random", "b");
    u = reshape(x, shape=[2, 2, 3, 3, 2, 3]);
    v = permute(u, dims=[0, 1, 3, 5, 2, 4]);
    f = reshape(v, shape=[2, 18, 3, 2]);
    y = conv2d(f, w, b, padding=[1, 1], stride=[1, 2], act="relu");
    return y;
  }
  expect fired 1;
}
test "columns before rows" for unshuffle_conv {
  graph (x: f32[2,2,4,4]) {
    const w: f32[5,8,1,1] = file("random", "w");
    u = reshape(x, shape=[2, 2, 2, 2, 2, 2]);
    v = permute(u, dims=[0, 1, 5, 3, 2, 4]);
    f = reshape(v, shape=[2, 8, 2, 2]);
    y = conv2d(f, w);
    return y;
  }
  expect no_match because "attribute `dims`";
}
