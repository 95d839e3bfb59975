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

/// The same for the largest of a dimension: a detector's best class (A11). Before activations are fused,
/// because there are fewer of them afterwards; those that cost nothing stay where they are.
rule amax_increasing for f in { sigmoid, tanh, exp, erf, hardsigmoid } : push, class real {
  match {
    y = f(x, ..a);
    z = amax(y, ..d);
  }
  when 2 * numel(z) <= numel(y);
  rewrite { z = f(amax(x, ..d), ..a); }
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

test "the best class" for amax_increasing {
  graph (x: f32[2,5,3]) { y = sigmoid(x); z = amax(y, dim=[1], keepdim=true); return z; }
  expect fired 1;
}
test "it falls before it rises, too" for amax_increasing {
  graph (x: f32[2,5,3]) { y = gelu(x); z = amax(y, dim=[1]); return z; }
  expect no_match;
}
test "all probabilities are read" for amax_increasing {
  graph (x: f32[2,5,3]) { y = sigmoid(x); z = amax(y, dim=[1]); return y, z; }
  expect no_match because "graph output";
}
