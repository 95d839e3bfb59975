# SPDX-License-Identifier: Apache-2.0
"""Views, slices, joins, padding and other movement of elements."""
import torch
import torch.nn.functional as F

FAMILY = "shape"

DTYPES = [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int32,
          torch.int16, torch.int8, torch.uint8, torch.bool]


def count(*shape):
    """Distinct elements 0.0, 1.0, ..."""
    return torch.arange(torch.Size(shape).numel()).float().reshape(shape)


def numbered(out, op, function, rows):
    """One case for each (shape, attrs)."""
    for i, (shape, attrs) in enumerate(rows):
        x = count(*shape)
        out.case(f"{op}_{i}", op, [x], attrs, function(x, **attrs))


def view_cases(out):
    numbered(out, "reshape", lambda x, shape: x.reshape(shape),
             [((2, 6), {"shape": s}) for s in ([12], [3, 4], [-1], [3, -1], [-1, 1, 2], [1, 12, 1])]
             + [((), {"shape": [1, 1]}), ((1, 1), {"shape": []}), ((0, 3), {"shape": [3, 0]}),
                ((0, 3), {"shape": [-1, 3]}), ((0, 3), {"shape": [5, 0, 2]})])
    numbered(out, "permute", lambda x, dims: x.permute(dims),
             [((2, 3, 4), {"dims": d}) for d in ([0, 1, 2], [2, 1, 0], [1, 2, 0], [-1, 0, -2])]
             + [((), {"dims": []}), ((3,), {"dims": [0]}), ((2, 0, 3), {"dims": [2, 0, 1]}),
                ((2, 1, 2, 3, 2), {"dims": [4, 1, 0, 3, 2]})])
    numbered(out, "expand", lambda x, shape: x.expand(shape),
             [((3, 1), {"shape": [3, 4]}), ((3, 1), {"shape": [2, -1, 4]}), ((1,), {"shape": [0]}),
              ((), {"shape": [2, 3]}), ((2, 3), {"shape": [-1, -1]}), ((1, 3), {"shape": [4, 2, 3]}),
              ((1, 1), {"shape": [1, 1, 1]}), ((0, 1), {"shape": [2, 0, 3]})])


def slice_cases(out):
    def sliced(x, dim, start=0, end=2**63 - 1, step=1):
        return torch.ops.aten.slice(x, dim, start, end, step)
    rows = [((6, 3), {"dim": 0, **a}) for a in
            ({}, {"start": 2}, {"end": 4}, {"start": -2}, {"end": -1}, {"step": 2}, {"step": 100},
             {"start": 1, "end": 6, "step": 2}, {"start": 5, "end": 2}, {"start": 100},
             {"start": -100, "end": 2}, {"end": -100}, {"start": 1, "step": 3},
             {"step": 2**40}, {"start": -2**63, "end": 2**63 - 1})]
    rows += [((2, 5, 3), {"dim": -2, "start": 1, "end": 4}), ((2, 3), {"dim": 1, "start": 1}),
             ((0, 3), {"dim": 0, "start": 1}), ((2, 0), {"dim": 0, "end": 1}), ((1,), {"dim": -1})]
    numbered(out, "slice", sliced, rows)
    for i, (shape, attrs) in enumerate(rows):
        x = count(*shape)
        src = -1 - count(*sliced(x, **attrs).shape)
        want = torch.slice_scatter(x, src, attrs["dim"], attrs.get("start", 0),
                                   attrs.get("end", 2**63 - 1), attrs.get("step", 1))
        out.case(f"slice_scatter_{i}", "slice_scatter", [x, src], attrs, want)
    rows = [((3, 4), {"dim": 0, "index": 1}), ((3, 4), {"dim": 1, "index": -1}), ((5,), {"dim": 0, "index": 0}),
            ((2, 3, 4), {"dim": -2, "index": 2}), ((2, 0), {"dim": 0, "index": 1}), ((1, 1), {"dim": 1, "index": -1})]
    numbered(out, "select", lambda x, dim, index: x.select(dim, index), rows)
    for i, (shape, attrs) in enumerate(rows):
        x = count(*shape)
        src = -1 - count(*x.select(**attrs).shape)
        out.case(f"select_scatter_{i}", "select_scatter", [x, src], attrs,
                 torch.select_scatter(x, src, **attrs))
    numbered(out, "split", lambda x, sizes, dim=0: torch.split(x, sizes, dim),
             [((6,), {"sizes": [1, 2, 3]}), ((2, 6), {"sizes": [2, 4], "dim": 1}),
              ((2, 4, 3), {"sizes": [1, 0, 3], "dim": -2}), ((3,), {"sizes": [3]}),
              ((0, 2), {"sizes": [0, 0]}), ((2, 3), {"sizes": [1, 1, 1], "dim": -1})])


def join_cases(out):
    for i, (shapes, dim) in enumerate([(((2, 3), (2, 1)), 1), (((2, 3), (1, 3), (3, 3)), 0),
                                       (((2, 2, 2), (2, 3, 2)), -2), (((4,),), 0),
                                       (((0, 3), (2, 3)), 0), (((2, 0), (2, 0)), 1),
                                       (((1, 2), (1, 2), (1, 2), (1, 2)), -1), (((1,), (1,)), 0)]):
        inputs = [out.rand(*s) for s in shapes]
        out.case(f"cat_{i}", "cat", inputs, {"dim": dim}, torch.cat(inputs, dim))
    x = count(2, 3)
    out.case("cat_self", "cat", [x, x], {"dim": 1}, torch.cat([x, x], 1))
    numbered(out, "flip", lambda x, dims: torch.flip(x, dims),
             [((2, 3), {"dims": d}) for d in ([0], [1], [0, 1], [-1], [])]
             + [((), {"dims": []}), ((2, 0), {"dims": [0]}), ((3, 2, 2), {"dims": [-1, 0]})])
    numbered(out, "roll", lambda x, shifts, dims: torch.roll(x, shifts, dims),
             [((5,), {"shifts": [s], "dims": [0]}) for s in (1, -1, 0, 5, 7, -13, 2**62)]
             + [((3, 4), {"shifts": [1, -2], "dims": [0, -1]}),
                ((3, 4), {"shifts": [1, 1], "dims": [1, 1]}), ((0, 2), {"shifts": [1], "dims": [0]}),
                ((2, 3, 2), {"shifts": [2], "dims": [-2]})])
    numbered(out, "repeat", lambda x, repeats: x.repeat(repeats),
             [((3,), {"repeats": [2]}), ((2, 3), {"repeats": [2, 2]}), ((2,), {"repeats": [3, 1]}),
              ((2, 2), {"repeats": [2, 1, 3]}), ((), {"repeats": [2, 2]}), ((3,), {"repeats": [0]}),
              ((0, 2), {"repeats": [4, 2]}), ((), {"repeats": []}), ((1, 3), {"repeats": [2, 0]})])
    diagonals = [0, 1, -1, 5, -5, 2**63 - 1, -2**63]
    rows = [((3, 4), {"diagonal": d}) for d in diagonals] + \
        [((2, 3, 2), {"diagonal": 0}), ((2, 2, 4, 3), {"diagonal": -1}), ((0, 3), {"diagonal": 0}),
         ((3, 0), {"diagonal": 0}), ((1, 1), {"diagonal": 1})]
    for op in ("tril", "triu"):
        for i, (shape, attrs) in enumerate(rows):
            x = count(*shape) + 1
            out.case(f"{op}_{i}", op, [x], attrs, getattr(torch, op)(x, attrs["diagonal"]))


def pad_cases(out):
    def padded(x, pad, mode="constant", value=0.0):
        return F.pad(x, pad, mode, value) if mode == "constant" else F.pad(x, pad, mode)
    numbered(out, "pad", padded, [
        ((3,), {"pad": [1, 2]}), ((3,), {"pad": [0, 0]}), ((2, 3), {"pad": [1, 0, 0, 2], "value": -1.5}),
        ((2, 3), {"pad": [2, 1], "value": float("inf")}), ((2, 3), {"pad": []}),
        ((4,), {"pad": [-1, 0]}), ((4,), {"pad": [-1, -2]}), ((4,), {"pad": [3, -2]}),
        ((4,), {"pad": [-2, -2]}), ((0,), {"pad": [1, 1], "value": 2.0}), ((2, 0), {"pad": [0, 0, 1, 0]}),
        ((2, 3, 2), {"pad": [1, 1, -1, 2, 0, 1], "value": 9.0}), ((), {"pad": []}),
        ((1, 2, 3, 3), {"pad": [1, 1, 1, 1]}),
        ((1, 4), {"pad": [3, 3], "mode": "reflect"}), ((1, 4), {"pad": [1, 0], "mode": "reflect"}),
        ((1, 1, 3, 4), {"pad": [2, 1, 1, 2], "mode": "reflect"}),
        ((1, 2, 2, 2, 3), {"pad": [1, 2, 1, 1, 1, 0], "mode": "reflect"}),
        ((1, 1, 5), {"pad": [4, -2], "mode": "reflect"}), ((1, 1, 5), {"pad": [-1, 3], "mode": "reflect"}),
        ((1, 4), {"pad": [3, 5], "mode": "replicate"}), ((1, 1), {"pad": [2, 2], "mode": "replicate"}),
        ((2, 1, 3, 4), {"pad": [2, 1, 4, 0], "mode": "replicate"}),
        ((1, 1, 5), {"pad": [2, -3], "mode": "replicate"}), ((1, 1, 5), {"pad": [-3, 2], "mode": "replicate"}),
        ((1, 1, 3), {"pad": [3, 3], "mode": "circular"}), ((1, 1, 4), {"pad": [1, 2], "mode": "circular"}),
        ((2, 1, 3, 4), {"pad": [2, 1, 1, 3], "mode": "circular"}),
        ((1, 1, 5), {"pad": [2, -1], "mode": "circular"}), ((1, 1, 5), {"pad": [-1, 2], "mode": "circular"})])
    for dtype in DTYPES:
        x = torch.tensor([1, 0, 3]).to(dtype)
        out.case(f"pad_{str(dtype)[6:]}", "pad", [x], {"pad": [1, 1], "value": 7.0},
                 F.pad(x, (1, 1), value=7))


def dtype_cases(out):
    for dtype in DTYPES:
        name = str(dtype)[6:]
        x = out.randint(2, 3, low=0, high=5).to(dtype)
        y = out.randint(2, 3, low=0, high=5).to(dtype)
        out.case(f"reshape_{name}", "reshape", [x], {"shape": [3, 2]}, x.reshape(3, 2))
        out.case(f"permute_{name}", "permute", [x], {"dims": [1, 0]}, x.permute(1, 0))
        out.case(f"expand_{name}", "expand", [x], {"shape": [2, 2, 3]}, x.expand(2, 2, 3))
        out.case(f"slice_{name}", "slice", [x], {"dim": 1, "start": 1}, x[:, 1:])
        out.case(f"select_{name}", "select", [x], {"dim": 0, "index": 1}, x[1])
        out.case(f"split_{name}", "split", [x], {"sizes": [1, 2], "dim": 1},
                 torch.split(x, [1, 2], 1))
        out.case(f"cat_{name}", "cat", [x, y], {}, torch.cat([x, y]))
        out.case(f"flip_{name}", "flip", [x], {"dims": [1]}, x.flip(1))
        out.case(f"roll_{name}", "roll", [x], {"shifts": [1], "dims": [1]}, x.roll(1, 1))
        out.case(f"repeat_{name}", "repeat", [x], {"repeats": [1, 2]}, x.repeat(1, 2))
        out.case(f"tril_{name}", "tril", [x], {}, torch.tril(x))
        out.case(f"triu_{name}", "triu", [x], {}, torch.triu(x))
        out.case(f"slice_scatter_{name}", "slice_scatter", [x, y[:, :2]], {"dim": 1, "end": 2},
                 torch.slice_scatter(x, y[:, :2], 1, 0, 2))
        out.case(f"select_scatter_{name}", "select_scatter", [x, y[0]], {"dim": 0, "index": -1},
                 torch.select_scatter(x, y[0], 0, -1))


def cases(out):
    view_cases(out)
    slice_cases(out)
    join_cases(out)
    pad_cases(out)
    dtype_cases(out)
