// SPDX-License-Identifier: Apache-2.0
//
// Constant factors and sums behind a convolution or product, folded into weight and bias: layer
// scale, normalisation of inputs moved behind, quantities written out by hand.
pat 1;
import "kernels.pat";
import "sets.pat";

/// The same for the features of [..., O].
fn by_feature(s: list, O: int) = prod(s) == 1 || (len(s) > 0 && prod(s) == O && s[-1] == O);

rule conv_scale : fold, class real {
  match {
    y = conv2d(x, w: const[O, _, _, _], b?: const[O], act = "none", act_params = [], ..a);
    z = mul(y, c: const);
  }
  where shape(y) == shape(z), by_channel(shape(c), O);
  let s = spread(c, O);
  rewrite {
    z = conv2d(x, w * s[:, None, None, None], has(b) ? b * s : none, act = "none", act_params = [],
               ..a);
  }
}
rule conv_shift : fold, class real {
  match {
    y = conv2d(x, w: const[O, _, _, _], b?: const[O], act = "none", act_params = [], ..a);
    z = add(y, c: const);
  }
  where shape(y) == shape(z), by_channel(shape(c), O);
  rewrite {
    z = conv2d(x, w, (b ?? zeros([O])) + spread(c, O), act = "none", act_params = [], ..a);
  }
}
rule linear_scale : fold, class real {
  match {
    y = linear(x, w: const[O, _], b?: const[O]);
    z = mul(y, c: const);
  }
  where shape(y) == shape(z), by_feature(shape(c), O);
  let s = spread(c, O);
  rewrite { z = linear(x, w * s[:, None], has(b) ? b * s : none); }
}
rule linear_shift : fold, class real {
  match {
    y = linear(x, w: const[O, _], b?: const[O]);
    z = add(y, c: const);
  }
  where shape(y) == shape(z), by_feature(shape(c), O);
  rewrite { z = linear(x, w, (b ?? zeros([O])) + spread(c, O)); }
}

test "by channel, groups" for conv_scale {
  graph (x: f32[2,4,5,3]) {
    const w: f32[6,2,3,1] = file("random", "w");
    const c: f32[6,1,1] = file("random", "c");
    y = conv2d(x, w, groups=2, padding=[1, 0]);
    z = mul(c, y);
    return z;
  }
  expect fired 1;
}
test "one number, bias" for conv_scale {
  graph (x: f32[2,4,5,3]) {
    const w: f32[6,2,3,1] = file("random", "w");
    const b: f32[6] = file("random", "b");
    const c: f32[] = dense[-1.5];
    y = conv2d(x, w, b, groups=2);
    z = mul(y, c);
    return z;
  }
  expect fired 1;
}
test "by column" for conv_scale {
  graph (x: f32[1,4,8,6]) {
    const w: f32[6,2,3,1] = file("random", "w");
    const c: f32[6] = file("random", "c");
    y = conv2d(x, w, groups=2);
    z = mul(y, c);
    return z;
  }
  expect no_match because "by_channel";
}
test "behind an activation" for conv_scale {
  graph (x: f32[2,4,5,3]) {
    const w: f32[6,2,3,1] = file("random", "w");
    const c: f32[] = dense[2];
    y = conv2d(x, w, groups=2, act="relu");
    z = mul(y, c);
    return z;
  }
  expect no_match because "attribute `act`";
}
test "by channel, groups" for conv_shift {
  graph (x: f32[2,4,5,3]) {
    const w: f32[6,2,3,1] = file("random", "w");
    const c: f32[6,1,1] = file("random", "c");
    y = conv2d(x, w, groups=2, padding=[1, 0]);
    z = add(c, y);
    return z;
  }
  expect fired 1;
}
test "one number, bias" for conv_shift {
  graph (x: f32[2,4,5,3]) {
    const w: f32[6,2,3,1] = file("random", "w");
    const b: f32[6] = file("random", "b");
    const c: f32[] = dense[-1.5];
    y = conv2d(x, w, b, groups=2);
    z = add(y, c);
    return z;
  }
  expect fired 1;
}
test "by column" for conv_shift {
  graph (x: f32[1,4,8,6]) {
    const w: f32[6,2,3,1] = file("random", "w");
    const c: f32[6] = file("random", "c");
    y = conv2d(x, w, groups=2);
    z = add(y, c);
    return z;
  }
  expect no_match because "by_channel";
}
test "behind an activation" for conv_shift {
  graph (x: f32[2,4,5,3]) {
    const w: f32[6,2,3,1] = file("random", "w");
    const c: f32[] = dense[2];
    y = conv2d(x, w, groups=2, act="relu");
    z = add(y, c);
    return z;
  }
  expect no_match because "attribute `act`";
}
test "by feature" for linear_scale {
  graph (x: f32[2,5,4]) {
    const w: f32[3,4] = file("random", "w");
    const c: f32[1,3] = file("random", "c");
    y = linear(x, w);
    z = mul(c, y);
    return z;
  }
  expect fired 1;
}
test "one number, bias" for linear_scale {
  graph (x: f32[5,4]) {
    const w: f32[3,4] = file("random", "w");
    const b: f32[3] = file("random", "b");
    const c: f32[1] = dense[0.25];
    y = linear(x, w, b);
    z = mul(y, c);
    return z;
  }
  expect fired 1;
}
test "by row" for linear_scale {
  graph (x: f32[3,4]) {
    const w: f32[3,4] = file("random", "w");
    const c: f32[3,1] = file("random", "c");
    y = linear(x, w);
    z = mul(y, c);
    return z;
  }
  expect no_match because "by_feature";
}
test "wider" for linear_scale {
  graph (x: f32[1,4]) {
    const w: f32[3,4] = file("random", "w");
    const c: f32[2,3] = file("random", "c");
    y = linear(x, w);
    z = mul(y, c);
    return z;
  }
  expect no_match because "shape(y) == shape(z)";
}
test "by feature" for linear_shift {
  graph (x: f32[2,5,4]) {
    const w: f32[3,4] = file("random", "w");
    const c: f32[1,3] = file("random", "c");
    y = linear(x, w);
    z = add(c, y);
    return z;
  }
  expect fired 1;
}
test "one number, bias" for linear_shift {
  graph (x: f32[5,4]) {
    const w: f32[3,4] = file("random", "w");
    const b: f32[3] = file("random", "b");
    const c: f32[1] = dense[0.25];
    y = linear(x, w, b);
    z = add(y, c);
    return z;
  }
  expect fired 1;
}
test "by row" for linear_shift {
  graph (x: f32[3,4]) {
    const w: f32[3,4] = file("random", "w");
    const c: f32[3,1] = file("random", "c");
    y = linear(x, w);
    z = add(y, c);
    return z;
  }
  expect no_match because "by_feature";
}
test "wider" for linear_shift {
  graph (x: f32[1,4]) {
    const w: f32[3,4] = file("random", "w");
    const c: f32[2,3] = file("random", "c");
    y = linear(x, w);
    z = add(y, c);
    return z;
  }
  expect no_match because "shape(y) == shape(z)";
}
