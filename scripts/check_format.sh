#!/usr/bin/env bash
# Checks (or, with --fix, applies) clang-format on all C and C++ sources.
set -euo pipefail
cd "$(dirname "$0")/.."
for v in -19 -20 -21 -18 -17 ""; do
  if command -v "clang-format$v" >/dev/null; then tool="clang-format$v"; break; fi
done
[ -n "${tool:-}" ] || { echo "check_format.sh: no clang-format; run scripts/setup.sh" >&2; exit 1; }
mode=(--dry-run --Werror)
[ "${1:-}" = "--fix" ] && mode=(-i)
git ls-files -co --exclude-standard '*.h' '*.cpp' '*.c' | xargs -r "$tool" "${mode[@]}"
echo "format: clean"
