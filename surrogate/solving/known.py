"""Rows that are known in arrays: what a formulation wrote need not be read back term by term.

Reading a model's constraints back is most of the time of a solve where thousands of weights stand
in a few rows. The arrays count only while each constraint is active and says what was written; else
the constraint is read like any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from pyomo.core.base.component import ActiveComponent
from scipy import sparse

from surrogate.box import FloatArray
from surrogate.programs import Rows
from surrogate.programs.program import IntArray
from surrogate.solving.written import WrittenRow


@dataclass(frozen=True, eq=False)
class KnownRows:
    """An indexed constraint of `write_rows`, and the same rows in arrays.

    rows        groups of rows, one after the other in the constraint's order
    variables   the Pyomo variables at the places that `rows` names
    """

    constraint: Any
    rows: tuple[Rows, ...]
    variables: Sequence[Any]

    def untouched(self, model: Any) -> bool:
        """Whether the constraint is the model's, and still what the arrays say."""
        if self.constraint.model() is not model:
            return False  # deleted, or of the model that this one was copied from
        found = list(self.constraint.values())
        return len(found) == sum(len(group.lower) for group in self.rows) and all(
            row.active and isinstance(row, WrittenRow) and row.untouched for row in found
        )


@contextmanager
def set_aside(known: Sequence[KnownRows]) -> Iterator[None]:
    """Deactivate the constraints, all of which are active, for as long as the model is read."""
    for rows in known:  # the component alone: its own method goes through all members too
        ActiveComponent.deactivate(rows.constraint)
    try:
        yield
    finally:
        for rows in known:
            ActiveComponent.activate(rows.constraint)


def append_known(
    known: Sequence[KnownRows],
    variables: Sequence[Any],
    matrix: sparse.csr_array,
    lower: FloatArray,
    upper: FloatArray,
) -> tuple[tuple[Any, ...], sparse.csr_array, FloatArray, FloatArray]:
    """The variables, matrix and sides of a program with the known rows after its own.

    Fixed variables move to the sides, and have no column.
    """
    columns = list(variables)
    places = {id(variable): j for j, variable in enumerate(columns)}
    used: dict[int, list[IntArray]] = {}
    for block in known:
        used.setdefault(id(block.variables), []).extend(rows.columns for rows in block.rows)
    lists = {id(block.variables): block.variables for block in known}
    maps = {
        key: _placed(lists[key], np.unique(np.concatenate(found)), places, columns)
        for key, found in used.items()
    }
    start: list[IntArray] = [matrix.indptr.astype(np.intp)]
    index: list[IntArray] = [matrix.indices.astype(np.intp)]
    data, lows, ups = [matrix.data], [lower], [upper]
    for block in known:
        place, fixed = maps[id(block.variables)]
        for rows in block.rows:
            free = place[rows.columns] >= 0
            row = np.repeat(np.arange(len(rows.lower)), np.diff(rows.start))
            moved = np.bincount(
                row[~free], (rows.values * fixed[rows.columns])[~free], len(rows.lower)
            )
            ends = np.cumsum(np.bincount(row[free], minlength=len(rows.lower)))
            start.append(np.asarray(start[-1][-1] + ends, dtype=np.intp))
            index.append(place[rows.columns][free])
            data.append(rows.values[free])
            lows.append(rows.lower - moved)
            ups.append(rows.upper - moved)
    sides = np.concatenate(lows), np.concatenate(ups)
    shape = (len(sides[0]), len(columns))
    parts = (np.concatenate(data), np.concatenate(index), np.concatenate(start))
    return tuple(columns), sparse.csr_array(parts, shape=shape), *sides


def _placed(
    variables: Sequence[Any], used: IntArray, places: Mapping[int, int], columns: list[Any]
) -> tuple[IntArray, FloatArray]:
    """The columns of the used variables, -1 where one is fixed, and the values of the fixed ones.

    A variable without a column gets one at the end of `columns`.
    """
    place, fixed = np.full(len(variables), -1), np.zeros(len(variables))
    for i in used.tolist():
        variable = variables[i]
        if variable.fixed:
            fixed[i] = variable.value
        elif id(variable) in places:
            place[i] = places[id(variable)]
        else:
            place[i] = len(columns)
            columns.append(variable)
    return place, fixed
