#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes lib/Import/TorchScript/Schemas.def: argument names, types and defaults of the operators
named in OpMap.def, as the installed PyTorch states them. Run it after adding a row to OpMap.def.

Overloads with `out`, named dimensions, complex numbers or generators are left out.
"""
import pathlib
import re
import sys

import torch

root = pathlib.Path(__file__).resolve().parent.parent / "lib/Import/TorchScript"
names = re.findall(r'^TS_\w+\("([^"]+)"', (root / "OpMap.def").read_text(), re.M)

TYPES = {
    "Tensor": "T", "number": "S", "int": "i", "float": "f", "bool": "b", "str": "s", "Device": "d",
    "List[Tensor]": "TL", "List[Optional[Tensor]]": "OL", "List[int]": "iL", "List[float]": "fL",
    "List[bool]": "bL", "Any": "A", "List[number]": "SL",
}


def type_code(argument):
    text = argument.type.annotation_str
    suffix = ""
    match = re.fullmatch(r"Optional\[(.*)\]", text)
    if match:
        text, suffix = match.group(1), "?"
    if text == "number" or text == "Union[complex, float, int]":
        text = "number"
    code = TYPES.get(text)
    return None if code is None else code + suffix


def default_text(value):
    if value is None:
        return "None"
    if isinstance(value, str):
        return '\\"' + value + '\\"'
    if isinstance(value, list):
        return "[" + " ".join(default_text(v) for v in value) + "]"
    return repr(value)


def row(schema):
    if schema.overload_name in ("out", "names") or "dimname" in schema.overload_name:
        return None
    if not any("Tensor" in r.type.annotation_str for r in schema.returns):
        return None  # on Python numbers and lists: those are in Builtins.cpp
    parts, keyword = [], False
    for a in schema.arguments:
        code = type_code(a)
        if code is None:
            if a.name in ("generator", "storage") and a.has_default_value():
                continue
            return None
        if a.is_out:
            return None
        if a.kwarg_only and not keyword:
            keyword = True
            parts.append("*")
        part = f"{code} {a.name}"
        if a.has_default_value():
            part += "=" + default_text(a.default_value)
        parts.append(part)
    name = schema.name.split("::")[1]
    return f'TS_SCHEMA("{name}", "{schema.overload_name}", "{", ".join(parts)}")'


def main():
    rows, seen = {}, set()
    for schema in torch._C._jit_get_all_schemas():
        namespace, name = schema.name.split("::")
        if namespace != "aten" or name not in names:
            # In-place operators with arguments of their own.
            if not (namespace == "aten" and name.endswith("_") and name[:-1] in names):
                continue
        text = row(schema)
        if text and text not in seen:
            seen.add(text)
            rows.setdefault(name, []).append(text)
    in_place = {n for n in rows if n.endswith("_") and n[:-1] in rows and not n.endswith("__")}
    out = [
        "// SPDX-License-Identifier: Apache-2.0",
        "//",
        "// Made by scripts/make_ts_schemas.py; do not edit. One row for each overload of the operators in",
        "// OpMap.def: TS_SCHEMA(name, overload, arguments). Types: T Tensor, S number, i int, f float,",
        "// b bool, s str, d Device, A any; L list of, OL list of optional tensors, ? optional. Arguments",
        "// after `*` are given by name.",
        "",
        "// clang-format off",
    ]
    for name in names + sorted(n + "_" for n in names):
        if name in in_place:
            continue
        out += rows.pop(name, [])
    out += ["// clang-format on", "", "#undef TS_SCHEMA", ""]
    (root / "Schemas.def").write_text("\n".join(out))
    missing = [n for n in names if not any(f'"{n}"' in line for line in out)]
    if missing:
        print("no schema for:", ", ".join(missing), file=sys.stderr)


main()
