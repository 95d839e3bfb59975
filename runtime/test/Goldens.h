// SPDX-License-Identifier: Apache-2.0
// PyTorch's results for the kernel tests; the values are in Goldens.inc, written by
// make_goldens.py.
#ifndef WNNRT_TEST_GOLDENS_H
#define WNNRT_TEST_GOLDENS_H

#include <cstdint>
#include <vector>

namespace wnnrt_test {

using Floats = std::vector<float>;

struct UpsampleGolden {
  int mode, planes, ih, iw, oh, ow, align;
  double scaleH, scaleW;
  Floats x, y;
};
struct GridGolden { // x [2][2][4][5], grid [2][3][4][2]
  int mode, padding, align;
  Floats x, grid, y;
};
struct RnnGolden { // bidirectional, one layer, time first
  int gru, batch, seq, input, hidden, state;
  Floats x, h0, c0;
  std::vector<Floats> weights; // w_ih, w_hh, b_ih, b_hh of both directions
  Floats y, hn, cn;
};
struct FloatGolden {
  const char *name;
  int op;
  float a, b;
  Floats y;
};
struct IntGolden {
  const char *name;
  int op, dtype;
  std::vector<int64_t> y;
};

const std::vector<UpsampleGolden> &upsampleGoldens();
const std::vector<GridGolden> &gridGoldens();
const std::vector<RnnGolden> &rnnGoldens();
/// Operands of the unary goldens; every pair of pairFloats for the binary ones, the first slowest.
const Floats &specialFloats();
const Floats &pairFloats();
const std::vector<FloatGolden> &unaryGoldens();
const std::vector<FloatGolden> &binaryGoldens();
/// Every pair of one of these and one of the non-zero ones.
const std::vector<int64_t> &specialInt64s();
const std::vector<IntGolden> &intGoldens();

} // namespace wnnrt_test
#endif // WNNRT_TEST_GOLDENS_H
