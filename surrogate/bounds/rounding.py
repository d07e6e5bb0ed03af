"""How far floating-point arithmetic can be from exact arithmetic in one layer.

Unit roundoff u = 2**-53 and gamma_k = k u / (1 - k u). An inner product of length n, summed in any
order, has an error of at most gamma_n |x|.|y| (eq. 3.5), and gamma_j + gamma_k + gamma_j gamma_k <=
gamma_(j+k) (Lemma 3.3).

Source: N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., SIAM 2002, section
3.1.
"""

from __future__ import annotations

import numpy as np

from surrogate.box import FloatArray

UNIT_ROUNDOFF = 2.0**-53
SMALLEST_NORMAL = 2.0**-1022


def gamma(k: int) -> float:
    """gamma_k = k u / (1 - k u), the relative error of k roundings."""
    return k * UNIT_ROUNDOFF / (1.0 - k * UNIT_ROUNDOFF)


def layer_padding(
    w: FloatArray, b: FloatArray, at_positive: FloatArray, at_negative: FloatArray
) -> FloatArray:
    """By how much to widen the computed extreme (largest or smallest value) of a = h W + b.

    The extreme is taken where |h| is `at_positive` for the positive weights and `at_negative` for
    the negative ones. With s = at_positive |W+| + at_negative |W-| + |b| and n the fan-in,

        pad = gamma_(4 n + 16) s + underflow.

    The computed extreme is within gamma_(n+2) s of the exact one (n products, added to each other
    and to b). The forward pass at another point h of the box is within
    gamma_(n+1) (|h| |W| + |b|) of its exact value; a term that lies d below its value at the
    extreme has a magnitude of at most that value's plus d, so it gives d away and needs at most
    gamma d < d more: the forward pass cannot pass the extreme by more than gamma_(n+1) s either.
    The computed s is too small by a factor of at most 1 + gamma_(n+2); the product and the
    subtraction of the pad round three times more. All of it is below gamma_(3n+8), so also below
    gamma_(4n+16).

    Products that underflow add at most 2**-1022 each, also where results below it are flushed to
    zero. When s has no term, every term of the extreme is 0, and every term of a forward pass has
    the one sign that leads away from it, in exact and in rounded arithmetic: the pad is exactly 0.
    So the dead neurons of a trained net (weights <= 0, bias never moved from 0) are proved dead.

    Shapes: w (n, width), b (width,), at_positive and at_negative (n,); returns (width,).
    """
    n = len(w)
    scale = at_positive @ np.maximum(w, 0.0) - at_negative @ np.minimum(w, 0.0) + np.abs(b)
    reachable = np.maximum(at_positive, at_negative) != 0.0
    products = reachable.astype(float) @ (w != 0.0).astype(float)
    padding: FloatArray = gamma(4 * n + 16) * scale + 4.0 * SMALLEST_NORMAL * products
    terms = (at_positive != 0.0).astype(float) @ (w > 0.0).astype(float)
    terms += (at_negative != 0.0).astype(float) @ (w < 0.0).astype(float)
    return np.where((terms > 0.0) | (b != 0.0), padding, 0.0)  # not s > 0: s may have underflowed
