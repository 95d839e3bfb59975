// SPDX-License-Identifier: Apache-2.0
//
// Runs a generated network called `net` with one f32 input and one f32 output on .npy files, with
// its weights read from a file, and compares with the expected output:
//
//   net_app net.weights input.npy expected.npy tolerance
//
// Prints the largest difference as a share of the expected output's largest magnitude; exits 1 when
// it passes the tolerance. Build the network with `wnnxc MODEL --name net --weights=file`, and this
// file with RUNNER_INPUT_COUNT and RUNNER_OUTPUT_COUNT defined as the header's constants (such as
// NET_X_COUNT).
#include "net.h"

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

/// A whole file, 64-byte aligned as the generated code wants its weights.
static unsigned char *readFile(const char *path, size_t &bytes) {
  std::FILE *f = std::fopen(path, "rb");
  if (!f) {
    std::fprintf(stderr, "%s: cannot be opened\n", path);
    std::exit(1);
  }
  std::fseek(f, 0, SEEK_END);
  bytes = size_t(std::ftell(f));
  std::rewind(f);
  auto *p = static_cast<unsigned char *>(std::aligned_alloc(64, (bytes + 63) / 64 * 64));
  if (!p || std::fread(p, 1, bytes, f) != bytes) {
    std::fprintf(stderr, "%s: cannot be read\n", path);
    std::exit(1);
  }
  std::fclose(f);
  return p;
}

/// The elements of a little-endian f32 .npy file of version 1, which has `count` of them.
static std::vector<float> readNpy(const char *path, size_t count) {
  size_t bytes = 0;
  unsigned char *p = readFile(path, bytes);
  size_t start = bytes > 10 ? 10u + p[8] + 256u * p[9] : 0;
  if (start == 0 || std::memcmp(p, "\x93NUMPY\x01", 7) != 0 || bytes != start + 4 * count ||
      !std::strstr(reinterpret_cast<char *>(p) + 10, "'<f4'")) {
    std::fprintf(stderr, "%s: not an .npy file of %zu f32 elements\n", path, count);
    std::exit(1);
  }
  std::vector<float> v(count);
  std::memcpy(v.data(), p + start, 4 * count);
  std::free(p);
  return v;
}

int main(int argc, char **argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: %s net.weights input.npy expected.npy tolerance\n", argv[0]);
    return 2;
  }
  size_t weightBytes = 0;
  unsigned char *weights = readFile(argv[1], weightBytes);
  std::vector<float> input = readNpy(argv[2], RUNNER_INPUT_COUNT);
  std::vector<float> expected = readNpy(argv[3], RUNNER_OUTPUT_COUNT);
  std::vector<float> output(RUNNER_OUTPUT_COUNT);
  void *arena =
      std::aligned_alloc(NET_ARENA_ALIGNMENT, (NET_ARENA_BYTES + NET_ARENA_ALIGNMENT) /
                                                  NET_ARENA_ALIGNMENT * NET_ARENA_ALIGNMENT);
  wnnrt_status status = net_run(weights, arena, input.data(), output.data());
  if (status != WNNRT_OK) {
    std::fprintf(stderr, "the network did not run: status %d\n", int(status));
    return 1;
  }
  double worst = 0, largest = 0;
  bool finite = true;
  for (size_t i = 0; i < output.size(); ++i) {
    worst = std::fmax(worst, std::fabs(double(output[i]) - double(expected[i])));
    largest = std::fmax(largest, std::fabs(double(expected[i])));
    finite = finite && std::isfinite(output[i]);
  }
  std::printf("largest difference %.3g of the largest magnitude\n", worst / largest);
  std::free(weights);
  std::free(arena);
  return finite && worst <= std::atof(argv[4]) * largest ? 0 : 1;
}
