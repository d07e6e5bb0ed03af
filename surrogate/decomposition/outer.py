r"""The outer approximation of a program: each network as one of its pieces, each with its cuts.

A copy in pieces k, of which z_k says which one it is in, with the inputs x_k and outputs y_k there,
that are 0 for the others:

    sum_k z_k = 1,   z_k in {0, 1},   lower_k z_k <= x_k <= upper_k z_k,
    v.y_k - g.x_k >= least z_k   for every cut of the piece,   x = sum_k x_k,  y = sum_k y_k.

The cuts bound every output from both sides, so that y_k = 0 where z_k = 0. Without integrality this
is the convex hull of the pieces (as far as cuts say it). Every solution of the program is one of
the outer approximation, so its optimum, found by HiGHS with all the integers of the model, is a
bound.

Source: M. Duran, I. Grossmann, An outer-approximation algorithm for a class of mixed-integer
nonlinear programs, Mathematical Programming 36 (1986); E. Balas, Disjunctive Programming, Annals of
Discrete Mathematics 5 (1979), for the convex hull.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from surrogate.box import FloatArray
from surrogate.decomposition.cuts import rows_of
from surrogate.decomposition.parts import Copy, Parts
from surrogate.decomposition.pieces import Piece
from surrogate.programs import Builder, Program
from surrogate.programs.program import IntArray


@dataclass(frozen=True, eq=False)
class Places:
    """A copy's columns: z (pieces,), x (pieces, d) and y (pieces, m)."""

    z: IntArray
    x: IntArray
    y: IntArray


@dataclass(frozen=True, eq=False)
class Outer:
    """The outer approximation; the columns of no network are its first ones."""

    program: Program
    places: tuple[Places, ...]

    def chosen(self, solution: FloatArray) -> list[int]:
        """The piece of each copy in a solution (n,)."""
        return [int(solution[place.z].argmax()) for place in self.places]

    def point(self, t: int, k: int, solution: FloatArray) -> tuple[FloatArray, FloatArray]:
        """x (d,) and y (m,) of copy t in its piece k."""
        place = self.places[t]
        return solution[place.x[k]], solution[place.y[k]]


def outer_approximation(parts: Parts, pieces: Sequence[Sequence[Piece]]) -> Outer:
    """The mixed-integer program of the parts, where copy t is in one of pieces[t]."""
    builder, rest = Builder(), parts.rest
    columns = builder.add_columns("rest", rest.lower, rest.upper)
    places = tuple(
        _add_copy(builder, t, copy, some)
        for t, (copy, some) in enumerate(zip(parts.copies, pieces, strict=True))
    )
    terms = [(columns, sparse.csr_array(rest.matrix))]
    cost = np.zeros(builder.n_columns)
    cost[columns] = rest.cost
    for copy, place in zip(parts.copies, places, strict=True):
        n = len(place.z)
        terms.append((place.x.ravel(), sparse.csr_array(np.tile(copy.rows_x, n))))
        terms.append((place.y.ravel(), sparse.csr_array(np.tile(copy.rows_y, n))))
        cost[place.x], cost[place.y] = copy.cost_x, copy.cost_y
    if len(parts.row_lower):
        builder.add_rows("model", parts.row_lower, parts.row_upper, *terms)
    program = builder.program(cost)
    integer = program.integer.copy()
    integer[columns] = rest.integer
    return Outer(replace(program, integer=integer, offset=parts.offset), places)


def _add_copy(builder: Builder, t: int, copy: Copy, pieces: Sequence[Piece]) -> Places:
    """The columns of a copy, and the rows that hold it in one of the pieces."""
    n, d, m = len(pieces), copy.net.n_inputs, copy.net.n_outputs
    lower = np.concatenate([piece.lower for piece in pieces])
    upper = np.concatenate([piece.upper for piece in pieces])
    alone = float(n == 1)
    z = builder.add_columns(f"z{t}", np.full(n, alone), 1.0, integer=True)
    x = builder.add_columns(f"x{t}", np.minimum(lower, 0.0), np.maximum(upper, 0.0))
    y = builder.add_columns(f"y{t}", np.full(n * m, -np.inf), np.inf)
    places = Places(z, x.reshape(n, d), y.reshape(n, m))
    one, own = np.ones(n * d), np.repeat(z, d)
    builder.add_rows(f"one{t}", 1.0, 1.0, (z, np.ones((1, n))))
    builder.add_rows(f"lower{t}", 0.0, np.inf, (x, one), (own, -lower))
    builder.add_rows(f"upper{t}", -np.inf, 0.0, (x, one), (own, -upper))
    cuts = [cut for piece in pieces for cut in piece.cuts]
    of = np.repeat(np.arange(n), [len(piece.cuts) for piece in pieces])
    v, g, least = rows_of(cuts)
    builder.add_rows(
        f"cuts{t}",
        0.0,
        np.inf,
        (y, _in_blocks(v, of, n)),
        (x, _in_blocks(-g, of, n)),
        (z, _in_blocks(-least[:, None], of, n)),
    )
    return places


def _in_blocks(values: FloatArray, block: IntArray, n: int) -> sparse.csr_array:
    """Row i of values (rows, size) in the columns of its block, of n blocks."""
    rows, size = values.shape
    columns = block[:, None] * size + np.arange(size)
    start = np.arange(rows + 1) * size
    return sparse.csr_array((values.ravel(), columns.ravel(), start), shape=(rows, n * size))
