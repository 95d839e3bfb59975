// SPDX-License-Identifier: Apache-2.0
//
// Names the shape in a picture: reads a binary PPM of the network's size, runs the generated code,
// prints the probability of every class, and, when given a file of expected ones, compares.
//
//   shapes_app picture.ppm [expected.txt]
#include "shapes.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

static constexpr const char *classNames[] = {"circle", "square", "triangle",
                                             "cross",  "ring",   "stripes"};
static_assert(std::size(classNames) == SHAPES_OUTPUT_COUNT);

// Working memory belongs to the caller: here it is static, one per thread is what `run` asks for.
alignas(SHAPES_ARENA_ALIGNMENT) static unsigned char arena[SHAPES_ARENA_BYTES];

/// RGB bytes to planes of floats in [0, 1], as the network was trained.
static bool readPicture(const char *path, std::vector<float> &image) {
  std::FILE *f = std::fopen(path, "rb");
  if (!f)
    return false;
  int width = 0, height = 0, most = 0;
  bool good = std::fscanf(f, "P6 %d %d %d", &width, &height, &most) == 3 && most == 255 &&
              width == SHAPES_IMAGE_DIM3 && height == SHAPES_IMAGE_DIM2;
  std::fgetc(f);
  std::vector<unsigned char> bytes(SHAPES_IMAGE_COUNT);
  good = good && std::fread(bytes.data(), 1, bytes.size(), f) == bytes.size();
  std::fclose(f);
  constexpr size_t pixels = size_t(SHAPES_IMAGE_DIM2) * SHAPES_IMAGE_DIM3;
  image.resize(SHAPES_IMAGE_COUNT);
  for (size_t i = 0; i < bytes.size(); ++i)
    image[(i % 3) * pixels + i / 3] = float(bytes[i]) / 255.0f;
  return good;
}

static bool readExpected(const char *path, std::vector<float> &expected) {
  std::FILE *f = std::fopen(path, "r");
  if (!f)
    return false;
  char name[32];
  float p = 0;
  while (std::fscanf(f, "%31s %f", name, &p) == 2)
    expected.push_back(p);
  std::fclose(f);
  return expected.size() == SHAPES_OUTPUT_COUNT;
}

int main(int argc, char **argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s picture.ppm [expected.txt]\n", argv[0]);
    return 2;
  }
  std::vector<float> image, expected;
  if (!readPicture(argv[1], image)) {
    std::fprintf(stderr, "%s: not a binary PPM of %d x %d pixels\n", argv[1], SHAPES_IMAGE_DIM3,
                 SHAPES_IMAGE_DIM2);
    return 1;
  }
  if (argc > 2 && !readExpected(argv[2], expected)) {
    std::fprintf(stderr, "%s: not a list of %d probabilities\n", argv[2], SHAPES_OUTPUT_COUNT);
    return 1;
  }
  float output[SHAPES_OUTPUT_COUNT];
  wnnrt_status status = shapes_run(nullptr, arena, image.data(), output);
  if (status != WNNRT_OK) {
    std::fprintf(stderr, "the network did not run: status %d\n", int(status));
    return 1;
  }
  std::printf("%-10s %12s%s\n", "class", "this program", expected.empty() ? "" : "     PyTorch");
  float worst = 0;
  for (size_t i = 0; i < SHAPES_OUTPUT_COUNT; ++i) {
    std::printf("%-10s %12.9f", classNames[i], double(output[i]));
    if (!expected.empty()) {
      std::printf(" %12.9f", double(expected[i]));
      worst = std::fmax(worst, std::fabs(output[i] - expected[i]));
    }
    std::printf("\n");
  }
  if (!expected.empty()) {
    std::printf("largest difference %.2g\n", double(worst));
    return worst <= 1e-5f ? 0 : 1;
  }
  return 0;
}
