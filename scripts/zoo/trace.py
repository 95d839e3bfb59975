#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Traces torchvision networks with random weights and realistic batch-norm statistics.

    trace.py --out DIR [NAME ...] --batch 1 2 [--statistics random|measured]

For each network and batch size N writes DIR/NAME_bN.pt, the input DIR/NAME_bN.x.npy, PyTorch's
output DIR/NAME_bN.y.npy, and DIR/NAME_bN.y64.npy, the same computed by PyTorch in double. Works
with every PyTorch from 1.13 on; weights are the constructors' random ones.

Statistics of batch norm are random numbers, or measured on random pictures. Measured ones keep the
signal alive to the last layer, but also subtract most of it in each: PyTorch's own float result is
then 5e-6 to 1.3e-5 away from its double result, so these networks are compared with the latter.
"""
import argparse
import copy
import os

import numpy as np
import torch

NETWORKS = {
    "alexnet": 224, "vgg11_bn": 224, "vgg16": 224, "resnet18": 224, "resnet50": 224,
    "squeezenet1_1": 224, "mobilenet_v2": 224, "mobilenet_v3_small": 224,
    "mobilenet_v3_large": 224, "shufflenet_v2_x1_0": 224, "mnasnet1_0": 224,
    "efficientnet_b0": 224, "densenet121": 224, "googlenet": 224, "inception_v3": 299,
    "regnet_y_400mf": 224, "convnext_tiny": 224,
}


def load_torchvision():
    """torchvision, also where it comes without its compiled ops (which no network here uses)."""
    if not torch.__version__.startswith("1.") and not hasattr(load_torchvision, "library"):
        library = torch.library.Library("torchvision", "DEF")
        for op in ("nms", "qnms"):
            try:
                library.define(f"{op}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
            except RuntimeError:
                pass  # the compiled ops are there
        load_torchvision.library = library
    import torchvision
    return torchvision


def pictures(count, size):
    """Random pictures with structure at every scale, as photographs have: white noise would be
    averaged away by the first layers, and leave deeper ones nearly constant inputs, on which
    batch norm amplifies rounding errors."""
    x = torch.zeros(count, 3, size, size)
    grid = 2
    while grid <= size:
        x += torch.nn.functional.interpolate(torch.randn(count, 3, grid, grid), size=(size, size),
                                             mode="bilinear", align_corners=False) / grid ** 0.5
        grid *= 2
    return x / x.std()


def build(name, statistics="random"):
    """The network in eval mode, with batch-norm statistics as said above; measured ones are
    jittered, so that they are not those of any batch."""
    models = load_torchvision().models
    torch.manual_seed(sum(map(ord, name)))
    extra = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    model = getattr(models, name)(weights=None, **extra)
    norms = [m for m in model.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    for m in norms:
        torch.nn.init.uniform_(m.weight, 0.7, 1.3)
        torch.nn.init.normal_(m.bias, 0, 0.1)
        torch.nn.init.normal_(m.running_mean, 0, 0.1)
        torch.nn.init.uniform_(m.running_var, 0.5, 1.5)
    if norms and statistics == "measured":
        measure(model, norms, pictures(4, NETWORKS[name]))
    return model.eval()


def measure(model, norms, x):
    for m in norms:
        m.momentum = 1.0
    for m in model.modules():
        if isinstance(m, torch.nn.Dropout):
            m.p = 0.0
    model.train()
    with torch.no_grad():
        model(x)
        for m in norms:
            m.momentum = 0.1
            m.running_var.mul_(torch.empty_like(m.running_var).uniform_(0.8, 1.25))
            m.running_mean.add_(0.1 * m.running_var.sqrt() * torch.randn_like(m.running_mean))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", required=True)
    parser.add_argument("--batch", type=int, nargs="+", default=[1])
    parser.add_argument("--statistics", choices=["random", "measured"], default="random")
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    os.makedirs(args.out, exist_ok=True)
    for name in args.names or NETWORKS:
        model = build(name, args.statistics)
        for batch in args.batch:
            torch.manual_seed(batch)
            x = pictures(batch, NETWORKS[name])
            with torch.no_grad():
                traced = torch.jit.trace(model, x)
                y = model(x)
                y64 = copy.deepcopy(model).double()(x.double())
            base = os.path.join(args.out, f"{name}_b{batch}")
            traced.save(base + ".pt")
            np.save(base + ".x.npy", x.numpy())
            np.save(base + ".y.npy", y.numpy())
            np.save(base + ".y64.npy", y64.numpy())
            print(f"traced {base}.pt", flush=True)


if __name__ == "__main__":
    main()
