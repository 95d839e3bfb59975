# SPDX-License-Identifier: Apache-2.0
"""Verifies every rule file of a folder of planted faults, and counts the rules that were not
rejected with a counterexample that fires."""
import json
import pathlib
import subprocess
import sys

files = sorted(pathlib.Path(sys.argv[1]).glob("*.pat"))
faults, missed = 0, []
for file in files:
    run = subprocess.run(["wnnx-pat", "verify", "--json", str(file)], capture_output=True, text=True)
    report = json.loads(run.stdout)
    for rule in report["rules"]:
        faults += 1
        if rule["verdict"] != "wrong" or "expect fired" not in rule["counterexample"]["test"]:
            missed.append(f"{file.name}: {rule['rule']}: {rule['verdict']}")
print("files:", len(files))
print("faults:", faults)
print("not rejected:", len(missed))
for line in missed:
    print(line)
