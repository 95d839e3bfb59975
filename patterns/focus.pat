// SPDX-License-Identifier: Apache-2.0
//
// The Focus stem of YOLOv5 and YOLOX: four pixel phases joined as channels, then a convolution, is
// one convolution of twice the size and stride.
pat 1;
import "sets.pat";

/// w6[o, c, 2i + r, 2j + s] = w[o, place(r, s) * C + c, i, j], where `order` lists the places by
/// 2s + r.
fn focus_kernel(w: tensor, order: list, O: int, C: int, K: int, L: int) =
    index_select(w.reshape([O, 4, C, K, L]), 1, order).reshape([O, 2, 2, C, K, L])
        .permute([0, 3, 4, 2, 5, 1]).reshape([O, C, 2 * K, 2 * L]);

/// Every second row from r, and every second column from c, in either order.
frag phase(x, r, c) =
    slice(slice(x, dim = {2, -2}, start = r, end = e, step = 2), dim = {3, -1}, start = c, end = f,
          step = 2) where e >= dim(x, 2), f >= dim(x, 3)
  | slice(slice(x, dim = {3, -1}, start = c, end = f, step = 2), dim = {2, -2}, start = r, end = e,
          step = 2) where e >= dim(x, 2), f >= dim(x, 3);

rule focus_conv : fold, benefit 50, class real {
  match {
    f = cat([phase(x: [_, C, H, W], r0, c0), phase(x, r1, c1), phase(x, r2, c2), phase(x, r3, c3)],
            dim = {1, -3});
    y = conv2d(f, w: const[O, Q, K, L], b?, r?, stride = s, dilation = [1, 1], groups = 1,
               padding = p, ..a);
  }
  // Each phase once: the starts are 0 or 1, and the four pairs differ.
  let place = [2 * c0 + r0, 2 * c1 + r1, 2 * c2 + r2, 2 * c3 + r3];
  where H % 2 == 0, W % 2 == 0, Q == 4 * C,
        all([v == 0 || v == 1 for v in [r0, r1, r2, r3, c0, c1, c2, c3]]),
        all([contains(place, v) for v in 0..4]);
  rewrite {
    y = conv2d(x, focus_kernel(w, inverse_perm(place), O, C, K, L), b, r,
               stride = [2 * v for v in s], dilation = [1, 1], groups = 1,
               padding = [2 * v for v in p], ..a);
  }
  verify {
    r0 in { 0, 1 };
    r1 in { 0, 1 };
    r2 in { 0, 1 };
    r3 in { 0, 1 };
    c0 in { 0, 1 };
    c1 in { 0, 1 };
    c2 in { 0, 1 };
    c3 in { 0, 1 };
    H in { 2, 4, 6 };
    W in { 2, 4, 6 };
  }
}

test "as in YOLOX" for focus_conv {
  graph (x: f32[2,2,8,6]) {
    const w: f32[5,8,3,3] = file("random", "w");
    a0 = slice(x, dim=2, start=0, step=2);
    a = slice(a0, dim=3, start=0, step=2);
    b0 = slice(x, dim=2, start=1, step=2);
    b = slice(b0, dim=3, start=0, step=2);
    c0 = slice(x, dim=2, start=0, step=2);
    c = slice(c0, dim=3, start=1, step=2);
    d0 = slice(x, dim=2, start=1, step=2);
    d = slice(d0, dim=3, start=1, step=2);
    f = cat(a, b, c, d, dim=1);
    y = conv2d(f, w, padding=[1, 1]);
    return y;
  }
  expect fired 1;
}
test "another order, columns first, stride and bias" for focus_conv {
  graph (x: f32[1,2,12,10]) {
    const bias: f32[5] = file("random", "b");
    const w: f32[5,8,2,3] = file("random", "w");
    a0 = slice(x, dim=3, start=1, step=2);
    a = slice(a0, dim=2, start=1, step=2);
    b0 = slice(x, dim=3, start=1, step=2);
    b = slice(b0, dim=2, start=0, step=2);
    c0 = slice(x, dim=3, start=0, step=2);
    c = slice(c0, dim=2, start=0, step=2);
    d0 = slice(x, dim=3, start=0, step=2);
    d = slice(d0, dim=2, start=1, step=2);
    f = cat(a, b, c, d, dim=1);
    y = conv2d(f, w, bias, stride=[2, 1], padding=[0, 1], act="silu");
    return y;
  }
  expect fired 1;
}
test "one phase twice" for focus_conv {
  graph (x: f32[2,2,8,6]) {
    const w: f32[5,8,3,3] = file("random", "w");
    a0 = slice(x, dim=2, start=0, step=2);
    a = slice(a0, dim=3, start=0, step=2);
    b0 = slice(x, dim=2, start=1, step=2);
    b = slice(b0, dim=3, start=0, step=2);
    c0 = slice(x, dim=2, start=0, step=2);
    c = slice(c0, dim=3, start=1, step=2);
    d0 = slice(x, dim=2, start=0, step=2);
    d = slice(d0, dim=3, start=1, step=2);
    f = cat(a, b, c, d, dim=1);
    y = conv2d(f, w);
    return y;
  }
  expect no_match because "contains(place, v)";
}
test "an odd height" for focus_conv {
  graph (x: f32[2,2,7,6]) {
    const w: f32[5,8,3,3] = file("random", "w");
    a0 = slice(x, dim=2, start=0, step=2);
    a = slice(a0, dim=3, start=0, step=2);
    b0 = slice(x, dim=2, start=0, step=2);
    b = slice(b0, dim=3, start=0, step=2);
    c0 = slice(x, dim=2, start=0, step=2);
    c = slice(c0, dim=3, start=1, step=2);
    d0 = slice(x, dim=2, start=0, step=2);
    d = slice(d0, dim=3, start=1, step=2);
    f = cat(a, b, c, d, dim=1);
    y = conv2d(f, w);
    return y;
  }
  expect no_match because "H % 2 == 0";
}
test "dilated" for focus_conv {
  graph (x: f32[2,2,8,6]) {
    const w: f32[5,8,3,3] = file("random", "w");
    a0 = slice(x, dim=2, start=0, step=2);
    a = slice(a0, dim=3, start=0, step=2);
    b0 = slice(x, dim=2, start=1, step=2);
    b = slice(b0, dim=3, start=0, step=2);
    c0 = slice(x, dim=2, start=0, step=2);
    c = slice(c0, dim=3, start=1, step=2);
    d0 = slice(x, dim=2, start=1, step=2);
    d = slice(d0, dim=3, start=1, step=2);
    f = cat(a, b, c, d, dim=1);
    y = conv2d(f, w, dilation=[1, 2], padding=[1, 2]);
    return y;
  }
  expect no_match because "attribute `dilation`";
}
test "groups" for focus_conv {
  graph (x: f32[2,2,8,6]) {
    const w: f32[4,4,3,3] = file("random", "w");
    a0 = slice(x, dim=2, start=0, step=2);
    a = slice(a0, dim=3, start=0, step=2);
    b0 = slice(x, dim=2, start=1, step=2);
    b = slice(b0, dim=3, start=0, step=2);
    c0 = slice(x, dim=2, start=0, step=2);
    c = slice(c0, dim=3, start=1, step=2);
    d0 = slice(x, dim=2, start=1, step=2);
    d = slice(d0, dim=3, start=1, step=2);
    f = cat(a, b, c, d, dim=1);
    y = conv2d(f, w, groups=2);
    return y;
  }
  expect no_match because "attribute `groups`";
}
