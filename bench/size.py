#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints code sizes and the time until a program can run its first inference.

    size.py [NAME ...] [--build build/release] [--networks DIR]

The runtime as a whole; then for each network (DIR/NAME/net.pt; bench/peers/run.py makes these) the
generated code, a static program of it with what the linker keeps of the runtime, neither with
weights, the seconds wnnxc and the C++ compiler take, and the microseconds from mapping the weights
to the first kernel call. Exits 1 when the runtime has more than 1.5 MB of code.
"""
import argparse
import os
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LIMIT = 1_500_000

# Every row of its table fails: `run` returns at the first call, having done all that comes before.
READY = r'''
#define main profileMain
#include "net_profile.cpp"
#undef main
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

template <class F> struct Stop;
template <class... A> struct Stop<wnnrt_status (*)(A...)> {
  static wnnrt_status row(A...) { return WNNRT_UNSUPPORTED; }
};

int main(int, char **argv) {
  wnnrt_kernels none = {};
#define WNNRT_KERNEL(name, params, args) none.name = &Stop<decltype(none.name)>::row;
#include "wnnrt_kernels.def"
  int file = open(argv[1], O_RDONLY);
  struct stat s;
  if (file < 0 || fstat(file, &s) != 0)
    return 1;
  void *arena = wnnrt::profile::allocate(NET_ARENA_BYTES);
  std::vector<void *> data;
  for (const wnnrt::profile::Port &p : ports)
    data.push_back(wnnrt::profile::allocate(p.bytes));
  auto begin = wnnrt::profile::Clock::now();
  void *weights = mmap(nullptr, size_t(s.st_size), PROT_READ, MAP_SHARED, file, 0);
  wnnrt_context context;
  wnnrt_context_init(&context);
  context.kernels = &none;
  wnnrt_status status = run(&context, weights, arena, data.data());
  double us = wnnrt::profile::seconds(wnnrt::profile::Clock::now() - begin) * 1e6;
  printf("%.1f\n", us);
  return status == WNNRT_UNSUPPORTED ? 0 : 1;
}
'''
# Only calls the network, so that a program holds nothing else.
PLAIN = r'''
#include "net.h"
#include <stdlib.h>
int main(int argc, char **argv) {
  void *volatile p[16] = {argv[0]};
  return argc > 100 ? net_run(p[0], p[1], CALL) : 0;
}
'''


def text_bytes(*files):
    out = subprocess.run(["size", "-t", *files], check=True, stdout=subprocess.PIPE, text=True)
    return int(out.stdout.splitlines()[-1].split()[0])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=["mobilenet_v2", "resnet50"])
    parser.add_argument("--build", default=os.path.join(ROOT, "build", "release"))
    parser.add_argument("--networks",
                        default=os.path.join(ROOT, "build", "peers-bench", "networks"))
    parser.add_argument("--rules", default=os.path.join(ROOT, "patterns", "default.pat"))
    args = parser.parse_args()
    library = next(os.path.join(d, f) for d, _, files in os.walk(args.build) for f in files
                   if f == "libwnnrt.a")
    runtime = text_bytes(library)
    print(f"runtime, all ISAs: {runtime:,} bytes of code and constants\n")
    print("| network | wnnxc, s | C++ compiler, s | generated code | program | first kernel after, us |"
          "\n|---|---|---|---|---|---|")
    cxx = [os.environ.get("CXX", "c++"), "-std=c++17", "-O2", "-ffunction-sections", "-I",
           os.path.join(ROOT, "runtime", "include")]
    for name in args.names:
        with tempfile.TemporaryDirectory() as folder:
            def path(file):
                return os.path.join(folder, file)

            start = time.perf_counter()
            subprocess.run([os.path.join(args.build, "bin", "wnnxc"),
                            os.path.join(args.networks, name, "net.pt"), "--rules", args.rules,
                            "--name", "net", "--weights=file", "--profile", "--quiet", "-o",
                            path("net.cpp")], check=True)
            compiled = time.perf_counter()
            subprocess.run([*cxx, "-I", folder, "-c", path("net.cpp"), "-o", path("net.o")],
                           check=True)
            done = time.perf_counter()
            with open(path("net.h"), encoding="utf-8") as f:
                header = f.read()
            types = [word for word in header.split("net_run(")[1].split(")")[0].split(",")][2:]
            call = ", ".join(f"({t.rsplit('*', 1)[0]}*)p[{i + 2}]" for i, t in enumerate(types))
            with open(path("plain.cpp"), "w", encoding="utf-8") as f:
                f.write(PLAIN.replace("CALL", call))
            with open(path("ready.cpp"), "w", encoding="utf-8") as f:
                f.write(READY)
            subprocess.run([*cxx, "-I", folder, path("plain.cpp"), path("net.o"), library,
                            "-Wl,--gc-sections", "-o", path("plain")], check=True)
            subprocess.run([*cxx, "-pthread", "-I", folder, path("ready.cpp"), path("net.o"),
                            library, "-o", path("ready")], check=True)
            ready = min(float(subprocess.run([path("ready"), path("net.weights")], check=True,
                                             stdout=subprocess.PIPE, text=True).stdout)
                        for _ in range(5))
            print(f"| {name} | {compiled - start:.2f} | {done - compiled:.2f} | "
                  f"{text_bytes(path('net.o')):,} | {text_bytes(path('plain')):,} | {ready:.0f} |",
                  flush=True)
    sys.exit(runtime > LIMIT)


if __name__ == "__main__":
    main()
