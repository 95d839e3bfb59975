// SPDX-License-Identifier: Apache-2.0
//
// What the range of a value makes superfluous: a relu behind what cannot be negative, limits that
// cannot bind, comparisons that can go only one way. Ranges follow from definitions, and from what
// the user asserts of inputs (`assume input x in [0, 255]`).
pat 1;
import "sets.pat";

rule relu_nonneg : cleanup, benefit 5, class real {
  match { y = relu(x: & nonnegative); }
  rewrite { y = x; }
}
rule abs_nonneg : cleanup, benefit 5, class real {
  match { y = abs(x: & nonnegative); }
  rewrite { y = x; }
}
rule abs_nonpositive : cleanup, class real {
  match { y = abs(x); }
  where range(x).hi <= 0;
  when range(x).lo < 0;
  rewrite { y = neg(x); }
}
rule relu_nonpositive : cleanup, class real {
  match { y = relu(x); }
  where range(x).hi <= 0;
  rewrite { y = zeros(shape(x)); }
}
/// Leaky and exponential units let what is not negative through.
frag passes_positive(x) = leaky_relu(x, negative_slope = _)
                        | elu(x, alpha = _, scale = 1, input_scale = _) | prelu(x, _);
rule unit_nonneg : cleanup, class real {
  match { y = passes_positive(x: & nonnegative); }
  rewrite { y = x; }
}
/// Limits beyond the range do not bind.
rule clamp_idle : cleanup, benefit 5, class exact {
  match { y = clamp(x, min = lo, max = hi); }
  where range(x).lo >= (lo ?? -inf), range(x).hi <= (hi ?? inf);
  rewrite { y = x; }
}
rule clamp_above : cleanup, class exact {
  match { y = clamp(x, min = lo, max = hi); }
  where has(lo) && has(hi), range(x).lo >= (lo ?? -inf);
  rewrite { y = clamp(x, min = none, max = hi); }
}
rule clamp_below : cleanup, class exact {
  match { y = clamp(x, min = lo, max = hi); }
  // Where the limits cross, the upper one wins.
  where has(lo) && has(hi), range(x).hi <= (hi ?? inf), (lo ?? 0) <= (hi ?? 0);
  rewrite { y = clamp(x, min = lo, max = none); }
}
/// Not exact: of zeros of both signs either may be the larger one.
rule maximum_idle : cleanup, class real {
  match { y = maximum(x, c: const & finite); }
  where shape(x) == shape(y), range(x).lo >= range(c).hi;
  rewrite { y = x; }
}
rule minimum_idle : cleanup, class real {
  match { y = minimum(x, c: const & finite); }
  where shape(x) == shape(y), range(x).hi <= range(c).lo;
  rewrite { y = x; }
}
/// sqrt(x * x) is abs(x).
rule root_of_square : cleanup, class real {
  match { y = sqrt((mul(x, x) | pow(x, 2))); }
  rewrite { y = abs(x); }
}
/// Whole numbers stay as they are when rounded.
rule round_integral for f in { floor, ceil, round, trunc } : cleanup, class exact {
  match { y = f(x); }
  where is_integral(x);
  rewrite { y = x; }
}
/// Comparisons that can go only one way.
rule never_less : cleanup, class exact {
  match { y = lt(x, c); }
  where range(x).lo >= range(c).hi;
  let s = shape(y);
  rewrite { y = zeros(s); }
}
rule never_greater : cleanup, class exact {
  match { y = gt(x, c); }
  where range(x).hi <= range(c).lo;
  let s = shape(y);
  rewrite { y = zeros(s); }
}
rule always_greater_equal : cleanup, class exact {
  match { y = ge(x, c); }
  where range(x).lo >= range(c).hi, no_nan(x), no_nan(c);
  let s = shape(y);
  rewrite { y = ones(s); }
}
rule always_less_equal : cleanup, class exact {
  match { y = le(x, c); }
  where range(x).hi <= range(c).lo, no_nan(x), no_nan(c);
  let s = shape(y);
  rewrite { y = ones(s); }
}

test "behind a pooling of relu" for relu_nonneg {
  graph (x: f32[2,3,5,4]) {
    r = relu(x);
    p = max_pool2d(r, kernel_size=[3,2], stride=[2,1], padding=[1,0]);
    y = relu(p);
    return y;
  }
  expect fired 1;
}
test "behind a softmax" for relu_nonneg {
  graph (x: f32[2,5]) { s = softmax(x, dim=-1); y = relu(s); z = neg(y); return z; }
  expect fired 1;
}
test "a square with an offset" for relu_nonneg {
  graph (x: f32[2,5]) {
    const c: f32[] = dense[-0.5];
    s = mul(x, x);
    t = add(s, c);
    y = relu(t);
    return y;
  }
  expect no_match because "not known to be not negative";
}
test "of a square" for abs_nonneg {
  graph (x: f32[2,5]) { s = mul(x, x); y = abs(s); z = neg(y); return z; }
  expect fired 1;
}
test "of a product" for abs_nonneg {
  graph (x: f32[2,5], u: f32[2,5]) { s = mul(x, u); y = abs(s); return y; }
  expect no_match;
}
test "of log_softmax" for abs_nonpositive {
  graph (x: f32[3,5]) { s = log_softmax(x, dim=1); y = abs(s); return y; }
  expect fired 1;
}
test "of tanh" for abs_nonpositive {
  graph (x: f32[3,5]) { s = tanh(x); y = abs(s); return y; }
  expect no_match because "range(x).hi";
}
test "of a negated square" for relu_nonpositive {
  graph (x: f32[3,5]) { s = mul(x, x); n = neg(s); r = relu(n); y = add(r, x); return y; }
  expect fired 1;
}
test "of tanh" for relu_nonpositive {
  graph (x: f32[3,5]) { s = tanh(x); y = relu(s); return y; }
  expect no_match;
}
test "leaky behind sigmoid" for unit_nonneg {
  graph (x: f32[3,5]) { s = sigmoid(x); y = leaky_relu(s, negative_slope=0.3); z = neg(y); return z; }
  expect fired 1;
}
test "elu behind relu" for unit_nonneg {
  graph (x: f32[3,5]) { s = relu(x); y = elu(s, alpha=0.3); z = neg(y); return z; }
  expect fired 1;
}
test "scaled elu" for unit_nonneg {
  graph (x: f32[3,5]) { s = relu(x); y = elu(s, scale=1.5); return y; }
  expect no_match because "attribute `scale`";
}
test "wider than the range" for clamp_idle {
  graph (x: f32[3,5]) { s = sigmoid(x); y = clamp(s, min=-0.5, max=1.0); z = neg(y); return z; }
  expect fired 1;
}
test "binds above" for clamp_idle {
  graph (x: f32[3,5]) { s = sigmoid(x); y = clamp(s, min=0.0, max=0.75); return y; }
  expect no_match because "range(x).hi";
}
test "the lower limit is idle" for clamp_above {
  graph (x: f32[3,5]) { s = relu(x); y = clamp(s, min=0.0, max=1.5); return y; }
  expect fired 1;
}
test "both bind" for clamp_above {
  graph (x: f32[3,5]) { y = clamp(x, min=0.0, max=1.5); return y; }
  expect no_match;
}
test "the upper limit is idle" for clamp_below {
  graph (x: f32[3,5]) { s = tanh(x); y = clamp(s, min=0.25, max=1.5); return y; }
  expect fired 1;
}
test "both bind" for clamp_below {
  graph (x: f32[3,5]) { y = clamp(x, min=0.0, max=1.5); return y; }
  expect no_match;
}
test "with a smaller constant" for maximum_idle {
  graph (x: f32[3,5]) {
    const c: f32[5] = dense[0, -1, -2, 0, -0.5];
    s = sigmoid(x); y = maximum(c, s); z = neg(y); return z;
  }
  expect fired 1;
}
test "one of the constants binds" for maximum_idle {
  graph (x: f32[3,5]) {
    const c: f32[5] = dense[0, -1, -2, 0, 0.5];
    s = sigmoid(x); y = maximum(c, s); return y;
  }
  expect no_match because "range(x).lo";
}
test "with a larger constant" for minimum_idle {
  graph (x: f32[3,5]) {
    const c: f32[] = dense[1];
    s = sigmoid(x); y = minimum(s, c); z = neg(y); return z;
  }
  expect fired 1;
}
test "a constant that binds" for minimum_idle {
  graph (x: f32[3,5]) {
    const c: f32[] = dense[0.5];
    s = sigmoid(x); y = minimum(s, c); return y;
  }
  expect no_match;
}
test "product" for root_of_square {
  graph (x: f32[3,5]) { s = mul(x, x); y = sqrt(s); return y; }
  expect fired 1;
}
test "power" for root_of_square {
  graph (x: f32[3,5]) {
    const two: f32[] = dense[2];
    s = pow(x, two); y = sqrt(s); return y;
  }
  expect fired 1;
}
test "of two values" for root_of_square {
  graph (x: f32[3,5], u: f32[3,5]) { s = mul(x, u); y = sqrt(s); return y; }
  expect no_match;
}
test "floor of round" for round_integral {
  graph (x: f32[3,5]) { s = round(x); y = floor(s); z = neg(y); return z; }
  expect fired 1;
}
test "round of a half" for round_integral {
  graph (x: f32[3,5]) {
    const h: f32[] = dense[0.5];
    s = round(x); t = mul(s, h); y = round(t); return y;
  }
  expect no_match because "is_integral(x)";
}
test "of integers as floats" for round_integral {
  graph (i: u8[3,5]) { s = to(i, dtype=f32); y = floor(s); z = neg(y); return z; }
  expect fired 1;
}
test "a square below zero" for never_less {
  graph (x: f32[3,5]) {
    const c: f32[1] = dense[0];
    s = mul(x, x); y = lt(s, c); return y;
  }
  expect fired 1;
}
test "may be less" for never_less {
  graph (x: f32[3,5]) {
    const c: f32[1] = dense[0.25];
    s = mul(x, x); y = lt(s, c); return y;
  }
  expect no_match;
}
test "above one" for never_greater {
  graph (x: f32[3,5]) {
    const c: f32[3,1] = dense[1, 2, 1];
    s = sigmoid(x); y = gt(s, c); return y;
  }
  expect fired 1;
}
test "above a half" for never_greater {
  graph (x: f32[3,5]) {
    const c: f32[] = dense[0.5];
    s = sigmoid(x); y = gt(s, c); return y;
  }
  expect no_match;
}
test "indices from zero" for always_greater_equal {
  graph (x: f32[3,5]) {
    const c: i64[] = dense[0];
    i = argmax(x, dim=1); y = ge(i, c); return y;
  }
  expect fired 1;
}
test "NaN is not equal" for always_greater_equal {
  graph (x: f32[3,5]) {
    const c: f32[] = dense[0];
    s = relu(x); y = ge(s, c); return y;
  }
  expect no_match because "no_nan(x)";
}
test "bytes" for always_less_equal {
  graph (x: u8[3,5]) {
    const c: i32[] = dense[255];
    i = to(x, dtype=i32); y = le(i, c); return y;
  }
  expect fired 1;
}
test "may be greater" for always_less_equal {
  graph (x: u8[3,5]) {
    const c: i32[] = dense[254];
    i = to(x, dtype=i32); y = le(i, c); return y;
  }
  expect no_match;
}
