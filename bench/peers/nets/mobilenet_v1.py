# SPDX-License-Identifier: Apache-2.0
"""MobileNetV1 (arXiv 1704.04861) at any width; at 0.25 and 96x96 it is MLPerf Tiny's person detector."""
from torch import nn

# (output channels, stride) of the depthwise separable layers.
LAYERS = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1), (512, 1), (512, 1),
          (512, 1), (512, 1), (1024, 2), (1024, 1))


def conv_bn_relu(ci, co, kernel, stride=1, groups=1):
    return [nn.Conv2d(ci, co, kernel, stride, kernel // 2, groups=groups, bias=False),
            nn.BatchNorm2d(co), nn.ReLU()]


def mobilenet_v1(width=1.0, classes=1000):
    channels = int(32 * width)
    layers = conv_bn_relu(3, channels, 3, 2)
    for co, stride in LAYERS:
        co = int(co * width)
        layers += conv_bn_relu(channels, channels, 3, stride, channels)
        layers += conv_bn_relu(channels, co, 1)
        channels = co
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(),
                         nn.Linear(channels, classes))
