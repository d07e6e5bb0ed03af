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
    """A named group of constraints: lower <= matrix x[columns] <= upper.

    matrix   (rows, len(columns)), sparse by rows
    columns  places among all the columns, each at most once
    """

    name: str
    lower: FloatArray
    upper: FloatArray
    matrix: sparse.csr_array
    columns: IntArray


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
        blocks = [_sparse(matrix) for _, matrix in terms]
        joined = sparse.csr_array(sparse.hstack(blocks, format="csr"))
        joined.eliminate_zeros()
        rows = joined.shape[0]
        self.rows.append(
            Rows(
                name,
                np.broadcast_to(np.asarray(lower, dtype=float), rows),
                np.broadcast_to(np.asarray(upper, dtype=float), rows),
                joined,
                np.concatenate([places for places, _ in terms]),
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
        if not self.rows:
            return sparse.csr_array((0, self.n_columns))
        wide = []
        for group in self.rows:
            places = group.columns[group.matrix.indices]
            shape = (group.matrix.shape[0], self.n_columns)
            wide.append(
                sparse.csr_array((group.matrix.data, places, group.matrix.indptr), shape=shape)
            )
        return sparse.csr_array(sparse.vstack(wide, format="csr"))


def _sparse(matrix: npt.ArrayLike | sparse.csr_array) -> sparse.csr_array:
    if isinstance(matrix, sparse.csr_array):
        return matrix
    array = np.asarray(matrix, dtype=float)
    return (
        sparse.csr_array(sparse.diags_array(array)) if array.ndim == 1 else sparse.csr_array(array)
    )
