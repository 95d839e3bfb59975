// SPDX-License-Identifier: Apache-2.0
//
// Permutations: those with something in between that does not mind cancel; those in front of ops
// that make less are done behind them; those that move only dimensions of size one are reshapes.
pat 1;
import "sets.pat";

fn from_front(p: list, r: int) = [norm(v, r) for v in p];
/// What remains in order when all dimensions of size one are left out.
fn moves_ones(p: list, s: list) = all([all([s[p[i]] == 1 || s[p[j]] == 1 || p[i] < p[j]
                                            for j in (i + 1)..len(p)]) for i in 0..len(p)]);

rule permute_ones : cleanup, class exact {
  match { y = permute(x, dims = p); }
  where moves_ones(from_front(p, rank(x)), shape(x));
  let s = shape(y);
  rewrite { y = reshape(x, shape = s); }
}
/// A function of each element between two permutations.
rule permute_unary_permute : cleanup, class exact {
  match {
    a = permute(x, dims = p);
    b = f@elementwise_unary(a, ..s);
    c = permute(b, dims = q);
  }
  rewrite { c = permute(f(x, ..s), dims = compose_perm(p, q)); }
}
/// The same permutation of both operands is done once, behind.
rule permute_binary : cleanup, class exact {
  match {
    a = permute(x, dims = p);
    b = permute(u, dims = q);
    c = f@elementwise_binary(a, b, ..s);
  }
  where from_front(p, rank(a)) == from_front(q, rank(b)), rank(a) == rank(b);
  rewrite { c = permute(f(x, u, ..s), dims = p); }
}
/// One number does not mind.
rule permute_scalar_permute : cleanup, class exact {
  match {
    a = permute(x, dims = p);
    b = f@elementwise_binary(a, c: const & scalar, ..s);
    y = permute(b, dims = q);
  }
  where shape(a) == shape(b);
  rewrite { y = permute(f(x, c, ..s), dims = compose_perm(p, q)); }
}
rule permute_scalar_permute_right : cleanup, class exact {
  match {
    a = permute(x, dims = p);
    b = f@elementwise_binary(c: const & scalar, a, ..s);
    y = permute(b, dims = q);
  }
  where shape(a) == shape(b);
  rewrite { y = permute(f(c, x, ..s), dims = compose_perm(p, q)); }
}
rule permute_softmax_permute for f in { softmax, log_softmax } : cleanup, class exact {
  match {
    a = permute(x, dims = p);
    b = f(a, dim = d);
    c = permute(b, dims = q);
  }
  where rank(x) > 0;
  rewrite {
    c = f(permute(x, dims = compose_perm(p, q)),
          dim = index_of(from_front(q, rank(x)), norm(d, rank(x))));
  }
}
/// Permuted parts, joined: joined first.
rule permute_cat : cleanup, class exact {
  match {
    a = permute(x, dims = p);
    b = permute(u, dims = q);
    c = cat([a, b], dim = d);
  }
  where from_front(p, rank(a)) == from_front(q, rank(b));
  rewrite { c = permute(cat([x, u], dim = perm_dim(p, d)), dims = p); }
}
/// Reduce first, permute what is left.
rule permute_reduce for f in { sum, mean, amax, amin } : cleanup, class real {
  match { a = permute(x, dims = p); y = f(a, dim = [..ds], keepdim = true); }
  where rank(x) > 0, len(ds) > 0;
  when numel(y) < numel(a);
  rewrite { y = permute(f(x, dim = [perm_dim(p, v) for v in ds], keepdim = true), dims = p); }
}

test "one channel to the back" for permute_ones {
  graph (x: f32[2,1,3,4]) { y = permute(x, dims=[0,2,3,1]); z = relu(y); return z; }
  expect fired 1;
}
test "two channels" for permute_ones {
  graph (x: f32[2,2,3,1]) { y = permute(x, dims=[0,2,3,1]); return y; }
  expect no_match because "moves_ones";
}
test "there and back" for permute_unary_permute {
  graph (x: f32[2,3,4]) {
    a = permute(x, dims=[1,2,0]); b = leaky_relu(a, negative_slope=0.3); c = permute(b, dims=[2,0,-2]);
    return c;
  }
  expect fired 1;
}
test "something of rows in between" for permute_unary_permute {
  graph (x: f32[2,3]) {
    a = permute(x, dims=[1,0]); b = cumsum(a, dim=0); c = permute(b, dims=[1,0]); return c;
  }
  expect no_match;
}
test "both alike" for permute_binary {
  graph (x: f32[2,3,4], u: f32[2,1,4]) {
    a = permute(x, dims=[1,2,0]); b = permute(u, dims=[1,-1,0]); c = sub(a, b); return c;
  }
  expect fired 1;
}
test "each its own" for permute_binary {
  graph (x: f32[2,2,3], u: f32[2,2,3]) {
    a = permute(x, dims=[1,0,2]); b = permute(u, dims=[0,1,2]); c = sub(a, b); return c;
  }
  expect no_match;
}
test "doubled" for permute_scalar_permute {
  graph (x: f32[2,3,4]) {
    const k: f32[1] = dense[2];
    a = permute(x, dims=[1,2,0]); b = mul(a, k); c = permute(b, dims=[1,0,2]); return c;
  }
  expect fired 1;
}
test "by column" for permute_scalar_permute {
  graph (x: f32[2,3]) {
    const k: f32[2] = dense[2, 3];
    a = permute(x, dims=[1,0]); b = sub(a, k); c = permute(b, dims=[1,0]); return c;
  }
  expect no_match because "not of one element";
}
test "one minus" for permute_scalar_permute_right {
  graph (x: f32[2,3,4]) {
    const k: f32[] = dense[1];
    a = permute(x, dims=[1,2,0]); b = sub(k, a); c = permute(b, dims=[1,0,2]); return c;
  }
  expect fired 1;
}
test "minus one" for permute_scalar_permute_right {
  graph (x: f32[2,3]) {
    const k: f32[] = dense[1];
    a = permute(x, dims=[1,0]); b = sub(a, k); c = permute(b, dims=[1,0]); return c;
  }
  expect no_match;
}
test "over the channels" for permute_softmax_permute {
  graph (x: f32[2,5,3,4]) {
    a = permute(x, dims=[0,2,3,1]); b = softmax(a, dim=-1); c = permute(b, dims=[1,0,3,2]); return c;
  }
  expect fired 1;
}
test "needed in between" for permute_softmax_permute {
  graph (x: f32[2,5,3]) {
    a = permute(x, dims=[0,2,1]); b = softmax(a, dim=-1); c = permute(b, dims=[0,2,1]); return c, b;
  }
  expect no_match because "graph output";
}
test "heads of detectors" for permute_cat {
  graph (x: f32[2,5,3], u: f32[2,5,4]) {
    a = permute(x, dims=[0,2,1]); b = permute(u, dims=[0,2,1]); c = cat(a, b, dim=1); return c;
  }
  expect fired 1;
}
test "each its own" for permute_cat {
  graph (x: f32[2,3,3], u: f32[2,3,3]) {
    a = permute(x, dims=[0,2,1]); b = permute(u, dims=[0,1,2]); c = cat(a, b, dim=1); return c;
  }
  expect no_match;
}
test "mean of the channels" for permute_reduce {
  graph (x: f32[2,5,3,4]) {
    a = permute(x, dims=[0,2,3,1]); y = mean(a, dim=[-1,1], keepdim=true); return y;
  }
  expect fired 1;
}
test "dimensions that go away" for permute_reduce {
  graph (x: f32[2,5,3]) { a = permute(x, dims=[0,2,1]); y = mean(a, dim=[1]); return y; }
  expect no_match because "keepdim";
}
