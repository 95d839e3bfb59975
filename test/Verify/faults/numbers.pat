// SPDX-License-Identifier: Apache-2.0
//
// Faults that show only for special numbers: NaN, infinities, zeros of both signs, negative
// parameters. Verification must reject all of them.
pat 1;
ruleset wrong;

/// Infinity and NaN times zero are NaN.
rule times_zero : wrong, class exact {
  match { y = mul(relu(x), 0); }
  let s = shape(x);
  rewrite { y = relu(mul(x, 0)); }
}

/// Infinity minus itself is NaN.
rule minus_itself : wrong, class exact {
  match { y = add(sub(x, x), u); }
  where shape(x) == shape(u);
  rewrite { y = u; }
}

/// Decreasing where alpha is below zero.
rule argmax_elu : wrong, class order {
  match { y = elu(x, alpha = _, scale = _, input_scale = _); i = argmax(y, ..a); }
  rewrite { i = argmax(x, ..a); }
}

/// Widens the result where the number has more dimensions.
rule relu_of_scalar : wrong, class real {
  match { y = maximum(x, c: const & scalar & zero); }
  rewrite { y = relu(x); }
}
