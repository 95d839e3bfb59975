#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Changes one weight of a `.wnnx` file with nothing but the safetensors package, and shows that the
interpreter and the compiled program follow.

    scripts/weight_surgery_demo.py MODEL.wnnx [WEIGHT] [--bin BUILD/bin] [--engine interp|compiled]

The weight is halved. Without WEIGHT, the first one with more than one dimension is taken."""
import argparse
import os
import subprocess
import sys
import tempfile

import numpy
from safetensors import safe_open
from safetensors.numpy import load_file, save_file


def change(source, target, weight):
    """The part a stranger writes: read, change, save with the metadata."""
    with safe_open(source, framework="np") as f:
        metadata = f.metadata()
    tensors = load_file(source)
    if weight is None:
        weight = next(n for n in sorted(tensors) if tensors[n].ndim > 1)
    tensors[weight] = (tensors[weight] * 0.5).astype(tensors[weight].dtype)
    save_file(tensors, target, metadata=metadata)
    return weight


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("weight", nargs="?")
    parser.add_argument("--bin", default="build/release/bin", help="folder of wnnx-run")
    parser.add_argument("--engine", default="compiled", choices=["interp", "compiled"])
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        changed = os.path.join(folder, "changed.wnnx")
        weight = change(args.model, changed, args.weight)
        print(f"halved {weight}")

        def run(model, engine, *more):
            command = [os.path.join(args.bin, "wnnx-run"), model, "--engine", engine, *more]
            return subprocess.run(command, capture_output=True, text=True)

        # The interpreter on the changed file says what is right.
        wanted = os.path.join(folder, "wanted.npy")
        first = run(changed, "interp", "--output", wanted)
        if first.returncode:
            sys.exit(first.stderr)
        same = run(changed, args.engine, "--compare", "--expect", wanted)
        other = run(args.model, args.engine, "--compare", "--expect", wanted, "--tolerance", "1e-6")
        print("changed file: ", same.stdout.strip())
        print("original file:", other.stdout.strip())
        if same.returncode:
            sys.exit("the changed file does not compute what it should\n" + same.stderr)
        if other.returncode == 0:
            sys.exit("the change has no effect on the outputs")
        print("the program follows its weights")


if __name__ == "__main__":
    main()
