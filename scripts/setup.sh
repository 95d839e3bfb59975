#!/usr/bin/env bash
# Installs everything wnnxc is built and tested with, on Debian 12 or Ubuntu 24.04.
# Safe to run again: what is already there is left alone.
set -euo pipefail

llvm_version() { # the newest packaged LLVM from 17 on, 19 preferred
  for v in 19 20 21 18 17; do
    if apt-cache show "llvm-$v-dev" >/dev/null 2>&1; then echo "$v"; return; fi
  done
  return 1
}

as_root=()
if [ "$(id -u)" -ne 0 ]; then as_root=(sudo); fi

if ! command -v apt-get >/dev/null; then
  echo "setup.sh: this script knows apt-get only (Debian 12, Ubuntu 24.04); install the packages listed in it by hand" >&2
  exit 1
fi

needed() {
  local v=$1
  printf '%s\n' g++ cmake ninja-build ccache git make python3 \
    "llvm-$v-dev" "llvm-$v-tools" "clang-format-$v" "clang-tidy-$v" \
    libfmt-dev nlohmann-json3-dev zlib1g-dev libzstd-dev libgtest-dev \
    g++-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user
}

if ! version=$(llvm_version); then
  "${as_root[@]}" apt-get update -qq
  version=$(llvm_version) || { echo "setup.sh: no llvm-17-dev or newer in the package lists" >&2; exit 1; }
fi

missing=()
for p in $(needed "$version"); do
  dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'install ok installed' || missing+=("$p")
done
if [ ${#missing[@]} -gt 0 ]; then
  echo "setup.sh: installing ${missing[*]}"
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
echo "setup.sh: ready (LLVM $version)"
