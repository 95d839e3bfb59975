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
  // One piece of work. `ticket` is (generation << 32 | tasks that nobody has begun): a helper
  // that wakes late takes a task only of the generation it saw, so it never touches ended work.
  std::atomic<uint64_t> ticket{0};
  std::atomic<int32_t> done{0};
  wnnrt_task body = nullptr; // these are written before `ticket` is published
  void *argument = nullptr;

  std::atomic<bool> stopping{false};
  std::atomic<int32_t> sleeping{0};
  std::mutex mutex;
  std::condition_variable wake;
  std::vector<std::thread> helpers;
  int spins;
  using Clock = std::chrono::steady_clock;
  // Only the caller's.
  Clock::time_point lastWake{};
  Clock::time_point aloneUntil{}, aloneBegan{};
  int patience = leastPatience; // how many times as long as the loss it works alone
  static constexpr int leastPatience = 16, mostPatience = 128;
  // Waits shorter than this are how threads work together.
  static constexpr std::chrono::microseconds shortWait{10};

  static void pause() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
  }
  static uint64_t generationOf(uint64_t t) { return t >> 32; }

  /// Runs tasks of the current generation until none is left to begin.
  void work(uint64_t generation) {
    for (;;) {
      uint64_t t = ticket.load(std::memory_order_acquire);
      do {
        // While the generation is this one the fields below cannot change: the caller leaves `run`
        // only when all tasks that were begun are done, and begins a new generation after that.
        if (generationOf(t) != generation || static_cast<int32_t>(t & 0xffffffffu) <= 0)
          return;
      } while (!ticket.compare_exchange_weak(t, t - 1, std::memory_order_acq_rel,
                                             std::memory_order_acquire));
      body(argument, static_cast<int32_t>(t & 0xffffffffu) - 1);
      done.fetch_add(1, std::memory_order_release);
    }
  }

  void help() {
    uint64_t seen = 0;
    for (;;) {
      uint64_t t = ticket.load(std::memory_order_acquire);
      for (int i = 0; generationOf(t) == seen && i < spins; ++i) {
        pause();
        t = ticket.load(std::memory_order_acquire);
      }
      if (generationOf(t) == seen) {
        std::unique_lock<std::mutex> lock(mutex);
        sleeping.fetch_add(1);
        wake.wait(lock, [&] {
          t = ticket.load();
          return generationOf(t) != seen || stopping.load();
        });
        sleeping.fetch_sub(1);
      }
      if (stopping.load())
        return;
      seen = generationOf(t);
      work(seen);
    }
  }

  /// Waits for the tasks that helpers have begun.
  void finish(int32_t n, Clock::time_point begin) {
    if (done.load(std::memory_order_acquire) == n)
      return;
    Clock::time_point from = Clock::now();
    // A helper that the OS has taken off its core needs a core to finish: after a while give it
    // this one.
    for (int i = 0; done.load(std::memory_order_acquire) != n; ++i)
      if (i < spins)
        pause();
      else
        std::this_thread::yield();
    Clock::time_point now = Clock::now();
    // Tasks are alike, so the last one of a helper takes no longer than all that the caller did.
    Clock::duration lost = now - from - shortWait - (from - begin) / 4;
    if (lost > Clock::duration::zero())
      workAlone(now, lost);
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
  }

  void run(int32_t n, wnnrt_task task, void *arg) {
    Clock::time_point begin = Clock::now();
    if (begin < aloneUntil) {
      for (int32_t i = 0; i < n; ++i)
        task(arg, i);
      return;
    }
    uint64_t generation = (generationOf(ticket.load(std::memory_order_relaxed)) + 1) & 0xffffffffu;
    body = task;
    argument = arg;
    done.store(0, std::memory_order_relaxed);
    ticket.store(generation << 32 | static_cast<uint32_t>(n)); // publishes the fields above
    // Waking is a system call. Between the steps of a network helpers are awake; one that sleeps
    // there has lost its core.
    if (sleeping.load() > 0 && begin - lastWake > std::chrono::microseconds(500)) {
      lastWake = begin;
      {
        std::lock_guard<std::mutex> lock(mutex);
      }
      wake.notify_all();
    }
    work(generation);
    finish(n, begin);
  }

public:
  /// `threads` with the caller's. `spinning`: how many looks for work before a helper sleeps; the
  /// default is some tens of microseconds.
  explicit ThreadPool(int threads, int spinning = 2000) : spins(spinning) {
    for (int i = 1; i < threads; ++i)
      helpers.emplace_back([this] { help(); });
  }
  ~ThreadPool() {
    {
      std::lock_guard<std::mutex> lock(mutex);
      stopping.store(true);
      ticket.store((generationOf(ticket.load()) + 1) << 32);
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
