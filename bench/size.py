#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints code sizes and the time until a program can run its first inference.

    size.py [NAME ...] [--build build/release] [--networks DIR] [--limit BYTES] [--parts]

The runtime as a whole; then for each network (DIR/NAME/net.pt; bench/peers/run.py makes these, or
NAME is a file) the generated code, and what a linked program of it has more than an empty one: code
and constants, without weights and libc, with the kernels of AVX2 alone, of AVX-512 alone, of both,
with SSE2's besides, and with products on the matrix unit, as wnnxc makes it unasked; the seconds wnnxc and the C++ compiler take; and the microseconds from
mapping the weights to the first kernel call. --parts prints the largest functions of the program
with both. Exits 1 when the runtime has more than 1.5 MB of code, or a program with both more than
--limit.
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


EMPTY = "int main() { return 0; }\n"
OFF = "--matrix-unit=off"
PROGRAMS = {"AVX2": ["--isa=avx2", OFF], "AVX-512": ["--isa=avx512", OFF],
            "both": ["--isa=avx2,avx512", OFF], "and SSE2": [OFF], "and AMX": []}


def text_bytes(*files, data=False):
    """Code and constants; with `data` also pointers to be relocated, such as kernel tables."""
    out = subprocess.run(["size", "-t", *files], check=True, stdout=subprocess.PIPE, text=True)
    fields = out.stdout.splitlines()[-1].split()
    return int(fields[0]) + (int(fields[1]) if data else 0)


def largest(program, count=60):
    out = subprocess.run(["nm", "-S", "-C", "--size-sort", "-r", program], check=True,
                         stdout=subprocess.PIPE, text=True)
    for line in out.stdout.splitlines()[:count]:
        _, size, _, name = line.split(maxsplit=3)
        print(f"{int(size, 16):8,} {name[:110]}")


class Network:
    """A model and a folder to build its programs in."""

    def __init__(self, model, args, library, folder):
        self.model, self.args, self.library, self.folder = model, args, library, folder
        self.cxx = [os.environ.get("CXX", "c++"), "-std=c++17", "-O2", "-ffunction-sections",
                    "-fdata-sections", "-I", os.path.join(ROOT, "runtime", "include"), "-I", folder]

    def path(self, file):
        return os.path.join(self.folder, file)

    def write(self, file, text):
        with open(self.path(file), "w", encoding="utf-8") as f:
            f.write(text)
        return self.path(file)

    def generate(self, options):
        """Seconds of wnnxc and of the C++ compiler."""
        start = time.perf_counter()
        subprocess.run([os.path.join(self.args.build, "bin", "wnnxc"), self.model, "--rules",
                        self.args.rules, "--name", "net", "--weights=file", "--profile", "--quiet",
                        *options, "-o", self.path("net.cpp")], check=True)
        compiled = time.perf_counter()
        subprocess.run([*self.cxx, "-c", self.path("net.cpp"), "-o", self.path("net.o")],
                       check=True)
        return compiled - start, time.perf_counter() - compiled

    def link(self, source, program, *more):
        subprocess.run([*self.cxx, source, *more, self.path("net.o"), self.library,
                        "-Wl,--gc-sections", "-o", self.path(program)], check=True)
        return self.path(program)

    def program_bytes(self):
        """What the program has more than an empty one."""
        with open(self.path("net.h"), encoding="utf-8") as f:
            header = f.read()
        types = [word for word in header.split("net_run(")[1].split(")")[0].split(",")][2:]
        call = ", ".join(f"({t.rsplit('*', 1)[0]}*)p[{i + 2}]" for i, t in enumerate(types))
        plain = self.link(self.write("plain.cpp", PLAIN.replace("CALL", call)), "plain")
        subprocess.run([*self.cxx, self.write("empty.cpp", EMPTY), "-Wl,--gc-sections", "-o",
                        self.path("empty")], check=True)
        return text_bytes(plain, data=True) - text_bytes(self.path("empty"), data=True)

    def ready_us(self):
        program = self.link(self.write("ready.cpp", READY), "ready", "-pthread")
        return min(float(subprocess.run([program, self.path("net.weights")], check=True,
                                        stdout=subprocess.PIPE, text=True).stdout)
                   for _ in range(5))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=["mobilenet_v2", "resnet50"])
    parser.add_argument("--build", default=os.path.join(ROOT, "build", "release"))
    parser.add_argument("--networks",
                        default=os.path.join(ROOT, "build", "peers-bench", "networks"))
    parser.add_argument("--rules", default=os.path.join(ROOT, "patterns", "default.pat"))
    parser.add_argument("--limit", type=int, help="most bytes of a program with both")
    parser.add_argument("--parts", action="store_true")
    args = parser.parse_args()
    library = next(os.path.join(d, f) for d, _, files in os.walk(args.build) for f in files
                   if f == "libwnnrt.a")
    runtime = text_bytes(library)
    print(f"runtime, all ISAs: {runtime:,} bytes of code and constants\n")
    print("| network | wnnxc, s | C++ compiler, s | generated code | program: "
          + " | ".join(PROGRAMS) + " | first kernel after, us |\n|---" + "|---" * (len(PROGRAMS) + 4) + "|")
    failed = runtime > LIMIT
    for name in args.names:
        model = name if os.path.isfile(name) else os.path.join(args.networks, name, "net.pt")
        with tempfile.TemporaryDirectory() as folder:
            network = Network(model, args, library, folder)
            sizes = {}
            for what, options in PROGRAMS.items():
                seconds = network.generate(options)
                sizes[what] = network.program_bytes()
                if what == "both" and args.parts:
                    largest(network.path("plain"))
            print(f"| {os.path.basename(name)} | {seconds[0]:.2f} | {seconds[1]:.2f} | "
                  f"{text_bytes(network.path('net.o'), data=True):,} | "
                  + " | ".join(f"{s:,}" for s in sizes.values())
                  + f" | {network.ready_us():.0f} |", flush=True)
            if args.limit and sizes["both"] > args.limit:
                print(f"{name}: {sizes['both']:,} bytes with both, limit {args.limit:,}")
                failed = True
    sys.exit(failed)


if __name__ == "__main__":
    main()
