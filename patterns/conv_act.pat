// SPDX-License-Identifier: Apache-2.0
//
// Activations and residual sums taken into the convolution or product in front of them.
pat 1;
import "sets.pat";

/// conv2d, then any activation that the target fuses. The residual, if any, is added before it.
rule conv_act : fuse, class real {
  match {
    y = conv2d(x, w, b?, r?, act = "none", act_params = [], ..a);
    z = f@activation(y, ..p);
  }
  when target.fused_act(op_name(f));
  rewrite { z = conv2d(x, w, b, r, act = op_name(f), act_params = act_params(f, p), ..a); }
}

rule linear_act : fuse, class real {
  match {
    y = linear(x, w, b?, r?, act = "none", act_params = []);
    z = f@activation(y, ..p);
  }
  when target.fused_act(op_name(f));
  rewrite { z = linear(x, w, b, r, act = op_name(f), act_params = act_params(f, p)); }
}

/// conv2d plus something of the same shape. When both sides are convolutions the first one takes
/// the other as its residual. A constant is better folded into the bias, or left alone.
rule conv_residual : fuse, class real {
  match {
    y = conv2d(x, w, b?, act = "none", act_params = [], ..a);
    z = add(y, r);
  }
  where shape(y) == shape(z), shape(r) == shape(z);
  when !is_const(r);
  rewrite { z = conv2d(x, w, b, r, act = "none", act_params = [], ..a); }
}

rule linear_residual : fuse, class real {
  match {
    y = linear(x, w, b?);
    z = add(y, r);
  }
  where shape(y) == shape(z), shape(r) == shape(z);
  when !is_const(r);
  rewrite { z = linear(x, w, b, r); }
}

test "relu" for conv_act {
  graph (x: f32[1,2,4,4]) {
    const w: f32[3,2,3,3] = file("random", "0.25");
    y = conv2d(x, w, padding=[1, 1]);
    z = relu(y);
    return z;
  }
  expect fired 1;
}
test "clamp with one limit, groups, asymmetric padding" for conv_act {
  graph (x: f32[2,4,5,7]) {
    const w: f32[4,2,3,2] = file("random", "0.25");
    const b: f32[4] = dense[0.5, -1, 2, 0];
    y = conv2d(x, w, b, padding=[1, 0, 2, 1], groups=2, stride=[2, 1], dilation=[1, 2]);
    z = clamp(y, min=-0.5);
    return z;
  }
  expect fired 1;
}
test "tanh gelu" for conv_act {
  graph (x: f32[1,1,3,3]) {
    const w: f32[1,1,1,1] = file("random", "0.5");
    y = conv2d(x, w);
    z = gelu(y, approximate="tanh");
    return z;
  }
  expect fired 1;
}
test "an activation is there already" for conv_act {
  graph (x: f32[1,1,3,3]) {
    const w: f32[1,1,1,1] = file("random", "0.5");
    y = conv2d(x, w, act="relu");
    z = sigmoid(y);
    return z;
  }
  expect no_match because "act";
}
test "the convolution is an output" for conv_act {
  graph (x: f32[1,1,3,3]) {
    const w: f32[1,1,1,1] = file("random", "0.5");
    y = conv2d(x, w);
    z = relu(y);
    return y, z;
  }
  expect no_match because "graph output";
}
test "abs is not an activation" for conv_act {
  graph (x: f32[1,1,3,3]) {
    const w: f32[1,1,1,1] = file("random", "0.5");
    y = conv2d(x, w);
    z = abs(y);
    return z;
  }
  expect no_match;
}
test "linear, leaky" for linear_act {
  graph (x: f32[2,3]) {
    const w: f32[2,3] = file("random", "w");
    y = linear(x, w);
    z = leaky_relu(y, negative_slope=0.2);
    return z;
  }
  expect fired 1;
}
test "linear used twice" for linear_act {
  graph (x: f32[2,3]) {
    const w: f32[2,3] = file("random", "w");
    y = linear(x, w);
    z = tanh(y);
    u = neg(y);
    return z, u;
  }
  expect no_match because "also used by";
}
test "residual on the right, then relu" {
  graph (x: f32[1,2,4,4]) {
    const w: f32[2,2,3,3] = file("random", "0.125");
    y = conv2d(x, w, padding=[1, 1]);
    s = add(x, y);
    z = relu(s);
    return z;
  }
  expect fired 2;
}
test "two convolutions" for conv_residual {
  graph (x: f32[1,2,4,4]) {
    const w: f32[2,2,3,3] = file("random", "0.125");
    const v: f32[2,2,1,1] = file("random", "0.5");
    y = conv2d(x, w, padding=[1, 1]);
    u = conv2d(x, v);
    z = add(y, u);
    return z;
  }
  expect fired 1;
}
test "broadcast sum" for conv_residual {
  graph (x: f32[2,2,4,4], r: f32[1,2,1,1]) {
    const w: f32[2,2,3,3] = file("random", "0.125");
    y = conv2d(x, w, padding=[1, 1]);
    z = add(y, r);
    return z;
  }
  expect no_match because "shape(r) == shape(z)";
}
test "linear residual" for linear_residual {
  graph (x: f32[2,2,3]) {
    const w: f32[3,3] = file("random", "w");
    y = linear(x, w);
    z = add(x, y);
    return z;
  }
  expect fired 1;
}
test "linear plus a row" for linear_residual {
  graph (x: f32[2,3], r: f32[3]) {
    const w: f32[3,3] = file("random", "1");
    y = linear(x, w);
    z = add(y, r);
    return z;
  }
  expect no_match because "shape(r) == shape(z)";
}
