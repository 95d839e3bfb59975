# SPDX-License-Identifier: Apache-2.0
"""Spoils the layout of rule files at random and formats them again: the tokens must stay, and what
is formatted must not change any more. Arguments: rule files."""
import pathlib
import random
import re
import subprocess
import sys
import tempfile

TOKEN = re.compile(r'//[^\n]*|"(?:\\.|[^"\\\n])*"|[A-Za-z_]\w*|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?'
                   r'|->|=>|==|!=|<=|>=|&&|\|\||\?\?|\.\.|\S|\n')


def fmt(text):
    with tempfile.NamedTemporaryFile("w", suffix=".pat") as f:
        f.write(text)
        f.flush()
        run = subprocess.run(["wnnx-pat", "fmt", f.name], capture_output=True, text=True)
    if run.returncode:
        sys.exit(f"fmt failed: {run.stderr}\n{text}")
    return run.stdout


def tokens(text):
    return [t for t in TOKEN.findall(text) if t != "\n"]


def spoil(text, rng):
    # Graphs of tests stay: their layout is the author's.
    parts = re.split(r"(^test .*?^\})", text, flags=re.S | re.M)
    out = ""
    for part in parts:
        if part.startswith("test "):
            out += part
            continue
        last = ""
        for t in TOKEN.findall(part):
            word = re.match(r"\w", t) and re.search(r"\w$", last)
            # Two signs that would be another one together, and optional marks, keep their place.
            glue = t in "?({" or last in ("?", "{", "..") or (t + last).strip("()[],;") != t + last
            if t == "\n":
                out += "\n"
            elif t.startswith("//") or last.startswith("//"):
                out += t if last in ("\n", "") or last.startswith("//") else " " + t
            elif word or not glue:
                out += rng.choice([" ", "  ", "\n", " \n   "]) + t
            else:
                out += t
            last = t
    return out


failed = 0
for number, path in enumerate(sys.argv[1:]):
    original = pathlib.Path(path).read_text()
    once = fmt(original)
    if fmt(once) != once:
        print(f"{path}: formatting twice is not formatting once")
        failed += 1
    rng = random.Random(number)
    spoilt = spoil(original, rng)
    if spoilt == original:
        sys.exit(f"{path}: was not spoilt")
    laid = fmt(spoilt)
    if fmt(laid) != laid:
        print(f"{path}: after spoiling, formatting twice is not formatting once")
        failed += 1
    if tokens(laid) != tokens(original):
        print(f"{path}: tokens changed")
        failed += 1
    if tokens(once) != tokens(original):
        print(f"{path}: tokens changed by formatting")
        failed += 1
print(f"{len(sys.argv) - 1} files, {failed} failures")
sys.exit(failed != 0)
