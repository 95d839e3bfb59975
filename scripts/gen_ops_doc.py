#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes docs/ops.md from include/wnnx/IR/Ops.def; with --check, only says whether it is current.
Fails when an operand or attribute has no description."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEAD = """# Ops

Made by `scripts/gen_ops_doc.py` from `include/wnnx/IR/Ops.def`; do not edit.

Names and meanings are those of `torch` and `torch.nn.functional`. One op has one spelling here,
where PyTorch has several: view, flatten, squeeze, unsqueeze and unflatten are `reshape`; transpose, t
and movedim are `permute`; chunk and unbind are `split`; hardtanh and relu6 are `clamp`; mm, bmm and mv
are `matmul`. Operands of an elementwise op have one dtype. An operand marked `?` may be absent, one
marked `...` stands for any number of values. An attribute without a default must be given.
"""


def arguments(text):
    """Splits a macro's argument list at its top-level commas; drops the quotes of strings."""
    parts, depth, quoted, current = [], 0, False, ""
    for c in text:
        if c == '"':
            quoted = not quoted
        if not quoted:
            depth += c in "({["
            depth -= c in ")}]"
            if c == "," and depth == 0:
                parts.append(current.strip())
                current = ""
                continue
        current += c
    parts.append(current.strip())
    return [p[1:-1] if p.startswith('"') else p for p in parts]


def default_text(value):
    if value.startswith("Ints{") or value.startswith("Floats{"):
        return "[" + value[value.index("{") + 1:-1] + "]"
    return {"INT64_MAX": "end"}.get(value, value if not re.fullmatch(r"[a-z]+", value) or
                                    value in ("true", "false") else f'"{value}"')


def generate(missing):
    text = (ROOT / "include/wnnx/IR/Ops.def").read_text()
    text = text[text.index("#ifndef WNNX_OP_END"):]
    out = [HEAD]
    row = re.compile(r"^// ([^\n]+)$|^WNNX_([A-Z_]+)\(((?:[^()]|\([^()]*\))*)\)$", re.M | re.S)
    lines, current = [], None
    for m in row.finditer(text):
        if m[1]:
            lines.append(f"\n## {m[1]}")
            continue
        kind, args = m[2], arguments(re.sub(r"\s*\n\s*", " ", m[3]))
        if kind == "OP":
            current = {"name": args[1], "traits": args[2], "doc": args[3], "operands": [],
                       "attrs": [], "results": []}
        elif kind in ("OPERAND", "OPTIONAL", "VARIADIC", "OPTIONAL_VARIADIC"):
            suffix = ("..." if "VARIADIC" in kind else "") + ("?" if "OPTIONAL" in kind else "")
            current["operands"].append((args[0] + suffix, args[1]))
        elif kind.startswith("ATTR"):
            current["attrs"].append((args[0], args[1].lower() + ("?" if kind == "ATTR_OPT" else ""),
                                     args[2], default_text(", ".join(args[3:]))
                                     if kind == "ATTR" else None))
        elif kind in ("RESULT", "RESULTS"):
            current["results"].append(args[0] + ("..." if kind == "RESULTS" else ""))
        elif kind == "OP_END":
            for entry in current["operands"] + current["attrs"]:
                if not entry[2 if len(entry) == 4 else 1].strip():
                    missing.append(f"{current['name']}: {entry[0]}")
            if not current["doc"].strip():
                missing.append(current["name"])
            head = ", ".join(n for n, _ in current["operands"])
            lines.append(f"\n### {current['name']}\n\n`{current['name']}({head}) -> "
                         f"{', '.join(current['results'])}`\n\n{current['doc']}\n")
            for name, doc in current["operands"]:
                if doc:
                    lines.append(f"- `{name}`: {doc}")
            for name, kind_name, doc, default in current["attrs"]:
                tail = f" (default `{default}`)" if default is not None else ""
                lines.append(f"- attribute `{name}`: {kind_name}{tail}{'; ' + doc if doc else ''}")
            traits = [t.strip().removeprefix("Trait::") for t in current["traits"].split("|")]
            if traits != ["None"]:
                lines.append("- traits: " + ", ".join(traits))
    return "\n".join(out + lines) + "\n"


def main():
    path = ROOT / "docs/ops.md"
    missing = []
    text = generate(missing)
    for what in missing:
        print(f"include/wnnx/IR/Ops.def: no description of {what}")
    if missing:
        return 1
    if "--check" in sys.argv[1:]:
        if not path.exists() or path.read_text() != text:
            print("docs/ops.md is not current; run scripts/gen_ops_doc.py")
            return 1
        print("docs/ops.md: current")
        return 0
    path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
