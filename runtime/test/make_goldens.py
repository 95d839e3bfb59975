# SPDX-License-Identifier: Apache-2.0
"""Writes Goldens.inc: results of PyTorch for the kernels whose definition is PyTorch's code rather
than a formula (coordinate rules, rounding of special values, gate orders).

usage: python make_goldens.py > Goldens.inc   (needs torch; tests need only the file)
"""
import math

import torch
import torch.nn.functional as F

torch.manual_seed(7)


def number(v):
    v = float(v)
    if math.isnan(v):
        return "NAN"
    if math.isinf(v):
        return "INFINITY" if v > 0 else "-INFINITY"
    text = "%.9g" % v
    return text + ("f" if "." in text or "e" in text else ".0f")


def floats(t):
    return "{" + ", ".join(number(v) for v in t.detach().reshape(-1).tolist()) + "}"


def whole(t):
    return "{" + ", ".join(str(int(v)) for v in t.reshape(-1).tolist()) + "}"


print("// Written by make_goldens.py with PyTorch " + torch.__version__.split("+")[0] + ".")

print("const std::vector<UpsampleGolden> upsampleGoldensTable = {")
modes = {"nearest": 0, "nearest-exact": 1, "bilinear": 2, "bicubic": 3}
for mode, code in modes.items():
    for ih, iw, oh, ow in [(3, 4, 6, 8), (3, 4, 5, 7), (5, 6, 3, 2), (1, 1, 3, 2), (4, 3, 1, 1)]:
        for align in [False, True] if code >= 2 else [None]:
            x = torch.randn(1, 2, ih, iw)
            y = F.interpolate(x, size=(oh, ow), mode=mode, align_corners=align)
            print("{%d, 2, %d, %d, %d, %d, %d, 0, 0, %s, %s}," %
                  (code, ih, iw, oh, ow, bool(align), floats(x), floats(y)))
    for sh, sw in [(2.0, 2.0), (1.7, 2.3), (0.6, 0.5)]:
        x = torch.randn(1, 2, 5, 4)
        align = {} if code < 2 else {"align_corners": False}
        y = F.interpolate(x, scale_factor=(sh, sw), mode=mode, recompute_scale_factor=False, **align)
        print("{%d, 2, 5, 4, %d, %d, 0, %r, %r, %s, %s}," %
              (code, y.shape[2], y.shape[3], sh, sw, floats(x), floats(y)))
print("};")

print("const std::vector<GridGolden> gridGoldensTable = {")
for mode, m in [("bilinear", 0), ("nearest", 1), ("bicubic", 2)]:
    for padding, p in [("zeros", 0), ("border", 1), ("reflection", 2)]:
        for align in [False, True]:
            x = torch.randn(2, 2, 4, 5)
            grid = torch.rand(2, 3, 4, 2) * 3.4 - 1.7
            grid[0, 0, 0] = torch.tensor([-1.0, 1.0])
            grid[0, 0, 1] = torch.tensor([0.9999, -0.9999])
            y = F.grid_sample(x, grid, mode=mode, padding_mode=padding, align_corners=align)
            print("{%d, %d, %d, %s, %s, %s}," % (m, p, align, floats(x), floats(grid), floats(y)))
print("};")

print("const std::vector<RnnGolden> rnnGoldensTable = {")
for kind in ["lstm", "gru"]:
    for batch, seq, inputs, hidden, state in [(1, 3, 4, 5, False), (2, 4, 3, 6, True)]:
        net = (torch.nn.LSTM if kind == "lstm" else torch.nn.GRU)(inputs, hidden, bidirectional=True)
        x = torch.randn(seq, batch, inputs)
        h0, c0 = torch.randn(2, batch, hidden), torch.randn(2, batch, hidden)
        if not state:
            h0, c0 = torch.zeros_like(h0), torch.zeros_like(c0)
        if kind == "lstm":
            y, (hn, cn) = net(x, (h0, c0))
        else:
            y, hn = net(x, h0)
            cn = torch.zeros_like(hn)
        weights = [floats(getattr(net, n + s)) for s in ["", "_reverse"]
                   for n in ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"]]
        print("{%d, %d, %d, %d, %d, %d, %s, %s, %s, {%s}, %s, %s, %s}," %
              (kind == "gru", batch, seq, inputs, hidden, state, floats(x), floats(h0), floats(c0),
               ", ".join(weights), floats(y), floats(hn), floats(cn)))
print("};")

special = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.5, -2.5, 3.0, -3.0, 7.0, -7.0, 0.3, 1e-8, -1e-3, 20.5,
           -20.5, 88.0, -88.0, 100.0, -100.0, 1e10, float("inf"), -float("inf"), float("nan")]
pairs = [0.0, -0.0, 1.0, -1.0, 0.5, 2.5, -2.5, 3.0, -7.0, 1e-8, 1e10, float("inf"), -float("inf"),
         float("nan")]
a, b = torch.meshgrid(torch.tensor(pairs), torch.tensor(pairs), indexing="ij")
a, b = a.reshape(-1), b.reshape(-1)
binary = [("add", 0, torch.add), ("sub", 1, torch.sub), ("mul", 2, torch.mul), ("div", 3, torch.div),
          ("floor", 4, lambda p, q: torch.div(p, q, rounding_mode="floor")),
          ("trunc", 5, lambda p, q: torch.div(p, q, rounding_mode="trunc")), ("pow", 6, torch.pow),
          ("maximum", 7, torch.maximum), ("minimum", 8, torch.minimum),
          ("remainder", 9, torch.remainder), ("fmod", 10, torch.fmod), ("atan2", 11, torch.atan2),
          ("eq", 12, torch.eq), ("ne", 13, torch.ne), ("lt", 14, torch.lt), ("le", 15, torch.le),
          ("gt", 16, torch.gt), ("ge", 17, torch.ge), ("and", 18, torch.logical_and),
          ("or", 19, torch.logical_or), ("xor", 20, torch.logical_xor)]
print("const Floats specialFloatsTable = %s;" % floats(torch.tensor(special)))
print("const Floats pairFloatsTable = %s;" % floats(torch.tensor(pairs)))
print("const std::vector<FloatGolden> binaryGoldensTable = {")
for name, op, f in binary:
    print('{"%s", %d, 0, 0, %s},' % (name, op, floats(f(a, b).float())))
print("};")

ints = [0, 1, -1, 2, -2, 3, 7, -7, 10, 100, -100, 127, -128]
ia, ib = torch.meshgrid(torch.tensor(ints), torch.tensor([v for v in ints if v]), indexing="ij")
ia, ib = ia.reshape(-1), ib.reshape(-1)
print("const std::vector<int64_t> specialInt64sTable = %s;" % whole(torch.tensor(ints)))
print("const std::vector<IntGolden> intGoldensTable = {")
for name, op, f in binary + [("band", 21, torch.bitwise_and), ("bor", 22, torch.bitwise_or),
                             ("bxor", 23, torch.bitwise_xor)]:
    if name in ("div", "atan2", "pow"):
        continue
    for dtype, code in [(torch.int64, 8), (torch.int8, 4)]:
        r = f(ia.to(dtype), ib.to(dtype))
        print('{"%s", %d, %d, %s},' % (name, op, code, whole(r)))
print("};")

u = torch.tensor(special)
selu = torch.selu
unary = [(1, 0, 0, F.relu), (2, -1, 2, lambda v: torch.clamp(v, -1, 2)),
         (3, 0.1, 0, lambda v: F.leaky_relu(v, 0.1)), (4, 0.7, 0, lambda v: F.elu(v, 0.7)),
         (5, 0, 0, selu), (6, 1.3, 0, lambda v: F.celu(v, 1.3)), (7, 0, 0, F.silu),
         (8, 0, 0, F.hardswish), (9, 0, 0, F.hardsigmoid), (10, 0, 0, torch.sigmoid),
         (11, 0, 0, torch.tanh), (12, 0, 0, F.gelu),
         (13, 0, 0, lambda v: F.gelu(v, approximate="tanh")),
         (14, 2, 20, lambda v: F.softplus(v, 2, 20)), (15, 0, 0, F.mish), (16, 0, 0, torch.exp),
         (17, 0, 0, torch.expm1), (18, 0, 0, torch.log), (19, 0, 0, torch.log2),
         (20, 0, 0, torch.log10), (21, 0, 0, torch.log1p), (22, 0, 0, torch.sqrt),
         (23, 0, 0, torch.rsqrt), (24, 0, 0, torch.reciprocal), (25, 0, 0, torch.square),
         (26, 0, 0, torch.abs), (27, 0, 0, torch.neg), (28, 0, 0, torch.sign),
         (29, 0, 0, torch.floor), (30, 0, 0, torch.ceil), (31, 0, 0, torch.round),
         (32, 0, 0, torch.trunc), (33, 0, 0, torch.frac), (34, 0, 0, torch.sin),
         (35, 0, 0, torch.cos), (36, 0, 0, torch.tan), (37, 0, 0, torch.asin),
         (38, 0, 0, torch.acos), (39, 0, 0, torch.atan), (40, 0, 0, torch.sinh),
         (41, 0, 0, torch.cosh), (42, 0, 0, torch.asinh), (43, 0, 0, torch.acosh),
         (44, 0, 0, torch.atanh), (45, 0, 0, torch.erf), (46, 0, 0, torch.erfc),
         (47, 0, 0, F.softsign), (48, 0, 0, F.logsigmoid),
         (49, 0.5, 0, lambda v: F.hardshrink(v, 0.5)), (50, 0.4, 0, lambda v: F.softshrink(v, 0.4)),
         (51, 0, 0, F.tanhshrink), (52, 0.3, -9, lambda v: F.threshold(v, 0.3, -9)),
         (53, 2, -3, lambda v: 2 * v - 3), (54, 3, 0, lambda v: v ** 3),
         (55, 0, 0, torch.logical_not), (56, 0, 0, torch.isnan), (57, 0, 0, torch.isinf),
         (58, 0, 0, torch.isfinite)]
print("const std::vector<FloatGolden> unaryGoldensTable = {")
for op, p, q, f in unary:
    print('{"", %d, %s, %s, %s},' % (op, number(p), number(q), floats(f(u).float())))
print("};")
