# SPDX-License-Identifier: Apache-2.0
"""Functions of one and of two operands, comparisons, logic, bits, where."""
import math

import torch

FAMILY = "elementwise"

FLOATS = [torch.float32, torch.float64, torch.float16, torch.bfloat16]
INTS = [torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8]
INF, NAN = math.inf, math.nan


def short(dtype):
    return str(dtype)[6:]


def eighths(out, *shape, low=-6, high=6):
    """Multiples of 1/8, which are the same numbers in every float dtype."""
    return torch.round(out.rand(*shape, low=low, high=high) * 8).div(8)


def unary_cases(out):
    ordinary = ["abs", "neg", "exp", "expm1", "sin", "cos", "tan", "erf", "floor", "ceil", "round",
                "trunc", "sign", "reciprocal", "logical_not", "isnan"]
    positive = ["log", "log2", "log1p", "sqrt", "rsqrt"]
    special = torch.tensor([0.0, -0.0, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 0.25, -0.75, INF, -INF, NAN,
                            1e30, -1e30, 100.0, -100.0])
    for op in ordinary + positive:
        function = getattr(torch, op)
        for dtype in FLOATS:
            x = eighths(out, 2, 5, low=0.125 if op in positive else -4, high=4).to(dtype)
            out.case(f"{op}_{short(dtype)}", op, [x], {}, function(x))
        x = special[:-4] if op in ("sin", "cos", "tan") else special
        out.case(f"{op}_special", op, [x], {}, function(x))
        out.case(f"{op}_scalar", op, [torch.tensor(0.75)], {}, function(torch.tensor(0.75)))
        out.case(f"{op}_empty", op, [torch.zeros(0, 2)], {}, function(torch.zeros(0, 2)))
        for dtype in INTS:
            x = torch.tensor([0, 1, 2, 7, 100] + ([] if dtype == torch.uint8 else [-1, -8]))
            x = x.to(dtype)
            out.case(f"{op}_{short(dtype)}", op, [x], {}, function(x))
        if op not in ("abs", "neg", "floor", "ceil", "round", "trunc"):
            x = torch.tensor([True, False])
            out.case(f"{op}_bool", op, [x], {}, function(x))
    for op in ("abs", "neg"):
        for dtype in INTS:
            x = torch.tensor([torch.iinfo(dtype).min, torch.iinfo(dtype).max], dtype=dtype)
            out.case(f"{op}_limits_{short(dtype)}", op, [x], {}, getattr(torch, op)(x))
    large = torch.tensor([16777217, 33554435, 9007199254740993])
    out.case("exp_bool_scalar", "exp", [torch.tensor(True)], {}, torch.exp(torch.tensor(True)))
    out.case("sqrt_large_i64", "sqrt", [large], {}, torch.sqrt(large))
    for dtype in INTS + [torch.bool]:
        x = torch.tensor([0, 1, 5, 200]).to(dtype)
        out.case(f"bitwise_not_{short(dtype)}", "bitwise_not", [x], {}, torch.bitwise_not(x))


def int_pair(out, dtype, nonzero=False):
    a = out.randint(3, 4, low=0 if dtype == torch.uint8 else -40, high=60).to(dtype)
    b = out.randint(3, 4, low=0 if dtype == torch.uint8 else -7, high=8)
    if nonzero:
        b = torch.where(b == 0, torch.tensor(5), b)
    return a, b.to(dtype)


DIVIDING = {"remainder": torch.remainder, "fmod": torch.fmod,
            "div_floor": lambda a, b: torch.div(a, b, rounding_mode="floor"),
            "div_trunc": lambda a, b: torch.div(a, b, rounding_mode="trunc")}


def op_of(name):
    return (name[:3], {"rounding_mode": name[4:]}) if name.startswith("div_") else (name, {})


def arithmetic_cases(out):
    functions = {"add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div,
                 "pow": torch.pow, "maximum": torch.maximum, "minimum": torch.minimum,
                 "atan2": torch.atan2, **DIVIDING}
    specials = torch.tensor([0.0, -0.0, 1.0, -1.0, 2.5, -2.5, 7.0, INF, -INF, NAN])
    a, b = specials.repeat_interleave(10), specials.repeat(10)
    for name, function in functions.items():
        op, attrs = op_of(name)
        for dtype in FLOATS:
            x = eighths(out, 3, 4, low=0.125 if name == "pow" else -6).to(dtype)
            y = eighths(out, 3, 4, low=-3, high=3).to(dtype)
            y = torch.where(y == 0, torch.tensor(0.5, dtype=dtype), y)
            out.case(f"{name}_{short(dtype)}", op, [x, y], attrs, function(x, y))
        out.case(f"{name}_special", op, [a, b], attrs, function(a, b))
        for left, right in [((2, 3), (3,)), ((2, 1, 3), (4, 1)), ((), (2, 2)), ((1,), ()),
                            ((0, 3), (1, 3)), ((3, 1), (1, 0)), ((1, 1, 2), (2,))]:
            x, y = eighths(out, *left, low=0.125), eighths(out, *right, low=0.5)
            label = "x".join(map(str, left)) + "_by_" + "x".join(map(str, right))
            out.case(f"{name}_{label}", op, [x, y], attrs, function(x, y))
        for dtype in INTS:
            x, y = int_pair(out, dtype, nonzero=name in DIVIDING)
            if name == "pow":
                y = y.abs()
            out.case(f"{name}_{short(dtype)}", op, [x, y], attrs, function(x, y))
    for dtype in INTS:
        lo, hi = torch.iinfo(dtype).min, torch.iinfo(dtype).max
        x, y = torch.tensor([lo, hi, lo, hi], dtype=dtype), torch.tensor([hi, hi, lo, 1], dtype=dtype)
        for name in ("add", "sub", "mul", "maximum", "minimum"):
            out.case(f"{name}_limits_{short(dtype)}", name, [x, y], {}, functions[name](x, y))
        if dtype != torch.uint8:
            x, y = torch.tensor([1, -1, -1, 2, 0, 3], dtype=dtype), \
                torch.tensor([-1, -1, -2, -1, -1, 4], dtype=dtype)
            out.case(f"pow_negative_{short(dtype)}", "pow", [x, y], {}, torch.pow(x, y))
    x, y = torch.tensor([True, True, False, False]), torch.tensor([True, False, True, False])
    for name in ("add", "mul", "div", "maximum", "minimum", "atan2"):
        out.case(f"{name}_bool", name, [x, y], {}, functions[name](x, y))
    x, y = torch.tensor([1, 5, -5, 0]), torch.tensor([0, 0, 0, 0])
    out.case("div_i64_by_zero", "div", [x, y], {}, torch.div(x, y))
    # Quotients that round to an integer in their dtype, which a wider quotient does not.
    x = torch.tensor([1.0, 0.3, 0.6, 1e10, 5e9, -1.0, -0.3])
    y = torch.tensor([0.1, 0.1, 0.2, 3.0, -7.0, 0.1, 0.1])
    for dtype in FLOATS:
        for name, function in DIVIDING.items():
            op, attrs = op_of(name)
            u, v = x.to(dtype), y.to(dtype)
            out.case(f"{name}_rounding_{short(dtype)}", op, [u, v], attrs, function(u, v))


def predicate_cases(out):
    specials = torch.tensor([0.0, -0.0, 1.0, INF, -INF, NAN])
    a, b = specials.repeat_interleave(6), specials.repeat(6)
    for op in ("eq", "ne", "lt", "le", "gt", "ge", "logical_and", "logical_or", "logical_xor"):
        function = getattr(torch, op)
        out.case(f"{op}_special", op, [a, b], {}, function(a, b))
        for dtype in FLOATS[1:] + INTS + [torch.bool]:
            x, y = out.randint(4, 3, low=0, high=3).to(dtype), out.randint(3, low=0, high=3).to(dtype)
            out.case(f"{op}_{short(dtype)}", op, [x, y], {}, function(x, y))
        x, y = out.randint(2, 1), out.randint(1, 3)
        out.case(f"{op}_outer", op, [x, y], {}, function(x, y))
        x, y = torch.zeros(0, 2), torch.zeros(2)
        out.case(f"{op}_empty", op, [x, y], {}, function(x, y))
    for op in ("bitwise_and", "bitwise_or", "bitwise_xor"):
        for dtype in INTS + [torch.bool]:
            x, y = int_pair(out, dtype)
            out.case(f"{op}_{short(dtype)}", op, [x, y[0]], {}, getattr(torch, op)(x, y[0]))


def where_cases(out):
    for name, c, x, y in [("same", (2, 3), (2, 3), (2, 3)), ("broadcast", (2, 1), (1, 3), ()),
                          ("condition_widest", (2, 2, 3), (3,), (2, 1)), ("scalars", (), (), ()),
                          ("values_widest", (1,), (2, 2), (2,)), ("empty", (0, 2), (2,), (1, 2))]:
        condition = out.randint(*c, low=0, high=2).bool()
        a, b = out.rand(*x), out.rand(*y)
        out.case(f"where_{name}", "where", [condition, a, b], {}, torch.where(condition, a, b))
    condition = torch.tensor([True, False, True])
    for dtype in FLOATS + INTS + [torch.bool]:
        a, b = torch.tensor([1, 0, 3]).to(dtype), torch.tensor([0, 5, 6]).to(dtype)
        out.case(f"where_{short(dtype)}", "where", [condition, a, b], {},
                 torch.where(condition, a, b))
    a, b = torch.tensor([NAN, NAN, INF]), torch.tensor([1.0, -INF, NAN])
    out.case("where_special", "where", [condition, a, b], {}, torch.where(condition, a, b))


def cases(out):
    unary_cases(out)
    arithmetic_cases(out)
    predicate_cases(out)
    where_cases(out)
