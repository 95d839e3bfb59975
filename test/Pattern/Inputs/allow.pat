// One rule of each kind; wrong on purpose, to be seen.
pat 1;
ruleset s;
rule same : s, class real { match { y = relu(x); } rewrite { y = neg(x); } }
rule near : s, class approx(0.1) { match { y = silu(x); } rewrite { y = hardswish(x); } }
rule other : s, class relaxed "a test" { match { y = gelu(x); } rewrite { y = abs(x); } }
