#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes test/Ops/goldens/*.wnnxt: what PyTorch computes for many small cases of every op.

    python scripts/make_op_goldens.py [family...]

Needs PyTorch 2.x. Each module in scripts/op_goldens that defines FAMILY and cases(out) gives one
file. Inputs are seeded by the family's name, so that files change only where cases do.
"""
import importlib
import pathlib
import pkgutil
import sys
import zlib

import torch

import op_goldens
from op_goldens.writer import Writer

GOLDENS = pathlib.Path(__file__).resolve().parent.parent / "test" / "Ops" / "goldens"


def main():
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    wanted = set(sys.argv[1:])
    GOLDENS.mkdir(parents=True, exist_ok=True)
    for info in sorted(pkgutil.iter_modules(op_goldens.__path__), key=lambda m: m.name):
        module = importlib.import_module("op_goldens." + info.name)
        if not hasattr(module, "FAMILY") or (wanted and module.FAMILY not in wanted):
            continue
        out = Writer(zlib.crc32(module.FAMILY.encode()))
        module.cases(out)
        path = GOLDENS / (module.FAMILY + ".wnnxt")
        path.write_text("// Made by scripts/make_op_goldens.py with PyTorch "
                        + torch.__version__.split("+")[0] + "; do not edit.\n\n" + out.text)
        print(f"{path.name}: {len(out.names)} cases, {path.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
