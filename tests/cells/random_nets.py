"""Random nets, boxes inside theirs, and exact values, for the tests of cells."""

from fractions import Fraction

import numpy as np
from hypothesis import strategies as st

from surrogate.box import Box
from surrogate.network import Network
from tests.bounds.exact import exact_layers
from tests.nets import make_net


def built(widths, n_inputs, n_outputs, seed, half_width, unit, kind):
    """A random net; units of its inputs and outputs; what may go wrong with it.

    kind   "dead": some neurons never switch on; "point": some inputs do not vary; "aside": the box
           is far from 0; "plain": none of it
    """
    net, rng = make_net(widths, n_inputs, n_outputs, seed, half_width), np.random.default_rng(seed)
    weights, biases = [w.copy() for w in net.weights], [b.copy() for b in net.biases]
    low, up = net.box.lower.copy(), net.box.upper.copy()
    if kind == "dead" and widths:
        biases[0][rng.random(widths[0]) < 0.5] -= 1e3 * half_width
    elif kind == "point":
        fixed = rng.random(n_inputs) < 0.5
        low[fixed] = up[fixed] = rng.uniform(low[fixed], up[fixed])
    elif kind == "aside":
        low, up = low + 7.3 * half_width, up + 7.3 * half_width
    weights[0] = weights[0] / unit
    weights[-1], biases[-1] = weights[-1] * unit, biases[-1] * unit
    return Network(tuple(weights), tuple(biases), Box(low * unit, up * unit))


nets = st.builds(
    built,
    widths=st.lists(st.integers(1, 5), max_size=3).map(tuple),
    n_inputs=st.integers(1, 4),
    n_outputs=st.integers(1, 3),
    seed=st.integers(0, 10**6),
    half_width=st.sampled_from([1e-3, 1.0, 50.0]),
    unit=st.sampled_from([1e-5, 1.0, 3e4]),
    kind=st.sampled_from(["plain", "dead", "point", "aside"]),
)


def boxes_inside(box, n, rng):
    """The box, and n boxes inside it, some of them flat or a point: (n + 1, d), (n + 1, d)."""
    ends = np.sort(rng.uniform(box.lower, box.upper, (2, n, box.n_inputs)), axis=0)
    small = rng.random(n) < 0.3
    ends[1, small] = ends[0, small] + 0.01 * (ends[1, small] - ends[0, small])
    flat = rng.random(ends[0].shape) < 0.15
    ends[1][flat] = ends[0][flat]
    return np.vstack([box.lower, ends[0]]), np.vstack([box.upper, ends[1]])


def points_inside(lower, upper, n, rng):
    """Corners and random points of a box (d,), (d,): (2 n, d)."""
    corners = np.where(rng.random((n, len(lower))) < 0.5, lower, upper)
    return np.vstack([corners, np.clip(rng.uniform(lower, upper, corners.shape), lower, upper)])


def descended(net, lower, upper, v, g, rng):
    """Points on the way of a projected descent on v.f(x) - g.x: where a plane is most at risk."""
    x, path = rng.uniform(lower, upper, (4, len(lower))), []
    for step in 0.4 * 0.75 ** np.arange(15):
        hidden = net.preactivations(x)[:-1]
        gradient = np.broadcast_to(net.weights[-1] @ v, (len(x), len(net.weights[-1])))
        for a, w in zip(reversed(hidden), reversed(net.weights[:-1]), strict=True):
            gradient = (gradient * (a > 0.0)) @ w.T
        x = np.clip(x - step * np.sign(gradient - g) * (upper - lower), lower, upper)
        path.append(x)
    return np.concatenate(path)


def exact_product(a, x):
    """a.x of floats, without rounding."""
    return sum((Fraction(p) * Fraction(q) for p, q in zip(a, x, strict=True)), Fraction(0))


def exact_value(net, v, x):
    """v.f(x) without rounding."""
    outputs = exact_layers(net, x.tolist())[-1]
    return sum((Fraction(p) * y for p, y in zip(v.tolist(), outputs, strict=True)), Fraction(0))
