// SPDX-License-Identifier: Apache-2.0
//
// Slices of features and channels go into the weights that make them (case A6): the classes of a
// detector that nobody reads, the masks that are not shown, the unused half of a gate.
pat 1;
import "sets.pat";

rule slice_linear_features : push, class real {
  match {
    y = linear(x, w: const[O, _], b?: const[O], act, act_params);
    z = slice(y, dim = d, start = s, end = e, step = t);
  }
  where norm(d, rank(y)) == rank(y) - 1;
  when numel(z) < numel(y);
  rewrite {
    z = linear(x, slice(w, 0, s, e, t), has(b) ? slice(b ?? zeros([O]), 0, s, e, t) : none,
               act = act, act_params = act_params);
  }
}
/// Ranges of one product that do not cover it: what is not read is not computed.
rule narrow_linear : push, class real {
  match {
    keep y = linear(x, w: const[O, _], b?: const[O], act, act_params);
    all zs[i in 2..] = slice(y, dim = ds[i], start = ss[i], end = es[i], step = 1);
  }
  let B = b ?? zeros([O]);
  let lengths = [es[i] - ss[i] for i];
  let off = prefix_sum(lengths);
  where all([norm(d, rank(y)) == rank(y) - 1 for d in ds[*]]), all([s >= 0 for s in ss[*]]),
        all([es[i] > ss[i] for i]), all([e <= O for e in es[*]]);
  when sum(lengths) < O;
  rewrite {
    n = linear(x, cat([slice(w, 0, ss[i], es[i]) for i], 0),
               has(b) ? cat([slice(B, 0, ss[i], es[i]) for i], 0) : none, act = act,
               act_params = act_params);
    zs[i] = slice(n, dim = ds[i], start = off[i], end = off[i] + es[i] - ss[i], step = 1);
  }
}
/// Some rows of some features, beside others: a product of their own. So the query of one row leaves
/// a merged product for queries, keys and values (A3), which `narrow_linear` then makes smaller.
rule unmerge_rows : push, class real {
  match {
    keep y = linear(x, w: const[O, _], b?: const[O], act, act_params);
    r = slice(y, dim = c, ..rows);
    z = slice(r, dim = d, start = s, end = e, step = t);
  }
  where norm(d, rank(y)) == rank(y) - 1, norm(c, rank(y)) < rank(y) - 1;
  when uses(y) > 1, 2 * numel(r) < numel(y);
  rewrite {
    z = linear(slice(x, dim = c, ..rows), slice(w, 0, s, e, t),
               has(b) ? slice(b ?? zeros([O]), 0, s, e, t) : none, act = act,
               act_params = act_params);
  }
}

rule slice_conv_channels : push, class real {
  match {
    y = conv2d(x, w: const[O, _, _, _], b?: const[O], groups = 1, ..a);
    z = slice(y, dim = d, start = s, end = e, step = t);
  }
  where norm(d, rank(y)) == 1;
  when numel(z) < numel(y);
  rewrite {
    z = conv2d(x, slice(w, 0, s, e, t), has(b) ? slice(b ?? zeros([O]), 0, s, e, t) : none,
               groups = 1, ..a);
  }
}
/// One input channel for each output channel: the slice goes on to the input.
rule slice_depthwise_channels : push, class real {
  match {
    y = conv2d(x: [_, G, _, _], w: const[G, 1, _, _], b?: const[G], groups = G, ..a);
    z = slice(y, dim = d, start = s, end = e, step = t);
  }
  let n = dim(z, 1);
  where norm(d, rank(y)) == 1, G > 1, n > 0;
  when numel(z) < numel(y);
  rewrite {
    z = conv2d(slice(x, dim = 1, start = s, end = e, step = t), slice(w, 0, s, e, t),
               has(b) ? slice(b ?? zeros([G]), 0, s, e, t) : none, groups = n, ..a);
  }
}
rule slice_deconv_channels : push, class real {
  match {
    y = conv_transpose2d(x, w: const[_, O, _, _], b?: const[O], groups = 1, ..a);
    z = slice(y, dim = d, start = s, end = e, step = t);
  }
  where norm(d, rank(y)) == 1;
  when numel(z) < numel(y);
  rewrite {
    z = conv_transpose2d(x, slice(w, 1, s, e, t),
                         has(b) ? slice(b ?? zeros([O]), 0, s, e, t) : none, groups = 1, ..a);
  }
}
rule slice_batch_norm_channels : push, class exact {
  match {
    y = batch_norm(x, mean: const[O], var: const[O], g?: const[O], b?: const[O], eps);
    z = slice(y, dim = d, start = s, end = e, step = t);
  }
  where norm(d, rank(y)) == 1;
  when numel(z) < numel(y);
  rewrite {
    z = batch_norm(slice(x, dim = 1, start = s, end = e, step = t), slice(mean, 0, s, e, t),
                   slice(var, 0, s, e, t), has(g) ? slice(g ?? ones([O]), 0, s, e, t) : none,
                   has(b) ? slice(b ?? zeros([O]), 0, s, e, t) : none, eps = eps);
  }
}
/// Ops that treat each channel by itself.
rule slice_plane_channels for f in { max_pool2d, avg_pool2d, adaptive_avg_pool2d,
                                     adaptive_max_pool2d, upsample_nearest2d, upsample_bilinear2d,
                                     upsample_bicubic2d }
    : push, class exact {
  match {
    y = f(x, ..a);
    z = slice(y, dim = d, ..r);
  }
  where norm(d, rank(x)) == 1;
  when numel(z) < numel(y);
  rewrite { z = f(slice(x, dim = d, ..r), ..a); }
}

/// Features and channels that are listed, as an application does that wants two classes of eighty.
rule take_linear_features : push, class real {
  match {
    y = linear(x, w: const[O, _], b?: const[O], act, act_params);
    z = index_select(y, i: const, dim = d);
  }
  let l = ints(i);
  where norm(d, rank(y)) == rank(y) - 1, rank(i) == 1, all([v >= 0 && v < O for v in l]);
  when numel(z) < numel(y);
  rewrite {
    z = linear(x, index_select(w, 0, l), has(b) ? index_select(b ?? zeros([O]), 0, l) : none,
               act = act, act_params = act_params);
  }
}
rule take_conv_channels : push, class real {
  match {
    y = conv2d(x, w: const[O, _, _, _], b?: const[O], groups = 1, ..a);
    z = index_select(y, i: const, dim = d);
  }
  let l = ints(i);
  where norm(d, rank(y)) == 1, rank(i) == 1, all([v >= 0 && v < O for v in l]);
  when numel(z) < numel(y);
  rewrite {
    z = conv2d(x, index_select(w, 0, l), has(b) ? index_select(b ?? zeros([O]), 0, l) : none,
               groups = 1, ..a);
  }
}

test "every second feature" for slice_linear_features {
  graph (x: f32[2,5,3]) {
    const w: f32[7,3] = file("random", "w");
    const b: f32[7] = file("random", "b");
    y = linear(x, w, b, act="sigmoid");
    z = slice(y, dim=-1, start=1, end=7, step=2);
    return z;
  }
  expect fired 1;
}
test "no bias" for slice_linear_features {
  graph (x: f32[5,3]) {
    const w: f32[7,3] = file("random", "w");
    y = linear(x, w);
    z = slice(y, dim=1, start=-2);
    return z;
  }
  expect fired 1;
}
test "rows" for slice_linear_features {
  graph (x: f32[5,3]) {
    const w: f32[7,3] = file("random", "w");
    y = linear(x, w);
    z = slice(y, dim=0, start=2);
    return z;
  }
  expect no_match because "rank(y) - 1";
}
test "a gap in the middle" for narrow_linear {
  graph (x: f32[2,5,3]) {
    const w: f32[9,3] = file("random", "w");
    const b: f32[9] = file("random", "b");
    y = linear(x, w, b);
    a = slice(y, dim=2, start=6, end=9);
    c = slice(y, dim=-1, start=1, end=4);
    return a, c;
  }
  expect fired 1;
}
test "three parts of four" for narrow_linear {
  graph (x: f32[5,3]) {
    const w: f32[9,3] = file("random", "w");
    y = linear(x, w, act="silu");
    a = slice(y, dim=1, start=0, end=2);
    c = slice(y, dim=1, start=3, end=5);
    d = slice(y, dim=1, start=8, end=9);
    return a, c, d;
  }
  expect fired 1;
}
test "overlapping ranges" for narrow_linear {
  graph (x: f32[5,3]) {
    const w: f32[9,3] = file("random", "w");
    y = linear(x, w);
    a = slice(y, dim=1, start=0, end=6);
    c = slice(y, dim=1, start=4, end=8);
    return a, c;
  }
  expect no_match because "sum(lengths) < O";
}
test "a third reader" for narrow_linear {
  graph (x: f32[5,3]) {
    const w: f32[9,3] = file("random", "w");
    y = linear(x, w);
    a = slice(y, dim=1, start=0, end=2);
    c = slice(y, dim=1, start=4, end=8);
    d = relu(y);
    return a, c, d;
  }
  expect no_match;
}
test "the query of one row" for unmerge_rows {
  graph (x: f32[2,5,3]) {
    const w: f32[12,3] = file("random", "w");
    const b: f32[12] = file("random", "b");
    y = linear(x, w, b);
    r = slice(y, dim=1, start=0, end=1);
    z = slice(r, dim=2, start=0, end=4);
    k = slice(y, dim=2, start=4, end=12);
    return z, k;
  }
  expect fired 1;
}
test "nobody else reads it" for unmerge_rows {
  graph (x: f32[2,5,3]) {
    const w: f32[12,3] = file("random", "w");
    y = linear(x, w);
    r = slice(y, dim=1, start=0, end=1);
    z = slice(r, dim=2, start=0, end=4);
    return z;
  }
  expect no_match because "uses(y) > 1";
}
test "classes" for slice_conv_channels {
  graph (x: f32[2,3,5,4]) {
    const w: f32[7,3,3,2] = file("random", "w");
    const b: f32[7] = file("random", "b");
    y = conv2d(x, w, b, stride=[2, 1], padding=[1, 0], act="relu");
    z = slice(y, dim=-3, start=0, end=6, step=5);
    return z;
  }
  expect fired 1;
}
test "groups" for slice_conv_channels {
  graph (x: f32[2,4,5,4]) {
    const w: f32[6,2,3,2] = file("random", "w");
    y = conv2d(x, w, groups=2);
    z = slice(y, dim=1, start=0, end=3);
    return z;
  }
  expect no_match because "attribute `groups`";
}
test "depthwise" for slice_depthwise_channels {
  graph (x: f32[2,6,5,4]) {
    const w: f32[6,1,3,2] = file("random", "w");
    const b: f32[6] = file("random", "b");
    y = conv2d(x, w, b, groups=6, dilation=[2, 1]);
    z = slice(y, dim=1, start=1, end=6, step=2);
    return z;
  }
  expect fired 1;
}
test "two for each input" for slice_depthwise_channels {
  graph (x: f32[2,3,5,4]) {
    const w: f32[6,1,3,2] = file("random", "w");
    y = conv2d(x, w, groups=3);
    z = slice(y, dim=1, start=0, end=2);
    return z;
  }
  expect no_match;
}
test "transposed" for slice_deconv_channels {
  graph (x: f32[2,3,5,4]) {
    const w: f32[3,4,3,2] = file("random", "w");
    const b: f32[4] = file("random", "b");
    y = conv_transpose2d(x, w, b, stride=[2, 1]);
    z = slice(y, dim=1, start=1, end=3);
    return z;
  }
  expect fired 1;
}
test "transposed, rows" for slice_deconv_channels {
  graph (x: f32[2,3,5,4]) {
    const w: f32[3,4,3,2] = file("random", "w");
    y = conv_transpose2d(x, w);
    z = slice(y, dim=2, start=1, end=3);
    return z;
  }
  expect no_match because "== 1";
}
test "its parameters" for slice_batch_norm_channels {
  graph (x: f32[2,5,3]) {
    const m: f32[5] = file("random", "m");
    const v: f32[5] = file("positive", "v");
    const b: f32[5] = file("random", "b");
    y = batch_norm(x, m, v, none, b, eps=0.01);
    z = slice(y, dim=1, start=3);
    return z;
  }
  expect fired 1;
}
test "samples" for slice_batch_norm_channels {
  graph (x: f32[2,5,3]) {
    const m: f32[5] = file("random", "m");
    const v: f32[5] = file("positive", "v");
    y = batch_norm(x, m, v);
    z = slice(y, dim=0, start=1);
    return z;
  }
  expect no_match because "== 1";
}
test "planes" for slice_plane_channels {
  graph (x: f32[2,5,3,4]) { y = upsample_bilinear2d(x, output_size=[6, 5]); z = slice(y, dim=1, end=2); return z; }
  expect fired 1;
}
test "pixels" for slice_plane_channels {
  graph (x: f32[2,5,3,4]) { y = upsample_bilinear2d(x, output_size=[6, 5]); z = slice(y, dim=3, end=2); return z; }
  expect no_match because "== 1";
}

test "two, in another order" for take_linear_features {
  graph (x: f32[2,5,3]) {
    const i: i64[2] = dense[6, 1];
    const w: f32[7,3] = file("random", "w");
    const b: f32[7] = file("random", "b");
    y = linear(x, w, b, act="relu");
    z = index_select(y, i, dim=-1);
    return z;
  }
  expect fired 1;
}
test "chosen at run time" for take_linear_features {
  graph (x: f32[2,5,3], i: i64[2]) {
    const w: f32[7,3] = file("random", "w");
    y = linear(x, w);
    z = index_select(y, i, dim=-1);
    return z;
  }
  expect no_match because "must be a constant";
}
test "two classes of seven" for take_conv_channels {
  graph (x: f32[2,3,5,4]) {
    const i: i64[2] = dense[0, 5];
    const w: f32[7,3,3,2] = file("random", "w");
    y = conv2d(x, w, stride=[2, 1], padding=[1, 0]);
    z = index_select(y, i, dim=1);
    return z;
  }
  expect fired 1;
}
test "more than there are" for take_conv_channels {
  graph (x: f32[2,3,5,4]) {
    const i: i64[3] = dense[0, 1, 1];
    const w: f32[2,3,3,2] = file("random", "w");
    y = conv2d(x, w);
    z = index_select(y, i, dim=1);
    return z;
  }
  expect no_match because "numel(z) < numel(y)";
}
