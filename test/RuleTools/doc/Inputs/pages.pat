// SPDX-License-Identifier: Apache-2.0
pat 1;
ruleset mine;

frag half(t) = mul(t, 0.5) | div(t, 2);

/// Half of a <product> is a product
/// with half of the weight.
rule half_linear : mine, benefit 3, class real {
  match {
    y = linear(x: f32[_, I], w: const[O, I], b?: const[O]);
    z = half(y);
  }
  where shape(y) == shape(z), O * I < 100;
  let s = 0.5;
  rewrite { z = linear(x, w * s, (b ?? zeros([O])) * s); }
}

rule wrong : mine, class exact {
  match { y = relu(x); }
  rewrite { y = abs(x); }
}

test "fires" for half_linear {
  graph (x: f32[2,3]) {
    const w: f32[4,3] = file("random", "w");
    const h: f32[] = dense[0.5];
    a = linear(x, w);
    b = mul(a, h);
    return b;
  }
  expect fired 1;
}
test "needed elsewhere" for half_linear {
  graph (x: f32[2,3]) {
    const w: f32[4,3] = file("random", "w");
    const h: f32[] = dense[0.5];
    a = linear(x, w);
    b = mul(a, h);
    return a, b;
  }
  expect no_match because "graph output";
}
