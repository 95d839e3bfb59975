// SPDX-License-Identifier: Apache-2.0
//
// Dead channels: filters of zeros make a constant, which is a bias of what reads it; channels that
// nothing reads need not be made. Padding is zeros, not that constant: with padding the constant
// must be zero.
pat 1;
import "sets.pat";

/// A filter of zeros in front of a convolution.
rule dead_filters : fold, class real {
  match {
    y = conv2d(x, u: const[M, _, _, _], b?: const[M], act = "none", act_params = [], ..a);
    z = conv2d(y, w: const[O, M, _, _], c?: const[O], r?, groups = 1, padding = p, ..s);
  }
  let live = nonzero_channels(u, 0);
  let dead = zero_channels(u, 0);
  let left = index_select(b ?? zeros([M]), 0, dead);
  where a.groups == 1, len(live) > 0, p == [0, 0] || is_splat(left, 0);
  when len(dead) > 0;
  rewrite {
    n = conv2d(x, index_select(u, 0, live), has(b) ? index_select(b ?? zeros([M]), 0, live) : none,
               act = "none", act_params = [], ..a);
    z = conv2d(n, index_select(w, 1, live),
               (c ?? zeros([O])) + einsum("omhw,m->o", [index_select(w, 1, dead), left]), r,
               groups = 1, padding = p, ..s);
  }
}
/// The same with a relu in between.
rule dead_filters_relu : fold, class real {
  match {
    y = conv2d(x, u: const[M, _, _, _], b?: const[M], act = "none", act_params = [], ..a);
    v = relu(y);
    z = conv2d(v, w: const[O, M, _, _], c?: const[O], r?, groups = 1, padding = p, ..s);
  }
  let live = nonzero_channels(u, 0);
  let dead = zero_channels(u, 0);
  let left = max(index_select(b ?? zeros([M]), 0, dead), 0);
  where a.groups == 1, len(live) > 0, p == [0, 0] || is_splat(left, 0);
  when len(dead) > 0;
  rewrite {
    n = conv2d(x, index_select(u, 0, live), has(b) ? index_select(b ?? zeros([M]), 0, live) : none,
               act = "none", act_params = [], ..a);
    z = conv2d(relu(n), index_select(w, 1, live),
               (c ?? zeros([O])) + einsum("omhw,m->o", [index_select(w, 1, dead), left]), r,
               groups = 1, padding = p, ..s);
  }
}
/// Channels that the next convolution multiplies with zeros.
rule unread_channels : fold, class real {
  match {
    y = conv2d(x, u: const[M, _, _, _], b?: const[M], ..a);
    z = conv2d(y, w: const[_, M, _, _], c?, r?, groups = 1, ..s);
  }
  let read = nonzero_channels(w, 1);
  where a.groups == 1, len(read) > 0;
  when len(read) < M;
  rewrite {
    n = conv2d(x, index_select(u, 0, read), has(b) ? index_select(b ?? zeros([M]), 0, read) : none,
               ..a);
    z = conv2d(n, index_select(w, 1, read), c, r, groups = 1, ..s);
  }
}
rule unread_channels_unary : fold, class real {
  match {
    y = conv2d(x, u: const[M, _, _, _], b?: const[M], ..a);
    v = f@elementwise_unary(y, ..t);
    z = conv2d(v, w: const[_, M, _, _], c?, r?, groups = 1, ..s);
  }
  let read = nonzero_channels(w, 1);
  where a.groups == 1, len(read) > 0;
  when len(read) < M;
  rewrite {
    n = conv2d(x, index_select(u, 0, read), has(b) ? index_select(b ?? zeros([M]), 0, read) : none,
               ..a);
    z = conv2d(f(n, ..t), index_select(w, 1, read), c, r, groups = 1, ..s);
  }
}
/// The same for linear ops.
rule unread_features : fold, class real {
  match {
    y = linear(x, u: const[M, _], b?: const[M], ..a);
    z = linear(y, w: const[_, M], c?, r?, ..s);
  }
  let read = nonzero_channels(w, 1);
  where len(read) > 0;
  when len(read) < M;
  rewrite {
    n = linear(x, index_select(u, 0, read), has(b) ? index_select(b ?? zeros([M]), 0, read) : none,
               ..a);
    z = linear(n, index_select(w, 1, read), c, r, ..s);
  }
}
rule unread_features_unary : fold, class real {
  match {
    y = linear(x, u: const[M, _], b?: const[M], ..a);
    v = f@elementwise_unary(y, ..t);
    z = linear(v, w: const[_, M], c?, r?, ..s);
  }
  let read = nonzero_channels(w, 1);
  where len(read) > 0;
  when len(read) < M;
  rewrite {
    n = linear(x, index_select(u, 0, read), has(b) ? index_select(b ?? zeros([M]), 0, read) : none,
               ..a);
    z = linear(f(n, ..t), index_select(w, 1, read), c, r, ..s);
  }
}
/// Neurons without weights: their constant, through any function that rules know, goes on.
rule dead_neurons : fold, class real {
  match {
    y = linear(x, u: const[M, _], b?: const[M]);
    v = relu(y);
    z = linear(v, w: const[O, M], c?: const[O], r?, ..s);
  }
  let live = nonzero_channels(u, 0);
  let dead = zero_channels(u, 0);
  let left = max(index_select(b ?? zeros([M]), 0, dead), 0);
  where len(live) > 0;
  when len(dead) > 0;
  rewrite {
    n = linear(x, index_select(u, 0, live), has(b) ? index_select(b ?? zeros([M]), 0, live) : none);
    z = linear(relu(n), index_select(w, 1, live),
               (c ?? zeros([O])) + matmul(index_select(w, 1, dead), left), r, ..s);
  }
}

test "bias left over, no padding" for dead_filters {
  graph (x: f32[2,2,6,5]) {
    const u: f32[3,2,1,1] = dense[1, 2, 0, 0, -1, 0.5];
    const b: f32[3] = dense[0.5, 2, 1];
    const w: f32[4,3,3,2] = file("random", "w");
    y = conv2d(x, u, b, padding=[1,0]); z = conv2d(y, w, stride=[1,2], act="relu"); return z;
  }
  expect fired 1;
}
test "no bias, padding" for dead_filters {
  graph (x: f32[2,2,6,5]) {
    const u: f32[3,2,1,1] = dense[0, 0, 1, 2, -1, 0.5];
    const w: f32[4,3,3,3] = file("random", "w");
    const c: f32[4] = file("random", "c");
    y = conv2d(x, u); z = conv2d(y, w, c, padding=[1,1]); return z;
  }
  expect fired 1;
}
test "the border would see the constant" for dead_filters {
  graph (x: f32[2,2,6,5]) {
    const u: f32[3,2,1,1] = dense[1, 2, 0, 0, -1, 0.5];
    const b: f32[3] = dense[0.5, 2, 1];
    const w: f32[4,3,3,3] = file("random", "w");
    y = conv2d(x, u, b); z = conv2d(y, w, padding=[1,1]); return z;
  }
  expect no_match because "is_splat(left, 0)";
}
test "a negative bias is nothing" for dead_filters_relu {
  graph (x: f32[2,2,6,5]) {
    const u: f32[3,2,1,1] = dense[1, 2, 0, 0, -1, 0.5];
    const b: f32[3] = dense[0.5, -2, 1];
    const w: f32[4,3,3,3] = file("random", "w");
    y = conv2d(x, u, b); v = relu(y); z = conv2d(v, w, padding=[1,1], dilation=[1,2]); return z;
  }
  expect fired 1;
}
test "a positive one at the border" for dead_filters_relu {
  graph (x: f32[2,2,6,5]) {
    const u: f32[3,2,1,1] = dense[1, 2, 0, 0, -1, 0.5];
    const b: f32[3] = dense[0.5, 2, 1];
    const w: f32[4,3,3,3] = file("random", "w");
    y = conv2d(x, u, b); v = relu(y); z = conv2d(v, w, padding=[1,1]); return z;
  }
  expect no_match because "is_splat(left, 0)";
}
test "one of three, with padding" for unread_channels {
  graph (x: f32[2,2,6,5]) {
    const u: f32[3,2,3,1] = file("random", "u");
    const b: f32[3] = file("random", "b");
    const w: f32[2,3,1,1] = dense[1, 0, 2, 3, 0, 4];
    y = conv2d(x, u, b, padding=[1,0], act="relu"); z = conv2d(y, w, padding=[1,1]); return z;
  }
  expect fired 1;
}
test "read by another" for unread_channels {
  graph (x: f32[2,2,6,5]) {
    const u: f32[3,2,3,1] = file("random", "u");
    const w: f32[2,3,1,1] = dense[1, 0, 2, 3, 0, 4];
    y = conv2d(x, u); z = conv2d(y, w); return z, y;
  }
  expect no_match because "graph output";
}
test "silu in between" for unread_channels_unary {
  graph (x: f32[2,2,6,5]) {
    const u: f32[3,2,3,1] = file("random", "u");
    const w: f32[2,3,1,1] = dense[1, 0, 2, 3, 0, 4];
    y = conv2d(x, u); v = silu(y); z = conv2d(v, w); return z;
  }
  expect fired 1;
}
test "all are read" for unread_channels_unary {
  graph (x: f32[2,2,6,5]) {
    const u: f32[3,2,3,1] = file("random", "u");
    const w: f32[2,3,1,1] = dense[1, 0, 2, 3, 1, 4];
    y = conv2d(x, u); v = silu(y); z = conv2d(v, w); return z;
  }
  expect no_match because "len(read) < M";
}
test "one of three" for unread_features {
  graph (x: f32[2,4,2]) {
    const u: f32[3,2] = file("random", "u");
    const b: f32[3] = file("random", "b");
    const w: f32[2,3] = dense[1, 0, 2, 3, 0, 4];
    y = linear(x, u, b, act="relu"); z = linear(y, w); return z;
  }
  expect fired 1;
}
test "all are read" for unread_features {
  graph (x: f32[2,4,2]) {
    const u: f32[3,2] = file("random", "u");
    const w: f32[2,3] = dense[1, 1, 2, 3, 0, 4];
    y = linear(x, u); z = linear(y, w); return z;
  }
  expect no_match;
}
test "gelu in between" for unread_features_unary {
  graph (x: f32[2,4,2]) {
    const u: f32[3,2] = file("random", "u");
    const b: f32[3] = file("random", "b");
    const w: f32[2,3] = dense[1, 0, 2, 3, 0, 4];
    y = linear(x, u, b); v = gelu(y); z = linear(v, w); return z;
  }
  expect fired 1;
}
test "softmax mixes features" for unread_features_unary {
  graph (x: f32[2,4,2]) {
    const u: f32[3,2] = file("random", "u");
    const w: f32[2,3] = dense[1, 0, 2, 3, 0, 4];
    y = linear(x, u); v = softmax(y, dim=-1); z = linear(v, w); return z;
  }
  expect no_match;
}
test "one of three" for dead_neurons {
  graph (x: f32[2,4,2]) {
    const u: f32[3,2] = dense[1, 2, 0, 0, -1, 0.5];
    const b: f32[3] = dense[0.5, 2, 1];
    const w: f32[2,3] = file("random", "w");
    y = linear(x, u, b); v = relu(y); z = linear(v, w); return z;
  }
  expect fired 1;
}
test "all are alive" for dead_neurons {
  graph (x: f32[2,4,2]) {
    const u: f32[3,2] = dense[1, 2, 0, 1, -1, 0.5];
    const w: f32[2,3] = file("random", "w");
    y = linear(x, u); v = relu(y); z = linear(v, w); return z;
  }
  expect no_match because "len(dead) > 0";
}
