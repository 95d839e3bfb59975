// SPDX-License-Identifier: Apache-2.0
//
// Syntax errors: all of one file in one run, each at its place.
// RUN: not wnnx-pat check %s 2>&1 | FileCheck %s
pat 1;
ruleset s;

rule semicolon : s, class real {
  // CHECK: errors-syntax.pat:[[#@LINE+1]]:22: error: expected `;` behind the statement, found `}` [pat-syntax]
  match { y = relu(x) }
  rewrite { y = x; }
}
rule paren : s, class real {
  // CHECK: errors-syntax.pat:[[#@LINE+1]]:21: error: expected `)` behind the arguments, found `;` [pat-syntax]
  match { y = relu(x; }
  // CHECK: errors-syntax.pat:[[#@LINE+1]]:12: error: expected an expression, found `;` [pat-syntax]
  where 1 +;
  rewrite { y = x; }
}
rule brace : s, class real {
  match { y = relu(x);
// CHECK: errors-syntax.pat:[[#@LINE+1]]:1: error: expected `}` behind the block, found `rule` [pat-syntax]
rule clause : s, class real {
  match { y = relu(x); }
  // CHECK: errors-syntax.pat:[[#@LINE+1]]:3: error: expected a clause, found `rewite`; did you mean `rewrite`? [pat-syntax]
  rewite { y = x; }
}
// CHECK: errors-syntax.pat:[[#@LINE+1]]:1: error: expected a declaration, found `rul`; did you mean `rule`? [pat-syntax]
rul typo {}
fn number(x: int) = 99999999999999999999;
// CHECK: errors-syntax.pat:[[#@LINE-1]]:21: error: the integer does not fit into 64 bits [pat-number]
fn text(x: int) = "open;
// CHECK: errors-syntax.pat:[[#@LINE-1]]:19: error: the string is not closed on its line [pat-string]
