r"""Better slopes for the lower lines, for one price and a few cells.

Below max(0, a) on [L, U], L < 0 < U, lies every line s a with s in [0, 1]. The planes of a cell
take s = 0 or 1, whichever leaves the smaller area, once for all prices. For one price the best s
may be in between: where a neuron's kink runs along the face of least v.f - g.x, neither 0 nor 1 is
ever exact, and the face would fill with ever smaller cells. The bound is concave and piecewise
linear in all s together. Its slope in s_j is c_j a_j, with c_j > 0 the coefficient of neuron j in
the backward pass, and a_j its value where the plane less g.x is least, forward through the same
lines. From the planes' s, every s_j goes up or down by 1/2, 1/4, 1/8 and so on, as its slope says;
the best bound on the way counts. Whatever the s, it holds.

Source: K. Xu et al., Fast and Complete: Enabling Complete Neural Network Verification with Rapid
and Massively Parallel Incomplete Verifiers, ICLR 2021, for slopes chosen by gradients.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from surrogate.box import FloatArray
from surrogate.cells.planes import Lines, least_on_boxes
from surrogate.network import Network

STEPS = (0.5, 0.25, 0.125, 0.0625, 0.03125)


def best_slopes_bound(
    net: Network,
    pads: Sequence[FloatArray],
    lows: Sequence[FloatArray],
    ups: Sequence[FloatArray],
    v: FloatArray,
    g: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
) -> FloatArray:
    """Lower bounds of v.f(x) - g.x in parts [lower, upper] (cells, d) of cells, (cells,).

    lows, ups   the cells' pre-activation bounds, layer by layer
    """
    lines = [Lines.between(low, up) for low, up in zip(lows, ups, strict=True)]
    free = [(low < 0.0) & (up > 0.0) for low, up in zip(lows, ups, strict=True)]
    best = np.full(len(lower), -np.inf)
    for step in (*STEPS, 0.0):
        c, constant, used = _backward(net, lines, v, len(lower))
        constant = constant - np.abs(v) @ pads[-1]
        best = np.maximum(best, least_on_boxes(c, g, constant, lower, upper))
        if step:
            h = np.where(c > g, lower, upper)
            for k, line in enumerate(lines):
                a = h @ net.weights[k] + net.biases[k]
                h = np.where(used[k] > 0.0, line.below * a, line.above * a + line.intercept)
                moved = np.clip(line.below + step * np.sign(a), 0.0, 1.0)
                below = np.where(free[k] & (used[k] > 0.0), moved, line.below)
                lines[k] = replace(line, below=below)
    return best


def _backward(
    net: Network, lines: Sequence[Lines], v: FloatArray, cells: int
) -> tuple[FloatArray, FloatArray, list[FloatArray]]:
    """The planes below v.f through these lines; and the coefficients of each hidden layer."""
    c = np.broadcast_to(net.weights[-1] @ v, (cells, 1, len(net.weights[-1])))
    constant = np.full((cells, 1), net.biases[-1] @ v)
    used: list[FloatArray] = []
    for k in range(len(lines) - 1, -1, -1):
        used.insert(0, c[:, 0])
        m, offset = lines[k].through(c)
        constant = constant + offset + m @ net.biases[k]
        c = m @ net.weights[k].T
    return c[:, 0], constant[:, 0], used
