# SPDX-License-Identifier: Apache-2.0
"""Formats each rule file that stands in the documentation, twice: the second time changes nothing.
Arguments: the folders to search for pages and rule files."""
import pathlib
import re
import subprocess
import sys

texts = []
for folder in map(pathlib.Path, sys.argv[1:]):
    for page in sorted(folder.rglob("*.md")):
        blocks = re.findall(r"^```pat[^\n]*\n(.*?)^```", page.read_text(), re.S | re.M)
        texts += [(f"{page.name}:{i}", b) for i, b in enumerate(blocks) if b.startswith("pat 1;")]
    texts += [(p.name, p.read_text()) for p in sorted(folder.rglob("*.pat"))]


def fmt(name, text):
    run = subprocess.run(["wnnx-pat", "fmt", "-"], input=text, capture_output=True, text=True)
    if run.returncode:
        print(f"{name}: {run.stderr}")
    return run.stdout if run.returncode == 0 else None


failures = 0
for name, text in texts:
    once = fmt(name, text)
    if once is None or fmt(name, once) != once:
        print(f"{name}: formatting twice is not formatting once")
        failures += 1
print(f"{len(texts)} texts, {failures} failures")
sys.exit(failures > 0 or len(texts) < 50)
