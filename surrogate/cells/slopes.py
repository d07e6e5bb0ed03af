r"""Better slopes for the lower lines, for one price and a few cells.

Below max(0, a) on [L, U], L < 0 < U, lies every line s a with s in [0, 1]. The planes of a cell
take s = 0 or 1, whichever leaves the smaller area, once for all prices. For one price the best s
may be in between: where a neuron's kink runs along the face of least v.f - g.x, neither 0 nor 1 is
ever exact, and the face would fill with ever smaller cells. The bound is concave and piecewise
linear in all s together. Its slope in s_j is c_j a_j, with c_j > 0 the coefficient of neuron j in
the backward pass, and a_j its value where the plane less g.x is least, forward through the same
lines. From the planes' s, every s_j goes up or down by 1/2, 1/4, 1/8 and so on, as its slope says;
the best bound on the way counts, or the first that is as high as is sought. Whatever the s, it
holds.

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
from surrogate.programs.program import BoolArray

STEPS = (0.5, 0.25, 0.125, 0.0625, 0.03125)
FEWER = 0.7  # of the cells: then copies of their lines are less work than a step with all


def best_planes(
    net: Network,
    pads: Sequence[FloatArray],
    lows: Sequence[FloatArray],
    ups: Sequence[FloatArray],
    v: FloatArray,
    g: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
    target: float,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Planes below v.f in cells, slopes (cells, d) and constants (cells,), made for g.

    And the bounds of v.f(x) - g.x that they give in parts [lower, upper] (cells, d), (cells,). One
    that is at least the target will do.

    lows, ups   the cells' pre-activation bounds, layer by layer
    """
    lines = [Lines.between(low, up) for low, up in zip(lows, ups, strict=True)]
    safe = net.biases[-1] @ v - np.abs(v) @ pads[-1]
    best, slope, at = np.full(len(lower), -np.inf), np.zeros(lower.shape), np.zeros(len(lower))
    left = np.arange(len(lower))  # the cells whose bounds are below the target, or were lately
    for step in (*STEPS, 0.0):
        c, constant, used = _backward(net, lines, v, len(left))
        constant += safe
        bounds = least_on_boxes(c, g, constant, lower[left], upper[left])
        better = bounds > best[left]
        gained = left[better]
        best[gained], slope[gained], at[gained] = bounds[better], c[better], constant[better]
        below = np.flatnonzero(best[left] < target)
        if not step or not len(below):
            break
        if len(below) <= FEWER * len(left):
            left, c = left[below], c[below]
            lines, used = [line.take(below) for line in lines], [one[below] for one in used]
        lines = _moved(net, lines, used, np.where(c > g, lower[left], upper[left]), step)
    return slope, at, best


def _moved(
    net: Network, lines: Sequence[Lines], used: Sequence[BoolArray], h: FloatArray, step: float
) -> list[Lines]:
    """Lower lines with slopes one step up the bounds, whose minima over the boxes are at h."""
    found = []
    hidden = zip(lines, used, net.weights[:-1], net.biases[:-1], strict=True)
    for line, here, w, b in hidden:
        a = h @ w + b
        h = np.where(here, line.below * a, line.above * a + line.intercept)
        moved = np.clip(line.below + step * np.sign(a), 0.0, 1.0)
        unstable = line.intercept > 0.0  # of a stable neuron both lines are one through 0
        found.append(replace(line, below=np.where(unstable & here, moved, line.below)))
    return found


def _backward(
    net: Network, lines: Sequence[Lines], v: FloatArray, cells: int
) -> tuple[FloatArray, FloatArray, list[BoolArray]]:
    """Slopes and constants, less the last bias, of the planes below v.f through these lines.

    And where each hidden layer's lower lines are used: where its coefficients are positive.
    """
    c = np.broadcast_to(net.weights[-1] @ v, (cells, len(net.weights[-1])))
    constant, used = np.zeros(cells), list[BoolArray]()
    for line, w, b in zip(lines[::-1], net.weights[-2::-1], net.biases[-2::-1], strict=True):
        used.insert(0, c > 0.0)
        m = np.where(used[0], line.below, line.above)
        m *= c
        constant += m @ b + np.einsum("ij,ij->i", np.minimum(c, 0.0), line.intercept)
        c = m @ w.T
    return c, constant, used
