# SPDX-License-Identifier: Apache-2.0
"""identity, dropout, contiguous and to."""
import torch

FAMILY = "pass_through"

VALUES = {
    torch.float32: [0.0, -0.0, 1.5, -2.7, 100.9, float("nan"), 1e-3],
    torch.float64: [0.1, -2.5, 1e10, 3e-8],
    torch.float16: [0.1, -2.5, 1000.0],
    torch.bfloat16: [0.1, -2.5, 1000.0],
    torch.int64: [0, 1, -1, 127, 16777217, -300, 65536],
    torch.int32: [0, 5, -7, 70000],
    torch.int16: [0, -1, 300],
    torch.int8: [0, -1, 100],
    torch.uint8: [0, 200, 255],
    torch.bool: [True, False],
}


def short(dtype):
    return str(dtype).split(".")[1]


def cases(out):
    x = out.rand(2, 3)
    x[0, 0] = float("nan")
    for op in ("identity", "contiguous"):
        out.case(op, op, [x], {}, x)
        integers = out.randint(2, 2)
        out.case(op + "_ints", op, [integers], {}, integers)
    out.case("dropout", "dropout", [x], {"p": 0.25}, x)
    out.case("dropout_empty", "dropout", [torch.zeros(0, 2)], {}, torch.zeros(0, 2))
    for source, values in VALUES.items():
        x = torch.tensor(values, dtype=source)
        for target in VALUES:
            y = x
            if source.is_floating_point and not target.is_floating_point:
                if target != torch.bool:  # out of range is not defined
                    low, high = torch.iinfo(target).min, torch.iinfo(target).max
                    keep = torch.isfinite(x) & (x.double() > low) & (x.double() < high)
                    y = x[keep]
            out.case(f"to_{short(source)}_{short(target)}", "to", [y], {"dtype": target},
                     y.to(target))
    scalar = torch.tensor(2.75)
    out.case("to_scalar", "to", [scalar], {"dtype": torch.int64}, scalar.to(torch.int64))
