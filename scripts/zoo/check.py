#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares interpreter and compiled C++ with PyTorch on torchvision's networks.

    check.py [NAME ...] --build build/release --python PY [--python PY ...] [--batch 1 2]

Each PY is a Python with torch and torchvision; networks are traced with each of them, one at a
time, in a temporary folder. Prints a row for each network, version and batch: the largest
difference from PyTorch's output as a share of that output's largest magnitude, for the interpreter
and for compiled code, with rules off and on; and, for scale, that of PyTorch's float result from
its double result. Exits 1 when a figure passes its limit (1e-5 for the interpreter, 1e-4 for
compiled code) or a step fails. With --statistics measured (see trace.py) the comparison is with
PyTorch's double result, because its float result has errors of the size of the limit. Needs numpy.
"""
import argparse
import os
import subprocess
import sys
import tempfile

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LIMITS = {"interp": 1e-5, "compiled": 1e-4}
sys.path.insert(0, os.path.join(ROOT, "scripts", "zoo"))


def difference(got, want):
    if got.shape != want.shape or got.dtype != np.float32:
        return float("inf")
    worst = np.max(np.abs(got.astype(np.float64) - want.astype(np.float64)))
    return float(worst / np.max(np.abs(want)))  # NaN stays NaN, which no limit admits


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=os.path.join(ROOT, "build", "release"))
    parser.add_argument("--python", action="append", required=True)
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--engine", nargs="+", default=list(LIMITS), choices=list(LIMITS))
    parser.add_argument("--rules", default=os.path.join(ROOT, "patterns", "default.pat"))
    parser.add_argument("--statistics", choices=["random", "measured"], default="random")
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    trace = os.path.join(ROOT, "scripts", "zoo", "trace.py")
    run = os.path.join(args.build, "bin", "wnnx-run")
    names = args.names or [
        "alexnet", "vgg11_bn", "vgg16", "resnet18", "resnet50", "squeezenet1_1", "mobilenet_v2",
        "mobilenet_v3_small", "mobilenet_v3_large", "shufflenet_v2_x1_0", "mnasnet1_0",
        "efficientnet_b0", "densenet121", "googlenet", "inception_v3", "regnet_y_400mf",
        "convnext_tiny"]
    columns = [(e, r) for e in args.engine for r in ("off", "on")]
    print(f"{'network':<20} {'torch':<8} {'N':>2} {'PyTorch itself':>15}  "
          + "  ".join(f"{e} rules {r}".rjust(18) for e, r in columns), flush=True)
    failures = 0
    for name in names:
        for python in args.python:
            version = subprocess.check_output(
                [python, "-c", "import torch; print(torch.__version__.split('+')[0])"],
                text=True).strip()
            with tempfile.TemporaryDirectory() as folder:
                subprocess.run([python, trace, "--out", folder, name, "--batch",
                                *map(str, args.batch), "--statistics", args.statistics], check=True, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
                for batch in args.batch:
                    base = os.path.join(folder, f"{name}_b{batch}")
                    single, want = np.load(base + ".y.npy"), np.load(base + ".y64.npy")
                    itself = difference(single, want)
                    if args.statistics == "random":
                        want = single
                    cells = []
                    for engine, rules in columns:
                        out = os.path.join(folder, "out.npy")
                        command = [run, f"--engine={engine}", base + ".pt", "--input",
                                   base + ".x.npy", "--output", out]
                        if rules == "on":
                            command += ["--rules", args.rules]
                        done = subprocess.run(command, capture_output=True, text=True)
                        if done.returncode:
                            failures += 1
                            cells.append("failed")
                            print(done.stderr[-2000:], file=sys.stderr)
                            continue
                        d = difference(np.load(out), want)
                        os.remove(out)
                        good = d <= LIMITS[engine]
                        failures += not good
                        cells.append(f"{d:.2e}" + ("" if good else " !"))
                    print(f"{name:<20} {version:<8} {batch:>2} {itself:>15.2e}  "
                          + "  ".join(c.rjust(18) for c in cells), flush=True)
    print(f"{failures} figures beyond their limit" if failures else "all within their limits")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
