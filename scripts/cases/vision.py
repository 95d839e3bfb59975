# SPDX-License-Identifier: Apache-2.0
"""Convolutional models in which the cases occur."""
import torch
import torch.nn as nn
import torch.nn.functional as F

from registry import case, settle


def conv_bn(i, o, k=1, s=1, g=1, p=None, bias=False):
    return nn.Sequential(nn.Conv2d(i, o, k, s, k // 2 if p is None else p, groups=g, bias=bias),
                         nn.BatchNorm2d(o))


@case("A4", "segformer-head", "SegFormer head: four linears, upsampled, joined, 1x1 conv + BN",
      {"conv1x1_cat_first": 3, "conv1x1_tokens": 4, "linear_linear": 4}, macs=10.0)
def segformer_head():
    class Head(nn.Module):
        """As in SegFormer-B0, the dimensions divided by four."""

        def __init__(self, dims=(8, 16, 40, 64), width=64, classes=19):
            super().__init__()
            self.proj = nn.ModuleList(nn.Linear(d, width) for d in dims)
            self.fuse = conv_bn(4 * width, width)

        def forward(self, c1, c2, c3, c4):
            size, outs = c1.shape[2:], []
            for c, proj in zip((c4, c3, c2, c1), reversed(self.proj)):
                n, _, h, w = c.shape
                y = proj(c.flatten(2).transpose(1, 2)).permute(0, 2, 1).reshape(n, -1, h, w)
                outs.append(F.interpolate(y, size=size, mode="bilinear", align_corners=False))
            return F.relu(self.fuse(torch.cat(outs, dim=1)))

    return settle(Head()), [torch.randn(2, 8, 32, 40), torch.randn(2, 16, 16, 20),
                            torch.randn(2, 40, 8, 10), torch.randn(2, 64, 4, 5)]


@case("A4", "hrnet-head", "HRNet head: upsampled branches joined, 1x1 conv + BN + ReLU, 1x1 conv",
      {"conv1x1_cat_second": 2}, macs=1.5)
def hrnet_head():
    class Head(nn.Module):
        def __init__(self):
            super().__init__()
            self.last = nn.Sequential(nn.Conv2d(6 + 12 + 24, 42, 1), nn.BatchNorm2d(42), nn.ReLU(),
                                      nn.Conv2d(42, 5, 1))

        def forward(self, a, b, c):
            size = a.shape[2:]
            b = F.interpolate(b, size=size, mode="bilinear", align_corners=True)
            c = F.interpolate(c, size=size, mode="bilinear", align_corners=True)
            return self.last(torch.cat([a, b, c], 1))

    return settle(Head()), [torch.randn(2, 6, 16, 24), torch.randn(2, 12, 8, 12),
                            torch.randn(2, 24, 4, 6)]


@case("A4", "lr-aspp", "LR-ASPP: classifier behind an upsampling, sum with another classifier",
      {"conv1x1_upsample": 1}, macs=1.5)
def lr_aspp():
    class Head(nn.Module):
        def __init__(self, low=8, high=24, inter=16, classes=7):
            super().__init__()
            self.cbr = nn.Sequential(nn.Conv2d(high, inter, 1, bias=False), nn.BatchNorm2d(inter),
                                     nn.ReLU())
            self.scale = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(high, inter, 1, bias=False),
                                       nn.Sigmoid())
            self.low = nn.Conv2d(low, classes, 1)
            self.high = nn.Conv2d(inter, classes, 1)

        def forward(self, low, high):
            x = self.cbr(high) * self.scale(high)
            x = F.interpolate(x, size=low.shape[-2:], mode="bilinear", align_corners=False)
            return self.low(low) + self.high(x)

    return settle(Head()), [torch.randn(2, 8, 20, 12), torch.randn(2, 24, 5, 3)]


@case("A4", "fpn-nearest", "FPN: 1x1 convolution behind a nearest upsampling",
      {"conv1x1_upsample": 1}, macs=2.0)
def fpn_nearest():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Conv2d(5, 12, 3, padding=1), nn.Conv2d(12, 8, 1)

        def forward(self, x):
            return torch.tanh(self.b(F.interpolate(F.relu(self.a(x)), scale_factor=4.0)))

    return settle(Net()), [torch.randn(3, 5, 4, 6)]


@case("A4", "stays", "what does not commute: 3x3 behind a resize, ReLU between",
      {}, still=["conv1x1_upsample", "conv1x1_cat_first", "conv1x1_cat_second"])
def stays():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Conv2d(5, 6, 3, padding=1), nn.Conv2d(6, 4, 1)

        def forward(self, x):
            y = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
            y = F.interpolate(self.a(y), scale_factor=2, mode="bilinear", align_corners=False)
            return self.b(F.relu(y))

    return settle(Net()), [torch.randn(2, 5, 6, 4)]


@case("A10", "border", "what may not collapse: a bias in front of padding; a bottleneck; an activation",
      {"conv_act": 1}, still=["conv1x1_conv", "conv_conv1x1", "linear_linear"])
def border():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Conv2d(4, 24, 1), nn.Conv2d(24, 8, 3, padding=1)
            self.c, self.d = nn.Linear(40, 2), nn.Linear(2, 40)

        def forward(self, x):
            return self.d(self.c(F.relu(self.b(self.a(x)))))

    return settle(Net()), [torch.randn(2, 4, 10, 40)]


@case("A5", "inception", "Inception: parallel 1x1 convolutions of one input", {"merge_convs": 1}, rules="default.pat merge.pat")
def inception():
    class Block(nn.Module):
        def __init__(self, i=12):
            super().__init__()
            self.b1 = conv_bn(i, 8)
            self.b3 = nn.Sequential(conv_bn(i, 6), nn.ReLU(), conv_bn(6, 10, 3), nn.ReLU())
            self.b5 = nn.Sequential(conv_bn(i, 4), nn.ReLU(), conv_bn(4, 6, 5), nn.ReLU())
            self.pool = nn.Sequential(nn.MaxPool2d(3, 1, 1), conv_bn(i, 5), nn.ReLU())

        def forward(self, x):
            return torch.cat([F.relu(self.b1(x)), self.b3(x), self.b5(x), self.pool(x)], 1)

    return settle(Block()), [torch.randn(2, 12, 9, 7)]


@case("A5", "unequal-kernels", "parallel 1x1 and 3x3 convolutions of one input, joined as 3x3",
      {"merge_conv_into_larger": 1}, macs=0.2, rules="merge_unequal.pat")
def unequal_kernels():
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Conv2d(6, 4, 1), nn.Conv2d(6, 8, 3, padding=1)

        def forward(self, x):
            return torch.relu(self.a(x)), torch.sigmoid(self.b(x))

    return settle(Block()), [torch.randn(2, 6, 9, 7)]


@case("A6", "yolo-classes", "YOLOX head of which two of 20 classes are used",
      {"slice_hull": 1, "slice_cat_both": 1, "slice_conv_channels": 1}, macs=1.02)
def yolo_classes():
    class Head(nn.Module):
        def __init__(self, c=12, classes=20):
            super().__init__()
            self.stem = nn.Sequential(conv_bn(c, c), nn.SiLU())
            self.cls = nn.Sequential(conv_bn(c, c, 3), nn.SiLU(), nn.Conv2d(c, classes, 1))
            self.reg = nn.Sequential(conv_bn(c, c, 3), nn.SiLU())
            self.box, self.obj = nn.Conv2d(c, 4, 1), nn.Conv2d(c, 1, 1)

        def forward(self, x):
            x = self.stem(x)
            r = self.reg(x)
            out = torch.cat([self.box(r), self.obj(r).sigmoid(), self.cls(x).sigmoid()], 1)
            out = out.flatten(2).permute(0, 2, 1)
            return out[..., :5], out[..., 5:7]

    return settle(Head()), [torch.randn(2, 12, 10, 14)]


@case("A6", "declared-classes", "the same head, whose user declares the channels that are read",
      {"take_conv_channels": 1}, macs=1.1, chosen=[0, 7],
      options=["--interface=use channels [0, 7] of output output"])
def declared_classes():
    class Head(nn.Module):
        def __init__(self, c=12, classes=40):
            super().__init__()
            self.a, self.b = nn.Sequential(conv_bn(c, c, 1), nn.SiLU()), nn.Conv2d(c, classes, 3)

        def forward(self, x):
            return self.b(self.a(x)).sigmoid()

    return settle(Head()), [torch.randn(2, 12, 10, 14)]


@case("A6", "sam-masks", "SAM decoder: four masks computed, three used", {"slice_matmul_rows": 1},
      macs=1.05)
def sam_masks():
    class Masks(nn.Module):
        def __init__(self, d=16):
            super().__init__()
            self.up = nn.ConvTranspose2d(d, 8, 2, stride=2)
            self.hyper = nn.Linear(d, 8)

        def forward(self, tokens, x):
            up = F.gelu(self.up(x))
            b, c, h, w = up.shape
            hyper = self.hyper(tokens)[:, 1:5]
            masks = (hyper @ up.view(b, c, h * w)).view(b, -1, h, w)
            return masks[:, 1:4]

    return settle(Masks()), [torch.randn(2, 6, 16), torch.randn(2, 16, 5, 7)]


@case("A7", "resnet-stride", "ResNet v1: 3x3, ReLU, then a 1x1 with stride 2",
      {"stride_pull": 1}, macs=2.0)
def resnet_stride():
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Sequential(conv_bn(8, 16, 3), nn.ReLU())
            self.b = nn.Sequential(conv_bn(16, 12, 1, 2), nn.ReLU())

        def forward(self, x):
            return self.b(self.a(x))

    return settle(Block()), [torch.randn(2, 8, 15, 12)]


@case("A7", "sampled-output", "every second pixel of a segmentation output, from the second on",
      {"slice_conv_rows": 2}, macs=2.0)
def sampled_output():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Conv2d(5, 16, 3, padding=1)
            self.b = nn.Conv2d(16, 4, 1)

        def forward(self, x):
            return torch.softmax(self.b(F.relu(self.a(x))), 1)[:, :, 1::2, ::2]

    return settle(Net()), [torch.randn(2, 5, 12, 18)]


@case("A7", "crop", "the centre of a convolution's output", {"slice_conv_rows": 4}, macs=1.5)
def crop():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Conv2d(3, 8, 5, padding=2)
            self.b = nn.Conv2d(8, 4, 3, padding=1)

        def forward(self, x):
            return self.b(F.silu(self.a(x)))[:, :, 6:14, 8:-4]

    return settle(Net()), [torch.randn(2, 3, 20, 24)]


class RepVGGBlock(nn.Module):
    def __init__(self, i, o, s=1, g=1):
        super().__init__()
        self.dense, self.point = conv_bn(i, o, 3, s, g), conv_bn(i, o, 1, s, g)
        self.identity = nn.BatchNorm2d(i) if i == o and s == 1 else None

    def forward(self, x):
        y = self.dense(x) + self.point(x)
        return F.relu(y if self.identity is None else y + self.identity(x))


@case("A9", "repvgg", "RepVGG in train form", {"rep_conv_conv": 3, "rep_conv_bn": 2}, macs=1.1)
def repvgg():
    return settle(nn.Sequential(RepVGGBlock(3, 8, 2), RepVGGBlock(8, 8), RepVGGBlock(8, 8, g=2))), \
        [torch.randn(2, 3, 17, 14)]


@case("A9", "mobileone", "MobileOne in train form: four 3x3 depthwise branches, a scale, an identity",
      {"rep_conv_conv": 11}, macs=2.0)
def mobileone():
    class Block(nn.Module):
        def __init__(self, i, o, k, s=1, g=1, branches=4):
            super().__init__()
            self.branches = nn.ModuleList(conv_bn(i, o, k, s, g) for _ in range(branches))
            self.scale = conv_bn(i, o, 1, s, g) if k > 1 else None
            self.skip = nn.BatchNorm2d(i) if i == o and s == 1 else None

        def forward(self, x):
            y = 0 if self.skip is None else self.skip(x)
            if self.scale is not None:
                y = y + self.scale(x)
            for b in self.branches:
                y = y + b(x)
            return F.relu(y)

    return settle(nn.Sequential(Block(6, 6, 3, g=6), Block(6, 10, 1), Block(10, 10, 3, 2, 10))), \
        [torch.randn(2, 6, 12, 9)]


@case("A9", "acnet", "ACNet in train form: 3x3, 3x1 and 1x3 branches", {"rep_conv_conv": 4}, macs=1.5)
def acnet():
    class Block(nn.Module):
        def __init__(self, i, o):
            super().__init__()
            self.square = nn.Sequential(nn.Conv2d(i, o, 3, 1, 1, bias=False), nn.BatchNorm2d(o))
            self.tall = nn.Sequential(nn.Conv2d(i, o, (3, 1), 1, (1, 0), bias=False),
                                      nn.BatchNorm2d(o))
            self.wide = nn.Sequential(nn.Conv2d(i, o, (1, 3), 1, (0, 1), bias=False),
                                      nn.BatchNorm2d(o))

        def forward(self, x):
            return torch.relu(self.square(x) + self.tall(x) + self.wide(x))

    return settle(nn.Sequential(Block(4, 6), Block(6, 5))), [torch.randn(2, 4, 9, 11)]


@case("A9", "dbb", "diverse branch block: 3x3, 1x1 and average-pooling branches",
      {"rep_conv_conv": 1, "rep_avg_pool": 1}, macs=1.0)
def dbb():
    class Block(nn.Module):
        def __init__(self, i, o):
            super().__init__()
            self.dense, self.point = conv_bn(i, o, 3), conv_bn(i, o, 1)

        def forward(self, x):
            return torch.relu(self.dense(x) + self.point(x) + F.avg_pool2d(x, 3, 1, 1))

    return settle(Block(6, 6)), [torch.randn(2, 6, 9, 8)]


@case("A10", "conv-chain", "1x1 and 3x3 convolutions without an activation between",
      {"conv1x1_conv": 1, "conv_conv1x1": 1}, macs=1.5)
def conv_chain():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Sequential(conv_bn(4, 24, 1), nn.Conv2d(24, 8, 3))
            self.b = nn.Sequential(nn.Conv2d(8, 16, 3, padding=1), nn.Conv2d(16, 6, 1))

        def forward(self, x):
            return self.b(F.relu(self.a(x)))

    return settle(Net()), [torch.randn(2, 4, 10, 13)]


@case("B1", "focus", "YOLOX stem: four pixel phases joined, 3x3 convolution", {"focus_conv": 1})
def focus():
    class Stem(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Sequential(conv_bn(12, 8, 3), nn.SiLU())

        def forward(self, x):
            return self.conv(torch.cat([x[..., ::2, ::2], x[..., 1::2, ::2], x[..., ::2, 1::2],
                                        x[..., 1::2, 1::2]], 1))

    return settle(Stem()), [torch.randn(2, 3, 20, 14)]


@case("B1", "pixel-unshuffle", "pixel_unshuffle, then a 3x3 convolution", {"unshuffle_conv": 1})
def pixel_unshuffle():
    class Stem(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(12, 8, 3, padding=1)

        def forward(self, x):
            return F.relu(self.conv(F.pixel_unshuffle(x, 2)))

    return settle(Stem()), [torch.randn(2, 3, 20, 14)]


class Preprocess(nn.Module):
    def __init__(self, padding):
        super().__init__()
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1))
        self.conv = nn.Conv2d(3, 8, 3, 2, padding)

    def forward(self, x):
        return F.relu(self.conv((x / 255.0 - self.mean) / self.std))


@case("B3", "preprocess", "mean and deviation in front of a convolution without padding",
      {"divide_conv": 2, "shift_conv": 1})
def preprocess():
    return settle(Preprocess(0)), [torch.rand(2, 3, 17, 12) * 255]


@case("B3", "preprocess-padded", "the same in front of a padded convolution: the border stays right",
      {"divide_conv": 2, "shift_conv_padded": 1}, still=["shift_conv"])
def preprocess_padded():
    return settle(Preprocess(1)), [torch.rand(2, 3, 17, 12) * 255]


@case("B3", "bgr", "BGR to RGB in front of a convolution", {"flip_conv": 1})
def bgr():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 6, 3, 1, 1)

        def forward(self, x):
            return F.relu(self.conv(x.flip(1)))

    return settle(Net()), [torch.randn(2, 3, 9, 7)]


@case("B4", "preact", "batch norm before a 1x1 convolution", {"bn_conv": 1})
def preact():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.bn, self.conv = nn.BatchNorm2d(6), nn.Conv2d(6, 4, 1)

        def forward(self, x):
            return torch.relu(self.conv(self.bn(torch.relu(x))))

    return settle(Net()), [torch.randn(2, 6, 9, 7)]


@case("B4", "bn-concat", "batch norm behind a concatenation of convolutions", {"bn_cat": 1, "conv_bn": 2})
def bn_concat():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Conv2d(5, 4, 3, padding=1), nn.Conv2d(5, 6, 1)
            self.bn = nn.BatchNorm2d(10)

        def forward(self, x, y):
            return torch.relu(self.bn(torch.cat([self.a(x), self.b(y)], 1)))

    return settle(Net()), [torch.randn(2, 5, 9, 7), torch.randn(2, 5, 9, 7)]


def windows(x, size):
    """[N, H, W, C] to [N * windows, size * size, C]."""
    n, h, w, c = x.shape
    x = x.view(n, h // size, size, w // size, size, c).permute(0, 1, 3, 2, 4, 5)
    return x.reshape(-1, size * size, c)


def unwindows(x, size, n, h, w):
    x = x.view(n, h // size, w // size, size, size, -1).permute(0, 1, 3, 2, 4, 5)
    return x.reshape(n, h, w, -1)


class WindowAttention(nn.Module):
    """Attention within windows, the image padded to whole ones; turned by half a window in Swin."""

    def __init__(self, dim, heads, size, shift, bias=True):
        super().__init__()
        self.heads, self.size, self.shift = heads, size, shift
        self.norm, self.qkv = nn.LayerNorm(dim), nn.Linear(dim, 3 * dim, bias=bias)
        self.proj = nn.Linear(dim, dim)
        self.table = nn.Parameter(torch.randn(1, heads, size * size, size * size))

    def forward(self, x):
        n, h, w, c = x.shape
        y = F.pad(self.norm(x), (0, 0, 0, -w % self.size, 0, -h % self.size))
        ph, pw = y.shape[1:3]
        if self.shift:
            y = torch.roll(y, (-self.shift, -self.shift), (1, 2))
        y = self.qkv(windows(y, self.size))
        q, k, v = y.view(y.shape[0], -1, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
        y = (q * q.shape[-1] ** -0.5 @ k.transpose(-2, -1) + self.table).softmax(-1) @ v
        y = self.proj(y.transpose(1, 2).reshape(y.shape[0], -1, c))
        y = unwindows(y, self.size, n, ph, pw)
        if self.shift:
            y = torch.roll(y, (self.shift, self.shift), (1, 2))
        return x + y[:, :h, :w]


@case("C4", "windows-swin", "Swin: windows on a padded image; its products on the tokens that are there",
      {"linear_before_windows": 1, "linear_behind_windows": 1}, macs=1.35)
def windows_swin():
    return settle(WindowAttention(24, 3, 4, 2)), [torch.randn(2, 9, 10, 24)]


@case("C4", "windows-sam", "SAM: the same without turning, two blocks",
      {"linear_before_windows": 2, "linear_behind_windows": 2}, macs=1.2)
def windows_sam():
    return settle(nn.Sequential(WindowAttention(48, 4, 4, 0), WindowAttention(48, 4, 4, 0, False))), [
        torch.randn(1, 10, 11, 48)]


@case("B22", "window-mlp", "a norm and a product between windows made and undone",
      {"norm_in_windows": 1, "linear_in_windows": 1}, bytes=1.5)
def window_mlp():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm, self.mlp = nn.LayerNorm(12), nn.Linear(12, 20)

        def forward(self, x):
            n, h, w, _ = x.shape
            y = unwindows(self.norm(windows(x, 2)), 2, n, h, w)
            return F.gelu(unwindows(self.mlp(windows(y, 3)), 3, n, h, w))

    return settle(Net()), [torch.randn(2, 6, 12, 12)]
