#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the rules of a folder that lack a test in which they fire, or one in which they must not."""
import glob
import os
import re
import sys

texts = [open(f).read() for f in sorted(glob.glob(os.path.join(sys.argv[1], "*.pat")))]
tests = [(m[1], "no_match" in m[0]) for t in texts
         for m in re.finditer(r'^test "[^"]*" for (\w+) \{.*?^\s*expect [^;]*;', t, re.M | re.S)]
for text in texts:
    for rule in re.findall(r"^rule (\w+)", text, re.M):
        if (rule, False) not in tests:
            print(f"{rule}: no test in which it fires")
        if (rule, True) not in tests:
            print(f"{rule}: no test in which it must not fire")
