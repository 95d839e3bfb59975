# SPDX-License-Identifier: Apache-2.0
"""Models with algebra that cancels, and models written out in elementary ops."""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

from registry import case, settle


@case("B8", "detr-layer0", "DETR: self-attention over queries that are zero (positions are an input)",
      {"attend_equal_rows": 1}, macs=1.1)
def detr_layer0():
    class Layer(nn.Module):
        def __init__(self, d=16, heads=2):
            super().__init__()
            self.heads = heads
            self.q, self.k, self.v, self.o = (nn.Linear(d, d) for _ in range(4))
            self.cq, self.ck, self.cv, self.co = (nn.Linear(d, d) for _ in range(4))
            self.n1, self.n2 = nn.LayerNorm(d), nn.LayerNorm(d)

        def attend(self, q, k, v):
            n, s, d = q.shape
            q, k, v = (t.view(n, t.shape[1], self.heads, -1).transpose(1, 2) for t in (q, k, v))
            return F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(n, s, d)

        def forward(self, memory, pos):
            tgt = torch.zeros_like(pos)
            q = tgt + pos
            tgt = self.n1(tgt + self.o(self.attend(self.q(q), self.k(q), self.v(tgt))))
            return self.n2(tgt + self.co(self.attend(self.cq(tgt + pos), self.ck(memory),
                                                     self.cv(memory))))

    return settle(Layer()), [torch.randn(3, 20, 16), torch.randn(3, 7, 16)]


@case("B10", "attention-biases", "the bias of the keys is dead, that of the values moves behind",
      {"key_bias_plain": 1, "value_bias_plain": 1}, bytes=1.01)
def attention_biases():
    class Net(nn.Module):
        def __init__(self, d=12):
            super().__init__()
            self.q, self.k, self.v, self.o = (nn.Linear(d, d) for _ in range(4))

        def forward(self, x):
            return self.o(F.scaled_dot_product_attention(self.q(x), self.k(x), self.v(x)))

    return settle(Net()), [torch.randn(2, 6, 12)]


@case("B11", "norm-affine", "the affine part of a layer norm goes into the product behind",
      {"norm_linear": 1})
def norm_affine():
    return settle(nn.Sequential(nn.LayerNorm(12), nn.Linear(12, 20), nn.GELU())), \
        [torch.randn(2, 6, 12)]


@case("B22", "convnext-permutes", "permutations that cancel around activations",
      {"permute_scalar_down": 1, "permute_unary_down": 1}, bytes=1.5)
def convnext_permutes():
    class Net(nn.Module):
        def __init__(self, c=8):
            super().__init__()
            self.dw, self.pw = nn.Conv2d(c, c, 3, padding=1, groups=c), nn.Conv2d(c, c, 1)

        def forward(self, x):
            y = self.dw(x).permute(0, 2, 3, 1)
            y = (y * 2.0).sigmoid().permute(0, 3, 1, 2)
            return self.pw(y)

    return settle(Net()), [torch.randn(2, 8, 9, 7)]


@case("B23", "cat-split", "a concatenation that is split again", {"split_cat_two": 1}, bytes=1.5)
def cat_split():
    class Net(nn.Module):
        def forward(self, x, y):
            a, b = torch.cat([x, y], 1).split([x.shape[1], y.shape[1]], 1)
            return torch.relu(a) * b.sum()

    return Net().eval(), [torch.randn(2, 5, 6), torch.randn(2, 3, 6)]


@case("C1", "activations", "gelu, silu, hardswish, mish and softplus written out",
      {"gelu": 1, "silu": 1, "hardswish": 1, "mish": 1}, bytes=2.0)
def activations():
    class Net(nn.Module):
        def forward(self, x):
            g = 0.5 * x * (1 + torch.erf(x / math.sqrt(2)))
            s = g * torch.sigmoid(g)
            h = s * (s + 3).clamp(0, 6) / 6
            return h * torch.tanh(F.softplus(h))

    return Net().eval(), [torch.randn(2, 5, 6)]


@case("C2", "norms", "layer norm and RMS norm written out", {"layer_norm": 1, "rms_norm": 1}, bytes=2.0)
def norms():
    class Net(nn.Module):
        def __init__(self, d=12):
            super().__init__()
            self.w, self.b, self.g = (nn.Parameter(torch.randn(d)) for _ in range(3))

        def forward(self, x):
            m = x.mean(-1, keepdim=True)
            v = (x - m).pow(2).mean(-1, keepdim=True)
            y = (x - m) / torch.sqrt(v + 1e-5) * self.w + self.b
            return y * torch.rsqrt(y.pow(2).mean(-1, keepdim=True) + 1e-6) * self.g

    return settle(Net()), [torch.randn(2, 6, 12)]


@case("C3", "attention", "attention written out", {"attention": 1}, bytes=2.0)
def attention():
    class Net(nn.Module):
        def forward(self, q, k, v):
            return ((q @ k.transpose(-2, -1)) * 0.25).softmax(-1) @ v

    return Net().eval(), [torch.randn(2, 3, 9, 8) for _ in range(3)]


@case("C4", "channel-shuffle", "channel shuffle and back", {"shuffle_shuffle": 1}, bytes=2.0)
def channel_shuffle():
    class Net(nn.Module):
        def forward(self, x):
            n, c, h, w = x.shape
            y = x.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)
            return torch.relu(y.view(n, c // 2, 2, h, w).transpose(1, 2).reshape(n, c, h, w))

    return Net().eval(), [torch.randn(2, 6, 5, 4)]


@case("C9", "scales", "chains of constant factors; layer scale", {"mul_mul": 1, "linear_scale": 1}, bytes=1.5)
def scales():
    class Net(nn.Module):
        def __init__(self, d=12):
            super().__init__()
            self.a, self.scale = nn.Linear(d, d), nn.Parameter(torch.randn(d))

        def forward(self, x):
            y = torch.tanh(x) * 2.0 * 0.7
            return x + self.a(y) * self.scale * 0.5 + 1.0

    return settle(Net()), [torch.randn(2, 6, 12)]


@case("C10", "padding", "padding in front of a convolution and a pooling", {"pad_conv": 1},
      bytes=1.2)
def padding():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 6, 3, stride=2)

        def forward(self, x):
            y = torch.relu(self.conv(F.pad(x, (0, 1, 0, 1))))
            return F.avg_pool2d(F.pad(y, (1, 1, 1, 1)), 3, 2)

    return settle(Net()), [torch.randn(2, 3, 14, 10)]


@case("C11", "dead-channels", "channels that batch norm made constant", {"dead_filters_relu": 1}, macs=1.2)
def dead_channels():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.bn, self.b = nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Conv2d(8, 4, 3)

        def forward(self, x):
            return self.b(torch.relu(self.bn(self.a(x))))

    net = settle(Net())
    net.bn.weight.data[2:6] = 0
    return net, [torch.randn(2, 3, 9, 8)]


@case("C12", "equal-branches", "the same preprocessing in two branches", {}, macs=1.2)
def equal_branches():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b, self.c = nn.Linear(8, 8), nn.Linear(8, 4), nn.Linear(8, 4)

        def forward(self, x):
            return self.b(self.a(x * 2.0).relu()) * self.c(self.a(x * 2.0).relu())

    return settle(Net()), [torch.randn(2, 5, 8)]
