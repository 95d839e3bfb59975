// SPDX-License-Identifier: Apache-2.0
// Where the time of a generated network goes: a kernel table whose rows take the time around the
// real ones, and the main function of the program that `wnnxc --profile` writes. Only that program
// includes this; the library and other generated code do not change and lose nothing.
#ifndef WNNRT_PROFILE_H
#define WNNRT_PROFILE_H

#include "wnnrt.h"
#include "wnnrt_threads.h"

#include <algorithm>
#include <chrono>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <string>
#include <vector>

namespace wnnrt {
namespace profile {

/// One kernel call of the network, in order.
struct Step {
  const char *kernel, *formula;
  double macs, bytes; // multiply-adds; operands read and results written once
};

/// An input or output; inputs of f32 get random numbers in [-1, 1), others zeros.
struct Port {
  size_t bytes;
  bool random;
};

struct Model {
  const char *name;
  const Step *steps;
  size_t stepCount;
  const Port *ports; // inputs, then outputs
  size_t portCount;
  size_t arenaBytes;
  const char *weightFile; // null: the weights are in the program
  wnnrt_status (*run)(const wnnrt_context *context, const void *weights, void *arena,
                      void *const *ports);
  const wnnrt_kernels *(*kernels)(wnnrt_isa isa); // that the program has
};

using Clock = std::chrono::steady_clock;

/// What the timed rows write to; one network at a time.
struct Recorder {
  const wnnrt_context *real = nullptr;
  size_t at = 0;
  std::vector<Clock::time_point> begin, end; // of each step of this run
};
inline Recorder &recorder() {
  static Recorder r;
  return r;
}

template <class F> struct Row;
template <class... A> struct Row<wnnrt_status (*)(const wnnrt_context *, A...)> {
  template <wnnrt_status (*wnnrt_kernels::*member)(const wnnrt_context *, A...)>
  static wnnrt_status timed(const wnnrt_context *given, A... arguments) {
    Recorder &r = recorder();
    wnnrt_context context = *given; // a step may ask for one thread
    context.kernels = r.real->kernels;
    Clock::time_point begin = Clock::now();
    wnnrt_status status = (context.kernels->*member)(&context, arguments...);
    if (r.at < r.begin.size()) {
      r.begin[r.at] = begin;
      r.end[r.at] = Clock::now();
    }
    ++r.at;
    return status;
  }
};

inline wnnrt_kernels timedKernels(const char *isa) {
  wnnrt_kernels t = {};
  t.isa = isa;
#define WNNRT_KERNEL(name, params, args)                                                           \
  t.name = &Row<decltype(wnnrt_kernels::name)>::template timed<&wnnrt_kernels::name>;
#include "wnnrt_kernels.def"
  return t;
}

inline double seconds(Clock::duration d) {
  return std::chrono::duration<double>(d).count();
}

#if defined(__x86_64__)
// Twelve independent chains in assembly: the figure must not depend on how this is compiled.
#define WNNRT_FMA(reg, k) "vfmadd231ps %%" reg "15, %%" reg "15, %%" reg k "\n\t"
#define WNNRT_FMAS(reg)                                                                            \
  WNNRT_FMA(reg, "0")                                                                              \
  WNNRT_FMA(reg, "1")                                                                              \
  WNNRT_FMA(reg, "2")                                                                              \
  WNNRT_FMA(reg, "3")                                                                              \
  WNNRT_FMA(reg, "4")                                                                              \
  WNNRT_FMA(reg, "5")                                                                              \
  WNNRT_FMA(reg, "6")                                                                              \
  WNNRT_FMA(reg, "7")                                                                              \
  WNNRT_FMA(reg, "8") WNNRT_FMA(reg, "9") WNNRT_FMA(reg, "10") WNNRT_FMA(reg, "11")
#define WNNRT_FMA_REGISTERS                                                                        \
  "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",         \
      "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"
inline double fmasAvx512(int n) {
  __asm__ volatile("vzeroall" ::: WNNRT_FMA_REGISTERS);
  for (int i = 0; i < n; ++i)
    __asm__ volatile(WNNRT_FMAS("zmm")::: WNNRT_FMA_REGISTERS);
  __asm__ volatile("vzeroupper" ::: WNNRT_FMA_REGISTERS);
  return 2.0 * 16 * 12 * n;
}
inline double fmasAvx2(int n) {
  __asm__ volatile("vzeroall" ::: WNNRT_FMA_REGISTERS);
  for (int i = 0; i < n; ++i)
    __asm__ volatile(WNNRT_FMAS("ymm")::: WNNRT_FMA_REGISTERS);
  __asm__ volatile("vzeroupper" ::: WNNRT_FMA_REGISTERS);
  return 2.0 * 8 * 12 * n;
}
#undef WNNRT_FMA
#undef WNNRT_FMAS
#undef WNNRT_FMA_REGISTERS
#endif

/// Multiply-adds of 128-bit vectors, on any CPU.
inline double fmas128(int n) {
  typedef float Vector __attribute__((vector_size(16)));
  Vector s[12], x = {0.999f, 0.999f, 0.999f, 0.999f};
#pragma GCC unroll 12
  for (int k = 0; k < 12; ++k)
    s[k] = x * static_cast<float>(k);
  static volatile float sink;
  for (int i = 0; i < n; ++i) {
#pragma GCC unroll 12
    for (int k = 0; k < 12; ++k)
      s[k] = s[k] * x + x;
  }
#pragma GCC unroll 12
  for (int k = 1; k < 12; ++k)
    s[0] += s[k];
  sink = s[0][0];
  (void)sink;
  return 2.0 * 4 * 12 * n;
}

/// FLOP/s of one core's multiply-add units in the widest form this ISA has, now: wide vectors at
/// work lower the clock, so a peak measured on an idle core would be out of reach. Takes some 50
/// us.
inline double peakFlops(const char *isa) {
  Clock::time_point begin = Clock::now();
  double flops = 0;
#if defined(__x86_64__)
  if (!strcmp(isa, "avx512"))
    flops = fmasAvx512(25000);
  else if (!strcmp(isa, "avx2"))
    flops = fmasAvx2(25000);
#endif
  if (flops == 0)
    flops = fmas128(25000);
  return flops / seconds(Clock::now() - begin);
}

/// Bytes per second of one core reading memory that no cache holds.
inline double memoryBandwidth() {
  // In pieces, of which nearly the best counts: other programs disturb some of them.
  const size_t piece = size_t(1) << 18;
  std::vector<double> buffer(size_t(8) << 20, 1.0), rates; // 64 MiB
  for (size_t from = 0; from < buffer.size(); from += piece) {
    Clock::time_point begin = Clock::now();
    double a = 0, b = 0, c = 0, d = 0;
    for (size_t i = from; i < from + piece; i += 8) { // one number of each line
      a += buffer[i];
      i += 8;
      b += buffer[i];
      i += 8;
      c += buffer[i];
      i += 8;
      d += buffer[i];
    }
    static volatile double sink;
    sink = a + b + c + d;
    (void)sink;
    rates.push_back(8.0 * double(piece) / seconds(Clock::now() - begin));
  }
  std::sort(rates.begin(), rates.end());
  return rates[rates.size() * 9 / 10];
}

inline void *allocate(size_t bytes) {
  return aligned_alloc(64, (bytes + 127) / 64 * 64);
}

inline std::string jsonText(const char *s) {
  std::string out = "\"";
  for (; *s; ++s) {
    if (*s == '"' || *s == '\\')
      out += '\\';
    if (static_cast<unsigned char>(*s) >= 32)
      out += *s;
  }
  return out + "\"";
}

inline int usage(const char *program) {
  fprintf(
      stderr,
      "usage: %s [--runs=N] [--threads=N] [--isa=NAME] [--trace=FILE] [--weights=FILE]\n"
      "          [--steps=FILE]\n"
      "Prints where the time of the network goes, step by step; --trace writes the events of\n"
      "one run for a trace viewer (JSON), --steps the microseconds of each step, a line each.\n",
      program);
  return 2;
}

inline bool readWeights(const char *file, void **data) {
  FILE *f = fopen(file, "rb");
  if (!f || fseek(f, 0, SEEK_END) != 0) {
    fprintf(stderr, "error: cannot read `%s`\n", file);
    if (f)
      fclose(f);
    return false;
  }
  size_t size = static_cast<size_t>(ftell(f));
  rewind(f);
  *data = allocate(size);
  bool good = *data && fread(*data, 1, size, f) == size;
  fclose(f);
  if (!good)
    fprintf(stderr, "error: cannot read `%s`\n", file);
  return good;
}

inline bool writeTrace(const char *file, const Model &m, Clock::time_point start) {
  FILE *f = fopen(file, "w");
  if (!f) {
    fprintf(stderr, "error: cannot write `%s`\n", file);
    return false;
  }
  const Recorder &r = recorder();
  fprintf(f, "{\"traceEvents\":[\n");
  for (size_t i = 0; i < m.stepCount; ++i)
    fprintf(f,
            "%s{\"name\":%s,\"cat\":\"kernel\",\"ph\":\"X\",\"pid\":1,\"tid\":1,\"ts\":%.3f,"
            "\"dur\":%.3f,\"args\":{\"step\":%zu,\"formula\":%s,\"macs\":%.0f,\"bytes\":%.0f}}",
            i ? ",\n" : "", jsonText(m.steps[i].kernel).c_str(), seconds(r.begin[i] - start) * 1e6,
            seconds(r.end[i] - r.begin[i]) * 1e6, i, jsonText(m.steps[i].formula).c_str(),
            m.steps[i].macs, m.steps[i].bytes);
  fprintf(f, "\n]}\n");
  bool good = !ferror(f);
  if (fclose(f) != 0 || !good) {
    fprintf(stderr, "error: cannot write `%s`\n", file);
    return false;
  }
  return true;
}

/// The ISA, then the microseconds of each step, a line each: for other programs.
inline bool writeSteps(const char *file, const char *isa, const std::vector<double> &us) {
  FILE *f = fopen(file, "w");
  bool good = f && fprintf(f, "%s\n", isa) > 0;
  for (double v : us)
    good = good && fprintf(f, "%.3f\n", v) > 0;
  if (f && fclose(f) != 0)
    good = false;
  if (!good)
    fprintf(stderr, "error: cannot write `%s`\n", file);
  return good;
}

/// Nearly the fastest: what the work costs when nothing else wants the core.
inline double lowTime(std::vector<double> &v) {
  std::sort(v.begin(), v.end());
  return v[v.size() / 10];
}

inline int main(int argc, char **argv, const Model &m) {
  int runs = 20, threads = 1;
  const char *trace = nullptr, *stepFile = nullptr, *weightFile = m.weightFile, *isa = nullptr;
  for (int i = 1; i < argc; ++i) {
    const char *equal = strchr(argv[i], '=');
    std::string key(argv[i], equal ? size_t(equal - argv[i]) : strlen(argv[i]));
    if (!equal)
      return usage(argv[0]);
    if (key == "--runs")
      runs = atoi(equal + 1);
    else if (key == "--threads")
      threads = atoi(equal + 1);
    else if (key == "--isa")
      isa = equal + 1;
    else if (key == "--trace")
      trace = equal + 1;
    else if (key == "--steps")
      stepFile = equal + 1;
    else if (key == "--weights")
      weightFile = equal + 1;
    else
      return usage(argv[0]);
  }
  if (runs < 1 || threads < 1)
    return usage(argv[0]);
  wnnrt_context real;
  wnnrt_context_init(&real);
  real.kernels = m.kernels(wnnrt_cpu_isa());
  for (int k = 0; isa && k < WNNRT_ISA_COUNT; ++k)
    if (!strcmp(isa, wnnrt_isa_name(static_cast<wnnrt_isa>(k))))
      real.kernels = m.kernels(static_cast<wnnrt_isa>(k));
  if (!real.kernels || (isa && strcmp(isa, real.kernels->isa) != 0)) {
    fprintf(stderr, "error: this CPU cannot run `%s`, or this program does not have it\n",
            isa ? isa : "what this program has");
    return 1;
  }
  ThreadPool pool(threads);
  pool.attach(real);
  void *weights = nullptr;
  if (weightFile && !readWeights(weightFile, &weights))
    return 1;
  void *arena = allocate(m.arenaBytes);
  std::vector<void *> ports;
  uint32_t seed = 1;
  for (size_t i = 0; i < m.portCount; ++i) {
    ports.push_back(allocate(m.ports[i].bytes));
    if (!ports.back() || !arena) {
      fprintf(stderr, "error: out of memory\n");
      return 1;
    }
    memset(ports.back(), 0, m.ports[i].bytes);
    for (size_t k = 0; m.ports[i].random && k + 4 <= m.ports[i].bytes; k += 4) {
      seed = seed * 1664525u + 1013904223u;
      static_cast<float *>(ports.back())[k / 4] = static_cast<float>(seed >> 8) / 8388608.0f - 1.0f;
    }
  }
  const double bandwidth = memoryBandwidth();

  Recorder &r = recorder();
  r.real = &real;
  r.begin.resize(m.stepCount);
  r.end.resize(m.stepCount);
  wnnrt_kernels table = timedKernels(real.kernels->isa);
  wnnrt_context timing = real;
  timing.kernels = &table;
  std::vector<std::vector<double>> times(m.stepCount);
  std::vector<double> plain, timed, peaks; // peaks: after every run, at the clock it left
  Clock::time_point start;
  for (int run = -2; run < runs; ++run) {
    Clock::time_point begin = Clock::now();
    wnnrt_status status = m.run(&real, weights, arena, ports.data());
    double whole = seconds(Clock::now() - begin);
    r.at = 0;
    start = Clock::now();
    if (status == WNNRT_OK)
      status = m.run(&timing, weights, arena, ports.data());
    if (status != WNNRT_OK) {
      fprintf(stderr, "error: the network returned status %d\n", int(status));
      return 1;
    }
    double withTimes = seconds(Clock::now() - start), rate = peakFlops(real.kernels->isa);
    if (run < 0)
      continue;
    peaks.push_back(rate);
    plain.push_back(whole);
    timed.push_back(withTimes);
    for (size_t i = 0; i < m.stepCount; ++i)
      times[i].push_back(seconds(r.end[i] - r.begin[i]));
  }

  std::sort(peaks.begin(), peaks.end());
  const double peak = peaks[peaks.size() * 9 / 10] * threads; // runs of other programs do not count
  printf("%s: %s, %d thread%s, peak %.1f GFLOP/s, memory %.1f GB/s; fastest tenth of %d runs\n",
         m.name, real.kernels->isa, threads, threads == 1 ? "" : "s", peak * 1e-9, bandwidth * 1e-9,
         runs);
  printf("%5s %9s %6s %9s %6s %8s %7s  %-22s %s\n", "step", "us", "share", "GFLOP/s", "peak",
         "GB/s", "memory", "kernel", "what");
  double total = 0, macs = 0;
  std::vector<double> us(m.stepCount);
  for (size_t i = 0; i < m.stepCount; ++i)
    total += us[i] = lowTime(times[i]) * 1e6;
  struct Kind {
    const char *kernel;
    double us, macs, bytes;
    int count;
  };
  std::vector<Kind> kinds;
  for (size_t i = 0; i < m.stepCount; ++i) {
    const Step &s = m.steps[i];
    double flops = 2 * s.macs / us[i] * 1e6;
    printf("%5zu %9.1f %5.1f%% %9.1f %5.1f%% %8.1f %6.1f%%  %-22s %.90s\n", i, us[i],
           100 * us[i] / total, flops * 1e-9, 100 * flops / peak, s.bytes / us[i] * 1e-3,
           100 * s.bytes / us[i] * 1e6 / bandwidth, s.kernel, s.formula);
    macs += s.macs;
    auto k = std::find_if(kinds.begin(), kinds.end(),
                          [&](const Kind &kind) { return !strcmp(kind.kernel, s.kernel); });
    if (k == kinds.end())
      k = kinds.insert(k, Kind{s.kernel, 0, 0, 0, 0});
    k->us += us[i], k->macs += s.macs, k->bytes += s.bytes, ++k->count;
  }
  std::sort(kinds.begin(), kinds.end(), [](const Kind &a, const Kind &b) { return a.us > b.us; });
  printf("\n%-24s %5s %9s %6s %9s %6s %8s\n", "kernel", "steps", "us", "share", "GFLOP/s", "peak",
         "GB/s");
  for (const Kind &k : kinds)
    printf("%-24s %5d %9.1f %5.1f%% %9.1f %5.1f%% %8.1f\n", k.kernel, k.count, k.us,
           100 * k.us / total, 2e-3 * k.macs / k.us, 2e8 * k.macs / k.us / peak,
           k.bytes / k.us * 1e-3);
  double whole = lowTime(plain) * 1e3, timedWhole = lowTime(timed) * 1e3;
  printf("%-24s %5zu %9.1f %6s %9.1f %5.1f%%\n", "all steps", m.stepCount, total, "",
         2e-3 * macs / total, 2e8 * macs / total / peak);
  printf("whole run %.3f ms (fastest %.3f), with time taken %.3f ms; arithmetic floor %.3f ms\n",
         whole, plain.front() * 1e3, timedWhole, 2e3 * macs / peak);
  if (stepFile && !writeSteps(stepFile, real.kernels->isa, us))
    return 1;
  if (trace && !writeTrace(trace, m, start))
    return 1;
  for (void *p : ports)
    free(p);
  free(arena);
  free(weights);
  return 0;
}

} // namespace profile
} // namespace wnnrt
#endif // WNNRT_PROFILE_H
