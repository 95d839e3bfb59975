# SPDX-License-Identifier: Apache-2.0
"""Arrays for the test of models in two parts, and whether results are the same."""
import pathlib
import sys

import numpy as np

folder = pathlib.Path(sys.argv[2])
if sys.argv[1] == "make":
    rng = np.random.default_rng(7)
    np.save(folder / "x.npy", rng.standard_normal((2, 1, 4), np.float32))
    np.save(folder / "states.npy", rng.standard_normal((1, 5, 4), np.float32))
else:
    for name, a, b in ("y", "whole", "parts"), ("twice", "twice", "twice2"):
        first, second = np.load(folder / f"{a}.npy"), np.load(folder / f"{b}.npy")
        print(name, first.shape == second.shape and np.array_equal(first, second))
