// SPDX-License-Identifier: Apache-2.0
//
// Names and lines of generated code.
#include "wnnx/CodeGen/CodeGen.h"

#include <gtest/gtest.h>

using namespace wnnx;

TEST(CodeGenNames, ModelNamesBecomeIdentifiers) {
  EXPECT_EQ(cg::cleanName("resnet18"), "resnet18");
  EXPECT_EQ(cg::cleanName("my-net v2.1"), "my_net_v2_1");
  EXPECT_EQ(cg::cleanName("3d"), "n3d");
  EXPECT_EQ(cg::cleanName("__x__"), "x");
  EXPECT_EQ(cg::cleanName(""), "value");
  EXPECT_EQ(cg::cleanName("class"), "class_2");
}
