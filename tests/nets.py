"""Nets for the tests: small, and each with a reason."""

from itertools import pairwise

import numpy as np

from surrogate.box import Box
from surrogate.network import Network


def make_net(widths, n_inputs=2, n_outputs=1, seed=0, half_width=1.0):
    """A random net: weights uniform in [-1.5, 1.5], biases in [-0.5, 0.5]."""
    rng = np.random.default_rng(seed)
    sizes = (n_inputs, *widths, n_outputs)
    return Network(
        tuple(rng.uniform(-1.5, 1.5, shape) for shape in pairwise(sizes)),
        tuple(rng.uniform(-0.5, 0.5, size) for size in sizes[1:]),
        Box.of([(-half_width, half_width)] * n_inputs),
    )


def net_of(weights, biases, box):
    """A net from plain lists."""
    return Network(tuple(map(np.array, weights)), tuple(map(np.array, biases)), Box.of(box))


DEGENERATE = {
    "dead": net_of([[[1.0, 2.0]], [[3.0], [4.0]]], [[-9.0, -9.0], [0.5]], [(-1, 1)]),
    "one neuron": net_of([[[1.0]], [[2.0]]], [[0.0], [0.0]], [(-1, 1)]),
    "zero weights": net_of(
        [np.zeros((2, 3)), np.zeros((3, 1))], [np.zeros(3), [0.25]], [(-1, 1)] * 2
    ),
    "all zero": net_of([np.zeros((2, 2)), np.zeros((2, 1))], [np.zeros(2), [0.0]], [(-1, 1)] * 2),
    "no hidden layer": net_of([[[1.0, -2.0], [0.5, 3.0]]], [[0.1, -0.2]], [(-1, 1), (0, 2)]),
    "point box": net_of([[[1.0, -1.0]], [[1.0], [1.0]]], [[0.0, 0.0], [0.0]], [(0.5, 0.5)]),
    "always active": net_of([[[1.0]], [[1.0]]], [[5.0], [0.0]], [(-1, 1)]),
    "dead layer inside": net_of(
        [[[1.0, -1.0]], [[-1.0], [-1.0]], [[7.0]]], [[0.0, 0.0], [0.0], [1.0]], [(-1, 1)]
    ),
}
