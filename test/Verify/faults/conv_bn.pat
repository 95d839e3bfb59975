// SPDX-License-Identifier: Apache-2.0
//
// Batch norm folded into weights, wrongly in one way each. Verification must reject all of them.
pat 1;
ruleset wrong;

/// The bias of the convolution is not scaled.
rule bias_not_scaled : wrong, class real {
  match {
    y = conv2d(x, w: const[O, _, _, _], b?: const[O], act = "none", act_params = [], ..a);
    z = batch_norm(y, mean: const[O], var: const[O] & nonnegative, gamma?: const[O], beta?: const[O], eps);
  }
  let s = (gamma ?? ones([O])) * rsqrt(var + eps);
  rewrite {
    z = conv2d(x, w * s[:, None, None, None],
               (b ?? zeros([O])) - mean * s + (beta ?? zeros([O])), act = "none", act_params = [], ..a);
  }
}

/// The convolution's bias is forgotten.
rule bias_forgotten : wrong, class real {
  match {
    y = conv2d(x, w: const[O, _, _, _], b?: const[O], act = "none", act_params = [], ..a);
    z = batch_norm(y, mean: const[O], var: const[O] & nonnegative, gamma?: const[O], beta?: const[O], eps);
  }
  let s = (gamma ?? ones([O])) * rsqrt(var + eps);
  rewrite {
    z = conv2d(x, w * s[:, None, None, None],
               (has(b) ? zeros([O]) : zeros([O])) - mean * s + (beta ?? zeros([O])), act = "none", act_params = [], ..a);
  }
}

/// The mean is not subtracted.
rule mean_forgotten : wrong, class real {
  match {
    y = conv2d(x, w: const[O, _, _, _], b?: const[O], act = "none", act_params = [], ..a);
    z = batch_norm(y, mean: const[O], var: const[O] & nonnegative, gamma?: const[O], beta?: const[O], eps);
  }
  let s = (gamma ?? ones([O])) * rsqrt(var + eps);
  rewrite {
    z = conv2d(x, w * s[:, None, None, None],
               (b ?? zeros([O])) * s + (beta ?? zeros([O])) + 0 * mean, act = "none", act_params = [], ..a);
  }
}

/// eps is added outside of the root.
rule eps_outside : wrong, class real {
  match {
    y = conv2d(x, w: const[O, _, _, _], b?: const[O], act = "none", act_params = [], ..a);
    z = batch_norm(y, mean: const[O], var: const[O] & positive, gamma?: const[O], beta?: const[O], eps);
  }
  let s = (gamma ?? ones([O])) / (sqrt(var) + eps);
  rewrite {
    z = conv2d(x, w * s[:, None, None, None],
               ((b ?? zeros([O])) - mean) * s + (beta ?? zeros([O])), act = "none", act_params = [], ..a);
  }
}

/// eps counts twice.
rule eps_twice : wrong, class real {
  match {
    y = conv2d(x, w: const[O, _, _, _], b?: const[O], act = "none", act_params = [], ..a);
    z = batch_norm(y, mean: const[O], var: const[O] & nonnegative, gamma?: const[O], beta?: const[O], eps);
  }
  let s = (gamma ?? ones([O])) * rsqrt(var + eps + eps);
  rewrite {
    z = conv2d(x, w * s[:, None, None, None],
               ((b ?? zeros([O])) - mean) * s + (beta ?? zeros([O])), act = "none", act_params = [], ..a);
  }
}

/// The default of eps instead of the one that is there.
rule eps_default : wrong, class real {
  match {
    y = conv2d(x, w: const[O, _, _, _], b?: const[O], act = "none", act_params = [], ..a);
    z = batch_norm(y, mean: const[O], var: const[O] & nonnegative, gamma?: const[O], beta?: const[O], eps = _);
  }
  let s = (gamma ?? ones([O])) * rsqrt(var + 0.00001);
  rewrite {
    z = conv2d(x, w * s[:, None, None, None],
               ((b ?? zeros([O])) - mean) * s + (beta ?? zeros([O])), act = "none", act_params = [], ..a);
  }
}

/// The factor of the first channel for all.
rule one_channel : wrong, class real {
  match {
    y = conv2d(x, w: const[O, _, _, _], b?: const[O], act = "none", act_params = [], ..a);
    z = batch_norm(y, mean: const[O], var: const[O] & nonnegative, gamma?: const[O], beta?: const[O], eps);
  }
  let s = (gamma ?? ones([O])) * rsqrt(var + eps);
  rewrite {
    z = conv2d(x, w * s[0],
               ((b ?? zeros([O])) - mean) * s + (beta ?? zeros([O])), act = "none", act_params = [], ..a);
  }
}

/// beta is scaled too.
rule beta_scaled : wrong, class real {
  match {
    y = conv2d(x, w: const[O, _, _, _], b?: const[O], act = "none", act_params = [], ..a);
    z = batch_norm(y, mean: const[O], var: const[O] & nonnegative, gamma?: const[O], beta?: const[O], eps);
  }
  let s = (gamma ?? ones([O])) * rsqrt(var + eps);
  rewrite {
    z = conv2d(x, w * s[:, None, None, None],
               ((b ?? zeros([O])) - mean + (beta ?? zeros([O]))) * s, act = "none", act_params = [], ..a);
  }
}

/// gamma is forgotten where it is there.
rule gamma_forgotten : wrong, class real {
  match {
    y = conv2d(x, w: const[O, _, _, _], b?: const[O], act = "none", act_params = [], ..a);
    z = batch_norm(y, mean: const[O], var: const[O] & nonnegative, gamma?: const[O], beta?: const[O], eps);
  }
  let s = (has(gamma) ? ones([O]) : ones([O])) * rsqrt(var + eps);
  rewrite {
    z = conv2d(x, w * s[:, None, None, None],
               ((b ?? zeros([O])) - mean) * s + (beta ?? zeros([O])), act = "none", act_params = [], ..a);
  }
}

/// The activation between the two is ignored.
rule act_ignored : wrong, class real {
  match {
    y = conv2d(x, w: const[O, _, _, _], b?: const[O], ..a);
    z = batch_norm(y, mean: const[O], var: const[O] & nonnegative, gamma?: const[O], beta?: const[O], eps);
  }
  let s = (gamma ?? ones([O])) * rsqrt(var + eps);
  rewrite {
    z = conv2d(x, w * s[:, None, None, None],
               ((b ?? zeros([O])) - mean) * s + (beta ?? zeros([O])), ..a);
  }
}

/// Groups are ignored.
rule groups_dropped : wrong, class real {
  match {
    y = conv2d(x, w: const[O, _, _, _], b?: const[O], act = "none", act_params = [],
               stride = st, padding = p, dilation = d, groups = _);
    z = batch_norm(y, mean: const[O], var: const[O] & nonnegative, gamma?: const[O], beta?: const[O], eps);
  }
  let s = (gamma ?? ones([O])) * rsqrt(var + eps);
  rewrite {
    z = conv2d(x, w * s[:, None, None, None],
               ((b ?? zeros([O])) - mean) * s + (beta ?? zeros([O])), stride = st, padding = p, dilation = d);
  }
}

/// The factor stands on the input channels.
rule wrong_axis : wrong, class real {
  match {
    y = conv2d(x, w: const[O, O, _, _], b?: const[O], act = "none", act_params = [], ..a);
    z = batch_norm(y, mean: const[O], var: const[O] & nonnegative, gamma?: const[O], beta?: const[O], eps);
  }
  let s = (gamma ?? ones([O])) * rsqrt(var + eps);
  rewrite {
    z = conv2d(x, w * s[None, :, None, None],
               ((b ?? zeros([O])) - mean) * s + (beta ?? zeros([O])), act = "none", act_params = [], ..a);
  }
}

/// A transposed convolution's weight is [C, O / groups, KH, KW]: right without groups only.
rule deconv_groups : wrong, class real {
  match {
    y = conv_transpose2d(x, w: const[C, Q, KH, KW], b?: const[O], ..a);
    z = batch_norm(y, mean: const[O], var: const[O] & nonnegative, gamma?: const[O], beta?: const[O], eps);
  }
  let s = (gamma ?? ones([O])) * rsqrt(var + eps);
  rewrite {
    z = conv_transpose2d(x, w * s[0:Q][None, :, None, None],
            ((b ?? zeros([O])) - mean) * s + (beta ?? zeros([O])), ..a);
  }
}

/// The channels are counted by the wrong dimension for three and more dimensions.
rule linear_any_rank : wrong, class real {
  match {
    y = linear(x, w: const[O, _], b?: const[O]);
    z = batch_norm(y, mean: const[O], var: const[O] & nonnegative, gamma?: const[O], beta?: const[O], eps);
  }
  let s = (gamma ?? ones([O])) * rsqrt(var + eps);
  rewrite { z = linear(x, w * s[:, None], ((b ?? zeros([O])) - mean) * s + (beta ?? zeros([O]))); }
}

/// A batch norm in front of a padded convolution: its shift is no zero in the padding.
rule bn_conv_padding : wrong, class real {
  match {
    y = batch_norm(x, mean: const[C], var: const[C] & nonnegative, gamma?: const[C], beta?: const[C], eps);
    z = conv2d(y, w: const[O, Q, KH, KW], b?: const[O], act = "none", act_params = [], groups = g, ..a);
  }
  let s = (gamma ?? ones([C])) * rsqrt(var + eps);
  let shift = (beta ?? zeros([C])) - mean * s;
  let grouped = w.reshape([g, floordiv(O, g), Q, KH, KW]);
  rewrite {
    z = conv2d(x, (grouped * s.reshape([g, 1, Q, 1, 1])).reshape([O, Q, KH, KW]),
               (b ?? zeros([O])) + sum(grouped * shift.reshape([g, 1, Q, 1, 1]), [2, 3, 4]).reshape([O]),
               act = "none", act_params = [], groups = g, ..a);
  }
}

/// The groups of the convolution behind are ignored.
rule bn_conv_groups : wrong, class real {
  match {
    y = batch_norm(x, mean: const[C], var: const[C] & nonnegative, gamma?: const[C], beta?: const[C], eps);
    z = conv2d(y, w: const[O, Q, KH, KW], b?: const[O], act = "none", act_params = [], padding = [0, 0], ..a);
  }
  let s = (gamma ?? ones([C])) * rsqrt(var + eps);
  let shift = (beta ?? zeros([C])) - mean * s;
  rewrite {
    z = conv2d(x, w * s[0:Q][None, :, None, None],
               (b ?? zeros([O])) + sum(w * shift[0:Q][None, :, None, None], [1, 2, 3]),
               act = "none", act_params = [], padding = [0, 0], ..a);
  }
}
