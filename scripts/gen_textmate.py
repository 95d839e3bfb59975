#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes editors/vscode/syntaxes/pat.tmLanguage.json from the tables of the compiler: words, tokens,
functions, ops and traits. With --check, only says whether the file is up to date."""
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = ROOT / "include/wnnx"
OUT = ROOT / "editors/vscode/syntaxes/pat.tmLanguage.json"


def rows(path, macro):
    return re.findall(rf'^\s*{macro}\(\s*(?:\w+,\s*)?"([^"]+)"(?:,\s*"([^"]*)")?',
                      (INCLUDE / path).read_text(), flags=re.M)


def either(words):
    return "|".join(re.escape(w) for w in sorted(words, key=lambda w: (-len(w), w)))


def main():
    words = {}
    for word, where in rows("RuleTools/Keywords.def", "PAT_KEYWORD"):
        words.setdefault(where, []).append(word)
    punctuation = [p for p, _ in rows("Pattern/Token.def", "PAT_PUNCT")]
    operators = [p for p in punctuation if p not in "(){}[],;:." and p != ".."]
    functions = sorted({re.match(r"\w+", s)[0] for s, _ in rows("Pattern/Builtins.def",
                                                                "PAT_BUILTIN")} | {"has"})
    ops = [name for name, _ in re.findall(r'^WNNX_OP\(\w+,\s*"(\w+)"(.)',
                                          (INCLUDE / "IR/Ops.def").read_text(), flags=re.M)]
    if not (words and operators and functions and ops):
        sys.exit("gen_textmate.py: a table could not be read")
    declaration = [w for w in words["file"] if w not in ("after", "order")]
    clause = [*words["rule"], *words["pattern"], *words["type"], *words["test"], "after", "order"]
    dtype = "f16|f32|f64|bf16|i8|u8|i16|i32|i64|bool"
    grammar = {
        "name": "wnnx rules", "scopeName": "source.pat", "fileTypes": ["pat"],
        "patterns": [{"include": f"#{n}"} for n in
                     ("comment", "string", "declaration", "trait", "rest", "number", "type",
                      "constant", "keyword", "op", "function", "call", "operator")],
        "repository": {
            "comment": {"patterns": [
                {"name": "comment.line.documentation.pat", "match": r"///.*$"},
                {"name": "comment.line.double-slash.pat", "match": r"//.*$"}]},
            "string": {"name": "string.quoted.double.pat", "begin": '"', "end": '"|$',
                       "patterns": [{"name": "constant.character.escape.pat",
                                     "match": r'\\[nt"\\]'}]},
            "declaration": {"match": rf"^\s*({either(declaration)})\b(?:\s+(\w+))?",
                            "captures": {"1": {"name": "keyword.declaration.pat"},
                                         "2": {"name": "entity.name.type.pat"}}},
            "trait": {"match": r"@(\w+)", "captures": {"1": {"name": "support.type.trait.pat"}}},
            "rest": {"match": r"\.\.(\w*)", "captures": {"0": {"name": "variable.parameter.pat"}}},
            "number": {"name": "constant.numeric.pat",
                       "match": r"\b\d+(\.\d+)?([eE][+-]?\d+)?\b"},
            "type": {"name": "storage.type.pat", "match": rf"\b({dtype})\b"},
            "constant": {"name": "constant.language.pat", "match": rf"\b({either(words['value'])})\b"},
            "keyword": {"name": "keyword.control.pat",
                        "match": rf"\b({either(clause)})\b(?!\s*(\(|=[^=]))"},
            "op": {"name": "support.function.op.pat", "match": rf"\b({either(ops)})\b(?=\s*\??[({{])"},
            "function": {"name": "support.function.builtin.pat",
                         "match": rf"\b({either(functions)})\b(?=\s*\()"},
            "call": {"name": "entity.name.function.pat", "match": r"\b[A-Za-z_]\w*(?=\s*\??\()"},
            "operator": {"name": "keyword.operator.pat", "match": either(operators)},
        },
    }
    text = json.dumps(grammar, indent=2) + "\n"
    if "--check" in sys.argv:
        if not OUT.exists() or OUT.read_text() != text:
            sys.exit(f"{OUT.relative_to(ROOT)} is out of date: run scripts/gen_textmate.py")
        print("editor grammar: up to date")
        return
    OUT.write_text(text)


if __name__ == "__main__":
    main()
