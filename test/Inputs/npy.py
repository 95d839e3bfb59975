# SPDX-License-Identifier: Apache-2.0
"""Writes and compares f32 `.npy` files with nothing but the standard library.

    npy.py fill FILE VALUE DIM...     every element is VALUE
    npy.py random FILE SEED DIM...    uniform in -1..1
    npy.py same A B                   prints True or False: same bytes
"""
import array
import math
import pathlib
import random
import sys


def save(path, dims, values):
    shape = "(" + "".join(f"{dim}, " for dim in dims) + ")"
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * (-(10 + len(header) + 1) % 64) + "\n"
    data = array.array("f", values)
    if sys.byteorder == "big":
        data.byteswap()
    magic = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little")
    pathlib.Path(path).write_bytes(magic + header.encode("latin1") + data.tobytes())


command, first, second, *rest = sys.argv[1:]
dims = [int(dim) for dim in rest]
if command == "same":
    print(pathlib.Path(first).read_bytes() == pathlib.Path(second).read_bytes())
elif command == "fill":
    save(first, dims, [float(second)] * math.prod(dims))
elif command == "random":
    source = random.Random(int(second))
    save(first, dims, [source.uniform(-1, 1) for _ in range(math.prod(dims))])
else:
    sys.exit(f"unknown command {command}")
