// SPDX-License-Identifier: Apache-2.0
//
// Slips of beginners: words and signs of other languages, a block that is not closed, an import
// from the wrong folder. Each is one message, and the rest is read all the same.
// RUN: not wnnx-pat check %s 2>&1 | FileCheck %s
// RUN: not wnnx-pat check --json %s | FileCheck %s --check-prefix=JSON
pat 1;
import "nosuch.pat";
ruleset s;
rule comparison : s, class real {
  match { y = relu(x); }
  // CHECK: errors-habits.pat:[[#@LINE+2]]:17: error: `=` compares nothing [pat-syntax]
  // CHECK: hint: write `==`
  where rank(x) = 2;
  rewrite { y = x; }
}
Rule capital : s, class exact {
  // CHECK: errors-habits.pat:[[#@LINE-1]]:1: error: expected a declaration, found `Rule`; did you mean `rule`? [pat-syntax]
  match { y = relu(relu(x)); }
  // CHECK-NOT: errors-habits
  rewrite { y = relu(x); }
}
// CHECK: errors-habits.pat:[[#@LINE+1]]:16: error: expected `{` before the rule's body, found `;` [pat-syntax]
rule props : s ; class exact {
  // CHECK: hint: what is said of a rule stands behind commas
  match { y = relu(relu(x)); }
  // CHECK-NOT: errors-habits
  rewrite { y = relu(x); }
}
rule operators : s, class exact {
  // CHECK: errors-habits.pat:[[#@LINE+1]]:23: error: `*` is no operator of patterns [pat-syntax]
  match { y = relu(x) * 2; }
  // CHECK: hint: write the op that the model has: `add(a, b)`
  rewrite { y = relu(x); }
}
rule choices : s, class exact {
  // CHECK: errors-habits.pat:[[#@LINE+1]]:23: error: alternatives stand in parentheses [pat-syntax]
  match { y = relu(x) | silu(x); }
  // CHECK: hint: write `(a | b)`
  // CHECK: errors-habits.pat:[[#@LINE+1]]:23: error: parentheses hold one expression [pat-syntax]
  where shape(y) == (1, 2);
  // CHECK: hint: a list is written `[a, b]`
  rewrite { y = x; }
}
rule brace : s, class real {
  match { y = relu(x);
  // CHECK: errors-habits.pat:[[#@LINE+2]]:11: error: `rewrite` stands inside of `match` [pat-syntax]
  // CHECK: hint: is the `}` of `match` missing?
  rewrite { y = x; }
}
// CHECK: errors-habits.pat:8:8: error: cannot read the rule file `{{.*}}nosuch.pat`: {{.*}} [pat-import]
// CHECK: hint: paths are relative to the importing file
// CHECK: 9 errors
// JSON: "message":"`=` compares nothing","hint":"write `==`"
