// SPDX-License-Identifier: Apache-2.0
//
// Parallel linear branches of one input are one convolution (case A9): RepVGG, MobileOne, ACNet,
// diverse branch blocks and their like in the form in which they were trained. Batch norms behind
// convolutions have been folded before; those of the input alone become a kernel here. Sums may have
// any number of branches, in any order, with anything else among them.
pat 1;
import "kernels.pat";
import "sets.pat";

/// conv(x) + conv(x). The kernels lie centre on centre, which is where their sizes less twice their
/// paddings agree; the result covers both. A row and a column are joined only with something that
/// covers them already: otherwise there would be more products than before.
rule rep_conv_conv : fold, benefit 30, class real {
  match {
    a = conv2d(x, w: const[O, G, K, L], b?: const[O], stride = st, padding = [p, q],
               dilation = [1, 1], groups = g);
    c = conv2d(x, v: const[O, G, M, N], d?: const[O], stride = st, padding = [s, t],
               dilation = [1, 1], groups = g);
    y = add{a, c, ..rest};
  }
  let P = max(p, s);
  let Q = max(q, t);
  where K - 2 * p == M - 2 * s, L - 2 * q == N - 2 * t, shape(a) == shape(c);
  when max(K, M) * max(L, N) <= K * L + M * N;
  rewrite {
    y = add{conv2d(x, widen(w, p, q, P, Q) + widen(v, s, t, P, Q),
                   has(b) || has(d) ? (b ?? zeros([O])) + (d ?? zeros([O])) : none, stride = st,
                   padding = [P, Q], dilation = [1, 1], groups = g),
            ..rest};
  }
}
/// conv(x) + batch_norm(x): the identity, scaled, is a kernel.
rule rep_conv_bn : fold, benefit 40, class real {
  match {
    a = conv2d(x, w: const[O, G, K, L], b?: const[O], stride = [1, 1], padding = [p, q],
               dilation = [1, 1], groups = g);
    i = batch_norm(x: [_, O, _, _], mean: const[O], var: const[O] & nonnegative, gamma?: const[O],
                   beta?: const[O], eps);
    y = add{a, i, ..rest};
  }
  let s = (gamma ?? ones([O])) * rsqrt(var + eps);
  where K == 2 * p + 1, L == 2 * q + 1, O == G * g;
  rewrite {
    y = add{conv2d(x, w + identity_kernel(O, g, K, L) * s[:, None, None, None],
                   (b ?? zeros([O])) + (beta ?? zeros([O])) - mean * s, stride = [1, 1],
                   padding = [p, q], dilation = [1, 1], groups = g),
            ..rest};
  }
}
/// conv(x) + x. Not where the sum would have been fused as a residual of something else.
rule rep_conv_identity : fold, benefit 20, class real {
  match {
    a = conv2d(x, w: const[O, G, K, L], b?, stride = [1, 1], padding = [p, q], dilation = [1, 1],
               groups = g);
    y = add{a, x: [_, O, _, _], ..rest};
  }
  where K == 2 * p + 1, L == 2 * q + 1, O == G * g;
  rewrite {
    y = add{conv2d(x, w + identity_kernel(O, g, K, L), b, stride = [1, 1], padding = [p, q],
                   dilation = [1, 1], groups = g),
            ..rest};
  }
}
/// conv(x) + avg_pool(x): a mean is a kernel of equal weights. Zeros of the padding count in it.
rule rep_avg_pool : fold, benefit 20, class real {
  match {
    a = conv2d(x, w: const[O, G, K, L], b?: const[O], stride = st, padding = [p, q],
               dilation = [1, 1], groups = g);
    m = avg_pool2d(x: [_, O, _, _], kernel_size = [M, N], stride = st, padding = [s, t],
                   ceil_mode = false, count_include_pad = true);
    y = add{a, m, ..rest};
  }
  let P = max(p, s);
  let Q = max(q, t);
  // One at its own channel, everywhere in the window.
  let mean = identity_kernel(O, g, 1, 1).expand([O, G, M, N]) * (1.0 / (M * N));
  where O == G * g, K - 2 * p == M - 2 * s, L - 2 * q == N - 2 * t, shape(a) == shape(m);
  when max(K, M) * max(L, N) <= 2 * K * L;
  rewrite {
    y = add{conv2d(x, widen(w, p, q, P, Q) + widen(mean, s, t, P, Q), b, stride = st,
                   padding = [P, Q], dilation = [1, 1], groups = g),
            ..rest};
  }
}

test "3x3 and 1x1, groups and stride" for rep_conv_conv {
  graph (x: f32[2,4,9,8]) {
    const w: f32[6,2,3,3] = file("random", "w");
    const b: f32[6] = file("random", "b");
    const v: f32[6,2,1,1] = file("random", "v");
    a = conv2d(x, w, b, stride=[2, 1], padding=[1, 1], groups=2);
    c = conv2d(x, v, stride=[2, 1], groups=2);
    y = add(c, a);
    return y;
  }
  expect fired 1;
}
test "3x3 and 3x1" for rep_conv_conv {
  graph (x: f32[2,4,9,8]) {
    const w: f32[6,4,3,3] = file("random", "w");
    const v: f32[6,4,3,1] = file("random", "v");
    const d: f32[6] = file("random", "d");
    a = conv2d(x, w, padding=[0, 1]);
    c = conv2d(x, v, d, padding=[0, 0]);
    y = add(a, c);
    return y;
  }
  expect fired 1;
}
test "3x1 and 1x3 would be nine for six" for rep_conv_conv {
  graph (x: f32[2,4,9,8]) {
    const w: f32[6,4,1,3] = file("random", "w");
    const v: f32[6,4,3,1] = file("random", "v");
    a = conv2d(x, w, padding=[0, 1]);
    c = conv2d(x, v, padding=[1, 0]);
    y = add(a, c);
    return y;
  }
  expect no_match because "max(K, M)";
}
test "not on the same centre" for rep_conv_conv {
  graph (x: f32[2,4,9,9]) {
    const w: f32[6,4,3,3] = file("random", "w");
    const v: f32[6,4,2,2] = file("random", "v");
    a = conv2d(x, w, stride=[2, 2], padding=[1, 1]);
    c = conv2d(x, v, stride=[2, 2], padding=[1, 1]);
    y = add(a, c);
    return y;
  }
  expect no_match because "K - 2 * p";
}
test "dilated" for rep_conv_conv {
  graph (x: f32[2,4,9,9]) {
    const w: f32[6,4,3,3] = file("random", "w");
    const v: f32[6,4,1,1] = file("random", "v");
    a = conv2d(x, w, padding=[2, 2], dilation=[2, 2]);
    c = conv2d(x, v);
    y = add(a, c);
    return y;
  }
  expect no_match because "attribute `dilation`";
}
test "something between" for rep_conv_conv {
  graph (x: f32[2,4,9,8], r: f32[2,4,1,1]) {
    const w: f32[4,4,3,3] = file("random", "w");
    const v: f32[4,4,1,1] = file("random", "v");
    a = conv2d(x, w, padding=[1, 1]);
    u = add(r, a);
    c = conv2d(x, v);
    y = add(c, u);
    return y;
  }
  expect fired 1;
}
test "another input" for rep_conv_conv {
  graph (x: f32[2,4,9,8], r: f32[2,4,9,8]) {
    const w: f32[4,4,3,3] = file("random", "w");
    const v: f32[4,4,1,1] = file("random", "v");
    a = conv2d(x, w, padding=[1, 1]);
    u = add(x, a);
    c = conv2d(r, v);
    y = add(c, u);
    return y;
  }
  expect no_match;
}
test "groups" for rep_conv_bn {
  graph (x: f32[2,4,7,8]) {
    const w: f32[4,2,3,3] = file("random", "w");
    const m: f32[4] = file("random", "m");
    const v: f32[4] = file("positive", "v");
    const g: f32[4] = file("random", "g");
    const b: f32[4] = file("random", "b");
    a = conv2d(x, w, padding=[1, 1], groups=2);
    i = batch_norm(x, m, v, g, b, eps=0.01);
    y = add(i, a);
    return y;
  }
  expect fired 1;
}
test "a stride" for rep_conv_bn {
  graph (x: f32[2,4,1,1]) {
    const w: f32[4,4,3,3] = file("random", "w");
    const m: f32[4] = file("random", "m");
    const v: f32[4] = file("positive", "v");
    a = conv2d(x, w, padding=[1, 1], stride=[2, 2]);
    i = batch_norm(x, m, v);
    y = add(i, a);
    return y;
  }
  expect no_match because "attribute `stride`";
}
test "another convolution's sum between" for rep_conv_bn {
  graph (x: f32[2,4,7,8], r: f32[2,4,7,8]) {
    const w: f32[4,4,1,3] = file("random", "w");
    const m: f32[4] = file("random", "m");
    const v: f32[4] = file("positive", "v");
    const b: f32[4] = file("random", "b");
    a = conv2d(x, w, b, padding=[0, 1]);
    u = add(a, r);
    i = batch_norm(x, m, v);
    y = add(u, i);
    return y;
  }
  expect fired 1;
}
test "an even kernel" for rep_conv_bn {
  graph (x: f32[2,4,1,1], r: f32[2,4,1,1]) {
    const w: f32[4,4,3,3] = file("random", "w");
    const m: f32[4] = file("random", "m");
    const v: f32[4] = file("positive", "v");
    a = conv2d(x, w, padding=[2, 2]);
    u = add(a, r);
    i = batch_norm(x, m, v);
    y = add(u, i);
    return y;
  }
  expect no_match because "K == 2 * p + 1";
}
test "identity" for rep_conv_identity {
  graph (x: f32[2,6,7,8]) {
    const w: f32[6,1,5,3] = file("random", "w");
    const b: f32[6] = file("random", "b");
    a = conv2d(x, w, b, padding=[2, 1], groups=6);
    y = add(x, a);
    return y;
  }
  expect fired 1;
}
test "one channel added to all" for rep_conv_identity {
  graph (x: f32[2,1,7,8]) {
    const w: f32[6,1,3,3] = file("random", "w");
    a = conv2d(x, w, padding=[1, 1]);
    y = add(x, a);
    return y;
  }
  expect no_match;
}
test "an activation before the sum" for rep_conv_identity {
  graph (x: f32[2,6,7,8]) {
    const w: f32[6,6,3,3] = file("random", "w");
    a = conv2d(x, w, padding=[1, 1], act="relu");
    y = add(x, a);
    return y;
  }
  expect no_match because "attribute `act`";
}
test "mean, with a stride" for rep_avg_pool {
  graph (x: f32[2,4,7,8]) {
    const w: f32[4,2,3,3] = file("random", "w");
    a = conv2d(x, w, stride=[2, 1], padding=[1, 1], groups=2);
    m = avg_pool2d(x, kernel_size=[3, 1], stride=[2, 1], padding=[1, 0]);
    y = add(a, m);
    return y;
  }
  expect fired 1;
}
test "a mean that leaves padding out" for rep_avg_pool {
  graph (x: f32[2,4,7,8]) {
    const w: f32[4,4,3,3] = file("random", "w");
    a = conv2d(x, w, padding=[1, 1]);
    m = avg_pool2d(x, kernel_size=[3, 3], stride=[1, 1], padding=[1, 1], count_include_pad=false);
    y = add(a, m);
    return y;
  }
  expect no_match because "count_include_pad";
}
