# SPDX-License-Identifier: Apache-2.0
"""Writes cases as graphs in the text form: constants in, one node, and what PyTorch returned.

A module of this package defines `FAMILY` (the file's name) and `cases(out)`, which calls
`out.case(name, op, operands, attrs, want)`: operands are tensors, None for absent ones; want is a
tensor or a tuple of tensors, one for each result. `out.rand(...)` gives inputs whose text is short.
"""
import numpy as np
import torch

DTYPES = {torch.float32: "f32", torch.float16: "f16", torch.bfloat16: "bf16", torch.float64: "f64",
          torch.int8: "i8", torch.uint8: "u8", torch.int16: "i16", torch.int32: "i32",
          torch.int64: "i64", torch.bool: "bool"}


def number(value, dtype):
    """The shortest text that reads back as this element."""
    if dtype == torch.bool:
        return "true" if value else "false"
    if not dtype.is_floating_point:
        return str(int(value))
    kind = {torch.float64: np.float64, torch.float16: np.float16}.get(dtype, np.float32)
    return str(kind(value))


def constant(name, tensor):
    flat = tensor.detach().contiguous().reshape(-1)
    items = [number(v, tensor.dtype) for v in flat.tolist()]
    shape = ",".join(str(d) for d in tensor.shape)
    if len(items) > 2 and len(set(items)) == 1:
        body = f"splat {items[0]}"
    else:
        body = f"dense [{', '.join(items)}]"
    return f"  const {name}: {DTYPES[tensor.dtype]}[{shape}] = {body};\n"


def attribute(value):
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, torch.dtype):
        return DTYPES[value]
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(attribute(v) for v in value) + "]"
    return repr(value)


class Writer:
    def __init__(self, seed):
        self.text = ""
        self.names = set()
        self.random = torch.Generator().manual_seed(seed)

    def rand(self, *shape, low=-2.0, high=2.0, dtype=torch.float32):
        """Uniform multiples of 1/100."""
        values = torch.rand(shape, generator=self.random, dtype=torch.float64)
        return (torch.round((values * (high - low) + low) * 100) / 100).to(dtype)

    def randint(self, *shape, low=-9, high=10, dtype=torch.int64):
        return torch.randint(low, high, shape, generator=self.random).to(dtype)

    def case(self, name, op, operands, attrs, want):
        assert name not in self.names, name
        self.names.add(name)
        want = want if isinstance(want, (tuple, list)) else (want,)
        text = f"graph {name}() {{\n"
        arguments = []
        for i, operand in enumerate(operands):
            if operand is not None:
                text += constant(f"x{i}", operand)
            arguments.append("none" if operand is None else f"x{i}")
        for i, tensor in enumerate(want):
            text += constant(f"want{i}", tensor)
        arguments += [f"{key}={attribute(value)}" for key, value in attrs.items()]
        results = ", ".join(f"y{i}" for i in range(len(want)))
        pairs = ", ".join(f"got{i} = y{i}, want{i} = want{i}" for i in range(len(want)))
        text += f"  {results} = {op}({', '.join(arguments)});\n  return {pairs};\n}}\n"
        self.text += text + "\n"
