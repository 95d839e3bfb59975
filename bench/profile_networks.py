#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints where the time of torchvision networks goes, step by step (`wnnxc --profile`).

    profile_networks.py [NAME ...] [--build build/release] [--keep DIR] [--wnnxc='--winograd=off ...'] [-- ARGS]

Builds each network as compare_onnxruntime.py does (default: all that docs/performance.md lists) and
runs the program that wnnxc writes; ARGS go to it (--runs=N, --threads=N, --isa=avx2, --trace=FILE).
With --keep the files stay in DIR/NAME, and a network whose .pt is there is not traced again.
"""
import argparse
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "scripts", "zoo"))
DEFAULT = ["resnet18", "mobilenet_v2", "efficientnet_b0", "shufflenet_v2_x1_0", "vgg16",
           "squeezenet1_1", "densenet121", "convnext_tiny"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=DEFAULT)
    parser.add_argument("--build", default=os.path.join(ROOT, "build", "release"))
    parser.add_argument("--rules", default=os.path.join(ROOT, "patterns", "fuse.pat"))
    parser.add_argument("--library", help="libwnnrt.a, if not the one of --build")
    parser.add_argument("--keep")
    parser.add_argument("--wnnxc", default="", help="more options for wnnxc, in one word")
    argv = sys.argv[1:]
    at = argv.index("--") if "--" in argv else len(argv)
    args = parser.parse_args(argv[:at])
    library = args.library or next(os.path.join(d, f) for d, _, files in os.walk(args.build)
                                   for f in files if f == "libwnnrt.a")
    for name in args.names:
        with tempfile.TemporaryDirectory() as temporary:
            folder = os.path.join(args.keep, name) if args.keep else temporary
            os.makedirs(folder, exist_ok=True)
            pt = os.path.join(folder, "net.pt")
            if not os.path.exists(pt):
                import torch
                import trace
                size = trace.NETWORKS[name]
                with torch.no_grad():
                    torch.jit.trace(trace.build(name), torch.randn(1, 3, size, size)).save(pt)
            cpp = os.path.join(folder, "net.cpp")
            subprocess.run([os.path.join(args.build, "bin", "wnnxc"), pt, "--rules", args.rules,
                            "--name", "net", "--weights=file", "--profile", "--quiet", "-o", cpp]
                           + args.wnnxc.split(), check=True)
            program = os.path.join(folder, "net_profile")
            subprocess.run([os.environ.get("CXX", "c++"), "-std=c++17", "-O2", "-pthread",
                            "-I", os.path.join(ROOT, "runtime", "include"), cpp,
                            program + ".cpp", library, "-o", program], check=True)
            print(f"{name}", flush=True)
            subprocess.run([program, "--weights=" + os.path.join(folder, "net.weights")]
                           + argv[at + 1:], check=True)
            print(flush=True)


if __name__ == "__main__":
    main()
