r"""The Lagrangian bound: any multipliers prove one, and arithmetic in floats can prove it.

With h_0 = x, a_i = h_(i-1) W_i + b_i and h_i = max(0, a_i), take a linear function of h_(k-1) with
coefficients c_(k-1). For *any* numbers m_i (one per neuron of each hidden layer) and with
c_(i-1) = m_i W_i^T,

    c_i.h_i = m_i.a_i + sum_j g_ij(a_ij),      g(a) = c max(0, a) - m a,
    m_i.a_i = m_i.b_i + c_(i-1).h_(i-1),

so that

    c_(k-1).h_(k-1) >= sum_i (m_i.b_i + sum_j min g_ij) + min over the box of c_0.x.

g is linear on both sides of 0: its minimum over [L, U] is at L, at U or at 0. CROWN is the choice
m = c times the slope of a line below or above the ReLU; the best choice of m gives the optimum of
the linear program over the triangle relaxation, whose duals therefore are a proof that no solver
tolerance can spoil. Rows A x <= r among the inputs enter with p >= 0 each:
c_0.x >= (c_0 + p A).x - p.r.

Source: K. Dvijotham et al., A Dual Approach to Scalable Verification of Deep Networks, UAI 2018;
A. Neumaier and O. Shcherbina, Safe Bounds in Linear and Mixed-Integer Linear Programming,
Math. Program. 99, 2004.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from surrogate.bounds.rounding import gamma
from surrogate.box import FloatArray
from surrogate.network import Network

# (layer i, c_i of shape (cells or 1, targets, n_i)) -> m_i of shape (cells, targets, n_i)
Multipliers = Callable[[int, FloatArray], FloatArray]

TINY = 2.0**-960  # times gamma(16) it is above the underflow of 2**19 products


def lagrangian_minimum(
    net: Network,
    lower: Sequence[FloatArray],
    upper: Sequence[FloatArray],
    targets: FloatArray,
    constants: FloatArray,
    multipliers: Multipliers,
    rows: tuple[FloatArray, FloatArray, FloatArray] | None = None,
) -> FloatArray:
    """A lower bound of  targets h_(k-1) + constants  in each of `cells` boxes: (cells, targets).

    lower, upper   k arrays: the inputs' box (cells, d), then bounds of a_1 .. a_(k-1)
    targets        (targets, n_(k-1)): the coefficients c_(k-1)
    constants      (targets,)
    multipliers    m_i, given i and c_i; whatever they are, the bound holds
    rows           (A, r, p) of shapes (rows, d), (rows,), (targets, rows), p >= 0: A x <= r

    It holds for exact arithmetic and for the float64 forward pass, whose layer i is within
    gamma_(n+1) s_i of h_(i-1) W_i + b_i, s_i = |h_(i-1)| |W_i| + |b_i|, n the fan-in. c_(i-1) is
    within gamma_(n_i) |m_i| |W_i|^T of m_i W_i^T. The computed bound is a sum of at most

        T = 1 + 2 (n_1 + ... + n_(k-1)) + 2 d + rows

    products, none rounded more than T + 5 times. With the magnitudes of all of them added up,
    gamma(2 T + 16) times that sum covers these three errors and the roundings of the sum itself.

    It may be infinite or NaN where numbers overflow.
    """
    cells, n_terms = len(lower[0]), 1 + 2 * sum(a.shape[-1] for a in lower)
    c = targets[None]
    total = np.broadcast_to(constants, (cells, len(targets))).copy()
    scale = np.abs(total) + TINY
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        for i in range(len(lower) - 1, 0, -1):
            w, b = net.weights[i - 1], net.biases[i - 1]
            m = multipliers(i, c)
            total += _least(c, m, lower[i][:, None], upper[i][:, None]).sum(axis=-1) + m @ b
            reach = _reach(lower[i - 1], upper[i - 1], i - 1)
            s = np.maximum(reach @ np.abs(w) + np.abs(b), np.maximum(-lower[i], upper[i])) + TINY
            scale += 2.0 * _times(np.abs(c), _reach(lower[i], upper[i], i)) + TINY * (
                1.0 + reach.sum(axis=-1, keepdims=True)
            )
            scale += 3.0 * _times(np.abs(m), s)
            c = m @ w.T
        reach = _reach(lower[0], upper[0], 0)
        if rows is not None:
            matrix, rhs, p = rows
            n_terms += len(rhs)
            total -= p @ rhs
            scale += 2.0 * (np.abs(p) @ (np.abs(matrix) @ reach.T + np.abs(rhs)[:, None])).T
            c = c + p @ matrix
        total += _times(np.maximum(c, 0.0), lower[0]) + _times(np.minimum(c, 0.0), upper[0])
        scale += 2.0 * _times(np.abs(c), reach) + TINY * (1.0 + reach.sum(axis=-1, keepdims=True))
        bound: FloatArray = total - gamma(2 * n_terms + 16) * scale
    return bound


def _least(c: FloatArray, m: FloatArray, lower: FloatArray, upper: FloatArray) -> FloatArray:
    """The minimum of c max(0, a) - m a over lower <= a <= upper."""
    at_lower = c * np.maximum(lower, 0.0) - m * lower
    at_upper = c * np.maximum(upper, 0.0) - m * upper
    least = np.minimum(at_lower, at_upper)
    kinked = (lower < 0.0) & (upper > 0.0)
    return np.where(kinked, np.minimum(least, 0.0), least)


def _reach(lower: FloatArray, upper: FloatArray, i: int) -> FloatArray:
    """The largest |h_i|."""
    return np.maximum(upper, 0.0) if i else np.maximum(np.abs(lower), np.abs(upper))


def _times(c: FloatArray, h: FloatArray) -> FloatArray:
    """The products c h, cell by cell: (cells or 1, targets, n), (cells, n) -> (cells, targets)."""
    products: FloatArray = np.matmul(c, h[..., None])[..., 0]
    return products
