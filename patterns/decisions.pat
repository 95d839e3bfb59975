// SPDX-License-Identifier: Apache-2.0
//
// Decisions taken on scores instead of on what is computed from them: an increasing function does
// not move a maximum, a threshold can be carried through its inverse. Where scores are finite the
// decision is the same, except where rounding makes two results equal whose scores differ; the rule
// then follows the scores.
pat 1;
import "sets.pat";

/// Functions that grow wherever they are defined. log and sqrt must not meet negative numbers.
frag increasing(x) = sigmoid(x) | tanh(x) | exp(x) | expm1(x) | erf(x) | log(x) where is_nonneg(x)
                   | log2(x) where is_nonneg(x) | log1p(x) where is_nonneg(x)
                   | sqrt(x) where is_nonneg(x) | leaky_relu(x, negative_slope = k) where k > 0
                   | elu(x, alpha = a, scale = s, input_scale = i) where a > 0 && s > 0 && i > 0;

/// The shape of c does not reach dimension d of r: c is the same all along it.
fn constant_along(s: list, r: int, d: int) = d < r - len(s) || s[d - (r - len(s))] == 1;

/// argmax(sigmoid(x)) is argmax(x).
rule decide_increasing for f in { argmax, argmin } : cleanup, class order {
  match { y = increasing(x); z = f(y, ..a); }
  rewrite { z = f(x, ..a); }
}
rule decide_topk_increasing : cleanup, class order {
  match { y = increasing(x); (v, i) = topk(y, ..a); }
  rewrite { (t, i) = topk(x, ..a); }
}
/// The values are wanted too: the function is left for the k that remain.
rule topk_increasing : cleanup, class order {
  match { y = f@monotone(x, ..s); (v, i) = topk(y, ..a); }
  where contains(["sigmoid", "tanh", "exp", "expm1", "erf"], op_name(f));
  when uses(v) > 0, numel(v) < numel(y);
  rewrite { (t, i) = topk(x, ..a); v = f(t, ..s); }
}

/// softmax and log_softmax keep the order along their dimension.
frag normalised(x, d) = softmax(x, dim = d) | log_softmax(x, dim = d);
rule decide_softmax for f in { argmax, argmin } : cleanup, class order {
  match { p = normalised(x, d); y = f(p, dim = e, keepdim = k); }
  where has(e) && norm(d, rank(x)) == norm(e ?? 0, rank(x));
  rewrite { y = f(x, dim = e, keepdim = k); }
}
rule decide_topk_softmax : cleanup, class order {
  match { p = normalised(x, d); (v, i) = topk(p, dim = e, ..a); }
  where norm(d, rank(x)) == norm(e, rank(x));
  rewrite { (t, i) = topk(x, dim = e, ..a); }
}

/// The same number added along the dimension, or one above zero multiplied, changes no decision.
rule decide_shifted for f in { argmax, argmin } : cleanup, class order {
  match { y = (add(x, c) | sub(x, c)); z = f(y, dim = e, keepdim = k); }
  where has(e), shape(x) == shape(y), is_float(dtype(x)),
        constant_along(shape(c), rank(y), norm(e ?? 0, rank(y)));
  rewrite { z = f(x, dim = e, keepdim = k); }
}
rule decide_scaled for f in { argmax, argmin } : cleanup, class order {
  match { y = (mul(x, c) | div(x, c)); z = f(y, dim = e, keepdim = k); }
  where has(e), shape(x) == shape(y), is_float(dtype(x)), is_positive(c),
        constant_along(shape(c), rank(y), norm(e ?? 0, rank(y)));
  rewrite { z = f(x, dim = e, keepdim = k); }
}
/// The largest of the negated is the smallest.
rule argmax_neg : cleanup, class exact {
  match { y = neg(x); z = argmax(y, ..a); }
  where is_float(dtype(x));
  rewrite { z = argmin(x, ..a); }
}
rule argmin_neg : cleanup, class exact {
  match { y = neg(x); z = argmin(y, ..a); }
  where is_float(dtype(x));
  rewrite { z = argmax(x, ..a); }
}

/// Decide first, permute the few results.
rule decide_permuted for f in { argmax, argmin } : push, class exact {
  match { y = permute(x, dims = p); z = f(y, dim = e, keepdim = true); }
  where has(e), rank(x) > 0;
  when numel(z) < numel(x);
  rewrite { z = permute(f(x, dim = perm_dim(p, e ?? 0), keepdim = true), dims = p); }
}
rule decide_permuted_flat for f in { argmax, argmin } : push, class exact {
  match { y = permute(x, dims = p); z = f(y, dim = e, keepdim = false); }
  where has(e), rank(x) > 0;
  when numel(z) < numel(x);
  let d = perm_dim(p, e ?? 0);
  let rest = without([norm(v, rank(x)) for v in p], norm(e ?? 0, rank(x)));
  rewrite {
    z = permute(f(x, dim = d, keepdim = false), dims = [v > d ? v - 1 : v for v in rest]);
  }
}

/// Nearest-neighbour resizing repeats decisions; one for each pixel of the small map is enough.
/// Resizing is for floats, which hold the indices exactly.
rule decide_upsampled for f in { argmax, argmin } : push, class exact {
  match { u = upsample_nearest2d(x, ..a); z = f(u, dim = e, keepdim = _); }
  where has(e), norm(e ?? 0, 4) == 1, dim(x, 1) <= 16777216;
  when numel(x) < numel(u);
  let s = shape(z);
  rewrite {
    i = to(f(x, dim = 1, keepdim = true), dtype = f32);
    z = to(reshape(upsample_nearest2d(i, ..a), shape = s), dtype = i64);
  }
}

/// sigmoid(x) > t is x > logit(t).
rule threshold for f in { gt, ge, lt, le } : cleanup, class order {
  match { y = f(sigmoid(x), t: const & scalar); }
  where item(t) > 0 && item(t) < 1;
  rewrite { y = f(x, logit(t)); }
}
/// One of two classes by softmax is a sigmoid of the difference.
rule softmax_of_two : cleanup, class real {
  match { p = softmax(x, dim = d); y = select(p, dim = e, index = i); }
  where norm(d, rank(x)) == norm(e, rank(x)), dim(x, d) == 2;
  rewrite {
    y = sigmoid(sub(select(x, dim = e, index = i),
                    select(x, dim = e, index = i < 0 ? -3 - i : 1 - i)));
  }
}

test "sigmoid, odd shape" for decide_increasing {
  graph (x: f32[2,5,3]) { s = sigmoid(x); y = argmax(s, dim=1); return y; }
  expect fired 1;
}
test "all elements" for decide_increasing {
  graph (x: f32[2,5,3]) { s = tanh(x); y = argmin(s); return y; }
  expect fired 1;
}
test "root of what cannot be negative" for decide_increasing {
  graph (x: f32[2,5]) { a = abs(x); s = sqrt(a); y = argmax(s, dim=-1, keepdim=true); return y; }
  expect fired 1;
}
test "logarithm of anything" for decide_increasing {
  graph (x: f32[2,5]) { s = log(x); y = argmax(s, dim=-1); return y; }
  expect no_match;
}
test "relu makes ties" for decide_increasing {
  graph (x: f32[2,5]) { s = relu(x); y = argmax(s, dim=-1); return y; }
  expect no_match;
}
test "the probabilities are needed" for decide_increasing {
  graph (x: f32[2,5]) { s = sigmoid(x); y = argmax(s, dim=-1); return y, s; }
  expect no_match because "graph output";
}
test "only the indices" for decide_topk_increasing {
  graph (x: f32[2,7,3]) { s = sigmoid(x); v, i = topk(s, k=3, dim=1); return i; }
  expect fired 1;
}
test "the values too" for decide_topk_increasing {
  graph (x: f32[2,7]) { s = sigmoid(x); v, i = topk(s, k=3); return v, i; }
  expect no_match;
}
test "three of seven" for topk_increasing {
  graph (x: f32[2,7,3]) { s = sigmoid(x); v, i = topk(s, k=3, dim=1); return v, i; }
  expect fired 1;
}
test "relu makes ties" for topk_increasing {
  graph (x: f32[2,7]) { s = relu(x); v, i = topk(s, k=3); return v, i; }
  expect no_match because "op_name";
}
test "log_softmax" for decide_softmax {
  graph (x: f32[3,4,2]) { p = log_softmax(x, dim=-2); y = argmax(p, dim=1, keepdim=true); return y; }
  expect fired 1;
}
test "another dimension" for decide_softmax {
  graph (x: f32[3,4]) { p = softmax(x, dim=0); y = argmax(p, dim=1); return y; }
  expect no_match because "norm(d, rank(x))";
}
test "indices of probabilities" for decide_topk_softmax {
  graph (x: f32[3,5]) { p = softmax(x, dim=1); v, i = topk(p, k=2); return i; }
  expect fired 1;
}
test "probabilities are wanted" for decide_topk_softmax {
  graph (x: f32[3,5]) { p = softmax(x, dim=1); v, i = topk(p, k=2); return v, i; }
  expect no_match;
}
test "the row's maximum taken off" for decide_shifted {
  graph (x: f32[3,5]) {
    m = amax(x, dim=[1], keepdim=true);
    d = sub(x, m);
    y = argmax(d, dim=-1);
    return y;
  }
  expect fired 1;
}
test "a bias for each class" for decide_shifted {
  graph (x: f32[3,5]) {
    const b: f32[5] = file("random", "b");
    d = add(b, x);
    y = argmax(d, dim=-1);
    return y;
  }
  expect no_match;
}
test "a bias for each row" for decide_shifted {
  graph (x: f32[3,5]) {
    const b: f32[3,1] = file("random", "b");
    d = add(b, x);
    y = argmin(d, dim=1);
    return y;
  }
  expect fired 1;
}
test "temperature" for decide_scaled {
  graph (x: f32[3,5]) {
    const t: f32[] = dense[0.7];
    d = div(x, t);
    y = argmax(d, dim=1);
    return y;
  }
  expect fired 1;
}
test "length of the row" for decide_scaled {
  graph (x: f32[3,5]) {
    const eps: f32[] = dense[0.001];
    q = mul(x, x);
    s = sum(q, dim=[1], keepdim=true);
    e = add(s, eps);
    r = sqrt(e);
    d = div(x, r);
    y = argmax(d, dim=1);
    return y;
  }
  expect fired 1;
}
test "a negative factor" for decide_scaled {
  graph (x: f32[3,5]) {
    const t: f32[] = dense[-0.7];
    d = mul(x, t);
    y = argmax(d, dim=1);
    return y;
  }
  expect no_match because "is_positive(c)";
}
test "negated" for argmax_neg {
  graph (x: f32[3,5]) { d = neg(x); y = argmax(d, dim=0); return y; }
  expect fired 1;
}
test "not negated" for argmax_neg {
  graph (x: f32[3,5]) { d = abs(x); y = argmax(d, dim=0); return y; }
  expect no_match;
}
test "negated" for argmin_neg {
  graph (x: f32[3,5]) { d = neg(x); y = argmin(d, keepdim=true); return y; }
  expect fired 1;
}
test "not negated" for argmin_neg {
  graph (x: f32[3,5]) { d = abs(x); y = argmin(d, dim=0); return y; }
  expect no_match;
}
test "channels last" for decide_permuted {
  graph (x: f32[2,5,3,4]) { p = permute(x, dims=[0,2,-1,1]); y = argmax(p, dim=-1, keepdim=true); return y; }
  expect fired 1;
}
test "flattened" for decide_permuted {
  graph (x: f32[2,5]) { p = permute(x, dims=[1,0]); y = argmax(p, keepdim=true); return y; }
  expect no_match because "has(e)";
}
test "channels last" for decide_permuted_flat {
  graph (x: f32[2,5,3,4]) { p = permute(x, dims=[2,0,3,1]); y = argmin(p, dim=3); return y; }
  expect fired 1;
}
test "in the middle" for decide_permuted_flat {
  graph (x: f32[2,5,3]) { p = permute(x, dims=[2,0,1]); y = argmax(p, dim=1); return y; }
  expect fired 1;
}
test "flattened" for decide_permuted_flat {
  graph (x: f32[2,5]) { p = permute(x, dims=[1,0]); y = argmax(p); return y; }
  expect no_match because "has(e)";
}
test "over the classes" for decide_upsampled {
  graph (x: f32[2,5,3,4]) { u = upsample_nearest2d(x, output_size=[7,9]); y = argmax(u, dim=1); return y; }
  expect fired 1;
}
test "over a row" for decide_upsampled {
  graph (x: f32[2,5,3,4]) { u = upsample_nearest2d(x, output_size=[7,9]); y = argmax(u, dim=2); return y; }
  expect no_match because "norm(e";
}
test "interpolation moves maxima" for decide_upsampled {
  graph (x: f32[2,5,3,4]) { u = upsample_bilinear2d(x, output_size=[7,9]); y = argmax(u, dim=1); return y; }
  expect no_match;
}
test "a quarter" for threshold {
  graph (x: f32[2,3,5]) {
    const t: f32[1] = dense[0.25];
    s = sigmoid(x);
    y = gt(s, t);
    return y;
  }
  expect fired 1;
}
test "a limit that is never reached" for threshold {
  graph (x: f32[2,3]) {
    const t: f32[] = dense[1.5];
    s = sigmoid(x);
    y = le(s, t);
    return y;
  }
  expect no_match because "item(t) < 1";
}
test "the second of two" for softmax_of_two {
  graph (x: f32[3,2,4]) { p = softmax(x, dim=1); y = select(p, dim=1, index=-1); return y; }
  expect fired 1;
}
test "the first of two" for softmax_of_two {
  graph (x: f32[3,4,2]) { p = softmax(x, dim=2); y = select(p, dim=2, index=0); return y; }
  expect fired 1;
}
test "of three" for softmax_of_two {
  graph (x: f32[2,3]) { p = softmax(x, dim=1); y = select(p, dim=1, index=0); return y; }
  expect no_match because "dim(x, d) == 2";
}
