// SPDX-License-Identifier: Apache-2.0
//
// Arithmetic with constants: runs of factors and summands made into one, zeros and ones that make
// the rest superfluous, choices already made. This is what is left of masks and optional parts once
// their inputs are known (`assume input mask = 1`).
pat 1;
import "sets.pat";

/// (x + a) + b is x + (a + b), and so with differences.
frag plus_const(x, c) -> { s: int } = add(x, c) => { s = 1 } | sub(x, c) => { s = -1 };
rule add_add : cleanup, class real {
  match { y = plus_const(x, a: const) as f; z = plus_const(y, b: const) as g; }
  where is_float(dtype(x));
  let c = a * (f.s * g.s) + b;
  when numel(c) <= max(numel(a), numel(b));
  rewrite { z = (g.s == 1) ? add(x, a * f.s + b) : add(x, a * f.s - b); }
}
/// (x * a) * b is x * (a * b), and so with quotients.
rule mul_mul : cleanup, class real {
  match { y = mul(x, a: const); z = mul(y, b: const); }
  where is_float(dtype(x));
  when numel(a * b) <= max(numel(a), numel(b));
  rewrite { z = mul(x, a * b); }
}
rule div_div : cleanup, class real {
  match { y = div(x, a: const); z = div(y, b: const); }
  where is_float(dtype(x));
  when numel(a * b) <= max(numel(a), numel(b));
  rewrite { z = div(x, a * b); }
}
rule mul_div : cleanup, class real {
  match { y = mul(x, a: const); z = div(y, b: const & nonzero); }
  where is_float(dtype(x));
  when numel(a / b) <= max(numel(a), numel(b));
  rewrite { z = mul(x, a / b); }
}
rule div_mul : cleanup, class real {
  match { y = div(x, a: const & nonzero); z = mul(y, b: const); }
  where is_float(dtype(x));
  when numel(b / a) <= max(numel(a), numel(b));
  rewrite { z = mul(x, b / a); }
}
/// -x * a, and minus one as a factor.
rule neg_mul : cleanup, class exact {
  match { y = mul(neg(x), a: const); }
  where is_float(dtype(x));
  rewrite { y = mul(x, -a); }
}
rule mul_minus_one : cleanup, class exact {
  match { y = mul(x, -1); }
  rewrite { y = neg(x); }
}

/// A one or zero that only widens.
rule widen : cleanup, class real {
  match {
    y = (mul(x, c: const & one) | div(x, c: const & one) | add(x, c: const & zero)
         | sub(x, c: const & zero));
  }
  let s = shape(y);
  when shape(x) != s, is_const(c);
  rewrite { y = expand(x, shape = s); }
}
/// Nothing is left of a product with zero.
rule mul_zero : cleanup, benefit 5, class real {
  match { y = mul(x, c: const & zero); }
  where numel(c) <= numel(y) && !is_const(x);
  let s = shape(y);
  rewrite { y = zeros(s); }
}
rule zero_div : cleanup, class real {
  match { y = div(c: const & zero, x); }
  where is_float(dtype(x)), numel(c) <= numel(y);
  let s = shape(y);
  rewrite { y = zeros(s); }
}
rule sub_self : cleanup, class real {
  match { y = sub(x, x); }
  let s = shape(x);
  rewrite { y = zeros(s); }
}
rule matmul_zero : cleanup, class real {
  match { y = (matmul(c: const & zero, x) | matmul(x, c: const & zero)); }
  where numel(c) > 0 && !is_const(x);
  let s = shape(y);
  rewrite { y = zeros(s); }
}
/// Of a product with a weight of zeros the bias is left, for each position.
rule linear_zero : cleanup, class real {
  match { y = linear(_, w: const[O, _] & zero, b?: const[O]); }
  where numel(w) > 0;
  let s = shape(y);
  rewrite { y = expand(b ?? zeros([O]), shape = s); }
}
rule conv_zero : cleanup, class real {
  match {
    y = conv2d(_, w: const[O, _, _, _] & zero, b?: const[O], act = "none", act_params = [],
               stride = _, padding = _, dilation = _, groups = _);
  }
  where numel(w) > 0;
  let s = shape(y);
  rewrite { y = expand((b ?? zeros([O])).reshape([1, O, 1, 1]), shape = s); }
}
/// When all rows of the values are equal, attention returns that row wherever it looks.
rule attend_equal_rows : cleanup, class real {
  match { y = scaled_dot_product_attention(_, _, v: const, is_causal = _, scale = _); }
  where numel(v) > 0, all_close(v, (0 * v) + slice(v, -2, 0, 1), 0.0);
  let s = shape(y);
  rewrite { y = expand(slice(v, -2, 0, 1), shape = s); }
}
rule weigh_equal_rows : cleanup, class real {
  match { p = softmax(_, dim = d); y = matmul(p, v: const); }
  where rank(v) >= 2, numel(v) > 0, rank(p) >= 2, norm(d, rank(p)) == rank(p) - 1,
        all_close(v, (0 * v) + slice(v, -2, 0, 1), 0.0);
  let s = shape(y);
  rewrite { y = expand(slice(v, -2, 0, 1), shape = s); }
}

/// Choices that are made.
rule where_true : cleanup, class exact {
  match { y = where(c: const & one, a, _); }
  where numel(c) > 0;
  let s = shape(y);
  rewrite { y = expand(a, shape = s); }
}
rule where_false : cleanup, class exact {
  match { y = where(c: const & zero, _, b); }
  where numel(c) > 0;
  let s = shape(y);
  rewrite { y = expand(b, shape = s); }
}
rule where_same : cleanup, class exact {
  match { y = where(_, a, a); }
  let s = shape(y);
  rewrite { y = expand(a, shape = s); }
}

/// Powers with names of their own.
rule pow_two : cleanup, class real {
  match { y = pow(x, 2); }
  rewrite { y = mul(x, x); }
}
rule pow_one : cleanup, class exact {
  match { y = pow(x, 1); }
  rewrite { y = x; }
}
rule pow_half : cleanup, class real {
  match { y = pow(x, 0.5); }
  rewrite { y = sqrt(x); }
}
rule pow_minus_one : cleanup, class real {
  match { y = pow(x, -1); }
  where is_float(dtype(x));
  rewrite { y = reciprocal(x); }
}
rule pow_minus_half : cleanup, class real {
  match { y = pow(x, -0.5); }
  rewrite { y = rsqrt(x); }
}
rule root_reciprocal : cleanup, class real {
  match { y = (reciprocal(sqrt(x)) | div(1, sqrt(x))); }
  where shape(x) == shape(y);
  rewrite { y = rsqrt(x); }
}
/// x / sqrt(v) for numbers that are no constants: one function less.
rule divide_by_root : cleanup, class real {
  match { y = mul(x, reciprocal(v)); }
  rewrite { y = div(x, v); }
}

/// A factor or summand in front of a product.
rule scale_linear : fold, class real {
  match { y = mul(x: [.., I], s: const); z = linear(y, w: const[_, I], b?, ..a); }
  where shape(x) == shape(y), numel(s) == 1 || (numel(s) == I && shape(s)[-1] == I);
  rewrite { z = linear(x, w * s.reshape([-1]).expand([I]), b, ..a); }
}
rule shift_linear : fold, class real {
  match { y = add(x: [.., I], s: const); z = linear(y, w: const[O, I], b?: const[O], ..a); }
  where shape(x) == shape(y), numel(s) == 1 || (numel(s) == I && shape(s)[-1] == I);
  rewrite { z = linear(x, w, matmul(w, s.reshape([-1]).expand([I])) + (b ?? zeros([O])), ..a); }
}

test "by number and by channel" for add_add {
  graph (x: f32[2,3,4]) {
    const a: f32[] = dense[1.5];
    const b: f32[3,1] = file("random", "b");
    y = add(x, a); z = add(b, y); return z;
  }
  expect fired 1;
}
test "difference of a difference" for add_add {
  graph (x: f32[2,3]) {
    const a: f32[3] = file("random", "a");
    const b: f32[2,1] = file("random", "b");
    const c: f32[3] = file("random", "c");
    y = sub(x, a); z = sub(y, c); u = relu(z); return u;
  }
  expect fired 1;
}
test "a sum of a row and a column is larger than both" for add_add {
  graph (x: f32[2,3]) {
    const a: f32[3] = file("random", "a");
    const b: f32[2,1] = file("random", "b");
    y = add(x, a); z = add(y, b); return z;
  }
  expect no_match because "numel(c)";
}
test "two factors" for mul_mul {
  graph (x: f32[2,3]) {
    const a: f32[3] = file("random", "a");
    const b: f32[1] = file("random", "b");
    y = mul(a, x); z = mul(b, y); return z;
  }
  expect fired 1;
}
test "the product is needed" for mul_mul {
  graph (x: f32[2,3]) {
    const a: f32[3] = file("random", "a");
    y = mul(a, x); z = mul(a, y); return z, y;
  }
  expect no_match because "graph output";
}
test "twice" for div_div {
  graph (x: f32[2,3]) {
    const a: f32[3] = file("positive", "a");
    const b: f32[] = dense[8];
    y = div(x, a); z = div(y, b); return z;
  }
  expect fired 1;
}
test "of integers" for div_div {
  graph (x: f32[2,3]) {
    const a: f32[3] = file("positive", "a");
    y = div(a, x); z = div(y, a); return z;
  }
  expect no_match;
}
test "factor, then divisor" for mul_div {
  graph (x: f32[2,3]) {
    const a: f32[3] = file("random", "a");
    const b: f32[2,3] = file("positive", "b");
    y = mul(x, a); z = div(y, b); return z;
  }
  expect fired 1;
}
test "by zero" for mul_div {
  graph (x: f32[2,3]) {
    const a: f32[3] = file("random", "a");
    const b: f32[3] = dense[1, 0, 2];
    y = mul(x, a); z = div(y, b); return z;
  }
  expect no_match because "not without zeros";
}
test "divisor, then factor" for div_mul {
  graph (x: f32[2,3]) {
    const a: f32[3] = file("positive", "a");
    const b: f32[] = dense[3];
    y = div(x, a); z = mul(y, b); return z;
  }
  expect fired 1;
}
test "rounded towards zero" for div_mul {
  graph (x: f32[2,3]) {
    const a: f32[] = dense[3];
    y = div(x, a, rounding_mode="trunc"); z = mul(y, a); return z;
  }
  expect no_match because "rounding_mode";
}
test "negated" for neg_mul {
  graph (x: f32[2,3]) {
    const a: f32[3] = file("random", "a");
    n = neg(x); y = mul(a, n); return y;
  }
  expect fired 1;
}
test "negated and needed" for neg_mul {
  graph (x: f32[2,3]) {
    const a: f32[3] = file("random", "a");
    n = neg(x); y = mul(a, n); return y, n;
  }
  expect no_match;
}
test "minus one" for mul_minus_one {
  graph (x: f32[2,3]) { const a: f32[1,1] = dense[-1]; y = mul(a, x); return y; }
  expect fired 1;
}
test "one of them is minus two" for mul_minus_one {
  graph (x: f32[2,2]) { const a: f32[2] = dense[-1, -2]; y = mul(a, x); return y; }
  expect no_match;
}
test "ones of a larger shape" for widen {
  graph (x: f32[3,1]) { const o: f32[2,1,4] = splat 1; y = mul(o, x); z = relu(y); return z; }
  expect fired 1;
}
test "zeros minus" for widen {
  graph (x: f32[3,1]) { const o: f32[2,1,4] = splat 0; y = sub(o, x); return y; }
  expect no_match;
}
test "a zero for each row" for mul_zero {
  graph (x: f32[3,4]) { const o: f32[3,1] = splat 0; y = mul(x, o); z = add(y, x); return z; }
  expect fired 1;
}
test "one is not zero" for mul_zero {
  graph (x: f32[3,2]) { const o: f32[2] = dense[0, 1]; y = mul(x, o); return y; }
  expect no_match because "not zero";
}
test "zero by anything" for zero_div {
  graph (x: f32[3,4]) { const o: f32[1] = splat 0; y = div(o, x); z = add(y, x); return z; }
  expect fired 1;
}
test "anything by zero" for zero_div {
  graph (x: f32[3,4]) { const o: f32[1] = splat 0; y = div(x, o); return y; }
  expect no_match;
}
test "from itself" for sub_self {
  graph (x: f32[3,4]) { y = sub(x, x); z = exp(y); w = add(z, x); return w; }
  expect fired 1;
}
test "from another" for sub_self {
  graph (x: f32[3,4], u: f32[3,4]) { y = sub(x, u); return y; }
  expect no_match;
}
test "on the left" for matmul_zero {
  graph (x: f32[5,3,4]) { const o: f32[2,3] = splat 0; y = matmul(o, x); z = add(y, y); return z; }
  expect fired 1;
}
test "not all zero" for matmul_zero {
  graph (x: f32[2,2]) { const o: f32[2,2] = dense[0, 0, 0, 1]; y = matmul(o, x); return y; }
  expect no_match;
}
test "the bias is left" for linear_zero {
  graph (x: f32[5,2,4]) {
    const w: f32[3,4] = splat 0;
    const b: f32[3] = file("random", "b");
    y = linear(x, w, b); z = relu(y); return z;
  }
  expect fired 1;
}
test "one row is not zero" for linear_zero {
  graph (x: f32[5,2]) { const w: f32[2,2] = dense[0, 0, 0, 1]; y = linear(x, w); return y; }
  expect no_match;
}
test "padding, stride, groups" for conv_zero {
  graph (x: f32[2,4,5,3]) {
    const w: f32[6,2,3,1] = splat 0;
    const b: f32[6] = file("random", "b");
    y = conv2d(x, w, b, groups=2, padding=[1,0], stride=[2,1]); z = relu(y); return z;
  }
  expect fired 1;
}
test "with an activation" for conv_zero {
  graph (x: f32[2,4,5,3]) {
    const w: f32[6,4,3,1] = splat 0;
    y = conv2d(x, w, act="relu"); return y;
  }
  expect no_match because "attribute `act`";
}
test "values that are the same at each position" for attend_equal_rows {
  graph (q: f32[2,3,5,4], k: f32[2,3,7,4]) {
    const r: f32[1,1,1,6] = file("random", "r");
    const v: f32[2,3,7,6] = splat 0.5;
    y = scaled_dot_product_attention(q, k, v); z = add(y, r); return z;
  }
  expect fired 1;
}
test "values that differ" for attend_equal_rows {
  graph (q: f32[2,3,5,4], k: f32[2,3,7,4]) {
    const v: f32[2,3,7,6] = file("random", "v");
    y = scaled_dot_product_attention(q, k, v); return y;
  }
  expect no_match because "all_close";
}
test "values that are the same at each position" for weigh_equal_rows {
  graph (x: f32[2,5,7]) {
    const v: f32[7,3] = dense[1,2,3,1,2,3,1,2,3,1,2,3,1,2,3,1,2,3,1,2,3];
    p = softmax(x, dim=-1); y = matmul(p, v); z = neg(y); w = add(z, z); return w;
  }
  expect fired 1;
}
test "normalised over the other dimension" for weigh_equal_rows {
  graph (x: f32[2,5,7]) {
    const v: f32[7,3] = splat 1;
    p = softmax(x, dim=1); y = matmul(p, v); return y;
  }
  expect no_match because "norm(d, rank(p))";
}
test "all true, widened" for where_true {
  graph (a: f32[3,1], b: f32[4]) { const c: bool[2,1,1] = splat true; y = where(c, a, b); z = neg(y); return z; }
  expect fired 1;
}
test "one false" for where_true {
  graph (a: f32[3,2], b: f32[2]) { const c: bool[2] = dense[true, false]; y = where(c, a, b); return y; }
  expect no_match because "not one";
}
test "all false" for where_false {
  graph (a: f32[3,1], b: f32[4]) { const c: bool[] = dense[false]; y = where(c, a, b); z = neg(y); return z; }
  expect fired 1;
}
test "one true" for where_false {
  graph (a: f32[3,2], b: f32[2]) { const c: bool[2] = dense[true, false]; y = where(c, a, b); return y; }
  expect no_match because "not zero";
}
test "either way" for where_same {
  graph (c: bool[3,1], a: f32[4]) { y = where(c, a, a); z = neg(y); return z; }
  expect fired 1;
}
test "two values" for where_same {
  graph (c: bool[3,1], a: f32[4], b: f32[4]) { y = where(c, a, b); return y; }
  expect no_match;
}
test "square" for pow_two {
  graph (x: f32[3,4]) { const e: f32[1] = dense[2]; y = pow(x, e); return y; }
  expect fired 1;
}
test "two to the x" for pow_two {
  graph (x: f32[3,4]) { const e: f32[] = dense[2]; y = pow(e, x); return y; }
  expect no_match;
}
test "once" for pow_one {
  graph (x: f32[3,4]) { const e: f32[] = dense[1]; y = pow(x, e); z = neg(y); return z; }
  expect fired 1;
}
test "an exponent that widens" for pow_one {
  graph (x: f32[4]) { const e: f32[3,4] = splat 1; y = pow(x, e); return y; }
  expect no_match because "widens";
}
test "root" for pow_half {
  graph (x: f32[3,4]) { const e: f32[] = dense[0.5]; a = abs(x); y = pow(a, e); return y; }
  expect fired 1;
}
test "third root" for pow_half {
  graph (x: f32[3,4]) { const e: f32[] = dense[0.33]; a = abs(x); y = pow(a, e); return y; }
  expect no_match;
}
test "inverse" for pow_minus_one {
  graph (x: f32[3,4]) { const e: f32[] = dense[-1]; y = pow(x, e); return y; }
  expect fired 1;
}
test "inverse square" for pow_minus_one {
  graph (x: f32[3,4]) { const e: f32[] = dense[-2]; y = pow(x, e); return y; }
  expect no_match;
}
test "inverse root" for pow_minus_half {
  graph (x: f32[3,4]) { const e: f32[] = dense[-0.5]; a = exp(x); y = pow(a, e); return y; }
  expect fired 1;
}
test "root" for pow_minus_half {
  graph (x: f32[3,4]) { const e: f32[] = dense[0.5]; a = exp(x); y = pow(a, e); return y; }
  expect no_match;
}
test "reciprocal" for root_reciprocal {
  graph (x: f32[3,4]) { a = exp(x); r = sqrt(a); y = reciprocal(r); return y; }
  expect fired 1;
}
test "one over" for root_reciprocal {
  graph (x: f32[3,4]) { const o: f32[] = dense[1]; a = exp(x); r = sqrt(a); y = div(o, r); return y; }
  expect fired 1;
}
test "two over" for root_reciprocal {
  graph (x: f32[3,4]) { const o: f32[] = dense[2]; a = exp(x); r = sqrt(a); y = div(o, r); return y; }
  expect no_match;
}
test "by the inverse" for divide_by_root {
  graph (x: f32[3,4], v: f32[3,1]) { r = reciprocal(v); y = mul(r, x); return y; }
  expect fired 1;
}
test "the inverse is needed" for divide_by_root {
  graph (x: f32[3,4], v: f32[3,1]) { r = reciprocal(v); y = mul(r, x); return y, r; }
  expect no_match;
}
test "by feature" for scale_linear {
  graph (x: f32[2,5,4]) {
    const s: f32[4] = file("random", "s");
    const w: f32[3,4] = file("random", "w");
    const b: f32[3] = file("random", "b");
    y = mul(s, x); z = linear(y, w, b); return z;
  }
  expect fired 1;
}
test "by row" for scale_linear {
  graph (x: f32[4,4]) {
    const s: f32[4,1] = file("random", "s");
    const w: f32[3,4] = file("random", "w");
    y = mul(s, x); z = linear(y, w); return z;
  }
  expect no_match because "numel(s)";
}
test "one number, no bias" for shift_linear {
  graph (x: f32[2,5,4]) {
    const s: f32[] = dense[0.75];
    const w: f32[3,4] = file("random", "w");
    y = add(x, s); z = linear(y, w); return z;
  }
  expect fired 1;
}
test "positions" for shift_linear {
  graph (x: f32[2,5,4]) {
    const s: f32[5,4] = file("random", "s");
    const w: f32[3,4] = file("random", "w");
    y = add(x, s); z = linear(y, w); return z;
  }
  expect no_match because "numel(s)";
}
