// SPDX-License-Identifier: Apache-2.0
//
// Faults that only show where several attributes at once are away from their defaults, on sizes for
// which that matters. Verification must reject all of them, whatever the seed.
pat 1;
ruleset wrong;

/// Right without padding, dilation and ceil_mode, where the windows fit exactly.
rule flip_max_pool : wrong, class exact {
  match {
    y = flip(x: [_, _, _, W], dims = [3]);
    z = max_pool2d(y, kernel_size = [K, L], stride = [S, T], ..a);
  }
  where (W - L) % T == 0;
  rewrite { z = flip(max_pool2d(x, kernel_size = [K, L], stride = [S, T], ..a), dims = [3]); }
}

/// No condition at all: wrong where a stride leaves something over.
rule flip_max_pool_any : wrong, class exact {
  match {
    y = flip(x: [_, _, _, _], dims = d);
    z = max_pool2d(y, ..a);
  }
  rewrite { z = flip(max_pool2d(x, ..a), dims = d); }
}

/// Padding counts in the condition, dilation does not.
rule flip_max_pool_dilated : wrong, class exact {
  match {
    y = flip(x: [_, _, H, _], dims = [-2]);
    z = max_pool2d(y, kernel_size = [K, L], stride = [S, T], padding = [P, Q], ..a);
  }
  where (H + 2 * P - K) % S == 0;
  rewrite {
    z = flip(max_pool2d(x, kernel_size = [K, L], stride = [S, T], padding = [P, Q], ..a), dims = [-2]);
  }
}

/// ceil_mode with padding: a window that would start in the padding is left out at the end only.
rule flip_avg_pool : wrong, class real {
  match {
    y = flip(x: [_, _, _, W], dims = [3]);
    z = avg_pool2d(y, kernel_size = [K, L], stride = [S, T], padding = [P, Q], ..a);
  }
  where (W - L) % T == 0;
  rewrite {
    z = flip(avg_pool2d(x, kernel_size = [K, L], stride = [S, T], padding = [P, Q], ..a), dims = [3]);
  }
}

/// Padding moved into the pool, which counts it in the divisor only if told so.
rule pad_into_avg_pool : wrong, class real {
  match {
    p = pad(x: [_, _, _, _], pad = [P, P, Q, Q], mode = "constant", value = 0);
    y = avg_pool2d(p, kernel_size = [K, L], padding = [0, 0], ..a);
  }
  where P >= 0, Q >= 0, 2 * Q <= K, 2 * P <= L;
  rewrite { y = avg_pool2d(x, kernel_size = [K, L], padding = [Q, P], ..a); }
}

/// The mean as a convolution; the divisor is that of the window even where it is overridden.
rule avg_pool_as_conv : wrong, class real {
  match {
    y = avg_pool2d(x: [_, C, _, _], kernel_size = [K, L], stride = s, padding = p, ceil_mode = false,
                   count_include_pad = true, divisor_override = _);
  }
  rewrite { y = conv2d(x, full([C, 1, K, L], 1 / (K * L)), groups = C, stride = s, padding = p); }
}

/// The same, with the override and without what padding does to the divisor.
rule avg_pool_as_conv_padded : wrong, class real {
  match {
    y = avg_pool2d(x: [_, C, _, _], kernel_size = [K, L], stride = s, padding = p, ceil_mode = false,
                   count_include_pad = _, divisor_override = d);
  }
  rewrite {
    y = conv2d(x, full([C, 1, K, L], 1 / (d ?? K * L)), groups = C, stride = s, padding = p);
  }
}

/// A factor goes into the divisor, also where there is an override already.
rule scale_avg_pool : wrong, class real {
  match {
    y = avg_pool2d(x, kernel_size = [K, L], ceil_mode = false, count_include_pad = true,
                   divisor_override = _, ..a);
    z = mul(y, 0.5);
  }
  rewrite {
    z = avg_pool2d(x, kernel_size = [K, L], ceil_mode = false, count_include_pad = true,
                   divisor_override = 2 * K * L, ..a);
  }
}

/// A slice moved above a pool, right without padding.
rule slice_max_pool : wrong, class exact {
  match {
    y = max_pool2d(x: [_, _, H, _], kernel_size = [K, L], stride = [S, T], ceil_mode = false, ..a);
    z = slice(y, dim = 2, start = b);
  }
  where b >= 0, b < dim(y, 2);
  rewrite {
    z = max_pool2d(slice(x, dim = 2, start = b * S), kernel_size = [K, L], stride = [S, T],
                   ceil_mode = false, ..a);
  }
}

/// Two pools in one, right without padding, dilation and ceil_mode.
rule max_pool_twice : wrong, class exact {
  match {
    y = max_pool2d(x, kernel_size = [K, L], stride = [1, 1], padding = _,
                   dilation = _, ceil_mode = _);
    z = max_pool2d(y, kernel_size = [M, N], stride = s, padding = [0, 0], dilation = [1, 1], ceil_mode = false);
  }
  rewrite { z = max_pool2d(x, kernel_size = [K + M - 1, L + N - 1], stride = s); }
}

/// The flipped convolution, with a condition that forgets dilation.
rule flip_conv_dilated : wrong, class real {
  match {
    y = flip(x: [_, _, _, W], dims = [3]);
    z = conv2d(y, w: const[_, _, K, L], b?, stride = [S, T], padding = [P, Q], ..a);
  }
  where (W + 2 * Q - L) % T == 0;
  rewrite {
    z = flip(conv2d(x, flip(w, [3]), b, stride = [S, T], padding = [P, Q], ..a), dims = [3]);
  }
}

/// The same with a condition that forgets padding.
rule flip_conv_padded : wrong, class real {
  match {
    y = flip(x: [_, _, H, _], dims = [2]);
    z = conv2d(y, w: const[_, _, K, L], b?, stride = [S, T], dilation = [D, E], ..a);
  }
  where (H - D * (K - 1) - 1) % S == 0;
  rewrite {
    z = flip(conv2d(x, flip(w, [2]), b, stride = [S, T], dilation = [D, E], ..a), dims = [2]);
  }
}

/// Padding of the two directions exchanged when it moves into the convolution.
rule pad_into_conv_turned : wrong, class real {
  match {
    p = pad(x: [_, _, _, _], pad = [P, P, Q, Q], mode = "constant", value = 0);
    y = conv2d(p, w, b?, padding = [M, N], ..a);
  }
  where P >= 0, Q >= 0;
  rewrite { y = conv2d(x, w, b, padding = [M + P, N + Q], ..a); }
}

/// A stride of the slice counts once, that of the convolution is forgotten.
rule stride_into_conv : wrong, class real {
  match {
    y = conv2d(x, w, b?, stride = [S, _], ..a);
    z = slice(y, dim = 3, start = 0, end = 9223372036854775807, step = k);
  }
  rewrite { z = conv2d(x, w, b, stride = [S, k], ..a); }
}

/// A dilated kernel written out by the factors of the other direction.
rule dilation_turned : wrong, class real {
  match { y = conv2d(x, w: const, b?, dilation = [D, E], ..a); }
  where D * E > 1;
  rewrite { y = conv2d(x, dilate(w, [E, D]), b, dilation = [1, 1], ..a); }
}

/// Output channels of a grouped convolution cannot be chosen at will.
rule slice_grouped_conv : wrong, class real {
  match {
    y = conv2d(x, w: const[O, _, _, _], groups = g, act = "none", act_params = [], ..a);
    z = slice(y, dim = 1, start = b, end = e, step = 1);
  }
  where b >= 0, e > b, e <= O, (e - b) % g == 0;
  rewrite {
    z = conv2d(x, slice(w, 0, b, e), groups = g, act = "none", act_params = [], ..a);
  }
}

/// A factor for each input channel, folded as if there were no groups.
rule scale_before_grouped_conv : wrong, class real {
  match {
    y = mul(x: [_, C, _, _], c: const[C, 1, 1]);
    z = conv2d(y, w: const[_, I, _, _], b?, r?, groups = g, ..a);
  }
  rewrite { z = conv2d(x, w * c.reshape([C])[:I].reshape([1, I, 1, 1]), b, r, groups = g, ..a); }
}

/// A transposed convolution as a plain one: neither dilation nor output_padding were thought of.
rule transposed_as_plain : wrong, class real {
  match {
    y = conv_transpose2d(x, w: const[C, O, K, L], b?, stride = [1, 1], padding = [P, Q],
                         groups = 1,
                         output_padding = _, dilation = _);
  }
  where P < K, Q < L;
  rewrite {
    y = conv2d(x, flip(w.permute([1, 0, 2, 3]), [2, 3]), b, padding = [K - 1 - P, L - 1 - Q]);
  }
}

/// The channel reversal goes through a convolution only without groups.
rule flip_grouped_conv : wrong, class real {
  match {
    y = flip(x: [_, _, _, _], dims = [1]);
    z = conv2d(y, w: const, b?, r?, ..a);
  }
  rewrite { z = conv2d(x, flip(w, [1]), b, r, ..a); }
}

/// Without keepdim the dimensions behind move.
rule cumsum_of_sum : wrong, class real {
  match {
    y = sum(x: [_, _, _], dim = [d], keepdim = k);
    z = cumsum(y, dim = e);
  }
  where d >= 0, e >= 0, d != e;
  rewrite { z = sum(cumsum(x, dim = e), dim = [d], keepdim = k); }
}

/// The same with a maximum and a softmax, dimensions counted from the back.
rule softmax_of_slice : wrong, class real {
  match {
    y = select(x: [_, _, _], dim = d, index = i);
    z = softmax(y, dim = e);
  }
  where d < 0, e < 0, d != e;
  rewrite { z = select(softmax(x, dim = e), dim = d, index = i); }
}

/// keepdim is dropped when there are two reductions.
rule mean_twice : wrong, class real {
  match {
    y = mean(x: [_, _, _, _], dim = [d], keepdim = k);
    z = mean(y, dim = [e], keepdim = k);
  }
  where d >= 0, e >= 0, d != e;
  rewrite { z = mean(x, dim = [d, e], keepdim = k); }
}

/// Only constant padding adds up.
rule pad_twice : wrong, class exact {
  match {
    y = pad(x: [_, _, _, _], pad = [a, b], mode = m, value = v);
    z = pad(y, pad = [c, d], mode = m, value = v);
  }
  where a >= 0, b >= 0, c >= 0, d >= 0;
  rewrite { z = pad(x, pad = [a + c, b + d], mode = m, value = v); }
}

/// relu of what is padded with is forgotten: wrong for a negative number in constant mode.
rule relu_of_pad : wrong, class exact {
  match {
    y = pad(x, ..a);
    z = relu(y);
  }
  rewrite { z = pad(relu(x), ..a); }
}

/// Replicated padding commutes with flips only if it is the same on both sides.
rule flip_pad : wrong, class exact {
  match {
    y = pad(x: [_, _, _], pad = [a, b], mode = m, ..p);
    z = flip(y, dims = [2]);
  }
  where m != "constant";
  rewrite { z = pad(flip(x, dims = [2]), pad = [a, b], mode = m, ..p); }
}

/// A product with one for each channel moves up through an interpolation, which loses what it knew.
rule interpolate_forgets_corners : wrong, class real {
  match {
    y = mul(x: [_, C, _, _], c: const[C, 1, 1]);
    z = upsample_bilinear2d(y, output_size = s, align_corners = _, scales = _);
  }
  rewrite { z = mul(upsample_bilinear2d(x, output_size = s), c); }
}

/// A 1x1 convolution and an interpolation change places; padding grows with the scale.
rule interpolate_padded_conv : wrong, class real {
  match {
    y = upsample_bilinear2d(x, output_size = s, ..u);
    z = conv2d(y, w: const[_, _, 1, 1], stride = [1, 1], act = "none", act_params = [], ..a);
  }
  where dim(z, 2) >= s[0];
  let t = [dim(z, 2), dim(z, 3)];
  rewrite {
    z = upsample_bilinear2d(conv2d(x, w, stride = [1, 1], act = "none", act_params = [], ..a),
                            output_size = t, ..u);
  }
}

/// Both limits are there: the order of the two clamps matters where they cross.
rule clamp_twice : wrong, class exact {
  match {
    y = clamp(x, min = a, max = b);
    z = clamp(y, min = c, max = d);
  }
  where has(a), has(b), has(c), has(d);
  rewrite { z = clamp(x, min = max(a ?? 0, c ?? 0), max = min(b ?? 0, d ?? 0)); }
}

/// A factor becomes the scale, also where there is one already.
rule scale_attention : wrong, class real {
  match {
    q = mul(x: [_, L, E], 0.5);
    y = scaled_dot_product_attention(q, k, v, is_causal = c, scale = _);
  }
  rewrite { y = scaled_dot_product_attention(x, k, v, is_causal = c, scale = 0.5 * rsqrt(E)); }
}

/// The last row sees everything, but a causal mask is lost with the others when columns are more.
rule last_row_attention : wrong, class real {
  match {
    y = scaled_dot_product_attention(q: [B, L, E], k: [B, S, E], v, is_causal = _, ..a);
    z = slice(y, dim = 1, start = -1, end = 9223372036854775807, step = 1);
  }
  rewrite {
    z = scaled_dot_product_attention(slice(q, dim = 1, start = -1), k, v, is_causal = false, ..a);
  }
}

/// The largest along one dimension, of which the sorted order is turned.
rule topk_negated : wrong, class real {
  match {
    n = neg(x);
    (y, i) = topk(n, k = k, ..a);
  }
  rewrite {
    (u, i) = topk(x, k = k, ..a);
    y = neg(u);
  }
}

/// Steps multiply, but the second start is in steps of the first.
rule slice_twice : wrong, class exact {
  match {
    y = slice(x, dim = d, start = a, step = s);
    z = slice(y, dim = d, start = b, step = t);
  }
  where a >= 0, b >= 0, a + b < dim(x, d);
  rewrite { z = slice(x, dim = d, start = a + b, step = s * t); }
}

/// The eps of the two is taken for the same.
rule batch_norm_eps : wrong, class real {
  match {
    y = batch_norm(x: [_, C, _, _], mean: const[C], var: const[C] & nonnegative, g?, b?, eps = _);
    z = relu(y);
  }
  rewrite { z = relu(batch_norm(x, mean, var, g, b, eps = 0.00001)); }
}

/// Rounding is forgotten.
rule div_by_constant : wrong, class real {
  match { y = div(x, c: const & nonzero & scalar, rounding_mode = _); }
  rewrite { y = mul(x, 1 / c); }
}

/// The sample variance divides by one less.
rule var_of_means : wrong, class real {
  match { v = var(x: [_, _], dim = [1], keepdim = k, correction = _); }
  rewrite {
    v = sub(mean(mul(x, x), dim = [1], keepdim = k),
            mul(mean(x, dim = [1], keepdim = k), mean(x, dim = [1], keepdim = k)));
  }
}
