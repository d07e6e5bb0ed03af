r"""The activation patterns of cells in which few neurons are unstable.

With a sign s_j = +-1 for each of a cell's k unstable neurons, the network is affine on the part of
the cell where s_j a_j(x) >= 0 for all j: v.f = c.x + constant and s_j a_j = A_j.x + b_j there.

A_j, b_j, c and the constant are sums of the same products as in `surrogate.cells.planes`, none
rounded more often; a pad in b_j and in the constant covers their error, a second pad in b_j that of
sums with multipliers (`surrogate.cells.exact`: k + 2 terms, each at most beta_j R_j).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from surrogate.box import FloatArray
from surrogate.network import Network
from surrogate.programs.program import BoolArray, IntArray

FEW = 6
"""Unstable neurons up to which a cell's patterns are tried: at most 64 of them.

Re-measure with benchmarks/reuse.py: 5 and 7 take 3 and 4 % longer, 4 and 8 take 8 and 19 %.
"""


@dataclass(frozen=True, eq=False)
class Patterns:
    """Parts of cells on which the network is affine.

    cell           each one's place among the cells, (rows,), rising
    a, b           A_j (rows, d, k) and b_j (rows, k)
    c, constant    of v.f, (rows, d) and (rows,)
    """

    cell: IntArray
    a: FloatArray
    b: FloatArray
    c: FloatArray
    constant: FloatArray

    def take(self, some: BoolArray | IntArray) -> Patterns:
        """Some of the patterns."""
        return Patterns(*(getattr(self, name)[some] for name in self.__dataclass_fields__))


def patterns_in(
    net: Network,
    pads: Sequence[FloatArray],
    lows: Sequence[FloatArray],
    ups: Sequence[FloatArray],
    v: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
) -> Patterns:
    """Every pattern of the cells that may have points; of each cell at most `FEW` are unstable.

    lows, ups   the cells' pre-activation bounds, layer by layer

    With fewer than k = `FEW` unstable ones, or all neurons where these are fewer, stable neurons
    fill up, with the sign that they have.
    """
    low, up = np.concatenate(lows, axis=1), np.concatenate(ups, axis=1)
    unstable = (low < 0.0) & (up > 0.0)
    k, d = min(FEW, low.shape[1]), net.n_inputs
    first = np.argsort(~unstable, axis=1, kind="stable")[:, :k]
    signs = (np.arange(2**k)[:, None] >> np.arange(k)) & 1 > 0
    known = ~np.take_along_axis(unstable, first, axis=1)[:, None]
    right = signs == np.take_along_axis(low >= 0.0, first, axis=1)[:, None]
    cell, pattern = np.nonzero((~known | right).all(axis=2))
    neurons, sign = first[cell], signs[pattern]
    on = low[cell] >= 0.0
    np.put_along_axis(on, neurons, sign, axis=1)
    # h and a as affine functions of x: (rows, d + 1, width), their constants in the last row.
    h, layers, start = np.eye(d + 1, d)[None], [], 0
    for w, b in zip(net.weights[:-1], net.biases[:-1], strict=True):
        a = np.repeat(h @ w, len(cell) // len(h), axis=0)
        a[:, d] += b
        layers.append(a)
        h = a * on[:, None, start : start + len(b)]
        start += len(b)
    a = np.take_along_axis(np.concatenate(layers, axis=2), neurons[:, None], axis=2)
    a *= np.where(sign, 1.0, -1.0)[:, None]
    out = h @ (net.weights[-1] @ v)
    found = Patterns(
        cell=cell,
        a=a[:, :d],
        b=a[:, d] + 2.0 * np.concatenate(pads[:-1])[neurons],
        c=out[:, :d],
        constant=out[:, d] + net.biases[-1] @ v - np.abs(v) @ pads[-1],
    )
    return found.take(possible(found.a, found.b, lower[cell], upper[cell]))


def possible(a: FloatArray, b: FloatArray, lower: FloatArray, upper: FloatArray) -> BoolArray:
    """Whether every A_j.x + b_j can be 0 or more in a box, each by itself: (rows,)."""
    centre, radius = (lower + upper) / 2.0, (upper - lower) / 2.0
    most = (centre[:, None] @ a + radius[:, None] @ np.abs(a))[:, 0] + b
    found: BoolArray = np.all(most >= 0.0, axis=1)
    return found
