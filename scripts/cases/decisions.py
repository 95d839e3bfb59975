# SPDX-License-Identifier: Apache-2.0
"""Models that end in decisions (largest, above a threshold, the k best), and models of which the user
knows more than the graph says."""
import torch
import torch.nn as nn
import torch.nn.functional as F

from registry import case, settle


class SegmentationHead(nn.Module):
    """Logits, resized, made probabilities, and the class of each pixel."""

    def __init__(self, mode, before=False):
        super().__init__()
        self.conv, self.mode, self.before = nn.Conv2d(6, 5, 3, padding=1), mode, before

    def forward(self, x):
        y = self.conv(x)
        size = {"size": (3 * x.shape[2], 3 * x.shape[3]), "mode": self.mode}
        y = F.interpolate(y, **size, **({} if self.mode == "nearest" else {"align_corners": False}))
        return y.softmax(1).argmax(1)


@case("A11", "segmentation", "segmentation: softmax before argmax", {"decide_softmax": 1}, ties=True, bytes=1.5, still=["decide_upsampled"])
def segmentation():
    return settle(SegmentationHead("bilinear")), [torch.randn(2, 6, 7, 5)]


@case("A11", "detector-max", "detector: largest of 20 sigmoids is the sigmoid of the largest",
      {"amax_increasing": 1}, bytes=1.5)
def detector_max():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.cls = nn.Conv2d(8, 20, 1)

        def forward(self, x):
            return self.cls(x).sigmoid().amax(1)

    return settle(Net()), [torch.randn(2, 8, 12, 10)]


@case("A15", "auxiliary", "an output that the application does not read", {}, macs=1.5, outputs=[0],
      options=["--interface=drop output output1"])
def auxiliary():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.trunk = nn.Conv2d(3, 8, 3, padding=1)
            self.main, self.aux = nn.Conv2d(8, 4, 3), nn.Sequential(nn.Conv2d(8, 16, 3), nn.ReLU(),
                                                                    nn.Conv2d(16, 4, 1))

        def forward(self, x):
            y = F.relu(self.trunk(x))
            return self.main(y), self.aux(y)

    return settle(Net()), [torch.randn(2, 3, 12, 10)]


@case("A14", "bert-mask", "BERT whose attention mask is known to be all ones", {"attention": 1},
      bytes=1.5, inputs=["ids"], options=["--interface=assume input mask = 1"])
def bert_mask():
    class Net(nn.Module):
        def __init__(self, d=16, heads=4):
            super().__init__()
            self.heads = heads
            self.emb = nn.Embedding(40, d)
            self.q, self.k, self.v, self.o = (nn.Linear(d, d) for _ in range(4))
            self.norm = nn.LayerNorm(d)

        def forward(self, ids, mask):
            x = self.emb(ids)
            n, s, d = x.shape
            bias = (1.0 - mask.to(x.dtype)[:, None, None, :]) * -10000.0
            q, k, v = (m(x).view(n, s, self.heads, -1).transpose(1, 2)
                       for m in (self.q, self.k, self.v))
            a = (q @ k.transpose(-1, -2) / 2.0 + bias).softmax(-1)
            return self.norm(x + self.o((a @ v).transpose(1, 2).reshape(n, s, d)))

    return settle(Net()), [torch.randint(0, 40, (2, 9)), torch.ones(2, 9, dtype=torch.int64)]


@case("B15", "nearest-argmax", "argmax behind a nearest upsampling", {"decide_upsampled": 1}, ties=True, bytes=2.0)
def nearest_argmax():
    return settle(SegmentationHead("nearest")), [torch.randn(2, 6, 7, 5)]


@case("B16", "threshold", "sigmoid compared with a threshold", {"threshold": 1}, ties=True)
def threshold():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(5, 3, 3)

        def forward(self, x):
            return self.conv(x).sigmoid() > 0.3

    return settle(Net()), [torch.randn(2, 5, 9, 8)]


@case("B17", "topk-decode", "boxes are decoded for all anchors, then the best 10 are chosen",
      {"take_unary": 1, "take_linear": 1, "take_binary": 1}, macs=1.5)
def topk_decode():
    class Net(nn.Module):
        def __init__(self, anchors=60):
            super().__init__()
            self.score, self.box = nn.Linear(8, 1), nn.Linear(8, 4)
            self.register_buffer("grid", torch.rand(anchors, 4))

        def forward(self, x):
            scores = self.score(x).squeeze(-1).sigmoid()
            boxes = self.box(x).exp() * self.grid
            best, index = scores[0].topk(10)
            return best, boxes[0].index_select(0, index)

    return settle(Net()), [torch.randn(1, 60, 8)]


@case("B20", "relu-maxpool", "max pooling behind an activation", {"max_pool_increasing": 1}, bytes=1.5)
def relu_maxpool():
    class Net(nn.Module):
        def forward(self, x):
            return F.max_pool2d(torch.sigmoid(x), 2)

    return Net().eval(), [torch.randn(2, 5, 12, 10)]


@case("B21", "ranges", "activations and limits that cannot bind",
      {"relu_nonneg": 1, "clamp_idle": 1, "abs_nonneg": 2}, bytes=1.5)
def ranges():
    class Net(nn.Module):
        def forward(self, x):
            y = torch.sigmoid(x).relu().clamp(0, 1)
            return F.max_pool2d(y, 2).abs() + (x * x).abs().sum()

    return Net().eval(), [torch.randn(2, 5, 12, 10)]
