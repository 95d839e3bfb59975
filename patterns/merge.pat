// SPDX-License-Identifier: Apache-2.0
//
// Parallel products and convolutions of one input are one, cut afterwards (case A5): the input is read
// once. In a set of its own, which runs last: elsewhere slices move up and take such products apart
// where only some of their rows are needed.
//
// The number of multiply-adds stays; the cut may cost a copy. On the kernels of this project the two
// even out, so that `default.pat` leaves this file out: `--rules default.pat --rules merge.pat`.
pat 1;
import "sets.pat";

rule merge_linears : merge, class real {
  match {
    ys[i in 2..] = linear(x, ws[i]: const[os[i], I], bs[i]?: const[os[i]], act = k, act_params = l);
  }
  where all_equal(dtype(ws[*]));
  when sum(os[*]) <= 16384;
  let off = prefix_sum(os[*]);
  let last = rank(x) - 1;
  rewrite {
    m = linear(x, cat(ws[*], 0), any(has(bs[*])) ? cat([bs[i] ?? zeros([os[i]]) for i], 0) : none,
               act = k, act_params = l);
    ys[i] = slice(m, dim = last, start = off[i], end = off[i] + os[i], step = 1);
  }
}
rule merge_convs : merge, class real {
  match {
    ys[i in 2..] = conv2d(x, ws[i]: const[os[i], I, K, L], bs[i]?: const[os[i]], groups = 1,
                          stride = st, padding = pd, dilation = dl, act = k, act_params = l);
  }
  where all_equal(dtype(ws[*]));
  when sum(os[*]) <= 16384;
  let off = prefix_sum(os[*]);
  rewrite {
    m = conv2d(x, cat(ws[*], 0), any(has(bs[*])) ? cat([bs[i] ?? zeros([os[i]]) for i], 0) : none,
               groups = 1, stride = st, padding = pd, dilation = dl, act = k, act_params = l);
    ys[i] = slice(m, dim = 1, start = off[i], end = off[i] + os[i], step = 1);
  }
}

test "queries and keys, one bias" for merge_linears {
  graph (x: f32[2,5,3]) {
    const u: f32[4,3] = file("random", "u");
    const v: f32[2,3] = file("random", "v");
    const d: f32[2] = file("random", "d");
    a = linear(x, u);
    b = linear(x, v, d);
    return a, b;
  }
  expect fired 1;
}
test "unlike activations" for merge_linears {
  graph (x: f32[5,3]) {
    const u: f32[4,3] = file("random", "u");
    const v: f32[2,3] = file("random", "v");
    a = linear(x, u, act="relu");
    b = linear(x, v);
    return a, b;
  }
  expect no_match because "attribute `act`";
}
test "one feeds the other" for merge_linears {
  graph (x: f32[5,3]) {
    const u: f32[3,3] = file("random", "u");
    const v: f32[2,3] = file("random", "v");
    a = linear(x, u);
    b = linear(a, v);
    return b;
  }
  expect no_match;
}
test "Inception" for merge_convs {
  graph (x: f32[2,3,7,6]) {
    const u: f32[4,3,3,2] = file("random", "u");
    const b: f32[4] = file("random", "b");
    const v: f32[2,3,3,2] = file("random", "v");
    a = conv2d(x, u, b, stride=[2, 1], padding=[1, 0], act="relu");
    c = conv2d(x, v, stride=[2, 1], padding=[1, 0], act="relu");
    return a, c;
  }
  expect fired 1;
}
test "other padding" for merge_convs {
  graph (x: f32[2,3,7,6]) {
    const u: f32[4,3,3,2] = file("random", "u");
    const v: f32[2,3,3,2] = file("random", "v");
    a = conv2d(x, u, padding=[1, 0]);
    c = conv2d(x, v, padding=[0, 0]);
    return a, c;
  }
  expect no_match because "attribute `padding`";
}
test "weights that are not constant" for merge_convs {
  graph (x: f32[2,3,7,6], u: f32[4,3,1,1]) {
    const v: f32[2,3,1,1] = file("random", "v");
    a = conv2d(x, u);
    c = conv2d(x, v);
    return a, c;
  }
  expect no_match because "must be a constant";
}
test "three, and one with another stride" for merge_convs {
  graph (x: f32[2,3,7,6]) {
    const u: f32[4,3,1,1] = file("random", "u");
    const v: f32[2,3,1,1] = file("random", "v");
    const w: f32[1,3,1,1] = file("random", "w");
    a = conv2d(x, u);
    b = conv2d(x, v, stride=[2, 2]);
    c = conv2d(x, v);
    d = conv2d(x, w);
    return a, b, c, d;
  }
  expect fired 1;
}
