#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the TorchScript files under test/Import/TorchScript/Inputs, with PyTorch's results.

    make_ts_fixtures.py DIR [NAME ...]

For each fixture DIR/NAME.pt, and where it is meant to be imported DIR/NAME.golden: lines `in NAME
TYPE` and `out NAME TYPE`, an empty line, and the tensors' bytes one after the other. Run it with
PyTorch 2.13 for Inputs/v2_13 and with 1.13 for Inputs/v1_13.
"""
import collections
import os
import sys
from typing import Dict, List, NamedTuple, Optional, Tuple

import torch
import torch.nn as nn
import torch.nn.functional as F

DTYPES = {torch.float32: "f32", torch.float16: "f16", torch.float64: "f64", torch.int64: "i64",
          torch.int32: "i32", torch.bool: "bool", torch.uint8: "u8", torch.int8: "i8",
          torch.bfloat16: "bf16", torch.int16: "i16"}
VERSION = tuple(int(p) for p in torch.__version__.split(".")[:2])


def randomised(model):
    for m in model.modules():
        if isinstance(m, nn.BatchNorm2d):
            nn.init.normal_(m.running_mean, 0, 0.5)
            nn.init.uniform_(m.running_var, 0.5, 2)
            nn.init.uniform_(m.weight, 0.5, 1.5)
            nn.init.normal_(m.bias, 0, 0.5)
    return model


class Cnn(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 6, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(6),
            nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1))
        self.depthwise = nn.Conv2d(6, 6, 3, padding=2, dilation=2, groups=6)
        self.act = nn.ReLU6(inplace=True)
        self.same = nn.Conv2d(6, 4, (2, 3), padding="same")
        self.up = nn.ConvTranspose2d(4, 4, 3, stride=2, padding=1, output_padding=1, groups=2)
        self.head = nn.Linear(4, 5)
        self.drop = nn.Dropout(0.3)

    def forward(self, x) -> Dict[str, torch.Tensor]:
        f = self.features(x)
        y = self.act(self.depthwise(f)) + f
        y = self.same(y)
        u = self.up(y)
        p = F.adaptive_avg_pool2d(u, 1).flatten(1)
        return {"logits": self.head(self.drop(p)), "map": u}


class Aliasing(nn.Module):
    """In-place operations whose effects are seen under other names."""

    def forward(self, x, y) -> Dict[str, torch.Tensor]:
        a = x * 1.0
        b = a            # the same tensor
        a.add_(1.0)      # b changes
        c = a.view(2, 12)
        c[:, 3:7].mul_(2.0)          # a and b change, through a view of a view
        d = y.clone()
        d[..., :2] = d[..., :2] * 3.0 + 1.0   # as detection heads do
        d[:, 1::2, 2].fill_(7.0)
        e = y.permute(0, 2, 1)
        before = e.sum()
        z = y * 1.0
        t = z.transpose(1, 2)
        t.relu_()                    # z changes
        t[0].zero_()
        w = z.reshape(2, -1)         # a view, since z is contiguous
        w[1, 0] = 42.0
        parts = []
        s = x * 2.0
        for i in range(3):
            s.add_(float(i))
            parts.append(s[:, i])    # views of s: all see the last addition
        k1, k2 = torch.chunk(s, 2, 2)
        k1.neg_()
        copied = s.clone()
        s.zero_()
        m = x * 1.0
        m.masked_fill_(m > 0.5, -1.0)
        n = x * 1.0
        n[n < 0] = 0.25
        q = x * 1.0
        q[torch.tensor([1, 0]), torch.tensor([2, 1])] = torch.ones(4) * 9.0
        r = torch.zeros(2, 3)
        r[0] = torch.tensor([1.0, 2.0, 3.0])
        r[:, 1] += 10.0
        detached = x.detach()
        return {"a": a, "b": b, "c": c, "d": d, "e": e, "before": before, "z": z, "t": t,
                "list": torch.stack(parts), "k": k1 + k2, "copied": copied, "s": s, "m": m, "n": n,
                "q": q, "r": r + x.sum(), "detached": detached * 2.0}


class Ops(nn.Module):
    """One output for each operator or spelling."""

    def forward(self, x, i, b) -> Dict[str, torch.Tensor]:
        out: Dict[str, torch.Tensor] = {}
        p = x.abs() + 0.5
        # Promotion.
        out["int_times_float"] = i * 0.5
        out["int_div"] = i / 3
        out["int_floordiv"] = i // 3
        out["int_floordiv_neg"] = torch.div(-i, 3, rounding_mode="floor")
        out["int_trunc"] = torch.div(-i, 3, rounding_mode="trunc")
        out["int_mod"] = torch.remainder(-i, 3)
        out["bool_plus_int"] = b + 1
        out["bool_sum"] = b.sum()
        out["half_scalar"] = x.half() * 2.5
        out["float_plus_int_tensor"] = x[:, :, 0] + i
        out["f64"] = x.double() + x
        out["zero_dim"] = x * torch.tensor(2.0).double()
        out["rsub"] = 1 - x
        out["add_alpha"] = torch.add(x, p, alpha=2.5)
        out["pow2"] = x ** 2
        out["pow_scalar_base"] = 2.0 ** x
        out["pow_half"] = p ** 0.5
        out["int_pow"] = i ** 2
        # Elementwise.
        out["clamp_min"] = x.clamp(min=-0.1)
        out["clamp"] = x.clamp(-0.3, 0.4)
        out["hardtanh"] = F.hardtanh(x, -0.5, 0.25)
        out["gelu"] = F.gelu(x)
        out["gelu_tanh"] = F.gelu(x, approximate="tanh")
        out["silu"] = F.silu(x)
        out["elu"] = F.elu(x, 0.7)
        out["selu"] = F.selu(x)
        out["leaky"] = F.leaky_relu(x, 0.2)
        out["softplus"] = F.softplus(x)
        out["mish"] = F.mish(x)
        out["hardswish"] = F.hardswish(x)
        out["hardsigmoid"] = F.hardsigmoid(x)
        out["logsigmoid"] = F.logsigmoid(x)
        out["glu"] = F.glu(x, -1)
        out["erf"] = torch.erf(x)
        out["rsqrt"] = torch.rsqrt(p)
        out["log"] = torch.log(p)
        out["round"] = torch.round(x * 4)
        out["sign"] = torch.sign(x)
        out["where"] = torch.where(x > 0, x, p * -1)
        out["where_scalar"] = torch.where(b, 1.0, x[:, :, 1])
        out["masked_fill"] = x.masked_fill(x > 0, -2.0)
        out["logical"] = (x > 0) & ~(x > 0.5) | (x < -1)
        out["addcmul"] = torch.addcmul(x, p, p, value=0.5)
        out["lerp"] = torch.lerp(x, p, 0.25)
        out["maximum"] = torch.maximum(x, p - 0.6)
        out["atan2"] = torch.atan2(x, p)
        out["eq"] = i == 2
        # Reductions.
        out["sum"] = x.sum()
        out["sum_dims"] = x.sum((0, 2), keepdim=True)
        out["int_sum"] = i.sum(1)
        out["mean"] = x.mean(-1)
        out["max_values"], out["max_indices"] = x.max(1)
        out["min"] = x.min()
        out["amax"] = x.amax((0, 1))
        out["argmax"] = x.argmax(-1)
        out["argmax_all"] = x.argmax()
        out["var"] = x.var(1)
        out["std"] = x.std((0, 2), unbiased=False)
        out["norm"] = x.norm(dim=1)
        out["norm1"] = x.norm(p=1, dim=(0, 1))
        out["prod"] = p.prod(1)
        out["any"] = (x > 1).any(1)
        out["all"] = (x > -5).all()
        out["cumsum"] = x.cumsum(1)
        out["logsumexp"] = x.logsumexp(1)
        out["softmax"] = x.softmax(1)
        out["log_softmax"] = F.log_softmax(x, 2)
        out["topk"] = x.topk(2, -1)[0]
        out["sort"] = x.sort(2, descending=True)[0]
        # Shapes.
        out["view"] = x.view(3, -1)
        out["flatten"] = x.flatten(0, 1)
        out["unsqueeze"] = x.unsqueeze(-2)
        out["squeeze"] = x[:, :1].squeeze(1)
        out["permute"] = x.permute(2, 0, 1)
        out["t"] = i.t()
        out["expand"] = x[:, :1].expand(-1, 5, 4)
        out["repeat"] = x.repeat(2, 1, 2)
        out["interleave"] = x.repeat_interleave(2, 1)
        out["stack"] = torch.stack([x, p], 1)
        out["cat"] = torch.cat([x, p[:, :1]], 1)
        out["cat_mixed"] = torch.cat([x[:, :, 0], i], 1)
        out["slice_step"] = x[:, ::2, 1:-1]
        out["select_neg"] = x[:, -1]
        out["narrow"] = x.narrow(2, 1, 2)
        out["split"] = x.split(3, 2)[1]
        out["chunk"] = x.chunk(3, 1)[2]
        out["unbind"] = x.unbind(1)[1]
        out["roll"] = torch.roll(x, 1, 2)
        out["roll_flat"] = torch.roll(x, 5)
        out["flip"] = x.flip(0, 2)
        out["tril"] = x.tril(-1)
        out["pad"] = F.pad(x, (1, 2, -1, 1), value=3.0)
        out["pad_reflect"] = F.pad(x, (1, 2), mode="reflect")
        out["contiguous"] = x.transpose(0, 2).contiguous()
        out["movedim"] = torch.movedim(x, 0, 2)
        out["pixel_shuffle"] = F.pixel_shuffle(x.reshape(1, 4, 2, 3), 2)
        gx, gy = torch.meshgrid(torch.arange(3), torch.arange(4), indexing="ij")
        out["meshgrid"] = gx * 10 + gy + x[0]
        # Indexing.
        out["gather"] = x.gather(2, i.unsqueeze(-1) % 4)
        out["index"] = x[:, torch.tensor([2, 0])]
        out["index2"] = x[torch.tensor([1, 0]), torch.tensor([2, 1])]
        out["index_tensor"] = x[i[:, 0] % 2]
        out["index_select"] = x.index_select(2, torch.tensor([3, 1]))
        out["one_hot"] = F.one_hot(i % 3, 3)
        out["scatter"] = torch.zeros(2, 3, 4).scatter(2, (i % 4).unsqueeze(-1), 1.0)
        out["embedding"] = F.embedding(i % 3, x[0])
        # Products.
        out["matmul"] = x @ p.transpose(1, 2)
        out["mv"] = x @ p[0, 0]
        out["baddbmm"] = torch.baddbmm(x[:, :, :3], x, p.transpose(1, 2), beta=0.5, alpha=2.0)
        out["addmm"] = torch.addmm(x[0, :, :3], x[0], p[0].t())
        out["outer"] = torch.outer(x[0, 0], p[0, 1])
        out["einsum"] = torch.einsum("bij,bkj->bik", x, p)
        out["einsum_sum"] = torch.einsum("bij->jb", x)
        # Windows of one dimension, with and without a batch.
        out["max_pool1d"] = F.max_pool1d(x, 2, 1)
        out["avg_pool1d"] = F.avg_pool1d(x, 3, 2, 1, count_include_pad=False)
        out["adaptive1d"] = F.adaptive_avg_pool1d(x, 3)
        out["conv1d"] = F.conv1d(x, p[:1, :, :3].expand(2, 3, 3) * 0.1, padding=1)
        out["unbatched"] = F.max_pool2d(x, 2, ceil_mode=True)
        out["linear1d"] = F.interpolate(x, scale_factor=2.0, mode="linear")
        out["nearest"] = F.interpolate(x.unsqueeze(0), size=(5, 7))
        out["bilinear"] = F.interpolate(x.unsqueeze(0), scale_factor=1.5, mode="bilinear")
        out["bicubic"] = F.interpolate(x.unsqueeze(0), size=(4, 6), mode="bicubic",
                                       align_corners=True)
        out["instance_norm"] = F.instance_norm(x)
        out["layer_norm"] = F.layer_norm(x, (3, 4))
        out["group_norm"] = F.group_norm(x, 3)
        # Numbers.
        out["arange_float"] = torch.arange(0.5, 3.0, 0.5) + x.sum()
        out["linspace"] = torch.linspace(-1, 1, 7) * x[0, 0, 0]
        out["full"] = torch.full((2, 2), 3) + i[:, :2]
        out["eye"] = torch.eye(3) @ x[0]
        out["size"] = x * x.size(1) / x.shape[-1]
        return out


class Loops(nn.Module):
    """Control flow that follows from shapes and constants."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(4, 4) for _ in range(3)])
        self.names = ["first", "second"]
        self.scale = 2

    def helper(self, x: torch.Tensor, n: int) -> torch.Tensor:
        if n > 2:
            return x * n
        return x - n

    def forward(self, x: torch.Tensor, mask: Optional[torch.Tensor] = None, twice: bool = False
                ) -> Tuple[torch.Tensor, List[torch.Tensor], Dict[str, torch.Tensor]]:
        outs: List[torch.Tensor] = []
        for i, layer in enumerate(self.layers):
            x = layer(x)
            if i % 2 == 1:
                outs.append(x)
        n = 0
        while n < x.size(0):
            x = x + n
            n += 1
            if n == 5:
                break
        shape = x.shape[:-1]
        total = 1
        for d in shape:
            total *= d
        flat = x.reshape([total] + [2, -1])
        if mask is not None:
            x = x.masked_fill(mask, 0.0)
        if twice:
            x = x * 2
        found: Dict[str, torch.Tensor] = {}
        for name in self.names:
            if name.startswith("f") or "{}".format(self.scale) == "3":
                found[name] = self.helper(x, len(name))
            else:
                found[name] = self.helper(x, 1)
        assert x.dim() == 2, "two dimensions"
        sizes = [x.size(0), x.size(1)]
        sizes.sort(reverse=True)
        biggest = max(sizes[0], sizes[1])
        return flat * float(biggest), outs + [x[:, -1]], found


def doubled(self, inputs: Tuple[torch.Tensor], output: torch.Tensor) -> torch.Tensor:
    return output * 2


class Hooked(nn.Module):
    """A forward hook, and work in the background, which is done at once here."""

    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(4, 4)
        self.inner.register_forward_hook(doubled)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            y = self.inner(x)
        later = torch.jit.fork(torch.relu, y)
        return torch.jit.wait(later) - x


class Point(NamedTuple):
    left: torch.Tensor
    right: torch.Tensor


class Nested(nn.Module):
    def forward(self, x: torch.Tensor, pair: Tuple[torch.Tensor, torch.Tensor]
                ) -> Tuple[Point, Dict[str, List[torch.Tensor]]]:
        return Point(x + pair[0], x - pair[1]), {"list": [x, pair[0]], "one": [x * 3]}


class Weights(nn.Module):
    """Weights whose layout in the file is not row-major, or that are shared."""

    def __init__(self):
        super().__init__()
        base = torch.randn(4, 6)
        self.w = nn.Parameter(base.t())
        self.tied = self.w
        self.register_buffer("row", base[2])
        self.register_buffer("expanded", torch.arange(3.0).view(1, 3).expand(2, 3))
        self.register_buffer("half_row", torch.randn(6).half())
        self.register_buffer("bits", torch.tensor([True, False, True, True]))
        self.register_buffer("small", torch.tensor([-3, 4], dtype=torch.int8))
        self.register_buffer("brain", torch.randn(4).bfloat16())
        self.register_buffer("empty", torch.zeros(0, 3))
        self.register_buffer("count", torch.tensor(3))

    def forward(self, x) -> torch.Tensor:
        y = x @ self.w + (self.tied * 0.5).sum(0)
        y = y * self.bits + self.brain.float() + self.half_row.float().sum()
        return y + self.expanded.sum() + self.row.max() + self.small.sum() + self.count


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(11, 8)
        self.layer = nn.TransformerEncoderLayer(8, 2, 12, activation="gelu", batch_first=True)
        self.mha = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, tokens) -> Tuple[torch.Tensor, Optional[torch.Tensor]]:
        x = self.layer(self.embed(tokens))
        n = tokens.shape[1]
        mask = torch.triu(torch.ones(n, n, dtype=torch.bool), 1)
        y, weights = self.mha(x, x, x, attn_mask=mask)
        return y, weights


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(5, 4, num_layers=2, bidirectional=True, batch_first=True)
        self.gru = nn.GRU(8, 3, bias=False)
        self.cell = nn.LSTMCell(5, 4)

    def forward(self, x) -> Tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        y, (h, c) = self.lstm(x)
        z, g = self.gru(y.transpose(0, 1))
        h1, c1 = self.cell(x[:, 0])
        h1, c1 = self.cell(x[:, 1], (h1, c1))
        return z, h + c, g, h1 - c1


class Windows(nn.Module):
    """Shifted-window attention's mask, built by writing into slices."""

    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(4)
        self.table = nn.Parameter(torch.randn(9, 2))
        coords = torch.stack(torch.meshgrid(torch.arange(2), torch.arange(2), indexing="ij")).flatten(1)
        relative = (coords[:, :, None] - coords[:, None, :]).permute(1, 2, 0).contiguous()
        relative += 1
        self.register_buffer("index", relative[..., 0] * 3 + relative[..., 1])

    def forward(self, x):
        n, h, w, c = x.shape
        pad = (2 - h % 2) % 2
        x = F.pad(self.norm(x), (0, 0, 0, (2 - w % 2) % 2, 0, pad))
        _, hp, wp, _ = x.shape
        x = torch.roll(x, (-1, -1), (1, 2))
        mask = x.new_zeros((hp, wp))
        count = 0
        for a in ((0, -2), (-2, -1), (-1, None)):
            for b in ((0, -2), (-2, -1), (-1, None)):
                mask[a[0]:a[1], b[0]:b[1]] = count
                count += 1
        mask = mask.view(hp // 2, 2, wp // 2, 2).permute(0, 2, 1, 3).reshape(-1, 4)
        mask = mask.unsqueeze(1) - mask.unsqueeze(2)
        mask = mask.masked_fill(mask != 0, -100.0).masked_fill(mask == 0, 0.0)
        x = x.view(n, hp // 2, 2, wp // 2, 2, c).permute(0, 1, 3, 2, 4, 5).reshape(-1, 4, c)
        bias = self.table[self.index.view(-1)].view(4, 4, -1).permute(2, 0, 1).sum(0)
        scores = (x @ x.transpose(-2, -1)) * c ** -0.5 + bias
        scores = scores.view(n, -1, 4, 4) + mask.unsqueeze(0)
        y = scores.view(-1, 4, 4).softmax(-1) @ x
        y = y.view(n, hp // 2, wp // 2, 2, 2, c).permute(0, 1, 3, 2, 4, 5).reshape(n, hp, wp, c)
        return torch.roll(y, (1, 1), (1, 2))[:, :h, :w, :].contiguous()


class Counting(nn.Module):
    """Writes to a buffer that no output depends on."""

    def __init__(self):
        super().__init__()
        self.register_buffer("calls", torch.zeros(1))

    def forward(self, x):
        self.calls.add_(1)
        return x * 2


class Remembering(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("memory", torch.zeros(3))

    def forward(self, x):
        self.memory.mul_(0.9).add_(x)
        return self.memory + x


class DataIf(nn.Module):
    def forward(self, x):
        if bool(x.sum() > 0):
            x = x + 1
        return x


class Noise(nn.Module):
    def forward(self, x):
        return x + torch.randn_like(x)


class Several(nn.Module):
    """Operators that cannot be imported, between others that can."""

    def forward(self, x):
        y = torch.cumprod(x, 0)
        z = torch.fft.fft(y).abs()
        w = F.fold(x.view(1, 4, 4), (3, 3), (2, 2)).relu()
        return torch.cumprod(z, 1), torch.nonzero(x), w


def flatten(value, name=""):
    if isinstance(value, torch.Tensor):
        return [(name, value)]
    if isinstance(value, dict):
        return [leaf for k, v in value.items() for leaf in flatten(v, name + "." + k if name else k)]
    fields = getattr(value, "_fields", None)
    leaves = []
    for i, v in enumerate(value):
        inner = fields[i] if fields else (str(i) if name else "")
        leaves += flatten(v, name + "." + inner if name else inner)
    return leaves


def type_text(t):
    return DTYPES[t.dtype] + "[" + ",".join(map(str, t.shape)) + "]"


def to_bytes(t):
    t = t.detach().cpu().contiguous()
    if t.dtype == torch.bfloat16:
        t = t.view(torch.int16)
    return t.numpy().tobytes()


def write_golden(path, inputs, outputs):
    named = [(n, t) for n, t in flatten(outputs)]
    if len(named) == 1 and not named[0][0]:
        named = [("output", named[0][1])]
    named = [(n or "output%d" % i, t) for i, (n, t) in enumerate(named)]
    with open(path, "wb") as f:
        for n, t in inputs:
            f.write(("in %s %s\n" % (n, type_text(t))).encode())
        for n, t in named:
            f.write(("out %s %s\n" % (n, type_text(t))).encode())
        f.write(b"\n")
        for _, t in list(inputs) + named:
            f.write(to_bytes(t))


def fixtures():
    x = torch.randn(2, 3, 4)
    ints = torch.randint(0, 9, (2, 3))
    picture = torch.randn(2, 3, 15, 18)
    cnn = randomised(Cnn()).eval()
    trace, script = torch.jit.trace, torch.jit.script
    yield "cnn_trace", trace(cnn, picture, strict=False), [("x", picture)], True
    yield "cnn_script", script(cnn), [("x", picture)], True
    yield "cnn_freeze", torch.jit.freeze(script(cnn)), [("x", picture)], True
    y = torch.randn(2, 4, 5)
    yield "aliasing_trace", trace(Aliasing(), (x, y), strict=False), [("x", x), ("y", y)], True
    yield "aliasing_script", script(Aliasing()), [("x", x), ("y", y)], True
    b = torch.tensor([[True, False, True], [False, False, True]])
    yield "ops_trace", trace(Ops(), (x, ints, b), strict=False), [("x", x), ("i", ints), ("b", b)], True
    flat = torch.randn(3, 4)
    yield "loops_script", script(Loops().eval()), [("x", flat)], True
    pair = (torch.randn(3, 4), torch.randn(1, 4))
    yield "nested_script", script(Nested()), \
        [("x", flat), ("pair.0", pair[0]), ("pair.1", pair[1])], True
    yield "weights_script", script(Weights()), [("x", torch.randn(2, 6))], True
    tokens = torch.randint(0, 11, (2, 5))
    with torch.no_grad():
        attention = Attention().eval()
        yield "attention_trace", trace(attention, tokens), [("tokens", tokens)], True
    if VERSION >= (2, 0):  # the two versions' sources differ little, and are long
        yield "attention_script", script(attention), [("tokens", tokens)], True
    sequence = torch.randn(2, 3, 5)
    yield "recurrent_trace", trace(Recurrent().eval(), sequence), [("x", sequence)], True
    field = torch.randn(2, 5, 6, 4)
    yield "windows_trace", trace(Windows().eval(), field), [("x", field)], True
    yield "hooked_script", script(Hooked()), [("x", flat)], True
    yield "counting_script", script(Counting()), [("x", flat)], True
    yield "dropout_script", script(nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5)).train()), [], False
    if VERSION < (2, 0):  # the messages are the same
        return
    yield "train_trace", trace(randomised(Cnn()).train(), picture, strict=False,
                               check_trace=False), [], False
    yield "stateful_script", script(Remembering()), [], False
    yield "data_if_script", script(DataIf()), [], False
    yield "noise_script", script(Noise()), [], False
    yield "several_trace", trace(Several(), torch.randn(4, 4)), [], False


def main():
    out, names = sys.argv[1], sys.argv[2:]
    os.makedirs(out, exist_ok=True)
    torch.manual_seed(7)
    torch.set_num_threads(1)
    for name, module, inputs, golden in fixtures():
        if names and name not in names:
            continue
        module.save(os.path.join(out, name + ".pt"))
        if not golden:
            continue
        args = collections.OrderedDict()
        for n, t in inputs:
            args.setdefault(n.split(".")[0], []).append(t)
        call = [tuple(v) if len(v) > 1 else v[0].clone() for v in args.values()]
        with torch.no_grad():
            module = torch.jit.load(os.path.join(out, name + ".pt"))
            write_golden(os.path.join(out, name + ".golden"), inputs, module(*call))
    if not names:
        with torch.no_grad():
            torch.save(Cnn().state_dict(), os.path.join(out, "state_dict.pth"))


main()
