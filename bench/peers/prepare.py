# SPDX-License-Identifier: Apache-2.0
"""Makes the file that a peer reads, in a process of its own.

    prepare.py FORMAT NAME FOLDER [BUILD RULES]

FORMAT is `torch` (net.pt, x.npy, y.npy, arithmetic.json: needed by the others), onnx, executorch,
ncnn, mnn, wnnxc or wnnxc_fma. Fails with a message on standard error.
"""
import json
import os
import subprocess
import sys

import numpy as np


def torch(name, folder):
    import torch as library
    import networks
    model, x = networks.build(name), networks.example(name)
    with library.no_grad():
        y = model(x).numpy()
        library.jit.trace(model, x).save(f"{folder}/net.pt")
    with open(f"{folder}/arithmetic.json", "w", encoding="utf-8") as f:
        json.dump(networks.arithmetic(model, x), f)
    np.save(f"{folder}/x.npy", x.numpy())
    np.save(f"{folder}/y.npy", y)


def onnx(name, folder):
    import torch as library
    import networks
    library.onnx.export(networks.build(name), networks.example(name), f"{folder}/net.onnx",
                        dynamo=False, opset_version=17, input_names=["x"], output_names=["y"])


def executorch(name, folder):
    import torch as library
    import networks
    from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
    from executorch.exir import to_edge_transform_and_lower
    with library.no_grad():
        program = library.export.export(networks.build(name), (networks.example(name),))
        program = to_edge_transform_and_lower(program, partitioner=[XnnpackPartitioner()])
    with open(f"{folder}/net.pte", "wb") as f:
        program.to_executorch().write_to_file(f)


def tool(name):
    """A program that pip installed beside this Python."""
    return os.path.join(os.path.dirname(sys.executable), name)


def ncnn(_, folder):
    shape = ",".join(map(str, np.load(f"{folder}/x.npy").shape))
    subprocess.run([tool("pnnx"), "net.pt", f"inputshape=[{shape}]", "fp16=0"], cwd=folder,
                   check=True, stdout=subprocess.DEVNULL)


def mnn(_, folder):
    subprocess.run([tool("mnnconvert"), "-f", "ONNX", "--modelFile", "net.onnx", "--MNNModel",
                    "net.mnn", "--bizCode", "wnnx"], cwd=folder, check=True,
                   stdout=subprocess.DEVNULL)


def wnnxc(_, folder, build, rules):
    import generated
    generated.compile_network(f"{folder}/net.pt", folder, build, rules, generated.matrix_unit())


def wnnxc_fma(_, folder, build, rules):
    import generated
    generated.compile_network(f"{folder}/net.pt", f"{folder}/fma", build, rules, "off")


# What must be there before, and what each makes.
NEEDS = {"torch": None, "onnx": "torch", "executorch": "torch", "ncnn": "torch", "mnn": "onnx",
         "wnnxc": "torch", "wnnxc_fma": "torch"}
MAKES = {"torch": "y.npy", "onnx": "net.onnx", "executorch": "net.pte", "ncnn": "net.ncnn.param",
         "mnn": "net.mnn", "wnnxc": "net.so", "wnnxc_fma": "fma/net.so"}
# What each peer of workers.py reads.
READS = {"wnnxc": "wnnxc", "wnnxc_fma": "wnnxc_fma", "ort": "onnx", "openvino": "onnx",
         "executorch": "executorch",
         "ncnn": "ncnn", "mnn": "mnn", "torchscript": "torch", "inductor": "torch"}


def main():
    if sys.argv[1] in ("torch", "onnx", "executorch"):
        import torch as library
        # Or attention becomes one op that no exporter knows.
        library.backends.mha.set_fastpath_enabled(False)
    globals()[sys.argv[1]](*sys.argv[2:])
    if not os.path.exists(os.path.join(sys.argv[3], MAKES[sys.argv[1]])):
        sys.exit(f"error: {sys.argv[1]} made no {MAKES[sys.argv[1]]}")


if __name__ == "__main__":
    main()
