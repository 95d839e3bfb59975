// SPDX-License-Identifier: Apache-2.0
//
// The largest of increasing functions is the function of the largest (case B20): a quarter of the
// activations behind a 2x2 pooling. Runs after activations have gone into convolutions and products,
// where they cost nothing; only those that stand alone are left.
pat 1;
import "sets.pat";

/// Not silu, gelu or hardswish: they fall before they rise. Not softplus, which jumps at its threshold.
/// A dilated window may lie in the padding altogether, where the function of minus infinity is another.
rule max_pool_increasing for f in { relu, clamp, sigmoid, tanh, hardsigmoid, exp, erf }
    : finish, class real {
  match {
    y = f(x, ..a);
    z = max_pool2d(y, dilation = [1, 1], ..p);
  }
  when numel(z) < numel(y), !contains(["conv2d", "linear"], op_of(x));
  rewrite { z = f(max_pool2d(x, dilation = [1, 1], ..p), ..a); }
}
rule adaptive_max_pool_increasing for f in { relu, clamp, sigmoid, tanh, hardsigmoid, exp, erf }
    : finish, class real {
  match {
    y = f(x, ..a);
    z = adaptive_max_pool2d(y, output_size = s);
  }
  when numel(z) < numel(y), !contains(["conv2d", "linear"], op_of(x));
  rewrite { z = f(adaptive_max_pool2d(x, output_size = s), ..a); }
}

test "attributes stay" for max_pool_increasing {
  graph (x: f32[2,3,7,6]) { y = clamp(x, min=-0.5, max=0.75); z = max_pool2d(y, kernel_size=[3, 2], stride=[2, 2], padding=[1, 0]); return z; }
  expect fired 1;
}
test "it would be fused" for max_pool_increasing {
  graph (x: f32[2,3,7,6], w: f32[4,3,1,1]) { c = conv2d(x, w); y = relu(c); z = max_pool2d(y, kernel_size=[2, 2], stride=[2, 2]); return z; }
  expect no_match because "op_of(x)";
}
test "it falls before it rises" for max_pool_increasing {
  graph (x: f32[2,3,7,6]) { y = silu(x); z = max_pool2d(y, kernel_size=[2, 2], stride=[2, 2]); return z; }
  expect no_match;
}
test "over all" for adaptive_max_pool_increasing {
  graph (x: f32[2,3,7,6]) { y = tanh(x); z = adaptive_max_pool2d(y, output_size=[1, 2]); return z; }
  expect fired 1;
}
test "the activation is read" for adaptive_max_pool_increasing {
  graph (x: f32[2,3,7,6]) { y = tanh(x); z = adaptive_max_pool2d(y, output_size=[1, 2]); return y, z; }
  expect no_match because "graph output";
}
