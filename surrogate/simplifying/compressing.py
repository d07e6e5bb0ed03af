"""Stable-active neurons: s of them act on the next layer through a matrix of some rank r <= s.

They are affine, so that what they give to the next layer is

    (h W_S + b_S) W_out = h A + b_S W_out,     A = W_S W_out of rank r <= min(s, fan-in, fan-out).

When r < s, r neurons can do it. An interpolative decomposition A = U V, U = r columns of A that a
pivoted QR picks, gives neurons h U + c that are each the affine part of one neuron of the next
layer; c keeps them active on the box, and -c V in the next bias takes it back. Compared with the
SVD, V has the identity in it, so that most of what is computed is not rounded.

Rows and columns are scaled by the magnitudes of h and of |h| |W_S| |W_out|, so that rank counts
what a singular value does to the function, in whatever units the network came.

Source: H. Cheng, Z. Gimbutas, P. G. Martinsson, V. Rokhlin, On the Compression of Low Rank
Matrices, SIAM J. Sci. Comput. 26, 2005 (interpolative decomposition).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from surrogate.bounds.interval import layer_interval
from surrogate.bounds.rounding import UNIT_ROUNDOFF
from surrogate.box import FloatArray
from surrogate.simplifying.front import Front
from surrogate.simplifying.proof import TINY, difference, outward

_LARGEST_ERROR = 2.0**-40  # relative to |h| |W_S| |W_out|: the factors round to some 2**-50 of it
_MARGIN = 2.0**-10  # of the range of a neuron: bounds of the simplified network can be this looser


@dataclass(frozen=True, eq=False)
class Factors:
    """The neurons h u + c, at least 0 on the box, and their weights v into the next layer.

    lower, upper   where h u + c is on the box
    error          bound on |h u v - h A|, for each neuron of the next layer
    """

    u: FloatArray
    c: FloatArray
    v: FloatArray
    lower: FloatArray
    upper: FloatArray
    error: FloatArray


def compress(front: Front, w: FloatArray, out: FloatArray) -> Factors | None:
    """Fewer neurons for the linear map h `w` `out`; None when it needs as many as it has.

    Shapes: w (n_in, s), out (s, n_out).
    """
    scale = front.reach @ np.abs(w) @ np.abs(out)
    u, v = _factors(w @ out, front.reach, scale)
    if u.shape[1] >= w.shape[1]:
        return None
    error = outward(front.reach @ difference(u, v, w, out))
    lower, upper = layer_interval(u, np.zeros(u.shape[1]), front.lower, front.upper)
    c = np.maximum(_MARGIN * (upper - lower) - lower, 0.0)
    lower, upper = layer_interval(u, c, front.lower, front.upper)
    fits = (error <= _LARGEST_ERROR * scale + 2.0**30 * TINY).all() and (lower >= 0.0).all()
    return Factors(u, c, v, lower, upper, error) if fits else None


def _factors(a: FloatArray, reach: FloatArray, scale: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Columns U of `a`, and V with U V = a up to rounding in |h| U V, |h| <= reach."""
    units = np.where(scale > 0.0, scale, 1.0)
    scaled = np.nan_to_num(a * reach[:, None] / units)
    r, order = linalg.qr(scaled, mode="r", pivoting=True)
    diagonal = np.abs(np.diagonal(r))
    rank = int((diagonal > 16.0 * UNIT_ROUNDOFF * sum(a.shape)).sum())
    v = np.zeros((rank, a.shape[1]))
    v[:, order[:rank]] = np.eye(rank)
    v[:, order[rank:]] = linalg.solve_triangular(r[:rank, :rank], r[:rank, rank:])
    chosen = order[:rank]
    return a[:, chosen], v * units / units[chosen][:, None]
