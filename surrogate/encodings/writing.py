"""From arrays to Pyomo: a `Builder`'s groups become indexed variables and constraints of a block.

Groups of one name, such as `z` of every layer, become one component, whose index counts from 0:
a component costs Pyomo as much as ten rows. The names make a model that is written twice the same
file. There is no Python work per coefficient: a row's expression is made when somebody asks for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
import pyomo.environ as pyo

from surrogate.box import FloatArray
from surrogate.programs import Builder, Columns, Rows
from surrogate.solving import KnownRows, Row, write_rows

Group = TypeVar("Group", Columns, Rows)


@dataclass(frozen=True, eq=False)
class _Variables:
    """One component of variables, in plain lists."""

    name: str
    places: list[int]
    lower: list[float | None]
    upper: list[float | None]
    integer: bool


@dataclass(frozen=True, eq=False)
class _Constraints:
    """One component of constraints, in plain lists."""

    name: str
    rows: list[Row]
    groups: tuple[Rows, ...]


def write(
    builder: Builder, block: Any, given: Mapping[str, Any]
) -> tuple[list[Any], tuple[KnownRows, ...]]:
    """Add the builder's groups to `block`; returns the variables of all columns, and the rows.

    given   Pyomo variables that already stand for a group of columns; they get its bounds
    """
    components, constraints = _sheet(builder)
    variables: list[Any] = [None] * builder.n_columns
    for group in components:
        if group.name in given:
            found = list(given[group.name].values())
            for variable, low, up in zip(found, group.lower, group.upper, strict=True):
                variable.bounds = (low, up)
        else:
            found = _new_variables(block, group)
        for j, variable in zip(group.places, found, strict=True):
            variables[j] = variable
    return variables, tuple(_add(block, rows, variables) for rows in constraints)


@lru_cache(maxsize=16)  # copies of one net are written from one sheet
def _sheet(builder: Builder) -> tuple[list[_Variables], list[_Constraints]]:
    components = [
        _Variables(
            name,
            np.concatenate([group.index for group in groups]).tolist(),
            _numbers([group.lower for group in groups]),
            _numbers([group.upper for group in groups]),
            groups[0].integer,
        )
        for name, groups in _by_name(builder.columns).items()
    ]
    constraints = []
    for name, parts in _by_name(builder.rows).items():
        lower, upper = _numbers([g.lower for g in parts]), _numbers([g.upper for g in parts])
        terms = [term for group in parts for term in _terms(group)]
        rows = [Row(*term, low, up) for term, low, up in zip(terms, lower, upper, strict=True)]
        constraints.append(_Constraints(name, rows, tuple(parts)))
    return components, constraints


def _by_name(groups: Iterable[Group]) -> dict[str, list[Group]]:
    """The groups that are not empty, by their names."""
    named: dict[str, list[Group]] = {}
    for group in groups:
        if len(group.lower):
            named.setdefault(group.name, []).append(group)
    return named


def _numbers(arrays: list[FloatArray]) -> list[float | None]:
    """As plain numbers; None for an infinite one."""
    values = np.concatenate(arrays)
    finite = np.isfinite(values).tolist()
    return [value if real else None for value, real in zip(values.tolist(), finite, strict=True)]


def _terms(rows: Rows) -> Iterable[tuple[list[int], list[float]]]:
    """Places and values of each row."""
    places, values = rows.columns.tolist(), rows.values.tolist()
    for start, end in pairwise(rows.start.tolist()):
        yield places[start:end], values[start:end]


def _new_variables(block: Any, group: _Variables) -> list[Any]:
    component = pyo.Var(
        range(len(group.places)),
        domain=pyo.Binary if group.integer else pyo.Reals,
        bounds=dict(enumerate(zip(group.lower, group.upper, strict=True))),
    )
    block.add_component(group.name, component)
    return list(component.values())


def _add(block: Any, constraints: _Constraints, variables: list[Any]) -> KnownRows:
    component = write_rows(block, constraints.name, constraints.rows, variables)
    return KnownRows(component, constraints.groups, variables)
