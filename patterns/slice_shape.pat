// SPDX-License-Identifier: Apache-2.0
//
// Slices move towards the inputs through ops that only move or repeat elements (case A1), and what is
// left of them at the end. See `slice_motion.pat`.
pat 1;
import "sets.pat";

rule slice_permute : push, class exact {
  match {
    y = permute(x, dims = p);
    z = slice(y, dim = d, ..r);
  }
  let c = norm(p[norm(d, rank(y))], rank(x));
  when numel(z) < numel(y);
  rewrite { z = permute(slice(x, dim = c, ..r), dims = p); }
}

/// The dimension of `from` in which position P of the flattened leading dimensions of another shape
/// begins: the last one in front of which there are at most P elements.
fn dim_at(from: list, P: int) = sum([prod(from[0:k]) <= P ? 1 : 0 for k in 1..len(from)]);
/// A slice through a reshape moves to dimension dim_at(...) of the input, if that dimension begins at
/// the same place and is a whole multiple of the sliced one (then a range becomes a longer range), or
/// the sliced one a multiple of it, and the range begins and ends at whole entries.
rule slice_reshape_split : push, class exact {
  match {
    keep y = reshape(x: [_, ..], shape = _);
    z = slice(y, dim = d, start = s, end = e, step = t);
  }
  let k = norm(d, rank(y));
  let P = prod(shape(y)[0:k]);
  let c = dim_at(shape(x), P);
  let f = dim(x, c) / dim(y, k);
  let out = shape(z);
  where P > 0, prod(shape(x)[0:c]) == P, f >= 1, t == 1 || f == 1, s >= 0, e >= s;
  when numel(z) < numel(y);
  rewrite {
    z = reshape(slice(x, dim = c, start = s * f, end = min(e, dim(y, k)) * f, step = t),
                shape = out);
  }
}
rule slice_reshape_merge : push, class exact {
  match {
    keep y = reshape(x: [_, ..], shape = _);
    z = slice(y, dim = d, start = s, end = e, step = 1);
  }
  let k = norm(d, rank(y));
  let P = prod(shape(y)[0:k]);
  let c = dim_at(shape(x), P);
  let f = dim(y, k) / dim(x, c);
  let out = shape(z);
  where P > 0, prod(shape(x)[0:c]) == P, f > 1, s >= 0, e >= s, e <= dim(y, k), s % f == 0,
        e % f == 0;
  when numel(z) < numel(y);
  rewrite { z = reshape(slice(x, dim = c, start = s / f, end = e / f, step = 1), shape = out); }
}

rule slice_expand : push, class exact {
  match {
    y = expand(x, shape = _);
    z = slice(y, dim = d, ..a);
  }
  let r = rank(y) - norm(d, rank(y));
  let out = shape(z);
  when numel(z) < numel(y);
  rewrite {
    z = expand(rank(x) >= r && dim(x, -r) == dim(y, -r) ? slice(x, dim = -r, ..a) : x, shape = out);
  }
}

/// Along another dimension than that of the cat: of each piece.
rule slice_cat_across : push, class exact {
  match {
    y = cat([..xs], dim = c);
    z = slice(y, dim = d, ..r);
  }
  where norm(c, rank(y)) != norm(d, rank(y));
  when numel(z) < numel(y);
  rewrite { z = cat([slice(v, dim = d, ..r) for v in xs], dim = c); }
}
/// Along the dimension of the cat: the first piece or a part of it, none of it, or some of both.
rule slice_cat_first : push, class exact {
  match {
    keep y = cat([a, ..], dim = c);
    z = slice(y, dim = d, start = s, end = e, step = t);
  }
  where norm(c, rank(y)) == norm(d, rank(y)), s >= 0, e >= 0, e <= dim(a, d);
  rewrite { z = slice(a, dim = d, start = s, end = e, step = t); }
}
rule slice_cat_rest : push, class exact {
  match {
    keep y = cat([a, b, ..xs], dim = c);
    z = slice(y, dim = d, start = s, end = e, step = t);
  }
  where norm(c, rank(y)) == norm(d, rank(y)), s >= dim(a, d), e >= s;
  rewrite {
    z = slice(cat([b, ..xs], dim = c), dim = d, start = s - dim(a, d),
              end = min(e, dim(y, d)) - dim(a, d), step = t);
  }
}
rule slice_cat_both : push, class exact {
  match {
    y = cat([a, b, ..xs], dim = c);
    z = slice(y, dim = d, start = s, end = e, step = 1);
  }
  where norm(c, rank(y)) == norm(d, rank(y)), s >= 0, s < dim(a, d), e > dim(a, d);
  when numel(z) < numel(y);
  rewrite {
    z = cat([slice(a, dim = d, start = s, end = dim(a, d)),
             slice(cat([b, ..xs], dim = c), dim = d, start = 0,
                   end = min(e, dim(y, d)) - dim(a, d))],
            dim = c);
  }
}
/// Rows of the weight: fewer to look up, or narrower ones.
rule slice_embedding : push, class exact {
  match {
    y = embedding(w, i);
    z = slice(y, dim = d, ..r);
  }
  let k = norm(d, rank(y));
  where k < rank(y) - 1;
  when numel(z) < numel(y);
  rewrite { z = embedding(w, slice(i, dim = k, ..r)); }
}
rule slice_embedding_features : push, class exact {
  match {
    y = embedding(w: const[_, _], i);
    z = slice(y, dim = d, start = s, end = e, step = t);
  }
  where norm(d, rank(y)) == rank(y) - 1;
  when numel(z) < numel(y);
  rewrite { z = embedding(slice(w, 1, s, e, t), i); }
}
/// A slice of zeros and a copy: inside the copy, or outside of the padding.
rule slice_pad : push, class exact {
  match {
    y = pad(x, pad = p, mode = _, value = _);
    z = slice(y, dim = d, start = s, end = e, step = t);
  }
  let k = 2 * (rank(y) - 1 - norm(d, rank(y)));
  let before = k < len(p) ? p[k] : 0;
  where all([v >= 0 for v in p]), all([p[i] == 0 || i == k || i == k + 1 for i in 0..len(p)]),
        s >= before, e >= s, e <= before + dim(x, d);
  rewrite { z = slice(x, dim = d, start = s - before, end = e - before, step = t); }
}

/// A split of which not all is used, or of a product, is so many slices; these can move.
rule split_of_two : push, class exact {
  match { (a, b) = split(x, sizes = [p, q], dim = d); }
  when uses(a) == 0 || uses(b) == 0;
  rewrite {
    a = slice(x, dim = d, start = 0, end = p);
    b = slice(x, dim = d, start = p, end = p + q);
  }
}
rule split_of_three : push, class exact {
  match { (a, b, c) = split(x, sizes = [p, q, r], dim = d); }
  when uses(a) == 0 || uses(b) == 0 || uses(c) == 0;
  rewrite {
    a = slice(x, dim = d, start = 0, end = p);
    b = slice(x, dim = d, start = p, end = p + q);
    c = slice(x, dim = d, start = p + q, end = p + q + r);
  }
}
/// The parts of a product for queries, keys and values of which a row of the queries is asked for:
/// slices, which let that row through. Behind the permutation that makes heads, or not.
rule split_of_three_sliced : push, class exact {
  match {
    (a, b, c) = split(x, sizes = [p, q, r], dim = d);
    z = slice(a, dim = k, start = s, end = e, step = t);
  }
  where norm(k, rank(a)) != norm(d, rank(a));
  when numel(z) < numel(a);
  rewrite {
    first = slice(x, dim = d, start = 0, end = p);
    a = first;
    z = slice(first, dim = k, start = s, end = e, step = t);
    b = slice(x, dim = d, start = p, end = p + q);
    c = slice(x, dim = d, start = p + q, end = p + q + r);
  }
}
rule split_of_heads_sliced : push, benefit 40, class exact {
  match {
    (a, b, c) = split(y, sizes = [p, q, r], dim = d);
    z = slice(a, dim = k, start = s, end = e, step = t);
    y = permute(x, dims = o);
  }
  let from = norm(o[norm(d, rank(y))], rank(x));
  where norm(k, rank(a)) != norm(d, rank(a));
  when numel(z) < numel(a);
  rewrite {
    first = permute(slice(x, dim = from, start = 0, end = p), dims = o);
    a = first;
    z = slice(first, dim = k, start = s, end = e, step = t);
    b = permute(slice(x, dim = from, start = p, end = p + q), dims = o);
    c = permute(slice(x, dim = from, start = p + q, end = p + q + r), dims = o);
  }
}

/// What is left of `select_slice` when nothing moves any more.
rule select_again : fold, class exact {
  match {
    y = slice(x, dim = d, start = s, end = _, step = _);
    z = reshape(y, shape = _);
  }
  let k = norm(d, rank(x));
  where s >= 0, dim(y, k) == 1, shape(z) == without(shape(y), k);
  rewrite { z = select(x, dim = k, index = s); }
}

test "the dimension is mapped" for slice_permute {
  graph (x: f32[2,3,4,5]) { y = permute(x, dims=[2, 0, -1, 1]); z = slice(y, dim=-2, start=1, step=2); return z; }
  expect fired 1;
}
test "the permutation is read" for slice_permute {
  graph (x: f32[2,3]) { y = permute(x, dims=[1, 0]); z = slice(y, dim=0, start=1); return y, z; }
  expect no_match because "graph output";
}
test "heads of merged features" for slice_reshape_split {
  graph (x: f32[2,5,24]) { y = reshape(x, shape=[2, 5, 3, 2, 4]); z = slice(y, dim=2, start=1, end=3); return z; }
  expect fired 1;
}
test "a dimension of one in front, a step" for slice_reshape_split {
  graph (x: f32[1,4,6]) { y = reshape(x, shape=[4, 1, 6]); z = slice(y, dim=0, start=1, step=2); return z; }
  expect fired 1;
}
test "the other users of the reshape keep it" for slice_reshape_split {
  graph (x: f32[4,6]) {
    u = relu(x);
    y = reshape(u, shape=[2, 2, 6]);
    z = slice(y, dim=0, end=1);
    return y, z;
  }
  expect fired 1;
}
test "an inner factor" for slice_reshape_split {
  graph (x: f32[2,24]) { y = reshape(x, shape=[2, 6, 4]); z = slice(y, dim=2, end=1); return z; }
  expect no_match;
}
test "a step over whole factors" for slice_reshape_split {
  graph (x: f32[2,24]) { y = reshape(x, shape=[2, 6, 4]); z = slice(y, dim=1, step=2); return z; }
  expect no_match because "t == 1 || f == 1";
}
test "whole rows of what was merged" for slice_reshape_merge {
  graph (x: f32[3,4,2,5]) { y = reshape(x, shape=[3, 8, 5]); z = slice(y, dim=-2, start=2, end=6); return z; }
  expect fired 1;
}
test "half a row" for slice_reshape_merge {
  graph (x: f32[3,4,2,5]) { y = reshape(x, shape=[3, 8, 5]); z = slice(y, dim=1, start=1, end=6); return z; }
  expect no_match because "s % f == 0";
}
test "a dimension that was repeated" for slice_expand {
  graph (x: f32[3,1]) { y = expand(x, shape=[2, 3, 4]); z = slice(y, dim=2, end=2); return z; }
  expect fired 1;
}
test "a dimension that was there" for slice_expand {
  graph (x: f32[3,1]) { y = expand(x, shape=[2, -1, 4]); z = slice(y, dim=-2, start=1, step=2); return z; }
  expect fired 1;
}
test "all" for slice_expand {
  graph (x: f32[3,1]) { y = expand(x, shape=[3, 4]); z = slice(y, dim=1); return z; }
  expect no_match because "numel(z) < numel(y)";
}
test "each piece" for slice_cat_across {
  graph (x: f32[2,3,4], u: f32[2,1,4], v: f32[2,2,4]) { y = cat(x, u, v, dim=-2); z = slice(y, dim=2, start=1, end=4, step=2); return z; }
  expect fired 1;
}
test "along the pieces" for slice_cat_across {
  graph (x: f32[2,3], u: f32[2,1]) { y = cat(x, u, dim=1); z = slice(y, dim=-1, start=1); return z; }
  expect no_match because "norm(c, rank(y)) != norm(d, rank(y))";
}
test "in the first piece; others may read all" for slice_cat_first {
  graph (x: f32[2,3], u: f32[2,1]) { y = cat(x, u, dim=1); z = slice(y, dim=1, start=1, end=3); return y, z; }
  expect fired 1;
}
test "more than the first piece" for slice_cat_first {
  graph (x: f32[2,3], u: f32[2,1]) { y = cat(x, u, dim=1); z = slice(y, dim=1, start=1, end=4); return z; }
  expect no_match because "e <= dim(a, d)";
}
test "behind the first piece" for slice_cat_rest {
  graph (x: f32[2,3], u: f32[2,1], v: f32[2,5]) { y = cat(x, u, v, dim=-1); z = slice(y, dim=1, start=4, end=8, step=3); return z; }
  expect fired 2;
}
test "from the first piece on" for slice_cat_rest {
  graph (x: f32[2,3], u: f32[2,1], v: f32[2,5]) { y = cat(x, u, v, dim=1); z = slice(y, dim=1, start=2); return z; }
  expect no_match because "s >= dim(a, d)";
}
test "some of both" for slice_cat_both {
  graph (x: f32[3,2], u: f32[1,2], v: f32[5,2]) { y = cat(x, u, v); z = slice(y, dim=0, start=2, end=6); return z; }
  expect fired 2;
}
test "every second of both" for slice_cat_both {
  graph (x: f32[3,2], u: f32[4,2]) { y = cat(x, u); z = slice(y, dim=0, step=2); return z; }
  expect no_match because "attribute `step`";
}
test "fewer to look up" for slice_embedding {
  graph (i: i64[2,5]) {
    const w: f32[7,3] = file("random", "w");
    const seven: i64[] = dense[7];
    r = remainder(i, seven);
    y = embedding(w, r);
    z = slice(y, dim=1, start=3);
    return z;
  }
  expect fired 1;
}
test "features of the table" for slice_embedding {
  graph (i: i64[2,5], w: f32[7,3]) { y = embedding(w, i); z = slice(y, dim=-1, start=2); return z; }
  expect no_match because "k < rank(y) - 1";
}
test "narrower rows" for slice_embedding_features {
  graph (i: i64[2,5]) {
    const w: f32[7,3] = file("random", "w");
    const seven: i64[] = dense[7];
    r = remainder(i, seven);
    y = embedding(w, r);
    z = slice(y, dim=-1, start=0, step=2);
    return z;
  }
  expect fired 1;
}
test "a table that is not constant" for slice_embedding_features {
  graph (i: i64[2,5], w: f32[7,3]) { y = embedding(w, i); z = slice(y, dim=-1, start=2); return z; }
  expect no_match because "must be a constant";
}
test "inside the padding" for slice_pad {
  graph (x: f32[2,3,4]) { y = pad(x, pad=[0, 0, 2, 1], value=3.0); z = slice(y, dim=1, start=2, end=5, step=2); return z; }
  expect fired 1;
}
test "some padding is read" for slice_pad {
  graph (x: f32[2,3,4]) { y = pad(x, pad=[0, 0, 2, 1]); z = slice(y, dim=1, start=1, end=5); return z; }
  expect no_match because "s >= before";
}
test "another dimension is padded, too" for slice_pad {
  graph (x: f32[2,3,4]) { y = pad(x, pad=[1, 0, 2, 1]); z = slice(y, dim=1, start=2, end=5); return z; }
  expect no_match because "p[i] == 0";
}
test "one half is not read" for split_of_two {
  graph (x: f32[2,7]) { a, b = split(x, sizes=[3, 4], dim=-1); return b; }
  expect fired 1;
}
test "both halves are read" for split_of_two {
  graph (x: f32[2,7]) { a, b = split(x, sizes=[3, 4], dim=1); return a, b; }
  expect no_match because "uses(a) == 0";
}
test "the middle is not read" for split_of_three {
  graph (x: f32[7,2]) { a, b, c = split(x, sizes=[3, 3, 1]); return a, c; }
  expect fired 1;
}
test "all three are read" for split_of_three {
  graph (x: f32[7,2]) { a, b, c = split(x, sizes=[3, 3, 1]); return a, b, c; }
  expect no_match because "uses(a) == 0";
}
test "a row of the queries" for split_of_three_sliced {
  graph (x: f32[2,5,12]) {
    a, b, c = split(x, sizes=[4, 6, 2], dim=-1);
    z = slice(a, dim=1, start=4);
    return b, z, c;
  }
  expect fired 1;
}
test "part of the queries' features" for split_of_three_sliced {
  graph (x: f32[2,5,12]) {
    a, b, c = split(x, sizes=[4, 4, 4], dim=2);
    z = slice(a, dim=2, start=2);
    return b, z, c;
  }
  expect no_match because "norm(k, rank(a))";
}
test "a row of the queries' heads" for split_of_heads_sliced {
  graph (x: f32[2,5,3,2,4]) {
    y = permute(x, dims=[2, 0, 3, 1, 4]);
    a, b, c = split(y, sizes=[1, 1, 1]);
    z = slice(a, dim=3, start=4);
    return b, z, c;
  }
  expect fired 1;
}
test "the same dimension" for split_of_heads_sliced {
  graph (x: f32[2,6]) {
    y = permute(x, dims=[1, 0]);
    a, b, c = split(y, sizes=[2, 2, 2]);
    z = slice(a, dim=0, start=1);
    return b, z, c;
  }
  expect no_match because "norm(k, rank(a))";
}

test "one entry" for select_again {
  graph (x: f32[2,5,3]) { y = slice(x, dim=-2, start=2, end=3); z = reshape(y, shape=[2, 3]); return z; }
  expect fired 1;
}
test "another dimension goes away" for select_again {
  graph (x: f32[1,5,3]) { y = slice(x, dim=1, start=2, end=3); z = reshape(y, shape=[3]); return z; }
  expect no_match because "without(shape(y), k)";
}
