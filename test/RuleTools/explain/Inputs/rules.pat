// SPDX-License-Identifier: Apache-2.0
//
// The rules of the near-miss table.
pat 1;
ruleset mine;
ruleset later { after mine; }

rule conv_bn : mine, class real {
  match {
    y = conv2d(x, w: const[O, _, _, _], b?: const[O], act = "none", act_params = [], ..a);
    z = batch_norm(y, mean: const[O], var: const[O] & nonnegative, gamma?: const[O],
                   beta?: const[O], eps = e);
  }
  let s = (gamma ?? ones([O])) * rsqrt(var + e);
  rewrite {
    z = conv2d(x, w * s.reshape([O, 1, 1, 1]),
               ((b ?? zeros([O])) - mean) * s + (beta ?? zeros([O])), act = "none", act_params = [],
               ..a);
  }
}

rule silu : mine, class real {
  match { y = mul(x, sigmoid(x)); }
  where shape(x) == shape(y);
  rewrite { y = silu(x); }
}

rule half : mine, class real {
  match { y = mul(x, 0.5); }
  where is_float(dtype(x));
  rewrite { y = div(x, 2); }
}

rule gelu_inner : mine, class real {
  match { y = erf(mul(x, 0.7071 tol 1e-3)); }
  rewrite { y = erf(div(x, 1.4142135623730951)); }
}

rule softmax_last : mine, class exact {
  match { y = softmax(neg(x), dim = -1); }
  rewrite { y = softmax(neg(x), dim = rank(x) - 1); }
}

rule two_transposes : mine, class exact {
  match { y = permute(permute(x, dims = p), dims = q); }
  where is_identity_perm(compose_perm(p, q));
  rewrite { y = x; }
}

rule mean_hw : mine, class exact {
  match { y = mean(relu(x), dim = [2, 3], keepdim = true); }
  rewrite { y = adaptive_avg_pool2d(relu(x), output_size = [1, 1]); }
}

rule div_self : mine, class real {
  match { y = div(exp(x), sum(exp(x), dim = d, keepdim = true)); }
  where len(d) == 1;
  rewrite { y = softmax(x, dim = d[0]); }
}

rule sub_relu : mine, class exact {
  match { y = sub(relu(x), t); }
  rewrite { y = add(relu(x), neg(t)); }
}

rule cat_two : mine, class exact {
  match { y = relu(cat([a, b], dim = d)); }
  when numel(a) > 8;
  rewrite { y = cat([relu(a), relu(b)], dim = d); }
}

rule wide_linear : mine, class real {
  match { y = linear(x: f32[_, I], w: const[O, I]); z = mul(y, c: const & scalar & positive); }
  when O * I <= 12;
  rewrite { z = linear(x, w * c); }
}

rule square_kernel : later, class real {
  match {
    c = conv2d(x, w: const[_, _, K, K], b?, padding = [p, p], act = "none", act_params = [], ..a);
    y = relu(c);
  }
  where K == 2 * p + 1;
  rewrite {
    y = conv2d(x, w, b, padding = [p, p], act = "relu", act_params = [], ..a);
  }
}

rule relu_of_any : mine, class exact {
  match { y = relu((maximum(x, 0) | clamp(x, min = 0, max = none))); }
  rewrite { y = maximum(x, 0); }
}

rule ordered_add : mine, class exact {
  match { y = ordered add(relu(x), t); }
  rewrite { y = add(t, relu(x)); }
}

rule never : mine, class relaxed "rounds", off {
  match { y = tan(x); }
  rewrite { y = x; }
}

rule wrong_type : mine, class real {
  match { y = amax(exp(x), dim = _, keepdim = _); }
  rewrite { y = exp(x); }
}

rule topk_first : mine, class exact {
  match { (v, i) = topk(neg(x), k = 1, dim = d, sorted = _); }
  rewrite { (v, i) = topk(neg(x), k = 1, dim = d); }
}
