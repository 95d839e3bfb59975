// SPDX-License-Identifier: Apache-2.0
//
// Tuning files: read what was written, refuse what is wrong with its line, survive anything.
#include "wnnx/Plan/Tuning.h"

#include <gtest/gtest.h>

#include <random>

using namespace wnnx;

namespace {

const char *const good = "wnnx-tuning 1\n"
                         "# remark\n"
                         "cpu Some CPU, 3 GHz\n"
                         "isa avx2\n"
                         "runtime 0x1234\n"
                         "layer conv2d A\n"
                         "  winograd4 12.5\n"
                         "  direct 40.0\n"
                         "layer conv2d B\n"
                         "  direct\n";

std::string errorsOf(const std::string &text) {
  Diagnostics diags;
  FailureOr<TuningTable> t = TuningTable::parse(text, "t.tune", diags);
  EXPECT_EQ(failed(t), diags.errorCount() > 0);
  return diags.render();
}

TEST(Tuning, RoundTrip) {
  Diagnostics diags;
  FailureOr<TuningTable> t = TuningTable::parse(good, "t.tune", diags);
  ASSERT_TRUE(succeeded(t)) << diags.render();
  EXPECT_EQ(t->cpu, "Some CPU, 3 GHz");
  EXPECT_EQ(t->isa, "avx2");
  EXPECT_EQ(t->runtime, 0x1234u);
  ASSERT_EQ(t->layers.size(), 2u);
  EXPECT_EQ(t->layers["conv2d A"].variants[0].name, "winograd4");
  EXPECT_EQ(t->layers["conv2d A"].variants[1].us, 40.0);
  std::string printed = t->print();
  FailureOr<TuningTable> again = TuningTable::parse(printed, "t.tune", diags);
  ASSERT_TRUE(succeeded(again)) << diags.render();
  EXPECT_EQ(again->print(), printed);
}

TEST(Tuning, WhatIsWrongIsSaidWithItsLine) {
  EXPECT_NE(errorsOf("").find("the file is empty"), std::string::npos);
  EXPECT_NE(errorsOf("\n\n{\"a\": 1}\n").find("t.tune:3"), std::string::npos);
  EXPECT_NE(errorsOf("wnnx-tuning 2\n").find("version `2`"), std::string::npos);
  std::string all = errorsOf("wnnx-tuning 1\n"
                             "  direct 1\n"     // 2: outside of a layer
                             "layer L\n"        // 3: without a variant
                             "layer M\n"        //
                             "  direct 1e999\n" // 5
                             "  direct -3\n"    // 6
                             "  direct nan\n"   // 7
                             "  direct 1\n"     //
                             "  direct 2\n"     // 9: twice
                             "layer M\n"        // 10: twice
                             "  direct 1\n"     //
                             "kernel x\n"       // 12
                             "runtime zz\n"     // 13
                             "layer\n");        // 14
  for (int line : {2, 3, 5, 6, 7, 9, 10, 12, 13, 14})
    EXPECT_NE(all.find("t.tune:" + std::to_string(line)), std::string::npos) << line << "\n" << all;
}

TEST(Tuning, DamagedFilesAreReadOrRefused) {
  std::mt19937 random(1);
  std::string alphabet = "wlayer 1\n#\0\xff  direct.e-";
  for (int round = 0; round < 5000; ++round) {
    std::string text = good;
    for (unsigned i = 0, n = random() % 6; i <= n; ++i) {
      size_t at = random() % text.size();
      switch (random() % 3) {
      case 0:
        text[at] = alphabet[random() % alphabet.size()];
        break;
      case 1:
        text.erase(at, 1 + random() % 20);
        break;
      default:
        text.insert(at, text.substr(random() % text.size(), random() % 40));
      }
      if (text.empty())
        text = "x";
    }
    errorsOf(text);
  }
  errorsOf("wnnx-tuning 1\nlayer " + std::string(1 << 20, 'x'));
  EXPECT_NE(errorsOf("wnnx-tuning 1\nlayer " + std::string(5000, 'x')).find("longer"),
            std::string::npos);
}

} // namespace
