r"""Linear functions of the inputs below a network, in thousands of boxes at once, and sound.

In each box, CROWN's backward pass (see `surrogate.bounds.crown`) replaces max(0, a) by the line
through (L, 0)-(U, U) where its coefficient is negative, and by the line of slope 0 or 1 below it
where it is positive. What is left for a direction v of the outputs is a plane

    v.f(x) >= slope.x + constant   for all x in the box.

`surrogate.bounds.crown` proves each number with a rounding error of its own, which doubles the
work. Here one pad per neuron, made once per network and box, covers every box inside. With
R_0 = max |x| and R_k = |W_k|^T R_(k-1) + |b_k|, all bounds satisfy |L_k|, |U_k| <= R_k, since they
are intersected with interval arithmetic. Slopes are within [0, 1], so the backward pass for a
neuron of layer k adds terms m_i.b_i, c_i.(intercepts) and c_0.x whose magnitudes sum to at most
|c_i| R_i <= R_k each, layer by layer: (2 k + 1) R_k in all. No term is rounded more often than
M_k = sum over i <= k of 2 (n_(i-1) + 8) times, in the pass itself, in the lines (whose ends are off
by a few ulps of R_i), or in the forward pass at a point. So

    pad_k = gamma(2 M_k) (2 k + 3) R_k

is above every error, with a factor of 2 to spare.

Source: H. Zhang et al., Efficient Neural Network Robustness Certification with General Activation
Functions, NeurIPS 2018; N. J. Higham, Accuracy and Stability of Numerical Algorithms, section 3.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from surrogate.bounds.rounding import SMALLEST_NORMAL, gamma
from surrogate.box import Box, FloatArray
from surrogate.network import Network
from surrogate.programs.program import IntArray


@dataclass(frozen=True, eq=False)
class Lines:
    """The lines around max(0, a) of one hidden layer: below a, a + intercept; (cells, width)."""

    below: FloatArray
    above: FloatArray
    intercept: FloatArray

    @classmethod
    def between(cls, lower: FloatArray, upper: FloatArray) -> Lines:
        """The lines on [lower, upper]."""
        low, up = np.minimum(lower, 0.0), np.maximum(upper, 0.0)
        width = up - low
        above = np.divide(up, width, out=np.zeros_like(up), where=width > 0.0)
        below = np.where(lower >= 0.0, 1.0, np.where(upper <= 0.0, 0.0, upper > -lower))
        return cls(below, above, -above * low)

    def take(self, some: IntArray) -> Lines:
        """The lines of some cells."""
        return Lines(self.below[some], self.above[some], self.intercept[some])

    def through(self, c: FloatArray) -> tuple[FloatArray, FloatArray]:
        """c max(0, a) >= m.a + constant, for c of shape (cells or 1, targets, width)."""
        plus = np.maximum(c, 0.0)
        minus = c - plus
        m = plus * self.below[:, None]
        m += minus * self.above[:, None]
        if len(c) == 1:  # the same coefficients in all cells: one matrix product
            return m, self.intercept @ minus[0].T
        return m, (minus @ self.intercept[:, :, None])[..., 0]


def paddings(net: Network, box: Box) -> tuple[FloatArray, ...]:
    """pad_k of every layer, the outputs last, for all boxes inside `box`."""
    reach, terms, found = np.maximum(np.abs(box.lower), np.abs(box.upper)), 0, []
    for k, (w, b) in enumerate(zip(net.weights, net.biases, strict=True), start=1):
        terms += 2 * (len(w) + 8)
        reach = reach @ np.abs(w) + np.abs(b)
        found.append(gamma(2 * terms) * (2 * k + 3) * reach + len(w) * SMALLEST_NORMAL)
    return tuple(found)


def hidden_bounds(
    net: Network,
    pads: Sequence[FloatArray],
    lower: FloatArray,
    upper: FloatArray,
    known: tuple[Sequence[FloatArray], Sequence[FloatArray]] | None = None,
) -> tuple[list[FloatArray], list[FloatArray]]:
    """Bounds of all hidden pre-activations in boxes (cells, d): two lists of (cells, width).

    known   bounds that hold already, as of the boxes from which these were cut
    """
    lows: list[FloatArray] = []
    ups: list[FloatArray] = []
    lines: list[Lines] = []
    centre, radius = (lower + upper) / 2.0, (upper - lower) / 2.0
    for k in range(len(net.weights) - 1):
        w, b = net.weights[k], net.biases[k]
        if k == 0:
            middle, reach = centre @ w + b, radius @ np.abs(w)
            low, up = middle - reach, middle + reach
        else:
            h_low, h_up = np.maximum(lows[-1], 0.0), np.maximum(ups[-1], 0.0)
            plus, minus = np.maximum(w, 0.0), np.minimum(w, 0.0)
            slope, constant = _backward(net, lines, w.T[None], b)
            low = np.maximum(
                _least(slope, constant, centre, radius), h_low @ plus + h_up @ minus + b
            )
            slope, constant = _backward(net, lines, -w.T[None], -b)
            up = np.minimum(
                -_least(slope, constant, centre, radius), h_up @ plus + h_low @ minus + b
            )
        low, up = low - pads[k], up + pads[k]
        if known is not None:
            low, up = np.maximum(low, known[0][k]), np.minimum(up, known[1][k])
        lows.append(low)
        ups.append(up)
        lines.append(Lines.between(lows[-1], ups[-1]))
    return lows, ups


def minorants(
    net: Network,
    pads: Sequence[FloatArray],
    cells: int,
    lows: Sequence[FloatArray],
    ups: Sequence[FloatArray],
    direction: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """The planes below v.f, v (m,), in so many cells: slope (cells, d) and constant (cells,)."""
    lines = [Lines.between(low, up) for low, up in zip(lows, ups, strict=True)]
    target = net.weights[-1] @ direction
    slope, constant = _backward(net, lines, target[None, None], net.biases[-1] @ direction[:, None])
    safe = constant[:, 0] - np.abs(direction) @ pads[-1]
    return np.broadcast_to(slope[:, 0], (cells, net.n_inputs)), np.broadcast_to(safe, cells)


def gains(
    net: Network,
    radius: FloatArray,
    lows: Sequence[FloatArray],
    ups: Sequence[FloatArray],
    direction: FloatArray,
) -> FloatArray:
    """What halving each cell across each input promises, (cells, d); 0 where the plane is exact.

    radius   half the cells' widths (cells, d)

    The height that the lines of unstable neurons lose in the plane, shared among the inputs in
    proportion to how far each input moves the neuron.
    """
    lines = [Lines.between(low, up) for low, up in zip(lows, ups, strict=True)]
    target = net.weights[-1] @ direction
    c = np.broadcast_to(target, (len(radius), 1, len(target)))
    found = np.zeros_like(radius)
    for k in range(len(lines) - 1, -1, -1):
        found += _gain(net, lines, k, c[:, 0], lows[k], ups[k], radius)
        c = lines[k].through(c)[0] @ net.weights[k].T
    return found


def least_on_boxes(
    slope: FloatArray, g: FloatArray, constant: FloatArray, lower: FloatArray, upper: FloatArray
) -> FloatArray:
    """Minima of (slope - g).x + constant over boxes, (cells,), rounded down.

    A sum of 2 d + 2 products, none rounded more than d + 6 times; up to 3 d + 10 may do so, as when
    slopes and constants are products or quotients themselves.
    """
    tilt = slope - g
    at = np.where(tilt > 0.0, lower, upper)
    size = np.einsum("ij,ij->i", np.abs(slope) + np.abs(g), np.abs(at)) + np.abs(constant)
    found: FloatArray = np.einsum("ij,ij->i", tilt, at) + constant - gamma(4 * len(g) + 16) * size
    return found


def _backward(
    net: Network, lines: Sequence[Lines], targets: FloatArray, constants: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Planes below targets.h + constants: (cells, targets, d) and (cells, targets).

    Without a line between, there is one plane for all cells.
    """
    c, total = targets, constants[None]
    for k in range(len(lines) - 1, -1, -1):
        m, offset = lines[k].through(c)
        total = total + offset + m @ net.biases[k]
        c = m @ net.weights[k].T
    return c, total


def _least(
    slope: FloatArray, constant: FloatArray, centre: FloatArray, radius: FloatArray
) -> FloatArray:
    """The minimum of each plane over its box."""
    found: FloatArray = (slope @ centre[:, :, None] - np.abs(slope) @ radius[:, :, None])[..., 0]
    return found + constant


def _gain(
    net: Network,
    lines: Sequence[Lines],
    k: int,
    c: FloatArray,
    low: FloatArray,
    up: FloatArray,
    radius: FloatArray,
) -> FloatArray:
    """What the unstable neurons of layer k lose to their lines, by input."""
    lost = -np.minimum(c, 0.0) * lines[k].intercept
    lost += np.maximum(c, 0.0) * np.minimum(-low, up) / 2.0
    lost = np.where((low < 0.0) & (up > 0.0), lost, 0.0)
    moved = np.abs(_gradient(net, lines, k)) * radius[:, None, :]
    share = moved / (moved.sum(axis=2, keepdims=True) + np.finfo(float).tiny)
    found: FloatArray = (lost[:, None, :] @ share)[:, 0]
    return found


def _gradient(net: Network, lines: Sequence[Lines], k: int) -> FloatArray:
    """da_k / dx with the mean slope of each ReLU's two lines, (cells or 1, width, d)."""
    c = net.weights[k].T[None]
    for i in range(k - 1, -1, -1):
        c = (c * ((lines[i].below + lines[i].above) / 2.0)[:, None]) @ net.weights[i].T
    return c
