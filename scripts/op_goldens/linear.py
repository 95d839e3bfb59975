# SPDX-License-Identifier: Apache-2.0
"""linear, matmul and scaled_dot_product_attention."""
import torch
import torch.nn.functional as F

FAMILY = "linear"


def linear_cases(out):
    r = out.rand

    def linear(name, x, w, bias=None, residual=None, attrs=None, function=lambda x: x):
        want = F.linear(x, w, bias)
        if residual is not None:
            want = want + residual
        out.case(name, "linear", [x, w, bias, residual], attrs or {}, function(want))

    linear("vector", r(5), r(3, 5), r(3))
    linear("rows", r(4, 5), r(3, 5))
    linear("three_dims", r(2, 3, 7), r(5, 7), r(5))
    linear("long_sum", r(3, 67), r(2, 67), r(2))
    linear("many_rows", r(21, 6), r(5, 6), r(5))
    linear("one_by_one", r(1, 1), r(1, 1), r(1))
    linear("no_rows", r(0, 4), r(3, 4), r(3))
    linear("no_features", torch.zeros(2, 0), torch.zeros(3, 0), r(3))
    linear("residual", r(2, 4), r(3, 4), r(3), r(2, 3))
    linear("residual_relu", r(2, 4), r(3, 4), r(3), r(2, 3), {"act": "relu"}, F.relu)
    linear("gelu", r(2, 4), r(3, 4), None, None, {"act": "gelu"}, F.gelu)
    linear("leaky", r(2, 4), r(3, 4), r(3), None, {"act": "leaky_relu", "act_params": [0.25]},
           lambda x: F.leaky_relu(x, 0.25))
    linear("f64", r(2, 4, dtype=torch.float64), r(3, 4, dtype=torch.float64))
    x = r(2, 4)
    x[0, 1] = float("inf")
    x[1, 2] = float("nan")
    linear("nan_and_inf", x, torch.tensor([[1.0, 0.0, 1.0, 1.0], [0.5, 2.0, 0.0, 0.0]]))


def matmul_cases(out):
    r = out.rand

    def matmul(name, a, b):
        out.case("mm_" + name, "matmul", [a, b], {}, torch.matmul(a, b))

    matmul("vector_vector", r(5), r(5))
    matmul("matrix_vector", r(3, 5), r(5))
    matmul("vector_matrix", r(5), r(5, 4))
    matmul("matrix_matrix", r(3, 5), r(5, 4))
    matmul("wide", r(3, 2), r(2, 35))
    matmul("batch", r(3, 2, 4), r(3, 4, 5))
    matmul("batch_vector", r(2, 3, 4), r(4))
    matmul("vector_batch", r(4), r(2, 4, 3))
    matmul("batch_matrix", r(2, 2, 3, 4), r(4, 2))
    matmul("matrix_batch", r(3, 4), r(2, 4, 2))
    matmul("broadcast", r(2, 1, 3, 4), r(3, 4, 2))
    matmul("broadcast_both", r(2, 1, 1, 2, 3), r(1, 3, 2, 3, 2))
    matmul("no_sum", torch.zeros(2, 0), torch.zeros(0, 3))
    matmul("no_rows", torch.zeros(0, 3), r(3, 2))
    matmul("empty_batch", torch.zeros(0, 2, 3), r(3, 2))
    matmul("integers", out.randint(2, 3, 4), out.randint(4, 2))
    matmul("i32_wraps", torch.full((1, 2), 70000, dtype=torch.int32),
           torch.full((2, 1), 70000, dtype=torch.int32))
    a = r(2, 3)
    a[0, 0] = float("inf")
    b = r(3, 2)
    b[0, 1] = 0.0
    matmul("inf_times_zero", a, b)


def attention_cases(out):
    r = out.rand

    def attend(name, q, k, v, mask=None, **attrs):
        want = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, **attrs)
        out.case("sdpa_" + name, "scaled_dot_product_attention", [q, k, v, mask], attrs, want)

    attend("basic", r(2, 2, 3, 4), r(2, 2, 5, 4), r(2, 2, 5, 6))
    attend("three_dims", r(2, 3, 4), r(2, 3, 4), r(2, 3, 2))
    attend("matrices", r(3, 4), r(2, 4), r(2, 5))
    attend("scale", r(1, 2, 3, 4), r(1, 2, 3, 4), r(1, 2, 3, 4), scale=0.3)
    attend("causal", r(2, 1, 4, 3), r(2, 1, 4, 3), r(2, 1, 4, 2), is_causal=True)
    attend("causal_short", r(1, 2, 2, 3), r(1, 2, 4, 3), r(1, 2, 4, 2), is_causal=True)
    attend("causal_tall", r(1, 1, 4, 3), r(1, 1, 2, 3), r(1, 1, 2, 2), is_causal=True)
    attend("float_mask", r(2, 2, 3, 4), r(2, 2, 4, 4), r(2, 2, 4, 2), r(3, 4))
    attend("mask_per_head", r(2, 3, 2, 4), r(2, 3, 3, 4), r(2, 3, 3, 2), r(2, 3, 2, 3), scale=0.5)
    attend("mask_per_sample", r(2, 3, 2, 4), r(2, 3, 3, 4), r(2, 3, 3, 2), r(2, 1, 1, 3))
    keep = torch.tensor([[True, False, True], [True, True, False]])
    attend("bool_mask", r(2, 2, 2, 4), r(2, 2, 3, 4), r(2, 2, 3, 3), keep)
    padding = torch.tensor([True, True, False]).reshape(1, 1, 1, 3)
    attend("padding_mask", r(2, 2, 2, 4), r(2, 2, 3, 4), r(2, 2, 3, 3), padding)
    nothing = torch.tensor([[False, False, False], [True, True, False]])
    attend("row_sees_nothing", r(1, 2, 2, 4), r(1, 2, 3, 4), r(1, 2, 3, 3), nothing)
    attend("minus_inf_row", r(1, 2, 2, 4), r(1, 2, 3, 4), r(1, 2, 3, 3),
           torch.tensor([[0.0, float("-inf"), 0.0], [float("-inf")] * 3]))
    attend("one_key", r(1, 1, 3, 2), r(1, 1, 1, 2), r(1, 1, 1, 2))
    attend("large_scores", r(1, 1, 2, 4) * 100, r(1, 1, 3, 4) * 100, r(1, 1, 3, 2))


def cases(out):
    linear_cases(out)
    matmul_cases(out)
    attention_cases(out)
