# SPDX-License-Identifier: Apache-2.0
"""A network compiled by wnnxc and the C++ compiler to a shared library, and run through ctypes."""
import ctypes
import os
import re
import subprocess

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


def matrix_unit():
    """What wnnxc should plan for on this machine."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as f:
            return "assume" if "amx_bf16" in f.read() else "on"
    except OSError:
        return "on"


def compile_network(model, folder, build, rules, unit):
    """MODEL, a .pt file, to FOLDER/net.so, net.h and net.weights; UNIT is --matrix-unit's."""
    os.makedirs(folder, exist_ok=True)
    subprocess.run([os.path.join(build, "bin", "wnnxc"), model, "--rules", rules, "--name", "net",
                    "--weights=file", "--matrix-unit=" + unit, "-o", f"{folder}/net.cpp",
                    "--quiet"], check=True)
    library = os.path.join(build, "runtime", "libwnnrt.a")
    subprocess.run([os.environ.get("CXX", "c++"), "-std=c++17", "-O2", "-shared", "-fPIC",
                    "-I", os.path.join(ROOT, "runtime", "include"), f"{folder}/net.cpp",
                    os.path.join(HERE, "threaded.cpp"), "-Wl,--whole-archive", library, "-Wl,--no-whole-archive", "-pthread",
                    "-o", f"{folder}/net.so"], check=True)


def aligned(count, dtype=np.float32, alignment=64):
    """A zeroed array at a multiple of `alignment` bytes."""
    raw = np.zeros(count * np.dtype(dtype).itemsize + alignment, np.uint8)
    start = -raw.ctypes.data % alignment
    return raw[start:start + count * np.dtype(dtype).itemsize].view(dtype)


class Generated:
    """The network of compile_network; `run()` computes `y` from the given input."""

    def __init__(self, folder, x, threads, unit=True):
        with open(f"{folder}/net.h", encoding="utf-8") as f:
            constant = {m[1]: int(m[2]) for m in re.finditer(r"\b(NET_\w+) = (-?\d+)", f.read())}
        counts = [v for k, v in constant.items() if k.endswith("_COUNT")]
        weights = np.fromfile(f"{folder}/net.weights", np.uint8)
        self.weights = aligned(weights.size, np.uint8)
        self.weights[:] = weights
        self.arena = aligned(max(constant["NET_ARENA_BYTES"], 1), np.uint8)
        self.x, self.y = aligned(counts[0]), aligned(counts[1])
        self.x[:] = x.ravel()
        library = ctypes.CDLL(f"{folder}/net.so")
        library.bench_context.restype = ctypes.c_void_p
        self.function = library.net_run_with
        self.arguments = [ctypes.c_void_p(library.bench_context(threads, int(unit)))]
        self.arguments += [ctypes.c_void_p(a.ctypes.data)
                           for a in (self.weights, self.arena, self.x, self.y)]

    def run(self):
        status = self.function(*self.arguments)
        if status:
            raise RuntimeError(f"net_run: status {status}")
