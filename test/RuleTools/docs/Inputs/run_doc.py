# SPDX-License-Identifier: Apache-2.0
"""Runs the blocks of a page. Blocks whose first line ends in a file name (```pat my.pat) are written
as that file; in ```console blocks lines after `$ ` are run, and what follows must be printed, line by
line, in order; `...` stands for any lines, `(exit status N)` for the status, which is else 0."""
import pathlib
import re
import subprocess
import sys

page, folder = sys.argv[1:3]
ran = files = 0
failed = False
for info, body in re.findall(r"^```(\S+[^\n]*)\n(.*?)^```", pathlib.Path(page).read_text(),
                             re.S | re.M):
    words = info.split()
    if len(words) == 2 and words[0] in ("pat", "wnnxt", "python", "json"):
        (pathlib.Path(folder) / words[1]).write_text(body)
        files += 1
    if words[0] != "console":
        continue
    for step in re.split(r"^\$ ", body, flags=re.M)[1:]:
        command, *wanted = step.rstrip("\n").split("\n")
        while command.endswith("\\"):
            command = command[:-1] + wanted.pop(0)
        status = 0
        if wanted and (m := re.fullmatch(r"\(exit status (\d+)\)", wanted[-1])):
            status = int(m[1])
            wanted.pop()
        run = subprocess.run(command, shell=True, cwd=folder, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True)
        ran += 1
        printed = [line.rstrip() for line in run.stdout.split("\n")]
        at, gap, problem = 0, False, ""
        if run.returncode != status:
            problem = f"exit status {run.returncode}"
        for line in wanted:
            if line.strip() == "...":
                gap = True
                continue
            where = printed.index(line.rstrip(), at) if line.rstrip() in printed[at:] else -1
            if where < 0 or (where != at and not gap):
                problem = f"not printed: {line}"
                break
            at, gap = where + 1, False
        if problem:
            failed = True
            print(f"$ {command}\n{problem}\n--- printed:\n{run.stdout}---")
print(f"{files} files, {ran} commands")
sys.exit(failed)
