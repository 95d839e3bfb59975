// SPDX-License-Identifier: Apache-2.0
//
// Rules with sets of users, flattened sums with optional parts, and chains: parallel products merged,
// the branches of RepVGG joined.
// RUN: wnnx-pat test %s | FileCheck %s
// CHECK: 7 of 7 tests passed
// RUN: wnnx-pat verify %s | FileCheck %s --check-prefix=VERIFY
// VERIFY: 3 of 3 rules passed
pat 1;
ruleset fuse;

rule merge_linears : fuse, class real {
  match {
    ys[i in 2..] = linear(x, ws[i]: const[os[i], I], bs[i]?: const[os[i]]);
  }
  where all_equal(dtype(ws[*]));
  when sum(os[*]) <= 16384;
  let off = prefix_sum(os[*]);
  let bias = any(has(bs[*])) ? cat([bs[i] ?? zeros([os[i]]) for i], 0) : none;
  rewrite {
    m = linear(x, cat(ws[*], 0), bias);
    ys[i] = slice(m, dim = -1, start = off[i], end = off[i] + os[i], step = 1);
  }
}
test "three, one with a bias" for merge_linears {
  graph (x: f32[5,3]) {
    const u: f32[4,3] = file("random", "u");
    const v: f32[2,3] = file("random", "v");
    const w: f32[1,3] = file("random", "w");
    const vb: f32[2] = file("random", "vb");
    a = linear(x, u);
    b = linear(x, v, vb);
    c = linear(x, w);
    d = relu(b);
    return a, c, d;
  }
  expect fired 1;
}
test "one is no set" for merge_linears {
  graph (x: f32[5,3]) {
    const u: f32[4,3] = file("random", "u");
    a = linear(x, u);
    b = relu(x);
    return a, b;
  }
  expect no_match because "1 of the users of %x (input) match, and 2 are needed";
}

frag ident(x, C) -> { s: tensor, t: tensor } =
    bn: batch_norm(x, m: const[C], v: const[C] & positive, g?: const[C], be?: const[C], eps)
          => { s = (g ?? ones([C])) * rsqrt(v + eps),
               t = (be ?? zeros([C])) - m * (g ?? ones([C])) * rsqrt(v + eps) }
  | id: x => { s = ones([C]), t = zeros([C]) } ;

rule repvgg : fuse, benefit 40, class real {
  match {
    a = conv2d(x, w3: const[O, G, 3, 3], b3?: const[O], stride = st, padding = [1, 1], groups = g);
    c = conv2d(x, w1: const[O, G, 1, 1], b1?: const[O], stride = st, padding = [0, 0], groups = g);
    y = add{ a, c, ident(x, O)? as i };
  }
  where has(i) ? (st == [1, 1] && O == G * g) : true;
  let z = zeros([O]);
  let k = w3 + pad(w1, [[0,0],[0,0],[1,1],[1,1]])
        + (has(i) ? identity_kernel(O, g, 3, 3) * i.s[:, None, None, None] : zeros([O, G, 3, 3]));
  rewrite { y = conv2d(x, k, (b3 ?? z) + (b1 ?? z) + (has(i) ? i.t : z),
                       stride = st, padding = [1, 1], groups = g); }
}
test "with bn, grouped" for repvgg {
  graph (x: f32[2,4,5,6]) {
    const w3: f32[4,2,3,3] = file("random", "w3");
    const w1: f32[4,2,1,1] = file("random", "w1");
    const b1: f32[4] = file("random", "b1");
    const m: f32[4] = file("random", "m");
    const v: f32[4] = file("positive", "v");
    const g: f32[4] = file("random", "g");
    p = conv2d(x, w3, padding=[1,1], groups=2);
    q = conv2d(x, w1, b1, groups=2);
    r = batch_norm(x, m, v, g);
    s = add(r, q);
    t = add(p, s);
    return t;
  }
  expect fired 1;
}
test "identity" for repvgg {
  graph (x: f32[2,4,5,6]) {
    const w3: f32[4,4,3,3] = file("random", "w3");
    const w1: f32[4,4,1,1] = file("random", "w1");
    p = conv2d(x, w3, padding=[1,1]);
    q = conv2d(x, w1);
    s = add(x, p);
    t = add(s, q);
    return t;
  }
  expect fired 1;
}
test "no identity" for repvgg {
  graph (x: f32[2,4,5,6]) {
    const w3: f32[3,4,3,3] = file("random", "w3");
    const w1: f32[3,4,1,1] = file("random", "w1");
    p = conv2d(x, w3, padding=[1,1], stride=[2,2]);
    q = conv2d(x, w1, stride=[2,2]);
    t = add(q, p);
    return t;
  }
  expect fired 1;
}
test "one more" for repvgg {
  graph (x: f32[2,4,5,6], z: f32[2,4,5,6]) {
    const w3: f32[4,4,3,3] = file("random", "w3");
    const w1: f32[4,4,1,1] = file("random", "w1");
    p = conv2d(x, w3, padding=[1,1]);
    q = conv2d(x, w1);
    s = add(z, p);
    t = add(s, q);
    return t;
  }
  expect no_match because "is not a batch_norm";
}

rule last_first : fuse, class real {
  match { s = add{ relu(a), ..rest }; y = c@{permute, slice}*(exp(s)); }
  rewrite { y = exp(c(add{ ..rest, relu(a) })); }
  when len(c) > 0;
}
test "chain" for last_first {
  graph (x: f32[2,4], z: f32[2,4], q: f32[2,4]) {
    a = relu(z);
    s = add(a, x);
    t = add(s, q);
    e = exp(t);
    p = permute(e, dims=[1,0]);
    y = slice(p, dim=0, start=1, end=3);
    return y;
  }
  expect fired 1;
}
