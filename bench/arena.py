#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the arena of each network and its lower bound, the largest sum of live tensors in a step.

    arena.py [NAME ...] [--build build/release] [--networks DIR] [--rules FILE]

Networks are those of bench/peers/networks.py and scripts/zoo; DIR/NAME/net.pt is taken where it is
there (run.py of bench/peers makes these), others are traced, which needs PyTorch. Exits 1 unless
at least 80 % of the networks are at their bound and all are within 2 % of it.
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "bench", "peers"))


def names():
    import networks
    return list(networks.NETWORKS) + [n for n in networks.zoo.NETWORKS
                                      if n not in networks.NETWORKS]


def trace(name, path):
    import networks
    import torch
    torch.backends.mha.set_fastpath_enabled(False)
    if name in networks.NETWORKS:
        model, x = networks.build(name), networks.example(name)
    else:
        model = networks.zoo.build(name)
        size = networks.zoo.NETWORKS[name]
        x = torch.randn(1, 3, size, size)
    with torch.no_grad():
        torch.jit.trace(model, x).save(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*")
    parser.add_argument("--build", default=os.path.join(ROOT, "build", "release"))
    parser.add_argument("--networks",
                        default=os.path.join(ROOT, "build", "peers-bench", "networks"))
    parser.add_argument("--rules", default=os.path.join(ROOT, "patterns", "default.pat"))
    args = parser.parse_args()
    at_bound = within = total = 0
    print("| network | arena | lower bound | over | in the model's own order |\n|---|---|---|---|---|")
    for name in args.names or names():
        with tempfile.TemporaryDirectory() as folder:
            pt = os.path.join(args.networks, name, "net.pt")
            if not os.path.exists(pt):
                pt = os.path.join(folder, "net.pt")
                trace(name, pt)
            done = subprocess.run(
                [os.path.join(args.build, "bin", "wnnxc"), pt, "--rules", args.rules, "--quiet",
                 "--weights=file", "--arena-report", "-o", os.path.join(folder, "net.cpp")],
                check=True, stderr=subprocess.PIPE, text=True)
        arena, bound = map(int, re.search(r"arena (\d+) bytes, lower bound (\d+)",
                                          done.stderr).groups())
        other = re.search(r"reordered: (\d+)", done.stderr)
        total += 1
        at_bound += arena == bound
        within += arena <= 1.02 * bound
        print(f"| {name} | {arena:,} | {bound:,} | {100 * (arena / max(bound, 1) - 1):.1f} % | "
              f"{int(other[1]) if other else arena:,} |", flush=True)
    print(f"\n{at_bound} of {total} at their bound, {within} within 2 %")
    sys.exit(not (at_bound >= 0.8 * total and within == total))


if __name__ == "__main__":
    main()
