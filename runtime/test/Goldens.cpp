// SPDX-License-Identifier: Apache-2.0
#include "Goldens.h"

#include <cmath>

namespace wnnrt_test {
namespace {
#include "Goldens.inc"
} // namespace

const std::vector<UpsampleGolden> &upsampleGoldens() {
  return upsampleGoldensTable;
}
const std::vector<GridGolden> &gridGoldens() {
  return gridGoldensTable;
}
const std::vector<RnnGolden> &rnnGoldens() {
  return rnnGoldensTable;
}
const Floats &specialFloats() {
  return specialFloatsTable;
}
const Floats &pairFloats() {
  return pairFloatsTable;
}
const std::vector<FloatGolden> &unaryGoldens() {
  return unaryGoldensTable;
}
const std::vector<FloatGolden> &binaryGoldens() {
  return binaryGoldensTable;
}
const std::vector<int64_t> &specialInt64s() {
  return specialInt64sTable;
}
const std::vector<IntGolden> &intGoldens() {
  return intGoldensTable;
}

} // namespace wnnrt_test
