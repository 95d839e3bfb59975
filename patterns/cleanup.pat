// SPDX-License-Identifier: Apache-2.0
//
// Ops that do nothing, and runs of reshapes, permutations and conversions made into one.
pat 1;
import "sets.pat";

rule drop_identity for f in { identity, contiguous } : cleanup, class exact {
  match { y = f(x); }
  rewrite { y = x; }
}
rule drop_dropout : cleanup, class exact {
  match { y = dropout(x, p = _); }
  rewrite { y = x; }
}

/// A reshape, expansion or slice that leaves the shape as it was.
rule drop_reshape : cleanup, benefit 5, class exact {
  match { y = reshape(x, shape = _); }
  where shape(x) == shape(y);
  rewrite { y = x; }
}
rule drop_expand : cleanup, class exact {
  match { y = expand(x, shape = _); }
  where shape(x) == shape(y);
  rewrite { y = x; }
}
/// As many elements as before, in order, are all of them.
rule drop_slice : cleanup, class exact {
  match { y = slice(x, dim = _, start = _, end = _, step = _); }
  where shape(x) == shape(y);
  rewrite { y = x; }
}
/// A resize to the size that is there already.
rule drop_nearest : cleanup, class exact {
  match { y = upsample_nearest2d(x, output_size = _, scales = s); }
  where shape(x) == shape(y), all([v == 1.0 for v in s]);
  rewrite { y = x; }
}
rule drop_interpolation for f in { upsample_bilinear2d, upsample_bicubic2d } : cleanup, class real {
  match { y = f(x, output_size = _, align_corners = _, scales = s); }
  where shape(x) == shape(y), all([v == 1.0 for v in s]);
  rewrite { y = x; }
}
rule drop_pad : cleanup, class exact {
  match { y = pad(x, pad = p, mode = _, value = _); }
  where all([v == 0 for v in p]);
  rewrite { y = x; }
}
rule drop_permute : cleanup, benefit 5, class exact {
  match { y = permute(x, dims = p); }
  where is_identity_perm(p);
  rewrite { y = x; }
}
rule drop_to : cleanup, benefit 5, class exact {
  match { y = to(x, dtype = d); }
  where d == dtype(x);
  rewrite { y = x; }
}
rule drop_cat : cleanup, class exact {
  match { y = cat([x], dim = _); }
  rewrite { y = x; }
}

/// Only the last of two reshapes counts. The first may have other users.
rule reshape_reshape : cleanup, class exact {
  match { keep y = reshape(x, shape = _); z = reshape(y, shape = _); }
  let s = shape(z);
  rewrite { z = reshape(x, shape = s); }
}
rule permute_permute : cleanup, class exact {
  match { keep y = permute(x, dims = p); z = permute(y, dims = q); }
  rewrite { z = permute(x, dims = compose_perm(p, q)); }
}
/// A conversion to a type that holds everything of the one before changes nothing by itself.
rule to_to : cleanup, class exact {
  match { keep y = to(x, dtype = d); z = to(y, dtype = e); }
  where (contains([f16, bf16], dtype(x)) && contains([f32, f64], d)) ||
        (dtype(x) == f32 && d == f64) ||
        (contains([i8, u8, i16], dtype(x)) && contains([i32, i64, f32, f64], d)) ||
        (dtype(x) == i32 && contains([i64, f64], d));
  rewrite { z = to(x, dtype = e); }
}

rule relu_relu : cleanup, class exact {
  match { y = relu(x); z = relu(y); }
  rewrite { z = relu(x); }
}
rule neg_neg : cleanup, class exact {
  match { z = neg(neg(x)); }
  rewrite { z = x; }
}
/// x * 1, x / 1, x + 0, x - 0: exact but for the sign of zero.
frag unchanged(x) = mul(x, 1) | div(x, 1) | add(x, 0) | sub(x, 0);
rule drop_neutral : cleanup, class real {
  match { y = unchanged(x); }
  rewrite { y = x; }
}

test "identity" for drop_identity {
  graph (x: f32[2,3,4]) {
    u = relu(x);
    y = identity(u);
    return y;
  }
  expect fired 1;
}
test "contiguous" for drop_identity {
  graph (x: f32[2,3,4]) {
    u = relu(x);
    y = contiguous(u);
    return y;
  }
  expect fired 1;
}
test "nothing to drop" for drop_identity {
  graph (x: f32[2,3,4]) {
    y = relu(x);
    return y;
  }
  expect no_match;
}
test "any probability" for drop_dropout {
  graph (x: f32[2,3,4]) {
    u = relu(x);
    y = dropout(u, p=0.2);
    z = neg(y);
    return z;
  }
  expect fired 1;
}
test "no dropout" for drop_dropout {
  graph (x: f32[2,3,4]) {
    y = relu(x);
    return y;
  }
  expect no_match;
}
test "the same shape" for drop_reshape {
  graph (x: f32[2,3,4]) {
    y = reshape(x, shape=[2, -1, 4]);
    z = relu(y);
    return z;
  }
  expect fired 1;
}
test "another shape" for drop_reshape {
  graph (x: f32[2,3,4]) {
    y = reshape(x, shape=[6, 4]);
    return y;
  }
  expect no_match because "shape(x) == shape(y)";
}
test "the same shape" for drop_expand {
  graph (x: f32[2,3,4]) {
    y = expand(x, shape=[-1, 3, 4]);
    z = relu(y);
    return z;
  }
  expect fired 1;
}
test "a larger shape" for drop_expand {
  graph (x: f32[1,3]) {
    y = expand(x, shape=[2, 3]);
    return y;
  }
  expect no_match;
}
test "all of it" for drop_slice {
  graph (x: f32[2,3,4]) {
    y = slice(x, dim=1, end=3);
    z = relu(y);
    return z;
  }
  expect fired 1;
}
test "a part" for drop_slice {
  graph (x: f32[2,3,4]) {
    y = slice(x, dim=1, start=1);
    return y;
  }
  expect no_match;
}
test "by nothing" for drop_pad {
  graph (x: f32[2,3,4]) {
    y = pad(x, pad=[0, 0], value=3.0);
    z = relu(y);
    return z;
  }
  expect fired 1;
}
test "shifted: the same shape, other elements" for drop_pad {
  graph (x: f32[2,3,4]) {
    y = pad(x, pad=[1, -1]);
    return y;
  }
  expect no_match because "v == 0";
}
test "the identity" for drop_permute {
  graph (x: f32[2,3,4]) {
    y = permute(x, dims=[0, -2, 2]);
    z = relu(y);
    return z;
  }
  expect fired 1;
}
test "a swap" for drop_permute {
  graph (x: f32[3,3]) {
    y = permute(x, dims=[1, 0]);
    return y;
  }
  expect no_match;
}
test "the same type" for drop_to {
  graph (x: f32[2,3,4]) {
    y = to(x, dtype=f32);
    z = relu(y);
    return z;
  }
  expect fired 1;
}
test "another type" for drop_to {
  graph (x: f32[2,3,4]) {
    y = to(x, dtype=f64);
    return y;
  }
  expect no_match;
}
test "of one" for drop_cat {
  graph (x: f32[2,3,4]) {
    y = cat(x, dim=1);
    z = relu(y);
    return z;
  }
  expect fired 1;
}
test "of two" for drop_cat {
  graph (x: f32[2,3,4]) {
    y = cat(x, x, dim=1);
    return y;
  }
  expect no_match because "2 operands";
}
test "two in a row" for reshape_reshape {
  graph (x: f32[2,3,4]) {
    y = reshape(x, shape=[6, 4]);
    z = reshape(y, shape=[-1, 2]);
    return z;
  }
  expect fired 1;
}
test "the first has other users" for reshape_reshape {
  graph (x: f32[2,3,4]) {
    y = reshape(x, shape=[6, 4]);
    z = reshape(y, shape=[24]);
    u = relu(y);
    return z, u;
  }
  expect fired 1;
}
test "a permutation in between" for reshape_reshape {
  graph (x: f32[2,3,4]) {
    y = reshape(x, shape=[6, 4]);
    p = permute(y, dims=[1, 0]);
    z = reshape(p, shape=[24]);
    return z;
  }
  expect no_match;
}
test "two in a row" for permute_permute {
  graph (x: f32[2,3,4]) {
    y = permute(x, dims=[1, 2, 0]);
    z = permute(y, dims=[0, 2, 1]);
    return z;
  }
  expect fired 1;
}
test "something in between" for permute_permute {
  graph (x: f32[2,3,4]) {
    y = permute(x, dims=[1, 2, 0]);
    u = relu(y);
    z = permute(u, dims=[0, 2, 1]);
    return z;
  }
  expect no_match;
}
test "through a wider type" for to_to {
  graph (x: f32[2,3,4]) {
    y = to(x, dtype=f64);
    z = to(y, dtype=i32);
    return z;
  }
  expect fired 1;
}
test "through a narrower type" for to_to {
  graph (x: f32[2,3,4]) {
    y = to(x, dtype=f16);
    z = to(y, dtype=f32);
    return z;
  }
  expect no_match;
}
test "twice" for relu_relu {
  graph (x: f32[2,3,4]) {
    y = relu(x);
    z = relu(y);
    return z;
  }
  expect fired 1;
}
test "once" for relu_relu {
  graph (x: f32[2,3,4]) {
    y = abs(x);
    z = relu(y);
    return z;
  }
  expect no_match;
}
test "twice" for neg_neg {
  graph (x: f32[2,3,4]) {
    y = neg(x);
    z = neg(y);
    u = relu(z);
    return u;
  }
  expect fired 1;
}
test "once" for neg_neg {
  graph (x: f32[2,3,4]) {
    y = abs(x);
    z = neg(y);
    return z;
  }
  expect no_match;
}
test "one and zero" for drop_neutral {
  graph (x: f32[2,3,4]) {
    const one: f32[] = dense[1];
    const zero: f32[] = dense[0];
    a = mul(one, x);
    b = add(a, zero);
    c = div(b, one);
    d = sub(c, zero);
    y = relu(d);
    return y;
  }
  expect fired 4;
}
test "zero minus x" for drop_neutral {
  graph (x: f32[2,3,4]) {
    const zero: f32[] = dense[0];
    y = sub(zero, x);
    return y;
  }
  expect no_match;
}
test "a one that widens" for drop_neutral {
  graph (x: f32[4]) {
    const one: f32[1,4] = splat 1;
    y = mul(x, one);
    return y;
  }
  expect no_match because "widens";
}

test "the size that is there" for drop_nearest {
  graph (x: f32[2,3,4,5]) { u = relu(x); y = upsample_nearest2d(u, output_size=[4, 5], scales=[1.0, 1.0]); z = neg(y); return z; }
  expect fired 1;
}
test "another scale" for drop_nearest {
  graph (x: f32[2,3,4,5]) { y = upsample_nearest2d(x, output_size=[4, 5], scales=[1.2, 1.0]); return y; }
  expect no_match because "v == 1.0";
}
test "corners" for drop_interpolation {
  graph (x: f32[2,3,4,5]) { u = relu(x); y = upsample_bicubic2d(u, output_size=[4, 5], align_corners=true); z = neg(y); return z; }
  expect fired 1;
}
test "another size" for drop_interpolation {
  graph (x: f32[2,3,4,5]) { y = upsample_bilinear2d(x, output_size=[4, 6]); return y; }
  expect no_match because "shape(x) == shape(y)";
}
