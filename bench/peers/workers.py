# SPDX-License-Identifier: Apache-2.0
"""One peer running one network in a process of its own, on command.

    workers.py PEER FOLDER THREADS

FOLDER is prepare.py's. Loads the network, compares its output with PyTorch's (y.npy) and prints
{"difference": ...} or {"error": ...}; then for each line `COUNT` or `COUNT SECONDS` on standard
input runs the network up to COUNT times, SECONDS at most, and prints the milliseconds of each run as a
list. The caller sets affinity and OMP_NUM_THREADS, which libraries read while they are loaded.
"""
import json
import os
import sys
import time

import numpy as np


def ort(folder, threads, x):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    session = onnxruntime.InferenceSession(f"{folder}/net.onnx", options,
                                           providers=["CPUExecutionProvider"])
    binding = session.io_binding()  # neither input nor output is copied
    source = onnxruntime.OrtValue.ortvalue_from_numpy(x)
    y = onnxruntime.OrtValue.ortvalue_from_numpy(np.load(f"{folder}/y.npy") * 0)
    binding.bind_ortvalue_input("x", source)
    binding.bind_ortvalue_output("y", y)
    return lambda: session.run_with_iobinding(binding), y.numpy


def openvino(folder, threads, x):
    import openvino
    request = openvino.Core().compile_model(f"{folder}/net.onnx", "CPU", {
        "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32",
        "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1}).create_infer_request()
    request.set_input_tensor(openvino.Tensor(x, shared_memory=True))
    return (lambda: request.infer(share_inputs=True, share_outputs=True),
            lambda: request.get_output_tensor().data)


def executorch(folder, threads, x):
    import torch
    from executorch.extension.pybindings import portable_lib
    portable_lib._unsafe_reset_threadpool(threads)
    program = portable_lib._load_for_executorch(f"{folder}/net.pte")
    arguments = (torch.from_numpy(x),)
    return (lambda: program.forward(arguments, clone_outputs=False),
            lambda: program.forward(arguments)[0].numpy())


def ncnn(folder, threads, x):
    import ncnn as library
    net = library.Net()
    net.opt.num_threads = threads
    for option in dir(net.opt):
        if option.startswith(("use_fp16", "use_bf16")):
            setattr(net.opt, option, False)
    if net.load_param(f"{folder}/net.ncnn.param") or net.load_model(f"{folder}/net.ncnn.bin"):
        raise RuntimeError("cannot load the network")
    source = library.Mat(x[0])

    def run():
        extractor = net.create_extractor()
        extractor.input("in0", source)
        status, y = extractor.extract("out0")
        if status:
            raise RuntimeError(f"extract: {status}")
        return y
    return run, lambda: np.array(run())


def mnn(folder, threads, x):
    import MNN
    net = MNN.Interpreter(f"{folder}/net.mnn")
    session = net.createSession({"backend": "CPU", "precision": "high", "memory": "high",
                                 "power": "high", "numThread": threads})

    def plain(shape, data):
        return MNN.Tensor(shape, MNN.Halide_Type_Float, data, MNN.Tensor_DimensionType_Caffe)
    source = net.getSessionInput(session)
    source.copyFrom(plain(x.shape, x))
    result = net.getSessionOutput(session)
    y = np.zeros(result.getShape(), np.float32)

    def output():
        host = plain(y.shape, y)
        result.copyToHostTensor(host)
        return np.array(host.getNumpyData())
    return lambda: net.runSession(session), output


def torchscript(folder, threads, x):
    import torch
    torch.set_num_threads(threads)
    model = torch.jit.load(f"{folder}/net.pt").eval()
    model = torch.jit.optimize_for_inference(torch.jit.freeze(model))
    return torch_runner(torch, model, x)


def inductor(folder, threads, x):
    import torch
    import networks
    torch.set_num_threads(threads)
    torch._inductor.config.freezing = True
    model = torch.compile(networks.build(os.path.basename(folder)))
    return torch_runner(torch, model, x)


def torch_runner(torch, model, x):
    source = torch.from_numpy(x)
    last = []

    def run():
        with torch.inference_mode():
            last[:] = [model(source)]
    for _ in range(3):
        run()
    return run, lambda: last[0].numpy()


def wnnxc(folder, threads, x):
    import generated
    net = generated.Generated(folder, x, threads)
    return net.run, lambda: net.y


def wnnxc_fma(folder, threads, x):
    """Without the CPU's matrix unit."""
    import generated
    net = generated.Generated(f"{folder}/fma", x, threads, unit=False)
    return net.run, lambda: net.y


# In the order of the table's columns.
PEERS = {f.__name__: f for f in (wnnxc, wnnxc_fma, ort, openvino, executorch, ncnn, mnn, torchscript, inductor)}


def repeat(run, count, seconds):
    clock = time.perf_counter
    times, end = [], clock() + seconds
    while len(times) < count and clock() < end:
        start = clock()
        run()
        times.append((clock() - start) * 1e3)
    return times


def main():
    peer, folder, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # libraries print to standard output
    x = np.load(f"{folder}/x.npy")
    want = np.load(f"{folder}/y.npy").ravel()
    try:
        run, output = PEERS[peer](folder, threads, x)
        run()
        got = np.asarray(output()).ravel()
        if got.size != want.size:
            raise RuntimeError(f"{got.size} numbers instead of {want.size}")
        difference = float(np.abs(got - want).max() / np.abs(want).max())
        print(json.dumps({"difference": difference}), file=answer, flush=True)
    except Exception as e:  # whatever a library throws is the reason that the table shows
        print(json.dumps({"error": (str(e).strip() or repr(e)).splitlines()[0][:200]}), file=answer,
              flush=True)
        return
    for line in sys.stdin:
        count, *seconds = line.split()
        times = repeat(run, int(count), float(*seconds or ["inf"]))
        print(json.dumps(times), file=answer, flush=True)


if __name__ == "__main__":
    main()
