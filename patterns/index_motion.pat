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
  match   { y = f@elementwise_unary(x, ..a); z = index(y, [i, j]); }
  when    numel(z) < numel(y);
  rewrite { z = f(index(x, [i, j]), ..a); }
}
/// Both sides of one shape, or one that is the same for all rows.
rule index_binary : push, class exact {
  match {
    y = f@elementwise_binary(a, b, ..p);
    z = index(y, [i, j]);
  }
  where shape(a) == shape(y), shape(b) == shape(y);
  when  2 * numel(z) < numel(y);
  rewrite { z = f(index(a, [i, j]), index(b, [i, j]), ..p); }
}
rule index_binary_features : push, class exact {
  match {
    y = f@elementwise_binary(a, b, ..p);
    z = index(y, [i, j]);
  }
  where shape(a) == shape(y), rank(b) < 2 && rank(y) == 3;
  when  numel(z) < numel(y);
  rewrite { z = f(index(a, [i, j]), b, ..p); }
}
/// A table of positions, [S, D]: of the samples only the second index counts.
rule index_add_positions : push, class exact {
  match {
    y = add(a, b: [S, D]);
    z = index(y, [i, j]);
  }
  where shape(a) == shape(y), rank(y) == 3, shape(j) == shape(z)[0:-1];
  when  2 * numel(z) < numel(y);
  rewrite { z = add(index(a, [i, j]), index(b, [j])); }
}
rule index_linear : push, class real {
  match {
    y = linear(x: [_, _, .., _], w, b?, act, act_params);
    z = index(y, [i, j]);
  }
  where rank(y) >= 3;
  when  numel(z) < numel(y);
  rewrite { z = linear(index(x, [i, j]), w, b, act = act, act_params = act_params); }
}
rule index_layer_norm : push, class exact {
  match {
    y = layer_norm(x, w?, b?, normalized_shape = n, eps);
    z = index(y, [i, j]);
  }
  where rank(y) - len(n) >= 2;
  when  numel(z) < numel(y);
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
  match   { y = f@elementwise_unary(x, ..a); z = index_select(y, i, dim = d); }
  when    numel(z) < numel(y);
  rewrite { z = f(index_select(x, i, dim = d), ..a); }
}
rule take_linear : push, class real {
  match {
    y = linear(x, w, b?, act, act_params);
    z = index_select(y, i, dim = d);
  }
  where norm(d, rank(y)) < rank(y) - 1;
  when  numel(z) < numel(y);
  rewrite { z = linear(index_select(x, i, dim = d), w, b, act = act, act_params = act_params); }
}
rule take_layer_norm : push, class exact {
  match {
    y = layer_norm(x, w?, b?, normalized_shape = n, eps);
    z = index_select(y, i, dim = d);
  }
  where norm(d, rank(y)) < rank(y) - len(n);
  when  numel(z) < numel(y);
  rewrite { z = layer_norm(index_select(x, i, dim = d), w, b, normalized_shape = n, eps = eps); }
}
rule take_permute : push, class exact {
  match {
    y = permute(x, dims = p);
    z = index_select(y, i, dim = d);
  }
  when    numel(z) < numel(y);
  rewrite { z = permute(index_select(x, i, dim = p[norm(d, rank(y))]), dims = p); }
}
rule take_softmax for f in { softmax, log_softmax } : push, class exact {
  match {
    y = f(x, dim = c);
    z = index_select(y, i, dim = d);
  }
  where norm(c, rank(x)) != norm(d, rank(x));
  when  numel(z) < numel(y);
  rewrite { z = f(index_select(x, i, dim = d), dim = c); }
}
