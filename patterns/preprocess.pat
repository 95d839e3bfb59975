// SPDX-License-Identifier: Apache-2.0
//
// Arithmetic in front of a convolution goes into it (case B3): pictures divided by 255, their mean and
// deviation, the order of their colours; and batch norm behind a concatenation (case B4). A padded
// convolution sees zeros, whatever was added inside: see `shift_conv_padded`. Batch norm in front of a
// convolution is in `conv_bn.pat`.
pat 1;
import "kernels.pat";
import "sets.pat";

/// w with input channels scaled by s, which has all channels of all groups.
fn scale_inputs(w: tensor, s: tensor, O: int, Q: int, K: int, L: int, g: int) =
    (w.reshape([g, floordiv(O, g), Q, K, L]) * s.reshape([g, 1, Q, 1, 1])).reshape([O, Q, K, L]);
/// What shift s of the inputs adds to each output channel where all of the kernel is inside.
fn shifted(w: tensor, s: tensor, O: int, Q: int, K: int, L: int, g: int) =
    sum(w.reshape([g, floordiv(O, g), Q, K, L]) * s.reshape([g, 1, Q, 1, 1]), [2, 3, 4]).reshape([O]);

/// Zero stays zero, so padding does not matter.
rule scale_conv : fold_forward, class real {
  match {
    y = mul(x: [_, C, _, _], c: const);
    z = conv2d(y, w: const[O, Q, K, L], b?, r?, groups = g, ..a);
  }
  where shape(x) == shape(y), by_channel(shape(c), C), O % g == 0;
  rewrite { z = conv2d(x, scale_inputs(w, spread(c, C), O, Q, K, L, g), b, r, groups = g, ..a); }
}
rule divide_conv : fold_forward, class real {
  match {
    y = div(x: [_, C, _, _], c: const);
    z = conv2d(y, w: const[O, Q, K, L], b?, r?, groups = g, ..a);
  }
  where shape(x) == shape(y), by_channel(shape(c), C), O % g == 0, dtype(x) == dtype(y);
  rewrite { z = conv2d(x, scale_inputs(w, 1 / spread(c, C), O, Q, K, L, g), b, r, groups = g, ..a); }
}
frag plus(x, c) -> { sign: float } = add(x, c) => { sign = 1.0 } | sub(x, c) => { sign = 0 - 1.0 };
/// Without padding every output pixel gets the same.
rule shift_conv : fold_forward, class real {
  match {
    y = plus(x: [_, C, _, _], c: const) as k;
    z = conv2d(y, w: const[O, Q, K, L], b?: const[O], r?, groups = g, padding = p, ..a);
  }
  where shape(x) == shape(y), by_channel(shape(c), C), O % g == 0, all([v == 0 for v in p]);
  rewrite {
    z = conv2d(x, w, (b ?? zeros([O])) + shifted(w, spread(c, C) * k.sign, O, Q, K, L, g), r, groups = g,
               padding = p, ..a);
  }
}
/// With padding, pixels at the border get less: what the convolution makes of the shift itself is
/// added, as a constant picture. Only where that is not larger than the pass over the input it saves.
rule shift_conv_padded : fold_forward, class real {
  match {
    y = plus(x: [_, C, H, W], c: const) as k;
    z = conv2d(y, w: const[O, _, _, _], b?, groups = g, padding = p, act = "none", act_params = [], ..a);
  }
  where shape(x) == shape(y), by_channel(shape(c), C), dtype(w) == dtype(x);
  when any([v != 0 for v in p]), numel(z) <= 2 * numel(x), dim(z, 0) * H * W <= 4000000;
  rewrite {
    z = add(conv2d(x, w, b, groups = g, padding = p, act = "none", act_params = [], ..a),
            conv2d((spread(c, C) * k.sign).reshape([1, C, 1, 1]).expand([1, C, H, W]), w, groups = g,
                   padding = p, act = "none", act_params = [], ..a));
  }
}
/// BGR for RGB: the channels of the weight in the other order.
rule flip_conv : fold_forward, class real {
  match {
    y = flip(x: [_, _, _, _], dims = [d]);
    z = conv2d(y, w: const, b?, r?, groups = 1, ..a);
  }
  where norm(d, 4) == 1;
  rewrite { z = conv2d(x, flip(w, [1]), b, r, groups = 1, ..a); }
}

/// Batch norm behind a concatenation of convolutions: a piece of it behind each.
rule bn_cat : fold, benefit 20, class real {
  match {
    c = cat([a, e], dim = {1, -3});
    a = conv2d(u, v, f?, act = "none", act_params = [], ..p);
    e = conv2d(s, t, h?, act = "none", act_params = [], ..q);
    z = batch_norm(c, mean: const[C], var: const[C], gamma?: const[C], beta?: const[C], eps);
  }
  let A = dim(v, 0);
  rewrite {
    z = cat([batch_norm(conv2d(u, v, f, act = "none", act_params = [], ..p), slice(mean, 0, 0, A),
                        slice(var, 0, 0, A),
                        has(gamma) ? slice(gamma ?? ones([C]), 0, 0, A) : none,
                        has(beta) ? slice(beta ?? zeros([C]), 0, 0, A) : none, eps = eps),
             batch_norm(conv2d(s, t, h, act = "none", act_params = [], ..q), slice(mean, 0, A, C),
                        slice(var, 0, A, C),
                        has(gamma) ? slice(gamma ?? ones([C]), 0, A, C) : none,
                        has(beta) ? slice(beta ?? zeros([C]), 0, A, C) : none, eps = eps)], dim = 1);
  }
}

/// pixel_unshuffle, then a convolution: one of R times the size and stride (case B1).
rule unshuffle_conv : fold, benefit 50, class real {
  match {
    u = reshape(x: [N, C, H, W], shape = _);
    v = permute(u: [N, C, h, R, k, R], dims = [0, 1, 3, 5, 2, 4]);
    f = reshape(v, shape = _);
    y = conv2d(f: [N, Q, h, k], w: const[O, Q, K, L], b?, r?, stride = s, dilation = [1, 1], groups = 1,
               padding = p, ..a);
  }
  where h * R == H, k * R == W, Q == C * R * R;
  rewrite {
    y = conv2d(x, w.reshape([O, C, R, R, K, L]).permute([0, 1, 4, 2, 5, 3])
                   .reshape([O, C, K * R, L * R]),
               b, r, stride = [R * i for i in s], dilation = [1, 1], groups = 1,
               padding = [R * i for i in p], ..a);
  }
}
