// SPDX-License-Identifier: Apache-2.0
//
// View, permute, view: channel shuffles and pixel shuffles, taken into the convolution beside them.
pat 1;
import "sets.pat";

/// Shuffled channels are the weight's channels shuffled back.
rule shuffle_conv : fold, class real {
  match {
    r = reshape(x: [N, C, H, W], shape = [N, G, K, H, W]);
    p = permute(r, dims = [0, 2, 1, 3, 4]);
    s = reshape(p, shape = [N, C, H, W]);
    y = conv2d(s, w: const[O, C, KH, KW], b?, t?, groups = 1, ..a);
  }
  where G * K == C;
  rewrite {
    y = conv2d(x, w.reshape([O, K, G, KH, KW]).permute([0, 2, 1, 3, 4]).reshape([O, C, KH, KW]), b,
               t, groups = 1, ..a);
  }
}
/// A shuffle undone by another.
rule shuffle_shuffle : cleanup, class exact {
  match {
    r = reshape(x: [N, C, ..], shape = _);
    p = permute(r: [N, G, K, ..], dims = d);
    s = reshape(p, shape = _);
    u = reshape(s, shape = _);
    q = permute(u: [N, K, G, ..], dims = d);
    y = reshape(q, shape = _);
  }
  where rank(r) >= 3, rank(r) == rank(u), d[0:3] == [0, 2, 1], is_identity_perm([0, 1, 2] + d[3:]),
        shape(y) == shape(x), shape(r)[3:] == shape(u)[3:];
  rewrite { y = x; }
}
/// A 1x1 convolution whose channels are spread over pixels is a transposed convolution.
rule conv_pixel_shuffle : fold, class real {
  match {
    c = conv2d(x: [N, I, H, W], w: const[Q, I, 1, 1], b?: const[Q], act = "none", act_params = []);
    r = reshape(c, shape = [N, O, R, S, H, W]);
    p = permute(r, dims = [0, 1, 4, 2, 5, 3]);
    y = reshape(p: [N, O, H, R, W, S], shape = _);
  }
  where shape(y) == [N, O, H * R, W * S],
        !has(b) ||
        is_splat((b ?? zeros([Q])).reshape([O, R * S]) -
                 (b ?? zeros([Q])).reshape([O, R * S])[:, 0:1],
                 0);
  rewrite {
    y = conv_transpose2d(x, w.reshape([O, R, S, I]).permute([3, 0, 1, 2]),
                         has(b) ? (b ?? zeros([Q])).reshape([O, R * S])[:, 0] : none,
                         stride = [R, S]);
  }
}

test "two groups of three" for shuffle_conv {
  graph (x: f32[2,6,5,4]) {
    const w: f32[3,6,3,2] = file("random", "w");
    const b: f32[3] = file("random", "b");
    r = reshape(x, shape=[2,2,3,5,4]); p = permute(r, dims=[0,2,1,3,4]);
    s = reshape(p, shape=[2,6,5,4]); y = conv2d(s, w, b, padding=[1,0], stride=[2,1]); return y;
  }
  expect fired 1;
}
test "groups in the convolution" for shuffle_conv {
  graph (x: f32[2,6,5,4]) {
    const w: f32[4,3,1,1] = file("random", "w");
    r = reshape(x, shape=[2,2,3,5,4]); p = permute(r, dims=[0,2,1,3,4]);
    s = reshape(p, shape=[2,6,5,4]); y = conv2d(s, w, groups=2); return y;
  }
  expect no_match;
}
test "there and back" for shuffle_shuffle {
  graph (x: f32[2,6,5]) {
    r = reshape(x, shape=[2,2,3,5]); p = permute(r, dims=[0,2,1,3]); s = reshape(p, shape=[2,6,5]);
    u = reshape(s, shape=[2,3,2,5]); q = permute(u, dims=[0,2,1,3]); y = reshape(q, shape=[2,6,5]);
    z = relu(y); return z;
  }
  expect fired 1;
}
test "twice the same way" for shuffle_shuffle {
  graph (x: f32[2,6,5]) {
    r = reshape(x, shape=[2,2,3,5]); p = permute(r, dims=[0,2,1,3]); s = reshape(p, shape=[2,6,5]);
    u = reshape(s, shape=[2,2,3,5]); q = permute(u, dims=[0,2,1,3]); y = reshape(q, shape=[2,6,5]);
    z = relu(y); return z;
  }
  expect no_match;
}
test "upwards by 2 and 3" for conv_pixel_shuffle {
  graph (x: f32[2,3,5,4]) {
    const w: f32[12,3,1,1] = file("random", "w");
    c = conv2d(x, w); r = reshape(c, shape=[2,2,2,3,5,4]); p = permute(r, dims=[0,1,4,2,5,3]);
    y = reshape(p, shape=[2,2,10,12]); return y;
  }
  expect fired 1;
}
test "one bias for each result channel" for conv_pixel_shuffle {
  graph (x: f32[2,3,5,4]) {
    const w: f32[8,3,1,1] = file("random", "w");
    const b: f32[8] = dense[1,1,1,1,-2,-2,-2,-2];
    c = conv2d(x, w, b); r = reshape(c, shape=[2,2,2,2,5,4]); p = permute(r, dims=[0,1,4,2,5,3]);
    y = reshape(p, shape=[2,2,10,8]); return y;
  }
  expect fired 1;
}
test "a bias for each pixel" for conv_pixel_shuffle {
  graph (x: f32[2,3,5,4]) {
    const w: f32[8,3,1,1] = file("random", "w");
    const b: f32[8] = file("random", "b");
    c = conv2d(x, w, b); r = reshape(c, shape=[2,2,2,2,5,4]); p = permute(r, dims=[0,1,4,2,5,3]);
    y = reshape(p, shape=[2,2,10,8]); return y;
  }
  expect no_match because "is_splat";
}
