#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trains the example network on pictures it draws itself, and writes everything the demo needs:

    shapes.pt       TorchScript trace, input `image` f32[1,3,48,48] in [0, 1]
    picture.ppm     one picture that the network has not seen
    expected.txt    PyTorch's class probabilities for that picture

Needs torch and numpy; takes about a minute on one CPU core. Run it in this folder.
"""
import numpy as np
import torch
from torch import nn

SIZE = 48
CLASSES = ["circle", "square", "triangle", "cross", "ring", "stripes"]


def draw(kind: int, rng: np.random.Generator) -> np.ndarray:
    """One picture [3, SIZE, SIZE]: a coloured shape on a coloured, noisy ground."""
    y, x = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32)
    cx, cy = rng.uniform(18, 30, 2)
    r = rng.uniform(9, 16)
    angle = rng.uniform(-0.4, 0.4)
    u = (x - cx) * np.cos(angle) + (y - cy) * np.sin(angle)
    v = -(x - cx) * np.sin(angle) + (y - cy) * np.cos(angle)
    d = np.hypot(u, v)
    mask = [
        d < r,
        np.maximum(abs(u), abs(v)) < r * 0.9,
        (v < r * 0.7) & (v > 1.8 * abs(u) - r),
        (np.minimum(abs(u), abs(v)) < r * 0.3) & (np.maximum(abs(u), abs(v)) < r),
        (d < r) & (d > r * 0.6),
        (np.maximum(abs(u), abs(v)) < r) & (np.floor(u / 4) % 2 == 0),
    ][kind]
    ground, colour = rng.uniform(0, 1, (2, 3, 1, 1)).astype(np.float32)
    while abs(ground - colour).max() < 0.3:
        colour = rng.uniform(0, 1, (3, 1, 1)).astype(np.float32)
    picture = np.where(mask[None], colour, ground) + rng.normal(0, 0.06, (3, SIZE, SIZE))
    # Rounded to bytes, so that the picture file holds exactly what the network sees.
    return (np.clip(picture, 0, 1) * 255).round().astype(np.float32) / 255


class Focus(nn.Module):
    """Space to depth, then a convolution, as YOLOX starts."""

    def __init__(self, c, o):
        super().__init__()
        self.conv = ConvBnSilu(4 * c, o, 3)

    def forward(self, x):
        return self.conv(torch.cat([x[..., ::2, ::2], x[..., 1::2, ::2],
                                    x[..., ::2, 1::2], x[..., 1::2, 1::2]], 1))


class ConvBnSilu(nn.Module):
    def __init__(self, c, o, k, stride=1, groups=1):
        super().__init__()
        self.conv = nn.Conv2d(c, o, k, stride, k // 2, groups=groups, bias=False)
        self.bn = nn.BatchNorm2d(o)

    def forward(self, x):
        x = self.bn(self.conv(x))
        return x * torch.sigmoid(x)


class Block(nn.Module):
    """Inverted residual: expand, depthwise, project."""

    def __init__(self, c):
        super().__init__()
        self.expand = ConvBnSilu(c, 2 * c, 1)
        self.depthwise = ConvBnSilu(2 * c, 2 * c, 3, groups=2 * c)
        self.project = nn.Conv2d(2 * c, c, 1, bias=False)
        self.bn = nn.BatchNorm2d(c)

    def forward(self, x):
        return x + self.bn(self.project(self.depthwise(self.expand(x))))


class ShapeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = Focus(3, 16)
        self.body = nn.Sequential(Block(16), ConvBnSilu(16, 32, 3, 2), Block(32),
                                  ConvBnSilu(32, 48, 3, 2), Block(48))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.drop = nn.Dropout(0.1)
        self.head = nn.Linear(48, len(CLASSES))

    def forward(self, image):
        x = self.pool(self.body(self.stem(image))).flatten(1)
        return torch.softmax(self.head(self.drop(x)), 1)


def main():
    torch.manual_seed(7)
    torch.set_num_threads(2)
    rng = np.random.default_rng(7)
    model = ShapeNet()
    optimizer = torch.optim.AdamW(model.parameters(), 4e-3, weight_decay=1e-3)
    steps = 500
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-2, steps)
    for step in range(steps):
        labels = rng.integers(0, len(CLASSES), 48)
        batch = torch.from_numpy(np.stack([draw(k, rng) for k in labels]))
        loss = nn.functional.nll_loss(torch.log(model(batch) + 1e-9), torch.from_numpy(labels))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 100 == 99:
            print(f"step {step + 1}/{steps}  loss {loss.item():.3f}")
    model.eval()
    labels = rng.integers(0, len(CLASSES), 600)
    with torch.no_grad():
        test = torch.from_numpy(np.stack([draw(k, rng) for k in labels]))
        right = (model(test).argmax(1).numpy() == labels).mean()
        print(f"right on {right:.1%} of 600 new pictures")
        picture = draw(3, np.random.default_rng(123))
        image = torch.from_numpy(picture)[None]
        answer = model(image)[0]
        torch.jit.trace(model, image).save("shapes.pt")
    pixels = (picture * 255).round().astype(np.uint8).transpose(1, 2, 0)
    with open("picture.ppm", "wb") as f:
        f.write(f"P6\n{SIZE} {SIZE}\n255\n".encode() + pixels.tobytes())
    with open("expected.txt", "w") as f:
        for name, p in zip(CLASSES, answer.tolist()):
            f.write(f"{name} {p:.9g}\n")


if __name__ == "__main__":
    main()
