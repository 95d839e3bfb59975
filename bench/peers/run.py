#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times wnnxc and its peers on the same networks: installs, converts, compares, measures.

    run.py [NETWORK ...] [--peers wnnxc ort ...] [--threads 1 2] [--build build/release]

One command does all: setup.sh, then for each network the files that each peer reads, then one worker
process per peer, pinned, which check their output against PyTorch's and take turns in several
rounds, so that a disturbance hits all alike. Writes results.json, table.md and plots to --out and
prints the table. What has been converted is kept there; --redo makes it again, and --keep merges
new measurements into results.json. See README.md.
"""
import argparse
import json
import os
import platform
import select
import shutil
import statistics
import subprocess
import sys
import time

import plot
import prepare
import table

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
RELEASE = os.path.join(ROOT, "build", "release")
CONVERSION_SECONDS, START_SECONDS, TURN_SECONDS = 900, 600, 120


class Failure(Exception):
    """Why a peer has no figure for a network."""


def last_line(path):
    """The line of a log that names the error, as far as a program can tell."""
    with open(path, errors="replace", encoding="utf-8") as f:
        lines = [line.strip() for line in f if line.strip()]
    named = [line for line in lines if "error" in line.lower() and not line.startswith("raise ")]
    return (named or lines or ["no message"])[-1][:200]


class Converter:
    """Makes the files of a network on demand; each conversion is tried once."""

    def __init__(self, args, python):
        self.args, self.python, self.fresh = args, python, set()

    def folder(self, name):
        return os.path.join(self.args.out, "networks", name)

    def make(self, name, form):
        if (name, form) in self.fresh:
            return
        self.fresh.add((name, form))
        if prepare.NEEDS[form]:
            self.make(name, prepare.NEEDS[form])
        folder = self.folder(name)
        made, log = os.path.join(folder, prepare.MAKES[form]), os.path.join(folder, f"{form}.log")
        # The compiler under test is cheap and changes; the others stay.
        if os.path.exists(made) and not form.startswith("wnnxc") and not self.args.redo:
            return
        if not form.startswith("wnnxc") and not self.args.redo and os.path.exists(log):
            return  # failed before
        os.makedirs(folder, exist_ok=True)
        if os.path.exists(made):
            os.remove(made)
        command = [self.python, os.path.join(HERE, "prepare.py"), form, name, folder]
        command += [self.args.build, self.args.rules] if form.startswith("wnnxc") else []
        print(f"{name}: {form}", file=sys.stderr, flush=True)
        with open(log, "w", encoding="utf-8") as f:
            try:
                status = subprocess.run(command, stdout=f, stderr=f,
                                        timeout=CONVERSION_SECONDS).returncode
            except subprocess.TimeoutExpired:
                print(f"error: not converted in {CONVERSION_SECONDS} s", file=f)
                status = 1
        if status and os.path.exists(made):
            os.remove(made)

    def check(self, name, form):
        """Raises the reason why the file is not there."""
        if not os.path.exists(os.path.join(self.folder(name), prepare.MAKES[form])):
            log = os.path.join(self.folder(name), f"{form}.log")
            raise Failure(f"not converted: {last_line(log)}")


def pin(args, threads):
    """For the child process of a measurement: its cores and its priority."""
    def apply():
        os.sched_setaffinity(0, args.cores[:threads])
        if not args.nice:
            return
        os.setpriority(os.PRIO_PROCESS, 0, args.nice)
        group = "/proc/self/autogroup"  # with this feature of Linux, priorities hold within a session
        if os.path.exists(group):
            os.setsid()
            with open(group, "w", encoding="utf-8") as f:
                f.write(str(args.nice))
    return apply


class Worker:
    def __init__(self, args, python, peer, folder, threads):
        environment = dict(os.environ, OMP_NUM_THREADS=str(threads), MKL_NUM_THREADS=str(threads),
                           TORCHINDUCTOR_CACHE_DIR=os.path.join(args.out, "inductor"))
        with open(os.path.join(folder, f"{peer}.{threads}.log"), "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [python, os.path.join(HERE, "workers.py"), peer, folder, str(threads)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=environment,
                preexec_fn=pin(args, threads))
        self.times, self.difference, self.log = [], None, log.name

    def read(self, seconds):
        if not select.select([self.process.stdout], [], [], seconds)[0]:
            self.stop()
            raise Failure(f"no answer in {seconds} s")
        line = self.process.stdout.readline()
        if not line:
            status = self.process.wait()
            raise Failure(f"ended with status {status}: {last_line(self.log)}")
        return json.loads(line)

    def ready(self):
        answer = self.read(START_SECONDS)
        if "error" in answer:
            raise Failure(answer["error"])
        self.difference = answer["difference"]

    def turn(self, count, seconds):
        self.process.stdin.write(f"{count} {seconds}\n".encode())
        self.process.stdin.flush()
        times = self.read(TURN_SECONDS)
        self.times += times[2:] if len(times) > 4 else times  # the first ones warm the caches

    def stop(self):
        self.process.kill()
        self.process.communicate()


def measure(args, python, folder, peers, threads):
    """{peer: figures or error}; the peers take turns."""
    result, workers = {}, {}
    for peer in peers:
        workers[peer] = Worker(args, python, peer, folder, threads)
        try:  # one after the other: loading is heavy on memory
            workers[peer].ready()
            if not workers[peer].difference <= args.tolerance:
                raise Failure(f"output differs from PyTorch's by {workers[peer].difference:.1e} "
                              "of the range")
        except Failure as e:
            result[peer] = {"error": str(e)}
            workers.pop(peer).stop()
    for step in range(args.rounds):
        order = list(workers)
        for peer in order[step % max(len(order), 1):] + order[:step % max(len(order), 1)]:
            try:
                if threads > 1:
                    time.sleep(0.02)  # until the others' threads have stopped spinning
                workers[peer].turn(args.runs, args.seconds / args.rounds)
            except Failure as e:
                result[peer] = {"error": str(e)}
                workers.pop(peer).stop()
    for peer, worker in workers.items():
        worker.stop()
        result[peer] = {"median": statistics.median(worker.times), "min": min(worker.times),
                        "runs": len(worker.times), "difference": worker.difference}
    return result


class Peak:
    """The fp32 multiply-add peak, measured again and again during the run; the best counts."""

    def __init__(self, args, known):
        self.args, self.best = args, known
        self.program = os.path.join(args.out, "peak")
        subprocess.run([os.environ.get("CC", "cc"), "-O2", "-march=native", "-pthread",
                        os.path.join(HERE, "peak.c"), "-o", self.program], check=True)

    def sample(self, threads):
        rate = float(subprocess.run([self.program, str(threads)], check=True,
                                    preexec_fn=pin(self.args, threads),
                                    stdout=subprocess.PIPE).stdout)
        self.best[str(threads)] = max(rate, self.best.get(str(threads), 0))


def cpu_name():
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        fields = dict(line.split(":", 1) for line in f.read().split("\n\n")[0].splitlines())
    fields = {key.strip(): value.strip() for key, value in fields.items()}
    return (f"{fields.get('model name', platform.processor())}, "
            f"family {fields.get('cpu family', '?')} "
            f"model {fields.get('model', '?')}, {os.cpu_count()} cores")


def versions(python):
    """Of the packages that are the peers."""
    listed = json.loads(subprocess.run([python, "-m", "pip", "list", "--format=json"], check=True,
                                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout)
    wanted = ("onnxruntime", "openvino", "executorch", "ncnn", "pnnx", "mnn", "torch")
    return {p["name"].lower(): p["version"] for p in listed if p["name"].lower() in wanted}


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NETWORK", help="all without it")
    parser.add_argument("--peers", nargs="+", default=list(prepare.READS), choices=prepare.READS)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--cores", type=int, nargs="+", help="cores to pin to, best one first",
                        default=sorted(os.sched_getaffinity(0), reverse=True))
    parser.add_argument("--seconds", type=float, default=2, help="per peer and network")
    parser.add_argument("--runs", type=int, default=200, help="at most, per turn")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--nice", type=int, default=0, help="priority of the workers")
    parser.add_argument("--tolerance", type=float, default=1e-3, help="difference of the range")
    parser.add_argument("--build", default=RELEASE,
                        help="where wnnxc was built; build/release is built when it is not there")
    parser.add_argument("--rules", default=os.path.join(ROOT, "patterns", "default.pat"))
    parser.add_argument("--venv", default=os.path.join(HERE, ".venv"))
    parser.add_argument("--out", default=os.path.join(ROOT, "build", "peers-bench"))
    parser.add_argument("--redo", action="store_true", help="convert again")
    parser.add_argument("--keep", action="store_true", help="add to results.json")
    parser.add_argument("--convert-only", action="store_true")
    parser.add_argument("--table-only", action="store_true", help="from results.json")
    args = parser.parse_args()
    if max(args.threads) > len(args.cores):
        parser.error(f"{max(args.threads)} threads need as many cores; there are {len(args.cores)}")
    for key in ("build", "rules", "venv", "out"):
        setattr(args, key, os.path.abspath(getattr(args, key)))
    return args


def main():
    args = parse()
    results_path = os.path.join(args.out, "results.json")
    if not args.table_only:
        run(args, results_path)
    if not args.convert_only:
        with open(results_path, encoding="utf-8") as f:
            results = json.load(f)
        text = table.markdown(results)
        with open(os.path.join(args.out, "table.md"), "w", encoding="utf-8") as f:
            f.write(text)
        print(table.text(results))
        for threads in results["threads"]:
            with open(os.path.join(args.out, f"plot{threads}.svg"), "w", encoding="utf-8") as f:
                f.write(plot.svg(results, threads))


def run(args, results_path):
    subprocess.run([os.path.join(HERE, "setup.sh"), args.venv], check=True)
    python = os.path.join(args.venv, "bin", "python")
    os.makedirs(args.out, exist_ok=True)
    known = subprocess.run([python, "-c", "import networks; print(*networks.NETWORKS)"], check=True,
                           cwd=HERE, stdout=subprocess.PIPE, text=True).stdout.split()
    for name in args.names:
        if name not in known:
            sys.exit(f"run.py: no network {name}; there are {' '.join(known)}")
    names = args.names or known
    if {"wnnxc", "wnnxc_fma"} & set(args.peers) and not shutil.which(os.path.join(args.build, "bin", "wnnxc")):
        if args.build != RELEASE:
            sys.exit(f"run.py: no bin/wnnxc in {args.build}; build it or say --build")
        print("run.py: building wnnxc", file=sys.stderr, flush=True)
        subprocess.run(["cmake", "--preset", "release"], cwd=ROOT, check=True,
                       stdout=subprocess.DEVNULL)
        subprocess.run(["cmake", "--build", RELEASE, "--target", "wnnxc", "wnnrt"], check=True,
                       stdout=subprocess.DEVNULL)
    converter = Converter(args, python)
    for name in names:
        for peer in args.peers:
            converter.make(name, prepare.READS[peer])
    if args.convert_only:
        return
    results = {"networks": {}, "peak": {}}
    if args.keep and os.path.exists(results_path):
        with open(results_path, encoding="utf-8") as f:
            results = json.load(f)
    results.update(cpu=cpu_name(), versions=versions(python), order=known,
                   threads=sorted({*results.get("threads", []), *args.threads}),
                   date=time.strftime("%Y-%m-%d", time.gmtime()))
    peak = Peak(args, results["peak"])
    for name in names:
        folder = converter.folder(name)
        with open(os.path.join(folder, "arithmetic.json"), encoding="utf-8") as f:
            entry = results["networks"].setdefault(name, {"threads": {}})
            entry["flops"], entry["winograd"] = json.load(f)
        for threads in args.threads:
            peak.sample(threads)
            reasons, able = {}, []
            for peer in args.peers:
                try:
                    converter.check(name, prepare.READS[peer])
                    able.append(peer)
                except Failure as e:
                    reasons[peer] = {"error": str(e)}
            figures = entry["threads"].setdefault(str(threads), {})
            figures.update(reasons, **measure(args, python, folder, able, threads))
            print(f"{name}, {threads}: " + "  ".join(
                f"{p} {figures[p]['median']:.3f}" if "median" in figures[p] else f"{p} -"
                for p in args.peers), file=sys.stderr, flush=True)
            with open(results_path + ".new", "w", encoding="utf-8") as f:
                json.dump(results, f, indent=1)
            os.replace(results_path + ".new", results_path)


if __name__ == "__main__":
    main()
