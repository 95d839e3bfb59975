// SPDX-License-Identifier: Apache-2.0
//
// Padding taken into the convolution or pooling that follows it. Attribute `pad` of pad lists
// (before, after) from the last dimension backwards: left, right, top, bottom, and so on.
pat 1;
import "kernels.pat";
import "sets.pat";

fn left_right(p: list) = p[0:2];
fn top_bottom(p: list) = len(p) >= 4 ? p[2:4] : [0, 0];
/// Only height and width are padded, and nothing is cropped.
fn spatial(p: list) = all([v >= 0 for v in p]) && all([v == 0 for v in p[4:]]);

rule pad_conv : fold, class exact {
  match {
    y = pad(x: [_, _, _, _], pad = p, value = 0);
    z = conv2d(y, w, b?, r?, padding = q, ..a);
  }
  where spatial(p);
  let h = top_bottom(p);
  let v = left_right(p);
  let s = four_sides(q);
  rewrite {
    z = conv2d(x, w, b, r, padding = shortest([s[0] + h[0], s[1] + v[0], s[2] + h[1], s[3] + v[1]]),
               ..a);
  }
}

/// Zeros of a pad count in the mean, whatever the pooling says about its own padding. PyTorch
/// allows padding up to half of the window.
rule pad_avg_pool : fold, class exact {
  match {
    y = pad(x: [_, _, _, _], pad = p, value = 0);
    z = avg_pool2d(y, kernel_size = k, padding = [0, 0], ceil_mode = false, count_include_pad = _,
                   ..a);
  }
  where spatial(p), top_bottom(p)[0] == top_bottom(p)[1], left_right(p)[0] == left_right(p)[1],
        2 * top_bottom(p)[0] <= k[0], 2 * left_right(p)[0] <= k[1];
  rewrite {
    z = avg_pool2d(x, kernel_size = k, padding = [top_bottom(p)[0], left_right(p)[0]],
                   ceil_mode = false, count_include_pad = true, ..a);
  }
}

/// Minus infinity never wins a maximum. Integers have none.
rule pad_max_pool : fold, class exact {
  match {
    y = pad(x: [_, _, _, _], pad = p, value = -inf);
    z = max_pool2d(y, kernel_size = k, padding = [0, 0], ceil_mode = false, ..a);
  }
  where is_float(dtype(x)), spatial(p), top_bottom(p)[0] == top_bottom(p)[1],
        left_right(p)[0] == left_right(p)[1], 2 * top_bottom(p)[0] <= k[0],
        2 * left_right(p)[0] <= k[1];
  rewrite {
    z = max_pool2d(x, kernel_size = k, padding = [top_bottom(p)[0], left_right(p)[0]],
                   ceil_mode = false, ..a);
  }
}

test "all four sides" for pad_conv {
  graph (x: f32[2,2,5,6]) {
    const w: f32[3,2,3,3] = file("random", "w");
    y = pad(x, pad=[1, 2, 3, 0]);
    z = conv2d(y, w, padding=[0, 1], stride=[2, 2]);
    return z;
  }
  expect fired 1;
}
test "only the width, residual and activation stay" for pad_conv {
  graph (x: f32[2,2,5,6], r: f32[2,3,3,6]) {
    const w: f32[3,2,3,3] = file("random", "w");
    const b: f32[3] = file("random", "b");
    y = pad(x, pad=[1, 1]);
    z = conv2d(y, w, b, r, act="relu");
    return z;
  }
  expect fired 1;
}
test "pairs for channels that are zero" for pad_conv {
  graph (x: f32[2,2,5,6]) {
    const w: f32[3,2,3,3] = file("random", "w");
    y = pad(x, pad=[1, 1, 1, 1, 0, 0, 0, 0]);
    z = conv2d(y, w, padding=[1, 0, 0, 1]);
    return z;
  }
  expect fired 1;
}
test "not zeros" for pad_conv {
  graph (x: f32[2,2,5,6]) {
    const w: f32[3,2,3,3] = file("random", "w");
    y = pad(x, pad=[1, 1, 1, 1], value=1.0);
    z = conv2d(y, w);
    return z;
  }
  expect no_match because "attribute `value`";
}
test "reflection" for pad_conv {
  graph (x: f32[2,2,5,6]) {
    const w: f32[3,2,3,3] = file("random", "w");
    y = pad(x, pad=[1, 1, 1, 1], mode="reflect");
    z = conv2d(y, w);
    return z;
  }
  expect no_match because "attribute `mode`";
}
test "cropping" for pad_conv {
  graph (x: f32[2,2,5,6]) {
    const w: f32[3,2,3,3] = file("random", "w");
    y = pad(x, pad=[-1, 1, 1, 1]);
    z = conv2d(y, w);
    return z;
  }
  expect no_match because "spatial(p)";
}
test "channels" for pad_conv {
  graph (x: f32[2,1,5,6]) {
    const w: f32[3,2,3,3] = file("random", "w");
    y = pad(x, pad=[0, 0, 0, 0, 0, 1]);
    z = conv2d(y, w);
    return z;
  }
  expect no_match because "spatial(p)";
}
test "mean over zeros" for pad_avg_pool {
  graph (x: f32[2,2,5,6]) {
    y = pad(x, pad=[1, 1, 1, 1]);
    z = avg_pool2d(y, kernel_size=[3, 2], stride=[2, 1], count_include_pad=false);
    return z;
  }
  expect fired 1;
}
test "more than half of the window" for pad_avg_pool {
  graph (x: f32[2,2,5,6]) {
    y = pad(x, pad=[2, 2, 1, 1]);
    z = avg_pool2d(y, kernel_size=[3, 3], stride=[2, 1]);
    return z;
  }
  expect no_match because "<= k[1]";
}
test "rounding up" for pad_avg_pool {
  graph (x: f32[2,2,5,6]) {
    y = pad(x, pad=[1, 1, 1, 1]);
    z = avg_pool2d(y, kernel_size=[3, 3], stride=[2, 2], ceil_mode=true);
    return z;
  }
  expect no_match because "ceil_mode";
}
test "minus infinity" for pad_max_pool {
  graph (x: f32[2,2,5,6]) {
    y = pad(x, pad=[1, 1, 1, 1], value=-inf);
    z = max_pool2d(y, kernel_size=[3, 3], stride=[2, 2]);
    return z;
  }
  expect fired 1;
}
test "zeros can win" for pad_max_pool {
  graph (x: f32[2,2,5,6]) {
    y = pad(x, pad=[1, 1, 1, 1]);
    z = max_pool2d(y, kernel_size=[3, 3], stride=[2, 2]);
    return z;
  }
  expect no_match because "attribute `value`";
}
test "integers" for pad_max_pool {
  graph (x: i32[2,2,5,6]) {
    y = pad(x, pad=[1, 1, 1, 1], value=-inf);
    z = max_pool2d(y, kernel_size=[3, 3], stride=[2, 2]);
    return z;
  }
  expect no_match because "is_float";
}
