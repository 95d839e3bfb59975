// SPDX-License-Identifier: Apache-2.0
//
// Inference-mode batch norm folded into the weights of what stands before or after it.
pat 1;
import "sets.pat";

/// The factor that batch norm applies to each channel.
fn bn_scale(var: tensor, gamma: tensor, eps: float) = gamma * rsqrt(var + eps);

/// conv2d, then batch norm.
rule conv_bn : fold, class real {
  match {
    y = conv2d(x, w: const[O, _, _, _], b?: const[O], act = "none", act_params = [], ..a);
    z = batch_norm(y, mean: const[O], var: const[O] & nonnegative, gamma?: const[O],
                   beta?: const[O], eps);
  }
  let s = bn_scale(var, gamma ?? ones([O]), eps);
  rewrite {
    z = conv2d(x, w * s[:, None, None, None], ((b ?? zeros([O])) - mean) * s + (beta ?? zeros([O])),
               act = "none", act_params = [], ..a);
  }
}

/// conv_transpose2d, whose weight is [C, O / groups, KH, KW]: output channel o belongs to group
/// o / (O / groups), and so do the input channels of that group.
rule deconv_bn : fold, class real {
  match {
    y = conv_transpose2d(x, w: const[C, Q, KH, KW], b?: const[O], groups = g, ..a);
    z = batch_norm(y, mean: const[O], var: const[O] & nonnegative, gamma?: const[O],
                   beta?: const[O], eps);
  }
  where C % g == 0;
  let s = bn_scale(var, gamma ?? ones([O]), eps);
  rewrite {
    z = conv_transpose2d(x,
                         (w.reshape([g, floordiv(C, g), Q, KH, KW]) * s.reshape([g, 1, Q, 1, 1]))
                             .reshape([C, Q, KH, KW]),
                         ((b ?? zeros([O])) - mean) * s + (beta ?? zeros([O])), groups = g, ..a);
  }
}

/// linear, then batch norm over its features.
rule linear_bn : fold, class real {
  match {
    y = linear(x: [_, _], w: const[O, _], b?: const[O]);
    z = batch_norm(y, mean: const[O], var: const[O] & nonnegative, gamma?: const[O],
                   beta?: const[O], eps);
  }
  let s = bn_scale(var, gamma ?? ones([O]), eps);
  rewrite {
    z = linear(x, w * s[:, None], ((b ?? zeros([O])) - mean) * s + (beta ?? zeros([O])));
  }
}

/// batch norm, then conv2d. A zero in the padding is a zero after the batch norm, not before it, so
/// there may be no padding, or the batch norm's shift must vanish.
rule bn_conv : fold_forward, class real {
  match {
    y = batch_norm(x, mean: const[C], var: const[C] & nonnegative, gamma?: const[C],
                   beta?: const[C], eps);
    z = conv2d(y, w: const[O, Q, KH, KW], b?: const[O], act = "none", act_params = [], padding = p,
               groups = g, ..a);
  }
  where O % g == 0, all([v == 0 for v in p]) || is_splat(shift, 0);
  let s = bn_scale(var, gamma ?? ones([C]), eps);
  let shift = (beta ?? zeros([C])) - mean * s;
  // Input channel q of a filter in group k is channel k * Q + q of the whole.
  let grouped = w.reshape([g, floordiv(O, g), Q, KH, KW]);
  rewrite {
    z = conv2d(x, (grouped * s.reshape([g, 1, Q, 1, 1])).reshape([O, Q, KH, KW]),
               (b ?? zeros([O])) +
               sum(grouped * shift.reshape([g, 1, Q, 1, 1]), [2, 3, 4]).reshape([O]),
               act = "none", act_params = [], padding = p, groups = g, ..a);
  }
}

test "neither bias nor affine" for conv_bn {
  graph (x: f32[2,2,3,5]) {
    const w: f32[3,2,2,1] = file("random", "w");
    const m: f32[3] = file("random", "m");
    const v: f32[3] = file("positive", "v");
    y = conv2d(x, w);
    z = batch_norm(y, m, v);
    return z;
  }
  expect fired 1;
}
test "everything, groups and dilation" for conv_bn {
  graph (x: f32[2,4,7,6]) {
    const w: f32[6,2,3,3] = file("random", "w");
    const b: f32[6] = file("random", "b");
    const m: f32[6] = file("random", "m");
    const v: f32[6] = file("positive", "v");
    const g: f32[6] = file("random", "g");
    const s: f32[6] = file("random", "s");
    y = conv2d(x, w, b, stride=[2, 1], padding=[1, 2], dilation=[1, 2], groups=2);
    z = batch_norm(y, m, v, g, s, eps=0.001);
    return z;
  }
  expect fired 1;
}
test "the convolution has another user" for conv_bn {
  graph (x: f32[1,2,3,3]) {
    const w: f32[3,2,1,1] = file("random", "w");
    const m: f32[3] = file("random", "m");
    const v: f32[3] = file("positive", "v");
    y = conv2d(x, w);
    z = batch_norm(y, m, v);
    u = relu(y);
    return z, u;
  }
  expect no_match because "also used by";
}
test "an activation in between" for conv_bn {
  graph (x: f32[1,2,3,3]) {
    const w: f32[3,2,1,1] = file("random", "w");
    const m: f32[3] = file("random", "m");
    const v: f32[3] = file("positive", "v");
    y = conv2d(x, w, act="relu");
    z = batch_norm(y, m, v);
    return z;
  }
  expect no_match because "attribute `act`";
}
test "a residual in between" for conv_bn {
  graph (x: f32[1,2,3,3]) {
    const w: f32[2,2,1,1] = file("random", "w");
    const m: f32[2] = file("random", "m");
    const v: f32[2] = file("positive", "v");
    y = conv2d(x, w, none, x);
    z = batch_norm(y, m, v);
    return z;
  }
  expect no_match because "operand `residual`";
}
test "weights that are not constant" for conv_bn {
  graph (x: f32[1,2,3,3], w: f32[3,2,1,1]) {
    const m: f32[3] = file("random", "m");
    const v: f32[3] = file("positive", "v");
    y = conv2d(x, w);
    z = batch_norm(y, m, v);
    return z;
  }
  expect no_match because "must be a constant";
}

test "transposed, with groups" for deconv_bn {
  graph (x: f32[2,4,3,4]) {
    const w: f32[4,3,3,2] = file("random", "w");
    const b: f32[6] = file("random", "b");
    const m: f32[6] = file("random", "m");
    const v: f32[6] = file("positive", "v");
    const s: f32[6] = file("random", "s");
    y = conv_transpose2d(x, w, b, stride=[2, 3], padding=[1, 0], output_padding=[1, 2], groups=2);
    z = batch_norm(y, m, v, none, s);
    return z;
  }
  expect fired 1;
}
test "the transposed convolution is an output" for deconv_bn {
  graph (x: f32[1,2,3,3]) {
    const w: f32[2,3,1,1] = file("random", "w");
    const m: f32[3] = file("random", "m");
    const v: f32[3] = file("positive", "v");
    y = conv_transpose2d(x, w);
    z = batch_norm(y, m, v);
    return y, z;
  }
  expect no_match because "graph output";
}

test "linear" for linear_bn {
  graph (x: f32[3,4]) {
    const w: f32[2,4] = file("random", "w");
    const m: f32[2] = file("random", "m");
    const v: f32[2] = file("positive", "v");
    const g: f32[2] = file("random", "g");
    y = linear(x, w);
    z = batch_norm(y, m, v, g);
    return z;
  }
  expect fired 1;
}
test "linear over three dimensions: batch norm is over another one" for linear_bn {
  graph (x: f32[3,2,4]) {
    const w: f32[2,4] = file("random", "w");
    const m: f32[2] = file("random", "m");
    const v: f32[2] = file("positive", "v");
    y = linear(x, w);
    z = batch_norm(y, m, v);
    return z;
  }
  expect no_match because "2 dimensions are asked for";
}

test "before a convolution without padding, groups" for bn_conv {
  graph (x: f32[2,4,5,5]) {
    const w: f32[6,2,3,2] = file("random", "w");
    const b: f32[6] = file("random", "b");
    const m: f32[4] = file("random", "m");
    const v: f32[4] = file("positive", "v");
    const g: f32[4] = file("random", "g");
    const s: f32[4] = file("random", "s");
    y = batch_norm(x, m, v, g, s);
    z = conv2d(y, w, b, groups=2, stride=[1, 2]);
    return z;
  }
  expect fired 1;
}
test "before a convolution with padding, no shift" for bn_conv {
  graph (x: f32[2,2,4,4]) {
    const w: f32[3,2,3,3] = file("random", "w");
    const m: f32[2] = dense[0, 0];
    const v: f32[2] = file("positive", "v");
    y = batch_norm(x, m, v);
    z = conv2d(y, w, padding=[1, 1]);
    return z;
  }
  expect fired 1;
}
test "before a convolution with padding" for bn_conv {
  graph (x: f32[2,2,4,4]) {
    const w: f32[3,2,3,3] = file("random", "w");
    const m: f32[2] = file("random", "m");
    const v: f32[2] = file("positive", "v");
    y = batch_norm(x, m, v);
    z = conv2d(y, w, padding=[1, 1]);
    return z;
  }
  expect no_match because "is_splat(shift, 0)";
}
