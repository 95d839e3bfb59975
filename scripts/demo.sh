#!/usr/bin/env bash
# The main job on a real model: compiles the example network with the shipped rules to C++, builds
# the example program with it, runs it on a picture, and shows the answer beside PyTorch's.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh
cmake --preset release >/dev/null
cmake --build --preset release -j "$(nproc)" --target wnnxc wnnrt
out=build/demo
mkdir -p "$out"

echo
echo "== wnnxc examples/shapes/shapes.pt --rules patterns/fuse.pat -o $out/shapes.cpp"
build/release/bin/wnnxc examples/shapes/shapes.pt --rules patterns/fuse.pat -o "$out/shapes.cpp"

echo
echo "== the generated program, in part"
sed -n '/^  \/\/ \[3\]/,/^  }/p' "$out/shapes.cpp"
wc -l "$out/shapes.h" "$out/shapes.cpp"

echo
echo "== the example program on examples/shapes/picture.ppm"
${CXX:-c++} -std=c++17 -O2 -Wall -Wextra -I"$out" -Iruntime/include examples/shapes/main.cpp \
  "$out/shapes.cpp" "$(find build/release -name libwnnrt.a | head -1)" -o "$out/shapes_app"
"$out/shapes_app" examples/shapes/picture.ppm examples/shapes/expected.txt
