// SPDX-License-Identifier: Apache-2.0
//
// 1x1 convolutions and products move over what acts on each channel alone (case A4): a resize, whose
// weights sum to one, and a concatenation, over which they split into a sum. What is computed at the
// higher resolution then only adds.
pat 1;
import "sets.pat";

/// A 1x1 convolution behind an upsampling: at the low resolution. An interpolated bias is the bias.
rule conv1x1_upsample for f in { upsample_nearest2d, upsample_bilinear2d, upsample_bicubic2d }
    : fold, class real {
  match {
    u = f(x, ..a);
    y = conv2d(u, w: const[O, _, 1, 1], b?: const[O], stride = [1, 1], padding = p, groups = g,
               dilation = dl);
  }
  where all([v == 0 for v in p]);
  when 2 * numel(x) <= numel(u), numel(y) <= 4 * numel(u);
  rewrite {
    y = f(conv2d(x, w, b, stride = [1, 1], padding = p, groups = g, dilation = dl), ..a);
  }
}
/// An adaptive or plain mean over windows in front of the convolution rather than behind it: fewer
/// pixels. Padding must not count, because the bias is not padded.
rule avg_pool_conv1x1 : fold, class real {
  match {
    y = conv2d(x, w: const[O, _, 1, 1], b?: const[O], stride = [1, 1], padding = p, groups = g,
               dilation = dl);
    z = avg_pool2d(y, kernel_size = k, stride = s, padding = [0, 0], ceil_mode = false,
                   count_include_pad = _);
  }
  where all([v == 0 for v in p]);
  when 2 * numel(z) <= numel(y), dim(x, 1) <= 2 * O;
  rewrite {
    z = conv2d(avg_pool2d(x, kernel_size = k, stride = s, padding = [0, 0], ceil_mode = false,
                          count_include_pad = true),
               w, b, stride = [1, 1], padding = p, groups = g, dilation = dl);
  }
}
rule adaptive_pool_conv1x1 : fold, class real {
  match {
    y = conv2d(x, w: const[O, _, 1, 1], b?: const[O], stride = [1, 1], padding = p, groups = g,
               dilation = dl);
    z = adaptive_avg_pool2d(y, output_size = s);
  }
  where all([v == 0 for v in p]);
  when 2 * numel(z) <= numel(y), dim(x, 1) <= 2 * O;
  rewrite {
    z = conv2d(adaptive_avg_pool2d(x, output_size = s), w, b, stride = [1, 1], padding = p,
               groups = g, dilation = dl);
  }
}

/// A piece of a concatenation that is upsampled gets a convolution of its own, at its resolution; the
/// others keep theirs, with the bias. One rule for each place that the piece may have.
rule conv1x1_cat_first for f in { upsample_nearest2d, upsample_bilinear2d, upsample_bicubic2d }
    : fold, class real {
  match {
    u = f(x, ..a);
    c = cat([u:[_, A, _, _], q, ..xs], dim = {1, -3});
    y = conv2d(c, w: const[O, C, 1, 1], b?: const[O], stride = [1, 1], padding = p, dilation = dl);
  }
  where all([v == 0 for v in p]);
  when 2 * numel(x) <= numel(u), O <= 4 * A;
  rewrite {
    y = add(conv2d(cat([q, ..xs], dim = 1), w[:, A:C], b, stride = [1, 1], padding = p,
                   dilation = dl),
            f(conv2d(x, w[:, 0:A], stride = [1, 1], padding = p, dilation = dl), ..a));
  }
}
rule conv1x1_cat_second for f in { upsample_nearest2d, upsample_bilinear2d, upsample_bicubic2d }
    : fold, class real {
  match {
    u = f(x, ..a);
    c = cat([q:[_, B, _, _], u:[_, A, _, _], ..xs], dim = {1, -3});
    y = conv2d(c, w: const[O, C, 1, 1], b?: const[O], stride = [1, 1], padding = p, dilation = dl);
  }
  where all([v == 0 for v in p]);
  when 2 * numel(x) <= numel(u), O <= 4 * A;
  rewrite {
    y = add(conv2d(cat([q, ..xs], dim = 1), cat([w[:, 0:B], w[:, A + B:C]], 1), b, stride = [1, 1],
                   padding = p, dilation = dl),
            f(conv2d(x, w[:, B:A + B], stride = [1, 1], padding = p, dilation = dl), ..a));
  }
}
rule conv1x1_cat_third for f in { upsample_nearest2d, upsample_bilinear2d, upsample_bicubic2d }
    : fold, class real {
  match {
    u = f(x, ..a);
    c = cat([q:[_, B, _, _], r:[_, D, _, _], u:[_, A, _, _], ..xs], dim = {1, -3});
    y = conv2d(c, w: const[O, C, 1, 1], b?: const[O], stride = [1, 1], padding = p, dilation = dl);
  }
  let E = B + D;
  where all([v == 0 for v in p]);
  when 2 * numel(x) <= numel(u), O <= 4 * A;
  rewrite {
    y = add(conv2d(cat([q, r, ..xs], dim = 1), cat([w[:, 0:E], w[:, A + E:C]], 1), b,
                   stride = [1, 1], padding = p, dilation = dl),
            f(conv2d(x, w[:, E:A + E], stride = [1, 1], padding = p, dilation = dl), ..a));
  }
}
/// A concatenation of one piece, which is what remains in the end.
rule cat_of_one : fold, class exact {
  match { y = cat([x], dim = _); }
  rewrite { y = x; }
}

/// The features of tokens as the channels of a picture: a 1x1 convolution of it is a product of the
/// tokens. As in SegFormer's head, where the product then meets another one.
rule conv1x1_tokens : fold, class real {
  match {
    y = linear(x: [N, _, _], v: const[P, I], d?: const[P]);
    t = reshape(permute(y, dims = [0, 2, 1]), shape = _);
    z = conv2d(t: [N, C, H, W], w: const[O, C, 1, 1], b?: const[O], stride = [1, 1], padding = p,
               dilation = _);
  }
  where C == P, all([v == 0 for v in p]);
  when I * O <= I * P + P * O;
  rewrite {
    z = reshape(permute(linear(linear(x, v, d), w.reshape([O, C]), b), dims = [0, 2, 1]),
                shape = [N, O, H, W]);
  }
}

test "bilinear, aligned corners, bias" for conv1x1_upsample {
  graph (x: f32[2,3,4,5]) {
    const w: f32[2,3,1,1] = file("random", "w");
    const b: f32[2] = file("random", "b");
    u = upsample_bilinear2d(x, output_size=[7, 12], align_corners=true);
    y = conv2d(u, w, b);
    return y;
  }
  expect fired 1;
}
test "nearest, groups" for conv1x1_upsample {
  graph (x: f32[2,4,4,5]) {
    const w: f32[6,2,1,1] = file("random", "w");
    u = upsample_nearest2d(x, output_size=[8, 11], scales=[2.0, 2.2]);
    y = conv2d(u, w, groups=2);
    return y;
  }
  expect fired 1;
}
test "bicubic" for conv1x1_upsample {
  graph (x: f32[2,4,4,5]) {
    const w: f32[6,4,1,1] = file("random", "w");
    const b: f32[6] = file("random", "b");
    u = upsample_bicubic2d(x, output_size=[8, 11]);
    y = conv2d(u, w, b);
    return y;
  }
  expect fired 1;
}
test "a 3x3" for conv1x1_upsample {
  graph (x: f32[2,3,4,5]) {
    const w: f32[2,3,3,3] = file("random", "w");
    u = upsample_bilinear2d(x, output_size=[8, 10]);
    y = conv2d(u, w, padding=[1, 1]);
    return y;
  }
  expect no_match because "dimension 2 must be 1";
}
test "padded" for conv1x1_upsample {
  graph (x: f32[2,3,4,5]) {
    const w: f32[2,3,1,1] = file("random", "w");
    u = upsample_bilinear2d(x, output_size=[8, 10]);
    y = conv2d(u, w, padding=[0, 1]);
    return y;
  }
  expect no_match because "v == 0";
}
test "downsampling" for conv1x1_upsample {
  graph (x: f32[2,3,8,10]) {
    const w: f32[2,3,1,1] = file("random", "w");
    u = upsample_bilinear2d(x, output_size=[4, 5]);
    y = conv2d(u, w);
    return y;
  }
  expect no_match because "2 * numel(x) <= numel(u)";
}
test "mean of windows" for avg_pool_conv1x1 {
  graph (x: f32[2,4,6,9]) {
    const w: f32[6,2,1,1] = file("random", "w");
    const b: f32[6] = file("random", "b");
    y = conv2d(x, w, b, groups=2);
    z = avg_pool2d(y, kernel_size=[2, 3], stride=[2, 3]);
    return z;
  }
  expect fired 1;
}
test "padding of the mean" for avg_pool_conv1x1 {
  graph (x: f32[2,4,6,9]) {
    const w: f32[6,4,1,1] = file("random", "w");
    y = conv2d(x, w);
    z = avg_pool2d(y, kernel_size=[2, 3], stride=[2, 3], padding=[1, 1]);
    return z;
  }
  expect no_match because "attribute `padding`";
}
test "global mean" for adaptive_pool_conv1x1 {
  graph (x: f32[2,4,6,9]) {
    const w: f32[6,4,1,1] = file("random", "w");
    const b: f32[6] = file("random", "b");
    y = conv2d(x, w, b);
    z = adaptive_avg_pool2d(y, output_size=[1, 2]);
    return z;
  }
  expect fired 1;
}
test "an activation between" for adaptive_pool_conv1x1 {
  graph (x: f32[2,4,6,9]) {
    const w: f32[6,4,1,1] = file("random", "w");
    y = conv2d(x, w, act="relu");
    z = adaptive_avg_pool2d(y, output_size=[1, 1]);
    return z;
  }
  expect no_match because "attribute `act`";
}
test "the first of three" for conv1x1_cat_first {
  graph (x: f32[2,3,2,3], p: f32[2,2,4,7], q: f32[2,1,4,7]) {
    const w: f32[5,6,1,1] = file("random", "w");
    const b: f32[5] = file("random", "b");
    u = upsample_bilinear2d(x, output_size=[4, 7]);
    c = cat(u, p, q, dim=-3);
    y = conv2d(c, w, b);
    return y;
  }
  expect fired 1;
}
test "the upsampled one is an output" for conv1x1_cat_first {
  graph (x: f32[2,3,2,3], p: f32[2,2,4,7]) {
    const w: f32[5,5,1,1] = file("random", "w");
    u = upsample_bilinear2d(x, output_size=[4, 7]);
    c = cat(u, p, dim=1);
    y = conv2d(c, w);
    return u, y;
  }
  expect no_match because "graph output";
}
test "the second of three" for conv1x1_cat_second {
  graph (x: f32[2,3,2,3], p: f32[2,2,4,7], q: f32[2,1,4,7]) {
    const w: f32[5,6,1,1] = file("random", "w");
    u = upsample_nearest2d(x, output_size=[4, 7]);
    c = cat(p, u, q, dim=1);
    y = conv2d(c, w);
    return y;
  }
  expect fired 1;
}
test "along the rows" for conv1x1_cat_second {
  graph (x: f32[2,3,2,3], p: f32[2,3,4,7]) {
    const w: f32[5,3,1,1] = file("random", "w");
    u = upsample_nearest2d(x, output_size=[4, 7]);
    c = cat(p, u, dim=2);
    y = conv2d(c, w);
    return y;
  }
  expect no_match because "attribute `dim`";
}
test "the third of three" for conv1x1_cat_third {
  graph (x: f32[2,3,2,3], p: f32[2,2,4,7], q: f32[2,1,4,7]) {
    const w: f32[5,6,1,1] = file("random", "w");
    const b: f32[5] = file("random", "b");
    u = upsample_bicubic2d(x, output_size=[4, 7], align_corners=true);
    c = cat(p, q, u, dim=1);
    y = conv2d(c, w, b);
    return y;
  }
  expect fired 1;
}
test "with a stride" for conv1x1_cat_third {
  graph (x: f32[2,3,2,3], p: f32[2,2,4,7], q: f32[2,1,4,7]) {
    const w: f32[5,6,1,1] = file("random", "w");
    u = upsample_bicubic2d(x, output_size=[4, 7]);
    c = cat(p, q, u, dim=1);
    y = conv2d(c, w, stride=[2, 2]);
    return y;
  }
  expect no_match because "attribute `stride`";
}
test "one piece" for cat_of_one {
  graph (x: f32[2,3]) { u = relu(x); y = cat(u, dim=1); return y; }
  expect fired 1;
}
test "two pieces" for cat_of_one {
  graph (x: f32[2,3]) { y = cat(x, x, dim=1); return y; }
  expect no_match;
}
test "SegFormer" for conv1x1_tokens {
  graph (x: f32[2,12,5]) {
    const v: f32[7,5] = file("random", "v");
    const d: f32[7] = file("random", "d");
    const w: f32[3,7,1,1] = file("random", "w");
    const b: f32[3] = file("random", "b");
    y = linear(x, v, d);
    p = permute(y, dims=[0, 2, 1]);
    t = reshape(p, shape=[2, 7, 3, 4]);
    z = conv2d(t, w, b);
    return z;
  }
  expect fired 1;
}
test "the features are cut up" for conv1x1_tokens {
  graph (x: f32[2,12,5]) {
    const v: f32[8,5] = file("random", "v");
    const w: f32[3,4,1,1] = file("random", "w");
    y = linear(x, v);
    p = permute(y, dims=[0, 2, 1]);
    t = reshape(p, shape=[2, 4, 6, 4]);
    z = conv2d(t, w);
    return z;
  }
  expect no_match because "C == P";
}
test "samples are mixed" for conv1x1_tokens {
  graph (x: f32[2,12,5]) {
    const v: f32[8,5] = file("random", "v");
    const w: f32[3,8,1,1] = file("random", "w");
    y = linear(x, v);
    p = permute(y, dims=[0, 2, 1]);
    t = reshape(p, shape=[1, 8, 6, 4]);
    z = conv2d(t, w);
    return z;
  }
  expect no_match because "dimension 0 must be";
}
