// SPDX-License-Identifier: Apache-2.0
//
// One of these rules is wrong on purpose.
pat 1;
ruleset mine;
rule relu_relu : mine, class exact {
  match { y = relu(relu(x)); }
  rewrite { y = relu(x); }
}
rule wrong : mine, class real {
  match { y = sigmoid(x); }
  rewrite { y = tanh(x); }
}
