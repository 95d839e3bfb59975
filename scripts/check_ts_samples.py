#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Imports a folder of TorchScript files and compares the interpreter's results with PyTorch's.

    check_ts_samples.py --samples DIR --wnnx-run BIN

DIR holds pairs of folders NAME and golden_NAME: `.pt` files (and other PyTorch files), and for those
with known results `golden.json`, which gives name, dtype, shape, offset and nbytes of the inputs and
outputs in FILE.golden.bin. Files without known results are imported with no inputs named, which shows
their message. Prints a table; exits 1 when a file crashes the tool or differs from PyTorch by more
than the tolerance, or when fewer than --least of the traced, scripted and frozen files match.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile

import numpy as np

DTYPES = {"f32": "<f4", "f64": "<f8", "f16": "<f2", "i64": "<i8", "i32": "<i4", "i16": "<i2",
          "i8": "i1", "u8": "u1", "bool": "?", "bf16": "<u2"}  # bf16 as its bits
MESSAGE = re.compile(r"^(.*?error: .*?)(?: \[[a-z-]+\])?$", re.M)


def arrays(entries, raw):
    return [np.frombuffer(raw[e["offset"]:e["offset"] + e["nbytes"]], DTYPES[e["dtype"]])
            .reshape(e["shape"]) for e in entries]


def difference(got, want):
    """As a share of the largest magnitude; NaN and infinities must agree."""
    if got.dtype.kind == "V":
        got = got.view(np.uint16)
    if got.shape != want.shape or got.dtype != want.dtype:
        return float("inf")
    if not want.size:
        return 0.0
    if want.dtype == np.uint16:
        got, want = ((a.astype(np.uint32) << 16).view(np.float32) for a in (got, want))
    got, want = got.astype(np.float64), want.astype(np.float64)
    same = (got == want) | (np.isnan(got) & np.isnan(want))
    finite = want[np.isfinite(want)]
    largest = np.abs(finite).max() if finite.size else 1.0
    worst = np.where(same, 0.0, np.abs(got - want)).max()
    return float(worst / largest) if largest else float(worst)


# Types of inputs for files without known results, to get further than the question for them.
SHAPES = {"quant_dyn_script": ["f32[1,4]"], "small_lite": ["f32[1,3,16,16]"],
          "small_ofi": ["f32[1,3,16,16]"], "small_half": ["f16[1,3,16,16]"],
          "enum_script": ["x:f32[2,2]", "ys.0:f32[2,2]", "ys.1:f32[2,2]"]}


def execute(command):
    return subprocess.run(command, capture_output=True, text=True, timeout=600)


def run(tool, model, golden, raw, folder):
    stem = os.path.splitext(os.path.basename(model))[0]
    if not golden:
        shapes = [a for s in SHAPES.get(stem, []) for a in ("--shape", s)]
        return execute([tool, model] + shapes), []
    inputs, outputs = arrays(golden["inputs"], raw), arrays(golden["outputs"], raw)
    files = []
    for i, array in enumerate(inputs):
        files.append(os.path.join(folder, f"in{i}.npy"))
        np.save(files[-1], array)
    # The known results name neither inputs nor outputs as the model does; the messages do.
    paths = [os.path.join(folder, f"out{i}.npy") for i in range(len(outputs))]
    command = [tool, model]
    ports = [a for f in files for a in ("--input", f)]
    result = execute(command + ports + ["--output", paths[0]])
    names = re.search(r"the model has \d+ inputs: (.*?)(?: \[|$)", result.stderr, re.M)
    if names and len(files) > 1:
        named = [f"{n}={f}" for n, f in zip(names.group(1).split(", "), files)]
        ports = [a for n in named for a in ("--input", n)]
        result = execute(command + ports + ["--output", paths[0]])
    names = re.search(r"its outputs are (.*?);", result.stderr)
    if names:
        found = re.findall(r"`(.*?)`", names.group(1))
        if len(found) == len(paths):
            named = [f"{n}={f}" for n, f in zip(found, paths)]
            result = execute(command + ports + [a for n in named for a in ("--output", n)])
    return result, outputs


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", required=True)
    parser.add_argument("--wnnx-run", required=True)
    parser.add_argument("--tolerance", type=float, default=1e-5)
    parser.add_argument("--half-tolerance", type=float, default=1e-2)
    parser.add_argument("--least", type=int, default=25)
    args = parser.parse_args()
    matched, counted, failures = 0, 0, 0
    print(f"{'file':<40} {'imports':<8} {'max rel diff':<13} message")
    for version in sorted(os.listdir(args.samples)):
        golden_folder = os.path.join(args.samples, "golden_" + version)
        if not os.path.isdir(golden_folder):
            continue
        with open(os.path.join(golden_folder, "golden.json")) as f:
            goldens = json.load(f)
        for file in sorted(os.listdir(os.path.join(args.samples, version))):
            stem = os.path.splitext(file)[0]
            golden, raw = goldens.get(stem), b""
            if golden:
                with open(os.path.join(golden_folder, stem + ".golden.bin"), "rb") as f:
                    raw = f.read()
            with tempfile.TemporaryDirectory() as folder:
                result, want = run(args.wnnx_run, os.path.join(args.samples, version, file), golden,
                                   raw, folder)
                worst, message = None, ""
                if result.returncode == 0 and golden:
                    worst = max(difference(np.load(os.path.join(folder, f"out{i}.npy")), w)
                                for i, w in enumerate(want))
            if result.returncode != 0:
                found = MESSAGE.search(result.stderr)
                message = found.group(1) if found else f"exit code {result.returncode}"
                if not found or result.returncode != 1:
                    failures += 1
            half = golden and any(o["dtype"] in ("f16", "bf16") for o in golden["outputs"])
            limit = args.half_tolerance if half else args.tolerance
            good = worst is not None and worst <= limit
            if worst is not None and not good:
                failures += 1
            if re.search(r"_(trace|script|freeze)\.pt$", file):
                counted += 1
                matched += good
            figure = "" if worst is None else f"{worst:.2e}"
            message = message.replace(os.path.join(args.samples, ""), "")
            print(f"{version + '/' + file:<40} {'yes' if result.returncode == 0 else 'no':<8} "
                  f"{figure:<13} {message}", flush=True)
    print(f"{matched} of {counted} traced, scripted and frozen files match PyTorch")
    sys.exit(1 if failures or matched < args.least else 0)


main()
