// SPDX-License-Identifier: Apache-2.0
//
// Parallel products and convolutions of one input are one, cut afterwards (case A5): the input is read
// once. In a set of its own, which runs last: elsewhere slices move up and take such products apart
// where only some of their rows are needed.
pat 1;
import "sets.pat";

rule merge_linears : merge, class real {
  match {
    a = linear(x, u: const[P, I], b?: const[P], act, act_params);
    c = linear(x, v: const[Q, I], d?: const[Q], act = act, act_params = act_params);
  }
  let last = rank(x) - 1;
  where dtype(u) == dtype(v);
  when  P + Q <= 16384;
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
  when  P + Q <= 16384;
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
