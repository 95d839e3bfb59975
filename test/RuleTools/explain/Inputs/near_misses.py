# SPDX-License-Identifier: Apache-2.0
"""Runs `wnnx-pat explain` on each graph of a table and checks the first failing condition it names.

A case is `== NAME` and `KEY: VALUE` lines, then the graph. Keys: rule; stage, kind (as in --json);
at (the text in the rule file that is pointed at begins so); value (of the graph); expected, actual
(exact); hint (a part of the text); by (how many conditions fail; 0: not counted); source (the place
in the model's source).
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

table, rules = sys.argv[1:3]
cases = re.split(r"^== ", pathlib.Path(table).read_text(), flags=re.M)[1:]
bad = 0
for case in cases:
    name, rest = case.split("\n", 1)
    head, graph = rest.split("\ngraph ", 1)
    keys = dict(re.findall(r"^(\w+): (.*)$", head, flags=re.M))
    with tempfile.NamedTemporaryFile("w", suffix=".wnnxt") as f:
        f.write("wnnx 1;\ngraph near" + graph)
        f.flush()
        run = subprocess.run(["wnnx-pat", "explain", f.name, "--rules", rules, "--rule",
                              keys["rule"], "--raw", "--json"], capture_output=True, text=True)
    wrong = []
    if run.returncode:
        wrong.append(f"exit status {run.returncode}: {run.stderr}")
    else:
        rule = json.loads(run.stdout)["rules"][0]
        attempt = rule["attempts"][0] if rule["attempts"] else None
        found = attempt["conditions"][0] if attempt else {}
        if not found:
            wrong.append(f"no attempt; fired {rule['fired']}; {rule['note']}")
        else:
            for key in ("stage", "kind", "value", "expected", "actual"):
                if key in keys and found[key] != keys[key]:
                    wrong.append(f"{key}: expected {keys[key]!r}, found {found[key]!r}")
            if "hint" in keys and keys["hint"] not in found["hint"]:
                wrong.append(f"hint: expected {keys['hint']!r} in {found['hint']!r}")
            if "at" in keys and not found["rule_place"]["text"].startswith(keys["at"]):
                wrong.append(f"at: expected {keys['at']!r}, found {found['rule_place']['text']!r}")
            if "by" in keys and attempt["missed_by"] != int(keys["by"]):
                wrong.append(f"by: expected {keys['by']}, found {attempt['missed_by']}")
            if "source" in keys and keys["source"] not in found["location"]:
                wrong.append(f"source: expected {keys['source']!r}, found {found['location']!r}")
            if not {"stage", "kind", "at"} <= keys.keys():
                wrong.append("the case must name stage, kind and at")
            if wrong:
                wrong.append(json.dumps(attempt))
    for w in wrong:
        print(f"{name}: {w}")
    bad += bool(wrong)
print(f"{len(cases) - bad} of {len(cases)} cases right")
sys.exit(bad != 0 or not cases)
