// SPDX-License-Identifier: Apache-2.0
//
// Two rules that compete, two that come together again, and two that never meet.
pat 1;
ruleset s;

/// Wins by its benefit, and leaves the relu behind.
rule product : s, benefit 5, class real {
  match { y = mul(mul(x, a: const & scalar), b: const & scalar); }
  rewrite { y = mul(x, a * b); }
}
/// Would have left nothing.
rule positive : s, class real {
  match { p = mul(r, c: const & scalar & positive); r = relu(x); z = mul(p, d: const & scalar & positive); }
  rewrite { z = mul(relu(x), c * d); }
}
rule double_neg : s, class exact {
  match { y = neg(neg(x)); }
  rewrite { y = x; }
}
rule flips : s, class exact {
  match { y = flip(flip(x, dims = [0]), dims = [0]); }
  rewrite { y = x; }
}
/// Competes with `product` for the inner mul.
rule quotient : s, class real {
  match { y = mul(div(x, c: const & scalar & nonzero), d: const & scalar); }
  rewrite { y = sub(mul(x, d / c), 0); }
}
rule halves : s, class real {
  match { y = div(x, 2); }
  rewrite { y = mul(x, 0.5); }
}
