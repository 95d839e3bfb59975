# SPDX-License-Identifier: Apache-2.0
"""The MLPerf Tiny networks (arXiv 2106.07597) besides the person detector: ResNet-8, DS-CNN, autoencoder."""
from torch import nn

from .mobilenet_v1 import conv_bn_relu


class Residual(nn.Module):
    """Two 3x3 convolutions beside a shortcut, which is a 1x1 convolution where the shape changes."""

    def __init__(self, ci, co, stride):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(ci, co, 3, stride, 1), nn.BatchNorm2d(co), nn.ReLU(),
                                  nn.Conv2d(co, co, 3, 1, 1), nn.BatchNorm2d(co))
        self.shortcut = nn.Identity() if stride == 1 else nn.Conv2d(ci, co, 1, stride)
        self.relu = nn.ReLU()

    def forward(self, x):
        return self.relu(self.shortcut(x) + self.body(x))


def resnet8():
    """Image classification: 32x32 pictures, 10 classes."""
    return nn.Sequential(nn.Conv2d(3, 16, 3, 1, 1), nn.BatchNorm2d(16), nn.ReLU(),
                         Residual(16, 16, 1), Residual(16, 32, 2), Residual(32, 64, 2),
                         nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10), nn.Softmax(-1))


def ds_cnn():
    """Keyword spotting: 49 frames of 10 coefficients, 12 words."""
    layers = [nn.ZeroPad2d((1, 1, 4, 5)), nn.Conv2d(1, 64, (10, 4), 2), nn.BatchNorm2d(64),
              nn.ReLU()]
    for _ in range(4):
        layers += conv_bn_relu(64, 64, 3, 1, 64) + conv_bn_relu(64, 64, 1)
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 12),
                         nn.Softmax(-1))


def autoencoder():
    """Anomaly detection: 5 frames of 128 coefficients."""
    widths = (640, 128, 128, 128, 128, 8, 128, 128, 128, 128)
    layers = []
    for ci, co in zip(widths, widths[1:]):
        layers += [nn.Linear(ci, co), nn.BatchNorm1d(co), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(128, 640))
