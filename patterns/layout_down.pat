// SPDX-License-Identifier: Apache-2.0
//
// Permutations behind convolutions move down over what the convolution can take in: its activation,
// a factor, a sum (case B22). Two that meet are one, or none (`cleanup.pat`).
pat 1;
import "sets.pat";

/// A function of each element, which then stands at the convolution.
rule permute_unary_down : cleanup, class exact {
  match {
    y = permute(x, dims = p);
    z = f@elementwise_unary(y, ..a);
  }
  when contains(["conv2d", "conv_transpose2d", "batch_norm", "mul", "add"], op_of(x));
  rewrite { z = permute(f(x, ..a), dims = p); }
}
rule permute_scalar_down : cleanup, class exact {
  match {
    y = permute(x, dims = p);
    z = f@elementwise_binary(y, c: const & scalar, ..a);
  }
  where shape(y) == shape(z);
  when contains(["conv2d", "conv_transpose2d", "batch_norm"], op_of(x));
  rewrite { z = permute(f(x, c, ..a), dims = p); }
}

test "an activation behind a convolution" for permute_unary_down {
  graph (x: f32[2,3,4,5], w: f32[6,3,1,1]) {
    c = conv2d(x, w);
    y = permute(c, dims=[0, 2, 3, 1]);
    z = elu(y, alpha=0.5);
    return z;
  }
  expect fired 1;
}
test "of an input" for permute_unary_down {
  graph (x: f32[2,3]) { y = permute(x, dims=[1, 0]); z = elu(y); return z; }
  expect no_match because "op_of(x)";
}
test "a factor behind a convolution" for permute_scalar_down {
  graph (x: f32[2,3,4,5], w: f32[6,3,1,1]) {
    const s: f32[] = dense[1.5];
    c = conv2d(x, w);
    y = permute(c, dims=[0, 2, 3, 1]);
    z = mul(y, s);
    return z;
  }
  expect fired 1;
}
test "one for each channel" for permute_scalar_down {
  graph (x: f32[2,3,4,5], w: f32[6,3,1,1]) {
    const s: f32[6] = file("random", "s");
    c = conv2d(x, w);
    y = permute(c, dims=[0, 2, 3, 1]);
    z = mul(y, s);
    return z;
  }
  expect no_match because "one element";
}
