# SPDX-License-Identifier: Apache-2.0
"""Verifies every rule file of a folder of planted faults under several seeds, and counts the rules
that were not rejected with a counterexample that fires: faults.py FOLDER SEEDS INSTANCES"""
import json
import pathlib
import subprocess
import sys

folder, seeds, instances = sys.argv[1], int(sys.argv[2]), sys.argv[3]
files = sorted(pathlib.Path(folder).glob("*.pat"))
faults, missed = set(), []
for file in files:
    for seed in range(1, seeds + 1):
        run = subprocess.run(["wnnx-pat", "verify", "--json", f"--seed={seed}",
                              f"--instances={instances}", str(file)], capture_output=True, text=True)
        for rule in json.loads(run.stdout)["rules"]:
            faults.add((file.name, rule["rule"]))
            if rule["verdict"] != "wrong" or "expect fired" not in rule["counterexample"]["test"]:
                missed.append(f"seed {seed}: {file.name}: {rule['rule']}: {rule['verdict']}")
print("files:", len(files))
print("faults:", len(faults))
print("seeds:", seeds)
print("not rejected:", len(missed))
for line in missed:
    print(line)
