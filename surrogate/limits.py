"""Limits to compare with: what no net of a given size can do, however it is trained.

On its box a net is affine on each of n convex pieces, its linear regions. `most_regions` bounds n
for a layout; `least_max_error`, `least_rmse` and `least_mae` bound the errors of n pieces for
f(x, y) = xy on [-1, 1]^2. Hand-built nets come close to them (tests/handmade.py).

Pieces are not all. Nets no wider than d, the number of inputs, cannot approximate every continuous
function, however deep they are; with width d + 1 they can. Source: B. Hanin and M. Sellke,
Approximating continuous functions by ReLU nets of minimal width, 2017, arXiv 1710.11278. Its
theorem is about all functions, and neither names xy nor gives it a figure (the saddle
|max(0, -x) - max(0, -y)| needs width 2 only), but its reason is felt there too:

    24x1   the net is g(w.x) with a monotone g. The best of these has MAE 0.196 (computed: the best
           monotone fit, for w in every direction); the constant 0 has 0.25.
    12x2   where a neuron is off, the net depends on one affine form of x at most; where none has
           been off in any layer, it is affine. A third neuron, to carry what is found so far past
           the next layers, is what 8x3 has more.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from surrogate.errors import InputError, LayoutError


def least_max_error(n_pieces: int) -> float:
    """1/(2n): no function that is affine on each of n convex pieces is nearer to xy everywhere.

    Proof. One piece K has an area A >= 4/n. Let m(l) be the distance between the lowest and the
    highest horizontal chord of K that are at least l long. m is concave, and its integral is A.
    Take the l where l m(l) is largest: the graph of m is below the tangent there of the hyperbola
    l m = const, and the triangle below this tangent has the area 2 l m, so that l m >= A/2. Two
    such chords make a parallelogram in K with sides (l, 0) and (q, m). The signed sum of its four
    corners' values is 0 for an affine function and l m for xy, so that one corner has an error of
    at least l m / 4 >= A/8 >= 1/(2n). Squares with sides along x + y and x - y attain it.

    Raises `InputError` when n_pieces < 1.
    """
    return 1 / (2 * _checked(n_pieces))


def least_rmse(n_pieces: int) -> float:
    """sqrt(2/45)/n = 0.2108/n: the same for the root of the mean squared error on [-1, 1]^2.

    For a convex piece of area A and its best affine function the integral of the squared error is
    at least A^3/360, which squares with sides along x + y and x - y attain. (That no other convex
    piece does better is checked numerically, not proved.) The sum of A_i^3 over pieces that make
    up the area 4 is at least n (4/n)^3, so that the mean is at least 64/(360 * 4 n^2) = 2/(45 n^2).

    Raises `InputError` when n_pieces < 1.
    """
    return math.sqrt(2 / 45) / _checked(n_pieces)


def least_mae(n_pieces: int) -> float:
    """1/(6n): the same for the mean absolute error on [-1, 1]^2. A conjecture.

    Squares of area A with sides along x + y and x - y have an integral of A^2/24, and no better
    convex piece is known; the sum of A_i^2 is at least n (4/n)^2, which gives 16/(24 * 4 n).

    Raises `InputError` when n_pieces < 1.
    """
    return 1 / (6 * _checked(n_pieces))


def most_regions(widths: Sequence[int], n_inputs: int) -> int:
    """An upper bound on the linear regions of a ReLU net: `most_regions((24,), 2) == 301`.

    widths    n_1 .. n_L, the neurons of each hidden layer
    n_inputs  d = n_0

    The sum over all (j_1, .., j_L) of C(n_1, j_1) ... C(n_L, j_L), where

        0 <= j_l <= min(d, n_1 - j_1, .., n_(l-1) - j_(l-1), n_l)

    With one layer these are the regions that n hyperplanes in general position make of R^d, and
    with one input and widths above 2 the bound is the product of all n_l + 1; both are attained.
    The reason: n hyperplanes make at most the sum of C(n, j), j <= r, regions in dimension r, and
    where few neurons of a layer are active, r is small in the layers after it.

    Source: T. Serra, C. Tjandraatmadja and S. Ramalingam, Bounding and Counting Linear Regions of
    Deep Neural Networks, ICML 2018, arXiv 1711.02114, Theorem 1.

    Raises `LayoutError` when a width is below 1, `InputError` when n_inputs is.
    """
    if min(widths, default=1) < 1:
        raise LayoutError(f"widths {list(widths)} make no network; give at least 1 neuron each")
    if n_inputs < 1:
        raise InputError(f"{n_inputs} inputs make no network; give at least 1")
    ways = {n_inputs: 1}  # the products so far, summed, by the smallest of d and all n_l - j_l
    for n in widths:
        after: dict[int, int] = {}
        for rank, number in ways.items():
            for j in range(min(rank, n) + 1):
                left = min(rank, n - j)
                after[left] = after.get(left, 0) + number * math.comb(n, j)
        ways = after
    return sum(ways.values())


def _checked(n_pieces: int) -> int:
    if n_pieces < 1:
        raise InputError(f"{n_pieces} pieces cover no box; give at least 1")
    return n_pieces
