// SPDX-License-Identifier: Apache-2.0
//
// Activations, decisions, norms, attention, poolings and parallel products, wrong in one way each.
pat 1;
ruleset wrong;

/// hardsigmoid divides by six.
rule hardsigmoid_five : wrong, class real {
  match   { y = div(clamp(add(x, 3), min = 0, max = 6), 5); }
  where   shape(x) == shape(y);
  rewrite { y = hardsigmoid(x); }
}
/// The product with something else than x.
rule silu_of_another : wrong, class real {
  match   { s = sigmoid(u); y = mul(x, s); }
  where   shape(x) == shape(y), shape(u) == shape(y);
  rewrite { y = mul(silu(x), add(sigmoid(u), 1)); }
}
/// The erf form is not the tanh form.
rule gelu_of_the_other_kind : wrong, class real {
  match   { y = gelu(x, approximate = "none"); }
  rewrite { y = gelu(x, approximate = "tanh"); }
}
/// Only slopes between 0 and 1 make a maximum.
rule leaky_relu_any_slope : wrong, class real {
  match   { y = maximum(x, mul(x, c: const & scalar)); }
  where   shape(x) == shape(y);
  rewrite { y = leaky_relu(x, negative_slope = item(c)); }
}
/// The inner lower limit wins.
rule clamp_clamp : wrong, class exact {
  match   { y = clamp(x, min = a, max = none); z = clamp(y, min = b, max = none); }
  where   has(a), has(b);
  rewrite { z = clamp(x, min = a, max = none); }
}
/// exp is not undone by log2.
rule exp_log2 : wrong, class real {
  match   { y = log2(exp(x)); }
  rewrite { y = x; }
}
/// sqrt of a square is the absolute value.
rule sqrt_square : wrong, class real {
  match   { y = sqrt(mul(x, x)); }
  rewrite { y = x; }
}
/// Another dimension decides.
rule argmax_other_dim : wrong, class order {
  match   { p = softmax(x, dim = _); y = argmax(p, dim = e, keepdim = k); }
  rewrite { y = argmax(x, dim = e, keepdim = k); }
}
/// A decreasing function turns the decision round.
rule argmax_neg : wrong, class order {
  match   { p = neg(x); y = argmax(p, dim = e, keepdim = k); }
  rewrite { y = argmax(x, dim = e, keepdim = k); }
}
/// keepdim is forgotten.
rule argmax_keepdim : wrong, class order {
  match   { p = exp(x); y = argmax(p, dim = e, keepdim = _); }
  rewrite { y = argmax(x, dim = e); }
}
/// The threshold is not moved with the function.
rule compare_sigmoid : wrong, class order {
  match   { y = gt(sigmoid(x), 0.5); }
  rewrite { y = gt(x, 0.5); }
}
/// Means of means with windows of different sizes.
rule mean_mean : wrong, class real {
  match   { y = mean(x, dim = d, keepdim = true); z = sum(y, dim = e, keepdim = true); }
  rewrite { z = mean(x, dim = d + e, keepdim = true); }
}
/// The scale is applied to the scores already.
rule attention_scale : wrong, class real {
  match   { y = scaled_dot_product_attention(mul(q, c: const & scalar), k, v); }
  where   shape(q) == shape(mul(q, c));
  rewrite { y = scaled_dot_product_attention(q, k, v, scale = item(c)); }
}
/// Key and value exchanged.
rule attention_swapped : wrong, class real {
  match   { y = scaled_dot_product_attention(q, k, v, is_causal = c); }
  where   shape(k) == shape(v);
  rewrite { y = scaled_dot_product_attention(q, v, k, is_causal = c); }
}
/// The mask is dropped.
rule attention_mask : wrong, class real {
  match   { y = scaled_dot_product_attention(q, k, v, m?, scale = s); }
  where   has(m) || !has(m);
  rewrite { y = scaled_dot_product_attention(q, k, v, scale = s); }
}
/// layer_norm without its bias.
rule layer_norm_bias : wrong, class real {
  match   { y = layer_norm(x, w?, b?, normalized_shape = n, eps = e); z = relu(y); }
  where   has(b);
  rewrite { z = relu(layer_norm(x, w, normalized_shape = n, eps = e)); }
}
/// The slope of another channel.
rule prelu_first_slope : wrong, class real {
  match   { y = prelu(x, w: const[_]); }
  rewrite { y = leaky_relu(x, negative_slope = item(w[0])); }
}
/// Two products with one input, cut at the wrong place.
rule merge_cut : wrong, class real {
  match {
    a = linear(x, u: const[P, I]);
    b = linear(x, v: const[P, I]);
  }
  rewrite {
    m = linear(x, cat([u, v], 0));
    a = slice(m, dim = -1, start = P, end = 2 * P);
    b = slice(m, dim = -1, start = 0, end = P);
  }
}
/// Joined in one order, cut in the other.
rule merge_order : wrong, class real {
  match {
    a = linear(x, u: const[P, I], s: const[P]);
    b = linear(x, v: const[P, I], t: const[P]);
  }
  rewrite {
    m = linear(x, cat([u, v], 0), cat([t, s], 0));
    a = slice(m, dim = -1, start = 0, end = P);
    b = slice(m, dim = -1, start = P, end = P + P);
  }
}
/// A sum of any number of terms that loses one.
rule flat_sum : wrong, class real {
  match   { y = add{ relu(a), relu(b), ..rest }; }
  where   shape(a) == shape(y), shape(b) == shape(y), len(rest) == 1;
  rewrite { y = add(relu(a), relu(b)); }
}
/// Stride and dilation exchanged.
rule stride_for_dilation : wrong, class real {
  match   { y = conv2d(x, w, stride = s, dilation = d, padding = p, groups = g); z = relu(y); }
  rewrite { z = relu(conv2d(x, w, stride = d, dilation = s, padding = p, groups = g)); }
}
