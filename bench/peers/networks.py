# SPDX-License-Identifier: Apache-2.0
"""The networks of the peer bench: a builder and an input shape each.

`build(name)` gives the network in eval mode with random weights, the same on every machine with the
same PyTorch; `arithmetic(model, x)` counts its floating-point operations.
"""
import os
import sys

import torch
from torch import nn

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(os.path.dirname(HERE)), "scripts", "zoo")]
import trace as zoo  # noqa: E402  scripts/zoo/trace.py
from nets import encoder, mlperf_tiny, mobilenet_v1, unet, yolox  # noqa: E402

TORCHVISION = ("mobilenet_v2", "mobilenet_v3_small", "mobilenet_v3_large", "mnasnet1_0",
               "efficientnet_b0", "shufflenet_v2_x1_0", "squeezenet1_1", "regnet_y_400mf",
               "densenet121", "googlenet", "resnet18", "resnet50", "vgg16", "convnext_tiny",
               "vit_b_32")
PICTURE = (1, 3, 224, 224)

# name: (builder, shape of the input), in the order of the table.
NETWORKS = {
    "mobilenet_v1": (mobilenet_v1.mobilenet_v1, PICTURE),
    **{name: (None, PICTURE) for name in TORCHVISION[:-1]},
    "yolox_nano": (lambda: yolox.YoloX(0.25, True), (1, 3, 416, 416)),
    "yolox_tiny": (lambda: yolox.YoloX(0.375, False), (1, 3, 416, 416)),
    "unet": (unet.UNet, (1, 3, 256, 256)),
    "vit_b_32": (None, PICTURE),
    "bert4": (encoder.bert, (1, 128, 256)),
    "mlp": (encoder.mlp, (1, 784)),
    "tiny_resnet8": (mlperf_tiny.resnet8, (1, 3, 32, 32)),
    "tiny_mobilenet": (lambda: mobilenet_v1.mobilenet_v1(0.25, 2), (1, 3, 96, 96)),
    "tiny_ds_cnn": (mlperf_tiny.ds_cnn, (1, 1, 49, 10)),
    "tiny_autoencoder": (mlperf_tiny.autoencoder, (1, 640)),
}


def build(name):
    builder = NETWORKS[name][0]
    if builder is None:
        model = zoo.build(name)
    else:
        torch.manual_seed(sum(map(ord, name)))
        model = builder()
    liven(model)
    return model.eval()


def liven(model):
    """Replaces parameters whose initial values would hide mistakes: norms that do nothing, the
    zeros of ViT's last layer, and ConvNeXt's layer scales, which nearly switch its blocks off."""
    for m in model.modules():
        if isinstance(m, (nn.BatchNorm1d, nn.BatchNorm2d)):
            nn.init.uniform_(m.running_var, 0.5, 1.5)
            nn.init.normal_(m.running_mean, 0, 0.1)
        if isinstance(m, (nn.BatchNorm1d, nn.BatchNorm2d, nn.LayerNorm)):
            nn.init.uniform_(m.weight, 0.7, 1.3)
            nn.init.normal_(m.bias, 0, 0.1)
        if isinstance(m, nn.Linear) and not m.weight.any():
            nn.init.normal_(m.weight, 0, 0.02)
    for key, p in model.named_parameters():
        if key.endswith("layer_scale"):
            nn.init.uniform_(p, 0.05, 0.2)


def example(name):
    """The input: random numbers with structure at every scale, for pictures."""
    shape = NETWORKS[name][1]
    torch.manual_seed(1)
    return zoo.pictures(1, shape[2]) if shape[1] == 3 else torch.randn(shape)


def arithmetic(model, x):
    """(operations, operations if a dense 3x3 convolution of stride 1 cost a quarter): sums and
    products of convolutions and matrix products, nothing else."""
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode
    saved = []

    def hook(m, _, y):
        if m.kernel_size == (3, 3) and m.stride == (1, 1) and m.groups == m.dilation[0] == 1:
            saved.append(2 * 0.75 * 9 * m.in_channels * y.numel())

    handles = [m.register_forward_hook(hook) for m in model.modules() if isinstance(m, nn.Conv2d)]
    # Attention as two products: its fused forms are not all counted.
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        model(x)
    for h in handles:
        h.remove()
    return counter.get_total_flops(), counter.get_total_flops() - sum(saved)
