// SPDX-License-Identifier: Apache-2.0
// Attention against a double-precision formula; lstm, gru, upsampling and grid sampling against
// PyTorch.
#include "Goldens.h"
#include "KernelTest.h"

using namespace wnnrt_test;

namespace {

class SequenceTest : public KernelTest {};
WNNRT_FOR_EACH_ISA(SequenceTest);

struct Attention {
  int batch, heads, kvHeads, lq, lk, d, dv, mask;
  bool causal;
};

void checkAttention(const wnnrt_context &ctx, const Attention &a, unsigned seed) {
  Random random(seed);
  wnnrt_sdpa_params p = {};
  p.batch = a.batch, p.heads = a.heads, p.kv_heads = a.kvHeads;
  p.lq = a.lq, p.lk = a.lk, p.d = a.d, p.dv = a.dv;
  // q and y as [batch][row][head][d], the layout a transpose view leaves; k and v dense.
  p.q_strides[0] = int64_t(a.lq) * a.heads * a.d, p.q_strides[1] = a.d,
  p.q_strides[2] = int64_t(a.heads) * a.d;
  p.y_strides[0] = int64_t(a.lq) * a.heads * a.dv, p.y_strides[1] = a.dv,
  p.y_strides[2] = int64_t(a.heads) * a.dv;
  p.k_strides[0] = int64_t(a.kvHeads) * a.lk * a.d, p.k_strides[1] = int64_t(a.lk) * a.d,
  p.k_strides[2] = a.d;
  p.v_strides[0] = int64_t(a.kvHeads) * a.lk * a.dv, p.v_strides[1] = int64_t(a.lk) * a.dv,
  p.v_strides[2] = a.dv;
  p.mask_kind = a.mask, p.causal = a.causal, p.scale = 1 / std::sqrt(float(a.d));
  p.mask_strides[0] = int64_t(a.lq) * a.lk, p.mask_strides[1] = 0, p.mask_strides[2] = a.lk,
  p.mask_strides[3] = 1;
  auto q = random.reals(size_t(a.batch) * a.heads * a.lq * a.d, -3, 3);
  auto k = random.reals(size_t(a.batch) * a.kvHeads * a.lk * a.d, -3, 3);
  auto v = random.reals(size_t(a.batch) * a.kvHeads * a.lk * a.dv);
  std::vector<uint8_t> boolMask(size_t(a.batch) * a.lq * a.lk);
  std::vector<float> floatMask(boolMask.size());
  for (size_t i = 0; i < boolMask.size(); ++i) {
    boolMask[i] = random.whole(0, 2) != 0;
    floatMask[i] = random.whole(0, 4) ? random.real() : -inf();
  }
  // One query sees nothing at all.
  for (int j = 0; j < a.lk; ++j)
    boolMask[j] = 0, floatMask[j] = -inf();
  std::vector<double> y(size_t(a.batch) * a.lq * a.heads * a.dv);
  for (int b = 0; b < a.batch; ++b)
    for (int h = 0; h < a.heads; ++h)
      for (int i = 0; i < a.lq; ++i) {
        std::vector<double> score(a.lk);
        double largest = -INFINITY, sum = 0;
        for (int j = 0; j < a.lk; ++j) {
          double dot = 0;
          for (int d = 0; d < a.d; ++d)
            dot +=
                double(
                    q[size_t(b * p.q_strides[0] + h * p.q_strides[1] + i * p.q_strides[2] + d)]) *
                double(k[size_t(b * p.k_strides[0] + h / (a.heads / a.kvHeads) * p.k_strides[1] +
                                j * p.k_strides[2] + d)]);
          size_t m = (size_t(b) * a.lq + i) * a.lk + j;
          score[j] = dot * double(p.scale) + (a.mask == WNNRT_MASK_F32 ? double(floatMask[m]) : 0);
          if ((a.causal && j > i) || (a.mask == WNNRT_MASK_BOOL && !boolMask[m]))
            score[j] = -INFINITY;
          largest = std::fmax(largest, score[j]);
        }
        for (double &s : score)
          sum += s = largest == -INFINITY ? 0 : std::exp(s - largest);
        for (int d = 0; d < a.dv; ++d) {
          double out = 0;
          for (int j = 0; j < a.lk; ++j)
            out += score[j] / (sum ? sum : 1) *
                   double(v[size_t(b * p.v_strides[0] + h / (a.heads / a.kvHeads) * p.v_strides[1] +
                                   j * p.v_strides[2] + d)]);
          y[size_t(b * p.y_strides[0] + h * p.y_strides[1] + i * p.y_strides[2] + d)] = out;
        }
      }
  Guarded<float> gq(q), gk(k), gv(v), gy(y.size());
  Guarded<char> scratch(wnnrt_sdpa_scratch_bytes(&p));
  const void *mask = a.mask == WNNRT_MASK_BOOL  ? static_cast<const void *>(boolMask.data())
                     : a.mask == WNNRT_MASK_F32 ? static_cast<const void *>(floatMask.data())
                                                : nullptr;
  ASSERT_EQ(
      ctx.kernels->sdpa(&ctx, &p, gq.data(), gk.data(), gv.data(), mask, gy.data(), scratch.data()),
      WNNRT_OK);
  EXPECT_TRUE(near(gy.values(), y, 1e-5, 3e-6))
      << "lq " << a.lq << " lk " << a.lk << " mask " << a.mask;
  EXPECT_TRUE(gy.intact() && scratch.intact());
}

TEST_P(SequenceTest, Attention) {
  unsigned seed = 0;
  for (int mask : {WNNRT_MASK_NONE, WNNRT_MASK_BOOL, WNNRT_MASK_F32})
    for (bool causal : {false, true}) {
      checkAttention(ctx, {2, 2, 2, 5, 7, 8, 8, mask, causal}, ++seed);
      checkAttention(ctx, {1, 4, 2, 17, 17, 20, 12, mask, causal}, ++seed);
      checkAttention(ctx, {1, 1, 1, 1, 33, 16, 16, mask, causal}, ++seed);
      checkAttention(ctx, {1, 3, 1, 30, 64, 33, 40, mask, causal}, ++seed);
      checkAttention(ctx, {1, 1, 1, 9, 3, 1, 1, mask, causal}, ++seed);
    }
  for (int l = 1; l <= 33; ++l)
    checkAttention(ctx, {1, 1, 1, l, 34 - l, 5, l, WNNRT_MASK_NONE, l % 2 == 0}, ++seed);
}

TEST_P(SequenceTest, LstmAndGruAsPyTorch) {
  for (const RnnGolden &g : rnnGoldens()) {
    int gates = g.gru ? 3 : 4, rows = gates * g.hidden;
    wnnrt_rnn_params p = {};
    p.seq = g.seq, p.batch = g.batch, p.input = g.input, p.hidden = g.hidden;
    p.y_strides[0] = int64_t(g.batch) * 2 * g.hidden, p.y_strides[1] = 2 * g.hidden;
    Guarded<float> y(g.y.size()), hn(g.hn.size()), cn(g.hn.size());
    // Batch first as well: the same values through other strides.
    std::vector<float> batchFirst(g.x.size());
    for (int t = 0; t < g.seq; ++t)
      for (int b = 0; b < g.batch; ++b)
        for (int i = 0; i < g.input; ++i)
          batchFirst[size_t((b * g.seq + t) * g.input + i)] =
              g.x[size_t((t * g.batch + b) * g.input + i)];
    for (bool timeFirst : {true, false})
      for (int direction : {0, 1}) {
        p.reverse = direction;
        p.x_strides[0] = timeFirst ? int64_t(g.batch) * g.input : g.input;
        p.x_strides[1] = timeFirst ? g.input : int64_t(g.seq) * g.input;
        const std::vector<float> *w = &g.weights[size_t(direction) * 4];
        std::vector<float> wih(wnnrt_pack_linear_floats(rows, g.input));
        std::vector<float> whh(wnnrt_pack_linear_floats(rows, g.hidden));
        wnnrt_pack_linear(rows, g.input, w[0].data(), wih.data());
        wnnrt_pack_linear(rows, g.hidden, w[1].data(), whh.data());
        auto bih = packBias(w[2]), bhh = packBias(w[3]);
        size_t state = size_t(direction * g.batch * g.hidden);
        const float *x = timeFirst ? g.x.data() : batchFirst.data();
        const float *h0 = g.state ? g.h0.data() + state : nullptr;
        const float *c0 = g.state ? g.c0.data() + state : nullptr;
        if (g.gru) {
          Guarded<char> scratch(wnnrt_gru_scratch_bytes(&p));
          ASSERT_EQ(ctx.kernels->gru(&ctx, &p, x, wih.data(), whh.data(), bih.data(), bhh.data(),
                                     h0, y.data() + direction * g.hidden, hn.data() + state,
                                     scratch.data()),
                    WNNRT_OK);
          EXPECT_TRUE(scratch.intact());
        } else {
          Guarded<char> scratch(wnnrt_lstm_scratch_bytes(&p));
          ASSERT_EQ(ctx.kernels->lstm(&ctx, &p, x, wih.data(), whh.data(), bih.data(), bhh.data(),
                                      h0, c0, y.data() + direction * g.hidden, hn.data() + state,
                                      cn.data() + state, scratch.data()),
                    WNNRT_OK);
          EXPECT_TRUE(scratch.intact());
        }
        if (direction == 0)
          continue;
        EXPECT_TRUE(near(y.values(), std::vector<double>(g.y.begin(), g.y.end()), 1e-5, 1e-6));
        EXPECT_TRUE(near(hn.values(), std::vector<double>(g.hn.begin(), g.hn.end()), 1e-5, 1e-6));
        if (!g.gru) {
          EXPECT_TRUE(near(cn.values(), std::vector<double>(g.cn.begin(), g.cn.end()), 1e-5, 1e-6));
        }
        EXPECT_TRUE(y.intact() && hn.intact() && cn.intact());
      }
  }
}

TEST_P(SequenceTest, UpsampleAsPyTorch) {
  for (const UpsampleGolden &g : upsampleGoldens())
    for (int layout : {WNNRT_PLAIN, WNNRT_LAYOUT_C16}) {
      if (layout == WNNRT_LAYOUT_C16 && g.mode == WNNRT_BICUBIC)
        continue;
      wnnrt_upsample2d_params p = {layout, g.mode, 1,       g.planes, g.ih,    g.iw,
                                   g.oh,   g.ow,   g.align, g.scaleH, g.scaleW};
      Guarded<float> x(toLayout(layout, g.x, 1, g.planes, g.ih * g.iw));
      Guarded<float> y(layout == WNNRT_PLAIN ? g.y.size()
                                             : wnnrt_c16_bytes(1, g.planes, g.oh, g.ow) / 4);
      ASSERT_EQ(ctx.kernels->upsample2d(&ctx, &p, x.data(), y.data()), WNNRT_OK);
      EXPECT_TRUE(near(fromLayout(layout, y.data(), 1, g.planes, g.oh * g.ow),
                       std::vector<double>(g.y.begin(), g.y.end()), 1e-5, 3e-6))
          << "mode " << g.mode << " " << g.ih << "x" << g.iw << " to " << g.oh << "x" << g.ow
          << " align " << g.align << " scale " << g.scaleH;
      EXPECT_TRUE(y.intact());
    }
}

TEST_P(SequenceTest, UpsampleManyChannelsInC16) {
  Random random(3);
  auto x = random.reals(2 * 20 * 5 * 7);
  for (int mode : {WNNRT_NEAREST, WNNRT_NEAREST_EXACT, WNNRT_BILINEAR})
    for (int align : {0, 1}) {
      wnnrt_upsample2d_params p = {WNNRT_PLAIN, mode, 2, 20, 5, 7, 11, 13, align, 0, 0};
      std::vector<float> plain(2 * 20 * 11 * 13);
      wnnrt_kernels_for(WNNRT_ISA_REF)->upsample2d(&ctx, &p, x.data(), plain.data());
      p.layout = WNNRT_LAYOUT_C16;
      Guarded<float> gx(toC16(x, 2, 20, 35)), gy(wnnrt_c16_bytes(2, 20, 11, 13) / 4);
      ASSERT_EQ(ctx.kernels->upsample2d(&ctx, &p, gx.data(), gy.data()), WNNRT_OK);
      EXPECT_TRUE(near(fromC16(gy.data(), 2, 20, 11 * 13),
                       std::vector<double>(plain.begin(), plain.end()), 1e-6, 1e-6));
      EXPECT_TRUE(gy.intact());
    }
}

TEST_P(SequenceTest, GridSampleAsPyTorch) {
  for (const GridGolden &g : gridGoldens()) {
    wnnrt_grid_sampler2d_params p = {g.mode, g.padding, 2, 2, 4, 5, 3, 4, g.align};
    Guarded<float> x(g.x), grid(g.grid), y(g.y.size());
    ASSERT_EQ(ctx.kernels->grid_sampler2d(&ctx, &p, x.data(), grid.data(), y.data()), WNNRT_OK);
    EXPECT_TRUE(near(y.values(), std::vector<double>(g.y.begin(), g.y.end()), 1e-4, 1e-5))
        << "mode " << g.mode << " padding " << g.padding << " align " << g.align;
    EXPECT_TRUE(y.intact());
    for (float bad : {nan(), inf(), -inf(), 1e30f})
      grid[0] = bad, ctx.kernels->grid_sampler2d(&ctx, &p, x.data(), grid.data(), y.data());
    EXPECT_TRUE(y.intact());
  }
}

} // namespace
