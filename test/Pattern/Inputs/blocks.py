# SPDX-License-Identifier: Apache-2.0
"""Writes the ```pat blocks of a Markdown file to FOLDER/0.pat, 1.pat, and prints their number."""
import re
import sys

blocks = re.findall(r"^```pat\n(.*?)^```", open(sys.argv[1], encoding="utf-8").read(), re.S | re.M)
for i, block in enumerate(blocks):
    with open(f"{sys.argv[2]}/{i}.pat", "w", encoding="utf-8") as f:
        f.write(block)
print(len(blocks), "blocks")
