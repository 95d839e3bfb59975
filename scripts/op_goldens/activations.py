# SPDX-License-Identifier: Apache-2.0
"""Activations as ops of their own, and prelu."""
import math

import torch
import torch.nn.functional as F

FAMILY = "activations"

FLOATS = [torch.float32, torch.float64, torch.float16, torch.bfloat16]
SPECIAL = torch.tensor([0.0, -0.0, 1e-4, -1e-4, 3.0, -3.0, 5.9, -5.9, 30.0, -30.0, 200.0, -200.0,
                        math.inf, -math.inf, math.nan])


def float_cases(out, name, op, function, attrs=None):
    attrs = attrs or {}
    for dtype in FLOATS:
        # Multiples of 1/8 are the same numbers in every dtype.
        x = torch.round(out.rand(2, 3, 2, low=-6, high=6) * 8).div(8).to(dtype)
        out.case(f"{name}_{str(dtype)[6:]}", op, [x], attrs, function(x))
    # PyTorch's vectorised gelu gives NaN for infinities, its scalar one inf for inf.
    special = SPECIAL[~SPECIAL.isinf()] if name == "gelu" else SPECIAL
    out.case(f"{name}_special", op, [special], attrs, function(special))
    out.case(f"{name}_scalar", op, [torch.tensor(-0.75)], attrs, function(torch.tensor(-0.75)))
    empty = torch.zeros(2, 0, 3)
    out.case(f"{name}_empty", op, [empty], attrs, function(empty))


def cases(out):
    for op, function in [("relu", F.relu), ("silu", F.silu), ("hardswish", F.hardswish),
                         ("hardsigmoid", F.hardsigmoid), ("sigmoid", torch.sigmoid),
                         ("tanh", torch.tanh), ("mish", F.mish), ("gelu", F.gelu),
                         ("leaky_relu", F.leaky_relu), ("elu", F.elu), ("softplus", F.softplus)]:
        float_cases(out, op, op, function)
    float_cases(out, "gelu_tanh", "gelu", lambda x: F.gelu(x, approximate="tanh"),
                {"approximate": "tanh"})
    float_cases(out, "leaky_relu_slope", "leaky_relu", lambda x: F.leaky_relu(x, 0.3),
                {"negative_slope": 0.3})
    float_cases(out, "elu_alpha", "elu", lambda x: F.elu(x, 1.7), {"alpha": 1.7})
    float_cases(out, "selu", "elu", F.selu,
                {"alpha": 1.6732632423543772, "scale": 1.0507009873554805})
    float_cases(out, "softplus_beta", "softplus", lambda x: F.softplus(x, 2.5, 6.0),
                {"beta": 2.5, "threshold": 6.0})
    for name, lo, hi in [("both", -1.5, 2.0), ("min", 0.25, None), ("max", None, -0.5),
                         ("crossed", 2.0, -1.0), ("infinite", -math.inf, 1.0)]:
        float_cases(out, f"clamp_{name}", "clamp", lambda x: torch.clamp(x, lo, hi),
                    {"min": lo, "max": hi})

    for dtype in (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8):
        x = out.randint(7, low=0 if dtype == torch.uint8 else -9, high=120).to(dtype)
        name = str(dtype)[6:]
        out.case(f"relu_{name}", "relu", [x], {}, F.relu(x))
        out.case(f"clamp_{name}", "clamp", [x], {"min": 2.0, "max": 50.0}, torch.clamp(x, 2, 50))
        out.case(f"clamp_max_{name}", "clamp", [x], {"max": 5.0}, torch.clamp(x, max=5))
        out.case(f"sigmoid_{name}", "sigmoid", [x], {}, torch.sigmoid(x))
        out.case(f"tanh_{name}", "tanh", [x], {}, torch.tanh(x))
    flags = torch.tensor([True, False])
    out.case("sigmoid_bool", "sigmoid", [flags], {}, torch.sigmoid(flags))

    for name, shape, slopes in [("channels", (2, 3, 2, 2), 3), ("one", (2, 3, 2), 1),
                                ("matrix", (3, 4), 4), ("vector", (5,), 1), ("scalar", (), 1),
                                ("empty", (2, 0, 3), 1), ("single_channel", (2, 1, 3), 1)]:
        x, w = out.rand(*shape), out.rand(slopes, low=0.1, high=0.9)
        out.case(f"prelu_{name}", "prelu", [x, w], {}, F.prelu(x, w))
    x, w = torch.tensor([[math.nan, -math.inf, math.inf, -1.0]]), torch.tensor([0.5])
    out.case("prelu_special", "prelu", [x, w], {}, F.prelu(x, w))
    x, w = out.rand(2, 2).half(), torch.tensor([0.5, 0.25]).half()
    out.case("prelu_half", "prelu", [x, w], {}, F.prelu(x, w))
