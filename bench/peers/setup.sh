#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the peers into a virtual environment of their own: setup.sh [FOLDER]
# (bench/peers/.venv without FOLDER). Safe to run again: does nothing when it is up to date.
# TORCH_INDEX is where PyTorch's CPU build comes from; empty: from pip's own index, with CUDA there.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
venv=${1:-$here/.venv}
executorch=executorch==1.5.1
index=${TORCH_INDEX-https://download.pytorch.org/whl/cpu}

stamp=$(cat "$here/requirements.txt"; echo "$executorch")
if [ -f "$venv/installed" ] && [ "$(cat "$venv/installed")" = "$stamp" ]; then exit 0; fi
for tool in python3 c++ cc; do
  command -v "$tool" >/dev/null || { echo "setup.sh: needs $tool" >&2; exit 1; }
done
[ -x "$venv/bin/python" ] || python3 -m venv "$venv" || {
  echo "setup.sh: python3 has no venv module (Debian: apt-get install python3-venv)" >&2; exit 1; }
echo "setup.sh: installing the peers into $venv"
"$venv/bin/python" -m pip install --quiet ${index:+--extra-index-url "$index"} -r "$here/requirements.txt"
"$venv/bin/python" -m pip install --quiet --no-deps "$executorch"
echo "$stamp" >"$venv/installed"
