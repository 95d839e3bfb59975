// SPDX-License-Identifier: Apache-2.0
//
// Slices move towards the inputs, so that what is thrown away is never computed (case A1; A2 and A3
// follow from it). These are the ops that compute; `slice_shape.pat` has those that only move,
// `slice_weights.pat` those where the slice goes into a weight, `stride.pat` convolutions.
//
// Every rule of the set `push` takes a slice over one op, and asks that the op has no other user:
// then what is computed shrinks. Nothing here moves slices down, so the set ends at the inputs.
pat 1;
import "sets.pat";

/// Dimensions from the front and limits within the size, so that equal slices look equal.
rule slice_normal : push, benefit 20, class exact {
  match { y = slice(x, dim = d, start = s, end = e, step = t); }
  let n = dim(x, d);
  let first = max(0, min(n, s < 0 ? s + n : s));
  let last = max(first, min(n, e < 0 ? e + n : e));
  where d < 0 || s != first || e != last;
  rewrite { y = slice(x, dim = norm(d, rank(x)), start = first, end = last, step = t); }
}
/// One index is a slice of one, which can move; `select_again` in `slice_shape.pat` turns back those
/// that remain.
rule select_slice : push, benefit 20, class exact {
  match   { y = select(x, dim = d, index = i); }
  let at = i < 0 ? i + dim(x, d) : i;
  let s = shape(y);
  rewrite {
    y = reshape(slice(x, dim = norm(d, rank(x)), start = at, end = at + 1, step = 1), shape = s);
  }
}
/// Two equal slices are one. Behind a residual sum both branches end in the same slice.
rule slice_twice : push, benefit 30, class exact {
  match {
    a = slice(x, dim = d, start = s, end = e, step = t);
    b = slice(x, dim = d, start = s, end = e, step = t);
  }
  rewrite { m = slice(x, dim = d, start = s, end = e, step = t); a = m; b = m; }
}
/// A slice of a slice along one dimension.
rule slice_slice : push, benefit 10, class exact {
  match {
    y = slice(x, dim = d, start = s, end = _, step = t);
    z = slice(y, dim = c, start = u, end = v, step = w);
  }
  let k = norm(d, rank(x));
  where norm(c, rank(x)) == k, s >= 0, u >= 0, v >= u, t >= 1;
  let last = min(v, dim(y, k));
  rewrite { z = slice(x, dim = k, start = s + u * t, end = max(s + u * t, s + (last - 1) * t + 1),
                      step = t * w); }
}
/// Two slices that are all that is read: first the part that holds both, which can move up alone.
rule slice_hull : push, class exact {
  match {
    a = slice(x, dim = d, start = s, end = e, step = 1);
    b = slice(x, dim = c, start = u, end = v, step = 1);
  }
  let k = norm(d, rank(x));
  let from = min(s, u);
  let to = max(e, v);
  where norm(c, rank(x)) == k, s >= 0, u >= 0, e >= s, v >= u, e <= dim(x, k), v <= dim(x, k);
  when uses(x) == 2, !is_const(x), to - from < dim(x, k), to - from <= e - s + v - u;
  rewrite {
    h = slice(x, dim = k, start = from, end = to, step = 1);
    a = slice(h, dim = k, start = s - from, end = e - from, step = 1);
    b = slice(h, dim = k, start = u - from, end = v - from, step = 1);
  }
}
/// Slices along different dimensions: the first dimension innermost.
rule slice_order : push, class exact {
  match {
    y = slice(x, dim = d, ..r);
    z = slice(y, dim = c, ..q);
  }
  where norm(c, rank(x)) < norm(d, rank(x));
  rewrite { z = slice(slice(x, dim = c, ..q), dim = d, ..r); }
}

/// Through any function of one element.
rule slice_unary : push, class exact {
  match   { y = f@elementwise_unary(x, ..a); z = slice(y, ..r); }
  when    numel(z) < numel(y);
  rewrite { z = f(slice(x, ..r), ..a); }
}
/// Through any function of two; an operand that is broadcast along the dimension stays whole.
rule slice_binary : push, class exact {
  match {
    y = f@elementwise_binary(a, b, ..p);
    z = slice(y, dim = d, start = s, end = e, step = t);
  }
  let r = rank(y) - norm(d, rank(y)); // counted from the back, as broadcasting does
  when numel(z) < numel(y);
  rewrite {
    z = f(rank(a) >= r && dim(a, -r) == dim(y, -r) ? slice(a, dim = -r, start = s, end = e, step = t) : a,
          rank(b) >= r && dim(b, -r) == dim(y, -r) ? slice(b, dim = -r, start = s, end = e, step = t) : b,
          ..p);
  }
}
rule slice_where : push, class exact {
  match {
    y = where(c, a, b);
    z = slice(y, dim = d, start = s, end = e, step = t);
  }
  let r = rank(y) - norm(d, rank(y));
  when numel(z) < numel(y);
  rewrite {
    z = where(
        rank(c) >= r && dim(c, -r) == dim(y, -r) ? slice(c, dim = -r, start = s, end = e, step = t) : c,
        rank(a) >= r && dim(a, -r) == dim(y, -r) ? slice(a, dim = -r, start = s, end = e, step = t) : a,
        rank(b) >= r && dim(b, -r) == dim(y, -r) ? slice(b, dim = -r, start = s, end = e, step = t) : b);
  }
}

/// Rows of a product with a weight: the last token's logits (A2), the class token's row (A3). The
/// last dimension are the features, whose slice goes into the weight.
rule slice_linear : push, class real {
  match {
    y = linear(x, w, b?, act, act_params);
    z = slice(y, dim = d, ..r);
  }
  where norm(d, rank(y)) < rank(y) - 1;
  when  numel(z) < numel(y);
  rewrite { z = linear(slice(x, dim = d, ..r), w, b, act = act, act_params = act_params); }
}
rule slice_linear_residual : push, class real {
  match {
    y = linear(x, w, b?, q, act, act_params);
    z = slice(y, dim = d, ..r);
  }
  where norm(d, rank(y)) < rank(y) - 1;
  when  numel(z) < numel(y);
  rewrite {
    z = linear(slice(x, dim = d, ..r), w, b, slice(q, dim = d, ..r), act = act,
               act_params = act_params);
  }
}

/// Rows of a product.
rule slice_matmul_rows : push, class real {
  match {
    y = matmul(a: [.., M, _], b: [.., _, _]);
    z = slice(y, dim = d, ..r);
  }
  where norm(d, rank(y)) == rank(y) - 2;
  when  numel(z) < numel(y);
  rewrite { z = matmul(slice(a, dim = -2, ..r), b); }
}
/// Columns of a product.
rule slice_matmul_columns : push, class real {
  match {
    y = matmul(a: [.., _, _], b: [.., _, N]);
    z = slice(y, dim = d, ..r);
  }
  where norm(d, rank(y)) == rank(y) - 1;
  when  numel(z) < numel(y);
  rewrite { z = matmul(a, slice(b, dim = -1, ..r)); }
}
/// Some products of a batch. An operand that serves the whole batch stays.
rule slice_matmul_batch : push, class real {
  match {
    y = matmul(a: [.., _, _], b: [.., _, _]);
    z = slice(y, dim = d, start = s, end = e, step = t);
  }
  let r = rank(y) - norm(d, rank(y));
  where r > 2;
  when  numel(z) < numel(y);
  rewrite {
    z = matmul(
        rank(a) >= r && dim(a, -r) == dim(y, -r) ? slice(a, dim = -r, start = s, end = e, step = t) : a,
        rank(b) >= r && dim(b, -r) == dim(y, -r) ? slice(b, dim = -r, start = s, end = e, step = t) : b);
  }
}

/// Rows of attention are rows of the query. Keys and values are needed whole.
rule slice_sdpa : push, class real {
  match {
    y = scaled_dot_product_attention(q, k, v, is_causal = false, ..a);
    z = slice(y, dim = d, ..r);
  }
  where norm(d, rank(y)) == rank(y) - 2;
  when  numel(z) < numel(y);
  rewrite { z = scaled_dot_product_attention(slice(q, dim = -2, ..r), k, v, is_causal = false, ..a); }
}
rule slice_sdpa_masked : push, class real {
  match {
    y = scaled_dot_product_attention(q, k, v, m, is_causal = false, ..a);
    z = slice(y, dim = d, ..r);
  }
  where norm(d, rank(y)) == rank(y) - 2;
  when  numel(z) < numel(y);
  rewrite {
    z = scaled_dot_product_attention(
        slice(q, dim = -2, ..r), k, v,
        rank(m) >= 2 && dim(m, -2) == dim(y, -2) ? slice(m, dim = -2, ..r) : m, is_causal = false,
        ..a);
  }
}
/// One row of causal attention: it sees the keys up to its own place, without any mask. This is the
/// last token of a prompt.
rule slice_sdpa_causal : push, class real {
  match {
    y = scaled_dot_product_attention(q, k, v, is_causal = true, ..a);
    z = slice(y, dim = d, start = s, end = e, step = 1);
  }
  where norm(d, rank(y)) == rank(y) - 2, s >= 0, e == s + 1, dim(z, d) == 1;
  when  numel(z) < numel(y);
  rewrite {
    z = scaled_dot_product_attention(slice(q, dim = -2, start = s, end = e),
                                     slice(k, dim = -2, start = 0, end = e),
                                     slice(v, dim = -2, start = 0, end = e), is_causal = false, ..a);
  }
}

/// Norms over the last dimensions, one by one.
rule slice_layer_norm : push, class exact {
  match {
    y = layer_norm(x, w?, b?, normalized_shape = n, eps);
    z = slice(y, dim = d, ..r);
  }
  where norm(d, rank(y)) < rank(y) - len(n);
  when  numel(z) < numel(y);
  rewrite { z = layer_norm(slice(x, dim = d, ..r), w, b, normalized_shape = n, eps = eps); }
}
rule slice_rms_norm : push, class exact {
  match {
    y = rms_norm(x, w?, normalized_shape = n, eps);
    z = slice(y, dim = d, ..r);
  }
  where norm(d, rank(y)) < rank(y) - len(n);
  when  numel(z) < numel(y);
  rewrite { z = rms_norm(slice(x, dim = d, ..r), w, normalized_shape = n, eps = eps); }
}
rule slice_softmax for f in { softmax, log_softmax } : push, class exact {
  match {
    y = f(x, dim = c);
    z = slice(y, dim = d, ..r);
  }
  where norm(c, rank(x)) != norm(d, rank(x));
  when  numel(z) < numel(y);
  rewrite { z = f(slice(x, dim = d, ..r), dim = c); }
}
/// Batch norm: any dimension but the channels.
rule slice_batch_norm : push, class exact {
  match {
    y = batch_norm(x, mean, var, g?, b?, eps);
    z = slice(y, dim = d, ..r);
  }
  where norm(d, rank(x)) != 1;
  when  numel(z) < numel(y);
  rewrite { z = batch_norm(slice(x, dim = d, ..r), mean, var, g, b, eps = eps); }
}
/// Some samples of a batch.
rule slice_samples for f in { max_pool2d, avg_pool2d, adaptive_avg_pool2d, adaptive_max_pool2d,
                              upsample_nearest2d, upsample_bilinear2d, upsample_bicubic2d }
    : push, class exact {
  match {
    y = f(x, ..a);
    z = slice(y, dim = d, ..r);
  }
  where norm(d, rank(x)) < 2;
  when  numel(z) < numel(y);
  rewrite { z = f(slice(x, dim = d, ..r), ..a); }
}
/// Reductions that keep the dimension that is sliced.
rule slice_reduction for f in { sum, mean, amax, amin } : push, class exact {
  match {
    y = f(x, dim = c, keepdim = true);
    z = slice(y, dim = d, ..r);
  }
  where len(c) > 0, all([norm(v, rank(x)) != norm(d, rank(x)) for v in c]);
  when  numel(z) < numel(y);
  rewrite { z = f(slice(x, dim = d, ..r), dim = c, keepdim = true); }
}
