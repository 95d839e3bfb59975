// SPDX-License-Identifier: Apache-2.0
// Scaled dot product attention: keys and values of a head are packed once, then blocks of query
// rows go through scores, softmax and values while everything stays in the cache. Heads are shared
// among threads.
#include "../Isa.h"
#include "Product.h"
#include "RowSoftmax.h"

namespace {

/// Adds the mask to one row of scaled scores; masked keys get -infinity.
void maskRow(const wnnrt_sdpa_params *p, const void *mask, int64_t offset, float *scores,
             int64_t keys) {
  int64_t step = p->mask_strides[3];
  if (p->mask_kind == WNNRT_MASK_F32) {
    auto *m = static_cast<const float *>(mask) + offset;
    for (int64_t j = 0; j < keys; ++j)
      scores[j] = scores[j] * p->scale + m[j * step];
  } else {
    auto *m = static_cast<const uint8_t *>(mask) + offset;
    for (int64_t j = 0; j < keys; ++j)
      scores[j] = m[j * step] ? scores[j] * p->scale : -__builtin_huge_valf();
  }
}

struct Attention {
  const wnnrt_sdpa_params *p;
  const float *q, *k, *v;
  const void *mask;
  float *y;

  /// All query heads of one head of keys and values, numbered over the batch.
  void head(int64_t index, float *scratch) const {
    int64_t b = index / p->kv_heads, kvHead = index % p->kv_heads;
    int64_t keys16 = blocksOf16(p->lk) * 16, perKv = p->heads / p->kv_heads;
    float *packedK = scratch, *packedV = packedK + keys16 * p->d;
    float *scores = packedV + blocksOf16(p->dv) * 16 * p->lk;
    packPanels(k + b * p->k_strides[0] + kvHead * p->k_strides[1], p->d, p->lk, 1, p->k_strides[2],
               packedK);
    packPanels(v + b * p->v_strides[0] + kvHead * p->v_strides[1], p->lk, p->dv, p->v_strides[2], 1,
               packedV);
    for (int64_t h = kvHead * perKv; h < (kvHead + 1) * perKv; ++h) {
      Split split(p->lq, tilePixels);
      for (int64_t t = 0; t < split.count; ++t)
        rows(b, h, split.begin(t), split.sizeOf(t), packedK, packedV, scores);
    }
  }

  void rows(int64_t b, int64_t h, int64_t i, int64_t count, const float *packedK,
            const float *packedV, float *scores) const {
    int64_t keys16 = blocksOf16(p->lk) * 16;
    // Later keys than the block's last query are masked for all of its rows.
    int64_t keys = p->causal ? minOf(p->lk, i + count) : p->lk;
    Product qk = {q + b * p->q_strides[0] + h * p->q_strides[1] + i * p->q_strides[2],
                  p->q_strides[2],
                  p->d,
                  packedK,
                  keys,
                  scores,
                  keys16};
    qk.run(count);
    for (int64_t r = 0; r < count; ++r) {
      float *row = scores + r * keys16;
      int64_t visible = p->causal ? minOf(keys, i + r + 1) : keys;
      if (p->mask_kind != WNNRT_MASK_NONE)
        maskRow(p, mask,
                b * p->mask_strides[0] + h * p->mask_strides[1] + (i + r) * p->mask_strides[2], row,
                visible);
      softmaxRow(row, row, visible, p->mask_kind == WNNRT_MASK_NONE ? p->scale : 1.0f, true);
      for (int64_t j = visible; j < keys; ++j)
        row[j] = 0;
    }
    // packedV panels are lk rows apart although only `keys` of them are used.
    Product weighted = {
        scores,         keys16, keys,
        packedV,        p->dv,  y + b * p->y_strides[0] + h * p->y_strides[1] + i * p->y_strides[2],
        p->y_strides[2]};
    weighted.panelRows = p->lk;
    weighted.run(count);
  }
};

} // namespace

namespace wnnrt {

wnnrt_status WNNRT_SIMD_NS::sdpa(const wnnrt_context *ctx, const wnnrt_sdpa_params *p,
                                 const void *qv, const void *kv, const void *vv, const void *mask,
                                 void *yv, void *scratch) {
  if (p->kv_heads <= 0 || p->heads % p->kv_heads || (p->mask_kind != WNNRT_MASK_NONE && !mask) ||
      p->d <= 0 || p->lk <= 0 || p->batch <= 0 || !(p->scale > 0))
    return ref::sdpa(ctx, p, qv, kv, vv, mask, yv, scratch);
  Attention attention = {p,
                         static_cast<const float *>(qv),
                         static_cast<const float *>(kv),
                         static_cast<const float *>(vv),
                         mask,
                         static_cast<float *>(yv)};
  int64_t heads = int64_t(p->batch) * p->kv_heads;
  int64_t tasks = sdpaParts(p), each = sdpaPartFloats(p);
  if (!ctx->parallel_for || ctx->num_threads <= 1)
    tasks = 1;
  struct Work {
    const Attention *attention;
    int64_t heads, tasks, each;
    float *scratch;
  } work = {&attention, heads, tasks, each, static_cast<float *>(scratch)};
  auto body = [](void *arg, int32_t i) {
    auto *w = static_cast<const Work *>(arg);
    for (int64_t h = w->heads * i / w->tasks; h < w->heads * (i + 1) / w->tasks; ++h)
      w->attention->head(h, w->scratch + i * w->each);
  };
  if (tasks == 1)
    body(&work, 0);
  else
    ctx->parallel_for(ctx->user, static_cast<int32_t>(tasks), body, &work);
  return WNNRT_OK;
}

} // namespace wnnrt
