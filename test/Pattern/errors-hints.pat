// SPDX-License-Identifier: Apache-2.0
//
// Mistakes in measures, benefits and verify blocks.
// RUN: not wnnx-pat check %s 2>&1 | FileCheck %s
pat 1;
// CHECK: errors-hints.pat:[[#@LINE+2]]:19: error: this is no measure; did you mean `nodes`? [pat-measure]
// CHECK: hint: measures are `nodes`, `macs`, `bytes`, `count(op, ...)` and `depth_sum(op, ...)`
ruleset s { order node; };
// CHECK: errors-hints.pat:[[#@LINE+1]]:33: error: the benefit is `list<int>`, not an integer [pat-benefit]
rule r : s, class real, benefit shape(x) {
  match { y = relu(x); }
  rewrite { y = x; }
  // CHECK: errors-hints.pat:[[#@LINE+1]]:19: error: unknown op; did you mean `relu`?
  decreases count(rellu);
  // CHECK: errors-hints.pat:[[#@LINE+1]]:12: error: `K` is not bound in `match` [pat-unbound]
  verify { K in {1}; compare x by witness y; instances 0; }
  // CHECK: errors-hints.pat:[[#@LINE-1]]:30: error: `x` is not replaced
  // CHECK: errors-hints.pat:[[#@LINE-2]]:46: error: at least one instance is tried
}
rule approx_how : s, class approx {
  // CHECK: errors-hints.pat:[[#@LINE-1]]:28: error: an approximate rule says how large
  match { y = relu(x); }
  rewrite { y = x; }
}
rule witness_of_bits : s, class exact {
  match { y = argmax(x, dim = d, keepdim = k); }
  rewrite { y = argmin(neg(x), dim = d, keepdim = k); }
  // CHECK: errors-hints.pat:[[#@LINE+1]]:12: error: class exact compares bits, whatever a witness shows
  verify { compare y by witness x; }
}
// CHECK: 8 errors
