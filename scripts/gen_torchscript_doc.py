#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rewrites the table of operators in docs/torchscript.md from lib/Import/TorchScript/OpMap.def.

With --check changes nothing, and exits 1 when the table is not up to date.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- operators: made by scripts/gen_torchscript_doc.py -->", "<!-- end of operators -->"


def table():
    families, names = [], []
    body = (ROOT / "lib/Import/TorchScript/OpMap.def").read_text().split("#endif")[-1]
    for line in body.splitlines():
        heading = re.match(r"// (.+)", line)
        row = re.match(r'TS_\w+\("([^"]+)"', line)
        if heading:
            names = []
            families.append((heading.group(1).rstrip("."), names))
        elif row:
            names.append(row.group(1))
    lines = ["| family | `aten::` operators |", "|---|---|"]
    for family, members in families:
        lines.append(f"| {family} | " + " ".join(f"`{n}`" for n in members) + " |")
    return "\n".join(lines)


def main():
    path = ROOT / "docs/torchscript.md"
    text = path.read_text()
    head, rest = text.split(BEGIN)
    tail = rest.split(END)[1]
    new = f"{head}{BEGIN}\n\n{table()}\n\n{END}{tail}"
    if "--check" in sys.argv:
        if new != text:
            sys.exit("docs/torchscript.md is not up to date: run scripts/gen_torchscript_doc.py")
        return
    path.write_text(new)


main()
