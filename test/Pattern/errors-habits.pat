// SPDX-License-Identifier: Apache-2.0
//
// Slips of beginners: a comparison with one sign, a block that is not closed, an import from the
// wrong folder.
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
rule brace : s, class real {
  match { y = relu(x);
  // CHECK: errors-habits.pat:[[#@LINE+2]]:11: error: `rewrite` stands inside of `match` [pat-syntax]
  // CHECK: hint: is the `}` of `match` missing?
  rewrite { y = x; }
}
// CHECK: errors-habits.pat:8:8: error: cannot read the rule file `{{.*}}nosuch.pat`: {{.*}} [pat-import]
// CHECK: hint: paths are relative to the importing file
// JSON: "message":"`=` compares nothing","hint":"write `==`"
