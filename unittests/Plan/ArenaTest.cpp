// SPDX-License-Identifier: Apache-2.0
//
// Properties of the arena planner on random and on special sets of blocks.
#include "wnnx/Plan/Arena.h"

#include <gtest/gtest.h>

#include <random>

using namespace wnnx;

TEST(Arena, Empty) {
  ArenaLayout l = planArena({});
  EXPECT_EQ(l.bytes, 0);
  EXPECT_EQ(l.lowerBound, 0);
}

TEST(Arena, ChainNeedsTwoBlocks) {
  std::vector<ArenaBlock> blocks;
  for (int i = 0; i < 20; ++i)
    blocks.push_back({1000, i, i + 1});
  ArenaLayout l = planArena(blocks);
  EXPECT_TRUE(arenaIsValid(blocks, l));
  EXPECT_EQ(l.lowerBound, 2048);
  EXPECT_EQ(l.bytes, 2048);
}

TEST(Arena, OverlapIsFound) {
  std::vector<ArenaBlock> blocks{{64, 0, 1}, {64, 1, 2}};
  EXPECT_FALSE(arenaIsValid(blocks, {{0, 0}, 128, 128}));
  EXPECT_FALSE(arenaIsValid(blocks, {{0, 32}, 128, 128}));  // not aligned
  EXPECT_FALSE(arenaIsValid(blocks, {{0, 128}, 128, 128})); // outside
  EXPECT_TRUE(arenaIsValid(blocks, {{0, 64}, 128, 128}));
}

TEST(Arena, RandomBlocks) {
  std::mt19937 random(1);
  double worst = 0;
  for (int round = 0; round < 300; ++round) {
    std::vector<ArenaBlock> blocks;
    int steps = 1 + int(random() % 60), count = int(random() % 80);
    for (int i = 0; i < count; ++i) {
      int first = int(random() % unsigned(steps));
      int last = std::min(steps - 1, first + int(random() % 6));
      blocks.push_back({int64_t(random() % 5000), first, last});
    }
    ArenaLayout l = planArena(blocks);
    ASSERT_TRUE(arenaIsValid(blocks, l)) << "round " << round;
    ASSERT_GE(l.bytes, l.lowerBound);
    if (l.lowerBound)
      worst = std::max(worst, double(l.bytes) / double(l.lowerBound));
    ArenaLayout again = planArena(blocks);
    ASSERT_EQ(l.offsets, again.offsets);
  }
  EXPECT_LT(worst, 1.3);
}
