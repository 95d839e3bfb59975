# SPDX-License-Identifier: Apache-2.0
"""Edits a `.wnnx` file with the safetensors package alone: surgery.py WHAT FILE [TARGET WEIGHT]."""
import sys

import numpy
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

what, source = sys.argv[1:3]
tensors = load_file(source)
with safe_open(source, framework="np") as f:
    metadata = f.metadata()
if what == "list":
    for name in sorted(tensors):
        print(name, tensors[name].dtype, tensors[name].shape)
    sys.exit()
target, weight = sys.argv[3:5]
if what == "scale":
    tensors[weight] = tensors[weight] * numpy.float32(sys.argv[5])
elif what == "half":
    tensors[weight] = tensors[weight].astype(numpy.float16)
elif what == "drop":
    del tensors[weight]
elif what == "bare":
    metadata = None
save_file(tensors, target, metadata=metadata)
