// SPDX-License-Identifier: Apache-2.0
//
// What a file may ask of us. Real models stay far below; a file beyond them is an error, never a
// crash, a hang or an exhausted machine.
#pragma once

#include <cstdint>

namespace wnnx::ts::limits {

constexpr uint64_t zipEntries = 1'000'000;
constexpr uint64_t zipDirectoryBytes = 256ull << 20;
constexpr uint64_t zipNameBytes = 4096;
constexpr uint64_t inflateRatio = 1100; // deflate itself reaches 1032
constexpr uint64_t inflatedBytes = 2ull << 30;
constexpr uint64_t sourceFileBytes = 64ull << 20;
constexpr uint64_t sourceTokens = 16'000'000;
constexpr unsigned sourceDepth = 200;
constexpr uint64_t pickleBytes = 256ull << 20;
constexpr uint64_t pickleOpcodes = 50'000'000;
constexpr uint64_t pickleStack = 10'000'000;
constexpr uint64_t pickleMarks = 100'000;
constexpr int64_t tensorRank = 64;
constexpr int64_t expandedBytes = 1ll << 30; // made out of stride-0 and overlapping weights
constexpr unsigned containerDepth = 100;     // of lists in lists in the pickle
constexpr uint64_t evalSteps = 20'000'000;
constexpr int64_t loopTrips = 1'000'000;
constexpr unsigned callDepth = 256;
constexpr unsigned evalDepth = 1000; // of nested statements and expressions, over all calls
constexpr uint64_t graphNodes = 1'000'000;
constexpr uint64_t listLength = 1'000'000;
constexpr uint64_t stringBytes = 1ull << 20;
constexpr int64_t foldBytes = 64ll << 20;       // of the operands and results of one folded node
constexpr int64_t foldTotalBytes = 4ll << 30;   // over the whole import
constexpr int64_t constantElements = 1ll << 28; // of a tensor made by zeros, full, arange...

} // namespace wnnx::ts::limits
