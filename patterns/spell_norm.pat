// SPDX-License-Identifier: Apache-2.0
//
// Norms written out in elementary ops (case C2): layer norm and RMS norm over the last dimensions, with
// their affine parts.
pat 1;
import "sets.pat";

/// The last dimensions, all from the first one named on, in order.
fn trailing(d: list, r: int) = len(d) > 0 &&
                               all([norm(d[i], r) == r - len(d) + i for i in 0..len(d)]);
/// One parameter for each normalised element.
fn fits(s: list, n: list) = s == n ||
                            (len(n) == 1 && len(s) > 0 && prod(s) == n[0] && s[-1] == n[0]);

frag square(x) = mul(x, x) | pow(x, 2);
frag over(x, v, e) = div(x, sqrt(add(v, e))) | mul(x, rsqrt(add(v, e)))
                   | mul(x, reciprocal(sqrt(add(v, e)))) | mul(x, pow(add(v, e), -0.5))
                   | div(x, pow(add(v, e), 0.5));

/// (x - mean) / sqrt(mean((x - mean)^2) + eps).
rule layer_norm : spell, benefit 20, class real {
  match {
    m = mean(x, dim = d, keepdim = true);
    c = sub(x, m);
    v = mean(square(c), dim = d, keepdim = true);
    y = over(c, v, e: const & scalar);
  }
  let n = shape(x)[rank(x) - len(d):];
  where trailing(d, rank(x)), item(e) > 0, shape(x) == shape(y);
  rewrite { y = layer_norm(x, normalized_shape = n, eps = item(e)); }
}
/// The same with the variance as one op.
rule layer_norm_var : spell, benefit 20, class real {
  match {
    m = mean(x, dim = d, keepdim = true);
    c = sub(x, m);
    v = var(x, dim = d, keepdim = true, correction = 0.0);
    y = over(c, v, e: const & scalar);
  }
  let n = shape(x)[rank(x) - len(d):];
  where trailing(d, rank(x)), item(e) > 0, shape(x) == shape(y);
  rewrite { y = layer_norm(x, normalized_shape = n, eps = item(e)); }
}
rule layer_norm_weight : spell, class real {
  match {
    y = layer_norm(x, normalized_shape = n, eps);
    z = mul(y, g: const);
  }
  where shape(y) == shape(z), fits(shape(g), n);
  rewrite { z = layer_norm(x, g.reshape(n), normalized_shape = n, eps = eps); }
}
rule layer_norm_bias : spell, class real {
  match {
    y = layer_norm(x, g?, normalized_shape = n, eps);
    z = add(y, b: const);
  }
  where shape(y) == shape(z), fits(shape(b), n);
  rewrite { z = layer_norm(x, g ?? ones(n), b.reshape(n), normalized_shape = n, eps = eps); }
}
/// x / sqrt(mean(x^2) + eps).
rule rms_norm : spell, benefit 20, class real {
  match {
    v = mean(square(x), dim = d, keepdim = true);
    y = over(x, v, e: const & scalar);
  }
  let n = shape(x)[rank(x) - len(d):];
  where trailing(d, rank(x)), item(e) > 0, shape(x) == shape(y);
  rewrite { y = rms_norm(x, normalized_shape = n, eps = item(e)); }
}
rule rms_norm_weight : spell, class real {
  match {
    y = rms_norm(x, normalized_shape = n, eps);
    z = mul(y, g: const);
  }
  where shape(y) == shape(z), fits(shape(g), n);
  rewrite { z = rms_norm(x, g.reshape(n), normalized_shape = n, eps = eps); }
}

test "two dimensions, quotient" for layer_norm {
  graph (x: f32[3,4,5]) {
    const two: f32[] = dense[2];
    const e: f32[] = dense[0.001];
    m = mean(x, dim=[1, -1], keepdim=true);
    c = sub(x, m);
    s = pow(c, two);
    v = mean(s, dim=[1, -1], keepdim=true);
    a = add(v, e);
    r = sqrt(a);
    y = div(c, r);
    return y;
  }
  expect fired 1;
}
test "a middle dimension" for layer_norm {
  graph (x: f32[3,4,5]) {
    const e: f32[] = dense[0.001];
    m = mean(x, dim=[1], keepdim=true);
    c = sub(x, m);
    s = mul(c, c);
    v = mean(s, dim=[1], keepdim=true);
    a = add(v, e);
    r = rsqrt(a);
    y = mul(c, r);
    return y;
  }
  expect no_match because "trailing";
}
test "rsqrt" for layer_norm_var {
  graph (x: f32[3,4,5]) {
    const e: f32[] = dense[0.001];
    m = mean(x, dim=[-1], keepdim=true);
    c = sub(x, m);
    v = var(x, dim=[-1], keepdim=true, correction=0.0);
    a = add(v, e);
    r = rsqrt(a);
    y = mul(r, c);
    return y;
  }
  expect fired 1;
}
test "the sample's variance" for layer_norm_var {
  graph (x: f32[3,4,5]) {
    const e: f32[] = dense[0.001];
    m = mean(x, dim=[-1], keepdim=true);
    c = sub(x, m);
    v = var(x, dim=[-1], keepdim=true);
    a = add(v, e);
    r = rsqrt(a);
    y = mul(r, c);
    return y;
  }
  expect no_match because "attribute `correction`";
}
test "a weight" for layer_norm_weight {
  graph (x: f32[3,4,5]) { const g: f32[1,5] = file("random", "g"); y = layer_norm(x, normalized_shape=[5], eps=0.01); z = mul(g, y); return z; }
  expect fired 1;
}
test "a weight for each row" for layer_norm_weight {
  graph (x: f32[3,5,5]) { const g: f32[5,1] = file("random", "g"); y = layer_norm(x, normalized_shape=[5]); z = mul(g, y); return z; }
  expect no_match because "fits";
}
test "a bias" for layer_norm_bias {
  graph (x: f32[3,4,5]) { const b: f32[4,5] = file("random", "b"); y = layer_norm(x, normalized_shape=[4, 5]); z = add(y, b); return z; }
  expect fired 1;
}
test "a second bias" for layer_norm_bias {
  graph (x: f32[3,5]) {
    const g: f32[5] = file("random", "g");
    const b: f32[5] = file("random", "b");
    y = layer_norm(x, g, b, normalized_shape=[5]);
    z = add(y, b);
    return z;
  }
  expect no_match because "operand `bias`";
}
test "squares" for rms_norm {
  graph (x: f32[3,4,5]) {
    const e: f32[] = dense[0.001];
    s = mul(x, x);
    v = mean(s, dim=[2], keepdim=true);
    a = add(e, v);
    r = rsqrt(a);
    y = mul(x, r);
    return y;
  }
  expect fired 1;
}
test "of another tensor" for rms_norm {
  graph (x: f32[3,4,5], u: f32[3,4,5]) {
    const e: f32[] = dense[0.001];
    s = mul(x, x);
    v = mean(s, dim=[2], keepdim=true);
    a = add(e, v);
    r = rsqrt(a);
    y = mul(u, r);
    return y;
  }
  expect no_match;
}
test "its weight" for rms_norm_weight {
  graph (x: f32[3,4,5]) { const g: f32[5] = file("random", "g"); y = rms_norm(x, normalized_shape=[5], eps=0.01); z = mul(y, g); return z; }
  expect fired 1;
}
test "a weight that is there" for rms_norm_weight {
  graph (x: f32[3,4,5]) { const g: f32[5] = file("random", "g"); y = rms_norm(x, g, normalized_shape=[5]); z = mul(y, g); return z; }
  expect no_match because "operand `weight`";
}
