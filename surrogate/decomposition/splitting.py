"""`split`: a program into `Parts`.

Rows that only say that a variable *is* an input or output of a network, as `embed` writes them,
are substituted: every row that is left is a price that has to be found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from surrogate.box import FloatArray
from surrogate.cells import known_tree
from surrogate.decomposition.implied import implied_bounds
from surrogate.decomposition.parts import Copy, Embedded, Parts, Rest
from surrogate.programs import Program, whole_bounds
from surrogate.programs.program import BoolArray, IntArray


def split(program: Program, n_rows: int, nets: Sequence[Embedded]) -> Parts | None:
    """The parts of a program whose first `n_rows` rows are the model's own.

    The other rows say y = f(x). None when a row or the objective looks inside a network, at a
    column that is none of its inputs and outputs; when two networks share a column; or when a
    column is left no value.
    """
    ports = np.concatenate([np.concatenate([net.inputs, net.outputs]) for net in nets])
    inner = _inner(program, n_rows, ports)
    if inner is None:
        return None
    same, links = _same(program, n_rows, ports)
    lower, upper, onto = _merged(program, same)
    kept = np.setdiff1d(np.arange(n_rows), links)
    rows = _Rows(
        [sparse.csr_array(program.matrix[kept] @ onto)],
        [program.row_lower[kept]],
        [program.row_upper[kept]],
    )
    rows, lower, upper = _without_singletons(rows, lower, upper)
    for net in nets:
        _add_rows_of(net, rows, lower, upper)
    matrix, row_lower, row_upper = rows.joined()
    lower, upper = _bounded(lower, upper, nets)
    lower, upper = implied_bounds(matrix, row_lower, row_upper, lower, upper)
    lower, upper = whole_bounds(lower, upper, program.integer)
    if (lower > upper).any():
        return None
    gone = inner.copy()
    gone[ports] = True
    gone[list(same)] = True
    sign = -1.0 if program.maximize else 1.0
    cost, others = sign * (program.cost @ onto), np.flatnonzero(~gone)
    copies = _copies(nets, matrix[:, ports].toarray(), cost, lower, upper)
    rest = Rest(
        others,
        cost[others],
        lower[others],
        upper[others],
        program.integer[others],
        sparse.csc_array(matrix[:, others]),
    )
    return Parts(copies, rest, row_lower, row_upper, sign * program.offset)


@dataclass(frozen=True, eq=False)
class _Rows:
    """Blocks of rows over the program's columns."""

    matrix: list[sparse.csr_array]
    lower: list[FloatArray]
    upper: list[FloatArray]

    def joined(self) -> tuple[sparse.csr_array, FloatArray, FloatArray]:
        """All of them: matrix, lower and upper sides."""
        matrix = sparse.csr_array(sparse.vstack(self.matrix)) if self.matrix[1:] else self.matrix[0]
        return matrix, np.concatenate(self.lower), np.concatenate(self.upper)


def _inner(program: Program, n_rows: int, ports: IntArray) -> BoolArray | None:
    """The columns inside networks; None when the model's own rows or objective use one."""
    if len(np.unique(ports)) < len(ports) or program.integer[ports].any():
        return None
    inner, used = (np.zeros(program.n_columns, dtype=bool) for _ in range(2))
    inner[program.matrix[n_rows:].indices] = True
    inner[ports] = False
    used[program.matrix[:n_rows].indices] = True
    used |= program.cost != 0.0
    return None if (inner & used).any() else inner


def _same(program: Program, n_rows: int, ports: IntArray) -> tuple[dict[int, int], list[int]]:
    """Variables that are a port by a row `variable == port`, and the numbers of these rows."""
    matrix, is_port = program.matrix, np.zeros(program.n_columns, dtype=bool)
    is_port[ports] = True
    two = np.diff(matrix.indptr[: n_rows + 1]) == 2
    zero = (program.row_lower[:n_rows] == 0.0) & (program.row_upper[:n_rows] == 0.0)
    same: dict[int, int] = {}
    links = []
    for row in np.flatnonzero(two & zero).tolist():
        entries = slice(matrix.indptr[row], matrix.indptr[row + 1])
        (first, second), (a, b) = matrix.indices[entries].tolist(), matrix.data[entries].tolist()
        if is_port[first]:
            first, second = second, first
        fits = a == -b and is_port[second] and not is_port[first] and first not in same
        if fits and not program.integer[first]:
            same[first] = second
            links.append(row)
    return same, links


def _merged(
    program: Program, same: dict[int, int]
) -> tuple[FloatArray, FloatArray, sparse.csr_array]:
    """Bounds where ports have those of their variables too, and the matrix that replaces these."""
    n, place = program.n_columns, np.arange(program.n_columns)
    place[list(same)] = list(same.values())
    lower, upper = program.lower.copy(), program.upper.copy()
    np.maximum.at(lower, place, program.lower)
    np.minimum.at(upper, place, program.upper)
    return lower, upper, sparse.csr_array((np.ones(n), (np.arange(n), place)), shape=(n, n))


def _without_singletons(
    rows: _Rows, lower: FloatArray, upper: FloatArray
) -> tuple[_Rows, FloatArray, FloatArray]:
    """Rows of one variable become its bounds, a little loosened: they need no price."""
    (matrix,), (low,), (up,) = rows.matrix, rows.lower, rows.upper
    matrix.eliminate_zeros()
    single = np.diff(matrix.indptr) == 1
    at = matrix.indptr[:-1][single]
    column, value = matrix.indices[at], matrix.data[at]
    with np.errstate(invalid="ignore"):
        ends = np.sort(np.stack([low[single] / value, up[single] / value]), axis=0)
    slack = 1e-12 * (1.0 + np.abs(np.where(np.isfinite(ends), ends, 0.0)))
    np.maximum.at(lower, column, ends[0] - slack[0])
    np.minimum.at(upper, column, ends[1] + slack[1])
    keep = np.flatnonzero(~single)
    return _Rows([matrix[keep]], [low[keep]], [up[keep]]), lower, upper


def _add_rows_of(net: Embedded, rows: _Rows, lower: FloatArray, upper: FloatArray) -> None:
    """Rows for the bounds of outputs that can bind, and for the constraints of the inputs."""
    low, up = lower[net.outputs], upper[net.outputs]
    binds = np.flatnonzero((low > net.bounds.lower[-1]) | (up < net.bounds.upper[-1]))
    found = [(net.outputs[binds], np.eye(len(binds)), low[binds], up[binds])]
    if net.bounds.constraints is not None:
        matrix, rhs = net.bounds.constraints.matrix, net.bounds.constraints.rhs
        found.append((net.inputs, matrix, np.full(len(rhs), -np.inf), rhs))
    for columns, dense, row_lower, row_upper in found:
        if not len(dense):
            continue
        row, place = np.indices(dense.shape)
        entries = (dense.ravel(), (row.ravel(), columns[place.ravel()]))
        rows.matrix.append(sparse.csr_array(entries, shape=(len(dense), len(lower))))
        rows.lower.append(row_lower)
        rows.upper.append(row_upper)


def _bounded(
    lower: FloatArray, upper: FloatArray, nets: Sequence[Embedded]
) -> tuple[FloatArray, FloatArray]:
    """The bounds, with those of the networks."""
    lower, upper = lower.copy(), upper.copy()
    for net in nets:
        lower[net.inputs] = np.maximum(lower[net.inputs], net.bounds.box.lower)
        upper[net.inputs] = np.minimum(upper[net.inputs], net.bounds.box.upper)
        lower[net.outputs] = np.maximum(lower[net.outputs], net.bounds.lower[-1])
        upper[net.outputs] = np.minimum(upper[net.outputs], net.bounds.upper[-1])
    return lower, upper


def _copies(
    nets: Sequence[Embedded],
    rows: FloatArray,
    cost: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
) -> tuple[Copy, ...]:
    """The copies; `rows` has the columns of their inputs and outputs, net after net."""
    copies, start = [], 0
    for net in nets:
        middle = start + len(net.inputs)
        end = middle + len(net.outputs)
        copies.append(
            Copy(
                known_tree(net.net, net.bounds.box),
                lower[net.inputs],
                upper[net.inputs],
                cost[net.inputs],
                cost[net.outputs],
                rows[:, start:middle],
                rows[:, middle:end],
                net.inputs,
            )
        )
        start = end
    return tuple(copies)
