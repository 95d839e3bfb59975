// SPDX-License-Identifier: Apache-2.0
//
// Products without an activation between them are one (case A10), and products of three are taken in
// the cheaper order (cases A3b, B5). Each rule compares the multiply-adds of both sides: a chain
// through a narrow middle is cheaper as it stands.
pat 1;
import "sets.pat";

rule linear_linear : fold, class real {
  match {
    y = linear(x, v: const[P, I], c?: const[P]);
    z = linear(y, w: const[O, P], b?: const[O], r?, act, act_params);
  }
  when I * O <= I * P + P * O;
  rewrite {
    z = linear(x, matmul(w, v),
               has(b) || has(c) ? (b ?? zeros([O])) + matmul(w, c ?? zeros([P])) : none, r, act = act,
               act_params = act_params);
  }
}

/// Any convolution, then a 1x1: filters are combined. A stride of the second joins the first's.
rule conv_conv1x1 : fold, class real {
  match {
    y = conv2d(x, v: const[P, I, K, L], c?: const[P], stride = [s, t], padding = p, dilation = dl,
               groups = 1);
    z = conv2d(y, w: const[O, P, 1, 1], b?: const[O], r?, stride = [m, n], padding = [0, 0],
               dilation = _, groups = 1, act, act_params);
  }
  when numel(z) * I * K * L <= macs(y) + macs(z);
  rewrite {
    z = conv2d(x, matmul(w.reshape([O, P]), v.reshape([P, I * K * L])).reshape([O, I, K, L]),
               has(b) || has(c)
                   ? (b ?? zeros([O])) + matmul(w.reshape([O, P]), c ?? zeros([P])) : none,
               r, stride = [s * m, t * n], padding = p, dilation = dl, groups = 1, act = act,
               act_params = act_params);
  }
}
/// A 1x1, then any convolution. Where the second is padded, it sees zeros rather than the first one's
/// bias: then there may be no such bias.
rule conv1x1_conv : fold, class real {
  match {
    y = conv2d(x, v: const[P, I, 1, 1], c?: const[P], padding = [0, 0], dilation = _, groups = 1);
    z = conv2d(y, w: const[O, P, K, L], b?: const[O], r?, stride = s, padding = p, dilation = dl,
               groups = 1, act, act_params);
  }
  where all([q == 0 for q in p]) || !has(c) || is_splat(c ?? zeros([P]), 0);
  when numel(z) * I * K * L <= macs(y) + macs(z);
  rewrite {
    z = conv2d(x, einsum("opkl,pi->oikl", [w, v.reshape([P, I])]),
               has(b) || has(c)
                   ? (b ?? zeros([O])) + matmul(sum(w, [2, 3]), c ?? zeros([P])) : none,
               r, stride = s, padding = p, dilation = dl, groups = 1, act = act,
               act_params = act_params);
  }
}
/// (a b) c = a (b c) when that is cheaper, batches alike. B5: attention without a softmax.
rule reassociate_right : fold, class real {
  match {
    y = matmul(a: [.., M, K], b: [.., _, N]);
    z = matmul(y, c: [.., _, P]);
  }
  where rank(a) == rank(b), rank(b) == rank(c), shape(a)[0:-2] == shape(b)[0:-2],
        shape(b)[0:-2] == shape(c)[0:-2];
  // The saving is asked to be a quarter, so that the opposite rule never takes it back.
  when 4 * (K * N * P + M * K * P) <= 3 * (M * K * N + M * N * P);
  rewrite { z = matmul(a, matmul(b, c)); }
}
rule reassociate_left : fold, class real {
  match {
    y = matmul(b: [.., K, N], c: [.., _, P]);
    z = matmul(a: [.., M, _], y);
  }
  where rank(a) == rank(b), rank(b) == rank(c), shape(a)[0:-2] == shape(b)[0:-2],
        shape(b)[0:-2] == shape(c)[0:-2];
  when 4 * (M * K * N + M * N * P) <= 3 * (K * N * P + M * K * P);
  rewrite { z = matmul(matmul(a, b), c); }
}

/// A3b: few queries against keys that a product makes from x: q (x W^T + b)^T = (q W) x^T + q b^T.
/// The keys are never formed. As right for latent keys of which a cache holds x (B5).
rule single_query_keys : fold, class real {
  match {
    k = linear(x: [B, S, I], w: const[D, I], b?: const[D]);
    y = matmul(q: [B, M, D], permute(k, dims = [0, 2, 1]));
  }
  let B1 = b ?? zeros([D]);
  when 2 * (M * D * I + M * I * S) <= S * I * D + M * D * S;
  rewrite {
    s = matmul(linear(q, w.permute([1, 0])), permute(x, dims = [0, 2, 1]));
    y = has(b) ? add(s, linear(q, B1.reshape([1, D]))) : s;
  }
}
/// p (x W^T) = (p x) W^T.
rule single_query_values : fold, class real {
  match {
    v = linear(x: [B, S, I], w: const[D, I]);
    y = matmul(p: [B, M, S], v);
  }
  when 2 * (M * S * I + M * I * D) <= S * I * D + M * S * D;
  rewrite { y = linear(matmul(p, x), w); }
}
/// With a bias: rows of a softmax sum to one, so the bias is what it was.
rule single_query_values_bias : fold, class real {
  match {
    v = linear(x: [B, S, I], w: const[D, I], b: const[D]);
    p = softmax(t: [B, M, S], dim = {-1, 2});
    y = matmul(p, v);
  }
  when 2 * (M * S * I + M * I * D) <= S * I * D + M * S * D;
  rewrite { y = linear(matmul(softmax(t, dim = -1), x), w, b); }
}
/// The same with heads: each has its own rows of the weight.
rule single_query_head_keys : fold, class real {
  match {
    k = linear(x: [B, S, I], w: const[D, I], b?: const[D]);
    h = reshape(k, shape = _);
    t = permute(h: [B, S, H, E], dims = [0, 2, 3, 1]);
    y = matmul(q: [B, H, M, E], t);
  }
  let B1 = b ?? zeros([D]);
  where H * E == D;
  when 2 * (M * D * I + M * H * I * S) <= S * I * D + M * D * S;
  rewrite {
    s = matmul(matmul(q, w.reshape([1, H, E, I])),
               permute(reshape(x, shape = [B, 1, S, I]), dims = [0, 1, 3, 2]));
    y = has(b) ? add(s, matmul(q, B1.reshape([1, H, E, 1]))) : s;
  }
}
rule single_query_head_values : fold, class real {
  match {
    v = linear(x: [B, S, I], w: const[D, I], b?: const[D]);
    h = reshape(v, shape = _);
    t = permute(h: [B, S, H, E], dims = [0, 2, 1, 3]);
    p = softmax(l: [B, H, M, S], dim = {-1, 3});
    y = matmul(p, t);
  }
  let B1 = b ?? zeros([D]);
  where H * E == D;
  when 2 * (M * H * I * S + M * D * I) <= S * I * D + M * D * S;
  rewrite {
    s = matmul(matmul(softmax(l, dim = -1), reshape(x, shape = [B, 1, S, I])),
               w.reshape([1, H, E, I]).permute([0, 1, 3, 2]));
    y = has(b) ? add(s, B1.reshape([1, H, 1, E])) : s;
  }
}
