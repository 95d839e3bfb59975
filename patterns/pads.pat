// SPDX-License-Identifier: Apache-2.0
//
// Padding: two pads are one, and what a transposed convolution makes only to be cut off is not
// made. Reflected and repeated borders are not sums of pads and are left alone.
pat 1;
import "sets.pat";

/// Pads to the length of both; `pad` lists dimensions from the last.
fn pad_at(p: list, i: int) = i < len(p) ? p[i] : 0;
rule pad_pad : cleanup, class exact {
  match {
    y = pad(x, pad = p, mode = "constant", value = v);
    z = pad(y, pad = q, mode = "constant", value = w);
  }
  where v == w, all([e >= 0 for e in p]), all([e >= 0 for e in q]);
  let n = max(len(p), len(q));
  rewrite {
    z = pad(x, pad = [pad_at(p, i) + pad_at(q, i) for i in 0..n], mode = "constant", value = v);
  }
}
/// Rows and columns of the result of a transposed convolution that are cut off on both sides.
rule crop_deconv_rows : cleanup, class exact {
  match {
    y = conv_transpose2d(x, w: const, b?, padding = [p, q], ..a);
    z = slice(y, dim = d, start = s, end = e);
  }
  let r = norm_slice(shape(y), { dim = d, start = s, end = e, step = 1 });
  where r.dim == 2, r.start > 0, r.start == dim(y, 2) - r.end;
  rewrite { z = conv_transpose2d(x, w, b, padding = [p + r.start, q], ..a); }
}
rule crop_deconv_columns : cleanup, class exact {
  match {
    y = conv_transpose2d(x, w: const, b?, padding = [p, q], ..a);
    z = slice(y, dim = d, start = s, end = e);
  }
  let r = norm_slice(shape(y), { dim = d, start = s, end = e, step = 1 });
  where r.dim == 3, r.start > 0, r.start == dim(y, 3) - r.end;
  rewrite { z = conv_transpose2d(x, w, b, padding = [p, q + r.start], ..a); }
}

test "rows, then columns" for pad_pad {
  graph (x: f32[2,3,4]) {
    y = pad(x, pad=[1,2], value=0.5); z = pad(y, pad=[0,1,2,0], value=0.5); return z;
  }
  expect fired 1;
}
test "with another value" for pad_pad {
  graph (x: f32[2,3,4]) {
    y = pad(x, pad=[1,2], value=0.5); z = pad(y, pad=[0,1], value=0.25); return z;
  }
  expect no_match because "v == w";
}
test "padded, then cropped" for pad_pad {
  graph (x: f32[2,3,4]) { y = pad(x, pad=[1,2]); z = pad(y, pad=[-2,0]); return z; }
  expect no_match because "e >= 0";
}
test "reflected" for pad_pad {
  graph (x: f32[2,3,4]) {
    y = pad(x, pad=[1,2], mode="reflect"); z = pad(y, pad=[1,1], mode="reflect"); return z;
  }
  expect no_match because "reflect";
}
test "stride two, groups" for crop_deconv_rows {
  graph (x: f32[2,4,3,5]) {
    const w: f32[4,3,4,3] = file("random", "w");
    const b: f32[6] = file("random", "b");
    y = conv_transpose2d(x, w, b, stride=[2,2], groups=2, output_padding=[1,0], padding=[0,1]);
    z = slice(y, dim=2, start=1, end=-1); return z;
  }
  expect fired 1;
}
test "one side only" for crop_deconv_rows {
  graph (x: f32[2,4,3,5]) {
    const w: f32[4,3,4,3] = file("random", "w");
    y = conv_transpose2d(x, w); z = slice(y, dim=2, end=-1); return z;
  }
  expect no_match because "r.start > 0";
}
test "dilated" for crop_deconv_columns {
  graph (x: f32[1,2,3,5]) {
    const w: f32[2,3,2,3] = file("random", "w");
    y = conv_transpose2d(x, w, dilation=[1,2]); z = slice(y, dim=-1, start=2, end=7); return z;
  }
  expect fired 1;
}
test "more on one side" for crop_deconv_columns {
  graph (x: f32[1,2,3,5]) {
    const w: f32[2,3,2,3] = file("random", "w");
    y = conv_transpose2d(x, w, dilation=[1,2]); z = slice(y, dim=3, start=2, end=-1); return z;
  }
  expect no_match;
}
