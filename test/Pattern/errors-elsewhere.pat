// SPDX-License-Identifier: Apache-2.0
//
// Ops and attributes by the names that PyTorch and ONNX give them: the name here is suggested, and
// what is said of an attribute counts for the one that is meant.
// RUN: not wnnx-pat check %s 2>&1 | FileCheck %s
// RUN: not wnnx-pat check --json %s | FileCheck %s --check-prefix=JSON
pat 1;
ruleset s;
rule case_and_prefix : s, class real {
  // CHECK: errors-elsewhere.pat:[[#@LINE+2]]:15: error: unknown op or fragment `ReLU`; did you mean `relu`? [pat-unknown-op]
  // CHECK: hint: `wnnx-pat ops relu` says what it takes
  match { y = ReLU(x); a = torch.tanh(x); b = nn.BatchNorm2d(x); }
  // CHECK: error: unknown op or fragment `torch.tanh`; did you mean `tanh`?
  // CHECK: error: unknown op or fragment `nn.BatchNorm2d`; did you mean `batch_norm`?
  rewrite { y = x; }
}
rule views : s, class real {
  // CHECK: error: unknown op or fragment `view`; did you mean `reshape`?
  match { y = view(x, shape = s); z = neg(y); }
  // CHECK: errors-elsewhere.pat:[[#@LINE+1]]:17: error: unknown op or function `transpose`; did you mean `permute`? [pat-unknown-function]
  rewrite { z = transpose(neg(x), dims = [1, 0]); }
}
rule attributes : s, class real {
  // CHECK: errors-elsewhere.pat:[[#@LINE+2]]:26: error: softmax has no attribute or operand `axis`; did you mean `dim`? [pat-unknown-attr]
  // CHECK-NOT: has no default
  match { y = softmax(x, axis = d); z = neg(y); }
  // CHECK: errors-elsewhere.pat:[[#@LINE+1]]:32: error: softmax has no attribute or operand `axis`; did you mean `dim`?
  rewrite { z = neg(softmax(x, axis = d)); }
}
rule letters : s, class real {
  match { y = relu(x); }
  // CHECK: error: `z` is not bound in `match` [pat-unbound]
  rewrite { y = z; }
}
rule strings : s, class real {
  // CHECK: error: attribute `approximate` of gelu may be anything here
  // CHECK: hint: {{.*}}; the string is written `"tanh"`
  match { y = gelu(x, approximate = tanh); }
  rewrite { y = silu(x); }
}
// CHECK: 9 errors
// JSON: "message":"unknown op or fragment `nn.BatchNorm2d`; did you mean `batch_norm`?"{{.*}}"text":"batch_norm"}]
// JSON: "message":"softmax has no attribute or operand `axis`; did you mean `dim`?"{{.*}}"text":"dim"}]
