"""`bigm`: big-M with certified bounds, and nothing for neurons that the bounds decide.

For an unstable neuron with a = w.h + b in [L, U], L < 0 < U, the two parts of a = z - s are

    z = max(0, a),  s = max(0, -a):    z - s = w.h + b,   0 <= z <= U q,   0 <= s <= -L (1 - q)

with q binary: the same set as z >= a, z >= 0, z <= U q, z <= a - L (1 - q), with one dense row
instead of two. A stable-active neuron is z = w.h + b, a dead one is left out.

Sources: M. Fischetti and J. Jo, Deep neural networks and mixed integer linear optimization,
Constraints 23 (2018), for the split into z and s; V. Tjeng, K. Xiao and R. Tedrake, Evaluating
Robustness of Neural Networks with Mixed Integer Programming, ICLR 2019, for the bounds.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np

from surrogate.bounds import Bounds
from surrogate.box import FloatArray
from surrogate.encodings.encoded import Encoded, largest_m
from surrogate.encodings.formulation import ArrayFormulation
from surrogate.encodings.units import Begun, begin, loosened
from surrogate.network import Network
from surrogate.programs import Builder
from surrogate.programs.program import IntArray

SMALLEST_M = 1e-6
"""HiGHS drops coefficients up to 1e-9, and z <= 0 would cut off points. A larger M is no error."""


@dataclass(frozen=True, eq=False)
class HiddenLayer:
    """The columns of one hidden layer, shape (width,); -1 where a neuron has none.

    post    z, of active and unstable neurons
    under   s, of unstable neurons
    binary  q, of unstable neurons
    """

    post: IntArray
    under: IntArray
    binary: IntArray


class BigM(ArrayFormulation):
    """Big-M with the given bounds."""

    method = "lp"

    @staticmethod
    @lru_cache(maxsize=16)  # copies of one net pay once
    def encode(net: Network, bounds: Bounds) -> Encoded:
        """The columns are z, s and q, the rows layer, on, off and output, layer by layer."""
        return bigm(net, bounds)[1]


def bigm(net: Network, bounds: Bounds) -> tuple[Begun, Encoded]:
    """The encoding, and the place of its inputs and outputs."""
    bounds = loosened(bounds)
    begun = begin(bounds)
    inside = begun.network(net)
    layers = add_hidden_layers(begun.builder, inside, bounds, begun.u)
    add_outputs(begun, inside, layers)
    encoded = Encoded(
        builder=begun.builder,
        pattern=partial(signs, net, layers),
        post=tuple(layer.post for layer in layers),
        binary=tuple(layer.binary for layer in layers),
        largest_m=largest_m(begun.builder),
    )
    return begun, encoded


def add_hidden_layers(
    builder: Builder, net: Network, bounds: Bounds, x: IntArray
) -> list[HiddenLayer]:
    """The rows of all hidden layers, from the columns `x` of the inputs in the units of `net`."""
    layers: list[HiddenLayer] = []
    h = x
    for k, (w, b) in enumerate(zip(net.weights[:-1], net.biases[:-1], strict=True)):
        lower, upper = bounds.lower[k], bounds.upper[k]
        unstable = (lower < 0.0) & (upper > 0.0)
        alive = upper > 0.0
        post, under, binary = (np.full(len(b), -1) for _ in range(3))
        post[alive] = builder.add_columns("z", np.maximum(lower[alive], 0.0), upper[alive])
        low, up = -big_m(-lower[unstable]), big_m(upper[unstable])
        under[unstable] = builder.add_columns("s", np.zeros(len(low)), -low)
        binary[unstable] = builder.add_columns("q", np.zeros(len(low)), 1.0, integer=True)
        add_pre_activations(builder, "layer", w, b, h, post, under)
        one = np.ones(len(low))
        z, s, q = post[unstable], under[unstable], binary[unstable]
        builder.add_rows("on", -np.inf, 0.0, (z, one), (q, -up))
        builder.add_rows("off", -np.inf, -low, (s, one), (q, -low))
        layers.append(HiddenLayer(post, under, binary))
        h = post
    return layers


def big_m(bound: FloatArray) -> FloatArray:
    """max(0, bound), where positive at least `SMALLEST_M`."""
    return np.where(bound > 0.0, np.maximum(bound, SMALLEST_M), 0.0)


def add_pre_activations(
    builder: Builder,
    name: str,
    w: FloatArray,
    b: FloatArray,
    h: IntArray,
    post: IntArray,
    under: IntArray,
) -> None:
    """The rows z - s = w.h + b of the neurons that have a z."""
    rows, fed = np.flatnonzero(post >= 0), np.flatnonzero(h >= 0)
    split = np.flatnonzero(under[rows] >= 0)
    minus_s = np.zeros((len(rows), len(split)))
    minus_s[split, np.arange(len(split))] = -1.0
    builder.add_rows(
        name,
        b[rows],
        b[rows],
        (post[rows], np.ones(len(rows))),
        (under[rows[split]], minus_s),
        (h[fed], -w[np.ix_(fed, rows)].T),
    )


def add_outputs(begun: Begun, net: Network, layers: list[HiddenLayer]) -> None:
    """The rows y = w.h + b; `net` is in the solver's units."""
    h = layers[-1].post if layers else begun.u
    fed = np.flatnonzero(h >= 0)
    w, b = net.weights[-1], net.biases[-1]
    one = np.ones(len(b))
    begun.builder.add_rows("output", b, b, (begun.y, one), (h[fed], -w[fed].T))


def signs(net: Network, layers: list[HiddenLayer], point: FloatArray) -> FloatArray:
    """The binaries' values at a point: 1 where the pre-activation is positive."""
    hidden = net.preactivations(point[None, :])[:-1]
    values = [(a[0] > 0.0)[layer.binary >= 0] for a, layer in zip(hidden, layers, strict=True)]
    return np.concatenate([np.zeros(0), *values])
