// SPDX-License-Identifier: Apache-2.0
// Attention, LSTM and GRU. The recurrent kernels are built on the context's linear kernel, so they
// are as fast as it is; their state lives in the caller's scratch.
#include "../Isa.h"
#include "../Kernels.h"
#include "../ScalarMath.h"

#include <string.h>

namespace wnnrt {
namespace {

int64_t round16(int64_t n) {
  return blocks16(n) * 16;
}

/// Scratch of lstm and gru: [seq*batch][G*H] input products, [batch][G*H] state products, h and c.
struct RnnScratch {
  float *inputGates, *stateGates, *h, *c;

  static int64_t floats(const wnnrt_rnn_params *p, int64_t gates) {
    int64_t row = gates * p->hidden;
    return round16(int64_t(p->seq) * p->batch * row) + round16(p->batch * row) +
           2 * round16(int64_t(p->batch) * p->hidden);
  }
  RnnScratch(const wnnrt_rnn_params *p, int64_t gates, void *scratch) {
    int64_t row = gates * p->hidden;
    inputGates = static_cast<float *>(scratch);
    stateGates = inputGates + round16(int64_t(p->seq) * p->batch * row);
    h = stateGates + round16(p->batch * row);
    c = h + round16(int64_t(p->batch) * p->hidden);
  }
};

void loadState(float *state, const void *initial, int64_t n) {
  if (initial)
    memcpy(state, initial, static_cast<size_t>(n) * sizeof(float));
  else
    memset(state, 0, static_cast<size_t>(n) * sizeof(float));
}

/// Runs `cell(input gates, state gates, h, c)` for each batch row of each step, with both products
/// done by linear, and stores h as the step's output.
template <class Cell>
wnnrt_status runRnn(const wnnrt_context *ctx, const wnnrt_rnn_params *p, int64_t gates,
                    const void *x, const void *wih, const void *whh, const void *bih,
                    const void *bhh, void *yv, void *hn, const RnnScratch &s, Cell &&cell) {
  int64_t row = gates * p->hidden;
  auto *linear = ctx->kernels && ctx->kernels->linear ? ctx->kernels->linear : &wnnrt::ref::linear;
  wnnrt_linear_params inputs = {};
  inputs.n = row;
  inputs.k = p->input;
  inputs.x_row_stride = p->x_strides[1];
  bool oneProduct = p->x_strides[0] == p->batch * p->x_strides[1];
  inputs.m = oneProduct ? int64_t(p->seq) * p->batch : p->batch;
  for (int64_t t = 0; t < (oneProduct ? 1 : p->seq); ++t)
    if (wnnrt_status status =
            linear(ctx, &inputs, static_cast<const float *>(x) + t * p->x_strides[0], wih, bih,
                   nullptr, s.inputGates + t * p->batch * row))
      return status;
  wnnrt_linear_params states = {};
  states.m = p->batch;
  states.n = row;
  states.k = p->hidden;
  for (int64_t step = 0; step < p->seq; ++step) {
    int64_t t = p->reverse ? p->seq - 1 - step : step;
    if (wnnrt_status status = linear(ctx, &states, s.h, whh, bhh, nullptr, s.stateGates))
      return status;
    for (int64_t b = 0; b < p->batch; ++b) {
      float *h = s.h + b * p->hidden;
      cell(s.inputGates + (t * p->batch + b) * row, s.stateGates + b * row, h, s.c + b * p->hidden);
      memcpy(static_cast<float *>(yv) + t * p->y_strides[0] + b * p->y_strides[1], h,
             static_cast<size_t>(p->hidden) * sizeof(float));
    }
  }
  if (hn)
    memcpy(hn, s.h, static_cast<size_t>(p->batch) * static_cast<size_t>(p->hidden) * sizeof(float));
  return WNNRT_OK;
}

} // namespace

wnnrt_status ref::sdpa(const wnnrt_context *, const wnnrt_sdpa_params *p, const void *qv,
                       const void *kv, const void *vv, const void *maskv, void *yv, void *scratch) {
  if (p->kv_heads <= 0 || p->heads % p->kv_heads || (p->mask_kind != WNNRT_MASK_NONE && !maskv))
    return WNNRT_INVALID_ARGUMENT;
  auto *scores = static_cast<float *>(scratch);
  for (int64_t b = 0; b < p->batch; ++b)
    for (int64_t h = 0; h < p->heads; ++h) {
      int64_t kvHead = h / (p->heads / p->kv_heads);
      auto *k = static_cast<const float *>(kv) + b * p->k_strides[0] + kvHead * p->k_strides[1];
      auto *v = static_cast<const float *>(vv) + b * p->v_strides[0] + kvHead * p->v_strides[1];
      for (int64_t i = 0; i < p->lq; ++i) {
        auto *q = static_cast<const float *>(qv) + b * p->q_strides[0] + h * p->q_strides[1] +
                  i * p->q_strides[2];
        auto *y = static_cast<float *>(yv) + b * p->y_strides[0] + h * p->y_strides[1] +
                  i * p->y_strides[2];
        float largest = -__builtin_huge_valf();
        for (int64_t j = 0; j < p->lk; ++j) {
          double dot = 0;
          for (int64_t d = 0; d < p->d; ++d)
            dot += double(q[d]) * double(k[j * p->k_strides[2] + d]);
          float score = static_cast<float>(dot) * p->scale;
          int64_t at = b * p->mask_strides[0] + h * p->mask_strides[1] + i * p->mask_strides[2] +
                       j * p->mask_strides[3];
          if (p->mask_kind == WNNRT_MASK_F32)
            score += static_cast<const float *>(maskv)[at];
          if ((p->causal && j > i) ||
              (p->mask_kind == WNNRT_MASK_BOOL && !static_cast<const uint8_t *>(maskv)[at]))
            score = -__builtin_huge_valf();
          scores[j] = score;
          largest = score > largest ? score : largest;
        }
        bool none = largest == -__builtin_huge_valf();
        double sum = 0;
        for (int64_t j = 0; j < p->lk; ++j) {
          bool masked = none && scores[j] == scores[j];
          scores[j] = masked ? 0.0f : expf(scores[j] - largest);
          sum += double(scores[j]);
        }
        float inverse = none && sum == 0 ? 0.0f : static_cast<float>(1 / sum);
        for (int64_t d = 0; d < p->dv; ++d) {
          double acc = 0;
          for (int64_t j = 0; j < p->lk; ++j)
            if (scores[j] != 0)
              acc += double(scores[j]) * double(v[j * p->v_strides[2] + d]);
          y[d] = static_cast<float>(acc) * inverse;
        }
      }
    }
  return WNNRT_OK;
}

wnnrt_status ref::lstm(const wnnrt_context *ctx, const wnnrt_rnn_params *p, const void *x,
                       const void *wih, const void *whh, const void *bih, const void *bhh,
                       const void *h0, const void *c0, void *y, void *hn, void *cn, void *scratch) {
  RnnScratch s(p, 4, scratch);
  int64_t hidden = p->hidden, state = p->batch * hidden;
  loadState(s.h, h0, state);
  loadState(s.c, c0, state);
  wnnrt_status status = runRnn(ctx, p, 4, x, wih, whh, bih, bhh, y, hn, s,
                               [=](const float *gx, const float *gh, float *h, float *c) {
                                 for (int64_t j = 0; j < hidden; ++j) {
                                   float in = sigmoid(gx[j] + gh[j]);
                                   float forget = sigmoid(gx[hidden + j] + gh[hidden + j]);
                                   float cell = tanhf(gx[2 * hidden + j] + gh[2 * hidden + j]);
                                   float out = sigmoid(gx[3 * hidden + j] + gh[3 * hidden + j]);
                                   c[j] = forget * c[j] + in * cell;
                                   h[j] = out * tanhf(c[j]);
                                 }
                               });
  if (cn && !status)
    memcpy(cn, s.c, static_cast<size_t>(state) * sizeof(float));
  return status;
}

wnnrt_status ref::gru(const wnnrt_context *ctx, const wnnrt_rnn_params *p, const void *x,
                      const void *wih, const void *whh, const void *bih, const void *bhh,
                      const void *h0, void *y, void *hn, void *scratch) {
  RnnScratch s(p, 3, scratch);
  int64_t hidden = p->hidden;
  loadState(s.h, h0, p->batch * hidden);
  return runRnn(ctx, p, 3, x, wih, whh, bih, bhh, y, hn, s,
                [=](const float *gx, const float *gh, float *h, float *) {
                  for (int64_t j = 0; j < hidden; ++j) {
                    float reset = sigmoid(gx[j] + gh[j]);
                    float update = sigmoid(gx[hidden + j] + gh[hidden + j]);
                    float fresh = tanhf(gx[2 * hidden + j] + reset * gh[2 * hidden + j]);
                    h[j] = (1 - update) * fresh + update * h[j];
                  }
                });
}

/// Packed keys and values, a block of 16 score rows, and alignment.
int64_t sdpaPartFloats(const wnnrt_sdpa_params *p) {
  int64_t floats = round16(p->lk) * (p->d + int64_t(16)) + round16(p->dv) * p->lk +
                   int64_t(16) * (p->d + round16(p->dv)) + 64;
  return (floats + 15) / 16 * 16;
}

/// At most 8, and as many as take 4 MiB; one in any case.
int64_t sdpaParts(const wnnrt_sdpa_params *p) {
  int64_t heads = int64_t(p->batch) * p->kv_heads;
  return max2<int64_t>(1, min2<int64_t>(min2<int64_t>(8, heads), (1 << 20) / sdpaPartFloats(p)));
}

} // namespace wnnrt

using namespace wnnrt;

size_t wnnrt_sdpa_scratch_bytes(const wnnrt_sdpa_params *p) {
  return static_cast<size_t>(sdpaParts(p) * sdpaPartFloats(p)) * sizeof(float);
}
size_t wnnrt_lstm_scratch_bytes(const wnnrt_rnn_params *p) {
  return static_cast<size_t>(RnnScratch::floats(p, 4)) * sizeof(float);
}
size_t wnnrt_gru_scratch_bytes(const wnnrt_rnn_params *p) {
  return static_cast<size_t>(RnnScratch::floats(p, 3)) * sizeof(float);
}
/// Room for a packed right operand and a block of 16 rows of the left one.
size_t wnnrt_matmul_scratch_bytes(const wnnrt_matmul_params *p) {
  return static_cast<size_t>((round16(p->n) + 16) * p->k + 64) * sizeof(float);
}
