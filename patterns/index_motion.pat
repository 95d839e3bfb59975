// SPDX-License-Identifier: Apache-2.0
//
// Rows that are chosen at run time move towards the inputs as slices do (case A1): the end token of a
// text, the best candidates of a detector.
//
// `index_*` are for x[i, j] with index tensors for the first two dimensions, as in CLIP's
// x[arange(N), ids.argmax(-1)]; `take_*` for index_select with indices that are not constant.
pat 1;
import "sets.pat";

rule index_unary : push, class exact {
  match { y = f@elementwise_unary(x, ..a); z = index(y, [i, j]); }
  when numel(z) < numel(y);
  rewrite { z = f(index(x, [i, j]), ..a); }
}
/// Both sides of one shape, or one that is the same for all rows.
rule index_binary : push, class exact {
  match {
    y = f@elementwise_binary(a, b, ..p);
    z = index(y, [i, j]);
  }
  where shape(a) == shape(y), shape(b) == shape(y);
  when 2 * numel(z) < numel(y);
  rewrite { z = f(index(a, [i, j]), index(b, [i, j]), ..p); }
}
rule index_binary_features : push, class exact {
  match {
    y = f@elementwise_binary(a, b, ..p);
    z = index(y, [i, j]);
  }
  where shape(a) == shape(y), rank(b) < 2 && rank(y) == 3;
  when numel(z) < numel(y);
  rewrite { z = f(index(a, [i, j]), b, ..p); }
}
/// A table of positions, [S, D]: of the samples only the second index counts.
rule index_add_positions : push, class exact {
  match {
    y = add(a, b: [S, D]);
    z = index(y, [i, j]);
  }
  where shape(a) == shape(y), rank(y) == 3, S == dim(y, 1), shape(j) == shape(z)[0:-1];
  when 2 * numel(z) < numel(y);
  rewrite { z = add(index(a, [i, j]), index(b, [j])); }
}
rule index_linear : push, class real {
  match {
    y = linear(x: [_, _, .., _], w, b?, act, act_params);
    z = index(y, [i, j]);
  }
  where rank(y) >= 3;
  when numel(z) < numel(y);
  rewrite { z = linear(index(x, [i, j]), w, b, act = act, act_params = act_params); }
}
rule index_layer_norm : push, class exact {
  match {
    y = layer_norm(x, w?, b?, normalized_shape = n, eps);
    z = index(y, [i, j]);
  }
  where rank(y) - len(n) >= 2;
  when numel(z) < numel(y);
  rewrite { z = layer_norm(index(x, [i, j]), w, b, normalized_shape = n, eps = eps); }
}
/// Two equal choices are one.
rule index_twice : push, benefit 30, class exact {
  match {
    a = index(x, [i, j]);
    b = index(x, [i, j]);
  }
  rewrite { m = index(x, [i, j]); a = m; b = m; }
}

rule take_unary : push, class exact {
  match { y = f@elementwise_unary(x, ..a); z = index_select(y, i, dim = d); }
  when numel(z) < numel(y);
  rewrite { z = f(index_select(x, i, dim = d), ..a); }
}
rule take_linear : push, class real {
  match {
    y = linear(x, w, b?, act, act_params);
    z = index_select(y, i, dim = d);
  }
  where norm(d, rank(y)) < rank(y) - 1;
  when numel(z) < numel(y);
  rewrite { z = linear(index_select(x, i, dim = d), w, b, act = act, act_params = act_params); }
}
rule take_layer_norm : push, class exact {
  match {
    y = layer_norm(x, w?, b?, normalized_shape = n, eps);
    z = index_select(y, i, dim = d);
  }
  where norm(d, rank(y)) < rank(y) - len(n);
  when numel(z) < numel(y);
  rewrite { z = layer_norm(index_select(x, i, dim = d), w, b, normalized_shape = n, eps = eps); }
}
rule take_permute : push, class exact {
  match {
    y = permute(x: [_, ..], dims = p);
    z = index_select(y, i, dim = d);
  }
  when numel(z) < numel(y);
  rewrite { z = permute(index_select(x, i, dim = p[norm(d, rank(y))]), dims = p); }
}
rule take_softmax for f in { softmax, log_softmax } : push, class exact {
  match {
    y = f(x, dim = c);
    z = index_select(y, i, dim = d);
  }
  where norm(c, rank(x)) != norm(d, rank(x));
  when numel(z) < numel(y);
  rewrite { z = f(index_select(x, i, dim = d), dim = c); }
}

/// Of two operands each, unless it is broadcast along the dimension. Where the choice of the best boxes
/// moves in front of what decodes them (case B17).
rule take_binary : push, class exact {
  match {
    y = f@elementwise_binary(a, b, ..p);
    z = index_select(y, i, dim = d);
  }
  where rank(y) > 0;
  let r = rank(y) - norm(d, rank(y));
  when 2 * numel(z) < numel(y);
  rewrite {
    z = f(rank(a) >= r && dim(a, -r) == dim(y, -r) ? index_select(a, i, dim = -r) : a,
          rank(b) >= r && dim(b, -r) == dim(y, -r) ? index_select(b, i, dim = -r) : b, ..p);
  }
}
rule take_reshape : push, class exact {
  match {
    y = reshape(x, shape = _);
    z = index_select(y, i, dim = d);
  }
  let k = map_dim(shape(y), shape(x), norm(d, rank(y)));
  let s = shape(z);
  where rank(y) > 0, k >= 0;
  when numel(z) < numel(y);
  rewrite { z = reshape(index_select(x, i, dim = k), shape = s); }
}

test "attributes stay" for index_unary {
  graph (x: f32[3,5,4]) {
    const i: i64[3] = dense[0, 1, 2];
    const j: i64[3] = dense[4, 0, 2];
    y = leaky_relu(x, negative_slope=0.25);
    z = index(y, i, j);
    return z;
  }
  expect fired 1;
}
test "all of it, twice" for index_unary {
  graph (x: f32[2,2,4]) {
    const i: i64[5] = dense[0, 1, 0, 1, 0];
    const j: i64[5] = dense[0, 1, 1, 0, 1];
    y = relu(x);
    z = index(y, i, j);
    return z;
  }
  expect no_match because "numel(z) < numel(y)";
}
test "two of a shape" for index_binary {
  graph (x: f32[3,5,4], u: f32[3,5,4]) {
    const i: i64[2] = dense[0, 2];
    const j: i64[2] = dense[4, 0];
    y = sub(x, u);
    z = index(y, i, j);
    return z;
  }
  expect fired 1;
}
test "a broadcast side" for index_binary {
  graph (x: f32[3,5,4], u: f32[5,4]) {
    const i: i64[2] = dense[0, 2];
    const j: i64[2] = dense[4, 0];
    y = sub(x, u);
    z = index(y, i, j);
    return z;
  }
  expect no_match because "shape(b) == shape(y)";
}
test "one value for each feature" for index_binary_features {
  graph (x: f32[3,5,4], u: f32[4]) {
    const i: i64[2] = dense[0, 2];
    const j: i64[2] = dense[4, 0];
    y = div(x, u);
    z = index(y, i, j);
    return z;
  }
  expect fired 1;
}
test "one value for each row" for index_binary_features {
  graph (x: f32[3,5,4], u: f32[5,1]) {
    const i: i64[2] = dense[0, 2];
    const j: i64[2] = dense[4, 0];
    y = div(x, u);
    z = index(y, i, j);
    return z;
  }
  expect no_match because "rank(b) < 2";
}
test "positions" for index_add_positions {
  graph (x: f32[3,5,4], p: f32[5,4]) {
    const i: i64[3] = dense[0, 2, 1];
    const j: i64[3] = dense[4, 0, 3];
    y = add(p, x);
    z = index(y, i, j);
    return z;
  }
  expect fired 1;
}
test "one position for two samples" for index_add_positions {
  graph (x: f32[3,5,4], p: f32[5,4]) {
    const i: i64[2] = dense[0, 2];
    const j: i64[1] = dense[4];
    y = add(x, p);
    z = index(y, i, j);
    return z;
  }
  expect no_match because "shape(j)";
}
test "rows" for index_linear {
  graph (x: f32[3,5,4]) {
    const i: i64[3] = dense[0, 2, 1];
    const j: i64[3] = dense[4, -1, 3];
    const w: f32[6,4] = file("random", "w");
    const b: f32[6] = file("random", "b");
    y = linear(x, w, b, act="relu");
    z = index(y, i, j);
    return z;
  }
  expect fired 1;
}
test "features" for index_linear {
  graph (x: f32[5,4]) {
    const i: i64[2] = dense[0, 2];
    const j: i64[2] = dense[4, 3];
    const w: f32[6,4] = file("random", "w");
    y = linear(x, w);
    z = index(y, i, j);
    return z;
  }
  expect no_match;
}
test "rows of a norm" for index_layer_norm {
  graph (x: f32[3,5,4]) {
    const i: i64[2] = dense[0, 2];
    const j: i64[2] = dense[4, 3];
    const w: f32[4] = file("random", "w");
    y = layer_norm(x, w, normalized_shape=[4], eps=0.01);
    z = index(y, i, j);
    return z;
  }
  expect fired 1;
}
test "into the normalised dimensions" for index_layer_norm {
  graph (x: f32[3,5,4]) {
    const i: i64[2] = dense[0, 2];
    const j: i64[2] = dense[4, 3];
    y = layer_norm(x, normalized_shape=[5, 4]);
    z = index(y, i, j);
    return z;
  }
  expect no_match because "rank(y) - len(n)";
}
test "equal choices" for index_twice {
  graph (x: f32[3,5,4], i: i64[2], j: i64[2]) {
    const k: i64[2] = dense[0, 2];
    const l: i64[2] = dense[4, 3];
    a = index(x, k, l);
    b = index(x, k, l);
    c = sub(a, b);
    return c;
  }
  expect fired 1;
}
test "other choices" for index_twice {
  graph (x: f32[3,5,4], i: i64[2], j: i64[2]) { a = index(x, i, j); b = index(x, j, i); return a, b; }
  expect no_match;
}
test "unary" for take_unary {
  graph (x: f32[3,5,4]) { const i: i64[2] = dense[4, 1]; y = exp(x); z = index_select(y, i, dim=1); return z; }
  expect fired 1;
}
test "more than there are" for take_unary {
  graph (x: f32[3,2,4]) { const i: i64[3] = dense[1, 1, 0]; y = exp(x); z = index_select(y, i, dim=1); return z; }
  expect no_match because "numel(z) < numel(y)";
}
test "rows" for take_linear {
  graph (x: f32[3,5,4]) {
    const w: f32[6,4] = file("random", "w");
    const i: i64[2] = dense[4, 1];
    y = linear(x, w);
    z = index_select(y, i, dim=-2);
    return z;
  }
  expect fired 1;
}
test "features" for take_linear {
  graph (x: f32[3,5,4], w: f32[6,4], i: i64[2]) { y = linear(x, w); z = index_select(y, i, dim=2); return z; }
  expect no_match because "< rank(y) - 1";
}
test "rows of a norm" for take_layer_norm {
  graph (x: f32[3,5,4]) {
    const i: i64[2] = dense[4, 1];
    y = layer_norm(x, normalized_shape=[4]);
    z = index_select(y, i, dim=1);
    return z;
  }
  expect fired 1;
}
test "features of a norm" for take_layer_norm {
  graph (x: f32[3,5,4], i: i64[2]) { y = layer_norm(x, normalized_shape=[4]); z = index_select(y, i, dim=2); return z; }
  expect no_match because "< rank(y) - len(n)";
}
test "mapped" for take_permute {
  graph (x: f32[3,5,4]) {
    const i: i64[2] = dense[4, 1];
    y = permute(x, dims=[2, 0, 1]);
    z = index_select(y, i, dim=-1);
    return z;
  }
  expect fired 1;
}
test "as many as before" for take_permute {
  graph (x: f32[3,2], i: i64[2]) { y = permute(x, dims=[1, 0]); z = index_select(y, i, dim=0); return z; }
  expect no_match because "numel(z) < numel(y)";
}
test "another dimension" for take_softmax {
  graph (x: f32[3,5,4]) { const i: i64[2] = dense[4, 1]; y = softmax(x, dim=-1); z = index_select(y, i, dim=1); return z; }
  expect fired 1;
}
test "the dimension of the sum" for take_softmax {
  graph (x: f32[3,5,4], i: i64[2]) { y = softmax(x, dim=-1); z = index_select(y, i, dim=2); return z; }
  expect no_match because "norm(c, rank(x)) != norm(d, rank(x))";
}

test "a table along the dimension, and one across" for take_binary {
  graph (x: f32[3,5,4], g: f32[5,1]) {
    const i: i64[2] = dense[4, 1];
    y = mul(x, g);
    z = index_select(y, i, dim=1);
    return z;
  }
  expect fired 1;
}
test "all are wanted" for take_binary {
  graph (x: f32[3,2], g: f32[2], i: i64[2]) { y = mul(x, g); z = index_select(y, i, dim=1); return z; }
  expect no_match because "2 * numel(z) < numel(y)";
}
test "a batch of one goes away" for take_reshape {
  graph (x: f32[1,5,4]) { const i: i64[2] = dense[4, 1]; y = reshape(x, shape=[5, 4]); z = index_select(y, i, dim=0); return z; }
  expect fired 1;
}
test "the dimension was joined" for take_reshape {
  graph (x: f32[2,5,4], i: i64[2]) { y = reshape(x, shape=[10, 4]); z = index_select(y, i, dim=0); return z; }
  expect no_match;
}
