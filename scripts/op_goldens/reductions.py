# SPDX-License-Identifier: Apache-2.0
"""Reductions, argmax and argmin, cumsum, softmax, topk and sort."""
import math

import torch

FAMILY = "reductions"

FLOATS = [torch.float32, torch.float64, torch.float16, torch.bfloat16]
INTS = [torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8]
INF, NAN = math.inf, math.nan


def short(dtype):
    return str(dtype)[6:]


def prod(x, dim, keepdim):
    """torch.prod over several dimensions."""
    dims = sorted({d % max(x.dim(), 1) for d in (dim or range(x.dim()))}, reverse=True)
    x = x if x.dtype.is_floating_point else x.to(torch.int64)
    for d in dims if x.dim() else []:
        x = torch.prod(x, dim=d, keepdim=keepdim)
    return x


def all_dims(function):
    """Functions of torch with an empty list of dimensions meaning all of them."""
    return lambda x, dim, keepdim: function(x, dim=tuple(dim or range(x.dim())), keepdim=keepdim)


FUNCTIONS = {"sum": all_dims(torch.sum), "mean": all_dims(torch.mean), "prod": prod,
             "amax": all_dims(torch.amax), "amin": all_dims(torch.amin),
             "any": all_dims(torch.any), "all": all_dims(torch.all),
             "var": all_dims(torch.var)}


def reduce_case(out, name, op, x, dim=(), keepdim=False):
    attrs = {"dim": list(dim)} if dim else {}
    if keepdim:
        attrs["keepdim"] = True
    out.case(name, op, [x], attrs, FUNCTIONS[op](x, dim, keepdim))


def reduction_cases(out):
    for op in FUNCTIONS:
        def values(*shape):
            x = out.rand(*shape)
            return torch.where(x < 0, torch.zeros(()), x) if op in ("any", "all") else x
        for i, (dim, keepdim) in enumerate([((), False), ((), True), ((0,), False), ((-1,), True),
                                            ((1,), False), ((0, 2), False), ((-1, 1), True),
                                            ((2, 0, 1, 3), False), ((3, 1), False)]):
            reduce_case(out, f"{op}_dims{i}", op, values(2, 3, 4, 2), dim, keepdim)
        reduce_case(out, f"{op}_scalar", op, values())
        reduce_case(out, f"{op}_scalar_dim", op, values(), (-1,))
        reduce_case(out, f"{op}_one", op, values(1, 1), (0,), True)
        reduce_case(out, f"{op}_no_results", op, torch.zeros(0, 3), (1,))
        if op not in ("amax", "amin"):
            reduce_case(out, f"{op}_of_nothing", op, torch.zeros(0, 3), (0,))
            reduce_case(out, f"{op}_of_nothing_all", op, torch.zeros(2, 0))
        for name, special in [("nan", [1.0, NAN, 3.0]), ("inf", [1.0, INF, 3.0]),
                              ("both_inf", [INF, -INF, 1.0]), ("nan_first", [NAN, INF, 0.0]),
                              ("zeros", [0.0, -0.0, 0.0])]:
            reduce_case(out, f"{op}_{name}", op, torch.tensor(special))
        for dtype in FLOATS[1:]:
            reduce_case(out, f"{op}_{short(dtype)}", op, values(3, 4).to(dtype), (1,))
        if op in ("mean", "var"):
            continue
        for dtype in INTS + [torch.bool]:
            if op in ("any", "all") and dtype == torch.uint8:
                continue # PyTorch's result is u8 for history's sake; importers convert
            x = out.randint(3, 4, low=0 if dtype == torch.uint8 else -9).to(dtype)
            reduce_case(out, f"{op}_{short(dtype)}", op, x, (1,))
            reduce_case(out, f"{op}_all_{short(dtype)}", op, x)
    big = torch.tensor([2**62, 2**62, 2**62])
    reduce_case(out, "sum_wraps", "sum", big)
    reduce_case(out, "prod_wraps", "prod", big)
    reduce_case(out, "sum_u8_widens", "sum", torch.full((3,), 255, dtype=torch.uint8))
    reduce_case(out, "sum_large_and_small", "sum", torch.tensor([1e8] + [1.0] * 40))
    for correction in (0.0, 1.0, 2.0, 0.5, 3.0, 7.0):
        x = out.rand(2, 3)
        out.case(f"var_correction_{str(correction).replace('.', '_')}", "var", [x],
                 {"dim": [1], "correction": correction},
                 torch.var(x, dim=1, correction=correction))
    x = out.rand(6) + 1000
    out.case("var_far_from_zero", "var", [x.double()], {}, torch.var(x.double()))


def arg_cases(out):
    for op in ("argmax", "argmin"):
        function = getattr(torch, op)
        x = out.randint(3, 4, 2, low=-3, high=4).float() # with ties
        for i, (dim, keepdim) in enumerate([(None, False), (None, True), (0, False), (1, True),
                                            (-1, False), (-3, True)]):
            out.case(f"{op}_{i}", op, [x], {"dim": dim, "keepdim": keepdim},
                     function(x, dim=dim, keepdim=keepdim))
        for name, special in [("nan", [1.0, NAN, 3.0, NAN]), ("inf", [1.0, INF, -INF, INF]),
                              ("zeros", [0.0, -0.0]), ("only_nan", [NAN, NAN])]:
            t = torch.tensor(special)
            out.case(f"{op}_{name}", op, [t], {"dim": 0}, function(t, dim=0))
        out.case(f"{op}_scalar", op, [torch.tensor(3.0)], {}, function(torch.tensor(3.0)))
        out.case(f"{op}_scalar_dim", op, [torch.tensor(3.0)], {"dim": -1, "keepdim": True},
                 function(torch.tensor(3.0), dim=-1, keepdim=True))
        empty = torch.zeros(0, 3)
        out.case(f"{op}_no_results", op, [empty], {"dim": 1}, function(empty, dim=1))
        for dtype in FLOATS[1:] + INTS:
            t = out.randint(2, 5, low=0, high=4).to(dtype)
            out.case(f"{op}_{short(dtype)}", op, [t], {"dim": 1}, function(t, dim=1))


def scan_cases(out):
    for i, (shape, dim) in enumerate([((4,), 0), ((2, 3, 2), 1), ((2, 3, 2), -1), ((2, 3, 2), 0),
                                      ((), 0), ((), -1), ((1,), 0), ((0, 3), 0), ((2, 0), 0)]):
        x = out.rand(*shape)
        out.case(f"cumsum_{i}", "cumsum", [x], {"dim": dim}, torch.cumsum(x, dim))
        out.case(f"softmax_{i}", "softmax", [x], {"dim": dim}, torch.softmax(x, dim))
        out.case(f"log_softmax_{i}", "log_softmax", [x], {"dim": dim}, torch.log_softmax(x, dim))
    for dtype in FLOATS[1:] + INTS + [torch.bool]:
        x = out.randint(2, 4, low=0, high=5).to(dtype)
        out.case(f"cumsum_{short(dtype)}", "cumsum", [x], {"dim": 1}, torch.cumsum(x, 1))
        if dtype.is_floating_point:
            out.case(f"softmax_{short(dtype)}", "softmax", [x], {"dim": 1}, torch.softmax(x, 1))
            out.case(f"log_softmax_{short(dtype)}", "log_softmax", [x], {"dim": 1},
                     torch.log_softmax(x, 1))
    x = torch.tensor([2**63 - 1, 1, 5])
    out.case("cumsum_wraps", "cumsum", [x], {"dim": 0}, torch.cumsum(x, 0))
    for name, special in [("nan", [1.0, NAN, 3.0]), ("inf", [1.0, INF, 3.0]),
                          ("minus_inf", [1.0, -INF, 3.0]), ("only_minus_inf", [-INF, -INF]),
                          ("large", [1000.0, 1001.0, 999.0]), ("far_apart", [0.0, -500.0, 500.0])]:
        x = torch.tensor(special)
        for op in ("cumsum", "softmax", "log_softmax"):
            out.case(f"{op}_{name}", op, [x], {"dim": 0}, getattr(torch, op)(x, 0))


def order_cases(out):
    for i, (shape, dim) in enumerate([((6,), -1), ((3, 4, 2), 1), ((3, 4, 2), 0), ((3, 4, 2), -1),
                                      ((), 0), ((1,), 0), ((0, 3), 1), ((3, 0), 1)]):
        x = torch.randperm(math.prod(shape), generator=out.random).float().reshape(shape)
        for descending in (False, True):
            want = torch.sort(x, dim=dim, descending=descending, stable=True)
            out.case(f"sort_{i}_{'down' if descending else 'up'}", "sort", [x],
                     {"dim": dim, "descending": descending}, tuple(want))
        size = shape[dim] if shape else 1
        for k in sorted({0, 1, size // 2, size} & set(range(size + 1))):
            for largest in (True, False):
                want = torch.topk(x, k, dim=dim, largest=largest)
                out.case(f"topk_{i}_{k}_{'most' if largest else 'least'}", "topk", [x],
                         {"k": k, "dim": dim, "largest": largest}, tuple(want))
    for dtype in FLOATS[1:] + INTS + [torch.bool]:
        x = out.randint(3, 6, low=0, high=3).to(dtype)  # with ties
        for descending in (False, True):
            want = torch.sort(x, descending=descending, stable=True)
            out.case(f"sort_{short(dtype)}_{'down' if descending else 'up'}", "sort", [x],
                     {"descending": descending}, tuple(want))
        if dtype != torch.bool:
            x = torch.randperm(12, generator=out.random).reshape(2, 6).to(dtype)
            out.case(f"topk_{short(dtype)}", "topk", [x], {"k": 2}, tuple(torch.topk(x, 2)))
    x = torch.tensor([1.0, NAN, -INF, INF, 0.0, 2.0])
    for descending in (False, True):
        want = torch.sort(x, descending=descending, stable=True)
        out.case(f"sort_special_{'down' if descending else 'up'}", "sort", [x],
                 {"descending": descending}, tuple(want))
        want = torch.topk(x, 4, largest=descending)
        out.case(f"topk_special_{'most' if descending else 'least'}", "topk", [x],
                 {"k": 4, "largest": descending}, tuple(want))
    x = torch.tensor([NAN, 1.0, NAN, -0.0, 0.0, NAN])
    for descending in (False, True):
        want = torch.sort(x, descending=descending, stable=True)
        out.case(f"sort_nans_{'down' if descending else 'up'}", "sort", [x],
                 {"descending": descending}, tuple(want))


def cases(out):
    reduction_cases(out)
    arg_cases(out)
    scan_cases(out)
    order_cases(out)
