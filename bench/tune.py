#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How much a network gains by `wnnxc --tune`: the time of its steps as the cost model chooses
kernels over that with the fastest of each layer, measured in the same run.

    tune.py [NAME ...] [--build build/release] [--networks DIR] [--matrix-unit assume] [--keep DIR]

DIR/NAME/net.pt; bench/peers/run.py makes these. --keep keeps the tuning files. Exits 1 when the
choices of the cost model cost more than 10 % anywhere. The figures of all files are what
lib/Plan/ConvCost.cpp is fitted to.
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*")
    parser.add_argument("--build", default=os.path.join(ROOT, "build", "release"))
    parser.add_argument("--networks",
                        default=os.path.join(ROOT, "build", "peers-bench", "networks"))
    parser.add_argument("--rules", default=os.path.join(ROOT, "patterns", "default.pat"))
    parser.add_argument("--matrix-unit", default="on", choices=["off", "on", "assume"],
                        help="as wnnxc has it")
    parser.add_argument("--keep")
    args = parser.parse_args()
    names = args.names or sorted(n for n in os.listdir(args.networks)
                                 if os.path.exists(os.path.join(args.networks, n, "net.pt")))
    worst = 0
    print("| network | layers | chosen differently | cost model, us | tuned, us | ratio |\n"
          "|---|---|---|---|---|---|")
    for name in names:
        with tempfile.TemporaryDirectory() as temporary:
            folder = args.keep or temporary
            os.makedirs(folder, exist_ok=True)
            done = subprocess.run(
                [os.path.join(args.build, "bin", "wnnxc"),
                 os.path.join(args.networks, name, "net.pt"), "--rules", args.rules, "--quiet",
                 "--matrix-unit=" + args.matrix_unit,
                 "--tune=" + os.path.join(folder, name + ".tune")],
                check=True, stderr=subprocess.PIPE, text=True)
        m = re.search(r"tuning: (\d+) layers, (\d+) chosen.* all steps "
                      r"([\d.]+) us by the model, ([\d.]+)",
                      done.stderr)
        if not m:
            print(f"| {name} | 0 | 0 | - | - | 1.00 |", flush=True)
            continue
        ratio = float(m[3]) / float(m[4])
        worst = max(worst, ratio)
        print(f"| {name} | {m[1]} | {m[2]} | {m[3]} | {m[4]} | {ratio:.3f} |", flush=True)
    print(f"\nworst {worst:.3f}")
    sys.exit(worst > 1.1)


if __name__ == "__main__":
    main()
