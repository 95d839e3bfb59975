# SPDX-License-Identifier: Apache-2.0
"""lstm and gru."""
import torch

FAMILY = "recurrent"

# name, steps, batch, inputs, hidden, options
NETWORKS = [
    ("basic", 3, 2, 4, 3, {}),
    ("one_step", 1, 1, 2, 2, {}),
    ("no_bias", 3, 2, 3, 2, {"bias": False}),
    ("batch_first", 4, 2, 3, 2, {"batch_first": True}),
    ("layers", 3, 2, 3, 2, {"num_layers": 3}),
    ("bidirectional", 3, 2, 3, 2, {"bidirectional": True}),
    ("everything", 4, 2, 3, 2, {"bidirectional": True, "num_layers": 2, "batch_first": True}),
    ("everything_no_bias", 2, 3, 2, 2, {"bidirectional": True, "num_layers": 2, "bias": False}),
    ("hidden_one", 3, 2, 5, 1, {}),
]


def cases(out):
    for op, gates in (("lstm", 4), ("gru", 3)):
        for name, steps, batch, inputs, hidden, options in NETWORKS:
            layers = options.get("num_layers", 1)
            directions = 2 if options.get("bidirectional") else 1
            weights = []
            for layer in range(layers):
                for _ in range(directions):
                    features = inputs if layer == 0 else hidden * directions
                    weights += [out.rand(gates * hidden, features, low=-1, high=1),
                                out.rand(gates * hidden, hidden, low=-1, high=1)]
                    if options.get("bias", True):
                        weights += [out.rand(gates * hidden, low=-1, high=1),
                                    out.rand(gates * hidden, low=-1, high=1)]
            first = options.get("batch_first", False)
            x = out.rand(*((batch, steps) if first else (steps, batch)), inputs)
            state = [out.rand(layers * directions, batch, hidden, low=-1, high=1)
                     for _ in range(2 if op == "lstm" else 1)]
            want = getattr(torch, op)(x, state if op == "lstm" else state[0], weights,
                                      options.get("bias", True), layers, 0.0, False,
                                      directions == 2, first)
            out.case(f"{op}_{name}", op, [x, *state, *weights],
                     {"has_biases": options.get("bias", True), "num_layers": layers,
                      "bidirectional": directions == 2, "batch_first": first}, want)
