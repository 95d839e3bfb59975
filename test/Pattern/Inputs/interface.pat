// Edits of the interface, and a rule that profits from them.
pat 1;
ruleset s;

interface {
  // The mask is never used.
  assume input mask = 1;
  assume input x in [0, 255];
  drop output "layer.b";
}

rule no_mask : s, class exact {
  match { y = mul(x, 1); }
  rewrite { y = x; }
}
rule relu_of_pixels : s, class exact {
  match { y = relu(x: & nonnegative); }
  rewrite { y = x; }
}
