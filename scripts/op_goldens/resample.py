# SPDX-License-Identifier: Apache-2.0
"""upsample_nearest2d, upsample_bilinear2d, upsample_bicubic2d and grid_sample."""
import torch
import torch.nn.functional as F

FAMILY = "resample"

SIZES = [("same", (3, 4), (3, 4)), ("double", (3, 4), (6, 8)), ("odd", (3, 4), (7, 5)),
         ("shrink", (7, 9), (3, 4)), ("one", (3, 4), (1, 1)), ("from_one", (1, 1), (3, 2)),
         ("one_row", (4, 5), (1, 7))]
SCALES = [("double", (3, 4), (2.0, 2.0)), ("fraction", (5, 7), (1.5, 1.3)),
          ("shrink", (7, 9), (0.6, 0.45)), ("mixed", (4, 5), (2.7, 0.8))]


def upsample_cases(out):
    r = out.rand
    for mode in ("nearest", "bilinear", "bicubic"):
        op = f"upsample_{mode}2d"
        function = getattr(torch.ops.aten, op)
        for corners in ((None,) if mode == "nearest" else (False, True)):
            attrs = {} if corners is None else {"align_corners": corners}
            suffix = "_corners" if corners else ""
            for name, size, output in SIZES:
                x = r(2, 2, *size)
                arguments = [x, list(output)] + ([] if corners is None else [corners])
                out.case(f"{mode}_{name}{suffix}", op, [x], dict(attrs, output_size=output),
                         function(*arguments))
            for name, size, scales in SCALES:
                x = r(1, 2, *size)
                arguments = [x, None] + ([] if corners is None else [corners]) + [list(scales)]
                want = function.vec(*arguments)
                out.case(f"{mode}_scales_{name}{suffix}", op, [x],
                         dict(attrs, output_size=list(want.shape[2:]), scales=scales), want)
        x = r(1, 1, 3, 5, dtype=torch.float64)
        arguments = [x, [5, 4]] + ([] if mode == "nearest" else [False])
        out.case(mode + "_f64", op, [x], {"output_size": (5, 4)}, function(*arguments))
        x = r(0, 1, 3, 5)
        arguments = [x, [5, 4]] + ([] if mode == "nearest" else [False])
        out.case(mode + "_no_batch", op, [x], {"output_size": (5, 4)}, function(*arguments))
    # Sizes that are equal or doubled are copies, though the scales say otherwise.
    for mode in ("nearest", "bilinear", "bicubic"):
        x, scales = r(1, 2, 3, 8), [1.19, 2.03]
        function = getattr(torch.ops.aten, f"upsample_{mode}2d").vec
        want = function(*([x, None] + ([] if mode == "nearest" else [False]) + [scales]))
        out.case(mode + "_scales_copy", f"upsample_{mode}2d", [x],
                 {"output_size": list(want.shape[2:]), "scales": scales}, want)
    # In f32, 41 * (in / out) falls just below a whole number for some sizes.
    x = r(1, 1, 1, 31)
    out.case("nearest_rounding", "upsample_nearest2d", [x], {"output_size": (1, 93)},
             torch.ops.aten.upsample_nearest2d(x, [1, 93]))


def sample(x, grid, mode, padding, corners):
    """In f64, because coordinates in f32 cost the last digits; but which pixel is nearest is what
    f32 says."""
    if mode == "nearest":
        return F.grid_sample(x, grid, mode, padding, corners)
    return F.grid_sample(x.double(), grid.double(), mode, padding, corners).float()


def grid_cases(out):
    r = out.rand
    for mode in ("bilinear", "nearest", "bicubic"):
        for padding in ("zeros", "border", "reflection"):
            for corners in (False, True):
                x = r(2, 2, 3, 4)
                grid = r(2, 4, 3, 2, low=-1.6, high=1.6)
                out.case(f"grid_{mode}_{padding}{'_corners' if corners else ''}", "grid_sample",
                         [x, grid], {"mode": mode, "padding_mode": padding,
                                     "align_corners": corners},
                         sample(x, grid, mode, padding, corners))
                far = r(1, 2, 3, 2, low=-9, high=9)
                x = r(1, 1, 2, 3)
                out.case(f"grid_far_{mode}_{padding}{'_corners' if corners else ''}",
                         "grid_sample", [x, far],
                         {"mode": mode, "padding_mode": padding, "align_corners": corners},
                         sample(x, far, mode, padding, corners))
                one = r(1, 1, 1, 1)
                grid = r(1, 2, 2, 2)
                out.case(f"grid_pixel_{mode}_{padding}{'_corners' if corners else ''}",
                         "grid_sample", [one, grid],
                         {"mode": mode, "padding_mode": padding, "align_corners": corners},
                         sample(one, grid, mode, padding, corners))
    x = r(1, 1, 3, 3)
    exact = torch.tensor([[[[-1.0, -1.0], [1.0, 1.0], [0.0, 0.0], [-1.0, 1.0]]]])
    for corners in (False, True):
        out.case("grid_corner_points" + ("_corners" if corners else ""), "grid_sample", [x, exact],
                 {"align_corners": corners}, F.grid_sample(x, exact, align_corners=corners))
    huge = torch.tensor([[[[float("inf"), 0.0], [0.0, float("-inf")], [1e30, 0.1]]]])
    out.case("grid_infinite", "grid_sample", [x, huge], {},
             torch.zeros(1, 1, 1, 3))


def cases(out):
    upsample_cases(out)
    grid_cases(out)
