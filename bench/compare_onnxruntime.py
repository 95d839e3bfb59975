#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times generated code against ONNX Runtime: same weights, same input, one thread, interleaved.

    compare_onnxruntime.py [NAME ...] [--build build/release] [--runs 40] [--core 1]

For each torchvision network (default resnet18 and mobilenet_v2, 1x3x224x224): exports it to ONNX for
ONNX Runtime and to TorchScript for wnnxc (rules patterns/fuse.pat), compiles the generated code with
$CXX -O2, checks that both outputs agree with PyTorch's, then runs the two in turn, pinned to one
core, and prints medians, minima, and the ratio of medians. Needs torch, torchvision, onnx and
onnxruntime.
"""
import argparse
import ctypes
import os
import re
import subprocess
import sys
import tempfile
import time

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "scripts", "zoo"))


def aligned(count, dtype=np.float32, alignment=64):
    """A zeroed array at a multiple of `alignment` bytes."""
    raw = np.zeros(count * np.dtype(dtype).itemsize + alignment, np.uint8)
    start = -raw.ctypes.data % alignment
    return raw[start:start + count * np.dtype(dtype).itemsize].view(dtype)


class Generated:
    """A model compiled by wnnxc, loaded as a shared library."""

    def __init__(self, pt, build, rules, folder):
        cpp = os.path.join(folder, "net.cpp")
        subprocess.run([os.path.join(build, "bin", "wnnxc"), pt, "--rules", rules, "--name", "net",
                        "--weights=file", "-o", cpp, "--quiet"], check=True)
        library = next(os.path.join(d, f) for d, _, files in os.walk(build) for f in files
                       if f == "libwnnrt.a")
        so = os.path.join(folder, "net.so")
        subprocess.run([os.environ.get("CXX", "c++"), "-std=c++17", "-O2", "-shared", "-fPIC",
                        "-I", os.path.join(ROOT, "runtime", "include"), cpp,
                        "-Wl,--whole-archive", library, "-Wl,--no-whole-archive", "-o", so],
                       check=True)
        header = open(os.path.join(folder, "net.h")).read()
        constant = {m[1]: int(m[2]) for m in re.finditer(r"\b(NET_\w+) = (-?\d+)", header)}
        counts = [v for k, v in constant.items() if k.endswith("_COUNT")]
        self.run = ctypes.CDLL(so).net_run
        weights = np.fromfile(os.path.join(folder, "net.weights"), np.uint8)
        self.weights = aligned(weights.size, np.uint8)
        self.weights[:] = weights
        self.arena = aligned(max(constant["NET_ARENA_BYTES"], 1), np.uint8)
        self.x, self.y = aligned(counts[0]), aligned(counts[1])
        self.arguments = [ctypes.c_void_p(a.ctypes.data)
                          for a in (self.weights, self.arena, self.x, self.y)]

    def __call__(self):
        status = self.run(*self.arguments)
        assert status == 0, f"status {status}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=["resnet18", "mobilenet_v2"])
    parser.add_argument("--build", default=os.path.join(ROOT, "build", "release"))
    parser.add_argument("--rules", default=os.path.join(ROOT, "patterns", "fuse.pat"))
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--core", type=int, default=1)
    args = parser.parse_args()
    os.sched_setaffinity(0, {args.core})
    import onnxruntime
    import torch
    import trace
    torch.set_num_threads(1)
    print(f"onnxruntime {onnxruntime.__version__}, 1 thread, batch 1, {args.runs} interleaved runs")
    print(f"{'network':<20}{'ours ms':>10}{'min':>8}{'ORT ms':>10}{'min':>8}{'ratio':>8}"
          f"{'difference ours':>18}{'ORT':>10}")
    for name in args.names:
        with tempfile.TemporaryDirectory() as folder:
            model = trace.build(name)
            size = trace.NETWORKS[name]
            torch.manual_seed(1)
            x = torch.randn(1, 3, size, size)
            with torch.no_grad():
                want = model(x).numpy()
                pt, onnx = os.path.join(folder, "net.pt"), os.path.join(folder, "net.onnx")
                torch.jit.trace(model, x).save(pt)
                torch.onnx.export(model, x, onnx, dynamo=False, input_names=["x"],
                                  output_names=["y"])
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = options.inter_op_num_threads = 1
            session = onnxruntime.InferenceSession(onnx, options,
                                                   providers=["CPUExecutionProvider"])
            ours = Generated(pt, args.build, args.rules, folder)
            ours.x[:] = x.numpy().ravel()
            feed = {"x": x.numpy()}
            times = ([], [])
            for run in range(args.runs + 5):
                for which, call in enumerate((ours, lambda: session.run(None, feed))):
                    start = time.perf_counter()
                    call()
                    if run >= 5:
                        times[which].append((time.perf_counter() - start) * 1e3)
            scale = np.abs(want).max()
            errors = [np.abs(got.ravel() - want.ravel()).max() / scale
                      for got in (ours.y, session.run(None, feed)[0])]
            a, b = (np.median(t) for t in times)
            print(f"{name:<20}{a:>10.2f}{min(times[0]):>8.2f}{b:>10.2f}{min(times[1]):>8.2f}"
                  f"{a / b:>8.2f}{errors[0]:>18.1e}{errors[1]:>10.1e}", flush=True)


if __name__ == "__main__":
    main()
