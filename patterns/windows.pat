// SPDX-License-Identifier: Apache-2.0
//
// Windows of an image's tokens (cases C4 and B22): reshape, permute, reshape, as Swin, SAM and MaxViT
// write them, with padding in front, rolled or not, and the crop behind. They only move rows; so what is
// done to each row may be done where there are fewer: without the padding, and without the windows.
pat 1;
import "sets.pat";

/// All sizes but the last, and another last one.
fn rows_of(s: list, C: int) = s[0:len(s) - 1] + [C];
/// Whether a permutation of r dimensions leaves the last one last.
fn keeps_last(p: list, r: int) = r > 0 && norm(p[r - 1], r) == r - 1;

/// Rotations along the same dimensions, one behind the other; none at all.
rule roll_roll : cleanup, class exact {
  match { y = roll(x, shifts = s, dims = d); z = roll(y, shifts = t, dims = e); }
  where [norm(v, rank(x)) for v in d] == [norm(v, rank(x)) for v in e];
  rewrite { z = roll(x, shifts = [s[i] + t[i] for i in 0..len(s)], dims = d); }
}
rule drop_roll : cleanup, benefit 5, class exact {
  match { y = roll(x, shifts = s, dims = d); }
  where all([dim(x, d[i]) == 0 || s[i] % max(1, dim(x, d[i])) == 0 for i in 0..len(s)]);
  rewrite { y = x; }
}

/// A product behind which windows are put together and the padding is cut off: on the rows that stay.
rule linear_behind_windows : push, class real {
  match {
    y = linear(x, w: const[O, I], b?: const[O], act = k, act_params = l);
    t = reshape(y, shape = _);
    v = permute(t, dims = p);
    u = reshape(v, shape = _);
    z = c@{slice}+(h@{roll}*(u));
  }
  let r = rank(u);
  where dim(t, -1) == O, keeps_last(p, rank(t)), dim(u, -1) == O,
        all([norm(m.attrs.dim, r) != r - 1 for m in c]),
        all([all([norm(d, r) != r - 1 for d in m.attrs.dims]) for m in h]);
  when numel(z) < numel(y);
  decreases macs;
  let s = shape(t);
  let q = shape(u);
  rewrite {
    z = linear(c(h(reshape(permute(reshape(x, shape = rows_of(s, I)), dims = p),
                           shape = rows_of(q, I)))),
               w, b, act = k, act_params = l);
  }
}
/// A product on windows of padded tokens: on the tokens that are there. Those of the padding are the bias.
rule linear_before_windows : push, class real {
  match {
    q = pad(x, pad = pads, mode = "constant", value = 0.0);
    g = h@{roll}*(q);
    t = reshape(g, shape = _);
    v = permute(t, dims = p);
    u = reshape(v, shape = _);
    y = linear(u, w: const[O, I], b?: const[O]);
  }
  let r = rank(x);
  where len(pads) >= 2, pads[0] == 0 && pads[1] == 0, all([n >= 0 for n in pads]), dim(t, -1) == I,
        rank(x) > 0, dim(x, -1) == I, keeps_last(p, rank(t)),
        all([all([norm(d, r) != r - 1 for d in m.attrs.dims]) for m in h]);
  when (numel(q) - numel(x)) * I > 8 * numel(q);
  decreases macs;
  let s = shape(t);
  let e = shape(u);
  rewrite {
    y = add(reshape(permute(reshape(h(pad(linear(x, w), pad = pads, mode = "constant",
                                          value = 0.0)),
                                    shape = rows_of(s, O)),
                            dims = p),
                    shape = rows_of(e, O)),
            b ?? zeros([O]));
  }
}

/// What is done to each row between windows that are made and put together again.
fn undone(s: list, p: list, t: list, q: list, from: list, to: list) =
    is_identity_perm(compose_perm(p, q)) && [s[i] for i in p][0:len(s) - 1] == t[0:len(t) - 1] &&
    from[0:len(from) - 1] == to[0:len(to) - 1];
rule linear_in_windows : cleanup, class exact {
  match {
    t = reshape(x, shape = _);
    v = permute(t, dims = p);
    u = reshape(v, shape = _);
    y = linear(u, w: const[O, I], b?: const[O], act, act_params);
    f = reshape(y, shape = _);
    g = permute(f, dims = q);
    z = reshape(g, shape = _);
  }
  where rank(x) > 0, len(p) == len(q), dim(x, -1) == I, dim(t, -1) == I, keeps_last(p, rank(t)),
        dim(f, -1) == O, dim(z, -1) == O, undone(shape(t), p, shape(f), q, shape(x), shape(z));
  rewrite { z = linear(x, w, b, act = act, act_params = act_params); }
}
rule norm_in_windows : cleanup, class exact {
  match {
    t = reshape(x, shape = _);
    v = permute(t, dims = p);
    u = reshape(v, shape = _);
    y = layer_norm(u, w?, b?, normalized_shape = [C], eps);
    f = reshape(y, shape = _);
    g = permute(f, dims = q);
    z = reshape(g, shape = _);
  }
  where rank(x) > 0, len(p) == len(q), dim(x, -1) == C, dim(t, -1) == C, keeps_last(p, rank(t)),
        dim(f, -1) == C, dim(z, -1) == C, undone(shape(t), p, shape(f), q, shape(x), shape(z));
  rewrite { z = layer_norm(x, w, b, normalized_shape = [C], eps = eps); }
}
rule unary_in_windows : cleanup, class exact {
  match {
    t = reshape(x, shape = _);
    v = permute(t, dims = p);
    u = reshape(v, shape = _);
    y = h@elementwise_unary(u, ..a);
    f = reshape(y, shape = _);
    g = permute(f, dims = q);
    z = reshape(g, shape = _);
  }
  where len(p) == len(q), is_identity_perm(compose_perm(p, q)),
        [shape(t)[i] for i in p] == shape(f), shape(x) == shape(z);
  rewrite { z = h(x, ..a); }
}

test "shifted there and back" for roll_roll {
  graph (x: f32[2,5,3]) {
    a = roll(x, shifts=[2, -1], dims=[1, 2]);
    b = roll(a, shifts=[2, 2], dims=[-2, -1]);
    return b;
  }
  expect fired 1;
}
test "other dimensions" for roll_roll {
  graph (x: f32[2,5,3]) {
    a = roll(x, shifts=[2], dims=[1]);
    b = roll(a, shifts=[2], dims=[2]);
    return b;
  }
  expect no_match because "norm(v, rank(x))";
}
test "once around" for drop_roll {
  graph (x: f32[2,5,3]) { a = roll(x, shifts=[-5, 0], dims=[1, 2]); b = relu(a); return b; }
  expect fired 1;
}
test "not around" for drop_roll {
  graph (x: f32[2,5,3]) { a = roll(x, shifts=[-5, 2], dims=[1, 2]); b = relu(a); return b; }
  expect no_match because "dim(x, d[i])";
}
test "Swin: put together, turned back, cropped" for linear_behind_windows {
  graph (x: f32[12,4,3]) {
    const w: f32[5,3] = file("random", "w");
    const b: f32[5] = file("random", "b");
    y = linear(x, w, b);
    t = reshape(y, shape=[2,2,3,2,2,5]);
    v = permute(t, dims=[0,1,3,2,4,5]);
    u = reshape(v, shape=[2,4,6,5]);
    r = roll(u, shifts=[1, 1], dims=[1, 2]);
    f = slice(r, dim=1, start=0, end=3);
    z = slice(f, dim=-2, start=0, end=5);
    return z;
  }
  expect fired 1;
}
test "features are cut" for linear_behind_windows {
  graph (x: f32[12,4,3]) {
    const w: f32[5,3] = file("random", "w");
    y = linear(x, w);
    t = reshape(y, shape=[2,2,3,2,2,5]);
    v = permute(t, dims=[0,1,3,2,4,5]);
    u = reshape(v, shape=[2,4,6,5]);
    z = slice(u, dim=3, start=0, end=3);
    return z;
  }
  expect no_match because "m.attrs.dim";
}
test "Swin: padded, turned, cut in windows" for linear_before_windows {
  graph (x: f32[2,3,5,32]) {
    const w: f32[5,32] = file("random", "w");
    const b: f32[5] = file("random", "b");
    q = pad(x, pad=[0, 0, 0, 1, 0, 1]);
    g = roll(q, shifts=[-1, -1], dims=[1, 2]);
    t = reshape(g, shape=[2,2,2,3,2,32]);
    v = permute(t, dims=[0,1,3,2,4,5]);
    u = reshape(v, shape=[12,4,32]);
    y = linear(u, w, b);
    return y;
  }
  expect fired 1;
}
test "SAM: no bias, not turned" for linear_before_windows {
  graph (x: f32[1,3,5,32]) {
    const w: f32[5,32] = file("random", "w");
    q = pad(x, pad=[0, 0, 1, 0, 1, 0]);
    t = reshape(q, shape=[1,2,2,3,2,32]);
    v = permute(t, dims=[0,1,3,2,4,5]);
    u = reshape(v, shape=[6,2,2,32]);
    y = linear(u, w);
    return y;
  }
  expect fired 1;
}
test "padded with ones" for linear_before_windows {
  graph (x: f32[1,3,5,16]) {
    const w: f32[5,16] = file("random", "w");
    q = pad(x, pad=[0, 0, 1, 0, 1, 0], value=1.0);
    t = reshape(q, shape=[1,2,2,3,2,16]);
    v = permute(t, dims=[0,1,3,2,4,5]);
    u = reshape(v, shape=[6,2,2,16]);
    y = linear(u, w);
    return y;
  }
  expect no_match because "value";
}
test "partition, product, reverse" for linear_in_windows {
  graph (x: f32[2,4,6,3]) {
    const w: f32[5,3] = file("random", "w");
    const b: f32[5] = file("random", "b");
    t = reshape(x, shape=[2,2,2,3,2,3]);
    v = permute(t, dims=[0,1,3,2,4,5]);
    u = reshape(v, shape=[12,4,3]);
    y = linear(u, w, b, act="relu");
    f = reshape(y, shape=[2,2,3,2,2,5]);
    g = permute(f, dims=[0,1,3,2,4,5]);
    z = reshape(g, shape=[2,4,6,5]);
    return z;
  }
  expect fired 1;
}
test "windows into a grid" for linear_in_windows {
  graph (x: f32[2,4,6,3]) {
    const w: f32[5,3] = file("random", "w");
    t = reshape(x, shape=[2,2,2,3,2,3]);
    v = permute(t, dims=[0,1,3,2,4,5]);
    u = reshape(v, shape=[12,4,3]);
    y = linear(u, w);
    f = reshape(y, shape=[2,2,3,2,2,5]);
    g = permute(f, dims=[0,3,1,4,2,5]);
    z = reshape(g, shape=[2,4,6,5]);
    return z;
  }
  expect no_match because "undone";
}
test "partition, norm, reverse" for norm_in_windows {
  graph (x: f32[2,4,6,3]) {
    const w: f32[3] = file("random", "w");
    t = reshape(x, shape=[2,2,2,3,2,3]);
    v = permute(t, dims=[0,1,3,2,4,5]);
    u = reshape(v, shape=[12,4,3]);
    y = layer_norm(u, w, normalized_shape=[3]);
    f = reshape(y, shape=[2,2,3,2,2,3]);
    g = permute(f, dims=[0,1,3,2,4,5]);
    z = reshape(g, shape=[2,4,6,3]);
    return z;
  }
  expect fired 1;
}
test "norm of whole windows" for norm_in_windows {
  graph (x: f32[2,4,6,3]) {
    t = reshape(x, shape=[2,2,2,3,2,3]);
    v = permute(t, dims=[0,1,3,2,4,5]);
    u = reshape(v, shape=[12,4,3]);
    y = layer_norm(u, normalized_shape=[4, 3]);
    f = reshape(y, shape=[2,2,3,2,2,3]);
    g = permute(f, dims=[0,1,3,2,4,5]);
    z = reshape(g, shape=[2,4,6,3]);
    return z;
  }
  expect no_match because "normalized_shape";
}
test "partition, gelu, reverse" for unary_in_windows {
  graph (x: f32[2,4,6,3]) {
    t = reshape(x, shape=[2,2,2,3,2,3]);
    v = permute(t, dims=[0,1,3,2,4,5]);
    u = reshape(v, shape=[12,4,3]);
    y = gelu(u);
    f = reshape(y, shape=[2,2,3,2,2,3]);
    g = permute(f, dims=[0,1,3,2,4,5]);
    z = reshape(g, shape=[2,4,6,3]);
    return z;
  }
  expect fired 1;
}
test "put together in another order" for unary_in_windows {
  graph (x: f32[2,4,6,3]) {
    t = reshape(x, shape=[2,2,2,3,2,3]);
    v = permute(t, dims=[0,1,3,2,4,5]);
    u = reshape(v, shape=[12,4,3]);
    y = gelu(u);
    f = reshape(y, shape=[2,2,3,2,2,3]);
    g = permute(f, dims=[0,1,4,2,3,5]);
    z = reshape(g, shape=[2,4,6,3]);
    return z;
  }
  expect no_match because "is_identity_perm";
}
