"""`partition`: between big-M and the convex hull of each neuron.

The terms of a neuron's sum are split into parts S_1 .. S_n by their weights, largest together. For
an unstable neuron with q binary, and one variable p_k per part (p_k = sum over S_k of w_i h_i when
the neuron is active, 0 when it is not),

    z = sum_k p_k + b q,    z >= w.h + b,    z >= 0
    l_k (1 - q) <= sum over S_k of w_i h_i - p_k <= u_k (1 - q),    l_k q <= p_k <= u_k q

with l_k, u_k the bounds of the part's sum, and the two big-M rows z <= U q and
z <= w.h + b - L (1 - q) with certified L and U, which the parts' own bounds do not imply. One part
is big-M, one part per weight is the convex hull over the box of h. Stable neurons as in `bigm`.

Source: J. Kronqvist, R. Misener and C. Tsay, Between Steps: Intermediate Relaxations Between Big-M
and Convex Hull Formulations, CPAIOR 2021; OMLT 1.2.2 has it as `ReluPartitionFormulation`, from
which this differs by the certified bounds, the rows that they give, and what stable neurons save.
"""

from __future__ import annotations

from functools import lru_cache, partial

import numpy as np

from surrogate.bounds import Bounds
from surrogate.box import FloatArray
from surrogate.encodings.bigm import (
    SMALLEST_M,
    HiddenLayer,
    add_outputs,
    add_pre_activations,
    big_m,
    signs,
)
from surrogate.encodings.encoded import Encoded, largest_m
from surrogate.encodings.formulation import ArrayFormulation
from surrogate.encodings.units import begin, loosened
from surrogate.network import Network
from surrogate.programs import Builder
from surrogate.programs.program import IntArray

PARTS = 2
"""As in OMLT; two parts close most of the gap to the hull in the source."""


class Partition(ArrayFormulation):
    """Two parts per neuron, with the given bounds."""

    method = "lp"

    @staticmethod
    @lru_cache(maxsize=16)  # copies of one net pay once
    def encode(net: Network, bounds: Bounds) -> Encoded:
        """The columns are z, q and p_1 .. p_n, one p per part, layer by layer."""
        bounds = loosened(bounds)
        begun = begin(bounds)
        inside = begun.network(net)
        layers: list[HiddenLayer] = []
        h, h_lower, h_upper = begun.u, *begun.points(np.array([bounds.box.lower, bounds.box.upper]))
        for k in range(len(net.weights) - 1):
            layers.append(_add_layer(begun.builder, inside, bounds, k, h, h_lower, h_upper))
            h = layers[-1].post
            h_lower, h_upper = (np.maximum(a[k], 0.0) for a in (bounds.lower, bounds.upper))
        add_outputs(begun, inside, layers)
        return Encoded(
            builder=begun.builder,
            pattern=partial(signs, net, layers),
            post=tuple(layer.post for layer in layers),
            binary=tuple(layer.binary for layer in layers),
            largest_m=largest_m(begun.builder),
        )


def _add_layer(
    builder: Builder,
    net: Network,
    bounds: Bounds,
    k: int,
    h: IntArray,
    h_lower: FloatArray,
    h_upper: FloatArray,
) -> HiddenLayer:
    """Columns and rows of hidden layer k (from 0), fed by the columns h within their bounds."""
    w, b, lower, upper = net.weights[k], net.biases[k], bounds.lower[k], bounds.upper[k]
    alive, unstable = upper > 0.0, (lower < 0.0) & (upper > 0.0)
    post, under, binary = (np.full(len(b), -1) for _ in range(3))
    post[alive] = builder.add_columns("z", np.maximum(lower[alive], 0.0), upper[alive])
    binary[unstable] = builder.add_columns("q", np.zeros(unstable.sum()), 1.0, integer=True)
    active = np.where(unstable, -1, post)
    add_pre_activations(builder, "always_active", w, b, h, active, under)
    z, q, one = post[unstable], binary[unstable], np.ones(unstable.sum())
    low, up, bias = -big_m(-lower[unstable]), big_m(upper[unstable]), b[unstable]
    fed = np.flatnonzero(h >= 0)
    minus = -w[np.ix_(fed, np.flatnonzero(unstable))].T
    builder.add_rows("above", bias, np.inf, (z, one), (h[fed], minus))
    builder.add_rows("on", -np.inf, 0.0, (z, one), (q, -up))
    builder.add_rows("off", -np.inf, bias - low, (z, one), (q, -low), (h[fed], minus))
    parts = []
    for i, part in enumerate(_parts(-minus), start=1):
        column = _add_part(builder, f"{i}", part, (h_lower[fed], h_upper[fed]), q, h[fed])
        parts.append((column, -one))
    builder.add_rows("sum", 0.0, 0.0, (z, one), (q, -bias), *parts)
    return HiddenLayer(post, under, binary)


def _parts(w: FloatArray) -> list[FloatArray]:
    """The weights (neurons, fan_in) as a sum: each part keeps the weights of equal rank, else 0."""
    n = min(PARTS, w.shape[1])
    rank = np.argsort(np.argsort(w, axis=1, kind="stable"), axis=1, kind="stable")
    return [np.where(rank * n // max(1, w.shape[1]) == i, w, 0.0) for i in range(n)]


def _add_part(
    builder: Builder,
    name: str,
    w: FloatArray,
    box: tuple[FloatArray, FloatArray],
    q: IntArray,
    h: IntArray,
) -> IntArray:
    """The columns p of one part, and its rows."""
    positive, negative = np.maximum(w, 0.0), np.minimum(w, 0.0)
    # A larger interval is no error, and covers the rounding of these sums.
    slack = 1e-9 * (1.0 + np.abs(w) @ np.maximum(np.abs(box[0]), np.abs(box[1])))
    up = _away_from_zero(positive @ box[1] + negative @ box[0] + slack)
    low = -_away_from_zero(slack - positive @ box[0] - negative @ box[1])
    p = builder.add_columns(f"p_{name}", np.minimum(low, 0.0), np.maximum(up, 0.0))
    one = np.ones(len(q))
    builder.add_rows(f"p_{name}_least", 0.0, np.inf, (p, one), (q, -low))
    builder.add_rows(f"p_{name}_most", -np.inf, 0.0, (p, one), (q, -up))
    builder.add_rows(f"rest_{name}_least", low, np.inf, (p, -one), (q, low), (h, w))
    builder.add_rows(f"rest_{name}_most", -np.inf, up, (p, -one), (q, up), (h, w))
    return p


def _away_from_zero(upper: FloatArray) -> FloatArray:
    """Upper bounds, none within `SMALLEST_M` of 0 but 0 itself: a larger one is no error."""
    near = np.abs(upper) < SMALLEST_M
    return np.where(near, np.where(upper > 0.0, SMALLEST_M, 0.0), upper)
