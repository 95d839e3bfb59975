// SPDX-License-Identifier: Apache-2.0
// unary, binary, where and cast: special values against PyTorch, dense ranges against the C library
// in double precision, broadcasting against index arithmetic.
#include "Goldens.h"
#include "KernelTest.h"

using namespace wnnrt_test;

namespace {

class ElementwiseTest : public KernelTest {};
WNNRT_FOR_EACH_ISA(ElementwiseTest);

TEST_P(ElementwiseTest, UnarySpecialValuesAsPyTorch) {
  for (const FloatGolden &g : unaryGoldens()) {
    const std::vector<float> &x = specialFloats();
    bool isBool = g.op >= WNNRT_LOGICAL_NOT;
    for (int dtype : {WNNRT_F32, WNNRT_F64}) {
      wnnrt_unary_params p = {g.op, dtype, int64_t(x.size()), double(g.a), double(g.b)};
      std::vector<double> wide(x.begin(), x.end());
      std::vector<double> y(x.size());
      std::vector<uint8_t> flags(x.size());
      Guarded<float> y32(x.size());
      void *out = isBool               ? static_cast<void *>(flags.data())
                  : dtype == WNNRT_F32 ? static_cast<void *>(y32.data())
                                       : y.data();
      const void *in = dtype == WNNRT_F32 ? static_cast<const void *>(x.data()) : wide.data();
      ASSERT_EQ(ctx.kernels->unary(&ctx, &p, in, out), WNNRT_OK);
      Comparison c;
      for (size_t i = 0; i < x.size(); ++i) {
        double got = isBool ? flags[i] : dtype == WNNRT_F32 ? double(y32[i]) : y[i];
        double expected = double(g.y[i]);
        if (dtype == WNNRT_F64 && std::isinf(expected) && std::isfinite(x[i]))
          continue; // overflow of float only
        if (g.op == WNNRT_GELU && x[i] == inf())
          expected = double(inf()); // PyTorch's vector code gives NaN, its scalar code infinity
        if (dtype == WNNRT_F64 && std::fabs(x[i]) > 50 && g.op >= WNNRT_SIN && g.op <= WNNRT_TAN)
          continue;
        // PyTorch's own gelu is 5e-7 off in its tail.
        c.add(i, got, expected, 4e-6 * std::fabs(expected) + (g.op == WNNRT_GELU ? 1e-6 : 2e-7));
      }
      EXPECT_TRUE(c.result()) << "op " << g.op << " dtype " << dtype;
      EXPECT_TRUE(y32.intact());
    }
  }
}

double exactUnary(int op, double x) {
  switch (op) {
  case WNNRT_SIGMOID:
    return 1 / (1 + std::exp(-x));
  case WNNRT_SILU:
    return x / (1 + std::exp(-x));
  case WNNRT_TANH:
    return std::tanh(x);
  case WNNRT_EXP:
    return std::exp(x);
  case WNNRT_ERF:
    return std::erf(x);
  case WNNRT_GELU:
    return 0.5 * x * std::erfc(-x / std::sqrt(2.0));
  case WNNRT_GELU_TANH: {
    double t = std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x);
    return x / (1 + std::exp(-2 * t));
  }
  default: // MISH
    return x * std::tanh(std::log1p(std::exp(x)));
  }
}

TEST_P(ElementwiseTest, ExponentialActivationsAreAccurate) {
  if (GetParam() == WNNRT_ISA_REF)
    GTEST_SKIP() << "the reference uses the C library";
  const int ops[] = {WNNRT_SIGMOID, WNNRT_SILU, WNNRT_TANH,      WNNRT_EXP,
                     WNNRT_ERF,     WNNRT_GELU, WNNRT_GELU_TANH, WNNRT_MISH};
  std::vector<float> x;
  for (int i = -40000; i <= 40000; ++i)
    x.push_back(static_cast<float>(i) * (i % 2 ? 5e-4f : 1e-5f));
  for (int op : ops) {
    wnnrt_unary_params p = {op, WNNRT_F32, int64_t(x.size()), 0, 0};
    Guarded<float> y(x.size());
    ASSERT_EQ(ctx.kernels->unary(&ctx, &p, x.data(), y.data()), WNNRT_OK);
    Comparison c;
    for (size_t i = 0; i < x.size(); ++i) {
      double e = exactUnary(op, double(x[i]));
      // Where the result itself is tiny the input's rounding decides: x^2 * 2^-24 in gelu's tail.
      bool tail = x[i] < -2 && (op == WNNRT_GELU || op == WNNRT_GELU_TANH);
      double relative =
          tail ? 1e-6 + 3e-7 * double(x[i]) * double(x[i]) * std::fabs(double(x[i])) : 1e-6;
      c.add(i, double(y[i]), e, relative * std::fabs(e) + 1e-37);
    }
    EXPECT_TRUE(c.result()) << "op " << op << " at x = " << x[c.at];
  }
}

TEST_P(ElementwiseTest, UnaryEverySize) {
  for (int n = 0; n <= 70; ++n)
    for (int op : {WNNRT_RELU, WNNRT_SIGMOID, WNNRT_NEG, WNNRT_LOG1P}) {
      Random random(static_cast<unsigned>(n));
      auto x = random.reals(n, -0.9f, 3);
      std::vector<double> y;
      for (float v : x)
        y.push_back(op == WNNRT_RELU      ? std::fmax(double(v), 0)
                    : op == WNNRT_SIGMOID ? 1 / (1 + std::exp(-double(v)))
                    : op == WNNRT_NEG     ? -double(v)
                                          : std::log1p(double(v)));
      wnnrt_unary_params p = {op, WNNRT_F32, n, 0, 0};
      Guarded<float> g(x, size_t(n % 3)), out(x.size(), size_t(n % 3));
      ASSERT_EQ(ctx.kernels->unary(&ctx, &p, g.data(), out.data()), WNNRT_OK);
      EXPECT_TRUE(near(out.values(), y, 1e-6, 1e-7));
      EXPECT_TRUE(out.intact());
      ASSERT_EQ(ctx.kernels->unary(&ctx, &p, g.data(), g.data()), WNNRT_OK);
      EXPECT_EQ(g.values(), out.values());
      EXPECT_TRUE(g.intact());
    }
}

TEST_P(ElementwiseTest, UnaryOfIntegersAndBool) {
  std::vector<int32_t> x = {0, 1, -1, 5, -7, INT32_MIN, INT32_MAX};
  auto run = [&](int op, double a, double b) {
    std::vector<int32_t> y(x.size());
    wnnrt_unary_params p = {op, WNNRT_I32, int64_t(x.size()), a, b};
    EXPECT_EQ(ctx.kernels->unary(&ctx, &p, x.data(), y.data()), WNNRT_OK);
    return y;
  };
  EXPECT_EQ(run(WNNRT_ABS, 0, 0), (std::vector<int32_t>{0, 1, 1, 5, 7, INT32_MIN, INT32_MAX}));
  EXPECT_EQ(run(WNNRT_NEG, 0, 0), (std::vector<int32_t>{0, -1, 1, -5, 7, INT32_MIN, -INT32_MAX}));
  EXPECT_EQ(run(WNNRT_SIGN, 0, 0), (std::vector<int32_t>{0, 1, -1, 1, -1, -1, 1}));
  EXPECT_EQ(run(WNNRT_BITWISE_NOT, 0, 0),
            (std::vector<int32_t>{-1, -2, 0, -6, 6, INT32_MAX, INT32_MIN}));
  EXPECT_EQ(run(WNNRT_CLAMP, -2, 3), (std::vector<int32_t>{0, 1, -1, 3, -2, -2, 3}));
  EXPECT_EQ(run(WNNRT_CLAMP, -double(inf()), 3),
            (std::vector<int32_t>{0, 1, -1, 3, -7, INT32_MIN, 3}));
  EXPECT_EQ(run(WNNRT_RELU, 0, 0), (std::vector<int32_t>{0, 1, 0, 5, 0, 0, INT32_MAX}));
  std::vector<uint8_t> flags(x.size()), b = {0, 1, 1}, nb(3);
  wnnrt_unary_params p = {WNNRT_LOGICAL_NOT, WNNRT_I32, int64_t(x.size()), 0, 0};
  EXPECT_EQ(ctx.kernels->unary(&ctx, &p, x.data(), flags.data()), WNNRT_OK);
  EXPECT_EQ(flags, (std::vector<uint8_t>{1, 0, 0, 0, 0, 0, 0}));
  p = {WNNRT_BITWISE_NOT, WNNRT_BOOL, 3, 0, 0};
  EXPECT_EQ(ctx.kernels->unary(&ctx, &p, b.data(), nb.data()), WNNRT_OK);
  EXPECT_EQ(nb, (std::vector<uint8_t>{1, 0, 0}));
  p = {WNNRT_EXP, WNNRT_I32, 0, 0, 0};
  EXPECT_EQ(ctx.kernels->unary(&ctx, &p, x.data(), x.data()), WNNRT_UNSUPPORTED);
}

/// [n][1] x [1][m] -> [n][m].
wnnrt_binary_params outerParams(int op, int dtype, size_t n, size_t m) {
  wnnrt_binary_params p = {};
  p.op = op, p.dtype = dtype, p.rank = 2;
  p.dims[0] = int64_t(n), p.dims[1] = int64_t(m);
  p.a_strides[0] = 1, p.b_strides[1] = 1;
  return p;
}

TEST_P(ElementwiseTest, BinarySpecialValuesAsPyTorch) {
  for (const FloatGolden &g : binaryGoldens()) {
    const std::vector<float> &x = pairFloats();
    std::vector<double> wide(x.begin(), x.end()), y64(g.y.size());
    std::vector<float> y(g.y.size());
    std::vector<uint8_t> flags(g.y.size());
    bool isBool = g.op >= WNNRT_EQ;
    wnnrt_binary_params p = outerParams(g.op, WNNRT_F32, x.size(), x.size());
    ASSERT_EQ(ctx.kernels->binary(&ctx, &p, x.data(), x.data(),
                                  isBool ? static_cast<void *>(flags.data()) : y.data()),
              WNNRT_OK);
    Comparison c;
    for (size_t i = 0; i < g.y.size(); ++i)
      c.add(i, isBool ? double(flags[i]) : double(y[i]), double(g.y[i]),
            2e-6 * std::fabs(double(g.y[i])) + 1e-30);
    EXPECT_TRUE(c.result()) << g.name << " of " << x[c.at / x.size()] << " and "
                            << x[c.at % x.size()];
    p.dtype = WNNRT_F64;
    ASSERT_EQ(ctx.kernels->binary(&ctx, &p, wide.data(), wide.data(),
                                  isBool ? static_cast<void *>(flags.data()) : y64.data()),
              WNNRT_OK);
    for (size_t i = 0; isBool && i < g.y.size(); ++i)
      EXPECT_EQ(flags[i], g.y[i] != 0);
  }
}

template <class T> void checkInts(const wnnrt_context &ctx, const IntGolden &g) {
  std::vector<T> a, b;
  for (int64_t v : specialInt64s()) {
    a.push_back(static_cast<T>(v));
    if (v)
      b.push_back(static_cast<T>(v));
  }
  std::vector<T> y(g.y.size());
  std::vector<uint8_t> flags(g.y.size());
  bool isBool = g.op >= WNNRT_EQ && g.op <= WNNRT_LOGICAL_XOR;
  wnnrt_binary_params p = outerParams(g.op, g.dtype, a.size(), b.size());
  ASSERT_EQ(ctx.kernels->binary(&ctx, &p, a.data(), b.data(),
                                isBool ? static_cast<void *>(flags.data()) : y.data()),
            WNNRT_OK);
  for (size_t i = 0; i < y.size(); ++i)
    EXPECT_EQ(isBool ? int64_t(flags[i]) : int64_t(y[i]), g.y[i])
        << g.name << " of " << int64_t(a[i / b.size()]) << " and " << int64_t(b[i % b.size()]);
}

TEST_P(ElementwiseTest, BinaryIntegersAsPyTorch) {
  for (const IntGolden &g : intGoldens()) {
    if (g.dtype == WNNRT_I64)
      checkInts<int64_t>(ctx, g);
    else
      checkInts<int8_t>(ctx, g);
  }
}

TEST_P(ElementwiseTest, BinaryIntegerCorners) {
  auto run = [&](int op, std::vector<int32_t> a, std::vector<int32_t> b, wnnrt_status want) {
    std::vector<int32_t> y(a.size());
    wnnrt_binary_params p = {};
    p.op = op, p.dtype = WNNRT_I32, p.rank = 1;
    p.dims[0] = int64_t(a.size()), p.a_strides[0] = p.b_strides[0] = 1;
    EXPECT_EQ(ctx.kernels->binary(&ctx, &p, a.data(), b.data(), y.data()), want);
    return y;
  };
  EXPECT_EQ(run(WNNRT_POW, {2, -2, 3, 0, 1, -1, 2}, {10, 3, 0, 0, -5, -3, -1}, WNNRT_OK),
            (std::vector<int32_t>{1024, -8, 1, 1, 1, -1, 0}));
  EXPECT_EQ(run(WNNRT_DIV_TRUNC, {INT32_MIN}, {-1}, WNNRT_OK)[0], INT32_MIN);
  EXPECT_EQ(run(WNNRT_REMAINDER, {INT32_MIN}, {-1}, WNNRT_OK)[0], 0);
  EXPECT_EQ(run(WNNRT_SHIFT_LEFT, {1, 3, 1, 1}, {4, 1, 32, -1}, WNNRT_OK),
            (std::vector<int32_t>{16, 6, 0, 0}));
  EXPECT_EQ(run(WNNRT_SHIFT_RIGHT, {-16, 16, -1}, {2, 2, 40}, WNNRT_OK),
            (std::vector<int32_t>{-4, 4, -1}));
  run(WNNRT_DIV_FLOOR, {1, 1}, {1, 0}, WNNRT_DIVISION_BY_ZERO);
  run(WNNRT_REMAINDER, {1}, {0}, WNNRT_DIVISION_BY_ZERO);
  run(WNNRT_DIV, {1}, {1}, WNNRT_UNSUPPORTED);
  run(WNNRT_ATAN2, {1}, {1}, WNNRT_UNSUPPORTED);
  // uint8 wraps and compares unsigned.
  std::vector<uint8_t> a = {200, 3}, b = {100, 5}, y(2);
  wnnrt_binary_params p = outerParams(WNNRT_ADD, WNNRT_U8, 2, 1);
  p.b_strides[0] = 1;
  EXPECT_EQ(ctx.kernels->binary(&ctx, &p, a.data(), b.data(), y.data()), WNNRT_OK);
  EXPECT_EQ(y, (std::vector<uint8_t>{44, 8}));
  p.op = WNNRT_SUB;
  EXPECT_EQ(ctx.kernels->binary(&ctx, &p, a.data(), b.data(), y.data()), WNNRT_OK);
  EXPECT_EQ(y, (std::vector<uint8_t>{100, 254}));
}

TEST_P(ElementwiseTest, BinaryBroadcasts) {
  unsigned seed = 0;
  const wnnrt_act acts[] = {
      {WNNRT_IDENTITY, 0, 0}, {WNNRT_RELU, 0, 0}, {WNNRT_SILU, 0, 0}, {WNNRT_ELU, 1, 0}};
  for (int op : {WNNRT_ADD, WNNRT_SUB, WNNRT_MUL, WNNRT_DIV, WNNRT_MAXIMUM, WNNRT_MINIMUM})
    for (int trial = 0; trial < 60; ++trial) {
      Random random(++seed);
      wnnrt_binary_params p = {};
      p.op = op, p.dtype = WNNRT_F32, p.rank = int32_t(random.whole(0, 5));
      p.act = acts[trial % 4];
      int64_t aSize = 1, bSize = 1, size = 1;
      for (int d = p.rank - 1; d >= 0; --d) {
        p.dims[d] = trial == 0 && d == 0 ? 0 : random.whole(1, d == p.rank - 1 ? 20 : 4);
        int64_t kind = random.whole(0, 3);
        p.a_strides[d] = kind == 1 ? 0 : aSize;
        p.b_strides[d] = kind == 2 ? 0 : bSize;
        aSize *= kind == 1 ? 1 : p.dims[d];
        bSize *= kind == 2 ? 1 : p.dims[d];
        size *= p.dims[d];
      }
      auto a = random.reals(size_t(aSize)), b = random.reals(size_t(bSize), 0.5f, 2);
      std::vector<double> expected(static_cast<size_t>(size));
      for (int64_t i = 0; i < size; ++i) {
        int64_t rest = i, ai = 0, bi = 0;
        for (int d = p.rank - 1; d >= 0; --d) {
          ai += rest % p.dims[d] * p.a_strides[d];
          bi += rest % p.dims[d] * p.b_strides[d];
          rest /= p.dims[d];
        }
        double l = double(a[size_t(ai)]), r = double(b[size_t(bi)]);
        double v = op == WNNRT_ADD       ? l + r
                   : op == WNNRT_SUB     ? l - r
                   : op == WNNRT_MUL     ? l * r
                   : op == WNNRT_DIV     ? l / r
                   : op == WNNRT_MAXIMUM ? std::fmax(l, r)
                                         : std::fmin(l, r);
        expected[size_t(i)] = exactAct(p.act, v);
      }
      Guarded<float> ga(a), gb(b), gy(static_cast<size_t>(size));
      ASSERT_EQ(ctx.kernels->binary(&ctx, &p, ga.data(), gb.data(), gy.data()), WNNRT_OK);
      EXPECT_TRUE(near(gy.values(), expected, 2e-6, 2e-7)) << "op " << op << " trial " << trial;
      EXPECT_TRUE(gy.intact());
    }
}

TEST_P(ElementwiseTest, SqueezeExciteScaleInC16) {
  const int n = 2, c = 20, hw = 6;
  Random random(1);
  auto x = random.reals(n * c * hw), s = random.reals(n * c);
  std::vector<double> y(x.size());
  for (size_t i = 0; i < x.size(); ++i)
    y[i] = double(x[i]) * double(s[i / hw]);
  wnnrt_binary_params p = {};
  p.op = WNNRT_MUL, p.rank = 3;
  p.dims[0] = n * 2, p.dims[1] = hw, p.dims[2] = 16;
  p.a_strides[0] = hw * 16, p.a_strides[1] = 16, p.a_strides[2] = 1;
  p.b_strides[0] = 16, p.b_strides[1] = 0, p.b_strides[2] = 1;
  Guarded<float> gx(toC16(x, n, c, hw)), gs(toC16(s, n, c, 1));
  ASSERT_EQ(ctx.kernels->binary(&ctx, &p, gx.data(), gs.data(), gx.data()), WNNRT_OK);
  EXPECT_TRUE(near(fromC16(gx.data(), n, c, hw), y, 1e-6, 1e-30));
  EXPECT_TRUE(gx.intact());
}

TEST_P(ElementwiseTest, WhereBroadcastsEveryElementSize) {
  std::vector<uint8_t> cond = {1, 0, 1};
  wnnrt_where_params p = {};
  p.rank = 2, p.dims[0] = 2, p.dims[1] = 3;
  p.cond_strides[1] = 1;
  p.a_strides[0] = 3, p.a_strides[1] = 1; // a dense, b one value: masked_fill
  auto run = [&](auto zero) {
    using T = decltype(zero);
    p.element_bytes = sizeof(T);
    std::vector<T> a = {1, 2, 3, 4, 5, 6}, b = {9}, y(6);
    EXPECT_EQ(ctx.kernels->where(&ctx, &p, cond.data(), a.data(), b.data(), y.data()), WNNRT_OK);
    EXPECT_EQ(y, (std::vector<T>{1, 9, 3, 4, 9, 6}));
  };
  run(uint8_t(0));
  run(int16_t(0));
  run(float(0));
  run(double(0));
  p.element_bytes = 3;
  EXPECT_EQ(ctx.kernels->where(&ctx, &p, cond.data(), &p, &p, &p), WNNRT_INVALID_ARGUMENT);
}

TEST_P(ElementwiseTest, CastRoundsAndSaturates) {
  std::vector<float> x = {0,     -0.0f, 1.5f,   -2.5f, 65504, 65519,         65520,
                          1e-8f, 6e-8f, -3e-5f, inf(), nan(), 1.00048828125f};
  std::vector<uint16_t> half(x.size()), bfloat(x.size());
  auto cast = [&](int from, int to, const void *in, void *out, size_t n) {
    wnnrt_cast_params p = {from, to, int64_t(n)};
    ASSERT_EQ(ctx.kernels->cast(&ctx, &p, in, out), WNNRT_OK);
  };
  cast(WNNRT_F32, WNNRT_F16, x.data(), half.data(), x.size());
  EXPECT_EQ(half, (std::vector<uint16_t>{0, 0x8000, 0x3e00, 0xc100, 0x7bff, 0x7bff, 0x7c00, 0, 1,
                                         0x81f7, 0x7c00, 0x7e00, 0x3c00}));
  std::vector<float> back(65536);
  std::vector<uint16_t> all(65536), again(65536);
  for (size_t i = 0; i < 65536; ++i)
    all[i] = static_cast<uint16_t>(i);
  cast(WNNRT_F16, WNNRT_F32, all.data(), back.data(), 65536);
  cast(WNNRT_F32, WNNRT_F16, back.data(), again.data(), 65536);
  for (size_t i = 0; i < 65536; ++i)
    if (!std::isnan(back[i])) {
      ASSERT_EQ(all[i], again[i]);
    }
  EXPECT_EQ(back[0x3c01], 1.0009765625f);
  EXPECT_EQ(back[1], 5.9604644775390625e-8f);
  cast(WNNRT_BF16, WNNRT_F32, all.data(), back.data(), 65536);
  cast(WNNRT_F32, WNNRT_BF16, back.data(), again.data(), 65536);
  for (size_t i = 0; i < 65536; ++i)
    if (!std::isnan(back[i])) {
      ASSERT_EQ(all[i], again[i]);
    }
  std::vector<float> r = {1.00390625f, 1.01171875f}; // halfway between two bfloat16 values
  cast(WNNRT_F32, WNNRT_BF16, r.data(), bfloat.data(), 2);
  EXPECT_EQ(bfloat[0], 0x3f80);
  EXPECT_EQ(bfloat[1], 0x3f82);
  std::vector<int64_t> wide(4);
  std::vector<float> f = {2.9f, -2.9f, 300, -1};
  cast(WNNRT_F32, WNNRT_I64, f.data(), wide.data(), 4);
  EXPECT_EQ(wide, (std::vector<int64_t>{2, -2, 300, -1}));
  std::vector<uint8_t> bytes(4), flags(4);
  cast(WNNRT_F32, WNNRT_U8, f.data(), bytes.data(), 4);
  EXPECT_EQ(bytes, (std::vector<uint8_t>{2, 254, 44, 255}));
  std::vector<float> b = {0, -0.0f, 0.1f, nan()};
  cast(WNNRT_F32, WNNRT_BOOL, b.data(), flags.data(), 4);
  EXPECT_EQ(flags, (std::vector<uint8_t>{0, 0, 1, 1}));
  std::vector<int64_t> big = {(int64_t(1) << 24) + 1, -5};
  std::vector<double> d(2);
  cast(WNNRT_I64, WNNRT_F64, big.data(), d.data(), 2);
  EXPECT_EQ(d, (std::vector<double>{16777217, -5}));
  std::vector<int8_t> narrow(2);
  cast(WNNRT_I64, WNNRT_I8, big.data(), narrow.data(), 2);
  EXPECT_EQ(narrow, (std::vector<int8_t>{1, -5}));
}

} // namespace
