// SPDX-License-Identifier: Apache-2.0
//
// Activations written out in elementary ops, in the spellings that exporters and authors use.
pat 1;
import "sets.pat";

/// relu as maximum with zero, or as a clamp from below.
frag relu_spelled(x) = maximum(x, 0) | clamp(x, min = 0, max = none);
rule relu : spell, class real {
  match { y = relu_spelled(x); }
  where shape(x) == shape(y);
  rewrite { y = relu(x); }
}

/// min(max(x, lo), hi) is a clamp when the limits are numbers.
rule clamp_relu : spell, class real {
  match { r = relu(x); y = clamp(r, min = none, max = hi); }
  where (hi ?? 0) >= 0;
  rewrite { y = clamp(x, min = 0, max = hi); }
}

/// max(x, c * x) with 0 < c < 1.
rule leaky_relu : spell, class real {
  match { y = maximum(x, mul(x, c: const & scalar)); }
  where shape(x) == shape(y), item(c) > 0 && item(c) < 1;
  rewrite { y = leaky_relu(x, negative_slope = item(c)); }
}

/// 1 / (1 + exp(-x)).
frag one_over(t) = reciprocal(t) | div(1, t);
rule sigmoid : spell, class real {
  match { y = one_over(add(exp(neg(x)), 1)); }
  where shape(x) == shape(y), dtype(x) == dtype(y);  // neg of unsigned integers wraps around
  rewrite { y = sigmoid(x); }
}

/// x * sigmoid(x), and x / (1 + exp(-x)).
frag silu_spelled(x) = mul(x, sigmoid(x)) | div(x, add(exp(neg(x)), 1));
rule silu : spell, class real {
  match { y = silu_spelled(x); }
  where shape(x) == shape(y);
  rewrite { y = silu(x); }
}

/// clamp(x + 3, 0, 6) / 6 in its spellings, and clamp(x / 6 + 1/2, 0, 1).
frag plus3(x) = clamp(add(x, 3), min = 0, max = 6);
frag sixth(t) = div(t, 6) | mul(t, 0.16666666666666666 tol 1e-4);
frag hardsigmoid_spelled(x) = sixth(plus3(x)) | clamp(add(sixth(x), 0.5), min = 0, max = 1);
rule hardsigmoid : spell, class real {
  match { y = hardsigmoid_spelled(x); }
  where shape(x) == shape(y);
  rewrite { y = hardsigmoid(x); }
}

/// x * hardsigmoid(x), with the division by six before, between or after.
frag hardswish_spelled(x) = mul(x, hardsigmoid(x)) | sixth(mul(x, plus3(x)))
                          | mul(sixth(x), plus3(x));
rule hardswish : spell, benefit 10, class real {
  match { y = hardswish_spelled(x); }
  where shape(x) == shape(y);
  rewrite { y = hardswish(x); }
}

/// log(1 + exp(x)), which overflows for large x where softplus does not.
frag softplus_spelled(x) = log1p(exp(x)) | log(add(exp(x), 1));
rule softplus : spell, class real {
  match { y = softplus_spelled(x); }
  rewrite { y = softplus(x); }
}

rule mish : spell, class real {
  match { y = mul(x, tanh(softplus(x))); }
  where shape(x) == shape(y);
  rewrite { y = mish(x); }
}

/// gelu through erf: x / 2 * (1 + erf(x / sqrt(2))), wherever the factor of a half stands.
frag erf_of(x) = erf(div(x, 1.4142135623730951 tol 1e-4))
               | erf(mul(x, 0.7071067811865476 tol 1e-4));
frag half(t) = mul(t, 0.5) | div(t, 2);
frag gate_spelled(g, x) = mul(half(x), add(g, 1)) | half(mul(x, add(g, 1)))
                        | mul(x, half(add(g, 1))) | mul(x, add(half(g), 0.5));
rule gelu : spell, benefit 10, class real {
  match { y = gate_spelled(erf_of(x), x); }
  where shape(x) == shape(y);
  rewrite { y = gelu(x); }
}

/// gelu through tanh: sqrt(2 / pi) * (x + 0.044715 * x^3).
frag cube(x) = pow(x, 3) | mul(x, mul(x, x));
frag inner(x) = mul(add(x, mul(cube(x), 0.044715 tol 1e-3)), 0.7978845608028654 tol 1e-4)
              | mul(mul(x, 0.7978845608028654 tol 1e-4), add(mul(mul(x, x), 0.044715 tol 1e-3), 1));
rule gelu_tanh : spell, benefit 10, class real {
  match { y = gate_spelled(tanh(inner(x)), x); }
  where shape(x) == shape(y);
  rewrite { y = gelu(x, approximate = "tanh"); }
}

test "maximum with zero" for relu {
  graph (x: f32[2,3,4]) {
    const c: f32[] = dense[0];
    y = maximum(c, x);
    return y;
  }
  expect fired 1;
}
test "clamp from below" for relu {
  graph (x: f32[2,3,4]) {
    y = clamp(x, min=0.0);
    return y;
  }
  expect fired 1;
}
test "a zero that widens" for relu {
  graph (x: f32[4]) {
    const c: f32[3,4] = splat 0;
    y = maximum(x, c);
    return y;
  }
  expect no_match because "widens the result";
}
test "another limit" for relu {
  graph (x: f32[2,3,4]) {
    y = clamp(x, min=0.5);
    return y;
  }
  expect no_match because "not 0";
}
test "relu6" for clamp_relu {
  graph (x: f32[2,3,4]) {
    r = relu(x);
    y = clamp(r, max=1.5);
    return y;
  }
  expect fired 1;
}
test "a negative upper limit" for clamp_relu {
  graph (x: f32[2,3,4]) {
    r = relu(x);
    y = clamp(r, max=-1.0);
    return y;
  }
  expect no_match because "(hi ?? 0) >= 0";
}
test "either order" for leaky_relu {
  graph (x: f32[2,3,4]) {
    const c: f32[] = dense[0.125];
    m = mul(c, x);
    y = maximum(m, x);
    return y;
  }
  expect fired 1;
}
test "a factor above one" for leaky_relu {
  graph (x: f32[2,3,4]) {
    const c: f32[] = dense[1.5];
    m = mul(x, c);
    y = maximum(x, m);
    return y;
  }
  expect no_match because "item(c) < 1";
}
test "reciprocal" for sigmoid {
  graph (x: f32[2,3,4]) {
    const one: f32[] = dense[1];
    n = neg(x);
    e = exp(n);
    s = add(one, e);
    y = reciprocal(s);
    return y;
  }
  expect fired 1;
}
test "division" for sigmoid {
  graph (x: f32[2,3,4]) {
    const one: f32[] = dense[1];
    n = neg(x);
    e = exp(n);
    s = add(e, one);
    y = div(one, s);
    return y;
  }
  expect fired 1;
}
test "plus two" for sigmoid {
  graph (x: f32[2,3,4]) {
    const two: f32[] = dense[2];
    n = neg(x);
    e = exp(n);
    s = add(e, two);
    y = reciprocal(s);
    return y;
  }
  expect no_match because "not 1";
}
test "product" for silu {
  graph (x: f32[2,3,4]) {
    s = sigmoid(x);
    y = mul(s, x);
    return y;
  }
  expect fired 1;
}
test "quotient" for silu {
  graph (x: f32[2,3,4]) {
    const one: f32[] = dense[1];
    n = neg(x);
    e = exp(n);
    s = add(e, one);
    y = div(x, s);
    return y;
  }
  expect fired 1;
}
test "shared sigmoid blocks it" for silu {
  graph (x: f32[2,3,4]) {
    s = sigmoid(x);
    y = mul(x, s);
    return y, s;
  }
  expect no_match because "graph output";
}
test "sigmoid of something else" for silu {
  graph (x: f32[2,3], u: f32[2,3]) {
    s = sigmoid(u);
    y = mul(x, s);
    return y;
  }
  expect no_match;
}
test "sixth of a clamp" for hardsigmoid {
  graph (x: f32[2,3,4]) {
    const three: f32[] = dense[3];
    const six: f32[] = dense[6];
    a = add(x, three);
    c = clamp(a, min=0.0, max=6.0);
    y = div(c, six);
    return y;
  }
  expect fired 1;
}
test "clamp of a line" for hardsigmoid {
  graph (x: f32[2,3,4]) {
    const k: f32[] = dense[0.166666672];
    const h: f32[] = dense[0.5];
    m = mul(x, k);
    a = add(m, h);
    y = clamp(a, min=0.0, max=1.0);
    return y;
  }
  expect fired 1;
}
test "division by five" for hardsigmoid {
  graph (x: f32[2,3,4]) {
    const three: f32[] = dense[3];
    const five: f32[] = dense[5];
    a = add(x, three);
    c = clamp(a, min=0.0, max=6.0);
    y = div(c, five);
    return y;
  }
  expect no_match because "not 6";
}
test "product with hardsigmoid" for hardswish {
  graph (x: f32[2,3,4]) {
    h = hardsigmoid(x);
    y = mul(h, x);
    return y;
  }
  expect fired 1;
}
test "division last" for hardswish {
  graph (x: f32[2,3,4]) {
    const three: f32[] = dense[3];
    const six: f32[] = dense[6];
    a = add(x, three);
    c = clamp(a, min=0.0, max=6.0);
    m = mul(x, c);
    y = div(m, six);
    return y;
  }
  expect fired 1;
}
test "division in the middle" for hardswish {
  graph (x: f32[2,3,4]) {
    const three: f32[] = dense[3];
    const six: f32[] = dense[6];
    a = add(x, three);
    c = clamp(a, min=0.0, max=6.0);
    d = div(x, six);
    y = mul(d, c);
    return y;
  }
  expect fired 1;
}
test "clamp to five" for hardswish {
  graph (x: f32[2,3,4]) {
    const three: f32[] = dense[3];
    const six: f32[] = dense[6];
    a = add(x, three);
    c = clamp(a, min=0.0, max=5.0);
    m = mul(x, c);
    y = div(m, six);
    return y;
  }
  expect no_match because "not 6";
}
test "log1p" for softplus {
  graph (x: f32[2,3,4]) {
    e = exp(x);
    y = log1p(e);
    return y;
  }
  expect fired 1;
}
test "log of one more" for softplus {
  graph (x: f32[2,3,4]) {
    const one: f32[] = dense[1];
    e = exp(x);
    a = add(e, one);
    y = log(a);
    return y;
  }
  expect fired 1;
}
test "log of two more" for softplus {
  graph (x: f32[2,3,4]) {
    const two: f32[] = dense[2];
    e = exp(x);
    a = add(e, two);
    y = log(a);
    return y;
  }
  expect no_match because "not 1";
}
test "product" for mish {
  graph (x: f32[2,3,4]) {
    s = softplus(x);
    t = tanh(s);
    y = mul(x, t);
    return y;
  }
  expect fired 1;
}
test "another beta" for mish {
  graph (x: f32[2,3,4]) {
    s = softplus(x, beta=2.0);
    t = tanh(s);
    y = mul(x, t);
    return y;
  }
  expect no_match because "attribute `beta`";
}
test "half of x first" for gelu {
  graph (x: f32[2,3,4]) {
    const r: f32[] = dense[1.41421354];
    const one: f32[] = dense[1];
    const h: f32[] = dense[0.5];
    d = div(x, r);
    e = erf(d);
    p = add(e, one);
    q = mul(x, h);
    y = mul(q, p);
    return y;
  }
  expect fired 1;
}
test "half last" for gelu {
  graph (x: f32[2,3,4]) {
    const r: f32[] = dense[1.41421354];
    const one: f32[] = dense[1];
    const h: f32[] = dense[0.5];
    d = div(x, r);
    e = erf(d);
    p = add(one, e);
    q = mul(x, p);
    y = mul(q, h);
    return y;
  }
  expect fired 1;
}
test "half of the gate" for gelu {
  graph (x: f32[2,3,4]) {
    const r: f32[] = dense[1.41421354];
    const one: f32[] = dense[1];
    const h: f32[] = dense[0.5];
    d = div(x, r);
    e = erf(d);
    p = mul(e, h);
    q = add(p, h);
    y = mul(q, x);
    return y;
  }
  expect fired 1;
}
test "the wrong root" for gelu {
  graph (x: f32[2,3,4]) {
    const r: f32[] = dense[1.5];
    const one: f32[] = dense[1];
    const h: f32[] = dense[0.5];
    d = div(x, r);
    e = erf(d);
    p = add(e, one);
    q = mul(x, h);
    y = mul(q, p);
    return y;
  }
  expect no_match because "1.5";
}
test "cube by pow" for gelu_tanh {
  graph (x: f32[2,3,4]) {
    const k: f32[] = dense[0.044715];
    const r: f32[] = dense[0.797884583];
    const one: f32[] = dense[1];
    const h: f32[] = dense[0.5];
    const three: f32[] = dense[3];
    c = pow(x, three);
    m = mul(k, c);
    a = add(x, m);
    i = mul(r, a);
    t = tanh(i);
    p = add(t, one);
    q = mul(h, x);
    y = mul(q, p);
    return y;
  }
  expect fired 1;
}
test "factored" for gelu_tanh {
  graph (x: f32[2,3,4]) {
    const k: f32[] = dense[0.044715];
    const r: f32[] = dense[0.797884583];
    const one: f32[] = dense[1];
    const h: f32[] = dense[0.5];
    s = mul(x, x);
    m = mul(s, k);
    a = add(m, one);
    u = mul(x, r);
    i = mul(u, a);
    t = tanh(i);
    p = add(one, t);
    q = mul(x, p);
    y = mul(h, q);
    return y;
  }
  expect fired 1;
}
test "fourth power" for gelu_tanh {
  graph (x: f32[2,3,4]) {
    const k: f32[] = dense[0.044715];
    const r: f32[] = dense[0.797884583];
    const one: f32[] = dense[1];
    const h: f32[] = dense[0.5];
    const four: f32[] = dense[4];
    c = pow(x, four);
    m = mul(k, c);
    a = add(x, m);
    i = mul(r, a);
    t = tanh(i);
    p = add(t, one);
    q = mul(h, x);
    y = mul(q, p);
    return y;
  }
  expect no_match;
}
