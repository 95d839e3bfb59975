# SPDX-License-Identifier: Apache-2.0
"""YOLOX (arXiv 2107.08430) with its decoded output [1, boxes, 4 + 1 + classes], at the widths of
YOLOX-nano (0.25, depthwise) and YOLOX-tiny (0.375)."""
import torch
from torch import nn


class Conv(nn.Sequential):
    """Convolution, batch norm, silu."""

    def __init__(self, ci, co, kernel, stride=1, groups=1):
        super().__init__(nn.Conv2d(ci, co, kernel, stride, kernel // 2, groups=groups, bias=False),
                         nn.BatchNorm2d(co, eps=1e-3), nn.SiLU())


def conv3x3(ci, co, stride, depthwise):
    """A 3x3 convolution, or the depthwise separable one in its place."""
    if not depthwise:
        return Conv(ci, co, 3, stride)
    return nn.Sequential(Conv(ci, ci, 3, stride, ci), Conv(ci, co, 1))


class Focus(nn.Module):
    """Every second pixel, four times, as channels of a picture of half the size."""

    def __init__(self, co):
        super().__init__()
        self.conv = Conv(12, co, 3)

    def forward(self, x):
        return self.conv(torch.cat([x[..., ::2, ::2], x[..., 1::2, ::2], x[..., ::2, 1::2],
                                    x[..., 1::2, 1::2]], 1))


class Bottleneck(nn.Module):
    def __init__(self, width, shortcut, depthwise):
        super().__init__()
        self.body = nn.Sequential(Conv(width, width, 1), conv3x3(width, width, 1, depthwise))
        self.shortcut = shortcut

    def forward(self, x):
        return self.body(x) + x if self.shortcut else self.body(x)


class Csp(nn.Module):
    """Half of the channels through bottlenecks, half past them."""

    def __init__(self, ci, co, count, shortcut, depthwise):
        super().__init__()
        half = co // 2
        self.enter, self.past, self.join = Conv(ci, half, 1), Conv(ci, half, 1), Conv(co, co, 1)
        self.body = nn.Sequential(*(Bottleneck(half, shortcut, depthwise) for _ in range(count)))

    def forward(self, x):
        return self.join(torch.cat([self.body(self.enter(x)), self.past(x)], 1))


class Spp(nn.Module):
    """Maxima over three neighbourhoods beside the input."""

    def __init__(self, width):
        super().__init__()
        self.enter, self.join = Conv(width, width // 2, 1), Conv(width * 2, width, 1)
        self.pools = nn.ModuleList(nn.MaxPool2d(k, 1, k // 2) for k in (5, 9, 13))

    def forward(self, x):
        x = self.enter(x)
        return self.join(torch.cat([x] + [pool(x) for pool in self.pools], 1))


class Backbone(nn.Module):
    """CSPDarknet with the path aggregation pyramid; returns pictures at strides 8, 16 and 32."""

    def __init__(self, b, dw):
        super().__init__()
        self.stem = nn.Sequential(Focus(b), conv3x3(b, 2 * b, 2, dw), Csp(2 * b, 2 * b, 1, True, dw))
        self.dark3 = nn.Sequential(conv3x3(2 * b, 4 * b, 2, dw), Csp(4 * b, 4 * b, 3, True, dw))
        self.dark4 = nn.Sequential(conv3x3(4 * b, 8 * b, 2, dw), Csp(8 * b, 8 * b, 3, True, dw))
        self.dark5 = nn.Sequential(conv3x3(8 * b, 16 * b, 2, dw), Spp(16 * b),
                                   Csp(16 * b, 16 * b, 1, False, dw))
        self.lateral, self.reduce = Conv(16 * b, 8 * b, 1), Conv(8 * b, 4 * b, 1)
        self.up = nn.Upsample(scale_factor=2, mode="nearest")
        self.p4, self.p3 = Csp(16 * b, 8 * b, 1, False, dw), Csp(8 * b, 4 * b, 1, False, dw)
        self.down3, self.down4 = conv3x3(4 * b, 4 * b, 2, dw), conv3x3(8 * b, 8 * b, 2, dw)
        self.n3, self.n4 = Csp(8 * b, 8 * b, 1, False, dw), Csp(16 * b, 16 * b, 1, False, dw)

    def forward(self, x):
        x3 = self.dark3(self.stem(x))
        x4 = self.dark4(x3)
        lateral = self.lateral(self.dark5(x4))
        reduced = self.reduce(self.p4(torch.cat([self.up(lateral), x4], 1)))
        out3 = self.p3(torch.cat([self.up(reduced), x3], 1))
        out4 = self.n3(torch.cat([self.down3(out3), reduced], 1))
        return out3, out4, self.n4(torch.cat([self.down4(out4), lateral], 1))


class Head(nn.Module):
    """Classes, boxes and objectness at one stride."""

    def __init__(self, ci, width, classes, dw):
        super().__init__()
        self.stem = Conv(ci, width, 1)
        self.classes, self.boxes = (nn.Sequential(conv3x3(width, width, 1, dw),
                                                  conv3x3(width, width, 1, dw)) for _ in range(2))
        self.cls, self.box, self.obj = (nn.Conv2d(width, n, 1) for n in (classes, 4, 1))

    def forward(self, x):
        x = self.stem(x)
        boxes = self.boxes(x)
        return torch.cat([self.box(boxes), self.obj(boxes).sigmoid(),
                          self.cls(self.classes(x)).sigmoid()], 1)


class YoloX(nn.Module):
    def __init__(self, width, depthwise, size=416, classes=80):
        super().__init__()
        b = int(64 * width)
        self.backbone = Backbone(b, depthwise)
        self.heads = nn.ModuleList(Head(ci, 4 * b, classes, depthwise)
                                   for ci in (4 * b, 8 * b, 16 * b))
        grids, strides = [], []
        for stride in (8, 16, 32):
            n = size // stride
            ys, xs = torch.meshgrid(torch.arange(n), torch.arange(n), indexing="ij")
            grids.append(torch.stack([xs, ys], -1).reshape(1, -1, 2).float())
            strides.append(torch.full((1, n * n, 1), float(stride)))
        self.register_buffer("grid", torch.cat(grids, 1))
        self.register_buffer("stride", torch.cat(strides, 1))

    def forward(self, x):
        y = torch.cat([head(p).flatten(2) for head, p in zip(self.heads, self.backbone(x))], 2)
        y = y.transpose(1, 2)
        return torch.cat([(y[..., :2] + self.grid) * self.stride, y[..., 2:4].exp() * self.stride,
                          y[..., 4:]], -1)
