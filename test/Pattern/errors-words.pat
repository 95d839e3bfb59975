// SPDX-License-Identifier: Apache-2.0
//
// What one writes out of habit, and what is meant; the rest of the rule is checked all the same.
// RUN: not wnnx-pat check %s 2>&1 | FileCheck %s
// RUN: not wnnx-pat check --json %s | FileCheck %s --check-prefix=JSON
pat 1;
ruleset s;
rule words : s, class real {
  match { y = softmax(x, dim = d); }
  // CHECK: errors-words.pat:[[#@LINE+3]]:17: error: `and` is no operator of the rule language [pat-syntax]
  // CHECK: hint: write `&&`
  // CHECK: errors-words.pat:[[#@LINE+1]]:21: error: `not` is no operator of the rule language
  where d == -1 and not has(x) or rank(x) == 2;
  // CHECK: hint: write `!`
  // CHECK: errors-words.pat:[[#@LINE-2]]:32: error: `or` is no operator of the rule language
  // CHECK: hint: write `||`
  rewrite { y = x; }
}
rule optional_bias : s, class real {
  match { y = conv2d(x, w: const[O, _, _, _], b?, ..a); z = mul(y, 2); }
  // CHECK: error: the operand of `*` is a value of the graph
  // CHECK: hint: if it must be a constant, write `b?: const`;
  rewrite { z = conv2d(x, 2 * w, 2 * b, ..a); }
}
rule member : s, class real {
  match { ys[i in 2..] = linear(x, w[i]); }
  // CHECK: hint: if it must be a constant, write `w[i]: const`;
  rewrite { ys[i] = linear(x, 2 * w[i]); }
}
rule ranks : s, class real {
  // CHECK: errors-words.pat:[[#@LINE+1]]:25: error: operand `weight` of linear is [O, I], and never has 3 dimensions [pat-rank]
  match { y = linear(x, w: const[O, I, K]); z = relu(y); }
  // CHECK: hint: linear(input, weight, bias?
  rewrite { z = y; }
}
rule more_ranks : s, class real {
  // CHECK: error: operand `weight` of conv2d is [O, C / groups, KH, KW], and never has 5 or more dimensions
  match { y = conv2d(x, w: const[O, I, K, L, M, ..], ..a); z = relu(y); }
  rewrite { z = conv2d(x, w, ..a); }
}
rule fewer_ranks : s, class real {
  // CHECK: error: operand `input` of batch_norm is [N, C, ...], and never has 1 dimension [pat-rank]
  match { y = batch_norm(x: [C], m, v); z = relu(y); }
  rewrite { z = y; }
}
rule letters : s, class real {
  // CHECK: error: unknown op or fragment `rleu`; did you mean `relu`?
  match { y = rleu(x); }
  rewrite { y = x; }
}
rule enough : s, class real {
  // CHECK: error: attribute `dim` of softmax has no default
  match { y = softmax(linear(x: [.., I], w: const[.., I])); }
  rewrite { y = x; }
}
// JSON: {"version":1,"rules":0,"diagnostics":[
// JSON: "message":"`and` is no operator of the rule language","hint":"write `&&`","notes":[],"fixes":[{"file":"{{.*}}errors-words.pat","line":13,"column":17,"endLine":13,"endColumn":20,"begin":[[#]],"end":[[#]],"text":"&&"}]
// JSON: "fixes":[{{.*}}"column":49,{{.*}}"text":": const"}]
// JSON: "text":": const"
// JSON: "message":"unknown op or fragment `rleu`; did you mean `relu`?"{{.*}}"text":"relu"}]
// JSON: "text":", dim = _"
// JSON: ]}
