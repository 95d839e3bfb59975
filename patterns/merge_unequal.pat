// SPDX-License-Identifier: Apache-2.0
//
// Convolutions of one input with kernels of different sizes are one (case A5): the smaller kernels
// get zeros around them. There are more products then, so this is for machines on which starting a
// convolution, or reading its input, costs more; it is not in `default.pat`.
pat 1;
import "kernels.pat";
import "merge.pat";

rule merge_conv_into_larger : merge, class real {
  match {
    a = conv2d(x, u: const[P, I, K, L], b?: const[P], groups = 1, stride = st, padding = [p, q],
               dilation = [1, 1], act, act_params);
    c = conv2d(x, v: const[Q, I, M, N], d?: const[Q], groups = 1, stride = st, padding = [s, t],
               dilation = [1, 1], act = act, act_params = act_params);
  }
  let R = max(p, s);
  let S = max(q, t);
  where dtype(u) == dtype(v), K - 2 * p == M - 2 * s, L - 2 * q == N - 2 * t, K != M || L != N;
  rewrite {
    m = conv2d(x, cat([widen(u, p, q, R, S), widen(v, s, t, R, S)], 0),
               has(b) || has(d) ? cat([b ?? zeros([P]), d ?? zeros([Q])], 0) : none, groups = 1,
               stride = st, padding = [R, S], dilation = [1, 1], act = act,
               act_params = act_params);
    a = slice(m, dim = 1, start = 0, end = P, step = 1);
    c = slice(m, dim = 1, start = P, end = P + Q, step = 1);
  }
}

test "1x1 and 3x3" for merge_conv_into_larger {
  graph (x: f32[2,3,7,6]) {
    const u: f32[4,3,1,1] = file("random", "u");
    const b: f32[4] = file("random", "b");
    const v: f32[2,3,3,3] = file("random", "v");
    a = conv2d(x, u, b, stride=[2, 1], act="silu");
    c = conv2d(x, v, stride=[2, 1], padding=[1, 1], act="silu");
    return a, c;
  }
  expect fired 1;
}
test "not on the same centre" for merge_conv_into_larger {
  graph (x: f32[2,3,7,6]) {
    const u: f32[4,3,1,1] = file("random", "u");
    const v: f32[2,3,3,3] = file("random", "v");
    a = conv2d(x, u);
    c = conv2d(x, v);
    return a, c;
  }
  expect no_match because "K - 2 * p";
}
