// SPDX-License-Identifier: Apache-2.0
//
// What is allowed and seldom meant; and hints for verification.
// RUN: wnnx-pat check %s 2>&1 | FileCheck %s
pat 1;
ruleset s { order count(linear, conv2d), nodes; };

rule axis : s, class real, benefit 10 * rank(x) {
  match { p = softmax(x, dim = d); y = argmax(p, dim = e, keepdim = k); }
  // CHECK: warnings.pat:[[#@LINE+2]]:17: warning: `d` may be negative: the same dimension has two numbers [pat-axis]
  // CHECK: hint: compare `norm(d, rank(x))`
  where has(e), d == e;
  // CHECK: warnings.pat:[[#@LINE+1]]:7: warning: nothing uses `n` [pat-unused]
  let n = rank(x);
  rewrite { y = argmax(x, dim = e, keepdim = k); }
  decreases macs, depth_sum(argmax);
  verify { compare y by witness x; d in {0, 1}; k in [true]; instances 20; }
}
// Contents that a property fixes are not lost; `_` may have a type.
rule by_one : s, class exact {
  match { y = mul(x, c: const[] & one); z = add(y, _: const[] & zero); }
  where dtype(x) == dtype(z);
  rewrite { z = x; }
}
rule last : s, class exact {
  match { p = neg(x); q = neg(p); }
  rewrite { q = x; }
}
// The same but for names, and tried later.
// CHECK: warnings.pat:[[#@LINE+2]]:6: warning: rule `last_again` never fires: `last` matches the same and comes first [pat-shadowed]
// CHECK: note: here
rule last_again : s, class exact, benefit 1 {
  match { inner = neg(value); outer = neg(inner); }
  where rank(value) > 1;
  rewrite { outer = value; }
}
rule before_last : s, class exact, benefit 9 {
  match { p = neg(x); q = neg(p); }
  where rank(x) > 7;
  rewrite { q = x; }
}
// CHECK-NOT: warning
// CHECK-NOT: error
// CHECK: 5 rules
