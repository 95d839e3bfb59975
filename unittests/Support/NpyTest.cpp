// SPDX-License-Identifier: Apache-2.0
//
// `.npy` files: what NumPy writes is read, what we write reads back, damaged files are refused.
#include "wnnx/Support/Npy.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

using namespace wnnx;

namespace {

/// A file as NumPy would write it, with the given version and header dict.
std::vector<uint8_t> makeFile(unsigned version, std::string header, std::string_view data) {
  std::string file = "\x93NUMPY";
  file += char(version);
  file += '\0';
  header += '\n';
  for (unsigned i = 0; i < (version == 1 ? 2u : 4u); ++i)
    file += char((header.size() >> (8 * i)) & 255);
  file += header;
  file += data;
  return {file.begin(), file.end()};
}

FailureOr<NpyArray> parse(llvm::ArrayRef<uint8_t> file, Diagnostics &diags) {
  return parseNpy("x.npy", nullptr, file, diags);
}

std::string errorOf(llvm::ArrayRef<uint8_t> file) {
  Diagnostics diags;
  EXPECT_TRUE(failed(parse(file, diags)));
  EXPECT_EQ(diags.errorCount(), 1u);
  return diags.all().empty() ? "" : diags.all()[0].message;
}

std::string_view view(const void *p, size_t n) {
  return {static_cast<const char *>(p), n};
}

TEST(Npy, ReadsEveryVersion) {
  float values[6] = {1, 2, 3, 4, 5, 6};
  for (unsigned version : {1u, 2u, 3u}) {
    auto file = makeFile(version, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }   ",
                         view(values, 24));
    Diagnostics diags;
    FailureOr<NpyArray> a = parse(file, diags);
    ASSERT_TRUE(succeeded(a)) << diags.render();
    EXPECT_EQ(a->kind, "f4");
    EXPECT_EQ(a->shape, (std::vector<int64_t>{2, 3}));
    EXPECT_EQ(std::memcmp(a->data, values, 24), 0);
  }
}

TEST(Npy, TurnsFortranOrderAndBigEndianRound) {
  int16_t column[6] = {1, 4, 2, 5, 3, 6}, row[6] = {1, 2, 3, 4, 5, 6};
  auto file =
      makeFile(1, "{'descr': '<i2', 'fortran_order': True, 'shape': (2, 3)}", view(column, 12));
  Diagnostics diags;
  FailureOr<NpyArray> a = parse(file, diags);
  ASSERT_TRUE(succeeded(a)) << diags.render();
  EXPECT_EQ(std::memcmp(a->data, row, 12), 0);

  int32_t three[24], expected[24];
  for (int i = 0; i < 24; ++i)
    expected[i] = i;
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 3; ++j)
      for (int k = 0; k < 4; ++k)
        three[i + 2 * (j + 3 * k)] =
            int32_t(__builtin_bswap32(unsigned(expected[(i * 3 + j) * 4 + k])));
  file = makeFile(2, "{\"shape\": (2, 3, 4,), 'descr': '>i4', 'fortran_order': True}",
                  view(three, 96));
  a = parse(file, diags);
  ASSERT_TRUE(succeeded(a)) << diags.render();
  EXPECT_EQ(std::memcmp(a->data, expected, 96), 0);
}

TEST(Npy, WhatIsWrittenReadsBack) {
  const uint8_t bytes[48] = {1, 2, 3};
  struct Case {
    std::string_view kind;
    std::vector<int64_t> shape;
  };
  for (const Case &c : {Case{"f4", {}}, Case{"f8", {1}}, Case{"b1", {4, 3}}, Case{"f2", {2, 0, 5}},
                        Case{"u2", {3, 1, 2}}, Case{"i8", {2, 3}}}) {
    uint64_t size = uint64_t(c.kind[1] - '0');
    for (int64_t d : c.shape)
      size *= uint64_t(d);
    std::string out;
    llvm::raw_string_ostream os(out);
    writeNpy(os, c.kind, c.shape, {bytes, size_t(size)});
    os.flush();
    EXPECT_EQ((out.size() - size) % 64, 0u);
    Diagnostics diags;
    FailureOr<NpyArray> a =
        parse({reinterpret_cast<const uint8_t *>(out.data()), out.size()}, diags);
    ASSERT_TRUE(succeeded(a)) << diags.render();
    EXPECT_EQ(a->kind, c.kind);
    EXPECT_EQ(a->shape, c.shape);
    EXPECT_EQ(a->bytes, size);
    EXPECT_EQ(std::memcmp(a->data, bytes, size), 0);
  }
}

TEST(Npy, RefusesWhatItCannotRead) {
  EXPECT_EQ(errorOf({}), "not a `.npy` file");
  EXPECT_EQ(errorOf(makeFile(4, "{}", "")), "`.npy` format version 4 is unknown");
  EXPECT_EQ(errorOf(makeFile(1, "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", "x")),
            "element type \"|O\" is not supported");
  EXPECT_EQ(errorOf(makeFile(1, "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': ()}",
                             "1234")),
            "header at byte 10: record arrays are not supported; store a plain array");
  EXPECT_EQ(errorOf(makeFile(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", "1234")),
            "the header promises 8 bytes of data; found 4");
  EXPECT_EQ(errorOf(makeFile(1,
                             "{'descr': '<f4', 'fortran_order': False, "
                             "'shape': (4294967296, 4294967296)}",
                             "")),
            "the shape has too many elements");
  EXPECT_EQ(errorOf(makeFile(1, "{'descr': '<f4', 'fortran_order': 1, 'shape': (2,)}", "")),
            "header at byte 34: expected `True` or `False`");
  EXPECT_EQ(errorOf(makeFile(1, "{'descr': '<f4', 'shape': (2,)}", "")),
            "header at byte 32: the dict lacks `descr`, `fortran_order` or `shape`");
}

TEST(Npy, SurvivesDamage) {
  double values[6] = {1, 2, 3, 4, 5, 6};
  auto good =
      makeFile(1, "{'descr': '<f8', 'fortran_order': True, 'shape': (2, 3), }", view(values, 48));
  std::mt19937 random(2);
  unsigned read = 0;
  for (int round = 0; round < 20000; ++round) {
    std::vector<uint8_t> file = good;
    for (unsigned n = random() % 3; n--;)
      file[random() % file.size()] = uint8_t(random());
    if (random() % 4 == 0)
      file.resize(random() % (file.size() + 1));
    Diagnostics diags;
    FailureOr<NpyArray> a = parse(file, diags);
    EXPECT_EQ(failed(a), diags.hasErrors());
    if (failed(a))
      continue;
    ++read;
    unsigned sum = 0;
    for (uint64_t i = 0; i < a->bytes; ++i)
      sum += a->data[i];
    EXPECT_LE(sum, a->bytes * 255);
  }
  EXPECT_GT(read, 1000u);
}

} // namespace
