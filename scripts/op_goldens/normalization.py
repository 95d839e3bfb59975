# SPDX-License-Identifier: Apache-2.0
"""batch_norm, layer_norm, group_norm, instance_norm and rms_norm."""
import torch
import torch.nn.functional as F

FAMILY = "normalization"


def cases(out):
    r = out.rand

    def batch(name, x, weight=None, bias=None, eps=1e-5):
        c = x.shape[1]
        mean, var = r(c), r(c, low=0.1, high=3.0)
        out.case("batch_" + name, "batch_norm", [x, mean, var, weight, bias], {"eps": eps},
                 F.batch_norm(x, mean, var, weight, bias, False, 0.1, eps))

    batch("four_dims", r(2, 3, 2, 4), r(3), r(3))
    batch("plain", r(2, 3, 2, 2))
    batch("weight_only", r(1, 2, 3), r(2))
    batch("bias_only", r(1, 2, 3), None, r(2))
    batch("two_dims", r(4, 3), r(3), r(3), eps=0.1)
    batch("five_dims", r(2, 2, 2, 1, 2), r(2), r(2))
    batch("no_batch", r(0, 3, 2, 2), r(3), r(3))
    x = r(1, 2, 4)
    x[0, 1, 2] = float("nan")
    x[0, 0, 0] = float("inf")
    batch("nan_and_inf", x, r(2), r(2))
    x, mean = r(1, 2, 3), r(2)
    var, weight = torch.tensor([0.5, -1.0]), r(2)
    out.case("batch_bad_variance", "batch_norm", [x, mean, var, weight], {"eps": 0.0},
             F.batch_norm(x, mean, var, weight, None, False, 0.1, 0.0))

    def layer(name, x, shape, weight=None, bias=None, eps=1e-5):
        out.case("layer_" + name, "layer_norm", [x, weight, bias],
                 {"normalized_shape": shape, "eps": eps}, F.layer_norm(x, shape, weight, bias, eps))

    layer("last", r(2, 3, 8), [8], r(8), r(8))
    layer("two_last", r(2, 3, 4), [3, 4], r(3, 4), r(3, 4))
    layer("plain", r(3, 5), [5])
    layer("weight_only", r(3, 5), [5], r(5))
    layer("bias_only", r(3, 5), [5], None, r(5), eps=0.5)
    layer("whole", r(2, 3), [2, 3], r(2, 3))
    layer("one_element", r(3, 1), [1], r(1), r(1))
    layer("constant_row", torch.full((2, 4), 3.0), [4], r(4), r(4))
    layer("no_rows", r(0, 4), [4], r(4), r(4))
    x = r(2, 6) + 1000  # in f32, PyTorch's own result has few good digits here
    out.case("layer_far_from_zero", "layer_norm", [x], {"normalized_shape": [6]},
             F.layer_norm(x.double(), [6]).float())
    x = r(2, 4)
    x[0, 1] = float("inf")
    layer("inf", x, [4])
    layer("f64", r(2, 4, dtype=torch.float64), [4], r(4, dtype=torch.float64))

    def group(name, x, groups, weight=None, bias=None, eps=1e-5):
        out.case("group_" + name, "group_norm", [x, weight, bias],
                 {"num_groups": groups, "eps": eps}, F.group_norm(x, groups, weight, bias, eps))

    group("two", r(2, 4, 3, 2), 2, r(4), r(4))
    group("each", r(2, 3, 2, 2), 3, r(3), r(3))
    group("all", r(2, 3, 2, 2), 1, r(3), r(3))
    group("plain", r(1, 4, 5), 2, eps=0.01)
    group("weight_only", r(1, 4, 2, 3), 4, r(4))
    group("bias_only", r(1, 4, 2, 3), 2, None, r(4))
    group("two_dims", r(3, 6), 2, r(6), r(6))
    group("no_batch", r(0, 4, 2, 2), 2, r(4), r(4))

    def instance(name, x, weight=None, bias=None, eps=1e-5):
        out.case("instance_" + name, "instance_norm", [x, weight, bias], {"eps": eps},
                 F.instance_norm(x, weight=weight, bias=bias, eps=eps))

    instance("affine", r(2, 3, 3, 2), r(3), r(3))
    instance("plain", r(2, 2, 4, 3))
    instance("three_dims", r(2, 3, 5), r(3), r(3), eps=0.1)
    instance("five_dims", r(1, 2, 2, 2, 3))

    def rms(name, x, shape, weight=None, eps=None):
        out.case("rms_" + name, "rms_norm", [x, weight], {"normalized_shape": shape, "eps": eps},
                 F.rms_norm(x, shape, weight, eps))

    rms("last", r(2, 3, 5), [5], r(5), 1e-6)
    rms("plain", r(2, 4), [4])
    rms("two_last", r(2, 3, 2), [3, 2], r(3, 2))
    rms("default_eps_counts", r(2, 4) * 1e-4, [4])
    rms("default_eps_f64", r(2, 4, dtype=torch.float64) * 1e-9, [4])
    rms("default_eps_f16", r(2, 4).to(torch.float16) * 1e-2, [4])
    rms("default_eps_bf16", r(2, 4).to(torch.bfloat16) * 1e-3, [4])
    rms("zeros", torch.zeros(1, 3), [3], r(3))
    rms("big_eps", r(2, 3), [3], None, 2.0)
