# SPDX-License-Identifier: Apache-2.0
"""max_pool2d, avg_pool2d and the adaptive ones."""
import torch
import torch.nn.functional as F

FAMILY = "pooling"

# name, input size, kernel, stride, padding, ceil_mode
WINDOWS = [
    ("basic", (4, 6), (2, 2), (2, 2), (0, 0), False),
    ("overlap", (5, 5), (3, 3), (2, 2), (1, 1), False),
    ("rectangle", (5, 7), (3, 2), (2, 1), (1, 0), False),
    ("rest_dropped", (5, 5), (2, 2), (2, 2), (0, 0), False),
    ("ceil", (5, 5), (2, 2), (2, 2), (0, 0), True),
    ("ceil_last_starts_in_padding", (4, 4), (2, 2), (3, 3), (1, 1), True),
    ("ceil_mixed", (6, 7), (3, 3), (2, 3), (1, 1), True),
    ("ceil_larger_than_input", (2, 3), (3, 3), (2, 2), (0, 0), True),
    ("stride_beyond_kernel", (7, 8), (2, 2), (3, 4), (0, 0), False),
    ("ceil_stride_beyond_kernel", (7, 8), (2, 3), (4, 5), (1, 1), True),
    ("one", (1, 1), (1, 1), (1, 1), (0, 0), False),
    ("whole", (3, 4), (3, 4), (1, 1), (0, 0), False),
]


def cases(out):
    r = out.rand
    for name, size, kernel, stride, padding, ceil in WINDOWS:
        x = r(2, 2, *size, low=-3, high=-0.1)
        attrs = {"kernel_size": kernel, "stride": stride, "padding": padding, "ceil_mode": ceil}
        out.case("max_" + name, "max_pool2d", [x], attrs,
                 F.max_pool2d(x, kernel, stride, padding, 1, ceil))
        for include in (True, False):
            out.case(f"avg_{name}_{'with' if include else 'without'}_pad", "avg_pool2d", [x],
                     dict(attrs, count_include_pad=include),
                     F.avg_pool2d(x, kernel, stride, padding, ceil, include))
        out.case(f"avg_{name}_divisor", "avg_pool2d", [x], dict(attrs, divisor_override=3),
                 F.avg_pool2d(x, kernel, stride, padding, ceil, True, 3))

    def max_pool(name, x, kernel, stride, padding=(0, 0), dilation=(1, 1), ceil=False):
        out.case("max_" + name, "max_pool2d", [x],
                 {"kernel_size": kernel, "stride": stride, "padding": padding,
                  "dilation": dilation, "ceil_mode": ceil},
                 F.max_pool2d(x, kernel, stride, padding, dilation, ceil))

    max_pool("dilated", r(1, 2, 7, 8), (2, 3), (1, 2), (1, 1), (3, 2))
    max_pool("dilated_ceil", r(1, 2, 7, 8), (2, 3), (2, 2), (1, 1), (3, 2), True)
    max_pool("window_in_padding", r(1, 1, 2, 3), (2, 2), (1, 1), (1, 1), (3, 3))
    max_pool("integers", out.randint(1, 2, 3, 4), (2, 2), (1, 2), (1, 1))
    max_pool("no_batch", r(0, 2, 4, 4), (2, 2), (2, 2))
    x = r(1, 1, 4, 4)
    x[0, 0, 0, 1] = float("nan")
    x[0, 0, 2, 3] = float("inf")
    x[0, 0, 2:, :2] = float("-inf")
    max_pool("nan_and_inf", x, (2, 2), (2, 2))
    out.case("avg_nan_and_inf", "avg_pool2d", [x], {"kernel_size": (2, 2), "stride": (2, 2)},
             F.avg_pool2d(x, 2))
    out.case("avg_negative_divisor", "avg_pool2d", [x],
             {"kernel_size": (2, 2), "stride": (1, 1), "divisor_override": -2},
             F.avg_pool2d(x, 2, 1, divisor_override=-2))
    out.case("avg_no_batch", "avg_pool2d", [r(0, 1, 2, 2)],
             {"kernel_size": (2, 2), "stride": (1, 1)}, torch.zeros(0, 1, 1, 1))

    for name, size, output in [("one", (5, 7), (1, 1)), ("divides", (4, 6), (2, 3)),
                               ("overlaps", (5, 7), (3, 4)), ("same", (3, 4), (3, 4)),
                               ("enlarges", (2, 3), (5, 4)), ("from_one", (1, 1), (2, 3)),
                               ("empty", (2, 2), (0, 2))]:
        x = r(2, 3, *size, low=-3, high=-0.1)
        out.case("adaptive_avg_" + name, "adaptive_avg_pool2d", [x], {"output_size": output},
                 F.adaptive_avg_pool2d(x, output))
        out.case("adaptive_max_" + name, "adaptive_max_pool2d", [x], {"output_size": output},
                 F.adaptive_max_pool2d(x, output))
    x = r(1, 1, 3, 3)
    x[0, 0, 1, 1] = float("nan")
    x[0, 0, 0, 0] = float("-inf")
    out.case("adaptive_avg_nan", "adaptive_avg_pool2d", [x], {"output_size": (2, 2)},
             F.adaptive_avg_pool2d(x, 2))
    out.case("adaptive_max_nan", "adaptive_max_pool2d", [x], {"output_size": (3, 2)},
             F.adaptive_max_pool2d(x, (3, 2)))
