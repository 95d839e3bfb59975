# SPDX-License-Identifier: Apache-2.0
"""A U-Net (arXiv 1505.04597) with padded convolutions and batch norm."""
import torch
from torch import nn

from .mobilenet_v1 import conv_bn_relu


def double(ci, co):
    return nn.Sequential(*conv_bn_relu(ci, co, 3), *conv_bn_relu(co, co, 3))


class UNet(nn.Module):
    def __init__(self, base=16, levels=4, classes=2):
        super().__init__()
        widths = [base << i for i in range(levels + 1)]
        self.first = double(3, base)
        self.pool = nn.MaxPool2d(2)
        self.down = nn.ModuleList(double(a, b) for a, b in zip(widths, widths[1:]))
        self.up = nn.ModuleList(nn.ConvTranspose2d(b, a, 2, 2)
                                for a, b in reversed(list(zip(widths, widths[1:]))))
        self.join = nn.ModuleList(double(2 * a, a) for a in reversed(widths[:-1]))
        self.last = nn.Conv2d(base, classes, 1)

    def forward(self, x):
        x = self.first(x)
        skips = []
        for down in self.down:
            skips.append(x)
            x = down(self.pool(x))
        for up, join, skip in zip(self.up, self.join, reversed(skips)):
            x = join(torch.cat([skip, up(x)], 1))
        return self.last(x)
