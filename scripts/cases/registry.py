# SPDX-License-Identifier: Apache-2.0
"""The table of cases. A case is a function that builds a small PyTorch model and its inputs, and says
which rules must fire on it and how the multiply-adds must change."""
from dataclasses import dataclass, field
from typing import Callable, Optional

import torch

CASES = []


@dataclass
class Case:
    name: str                     # unique: the case id and a word
    id: str                       # of the table, such as A1
    what: str                     # one line for the table
    build: Callable               # () -> (module, inputs)
    fired: dict                   # rule name -> least number of applications
    macs: float                   # MACs before / after must be at least this; 1 where they stay
    rules: str = "default.pat"    # files in patterns/
    options: list = field(default_factory=list)  # further options of wnnx-run
    outputs: Optional[list] = None  # positions of the outputs that stay, where some are dropped
    inputs: Optional[list] = None   # names of the inputs that stay, where some are assumed
    split: str = ""  # inputs that stay the same in a loop; MACs are those of the part behind them
    still: list = field(default_factory=list)  # rules that must not fire
    chosen: Optional[list] = None   # channels (dimension 1) of the output that stay
    ties: bool = False            # outputs are decisions: all must be equal
    tolerance: float = 1e-5
    bytes: float = 0              # bytes before / after must be at least this


def case(id, word, what, fired, macs=1.0, **extra):
    def wrap(build):
        CASES.append(Case(f"{id}-{word}", id, what, build,
                          fired if isinstance(fired, dict) else {r: 1 for r in fired}, macs,
                          **extra))
        return build
    return wrap


def settle(module):
    """Batch-norm statistics and affine parameters that are not the trivial ones of a constructor."""
    for m in module.modules():
        if hasattr(m, "running_var") and m.running_var is not None:
            torch.nn.init.uniform_(m.running_var, 0.5, 1.5)
            torch.nn.init.normal_(m.running_mean, 0, 0.2)
        if isinstance(m, (torch.nn.modules.batchnorm._BatchNorm, torch.nn.LayerNorm,
                          torch.nn.GroupNorm)) and m.weight is not None:
            torch.nn.init.uniform_(m.weight, 0.6, 1.4)
            torch.nn.init.normal_(m.bias, 0, 0.2)
    return module.eval()
