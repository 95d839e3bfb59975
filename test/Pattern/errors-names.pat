// SPDX-License-Identifier: Apache-2.0
//
// Names, ops, attributes and types that do not fit: with the schema, and the nearest name.
// RUN: not wnnx-pat check %s 2>&1 | FileCheck %s
pat 1;
ruleset fold;

rule op : fold, class real {
  // CHECK: errors-names.pat:[[#@LINE+2]]:15: error: unknown op or fragment `conv2`; did you mean `conv2d`? [pat-unknown-op]
  // CHECK: hint: `wnnx-pat ops` lists all ops
  match { y = conv2(x, w); }
  rewrite { y = x; }
}
rule attr : fold, class real {
  // CHECK: errors-names.pat:[[#@LINE+2]]:28: error: conv2d has no attribute or operand `strid`; did you mean `stride`? [pat-unknown-attr]
  // CHECK: hint: conv2d(input, weight, bias?, residual?; stride: ints = [1, 1],
  match { y = conv2d(x, w, strid = [1, 1]); z = relu(y); }
  // CHECK: errors-names.pat:[[#@LINE+1]]:30: error: conv2d has no attribute or operand `acct`
  rewrite { z = conv2d(x, w, acct = "relu"); }
}
rule unbound : fold, class real {
  match { y = relu(value); }
  // CHECK: errors-names.pat:[[#@LINE+1]]:17: error: `valu` is not bound in `match`; did you mean `value`? [pat-unbound]
  rewrite { y = valu; }
}
rule optional : fold, class real {
  match { y = linear(x, w: const, b?: const, act = "relu"); }
  // CHECK: errors-names.pat:[[#@LINE+2]]:30: error: the operand of `*` may be absent here [pat-optional]
  // CHECK: hint: give what to use then with `?? ...`, or ask `has(...)` first
  rewrite { y = linear(x, w, b * 2); }
}
rule loss : fold, class real {
  // CHECK: errors-names.pat:[[#@LINE+1]]:15: error: `..` accepts any attributes of conv2d (stride, padding, dilation, groups, act, act_params), and the right side forgets them [pat-loss]
  match { y = conv2d(x, w, ..); z = relu(y); }
  rewrite { z = conv2d(x, w); }
}
rule operand_loss : fold, class real {
  // CHECK: errors-names.pat:[[#@LINE+1]]:28: error: operand `b` may be anything here, but nothing depends on it [pat-loss]
  match { y = linear(x, w, b?); z = relu(y); }
  rewrite { z = linear(x, w, act = "relu"); }
}
rule runtime : fold, class real {
  match { y = relu(x); }
  // CHECK: errors-names.pat:[[#@LINE+3]]:17: error: the operand of `*` is a value of the graph, whose numbers are not known when rules run [pat-type]
  // CHECK: note: captured here
  // CHECK: hint: if it must be a constant, write `x: const`
  rewrite { y = x * 2; }
}
rule type : fold, class real {
  match { y = relu(x); }
  // CHECK: errors-names.pat:[[#@LINE+1]]:34: error: attribute `dim` of softmax is `float`, not `int` [pat-type]
  rewrite { y = softmax(x, dim = 0.5); }
}
rule disconnected : fold, class real {
  // CHECK: errors-names.pat:[[#@LINE+1]]:11: error: this statement shares no value with the rest of the pattern [pat-disconnected]
  match { y = relu(x); z = sigmoid(q); }
  rewrite { y = x; z = q; }
}
rule same : fold, class real {
  match { y = relu(x); }
  // CHECK: errors-names.pat:[[#@LINE+1]]:13: error: the right side equals the left side [pat-trivial]
  rewrite { y = relu(x); }
}
rule always : fold, class real {
  match { y = relu(x); }
  // CHECK: errors-names.pat:[[#@LINE+1]]:9: error: the condition does not depend on the match [pat-constant]
  where 1 < 2;
  rewrite { y = x; }
}
// CHECK: errors-names.pat:[[#@LINE+1]]:15: error: unknown rule set `fld`; did you mean `fold`? [pat-unknown-ruleset]
rule ruleset: fld, class real {
  match { y = relu(x); }
  rewrite { y = x; }
}
// CHECK: 13 errors
