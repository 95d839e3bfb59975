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
    a = linear(x, u: const[P, I], b?: const[P], act, act_params);
    c = linear(x, v: const[Q, I], d?: const[Q], act = act, act_params = act_params);
  }
  let last = rank(x) - 1;
  where dtype(u) == dtype(v);
  when P + Q <= 16384;
  rewrite {
    m = linear(x, cat([u, v], 0),
               has(b) || has(d) ? cat([b ?? zeros([P]), d ?? zeros([Q])], 0) : none, act = act,
               act_params = act_params);
    a = slice(m, dim = last, start = 0, end = P, step = 1);
    c = slice(m, dim = last, start = P, end = P + Q, step = 1);
  }
}
rule merge_convs : merge, class real {
  match {
    a = conv2d(x, u: const[P, I, K, L], b?: const[P], groups = 1, stride = st, padding = pd,
               dilation = dl, act, act_params);
    c = conv2d(x, v: const[Q, I, K, L], d?: const[Q], groups = 1, stride = st, padding = pd,
               dilation = dl, act = act, act_params = act_params);
  }
  where dtype(u) == dtype(v);
  when P + Q <= 16384;
  rewrite {
    m = conv2d(x, cat([u, v], 0),
               has(b) || has(d) ? cat([b ?? zeros([P]), d ?? zeros([Q])], 0) : none, groups = 1,
               stride = st, padding = pd, dilation = dl, act = act, act_params = act_params);
    a = slice(m, dim = 1, start = 0, end = P, step = 1);
    c = slice(m, dim = 1, start = P, end = P + Q, step = 1);
  }
}
/// What a third one leaves: slices of slices, along the dimension of the merge.
rule merged_slices : merge, class exact {
  match {
    keep y = slice(x, dim = d, start = s, end = _, step = 1);
    z = slice(y, dim = c, start = u, end = v, step = 1);
  }
  let k = norm(d, rank(x));
  let n = dim(y, k);
  where norm(c, rank(x)) == k, s >= 0, u >= 0, v >= u;
  rewrite { z = slice(x, dim = k, start = s + u, end = s + max(u, min(v, n)), step = 1); }
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
test "a third one" for merged_slices {
  graph (x: f32[2,9]) {
    y = slice(x, dim=1, start=1, end=8);
    z = slice(y, dim=-1, start=2, end=99);
    return y, z;
  }
  expect fired 1;
}
test "another dimension" for merged_slices {
  graph (x: f32[2,9]) {
    y = slice(x, dim=1, start=1, end=8);
    z = slice(y, dim=0, start=1);
    return z;
  }
  expect no_match because "norm(c, rank(x)) == k";
}
