#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures every layer of the peer bench's networks within its network, and judges it by its goal.

    layer_goals.py [NAME ...] [--build build/release] [--networks build/peers-bench/networks]
                   [--runs 20] [--core 1] [--isa avx512] [--matrix-unit on] [--all]

Compiles each network with `wnnxc --profile` and runs it: weights and tensors are as cold as they are
in use, and the peak is measured between the runs, at the clock that wide vectors leave. NETWORKS is
where bench/peers/run.py keeps its converted networks (NAME/net.pt). Prints the layers that miss
their goal (--all: every one), then a summary of the classes:

    deep      direct convolutions and matrix products with 128 or more input channels: 90 % of the peak
    winograd  images of 28x28 and above, counted as direct: 220 %
    other     convolutions and matrix products of more than 5 MFLOP: 75 %
    stream    matrix products with one row, which read each weight once: 60 % of the memory's bandwidth
    depthwise, elementwise (activations, sums, norms of batches, copies, shuffles, transposed copies):
              those of 200 kB and more: 60 % of the bandwidth of the level that holds all that they
              touch, by an addition of two arrays that lie there, measured before and after each network.
              Depthwise kernels above 3x3, and those with an activation such as SiLU, are bound by
              arithmetic: the multiply-adds' share of the peak is printed, too, and how many layers
              reach 60 % of either
"""
import argparse
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
STEP = re.compile(r"^ +(\d+) +([\d.]+) +[\d.]+% +([\d.]+) +([\d.]+)% +([\d.]+) +([\d.]+)%  (\w+) +(.*)")
GOALS = {"deep": 90, "winograd": 220, "other": 75, "stream": 60, "depthwise": 60, "elementwise": 60}
LIGHT = ("depthwise", "elementwise")
ELEMENTWISE = {"unary", "binary", "where", "batch_norm", "copy_strided", "copy_channels_c16",
               "gather_channels_c16", "plain_to_c16", "c16_to_plain", "upsample2d", "pad"}
CACHE2, CACHE3 = (int(subprocess.run(["getconf", f"LEVEL{i}_CACHE_SIZE"], stdout=subprocess.PIPE,
                                     text=True).stdout or 0) for i in (2, 3))
# Adds arrays that together take the bytes of each argument; prints GB/s, as the profile counts.
ADDITION = r"""
#include "wnnrt.h"
#include <chrono>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(int argc, char **argv) {
  wnnrt_context ctx;
  wnnrt_context_init(&ctx);
  ctx.kernels = wnnrt_kernels_for(wnnrt_isa(atoi(argv[1])));
  for (int i = 2; i < argc; ++i) {
    int64_t n = atoll(argv[i]) / 12 / 16 * 16;
    auto *a = static_cast<float *>(aligned_alloc(64, size_t(n) * 12));
    memset(a, 0, size_t(n) * 12);
    wnnrt_binary_params p = {};
    p.op = WNNRT_ADD, p.dtype = WNNRT_F32, p.rank = 1, p.dims[0] = n;
    p.a_strides[0] = p.b_strides[0] = 1;
    double best = 1e9;
    for (int turn = 0; turn < 40; ++turn) {
      auto begin = std::chrono::steady_clock::now();
      ctx.kernels->binary(&ctx, &p, a, a + n, a + 2 * n);
      std::chrono::duration<double> s = std::chrono::steady_clock::now() - begin;
      best = s.count() < best ? s.count() : best;
    }
    printf("%.2f\n", double(n) * 12e-9 / best);
    free(a);
  }
}
"""


def library_of(args):
    return args.library or next(os.path.join(d, f) for d, _, files in os.walk(args.build)
                                for f in files if f == "libwnnrt.a")


def build(name, args):
    """The profile program of a network, and the parameters of its steps."""
    folder = os.path.join(args.networks, name, "layers")
    os.makedirs(folder, exist_ok=True)
    cpp = os.path.join(folder, "net.cpp")
    subprocess.run([os.path.join(args.build, "bin", "wnnxc"),
                    os.path.join(args.networks, name, "net.pt"), "--rules", args.rules, "--name",
                    "net", "--weights=file", "--profile", "--quiet",
                    "--matrix-unit=" + args.matrix_unit, "-o", cpp], check=True)
    library = library_of(args)
    program = os.path.join(folder, "net_profile")
    subprocess.run([os.environ.get("CXX", "c++"), "-std=c++17", "-O1", "-pthread", "-I",
                    os.path.join(ROOT, "runtime", "include"), cpp, program + ".cpp", library, "-o",
                    program], check=True)
    steps = {}
    with open(cpp, encoding="utf-8") as f:
        for block in re.split(r"\n  // \[(?=\d+\])", f.read())[1:]:
            index = int(block[:block.index("]")])
            steps[index] = {k: int(v) for k, v in re.findall(r"\bp\.(\w+) = (-?\d+);", block)}
    return folder, program, steps


def addition(args):
    """A program that adds arrays, and the sizes that it is given for the second and third level."""
    folder = os.path.join(args.networks, "addition")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "addition.cpp"), "w", encoding="utf-8") as f:
        f.write(ADDITION)
    subprocess.run([os.environ.get("CXX", "c++"), "-std=c++17", "-O1", "-I",
                    os.path.join(ROOT, "runtime", "include"), f.name, library_of(args), "-o",
                    os.path.join(folder, "addition")], check=True)
    isa = {"vec128": 1, "avx2": 2, "avx512": 3}[args.isa or "avx512"]
    return ["taskset", "-c", str(args.core), os.path.join(folder, "addition"), str(isa),
            str(CACHE2 // 2), str(min(8 * CACHE2, CACHE3 // 4))]


def bandwidths(command):
    """GB/s of the second and third level."""
    text = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return [float(line) for line in text.split()]


def level(moved):
    """The level that holds so many bytes: 0 is the second, 1 the third, 2 memory."""
    return 0 if moved <= CACHE2 * 3 // 4 else 1 if moved <= CACHE3 // 2 else 2


def classify(kernel, p, flops, moved):
    """The class of a step, or None where no goal is set."""
    if kernel == "depthwise_c16" or kernel in ELEMENTWISE:
        kind = "depthwise" if kernel == "depthwise_c16" else "elementwise"
        return kind if moved >= 200e3 else None
    if kernel == "linear":
        if p["m"] == 1:
            return "stream" if flops > 1e6 else None
        if flops > 5e6:
            return "deep" if p["k"] >= 128 else "other"
    if flops < 5e6:
        return None
    if kernel.startswith("conv2d_winograd"):
        return "winograd" if min(p["oh"], p["ow"]) >= 28 else "other"
    if kernel in ("conv2d_c16", "conv2d_matrix_c16", "conv2d_scaled_c16"):
        channels = p["ci"] // p.get("groups", 1)
        return "deep" if channels >= 128 and p.get("kh", 1) in (1, 3) else "other"
    if kernel in ("conv2d_first", "conv_transpose2d_c16", "conv2d_plain", "mbconv_c16"):
        return "other"
    return None


def describe(p):
    if "hw" in p:
        return f"{p['ci']}->{p['co']}, {p['hw']} pixels"
    if "kh" not in p:
        return f"{p['m']}x{p['k']} to {p['n']}"
    inner = f"->{p['ce']}" if "ce" in p else ""
    return (f"{p['ci']}{inner}->{p['co']} @{p['ih']}x{p['iw']} {p['kh']}x{p['kw']}/"
            f"{p.get('stride_h', 1)}" + (f" groups {p['groups']}" if p.get("groups", 1) > 1 else ""))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*")
    parser.add_argument("--build", default=os.path.join(ROOT, "build", "release"))
    parser.add_argument("--library", help="libwnnrt.a, if not the one of --build")
    parser.add_argument("--networks",
                        default=os.path.join(ROOT, "build", "peers-bench", "networks"))
    parser.add_argument("--rules", default=os.path.join(ROOT, "patterns", "default.pat"))
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--core", type=int, default=1)
    parser.add_argument("--isa")
    parser.add_argument("--matrix-unit", default="on", choices=["off", "on", "assume"],
                        help="as wnnxc has it")
    parser.add_argument("--all", action="store_true")
    args = parser.parse_args()
    names = args.names or sorted(n for n in os.listdir(args.networks)
                                 if os.path.exists(os.path.join(args.networks, n, "net.pt")))
    if not names:
        sys.exit(f"error: no network in `{args.networks}`; bench/peers/run.py makes them")
    totals = {c: [0, 0, 0.0, 0.0] for c in GOALS}  # layers, met, us, us at the goal
    add, either = addition(args), 0
    for name in names:
        folder, program, params = build(name, args)
        before = bandwidths(add)
        text = subprocess.run(
            ["taskset", "-c", str(args.core), program, f"--runs={args.runs}",
             "--weights=" + os.path.join(folder, "net.weights")]
            + ([f"--isa={args.isa}"] if args.isa else []),
            check=True, stdout=subprocess.PIPE, text=True).stdout
        near = [max(pair) for pair in zip(before, bandwidths(add))]
        head = text.splitlines()[0].split(": ", 1)[1]
        print(f"{name} ({head}; additions {near[0]} and {near[1]} GB/s)")
        near.append(float(re.search(r"memory ([\d.]+) GB/s", head)[1]))
        for line in text.splitlines():
            m = STEP.match(line)
            if not m:
                continue
            index, us, gflops, peak, speed, memory, kernel, what = m.groups()
            us, p, moved = float(us), params[int(index)], float(speed) * float(us) * 1e3
            kind = classify(kernel, p, float(gflops) * us * 1e3, moved)
            if not kind:
                continue
            share = float(memory if kind == "stream" else peak)
            rate, text = f"{gflops:>7} GFLOP/s", "" if kind in LIGHT else describe(p)
            if kind in LIGHT:
                share = 100 * float(speed) / near[level(moved)]
                rate = f"{speed:>7} GB/s, L{level(moved) + 2}"
                text = f"{moved / 1e6:.2f} MB {what[:60]}"
                if kind == "depthwise":
                    text = f"{describe(p)}, {moved / 1e6:.2f} MB, {float(peak):.0f} % of the peak"
                    either += max(share, float(peak)) >= GOALS[kind]
            met = share >= GOALS[kind]
            total = totals[kind]
            total[0] += 1
            total[1] += met
            total[2] += us
            total[3] += us * min(1, share / GOALS[kind])
            if args.all or not met:
                print(f"  {index:>4} {us:9.1f} us {rate} {share:6.1f} % of "
                      f"{GOALS[kind]:>3}  {kind:<8} {kernel:<20} {text}")
        sys.stdout.flush()
    print(f"\n{'class':<12}{'goal':>6}{'layers':>8}{'reach it':>10}{'ms':>9}{'ms at the goal':>16}")
    for kind, (layers, met, us, ideal) in totals.items():
        print(f"{kind:<12}{GOALS[kind]:>4} %{layers:>8}{met:>10}{us / 1e3:>9.2f}{ideal / 1e3:>16.2f}")
    print(f"depthwise layers at 60 % of the bandwidth or of the FMA peak: {either}")


if __name__ == "__main__":
    main()
