// SPDX-License-Identifier: Apache-2.0
// Times a generated network on one thread and on a pool, alone and while other programs compute on
// the same cores. Compiled with PROFILE naming the NAME_profile.cpp of `wnnxc --profile`, from
// which it takes the network; run.py does all that.
//
//     THREADS LOAD SECONDS ROUNDS [WEIGHTS]
//
// LOAD busy programs per core. Prints for each setting the median and the mean of the milliseconds
// of a run: `quiet 1`, `quiet THREADS`, `loaded 1`, `loaded THREADS`. One thread and several take
// turns of SECONDS; a turn is long against the time slices of the OS.
#define main profileMain
#include PROFILE
#undef main

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using wnnrt::profile::Clock;

std::vector<pid_t> startLoad(int programs) {
  std::vector<pid_t> children;
  for (int i = 0; i < programs; ++i) {
    pid_t child = fork();
    if (child == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      for (volatile uint64_t n = 0;;)
        n = n + 1;
    }
    children.push_back(child);
  }
  return children;
}

struct Side {
  wnnrt_context context;
  std::vector<double> ms;
};

bool turn(Side &side, const void *weights, void *arena, void *const *data, double length) {
  Clock::time_point start = Clock::now(), begin = start;
  // The first run of a turn finds its helpers asleep and its caches cold.
  for (bool first = true; wnnrt::profile::seconds(begin - start) < length; first = false) {
    if (run(&side.context, weights, arena, data) != WNNRT_OK)
      return false;
    Clock::time_point end = Clock::now();
    if (!first)
      side.ms.push_back(wnnrt::profile::seconds(end - begin) * 1e3);
    begin = end;
  }
  return true;
}

void report(const char *what, int threads, std::vector<double> &ms) {
  double sum = 0;
  for (double v : ms)
    sum += v;
  std::sort(ms.begin(), ms.end());
  printf("%s %d %.4f %.4f\n", what, threads, ms[ms.size() / 2], sum / double(ms.size()));
}

} // namespace

int main(int argc, char **argv) {
  if (argc < 5)
    return 2;
  int threads = atoi(argv[1]), load = atoi(argv[2]), rounds = atoi(argv[4]);
  double length = atof(argv[3]);
  void *weights = nullptr;
  if (argc > 5 && !wnnrt::profile::readWeights(argv[5], &weights))
    return 1;
  void *arena = wnnrt::profile::allocate(NET_ARENA_BYTES);
  std::vector<void *> data;
  for (const wnnrt::profile::Port &p : ports) {
    data.push_back(wnnrt::profile::allocate(p.bytes));
    memset(data.back(), 0, p.bytes);
  }
  int cores = int(std::thread::hardware_concurrency());
  for (bool loaded : {false, true}) {
    std::vector<pid_t> children = startLoad(loaded ? load * cores : 0);
    wnnrt::ThreadPool pool(threads);
    Side one{{}, {}}, many{{}, {}};
    wnnrt_context_init(&one.context);
    wnnrt_context_init(&many.context);
    pool.attach(many.context);
    bool good = true;
    for (int r = 0; r < rounds && good; ++r)
      good = turn(one, weights, arena, data.data(), length) &&
             turn(many, weights, arena, data.data(), length);
    for (pid_t child : children) {
      kill(child, SIGKILL);
      waitpid(child, nullptr, 0);
    }
    if (!good || one.ms.empty() || many.ms.empty()) {
      fprintf(stderr, "error: the network did not run, or took longer than a turn\n");
      return 1;
    }
    report(loaded ? "loaded" : "quiet", 1, one.ms);
    report(loaded ? "loaded" : "quiet", threads, many.ms);
  }
}
