#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a Markdown guide: guide.py FILE.md FOLDER ROOT

Blocks take effect in order, in FOLDER, where `patterns` and `models` of ROOT are within reach:
```pat NAME    writes NAME and runs its tests     ```pat        the same, under a name of its own
```pat NAME wrong   writes NAME, which must not pass `wnnx-pat test`
```wnnxt NAME  writes NAME                        ```sh         runs each line; it must succeed
```sh fails    the last line must fail            ```text       each line stands, in this order, in
                                                                the output of the block before
```python FILE...  is run where there is PyTorch, which must make the files; elsewhere those that
               it made (Inputs/made, by --make) stand in
```python      must compile            ```txt        is not run
Any other kind of block is an error.

guide.py --make FILE.md FOLDER   runs the python blocks that name files, and keeps these in FOLDER
"""
import importlib.util
import os
import re
import shutil
import subprocess
import sys

BLOCK = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.S | re.M)
MADE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "made")


def make_files(program, files, where):
    subprocess.run([sys.executable, "-c", program], cwd=where, check=True)
    for name in files:
        if not os.path.exists(os.path.join(where, name)):
            sys.exit(f"the block makes no {name}")


if sys.argv[1] == "--make":
    for words, program in BLOCK.findall(open(sys.argv[2], encoding="utf-8").read()):
        if words.startswith("python "):
            make_files(program, words.split()[1:], sys.argv[3])
    sys.exit()
guide, folder, root = sys.argv[1:4]
os.makedirs(folder, exist_ok=True)
if not os.path.exists(os.path.join(folder, "patterns")):
    os.symlink(os.path.join(root, "patterns"), os.path.join(folder, "patterns"))
text = open(guide, encoding="utf-8").read()
output, count = "", 0


def run(command):
    done = subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def fail(line, message):
    sys.exit(f"{guide}:{line}: {message}")


for m in BLOCK.finditer(text):
    line = text[:m.start()].count("\n") + 1
    kind, *words = m[1].split() or [""]
    body = m[2]
    count += 1
    if kind == "pat":
        name = words[0] if words else f"block{count}.pat"
        with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
            f.write(body)
        code, output = run(f"wnnx-pat test {name}")
        wrong = "wrong" in words[1:]
        if bool(code) != wrong:
            fail(line, f"{name} {'passes' if wrong else 'fails'}:\n{output}")
        if not wrong and re.search(r"^0 of 0 tests", output, re.M) and not words:
            fail(line, "a block without tests needs a name")
    elif kind == "wnnxt":
        with open(os.path.join(folder, words[0]), "w", encoding="utf-8") as f:
            f.write(body)
    elif kind == "sh":
        output, lines = "", body.strip().splitlines()
        for i, command in enumerate(lines):
            code, more = run(command)
            output += more
            if bool(code) != (words == ["fails"] and i + 1 == len(lines)):
                fail(line, f"`{command}` exits with {code}:\n{more}")
    elif kind == "text":
        at = 0
        for wanted in filter(None, (w.strip() for w in body.splitlines())):
            if wanted == "...":
                continue
            found = output.find(wanted, at)
            if found < 0:
                fail(line, f"`{wanted}` is not in the output, or not there:\n{output}")
            at = found + len(wanted)
    elif kind == "python":
        compile(body, f"{guide}:{line}", "exec")
        if words and importlib.util.find_spec("torch"):
            make_files(body, words, folder)
        else:
            for name in words:
                shutil.copy(os.path.join(MADE, name), folder)
    elif kind != "txt":
        fail(line, f"a block of kind `{kind}` is not run; write ```txt if that is meant")
print(count, "blocks run")
