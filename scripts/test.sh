#!/usr/bin/env bash
# Sets everything up, builds, and passes every test: format, layers, documents, unit tests, lit
# tests, runtime tests under aarch64 emulation, and the demo. --quick leaves out aarch64 and demo.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh
jobs=$(nproc)

step() { echo; echo "== $*"; }

step "source checks"
scripts/check_format.sh
python3 scripts/check_layers.py
python3 scripts/gen_ops_doc.py --check
python3 scripts/gen_textmate.py --check

step "build"
cmake --preset release >/dev/null
cmake --build --preset release -j "$jobs"

step "unit tests"
ctest --test-dir build/release --output-on-failure -j "$jobs"

step "lit tests"
cmake --build --preset release --target check-lit

if [ "${1:-}" != "--quick" ]; then
  step "aarch64 under qemu"
  scripts/test_arm64.sh
  step "demo"
  scripts/demo.sh
fi
step "all tests passed"
