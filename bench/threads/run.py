#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Ratio of two threads to one, on cores that are free and on cores that other programs use too.

    run.py [NAME ...] [--build build/release] [--networks DIR] [--threads 2] [--load 2]

For each network (DIR/NAME/net.pt; bench/peers/run.py makes these) prints milliseconds and ratios;
LOAD busy programs per core compete in the second half. Medians say what a run usually takes, means
what all of them together take, stalls included. Exits 1 when a loaded ratio of means passes 1.3.
"""
import argparse
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LIMIT = 1.3


def build(args, name, folder):
    subprocess.run([os.path.join(args.build, "bin", "wnnxc"),
                    os.path.join(args.networks, name, "net.pt"), "--rules", args.rules, "--name",
                    "net", "--weights=file", "--profile", "--quiet", "-o", f"{folder}/net.cpp"],
                   check=True)
    library = args.library or next(os.path.join(d, f) for d, _, files in os.walk(args.build)
                                   for f in files if f == "libwnnrt.a")
    subprocess.run([os.environ.get("CXX", "c++"), "-std=c++17", "-O2", "-pthread",
                    f'-DPROFILE="{folder}/net_profile.cpp"', "-I", folder, "-I",
                    os.path.join(ROOT, "runtime", "include"),
                    os.path.join(ROOT, "bench", "threads", "main.cpp"), f"{folder}/net.cpp",
                    library, "-o", f"{folder}/net"], check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*")
    parser.add_argument("--build", default=os.path.join(ROOT, "build", "release"))
    parser.add_argument("--library", help="libwnnrt.a, if not the one of --build")
    parser.add_argument("--networks",
                        default=os.path.join(ROOT, "build", "peers-bench", "networks"))
    parser.add_argument("--rules", default=os.path.join(ROOT, "patterns", "default.pat"))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--load", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--rounds", type=int, default=4)
    args = parser.parse_args()
    names = args.names or sorted(n for n in os.listdir(args.networks)
                                 if os.path.exists(os.path.join(args.networks, n, "net.pt")))
    n = args.threads
    print(f"| network | quiet, 1 | quiet, {n} | ratio | loaded, 1 | loaded, {n} | ratio of medians "
          "| ratio of means |\n|---|---|---|---|---|---|---|---|")
    worst = 0
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            build(args, name, folder)
            out = subprocess.run([f"{folder}/net", str(n), str(args.load), str(args.seconds),
                                  str(args.rounds), f"{folder}/net.weights"], check=True,
                                 stdout=subprocess.PIPE, text=True).stdout
        rows = [tuple(map(float, line.split()[2:])) for line in out.splitlines()]
        quiet1, quiet2, loaded1, loaded2 = rows
        mean = loaded2[1] / loaded1[1]
        worst = max(worst, mean)
        print(f"| {name} | {quiet1[0]:.3f} | {quiet2[0]:.3f} | {quiet2[0] / quiet1[0]:.2f} | "
              f"{loaded1[1]:.3f} | {loaded2[1]:.3f} | {loaded2[0] / loaded1[0]:.2f} | {mean:.2f} |",
              flush=True)
    print(f"\nworst ratio under load {worst:.2f}, limit {LIMIT}")
    sys.exit(worst > LIMIT)


if __name__ == "__main__":
    main()
