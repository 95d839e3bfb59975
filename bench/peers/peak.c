// SPDX-License-Identifier: Apache-2.0
// Prints the fp32 GFLOP/s that chains of fused multiply-adds reach on each of THREADS threads
// together: peak THREADS [MILLISECONDS]. Threads are pinned by the caller's affinity.
#include <immintrin.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#if defined(__AVX512F__)
#define LANES 16
typedef __m512 vec;
#define FMA(a, b, c) _mm512_fmadd_ps(a, b, c)
#define SPLAT(x) _mm512_set1_ps(x)
#else
#define LANES 8
typedef __m256 vec;
#define FMA(a, b, c) _mm256_fmadd_ps(a, b, c)
#define SPLAT(x) _mm256_set1_ps(x)
#endif
enum { Chains = 12, Steps = 4096 };

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

struct job {
  double until, best; // best: of intervals of 4096 steps, so that interruptions do not count
  float sink;
};

static void *work(void *argument) {
  struct job *job = argument;
  vec x[Chains], a = SPLAT(0.999f), b = SPLAT(0.001f);
  for (int c = 0; c < Chains; ++c)
    x[c] = SPLAT((float)c);
  for (double start = now(), end; start < job->until; start = end) {
    for (int s = 0; s < Steps; ++s)
#pragma GCC unroll 12
      for (int c = 0; c < Chains; ++c)
        x[c] = FMA(x[c], a, b);
    end = now();
    double rate = 2e-9 * LANES * Chains * Steps / (end - start);
    if (rate > job->best)
      job->best = rate;
  }
  vec sum = x[0];
  for (int c = 1; c < Chains; ++c)
    sum = FMA(sum, a, x[c]);
  job->sink = *(float *)&sum;
  return NULL;
}

int main(int argc, char **argv) {
  int threads = argc > 1 ? atoi(argv[1]) : 1;
  double until = now() + 1e-3 * (argc > 2 ? atoi(argv[2]) : 50);
  if (threads < 1 || threads > 64)
    return 1;
  struct job jobs[64];
  pthread_t handles[64];
  double total = 0;
  for (int i = 0; i < threads; ++i) {
    jobs[i] = (struct job){until, 0, 0};
    if (pthread_create(&handles[i], NULL, work, &jobs[i]))
      return 1;
  }
  for (int i = 0; i < threads; ++i) {
    pthread_join(handles[i], NULL);
    total += jobs[i].best;
    if (jobs[i].sink != jobs[i].sink)
      return 1;
  }
  printf("%.1f\n", total);
  return 0;
}
