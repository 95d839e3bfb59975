// SPDX-License-Identifier: Apache-2.0
//
// Constant factors and sums folded into convolutions and products, wrongly in one way each.
pat 1;
ruleset wrong;

/// Any constant is taken for one number for each channel.
rule scale_any_shape : wrong, class real {
  match {
    y = conv2d(x, w: const[O, _, _, _], act = "none", act_params = [], ..a);
    z = mul(y, c: const);
  }
  where numel(c) == O, shape(y) == shape(z);
  rewrite { z = conv2d(x, w * c.reshape([O, 1, 1, 1]), act = "none", act_params = [], ..a); }
}

/// The bias is not scaled.
rule scale_not_bias : wrong, class real {
  match {
    y = conv2d(x, w: const[O, _, _, _], b?: const[O], act = "none", act_params = [], ..a);
    z = mul(y, c: const[1, O, 1, 1]);
  }
  rewrite { z = conv2d(x, w * c.reshape([O, 1, 1, 1]), b, act = "none", act_params = [], ..a); }
}

/// The activation comes between.
rule scale_behind_act : wrong, class real {
  match {
    y = conv2d(x, w: const[O, _, _, _], b?: const[O], ..a);
    z = mul(y, c: const[1, O, 1, 1]);
  }
  rewrite {
    z = conv2d(x, w * c.reshape([O, 1, 1, 1]), has(b) ? b * c.reshape([O]) : none, ..a);
  }
}

/// The residual is not scaled.
rule scale_not_residual : wrong, class real {
  match {
    y = linear(x, w: const[O, _], b?: const[O], r?);
    z = mul(y, c: const & scalar);
  }
  where shape(y) == shape(z);
  rewrite { z = linear(x, w * item(c), has(b) ? b * item(c) : none, r); }
}

/// The constant may widen the result.
rule shift_widens : wrong, class real {
  match { y = linear(x, w: const[O, _]); z = add(y, c: const[.., O]); }
  rewrite { z = linear(x, w, c.reshape([-1])[0:O]); }
}

/// The old bias is replaced, not added to.
rule shift_replaces_bias : wrong, class real {
  match { y = linear(x, w: const[O, _], b?: const[O]); z = add(y, c: const[O]); }
  rewrite { z = linear(x, w, has(b) ? c : c); }
}

/// Minus is no plus.
rule sub_as_add : wrong, class real {
  match { y = linear(x, w: const[O, _]); z = sub(y, c: const[O]); }
  rewrite { z = linear(x, w, c); }
}

/// c - y is not y - c.
rule sub_reversed : wrong, class real {
  match { y = linear(x, w: const[O, _]); z = sub(c: const[O], y); }
  rewrite { z = linear(x, w, -c); }
}

/// The factor is applied twice.
rule scale_twice : wrong, class real {
  match { y = linear(x, w: const[O, _], b?: const[O]); z = mul(y, c: const[O]); }
  rewrite { z = linear(x, w * c[:, None] * c[:, None], has(b) ? b * c : none); }
}

/// The factor of the inputs is not that of the outputs.
rule scale_inputs : wrong, class real {
  match { y = linear(x, w: const[O, O]); z = mul(y, c: const[O]); }
  rewrite { z = linear(x, w * c[None, :]); }
}

/// Division is not multiplication.
rule div_as_mul : wrong, class real {
  match { y = linear(x, w: const[O, _]); z = div(y, c: const[O] & positive); }
  rewrite { z = linear(x, w * c[:, None]); }
}

/// A factor on the input of a linear belongs to the columns.
rule scale_before : wrong, class real {
  match { y = mul(x, c: const[O]); z = linear(y, w: const[O, O], b?: const[O]); }
  where shape(x) == shape(y);
  rewrite { z = linear(x, w * c[:, None], b); }
}

/// The sum in front of a linear also passes through its weight.
rule shift_before : wrong, class real {
  match { y = add(x, c: const[I]); z = linear(y, w: const[I, I], b?: const[I]); }
  where shape(x) == shape(y);
  rewrite { z = linear(x, w, (b ?? zeros([I])) + c); }
}

/// Two linears in one: the weights multiply the other way round.
rule linears_order : wrong, class real {
  match { y = linear(x, u: const[M, M]); z = linear(y, v: const[M, M]); }
  rewrite { z = linear(x, matmul(u, v)); }
}

/// The first bias passes through the second weight.
rule linears_bias : wrong, class real {
  match { y = linear(x, u: const[M, _], b: const[M]); z = linear(y, v: const[O, M]); }
  where M == O;
  rewrite { z = linear(x, matmul(v, u), b); }
}
