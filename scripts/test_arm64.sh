#!/usr/bin/env bash
# Builds the runtime for aarch64, compiles generated code for the given models with it, and compares
# what runs under qemu with the stored outputs. Without arguments: the example network.
#
#   test_arm64.sh [MODEL.pt INPUT.npy OUTPUT.npy]...
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
cmake --preset cross-arm64 -DWNNRT_BUILD_TESTS=OFF >/dev/null
cmake --build --preset cross-arm64 -j "$(nproc)" --target wnnrt
library=$(find build/cross-arm64 -name libwnnrt.a | head -1)
out=build/cross-arm64/models
mkdir -p "$out"
cross=(aarch64-linux-gnu-g++ -std=c++17 -O2 -Wall -Wextra -static -I"$out" -Iruntime/include)

echo "example network on aarch64"
build/release/bin/wnnxc examples/shapes/shapes.pt --rules patterns/fuse.pat -o "$out/shapes.cpp" \
  --quiet
"${cross[@]}" examples/shapes/main.cpp "$out/shapes.cpp" "$library" -o "$out/shapes_app"
qemu-aarch64 "$out/shapes_app" examples/shapes/picture.ppm examples/shapes/expected.txt

while [ $# -ge 3 ]; do
  model=$1 input=$2 expect=$3
  shift 3
  name=$(basename "$model" .pt)
  echo "$name on aarch64"
  build/release/bin/wnnxc "$model" --rules patterns/fuse.pat --name net --weights=file \
    -o "$out/net.cpp" --quiet
  mapfile -t counts < <(grep -oE '\bNET_[A-Z0-9_]+_COUNT\b' "$out/net.h")
  "${cross[@]}" -DRUNNER_INPUT_COUNT="${counts[0]}" -DRUNNER_OUTPUT_COUNT="${counts[1]}" \
    examples/npy_runner/main.cpp "$out/net.cpp" "$library" -o "$out/net_app"
  qemu-aarch64 "$out/net_app" "$out/net.weights" "$input" "$expect" 1e-4
done
