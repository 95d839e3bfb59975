// SPDX-License-Identifier: Apache-2.0
// A small thread pool for wnnrt_context::parallel_for, header-only so that the library itself needs
// no threads and no OS. Products with a pool of their own set parallel_for and user instead.
// Helpers that wait for work look for it a bounded number of times and then sleep; the caller works
// too, takes what helpers that the OS does not run have not begun, and waits only for tasks that
// somebody is in the middle of. Where that wait is long, other programs want the cores. Then the
// caller works alone for many times as long as it has lost, so that the losses stay a small share
// of its time however busy the machine is; it tries again afterwards, ever more rarely.
#ifndef WNNRT_THREADS_H
#define WNNRT_THREADS_H

#include "wnnrt.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace wnnrt {

class ThreadPool {
  // The tasks of one piece of work are shared out in advance, a range for each thread, so that a
  // thread finds in its caches what it wrote in the step before; who is done takes from others.
  // All that passes between the caller and one helper is in one cache line, as each line that goes
  // to the other core takes a good tenth of a microsecond.
  struct alignas(64) Share {
    // (generation << 32 | tasks of the range that nobody has begun): a helper that wakes late takes
    // a task only of the generation it saw, so it never touches ended work.
    std::atomic<uint64_t> left{0};
    std::atomic<int32_t> done{0}; // by this thread, of whosever range
    int32_t end = 0;              // this and the next two are written before `left` is
    wnnrt_task body = nullptr;
    void *argument = nullptr;
  };
  std::vector<Share> shares; // the caller's first

  std::atomic<bool> stopping{false};
  std::atomic<int32_t> asleep{0}; // helpers that nobody has begun to wake
  std::mutex mutex;
  std::condition_variable wake;
  std::vector<std::thread> helpers;
  using Clock = std::chrono::steady_clock;
  Clock::duration spinning; // how long a helper looks for work before it sleeps
  // Only the caller's.
  uint64_t lastGeneration = 0;
  Clock::time_point aloneUntil{}, aloneBegan{};
  Clock::duration lostTime{}, sharedTime{}; // lately
  int patience = leastPatience;             // how many times as long as the loss it works alone
  static constexpr int leastPatience = 16, mostPatience = 128;
  // Waits shorter than this are how threads work together.
  static constexpr std::chrono::microseconds shortWait{10};
  static constexpr std::chrono::microseconds bearable{100}; // of loss
  static constexpr int patientSpins = 2000; // looks of the caller before it gives up its core

  static void pause() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
  }
  /// Runs tasks of a generation until none is left to begin, those of one's own share first.
  void work(uint64_t generation, size_t me) {
    for (size_t i = 0; i < shares.size(); ++i) {
      Share &share = shares[me + i < shares.size() ? me + i : me + i - shares.size()];
      uint64_t left = share.left.load(std::memory_order_acquire);
      // While the generation is this one the other fields cannot change: the caller leaves `run`
      // only when all tasks that were begun are done, and begins a new generation after that.
      while (left >> 32 == generation && (left & 0xffffffffu) > 0)
        if (share.left.compare_exchange_weak(left, left - 1, std::memory_order_acq_rel,
                                             std::memory_order_acquire)) {
          share.body(share.argument, share.end - static_cast<int32_t>(left & 0xffffffffu));
          shares[me].done.fetch_add(1, std::memory_order_release);
          left = share.left.load(std::memory_order_acquire);
        }
    }
  }

  void help(size_t me) {
    const std::atomic<uint64_t> &left = shares[me].left;
    uint64_t seen = 0, now = 0;
    auto news = [&] { return (now = left.load(std::memory_order_acquire) >> 32) != seen; };
    for (;;) {
      if (!news()) {
        Clock::time_point end = Clock::now() + spinning;
        do
          for (int i = 0; i < 32 && !news(); ++i)
            pause();
        while (now == seen && Clock::now() < end);
      }
      if (now == seen) {
        std::unique_lock<std::mutex> lock(mutex);
        asleep.fetch_add(1, std::memory_order_relaxed);
        wake.wait(lock, [&] { return news() || stopping.load(); });
      }
      if (stopping.load())
        return;
      seen = now;
      work(seen, me);
    }
  }

  int32_t doneByAll() const {
    int32_t sum = 0;
    for (const Share &s : shares)
      sum += s.done.load(std::memory_order_acquire);
    return sum;
  }

  /// Waits for the tasks that helpers have begun, of all n.
  void finish(int32_t n, Clock::time_point begin) {
    int32_t mine = shares[0].done.load(std::memory_order_relaxed);
    if (doneByAll() == n)
      return;
    Clock::time_point from = Clock::now();
    // A helper that the OS has taken off its core needs a core to finish: after a while give it
    // this one.
    for (int i = 0; doneByAll() != n; ++i)
      if (i < patientSpins)
        pause();
      else
        std::this_thread::yield();
    Clock::time_point now = Clock::now();
    // Tasks are alike, so the last one of a helper takes about as long as one of the caller's.
    Clock::duration task = (from - begin) / (mine > 0 ? mine : 1);
    Clock::duration lost = now - from - shortWait - task - task / 2;
    if (lost > Clock::duration::zero())
      lostTime += lost;
    sharedTime += now - begin;
    // Now and then a core is away for some microseconds on every machine.
    if (lostTime > bearable + sharedTime / 8)
      workAlone(now, lostTime);
    else if (sharedTime > std::chrono::milliseconds(20))
      sharedTime /= 2, lostTime /= 2;
  }

  void workAlone(Clock::time_point now, Clock::duration lost) {
    // Soon after the last time: more patience. Long after it: it was a chance.
    Clock::duration rest = aloneUntil - aloneBegan;
    if (now - aloneUntil < rest)
      patience = patience < mostPatience ? 2 * patience : patience;
    else if (now - aloneUntil > 8 * rest)
      patience = leastPatience;
    aloneBegan = now;
    aloneUntil = now + patience * lost;
    lostTime = sharedTime = Clock::duration::zero();
  }

  void run(int32_t n, wnnrt_task task, void *arg) {
    Clock::time_point begin = Clock::now();
    if (begin < aloneUntil) {
      for (int32_t i = 0; i < n; ++i)
        task(arg, i);
      return;
    }
    uint64_t generation = lastGeneration = (lastGeneration + 1) & 0xffffffffu;
    int64_t threads = static_cast<int64_t>(shares.size());
    // Those of the helpers first: they begin while the caller is still at it.
    for (int64_t i = threads - 1; i >= 0; --i) {
      Share &share = shares[static_cast<size_t>(i)];
      int64_t first = n * i / threads, end = n * (i + 1) / threads;
      share.done.store(0, std::memory_order_relaxed);
      share.end = static_cast<int32_t>(end);
      share.body = task;
      share.argument = arg;
      share.left.store(generation << 32 | static_cast<uint64_t>(end - first),
                       std::memory_order_release);
    }
    wakeHelpers();
    work(generation, 0);
    finish(n, begin);
  }

  /// A system call, once for each time that helpers have gone to sleep. One that goes to sleep at
  /// this moment may be missed, which costs its help with this work alone.
  void wakeHelpers() {
    if (asleep.load(std::memory_order_relaxed) == 0 ||
        asleep.exchange(0, std::memory_order_relaxed) == 0)
      return;
    {
      std::lock_guard<std::mutex> lock(mutex);
    }
    wake.notify_all();
  }

public:
  /// Longer than the gaps between the steps of a network that are worth sharing.
  static constexpr std::chrono::microseconds defaultSpinning{100};

  /// `threads` with the caller's. `spin`: how long a helper looks for work before it sleeps.
  explicit ThreadPool(int threads, std::chrono::microseconds spin = defaultSpinning)
      : shares(static_cast<size_t>(threads > 1 ? threads : 1)), spinning(spin) {
    for (size_t i = 1; i < shares.size(); ++i)
      helpers.emplace_back([this, i] { help(i); });
  }
  ~ThreadPool() {
    {
      std::lock_guard<std::mutex> lock(mutex);
      stopping.store(true);
    }
    wake.notify_all();
    for (std::thread &t : helpers)
      t.join();
  }
  ThreadPool(const ThreadPool &) = delete;
  ThreadPool &operator=(const ThreadPool &) = delete;

  int threads() const { return static_cast<int>(helpers.size()) + 1; }

  /// The context's kernels run on this pool, which must live as long. One run at a time.
  void attach(wnnrt_context &context) {
    context.num_threads = threads();
    context.user = this;
    context.parallel_for = helpers.empty() ? nullptr : &ThreadPool::parallelFor;
  }

  static void parallelFor(void *user, int32_t n, wnnrt_task task, void *arg) {
    static_cast<ThreadPool *>(user)->run(n, task, arg);
  }
};

} // namespace wnnrt
#endif // WNNRT_THREADS_H
