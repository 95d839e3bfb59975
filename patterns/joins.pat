// SPDX-License-Identifier: Apache-2.0
//
// cat and split against each other, and ops that are the same on all parts.
pat 1;
import "sets.pat";

/// A split where the parts were joined gives the parts.
rule split_cat_two : cleanup, class exact {
  match { c = cat([a, b], dim = d); (p, q) = split(c, sizes = [s, t], dim = e); }
  where norm(d, rank(c)) == norm(e, rank(c)), dim(a, d) == s, dim(b, d) == t;
  rewrite { p = a; q = b; }
}
rule split_cat_three : cleanup, class exact {
  match { c = cat([a, b, f], dim = d); (p, q, r) = split(c, sizes = [s, t, u], dim = e); }
  where norm(d, rank(c)) == norm(e, rank(c)), dim(a, d) == s, dim(b, d) == t, dim(f, d) == u;
  rewrite { p = a; q = b; r = f; }
}
/// All parts of a split, joined again.
rule cat_split_two : cleanup, class exact {
  match { (p, q) = split(x, sizes = [s, t], dim = e); c = cat([p, q], dim = d); }
  where norm(d, rank(c)) == norm(e, rank(c)), s + t >= 0;
  rewrite { c = x; }
}
rule cat_split_three : cleanup, class exact {
  match { (p, q, r) = split(x, sizes = [s, t, u], dim = e); c = cat([p, q, r], dim = d); }
  where norm(d, rank(c)) == norm(e, rank(c)), s + t + u >= 0;
  rewrite { c = x; }
}
/// Neighbouring slices, joined.
rule cat_slices : cleanup, class exact {
  match {
    keep p = slice(x, dim = e, start = s, end = t);
    keep q = slice(x, dim = g, start = u, end = v);
    c = cat([p, q], dim = d);
  }
  let first = norm_slice(shape(x), { dim = e, start = s, end = t, step = 1 });
  let second = norm_slice(shape(x), { dim = g, start = u, end = v, step = 1 });
  where norm(d, rank(x)) == first.dim, first.dim == second.dim, first.end == second.start,
        numel(p) > 0 && numel(q) > 0;
  rewrite { c = slice(x, dim = first.dim, start = first.start, end = second.end); }
}
/// A join in a join.
rule cat_cat_first : cleanup, class exact {
  match { c = cat([a, ..r], dim = d); y = cat([c, ..s], dim = e); }
  where norm(d, rank(y)) == norm(e, rank(y));
  rewrite { y = cat([a, ..r, ..s], dim = e); }
}
rule cat_cat_second : cleanup, class exact {
  match { c = cat([a, ..r], dim = d); y = cat([b, c, ..s], dim = e); }
  where norm(d, rank(y)) == norm(e, rank(y));
  rewrite { y = cat([b, a, ..r, ..s], dim = e); }
}
/// One call for both parts. Behind fusion, so that no convolution loses its activation.
rule cat_unary for f in { relu, silu, sigmoid, tanh, gelu, hardswish, hardsigmoid, exp, neg, abs,
                          sqrt, leaky_relu, clamp, elu, to }
    : fuse, class exact {
  match { y = cat([f(a, ..s), f(b, ..t)], dim = d); }
  where s == t, dtype(a) == dtype(b);
  when !contains(["conv2d", "linear"], op_of(a)) && !contains(["conv2d", "linear"], op_of(b));
  rewrite { y = f(cat([a, b], dim = d), ..s); }
}

test "two parts" for split_cat_two {
  graph (a: f32[2,3,4], b: f32[2,5,4]) {
    c = cat(a, b, dim=1); p, q = split(c, sizes=[3,5], dim=-2);
    u = relu(p); v = neg(q); return u, v;
  }
  expect fired 1;
}
test "other parts" for split_cat_two {
  graph (a: f32[2,3,4], b: f32[2,5,4]) {
    c = cat(a, b, dim=1); p, q = split(c, sizes=[5,3], dim=1); return p, q;
  }
  expect no_match because "dim(a, d) == s";
}
test "three parts" for split_cat_three {
  graph (a: f32[2,3], b: f32[5,3], f: f32[1,3]) {
    c = cat(a, b, f); p, q, r = split(c, sizes=[2,5,1]);
    u = relu(p); v = neg(q); w = abs(r); return u, v, w;
  }
  expect fired 1;
}
test "along another dimension" for split_cat_three {
  graph (a: f32[3,3], b: f32[3,3], f: f32[3,3]) {
    c = cat(a, b, f); p, q, r = split(c, sizes=[1,1,1], dim=1); return p, q, r;
  }
  expect no_match;
}
test "all of two" for cat_split_two {
  graph (x: f32[2,7,3]) {
    p, q = split(x, sizes=[3,4], dim=1); c = cat(p, q, dim=-2); y = relu(c); return y;
  }
  expect fired 1;
}
test "exchanged" for cat_split_two {
  graph (x: f32[2,7,3]) {
    p, q = split(x, sizes=[3,4], dim=1); c = cat(q, p, dim=1); return c;
  }
  expect no_match;
}
test "all of three" for cat_split_three {
  graph (x: f32[2,7]) {
    p, q, r = split(x, sizes=[3,0,4], dim=1); c = cat(p, q, r, dim=1); y = relu(c); return y;
  }
  expect fired 1;
}
test "along another dimension" for cat_split_three {
  graph (x: f32[6,6]) {
    p, q, r = split(x, sizes=[2,2,2], dim=1); c = cat(p, q, r, dim=0); return c;
  }
  expect no_match;
}
test "neighbours" for cat_slices {
  graph (x: f32[2,7,3]) {
    p = slice(x, dim=1, start=1, end=3); q = slice(x, dim=1, start=-4, end=6);
    c = cat(p, q, dim=1); return c;
  }
  expect fired 1;
}
test "a gap" for cat_slices {
  graph (x: f32[2,7,3]) {
    p = slice(x, dim=1, start=1, end=3); q = slice(x, dim=1, start=4, end=6);
    c = cat(p, q, dim=1); return c;
  }
  expect no_match because "first.end == second.start";
}
test "first" for cat_cat_first {
  graph (a: f32[2,3], b: f32[2,1], c: f32[2,2]) {
    u = cat(a, b, dim=1); y = cat(u, c, a, dim=-1); return y;
  }
  expect fired 1;
}
test "across" for cat_cat_first {
  graph (a: f32[2,3], b: f32[2,3], c: f32[4,2]) {
    u = cat(a, b, dim=0); y = cat(u, c, dim=1); return y;
  }
  expect no_match;
}
test "second" for cat_cat_second {
  graph (a: f32[2,3], b: f32[2,1], c: f32[2,2]) {
    u = cat(a, b, dim=1); y = cat(c, u, dim=1); return y;
  }
  expect fired 1;
}
test "needed" for cat_cat_second {
  graph (a: f32[2,3], b: f32[2,1], c: f32[2,2]) {
    u = cat(a, b, dim=1); y = cat(c, u, dim=1); return y, u;
  }
  expect no_match because "graph output";
}
test "the same slope" for cat_unary {
  graph (a: f32[2,3], b: f32[2,1]) {
    u = leaky_relu(a, negative_slope=0.5); v = leaky_relu(b, negative_slope=0.5);
    y = cat(u, v, dim=1); return y;
  }
  expect fired 1;
}
test "another slope" for cat_unary {
  graph (a: f32[2,3], b: f32[2,1]) {
    u = leaky_relu(a, negative_slope=0.5); v = leaky_relu(b, negative_slope=0.25);
    y = cat(u, v, dim=1); return y;
  }
  expect no_match;
}
