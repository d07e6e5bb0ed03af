"""Nets with neurons that nobody needs, planted among random ones."""

from dataclasses import replace

import numpy as np

from tests.nets import make_net

KINDS = ("dead", "active", "equal", "unused", "constant")


def plant(net, kinds, seed=0):
    """`net` with one more neuron of each of `kinds` in each hidden layer, at random places."""
    rng = np.random.default_rng(seed)
    weights, biases = list(net.weights), list(net.biases)
    for k in range(len(net.widths)):
        for kind in kinds:
            w, b = neuron(kind, weights[k], biases[k], rng)
            out = rng.uniform(-1, 1, weights[k + 1].shape[1]) * (kind != "unused")
            at = rng.integers(len(biases[k]) + 1)
            weights[k] = np.insert(weights[k], at, w, axis=1)
            biases[k] = np.insert(biases[k], at, b)
            weights[k + 1] = np.insert(weights[k + 1], at, out, axis=0)
    return replace(net, weights=tuple(weights), biases=tuple(biases))


def neuron(kind, w, b, rng):
    """The weights and the bias of a neuron of the given kind, beside those with `w` and `b`."""
    column = rng.uniform(-1, 1, len(w))
    if kind == "dead":
        return -np.abs(column), -1e3
    if kind == "active":
        return column, 1e3
    if kind == "constant":
        return 0 * column, rng.uniform(-1, 1)
    if kind == "equal":
        j, c = rng.integers(len(b)), rng.uniform(0.1, 10)
        return c * w[:, j], c * b[j]
    return column, rng.uniform(-1, 1)


def planted(widths, kinds, n_inputs=2, n_outputs=1, seed=0, half_width=1.0):
    """A random net with planted neurons."""
    return plant(make_net(widths, n_inputs, n_outputs, seed, half_width), kinds, seed)
