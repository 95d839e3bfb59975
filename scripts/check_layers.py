#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that every layer includes only layers below it, and that the runtime stands alone."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# A layer may include itself and every layer of a smaller number; layers of one number are siblings.
LEVEL = {"Support": 0, "IR": 1, "Ops": 2, "Eval": 3, "Import/Wnnx": 4, "Import/TorchScript": 4,
         "Export/Wnnx": 4, "Pattern": 4, "Builder": 4, "Transforms": 5, "Verify": 5, "Plan": 6, "RuleTools": 6,
         "CodeGen": 7, "Driver": 8}


def layer_of(path):
    for name in sorted(LEVEL, key=len, reverse=True):
        if path.startswith(name + "/"):
            return name
    return None


def main():
    bad = []
    sources = [*ROOT.glob("include/wnnx/**/*"), *ROOT.glob("lib/**/*")]
    for file in sources:
        if file.suffix not in (".h", ".cpp", ".def"):
            continue
        inside = file.relative_to(ROOT / ("lib" if "lib" == file.relative_to(ROOT).parts[0]
                                          else "include/wnnx")).as_posix()
        own = layer_of(inside)
        for number, line in enumerate(file.read_text().splitlines(), 1):
            m = re.match(r'\s*#\s*include\s+["<](wnnx/[^">]+|wnnrt[^">]*|nlohmann/[^">]+)', line)
            if not m:
                continue
            where = f"{file.relative_to(ROOT)}:{number}"
            if m[1].startswith("nlohmann/"):
                if inside != "Support/Json.cpp":
                    bad.append(f"{where}: only lib/Support/Json.cpp includes nlohmann_json")
            elif m[1].startswith("wnnrt"):
                if own not in ("Plan", "CodeGen"):
                    bad.append(f"{where}: {own} may not include the runtime")
            else:
                other = layer_of(m[1][len("wnnx/"):])
                if other != own and (other is None or LEVEL[other] >= LEVEL[own]):
                    bad.append(f"{where}: {own} may not include {other}")
    for file in ROOT.glob("runtime/**/*"):
        if file.suffix in (".h", ".c", ".cpp", ".def"):
            for number, line in enumerate(file.read_text().splitlines(), 1):
                if re.match(r'\s*#\s*include\s+["<](wnnx/|llvm/|fmt/)', line):
                    bad.append(f"{file.relative_to(ROOT)}:{number}: the runtime stands alone")
    print("\n".join(bad) if bad else "layers: in order")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
