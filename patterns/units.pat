// SPDX-License-Identifier: Apache-2.0
//
// More activations written out: those with a choice between two branches, limits one at a time,
// and spellings of frameworks.
pat 1;
import "sets.pat";

/// Where x is above zero, however it is asked; at zero both branches agree.
frag above_zero(x) = gt(x, 0) | ge(x, 0);
frag below_zero(x) = lt(x, 0) | le(x, 0);

rule leaky_relu_choice : spell, benefit 10, class real {
  match {
    y = (where(above_zero(x), x, mul(x, c: const & scalar)) |
             where(below_zero(x), mul(x, c: const & scalar), x));
  }
  where shape(x) == shape(y);
  rewrite { y = leaky_relu(x, negative_slope = item(c)); }
}
/// relu(x) - c * relu(-x), and max(x, 0) + c * min(x, 0).
rule leaky_relu_sum : spell, benefit 10, class real {
  match {
    y = (sub(relu(x), mul(relu(neg(x)), c: const & scalar))
         | add(relu(x), mul(neg(relu(neg(x))), c: const & scalar))
         | add(relu(x), mul(minimum(x, 0), c: const & scalar))
         | add(relu(x), mul(clamp(x, min = none, max = 0), c: const & scalar)));
  }
  where shape(x) == shape(y);
  rewrite { y = leaky_relu(x, negative_slope = item(c)); }
}
/// A slope for each channel.
fn each_channel(s: list, r: int, C: int) =
    r >= 2 && prod(s) == C && (len(s) >= r - 1 && s[len(s) - r + 1] == C);
rule prelu_choice : spell, class real {
  match {
    y = (where(above_zero(x: [_, C, ..]), x, mul(x, c: const)) |
             where(below_zero(x: [_, C, ..]), mul(x, c: const), x));
  }
  where shape(x) == shape(y), each_channel(shape(c), rank(x), C);
  rewrite { y = prelu(x, c.reshape([C])); }
}
rule prelu_sum : spell, class real {
  match {
    y = (sub(relu(x: [_, C, ..]), mul(relu(neg(x)), c: const))
         | add(relu(x: [_, C, ..]), mul(neg(relu(neg(x))), c: const))
         | add(relu(x: [_, C, ..]), mul(minimum(x, 0), c: const)));
  }
  where shape(x) == shape(y), each_channel(shape(c), rank(x), C);
  rewrite { y = prelu(x, c.reshape([C])); }
}
/// One slope for all is a leaky relu.
rule prelu_one : spell, class real {
  match { y = prelu(x, c: const & splat); }
  where numel(c) > 0;
  rewrite { y = leaky_relu(x, negative_slope = splat_value(c)); }
}
/// x above zero, c * (exp(x) - 1) below.
frag exp_less_one(x) = expm1(x) | sub(exp(x), 1) | add(exp(x), -1);
rule elu_choice : spell, benefit 10, class real {
  match {
    y = (where(above_zero(x), x, mul(exp_less_one(x), c: const & scalar)) |
             where(below_zero(x), mul(exp_less_one(x), c: const & scalar), x));
  }
  where shape(x) == shape(y);
  rewrite { y = elu(x, alpha = item(c)); }
}
rule elu_choice_one : spell, class real {
  match {
    y = (where(above_zero(x), x, exp_less_one(x)) | where(below_zero(x), exp_less_one(x), x));
  }
  where shape(x) == shape(y);
  rewrite { y = elu(x); }
}
/// elu with a factor behind: selu.
rule elu_scaled : spell, class real {
  match { y = elu(x, alpha = a, scale = s, input_scale = i); z = mul(y, c: const & scalar); }
  where shape(x) == shape(z);
  rewrite { z = elu(x, alpha = a, scale = s * item(c), input_scale = i); }
}

/// Limits one at a time.
rule clamp_of_minimum : spell, class real {
  match { y = minimum(x, c: const & scalar & finite); }
  where shape(x) == shape(y), is_float(dtype(x));
  rewrite { y = clamp(x, min = none, max = item(c)); }
}
rule clamp_of_maximum : spell, class real {
  match { y = maximum(x, c: const & scalar & finite & nonzero); }
  where shape(x) == shape(y), is_float(dtype(x));
  rewrite { y = clamp(x, min = item(c), max = none); }
}
/// From below, then from above: as one clamp does it.
rule clamp_clamp : spell, class exact {
  match { y = clamp(x, min = lo, max = none); z = clamp(y, min = none, max = hi); }
  where has(lo) && has(hi);
  rewrite { z = clamp(x, min = lo, max = hi); }
}
rule clamp_clamp_reversed : spell, class exact {
  match { y = clamp(x, min = none, max = hi); z = clamp(y, min = lo, max = none); }
  where has(lo) && has(hi), (lo ?? 0) <= (hi ?? 0);
  rewrite { z = clamp(x, min = lo, max = hi); }
}

/// (1 + tanh(x / 2)) / 2.
frag one_plus_tanh(x) = add(tanh(mul(x, 0.5)), 1) | add(tanh(div(x, 2)), 1);
rule sigmoid_tanh : spell, class real {
  match { y = (mul(one_plus_tanh(x), 0.5) | div(one_plus_tanh(x), 2)); }
  where shape(x) == shape(y);
  rewrite { y = sigmoid(x); }
}
/// x * sigmoid(c * x) is silu(c * x) / c; behind a linear op, c goes into its weight.
rule quick_gelu : spell, class real {
  match { y = mul(x, sigmoid(mul(x, c: const & scalar & positive))); }
  where shape(x) == shape(y);
  when contains(["linear", "conv2d"], op_of(x));
  rewrite { y = mul(silu(mul(x, c)), 1 / item(c)); }
}
/// exp(x) / sum(exp(x)), with or without the row's maximum taken off first.
rule softmax_written : spell, class real {
  match {
    e = exp(x);
    s = sum(e, dim = [d], keepdim = true);
    y = div(e, s);
  }
  rewrite { y = softmax(x, dim = d); }
}
rule softmax_shifted : spell, class real {
  match { u = sub(x, m); y = softmax(u, dim = d); }
  where shape(x) == shape(u), rank(m) == rank(x), dim(m, d) == 1;
  rewrite { y = softmax(x, dim = d); }
}

test "above" for leaky_relu_choice {
  graph (x: f32[2,3,4]) {
    const z: f32[] = dense[0]; const c: f32[1] = dense[0.3];
    a = gt(x, z); m = mul(c, x); y = where(a, x, m); return y;
  }
  expect fired 1;
}
test "below" for leaky_relu_choice {
  graph (x: f32[2,3,4]) {
    const z: f32[] = dense[0]; const c: f32[1] = dense[1.5];
    a = le(x, z); m = mul(c, x); y = where(a, m, x); return y;
  }
  expect fired 1;
}
test "branches exchanged" for leaky_relu_choice {
  graph (x: f32[2,3,4]) {
    const z: f32[] = dense[0]; const c: f32[1] = dense[0.3];
    a = gt(x, z); m = mul(c, x); y = where(a, m, x); return y;
  }
  expect no_match;
}
test "difference" for leaky_relu_sum {
  graph (x: f32[2,3,4]) {
    const c: f32[] = dense[0.3];
    a = relu(x); n = neg(x); b = relu(n); m = mul(c, b); y = sub(a, m); return y;
  }
  expect fired 1;
}
test "sum with the minimum" for leaky_relu_sum {
  graph (x: f32[2,3,4]) {
    const c: f32[] = dense[0.3]; const z: f32[] = dense[0];
    a = relu(x); b = minimum(x, z); m = mul(c, b); y = add(a, m); return y;
  }
  expect fired 1;
}
test "sum instead of a difference" for leaky_relu_sum {
  graph (x: f32[2,3,4]) {
    const c: f32[] = dense[0.3];
    a = relu(x); n = neg(x); b = relu(n); m = mul(c, b); y = add(a, m); return y;
  }
  expect no_match;
}
test "three slopes" for prelu_choice {
  graph (x: f32[2,3,4,5]) {
    const z: f32[] = dense[0]; const c: f32[3,1,1] = file("random", "c");
    a = ge(x, z); m = mul(c, x); y = where(a, x, m); return y;
  }
  expect fired 1;
}
test "a slope for each column" for prelu_choice {
  graph (x: f32[2,5,4,5]) {
    const z: f32[] = dense[0]; const c: f32[5] = file("random", "c");
    a = ge(x, z); m = mul(c, x); y = where(a, x, m); return y;
  }
  expect no_match because "each_channel";
}
test "as in Keras" for prelu_sum {
  graph (x: f32[2,3,4,5]) {
    const c: f32[1,3,1,1] = file("random", "c");
    a = relu(x); n = neg(x); b = relu(n); o = neg(b); m = mul(c, o); y = add(a, m); return y;
  }
  expect fired 1;
}
test "the negative part of something else" for prelu_sum {
  graph (x: f32[2,3,4], u: f32[2,3,4]) {
    const c: f32[1,3,1] = file("random", "c");
    a = relu(x); n = neg(u); b = relu(n); m = mul(c, b); y = sub(a, m); return y;
  }
  expect no_match;
}
test "one" for prelu_one {
  graph (x: f32[2,3,4]) { const c: f32[1] = dense[0.25]; y = prelu(x, c); return y; }
  expect fired 1;
}
test "three" for prelu_one {
  graph (x: f32[2,3,4]) { const c: f32[3] = dense[0.25, 0.5, 0.25]; y = prelu(x, c); return y; }
  expect no_match because "of one value";
}
test "minus one" for elu_choice {
  graph (x: f32[2,3,4]) {
    const z: f32[] = dense[0]; const o: f32[] = dense[1]; const c: f32[] = dense[0.7];
    a = gt(x, z); e = exp(x); s = sub(e, o); m = mul(s, c); y = where(a, x, m); return y;
  }
  expect fired 1;
}
test "exp without minus one" for elu_choice {
  graph (x: f32[2,3,4]) {
    const z: f32[] = dense[0]; const c: f32[] = dense[0.7];
    a = gt(x, z); e = exp(x); m = mul(e, c); y = where(a, x, m); return y;
  }
  expect no_match;
}
test "expm1" for elu_choice_one {
  graph (x: f32[2,3,4]) {
    const z: f32[] = dense[0];
    a = lt(x, z); e = expm1(x); y = where(a, e, x); return y;
  }
  expect fired 1;
}
test "a choice by another" for elu_choice_one {
  graph (x: f32[2,3,4], u: f32[2,3,4]) {
    const z: f32[] = dense[0];
    a = lt(u, z); e = expm1(x); y = where(a, e, x); return y;
  }
  expect no_match;
}
test "selu" for elu_scaled {
  graph (x: f32[2,3]) { const c: f32[] = dense[1.0507]; e = elu(x, alpha=1.6733); y = mul(c, e); return y; }
  expect fired 1;
}
test "by column" for elu_scaled {
  graph (x: f32[2,3]) { const c: f32[3] = dense[1, 2, 3]; e = elu(x); y = mul(c, e); return y; }
  expect no_match;
}
test "from above" for clamp_of_minimum {
  graph (x: f32[2,3]) { const c: f32[1] = dense[0.5]; y = minimum(c, x); return y; }
  expect fired 1;
}
test "of two values" for clamp_of_minimum {
  graph (x: f32[2,3], u: f32[2,3]) { y = minimum(u, x); return y; }
  expect no_match;
}
test "from below" for clamp_of_maximum {
  graph (x: f32[2,3]) { const c: f32[] = dense[-0.5]; y = maximum(x, c); return y; }
  expect fired 1;
}
test "that widens" for clamp_of_maximum {
  graph (x: f32[3]) { const c: f32[1,1] = dense[-0.5]; y = maximum(x, c); return y; }
  expect no_match because "shape(x) == shape(y)";
}
test "two" for clamp_clamp {
  graph (x: f32[2,3]) { y = clamp(x, min=0.5); z = clamp(y, max=0.25); return z; }
  expect fired 1;
}
test "two from below" for clamp_clamp {
  graph (x: f32[2,3]) { y = clamp(x, min=0.5); z = clamp(y, min=0.25); return z; }
  expect no_match;
}
test "two" for clamp_clamp_reversed {
  graph (x: f32[2,3]) { y = clamp(x, max=0.5); z = clamp(y, min=-0.25); return z; }
  expect fired 1;
}
test "limits that cross" for clamp_clamp_reversed {
  graph (x: f32[2,3]) { y = clamp(x, max=0.25); z = clamp(y, min=0.5); return z; }
  expect no_match because "<= (hi ?? 0)";
}
test "half of one plus tanh" for sigmoid_tanh {
  graph (x: f32[2,3]) {
    const h: f32[] = dense[0.5]; const o: f32[] = dense[1];
    m = mul(x, h); t = tanh(m); a = add(o, t); y = mul(a, h); return y;
  }
  expect fired 1;
}
test "of x itself" for sigmoid_tanh {
  graph (x: f32[2,3]) {
    const h: f32[] = dense[0.5]; const o: f32[] = dense[1];
    t = tanh(x); a = add(o, t); y = mul(a, h); return y;
  }
  expect no_match;
}
test "CLIP" for quick_gelu {
  graph (x: f32[2,3]) {
    const w: f32[4,3] = file("random", "w"); const c: f32[] = dense[1.702];
    l = linear(x, w); m = mul(l, c); s = sigmoid(m); y = mul(l, s); return y;
  }
  expect fired 1;
}
test "below zero" for quick_gelu {
  graph (x: f32[2,3]) {
    const w: f32[4,3] = file("random", "w"); const c: f32[] = dense[-1.702];
    l = linear(x, w); m = mul(l, c); s = sigmoid(m); y = mul(l, s); return y;
  }
  expect no_match because "not positive";
}
test "over the middle" for softmax_written {
  graph (x: f32[2,3,5]) { e = exp(x); s = sum(e, dim=[1], keepdim=true); y = div(e, s); return y; }
  expect fired 1;
}
test "over two dimensions" for softmax_written {
  graph (x: f32[2,3,5]) { e = exp(x); s = sum(e, dim=[1,2], keepdim=true); y = div(e, s); return y; }
  expect no_match;
}
test "the maximum" for softmax_shifted {
  graph (x: f32[2,3,5]) {
    m = amax(x, dim=[1], keepdim=true); u = sub(x, m); y = softmax(u, dim=1); return y;
  }
  expect fired 1;
}
test "something of each element" for softmax_shifted {
  graph (x: f32[2,3,5], m: f32[2,3,5]) { u = sub(x, m); y = softmax(u, dim=1); return y; }
  expect no_match because "dim(m, d) == 1";
}
