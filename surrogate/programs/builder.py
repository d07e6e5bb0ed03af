"""`Builder`: columns and rows by named groups, one group per idea of a formulation.

An encoding says its mathematics once, in arrays; from the builder it becomes a `Program` (for
bounds) or Pyomo components under the groups' names (for the user's model).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import sparse

from surrogate.box import FloatArray
from surrogate.programs.program import IntArray, Program


@dataclass(frozen=True, eq=False)
class Columns:
    """A named group of variables. `index` (n,) are their places among all the columns."""

    name: str
    lower: FloatArray
    upper: FloatArray
    integer: bool
    index: IntArray


@dataclass(frozen=True, eq=False)
class Rows:
    """A named group of constraints, sparse by rows: row i is

    lower[i] <= sum of values[k] x[columns[k]] <= upper[i],   k in start[i] .. start[i + 1] - 1
    """

    name: str
    lower: FloatArray
    upper: FloatArray
    start: IntArray
    columns: IntArray
    values: FloatArray


@dataclass(eq=False)
class Builder:
    """Collects groups of columns and of rows, in the order in which they are added."""

    columns: list[Columns] = field(default_factory=list)
    rows: list[Rows] = field(default_factory=list)
    n_columns: int = 0

    def add_columns(
        self, name: str, lower: npt.ArrayLike, upper: npt.ArrayLike, integer: bool = False
    ) -> IntArray:
        """New variables within [lower, upper]; returns their places."""
        lower, upper = np.broadcast_arrays(np.atleast_1d(lower), np.atleast_1d(upper))
        index = np.arange(self.n_columns, self.n_columns + len(lower))
        self.columns.append(Columns(name, lower.astype(float), upper.astype(float), integer, index))
        self.n_columns += len(lower)
        return index

    @property
    def integer_columns(self) -> IntArray:
        """The places of all integer variables, in their order."""
        found = [group.index for group in self.columns if group.integer]
        return np.concatenate([np.zeros(0, dtype=np.intp), *found])

    def add_rows(
        self,
        name: str,
        lower: npt.ArrayLike,
        upper: npt.ArrayLike,
        *terms: tuple[IntArray, npt.ArrayLike | sparse.csr_array],
    ) -> None:
        """New constraints  lower <= sum of matrix x[places] <= upper  over the `terms`.

        Each term is (places, matrix) with a matrix of shape (rows, len(places)), dense or sparse;
        a one-dimensional `matrix` is a diagonal. The places of different terms must be different.
        """
        blocks = [_coordinates(matrix) for _, matrix in terms]
        places = [columns[j] for (columns, _), (_, j, _) in zip(terms, blocks, strict=True)]
        row = np.concatenate([i for i, _, _ in blocks])
        order = np.argsort(row, kind="stable")
        n_rows = max(_n_rows(matrix) for _, matrix in terms)
        self.rows.append(
            Rows(
                name,
                np.broadcast_to(np.asarray(lower, dtype=float), n_rows),
                np.broadcast_to(np.asarray(upper, dtype=float), n_rows),
                np.concatenate([[0], np.cumsum(np.bincount(row, minlength=n_rows))]),
                np.concatenate(places)[order],
                np.concatenate([value for _, _, value in blocks])[order],
            )
        )

    def program(self, cost: FloatArray | None = None, *, maximize: bool = False) -> Program:
        """All of it as one program; no cost is a cost of zero."""
        lower = [c.lower for c in self.columns]
        upper = [c.upper for c in self.columns]
        kinds = [np.full(len(c.index), c.integer) for c in self.columns]
        return Program(
            cost=np.zeros(self.n_columns) if cost is None else cost,
            lower=np.concatenate(lower) if lower else np.zeros(0),
            upper=np.concatenate(upper) if upper else np.zeros(0),
            integer=np.concatenate(kinds) if kinds else np.zeros(0, dtype=bool),
            matrix=self._matrix(),
            row_lower=np.concatenate([np.zeros(0), *(r.lower for r in self.rows)]),
            row_upper=np.concatenate([np.zeros(0), *(r.upper for r in self.rows)]),
            maximize=maximize,
        )

    def _matrix(self) -> sparse.csr_array:
        lengths = [np.zeros(0, dtype=np.intp), *(np.diff(rows.start) for rows in self.rows)]
        start = np.concatenate([[0], np.cumsum(np.concatenate(lengths))])
        columns = np.concatenate([np.zeros(0, dtype=np.intp), *(r.columns for r in self.rows)])
        values = np.concatenate([np.zeros(0), *(rows.values for rows in self.rows)])
        shape = (len(start) - 1, self.n_columns)
        return sparse.csr_array((values, columns, start), shape=shape)


def _n_rows(matrix: npt.ArrayLike | sparse.csr_array) -> int:
    return int(matrix.shape[0]) if isinstance(matrix, sparse.csr_array) else len(np.asarray(matrix))


def _coordinates(
    matrix: npt.ArrayLike | sparse.csr_array,
) -> tuple[IntArray, IntArray, FloatArray]:
    """Rows, columns and values of the nonzeros, row by row."""
    if isinstance(matrix, sparse.csr_array):
        row = np.repeat(np.arange(len(matrix.indptr) - 1), np.diff(matrix.indptr))
        column, value = matrix.indices.astype(np.intp), matrix.data
        kept = value != 0.0
        return row[kept], column[kept], value[kept]
    array = np.asarray(matrix, dtype=float)
    if array.ndim == 1:
        diagonal = np.flatnonzero(array)
        return diagonal, diagonal, array[diagonal]
    row, column = np.nonzero(array)
    return row, column, array[row, column]
