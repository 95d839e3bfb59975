// SPDX-License-Identifier: Apache-2.0
//
// Strides and crops behind a convolution move into it or in front of it (case A7): positions that a
// later step skips are not computed.
pat 1;
import "kernels.pat";
import "sets.pat";

/// `l` with its entry i changed to v.
fn with(l: list, i: int, v: int) = [k == i ? v : l[k] for k in 0..len(l)];

/// A convolution of single pixels without a stride: of those pixels.
rule slice_conv1x1 : push, benefit 5, class real {
  match {
    y = conv2d(x, w: [_, _, 1, 1], b?, stride = [1, 1], padding = p, ..a);
    z = slice(y, dim = d, ..r);
  }
  where norm(d, 4) >= 2, all([v == 0 for v in p]);
  when numel(z) < numel(y);
  rewrite { z = conv2d(slice(x, dim = d, ..r), w, b, stride = [1, 1], padding = p, ..a); }
}
/// Some samples of a batch.
rule slice_conv_samples : push, class real {
  match {
    y = conv2d(x, w, b?, ..a);
    z = slice(y, dim = d, ..r);
  }
  where norm(d, 4) == 0;
  when numel(z) < numel(y);
  rewrite { z = conv2d(slice(x, dim = d, ..r), w, b, ..a); }
}

/// Rows or columns s, s + t, ... below e of a convolution's output: a larger stride and less padding
/// in front. The first s * stride rows of the padded input are not looked at: as many as there are
/// zeros in front come off the padding, the rest off the input. Behind, the input is cut after the last
/// row that is needed, or padded up to it.
rule slice_conv_rows : push, class real {
  match {
    y = conv2d(x: [_, _, _, _], w: [_, _, _, _], b?, stride = st, padding = p, dilation = dl, ..a);
    z = slice(y, dim = d, start = s, end = _, step = t);
  }
  let k = norm(d, 4);
  let i = k - 2;  // 0: rows, 1: columns
  let q = four_sides(p);
  let n = dim(x, k);
  let from = s * st[i] - q[i];  // first input row that is needed; in padding if < 0
  let last = (s + (dim(z, k) - 1) * t) * st[i] - q[i] + dl[i] * (dim(w, k) - 1) + 1;  // behind the last
  let r = with(with(q, i, max(0, -from)), i + 2, max(0, last - n));
  where k >= 2, s >= 0, t >= 1, dim(z, k) > 0, max(0, from) < min(n, last);
  when numel(z) < numel(y);
  rewrite {
    z = conv2d(slice(x, dim = k, start = max(0, from), end = min(n, last), step = 1), w, b,
               stride = with(st, i, st[i] * t), padding = shortest(r), dilation = dl, ..a);
  }
}

/// A 1x1 convolution with a stride reads every second row and column: what stands before it need
/// make no others.
rule stride_pull : fold_forward, class real {
  match {
    y = conv2d(x, w, b?, stride = [s, t], padding = p, dilation = dl, groups = g);
    u = f@elementwise_unary(y, ..a);
    z = conv2d(u, v: [_, _, 1, 1], c?, r?, stride = [m, n], padding = [0, 0], ..q);
  }
  where m >= 1, n >= 1;
  when m > 1 || n > 1;
  rewrite {
    z = conv2d(f(conv2d(x, w, b, stride = [s * m, t * n], padding = p, dilation = dl, groups = g),
                 ..a),
               v, c, r, stride = [1, 1], padding = [0, 0], ..q);
  }
}
/// The same without anything between that is not folded, and with a fused activation.
rule stride_pull_direct : fold_forward, class real {
  match {
    y = conv2d(x, w, b?, stride = [s, t], padding = p, dilation = dl, groups = g, act, act_params);
    z = conv2d(y, v: [_, _, 1, 1], c?, r?, stride = [m, n], padding = [0, 0], act = k,
               act_params = l, ..q);
  }
  where m >= 1, n >= 1;
  when m > 1 || n > 1;
  rewrite {
    z = conv2d(conv2d(x, w, b, stride = [s * m, t * n], padding = p, dilation = dl, groups = g,
                      act = act, act_params = act_params),
               v, c, r, stride = [1, 1], padding = [0, 0], act = k, act_params = l, ..q);
  }
}

test "every second pixel" for slice_conv1x1 {
  graph (x: f32[2,3,5,4]) {
    const w: f32[7,3,1,1] = file("random", "w");
    y = conv2d(x, w);
    z = slice(y, dim=-1, start=1, step=2);
    return z;
  }
  expect fired 1;
}
test "a padded one" for slice_conv1x1 {
  graph (x: f32[2,3,5,4]) {
    const w: f32[7,3,1,1] = file("random", "w");
    y = conv2d(x, w, padding=[0, 1]);
    z = slice(y, dim=3, start=1);
    return z;
  }
  expect no_match because "v == 0";
}
test "one picture" for slice_conv_samples {
  graph (x: f32[3,3,5,4]) {
    const w: f32[7,3,2,1] = file("random", "w");
    y = conv2d(x, w, padding=[1, 0]);
    z = slice(y, dim=0, start=1);
    return z;
  }
  expect fired 1;
}
test "rows are not samples" for slice_conv_samples {
  graph (x: f32[3,3,5,4]) {
    const w: f32[7,3,2,1] = file("random", "w");
    y = conv2d(x, w);
    z = slice(y, dim=2, start=1);
    return z;
  }
  expect no_match because "== 0";
}
test "every second row from the first" for slice_conv_rows {
  graph (x: f32[2,3,9,4]) {
    const w: f32[5,3,3,3] = file("random", "w");
    const b: f32[5] = file("random", "b");
    y = conv2d(x, w, b, padding=[1, 1], act="relu");
    z = slice(y, dim=2, step=2);
    return z;
  }
  expect fired 1;
}
test "every third column from the second, a stride before" for slice_conv_rows {
  graph (x: f32[2,4,7,19]) {
    const w: f32[6,2,3,4] = file("random", "w");
    y = conv2d(x, w, stride=[1, 2], padding=[0, 2], groups=2);
    z = slice(y, dim=3, start=1, step=3);
    return z;
  }
  expect fired 1;
}
test "the middle, dilated, unequal sides" for slice_conv_rows {
  graph (x: f32[1,2,16,5]) {
    const w: f32[3,2,3,2] = file("random", "w");
    y = conv2d(x, w, padding=[3, 0, 1, 1], dilation=[2, 1]);
    z = slice(y, dim=2, start=2, end=9);
    return z;
  }
  expect fired 1;
}
test "up to the last row" for slice_conv_rows {
  graph (x: f32[1,2,8,5]) {
    const w: f32[3,2,5,1] = file("random", "w");
    y = conv2d(x, w, padding=[2, 0]);
    z = slice(y, dim=2, start=6);
    return z;
  }
  expect fired 1;
}
test "channels are not rows" for slice_conv_rows {
  graph (x: f32[1,2,8,5]) {
    const w: f32[3,2,3,1] = file("random", "w");
    y = conv2d(x, w);
    z = slice(y, dim=1, start=1);
    return z;
  }
  expect no_match because "k >= 2";
}
test "nothing but padding is read" for slice_conv_rows {
  graph (x: f32[1,2,4,5]) {
    const w: f32[3,2,2,1] = file("random", "w");
    y = conv2d(x, w, padding=[3, 0]);
    z = slice(y, dim=2, start=0, end=1);
    return z;
  }
  expect no_match because "max(0, from) < min(n, last)";
}
test "through an activation" for stride_pull {
  graph (x: f32[2,3,9,8]) {
    const w: f32[5,3,3,3] = file("random", "w");
    const v: f32[4,5,1,1] = file("random", "v");
    const c: f32[4] = file("random", "c");
    y = conv2d(x, w, padding=[1, 1], stride=[1, 2]);
    u = silu(y);
    z = conv2d(u, v, c, stride=[2, 3]);
    return z;
  }
  expect fired 1;
}
test "a 3x3 reads its neighbours" for stride_pull {
  graph (x: f32[2,3,9,8]) {
    const w: f32[5,3,3,3] = file("random", "w");
    const v: f32[4,5,3,3] = file("random", "v");
    y = conv2d(x, w);
    u = silu(y);
    z = conv2d(u, v, stride=[2, 2]);
    return z;
  }
  expect no_match because "dimension 2 must be 1";
}
test "an output in between" for stride_pull {
  graph (x: f32[2,3,9,8]) {
    const w: f32[5,3,3,3] = file("random", "w");
    const v: f32[4,5,1,1] = file("random", "v");
    y = conv2d(x, w);
    u = silu(y);
    z = conv2d(u, v, stride=[2, 2]);
    return u, z;
  }
  expect no_match because "graph output";
}
test "directly, groups" for stride_pull_direct {
  graph (x: f32[2,4,9,7]) {
    const w: f32[6,2,3,3] = file("random", "w");
    const v: f32[4,6,1,1] = file("random", "v");
    y = conv2d(x, w, padding=[0, 1, 1, 1], groups=2, act="relu");
    z = conv2d(y, v, stride=[2, 2], act="sigmoid");
    return z;
  }
  expect fired 1;
}
test "no stride" for stride_pull_direct {
  graph (x: f32[2,4,9,7]) {
    const w: f32[6,4,3,3] = file("random", "w");
    const v: f32[4,6,1,1] = file("random", "v");
    y = conv2d(x, w);
    z = conv2d(y, v);
    return z;
  }
  expect no_match because "m > 1";
}
