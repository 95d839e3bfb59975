// SPDX-License-Identifier: Apache-2.0
//
// Parallel linear branches of one input are one convolution (case A9): RepVGG, MobileOne, ACNet,
// diverse branch blocks and their like in the form in which they were trained. Batch norms behind
// convolutions have been folded before; those of the input alone become a kernel here. Sums of any
// number of branches, with anything else among them, are taken together two by two.
pat 1;
import "kernels.pat";
import "sets.pat";

/// conv(x) + conv(x). The kernels lie centre on centre, which is where their sizes less twice their
/// paddings agree; the result covers both. A row and a column are joined only with something that
/// covers them already: otherwise there would be more products than before.
rule rep_conv_conv : fold, benefit 30, class real {
  match {
    a = conv2d(x, w: const[O, G, K, L], b?: const[O], stride = st, padding = [p, q],
               dilation = [1, 1], groups = g);
    c = conv2d(x, v: const[O, G, M, N], d?: const[O], stride = st, padding = [s, t],
               dilation = [1, 1], groups = g);
    y = add(a, c);
  }
  let P = max(p, s);
  let Q = max(q, t);
  where K - 2 * p == M - 2 * s, L - 2 * q == N - 2 * t, shape(a) == shape(c);
  when max(K, M) * max(L, N) <= K * L + M * N;
  rewrite {
    y = conv2d(x, widen(w, p, q, P, Q) + widen(v, s, t, P, Q),
               has(b) || has(d) ? (b ?? zeros([O])) + (d ?? zeros([O])) : none, stride = st,
               padding = [P, Q], dilation = [1, 1], groups = g);
  }
}
/// The same with another sum between: (conv(x) + r) + conv(x).
rule rep_conv_between : fold, benefit 30, class real {
  match {
    a = conv2d(x, w: const[O, G, K, L], b?: const[O], stride = st, padding = [p, q],
               dilation = [1, 1], groups = g);
    u = add(a, r);
    c = conv2d(x, v: const[O, G, M, N], d?: const[O], stride = st, padding = [s, t],
               dilation = [1, 1], groups = g);
    y = add(u, c);
  }
  let P = max(p, s);
  let Q = max(q, t);
  where K - 2 * p == M - 2 * s, L - 2 * q == N - 2 * t, shape(a) == shape(u), shape(a) == shape(c);
  when max(K, M) * max(L, N) <= K * L + M * N;
  rewrite {
    y = add(conv2d(x, widen(w, p, q, P, Q) + widen(v, s, t, P, Q),
                   has(b) || has(d) ? (b ?? zeros([O])) + (d ?? zeros([O])) : none, stride = st,
                   padding = [P, Q], dilation = [1, 1], groups = g), r);
  }
}
/// conv(x) + batch_norm(x): the identity, scaled, is a kernel.
rule rep_conv_bn : fold, benefit 40, class real {
  match {
    a = conv2d(x, w: const[O, G, K, L], b?: const[O], stride = [1, 1], padding = [p, q],
               dilation = [1, 1], groups = g);
    i = batch_norm(x: [_, O, _, _], mean: const[O], var: const[O] & nonnegative, gamma?: const[O],
                   beta?: const[O], eps);
    y = add(a, i);
  }
  let s = (gamma ?? ones([O])) * rsqrt(var + eps);
  where K == 2 * p + 1, L == 2 * q + 1, O == G * g;
  rewrite {
    y = conv2d(x, w + identity_kernel(O, g, K, L) * s[:, None, None, None],
               (b ?? zeros([O])) + (beta ?? zeros([O])) - mean * s, stride = [1, 1],
               padding = [p, q], dilation = [1, 1], groups = g);
  }
}
/// (conv(x) + r) + batch_norm(x), where r comes from elsewhere.
rule rep_conv_between_bn : fold, benefit 40, class real {
  match {
    a = conv2d(x, w: const[O, G, K, L], b?: const[O], stride = [1, 1], padding = [p, q],
               dilation = [1, 1], groups = g);
    u = add(a, r);
    i = batch_norm(x: [_, O, _, _], mean: const[O], var: const[O] & nonnegative, gamma?: const[O],
                   beta?: const[O], eps);
    y = add(u, i);
  }
  let s = (gamma ?? ones([O])) * rsqrt(var + eps);
  where K == 2 * p + 1, L == 2 * q + 1, O == G * g, shape(a) == shape(u);
  rewrite {
    y = add(conv2d(x, w + identity_kernel(O, g, K, L) * s[:, None, None, None],
                   (b ?? zeros([O])) + (beta ?? zeros([O])) - mean * s, stride = [1, 1],
                   padding = [p, q], dilation = [1, 1], groups = g), r);
  }
}
/// conv(x) + x. Not where the sum would have been fused as a residual of something else.
rule rep_conv_identity : fold, benefit 20, class real {
  match {
    a = conv2d(x, w: const[O, G, K, L], b?, stride = [1, 1], padding = [p, q], dilation = [1, 1],
               groups = g);
    y = add(a, x: [_, O, _, _]);
  }
  where K == 2 * p + 1, L == 2 * q + 1, O == G * g;
  rewrite {
    y = conv2d(x, w + identity_kernel(O, g, K, L), b, stride = [1, 1], padding = [p, q],
               dilation = [1, 1], groups = g);
  }
}
/// conv(x) + avg_pool(x): a mean is a kernel of equal weights. Zeros of the padding count in it.
rule rep_avg_pool : fold, benefit 20, class real {
  match {
    a = conv2d(x, w: const[O, G, K, L], b?: const[O], stride = st, padding = [p, q],
               dilation = [1, 1], groups = g);
    m = avg_pool2d(x: [_, O, _, _], kernel_size = [M, N], stride = st, padding = [s, t],
                   ceil_mode = false, count_include_pad = true);
    y = add(a, m);
  }
  let P = max(p, s);
  let Q = max(q, t);
  // One at its own channel, everywhere in the window.
  let mean = identity_kernel(O, g, 1, 1).expand([O, G, M, N]) * (1.0 / (M * N));
  where O == G * g, K - 2 * p == M - 2 * s, L - 2 * q == N - 2 * t, shape(a) == shape(m);
  when max(K, M) * max(L, N) <= 2 * K * L;
  rewrite {
    y = conv2d(x, widen(w, p, q, P, Q) + widen(mean, s, t, P, Q), b, stride = st, padding = [P, Q],
               dilation = [1, 1], groups = g);
  }
}
