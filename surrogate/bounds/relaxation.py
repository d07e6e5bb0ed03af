"""The layers before the one in question as a program: triangles for `lp`, big-M for `milp`.

Columns: the inputs x and, for every neuron that is not dead, h = max(0, a), a = h_(i-1) w + b.
With a in [L, U], a stable-active neuron has h = a; an unstable one

    triangle   h >= a,  h <= s (a - L),  h >= 0,  s = U / (U - L)
    big-M      h - t = a,  h <= U q,  t <= -L (1 - q),  h, t >= 0,  q binary

a is written out, so that a triangle is two rows and one column: on the 300-ReLU ACAS net simplex
takes 0.6 of the time that it takes with a as a column of its own (processor time, one run).

Units: every column and every row is divided by a power of 2 near its largest magnitude, which is
exact and leaves ReLU alone (it is positively homogeneous). So the solver's absolute tolerances are
relative to the range of each neuron, in whatever units the network came. Large coefficients are
left where values cancel, or where the range of h is far narrower than that of a.

Source: R. Ehlers, Formal Verification of Piece-Wise Linear Feed-Forward Neural Networks, ATVA 2017
(the triangle).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from surrogate.box import FloatArray
from surrogate.constraints import LinearConstraints
from surrogate.network import Network
from surrogate.programs import Builder, Program
from surrogate.programs.program import IntArray


@dataclass(frozen=True, eq=False)
class Layer:
    """Where a hidden layer is in the program.

    unstable, active   its neurons of either kind
    slope              s of the unstable ones
    row                the first of its rows: h >= a, then h <= s (a - L), then h = a
    """

    unstable: IntArray
    active: IntArray
    slope: FloatArray
    row: int


@dataclass(frozen=True, eq=False)
class Relaxation:
    """A program whose points include every (x, h_1, .., h_(k-1)) of the network.

    columns     the places of those neurons of layer k-1 (or inputs) that are `live`
    units       log2 of the units of x, h_1, .., h_(k-1)
    row_units   log2 of the units of the rows A x <= r, which come first
    layers      the hidden layers; their rows, for triangles only
    """

    program: Program
    columns: IntArray
    live: npt.NDArray[np.bool_]
    units: tuple[IntArray, ...]
    row_units: IntArray
    layers: tuple[Layer, ...]

    @property
    def largest(self) -> float:
        """The largest magnitude among coefficients and right-hand sides."""
        program = self.program
        sides = np.concatenate([program.row_lower, program.row_upper])
        finite = np.where(np.isfinite(sides), np.abs(sides), 0.0)
        return float(np.abs(program.matrix.data).max(initial=finite.max(initial=0.0)))

    def costs(self, targets: FloatArray) -> tuple[FloatArray, IntArray]:
        """`targets` (n, n_(k-1)) as costs of the columns, and log2 of each one's unit."""
        scaled = np.ldexp(targets, self.units[-1])[:, self.live]
        units = exponents(scaled, axis=1)
        costs = np.zeros((len(targets), self.program.n_columns))
        costs[:, self.columns] = np.ldexp(scaled, -units[:, None])
        return costs, units

    def point(self, net: Network, x: FloatArray) -> FloatArray:
        """The solution of the exact program at the inputs `x` (d,), to start a search from."""
        parts = [np.ldexp(x, -self.units[0])]
        for a, layer, own in zip(
            net.preactivations(x[None]), self.layers, self.units[1:], strict=False
        ):
            scaled = np.ldexp(a[0], -own)
            u, live = layer.unstable, np.union1d(layer.unstable, layer.active)
            parts.append(np.maximum(scaled[live], 0.0))
            parts += [np.maximum(-scaled[u], 0.0), (scaled[u] > 0.0).astype(float)]
        return np.concatenate(parts)

    def inputs(self, solution: FloatArray) -> FloatArray:
        """The inputs x (d,) of a solution of the program, in the network's units."""
        return np.ldexp(solution[: len(self.units[0])], self.units[0])

    def multipliers(
        self, duals: FloatArray, units: IntArray
    ) -> tuple[list[FloatArray], FloatArray]:
        """The m_i and p of the Lagrangian bound, in the network's units.

        duals   (n, rows): of n minimisations; units: of their costs
        returns m_1 .. m_(k-1), each (n, n_i), and p (n, rows of the constraints)

        The Lagrangian has a_j with the dual of h >= a, plus s times that of h <= s (a - L).
        """
        found = []
        for layer, own in zip(self.layers, self.units[1:], strict=True):
            m = np.zeros((len(duals), len(own)))
            n = len(layer.unstable)
            above, chord, active = np.split(duals[:, layer.row :], [n, 2 * n], axis=1)
            m[:, layer.unstable] = above + layer.slope * chord[:, :n]
            m[:, layer.active] = active[:, : len(layer.active)]
            found.append(np.ldexp(m, units[:, None] - own))
        p = np.maximum(-duals[:, : len(self.row_units)], 0.0)
        return found, np.ldexp(p, units[:, None] - self.row_units)


def relax(
    net: Network,
    lower: Sequence[FloatArray],
    upper: Sequence[FloatArray],
    constraints: LinearConstraints | None,
    *,
    exact: bool = False,
) -> Relaxation:
    """The layers before layer k = len(lower); exact: with binaries.

    lower, upper   the inputs' box (d,), then bounds of a_1 .. a_(k-1)
    """
    builder, live = Builder(), np.full(len(lower[0]), True)
    units = [exponents(np.maximum(np.abs(lower[0]), np.abs(upper[0])))]
    columns = builder.add_columns("x", np.ldexp(lower[0], -units[0]), np.ldexp(upper[0], -units[0]))
    row_units = _add_constraints(builder, constraints, columns, units[0])
    layers, row = [], len(row_units)
    for i in range(1, len(lower)):
        units.append(exponents(np.maximum(-lower[i], upper[i])))
        w = np.ldexp(net.weights[i - 1], units[-2][:, None] - units[-1])[live]
        b, low, up = (np.ldexp(a, -units[-1]) for a in (net.biases[i - 1], lower[i], upper[i]))
        columns, layer = _add_layer(builder, (columns, w, b), low, up, row, exact)
        row += 2 * len(layer.unstable) + len(layer.active)
        layers.append(layer)
        live = upper[i] > 0.0
    return Relaxation(builder.program(), columns, live, tuple(units), row_units, tuple(layers))


def exponents(magnitudes: FloatArray, axis: int | None = None) -> IntArray:
    """log2 of a power of 2 near each magnitude (along `axis`: near the largest); 0 for 0."""
    largest = magnitudes if axis is None else np.abs(magnitudes).max(axis=axis, initial=0.0)
    found: IntArray = np.frexp(largest)[1].astype(np.intp)
    return found


def _add_constraints(
    builder: Builder, constraints: LinearConstraints | None, columns: IntArray, units: IntArray
) -> IntArray:
    """The rows A x <= r; returns log2 of their units."""
    if constraints is None:
        return np.zeros(0, dtype=np.intp)
    matrix = np.ldexp(constraints.matrix, units)
    rows = exponents(np.column_stack([matrix, constraints.rhs]), axis=1)
    builder.add_rows(
        "constraints",
        -np.inf,
        np.ldexp(constraints.rhs, -rows),
        (columns, np.ldexp(matrix, -rows[:, None])),
    )
    return rows


def _add_layer(
    builder: Builder,
    affine: tuple[IntArray, FloatArray, FloatArray],
    lower: FloatArray,
    upper: FloatArray,
    row: int,
    exact: bool,
) -> tuple[IntArray, Layer]:
    """One hidden layer of a = x[before] w + b, affine = (before, w, b); the places of its h."""
    before, w, b = affine
    live = np.flatnonzero(upper > 0.0)
    columns = builder.add_columns("h", np.maximum(lower[live], 0.0), upper[live])
    stable = lower[live] >= 0.0
    u, active = live[~stable], live[stable]
    h, ones = columns[~stable], np.ones(len(u))
    slope = upper[u] / (upper[u] - lower[u])
    if len(u) and exact:
        t = builder.add_columns("t", np.zeros(len(u)), -lower[u])
        q = builder.add_columns("q", np.zeros(len(u)), 1.0, integer=True)
        builder.add_rows("split", b[u], b[u], (h, ones), (t, -ones), (before, -w.T[u]))
        builder.add_rows("on", -np.inf, 0.0, (h, ones), (q, -upper[u]))
        builder.add_rows("off", -np.inf, -lower[u], (t, ones), (q, -lower[u]))
    elif len(u):
        chord = -slope[:, None] * w.T[u]
        builder.add_rows("above", b[u], np.inf, (h, ones), (before, -w.T[u]))
        builder.add_rows("chord", -np.inf, slope * (b[u] - lower[u]), (h, ones), (before, chord))
    if len(active):
        one = np.ones(len(active))
        builder.add_rows(
            "active", b[active], b[active], (columns[stable], one), (before, -w.T[active])
        )
    return columns, Layer(u, active, slope, row)
