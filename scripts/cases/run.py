#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Shows on small PyTorch models that the shipped rules remove wasted computation, and nothing else.

    run.py --build build/release [--write] [CASE ...]

Each case (a name such as A3-vit-cls, or an id such as A3) is a model in which it occurs: traced to
TorchScript, run by wnnx-run's interpreter with rules off and on, and compared with PyTorch. Prints
a row for each: rules that fired, multiply-adds and bytes before and after, and the largest difference
from PyTorch as a share of the output's largest magnitude. --write renews the table in
docs/rule-cases.md. Exits 1 if outputs differ, a rule that should fire does not or one fires that must not, or multiply-adds do
not fall as the case says. Needs PyTorch and NumPy.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)
import registry  # noqa: E402
import vision, sequence, decisions, algebra  # noqa: E401,E402,F401

UNITS = {"": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}


def amount(text):
    number, prefix = re.match(r"([\d.]+) ([kMGT]?)", text).groups()
    return float(number) * UNITS[prefix]


def short(x):
    for prefix in ("", "k", "M", "G"):
        if x < 1000:
            return f"{x:.3g} {prefix}".strip() if prefix else f"{x:.3g}"
        x /= 1000
    return f"{x:.3g} T"


def report(text):
    """Applications of each rule, and (MACs, bytes) before."""
    fired = {}
    for m in re.finditer(r"^(\w+)(?:\[\w+\])? +(\d+) +[+-]?\d+ ", text, re.M):
        fired[m[1]] = fired.get(m[1], 0) + int(m[2])  # a rule for several ops: "name[op]"
    totals = re.search(r"^total: .*, (.+) MAC -> .+ MAC, (.+) B -> .+ B$", text.replace("kMAC", "k MAC")
                       .replace("MMAC", "M MAC").replace("GMAC", "G MAC").replace("kB", "k B")
                       .replace("MB", "M B").replace("GB", "G B"), re.M)
    if not totals:
        raise RuntimeError("no totals in the report:\n" + text)
    return fired, tuple(amount(t if " " in t else t + " ") for t in totals.groups())


def difference(got, want, ties):
    if got.shape != want.shape:
        return float("inf")
    if want.dtype.kind in "iub" or ties:
        wrong = np.count_nonzero(got != want)
        return wrong / max(1, want.size)
    got, want = got.astype(np.float64), want.astype(np.float64)
    scale = np.max(np.abs(want)) if want.size else 0
    worst = np.max(np.abs(got - want)) if want.size else 0
    return float(worst / scale) if scale else float(worst)


def flatten(out):
    if isinstance(out, torch.Tensor):
        return [out.numpy()]
    if isinstance(out, dict):
        return [t for v in out.values() for t in flatten(v)]
    return [t for v in out for t in flatten(v)]


class Runner:
    def __init__(self, build, folder, extra):
        self.bin, self.folder, self.extra = os.path.join(build, "bin"), folder, extra

    def call(self, tool, *arguments):
        done = subprocess.run([os.path.join(self.bin, tool), *arguments], capture_output=True,
                              text=True, timeout=120)
        if done.returncode:
            said = done.stderr.splitlines()
            raise RuntimeError(f"{tool} {' '.join(arguments)}:\n" + "\n".join(said[-30:]))
        return done.stdout + done.stderr

    def outputs(self, model, inputs, names, outs, options):
        """The outputs, and what the rules report."""
        arguments = [model, "--rule-report", *options]
        arguments += [f"--input={n}={p}" for n, p in inputs]
        files = [os.path.join(self.folder, f"out{i}.npy") for i in range(len(names))]
        arguments += [f"--output={n}={f}" for n, f in zip(names, files)]
        text = self.call("wnnx-run", *arguments)
        return [np.load(f) for f in files], text

    def split(self, c, model, inputs):
        """The part that runs in each step, and its inputs; the part before it has run."""
        parts = {}
        for verb in ("keep", "drop"):
            edit = f"--interface={verb} part of inputs {c.split}"
            parts[verb] = os.path.join(self.folder, f"{c.name}_{verb}.wnnx")
            self.call("wnnx-opt", model, "--passes=shape", edit, "-o", parts[verb])
            text = self.call("wnnx-opt", model, "--passes=shape", edit)
            if verb == "keep":
                names = re.findall(r"([\w.]+) = ", re.search(r"return (.*);", text)[1])
            else:
                header = re.search(r"^graph .*?\) \{", text, re.M | re.S)[0]
                wanted = re.findall(r"([\w.]+): ", header)
        kept = c.split.split(", ")
        arguments = [f"--input={n}={p}" for n, p in inputs if n in kept]
        files = [(n, os.path.join(self.folder, f"{n}.npy")) for n in names]
        self.call("wnnx-run", parts["keep"], *arguments,
                  *[f"--output={n}={f}" for n, f in files])
        return parts["drop"], [(n, p) for n, p in inputs + files if n in wanted]

    def run(self, c):
        torch.manual_seed(sum(map(ord, c.name)))
        module, xs = c.build()
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            want = flatten(module(*xs))
            traced = torch.jit.trace(module, xs, check_trace=False)
        model = os.path.join(self.folder, c.name + ".pt")
        traced.save(model)
        parameters = [i.debugName().split(".")[0] for i in traced.graph.inputs()][1:]
        inputs = []
        for name, x in zip(parameters, xs):
            path = os.path.join(self.folder, name + ".npy")
            np.save(path, x.numpy())
            inputs.append((name, path))
        names = ["output"] if len(want) == 1 else [f"output{i}" for i in range(len(want))]
        # The rules themselves are verified apart, once; see classes_and_verdicts.
        rules = ["--no-verify-rules"]
        rules += [f"--rules={os.path.join(ROOT, 'patterns', r)}" for r in c.rules.split()]
        # As imported, before anything is folded.
        off, text = self.outputs(model, inputs, names, want,
                                 ["--rules", os.path.join(ROOT, "patterns", "sets.pat"),
                                  "--passes=rules"])
        _, before = report(text)
        keep = c.outputs if c.outputs is not None else list(range(len(want)))
        if c.inputs:  # assumptions first: what is assumed is no input any more
            edited = os.path.join(self.folder, c.name + "_edited.wnnx")
            self.call("wnnx-opt", model, "--passes=shape", "-o", edited, *c.options)
            model, inputs = edited, [i for i in inputs if i[0] in c.inputs]
            c.options = []
        if c.split:
            model, inputs = self.split(c, model, inputs)
        on, text = self.outputs(model, inputs, [names[i] for i in keep], want, [*rules, "--verify-each", *self.extra, *c.options])
        fired, _ = report(text)
        # What is left once constants are folded is what a second run counts as its beginning.
        after_file = os.path.join(self.folder, c.name + ".wnnx")
        self.call("wnnx-opt", model, *rules, "--passes", "shape,simplify,rules,simplify",
                  "-o", after_file, *c.options)
        _, text = self.outputs(after_file, inputs, [names[i] for i in keep],
                               want, rules + [o for o in c.options if "--interface" not in o])
        again, after = report(text)
        d_off = max(difference(a, b, c.ties) for a, b in zip(off, want))
        if c.chosen:
            want = [w[:, c.chosen] for w in want]
        d_on = max(difference(a, want[i], c.ties) for a, i in zip(on, keep))
        problems = []
        for rule, least in c.fired.items():
            if fired.get(rule, 0) < least:
                problems.append(f"{rule} fired {fired.get(rule, 0)} times, not {least}")
        problems += [f"{rule} must not fire" for rule in c.still if fired.get(rule, 0)]
        if not d_off <= c.tolerance or not d_on <= c.tolerance:
            problems.append(f"outputs differ from PyTorch's by {d_off:.1e} and {d_on:.1e}")
        ratio = before[0] / after[0] if after[0] else (float("inf") if before[0] else 1.0)
        if ratio < c.macs:
            problems.append(f"MACs fall {ratio:.2f} times, not {c.macs}")
        if c.bytes and before[1] < c.bytes * after[1]:
            problems.append(f"bytes fall {before[1] / after[1]:.2f} times, not {c.bytes}")
        return dict(case=c, fired=fired, before=before, after=after, off=d_off, on=d_on,
                    again=again, problems=problems)


def classes_and_verdicts(build):
    """Class of each rule, and what the verifier says of it: (class, verdict, instances)."""
    table, folder = {}, os.path.join(ROOT, "patterns")
    for f in sorted(os.path.join(folder, f) for f in os.listdir(folder) if f.endswith(".pat")):
        with open(f) as text:
            if "\nrule " not in text.read():
                continue  # imports only: default.pat
        done = subprocess.run([os.path.join(build, "bin", "wnnx-pat"), "verify", "--json", f],
                              capture_output=True, text=True)
        for r in json.loads(done.stdout)["rules"]:
            verdict, count = r["verdict"], r["instances"]
            rule = r["rule"].split("[")[0]
            if rule in table:  # a rule for several ops: "name[op]"
                before = table[rule]
                verdict = before[1] if before[1] != "passed" else verdict
                count = min(count, before[2])
            table[rule] = (r["class"], verdict, count)
    return table


def row(r, table):
    c = r["case"]
    cells = []
    for rule in c.fired or ():
        cells.append(table.get(rule, ("", "", "")))
    classes = ", ".join(dict.fromkeys(x[0] for x in cells if x[0])) or "exact"
    verdicts = ", ".join(dict.fromkeys(x[1] for x in cells if x[1])) or "-"
    counts = [x[2] for x in cells if x[2] != ""]
    rules = ", ".join(f"`{k}`" for k in c.fired) or ("(none may)" if c.still else "(folding)")
    return (f"| {c.id} | {c.what} | {rules} | {classes} | {verdicts} | "
            f"{min(counts) if counts else '-'} | {short(r['before'][0])} → {short(r['after'][0])} | "
            f"{short(r['before'][1])} → {short(r['after'][1])} | {r['off']:.0e} | {r['on']:.0e} |")


HEADER = ("| case | model | rules | class | verdict | instances | MACs | bytes | off | on |\n"
          "|---|---|---|---|---|---|---|---|---|---|\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=os.path.join(ROOT, "build", "release"))
    parser.add_argument("--write", action="store_true", help="renew the table in docs/rule-cases.md")
    parser.add_argument("--validate", action="store_true",
                        help="compare both sides of each application on random inputs; slow")
    parser.add_argument("--verbose", action="store_true", help="all rules that fired")
    parser.add_argument("cases", nargs="*")
    args = parser.parse_args()
    unknown = [n for n in args.cases
               if not any(n in (c.id, c.name) for c in registry.CASES)]
    if unknown:
        parser.error("no such case: " + ", ".join(unknown))
    chosen = [c for c in registry.CASES
              if not args.cases or c.name in args.cases or c.id in args.cases]
    chosen.sort(key=lambda c: (c.id[0], int(re.findall(r"\d+", c.id)[0]), c.id))
    table = classes_and_verdicts(args.build) if args.write else {}
    rows, failures = [], 0
    with tempfile.TemporaryDirectory() as folder:
        for c in chosen:
            try:
                r = Runner(args.build, folder,
                           ["--validate-rewrites"] if args.validate else []).run(c)
            except (RuntimeError, subprocess.TimeoutExpired) as e:
                print(f"{c.name:<24} FAILED {e}", flush=True)
                failures += 1
                continue
            rows.append(row(r, table))
            print(f"{c.name:<24} {short(r['before'][0]):>8} -> {short(r['after'][0]):>8} MAC  "
                  f"{short(r['before'][1]):>8} -> {short(r['after'][1]):>8} B  "
                  f"off {r['off']:.0e} on {r['on']:.0e}", flush=True)
            if args.verbose:
                print("    " + ", ".join(f"{k} {v}" for k, v in r["fired"].items()))
                if r["again"]:
                    print("    again: " + ", ".join(f"{k} {v}" for k, v in r["again"].items()))
            for p in r["problems"]:
                print("    PROBLEM: " + p)
            failures += bool(r["problems"])
    ids = {c.id for c in chosen}
    print(f"{len(chosen)} models of {len(ids)} cases, {failures} with problems")
    if args.write and not failures:
        path = os.path.join(ROOT, "docs", "rule-cases.md")
        with open(path) as f:
            head, _, rest = f.read().partition("<!-- table -->\n")
            tail = rest.partition("<!-- end of table -->")[2]
        with open(path, "w") as f:
            f.write(head + "<!-- table -->\n" + HEADER + "\n".join(rows) + "\n<!-- end of table -->"
                    + tail)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
