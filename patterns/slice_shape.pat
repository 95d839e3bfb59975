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
fn dim_at(from: list, P: int) =
    sum([prod(from[0:k]) <= P ? 1 : 0 for k in 1..len(from)]);
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
  rewrite { z = reshape(slice(x, dim = c, start = s * f, end = min(e, dim(y, k)) * f, step = t),
                        shape = out); }
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
  where P > 0, prod(shape(x)[0:c]) == P, f > 1, s >= 0, e >= s, e <= dim(y, k), s % f == 0, e % f == 0;
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
  rewrite { z = expand(rank(x) >= r && dim(x, -r) == dim(y, -r) ? slice(x, dim = -r, ..a) : x,
                       shape = out); }
}

/// Along another dimension than that of the cat: of each piece.
rule slice_cat_across : push, class exact {
  match {
    y = cat([..xs], dim = c);
    z = slice(y, dim = d, ..r);
  }
  where norm(c, rank(y)) != norm(d, rank(y));
  when  numel(z) < numel(y);
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
  when  numel(z) < numel(y);
  rewrite {
    z = cat([slice(a, dim = d, start = s, end = dim(a, d)),
             slice(cat([b, ..xs], dim = c), dim = d, start = 0,
                   end = min(e, dim(y, d)) - dim(a, d))], dim = c);
  }
}
/// Rows of the weight: fewer to look up, or narrower ones.
rule slice_embedding : push, class exact {
  match {
    y = embedding(w, i);
    z = slice(y, dim = d, ..r);
  }
  where norm(d, rank(y)) < rank(y) - 1;
  when  numel(z) < numel(y);
  rewrite { z = embedding(w, slice(i, dim = d, ..r)); }
}
rule slice_embedding_features : push, class exact {
  match {
    y = embedding(w: const[_, _], i);
    z = slice(y, dim = d, start = s, end = e, step = t);
  }
  where norm(d, rank(y)) == rank(y) - 1;
  when  numel(z) < numel(y);
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
  when  uses(a) == 0 || uses(b) == 0;
  rewrite {
    a = slice(x, dim = d, start = 0, end = p);
    b = slice(x, dim = d, start = p, end = p + q);
  }
}
rule split_of_three : push, class exact {
  match { (a, b, c) = split(x, sizes = [p, q, r], dim = d); }
  when  uses(a) == 0 || uses(b) == 0 || uses(c) == 0;
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
  when  numel(z) < numel(a);
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
  when  numel(z) < numel(a);
  rewrite {
    first = permute(slice(x, dim = from, start = 0, end = p), dims = o);
    a = first;
    z = slice(first, dim = k, start = s, end = e, step = t);
    b = permute(slice(x, dim = from, start = p, end = p + q), dims = o);
    c = permute(slice(x, dim = from, start = p + q, end = p + q + r), dims = o);
  }
}
