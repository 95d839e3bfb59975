// SPDX-License-Identifier: Apache-2.0
//
// Slices, permutations, padding and joins moved or dropped wrongly.
pat 1;
ruleset wrong;

/// The slice may be along the features.
rule slice_linear_features : wrong, class real {
  match { y = linear(x, w, b?); z = slice(y, dim = d, ..r); }
  where dim(x, -1) == dim(y, -1);
  rewrite { z = linear(slice(x, dim = d, ..r), w, b); }
}

/// The negative axis is taken for the positive one.
rule slice_linear_raw_axis : wrong, class real {
  match { y = linear(x, w, b?); z = slice(y, dim = d, ..r); }
  where d < rank(y) - 1, dim(x, -1) == dim(y, -1);
  rewrite { z = linear(slice(x, dim = d, ..r), w, b); }
}

/// The step is forgotten.
rule slice_step : wrong, class exact {
  match { y = relu(x); z = slice(y, dim = d, start = s, end = e, step = _); }
  rewrite { z = relu(slice(x, dim = d, start = s, end = e)); }
}

/// The start is forgotten.
rule slice_start : wrong, class exact {
  match { y = relu(x); z = slice(y, dim = d, start = _, end = e, step = t); }
  rewrite { z = relu(slice(x, dim = d, end = e, step = t)); }
}

/// A slice of a softmax along its own dimension is no softmax of the slice.
rule slice_softmax : wrong, class real {
  match { y = softmax(x, dim = d); z = slice(y, ..r); }
  rewrite { z = softmax(slice(x, ..r), dim = d); }
}

/// A slice of a broadcasting sum cannot go to both sides.
rule slice_add : wrong, class exact {
  match { y = add(u, v); z = slice(y, ..r); }
  rewrite { z = add(slice(u, ..r), slice(v, ..r)); }
}

/// The permutations are composed the wrong way round.
rule permute_order : wrong, class exact {
  match { y = permute(x, dims = p); z = permute(y, dims = q); }
  rewrite { z = permute(x, dims = compose_perm(q, p)); }
}

/// The inverse is taken for the permutation itself.
rule permute_inverse : wrong, class exact {
  match { y = permute(x, dims = p); z = relu(y); }
  rewrite { z = permute(relu(x), dims = inverse_perm(p)); }
}

/// A permutation is no reshape.
rule permute_as_reshape : wrong, class exact {
  match { y = permute(x, dims = _); }
  let s = shape(y);
  rewrite { y = reshape(x, shape = s); }
}

/// Padding of other kinds than with zeros.
rule pad_mode : wrong, class exact {
  match {
    y = pad(x: [_, _, _, _], pad = [l, r, t, b], mode = _, value = 0);
    z = conv2d(y, w, bias?, padding = [0, 0], ..a);
  }
  where l >= 0, r >= 0, t >= 0, b >= 0;
  rewrite { z = conv2d(x, w, bias, padding = [t, l, b, r], ..a); }
}

/// Left and top are exchanged.
rule pad_sides : wrong, class exact {
  match {
    y = pad(x: [_, _, _, _], pad = [l, r, t, b], value = 0);
    z = conv2d(y, w, bias?, padding = [0, 0], ..a);
  }
  where l >= 0, r >= 0, t >= 0, b >= 0;
  rewrite { z = conv2d(x, w, bias, padding = [l, t, r, b], ..a); }
}

/// The convolution's own padding is forgotten.
rule pad_forgets : wrong, class exact {
  match {
    y = pad(x: [_, _, _, _], pad = [l, r, t, b], value = 0);
    z = conv2d(y, w, bias?, padding = _, ..a);
  }
  where l >= 0, r >= 0, t >= 0, b >= 0;
  rewrite { z = conv2d(x, w, bias, padding = [t, l, b, r], ..a); }
}

/// The value of the padding is not looked at.
rule pad_value : wrong, class exact {
  match {
    y = pad(x: [_, _, _, _], pad = [l, r, t, b], value = _);
    z = conv2d(y, w, bias?, padding = [0, 0], ..a);
  }
  where l >= 0, r >= 0, t >= 0, b >= 0;
  rewrite { z = conv2d(x, w, bias, padding = [t, l, b, r], ..a); }
}

/// Cropping is no padding.
rule pad_crops : wrong, class exact {
  match {
    y = pad(x: [_, _, _, _], pad = [l, r, t, b], value = 0);
    z = conv2d(y, w, bias?, padding = [2, 2], ..a);
  }
  rewrite { z = conv2d(x, w, bias, padding = [t + 2, l + 2, b + 2, r + 2], stride = [1, 1], dilation = [1, 1], groups = a.groups, act = a.act, act_params = a.act_params); }
}

/// Zeros in front of a maximum are not minus infinity.
rule pad_max_pool : wrong, class exact {
  match {
    y = pad(x: [_, _, _, _], pad = [1, 1, 1, 1], value = 0);
    z = max_pool2d(y, kernel_size = [3, 3], padding = [0, 0], ceil_mode = false, ..a);
  }
  rewrite { z = max_pool2d(x, kernel_size = [3, 3], padding = [1, 1], ceil_mode = false, ..a); }
}

/// The zeros of the pad count in the mean.
rule pad_avg_pool : wrong, class exact {
  match {
    y = pad(x: [_, _, _, _], pad = [1, 1, 1, 1], value = 0);
    z = avg_pool2d(y, kernel_size = [3, 3], padding = [0, 0], ceil_mode = false, count_include_pad = c, ..a);
  }
  rewrite { z = avg_pool2d(x, kernel_size = [3, 3], padding = [1, 1], ceil_mode = false, count_include_pad = c, ..a); }
}

/// The joined parts come back in the wrong order.
rule cat_order : wrong, class exact {
  match { y = cat([a, b], dim = d); z = relu(y); }
  rewrite { z = cat([relu(b), relu(a)], dim = d); }
}

/// The dimension is forgotten.
rule cat_dim : wrong, class exact {
  match { y = cat([a, b], dim = d); z = relu(y); }
  rewrite { z = cat([relu(a), relu(b)], dim = 0 * d); }
}

/// A part is dropped.
rule cat_part : wrong, class exact {
  match { y = cat([a, b, c], dim = d); z = relu(y); }
  where shape(b) == shape(c);
  rewrite { z = cat([relu(a), relu(b), relu(b)], dim = d); }
}

/// A slice that keeps the number of elements of one dimension only.
rule drop_slice : wrong, class exact {
  match { y = slice(x, dim = _, start = _, end = _, step = _); }
  where dim(x, 0) == dim(y, 0);
  rewrite { y = relu(x); }
}

/// A reshape that is kept by the number of elements alone.
rule drop_reshape : wrong, class exact {
  match { y = reshape(x, shape = _); }
  where numel(x) == numel(y);
  rewrite { y = x; }
}

/// Not every conversion there and back is nothing.
rule to_and_back : wrong, class exact {
  match { y = to(x, dtype = _); z = to(y, dtype = e); }
  where e == dtype(x);
  rewrite { z = x; }
}

/// The phases of Focus are joined in another order.
rule focus_order : wrong, class real {
  match {
    f = cat([slice(x: [_, C, H, W], dim = 2, start = 0, step = 2),
             slice(x, dim = 2, start = 1, step = 2)], dim = 1);
    y = conv2d(f, w: const[O, Q, K, L], stride = [1, 1], padding = [0, 0]);
  }
  where H % 2 == 0, Q == 2 * C;
  rewrite {
    y = conv2d(x, w.reshape([O, C, 2, K, L]).permute([0, 1, 3, 2, 4]).reshape([O, C, 2 * K, L]),
               stride = [2, 1], padding = [0, 0]);
  }
}

/// The padding is not doubled with the stride.
rule focus_padding : wrong, class real {
  match {
    f = cat([slice(x: [_, C, H, W], dim = 2, start = 0, step = 2),
             slice(x, dim = 2, start = 1, step = 2)], dim = 1);
    y = conv2d(f, w: const[O, Q, K, L], stride = [1, 1], padding = [p, 0]);
  }
  where H % 2 == 0, Q == 2 * C;
  rewrite {
    y = conv2d(x, w.reshape([O, 2, C, K, L]).permute([0, 2, 3, 1, 4]).reshape([O, C, 2 * K, L]),
               stride = [2, 1], padding = [p, 0]);
  }
}
