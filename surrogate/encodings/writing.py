"""From arrays to Pyomo: a `Builder`'s groups become indexed variables and constraints of a block.

Groups of one name, such as `z` of every layer, become one component, whose index counts from 0:
a component costs Pyomo as much as ten rows. The names make a model that is written twice the same
file. There is no Python work per coefficient: a row is one `LinearExpression` over two lists.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
import pyomo.environ as pyo
from pyomo.core.expr.numeric_expr import LinearExpression

from surrogate.box import FloatArray
from surrogate.programs import Builder, Columns, Rows
from surrogate.solving import KnownRows

Group = TypeVar("Group", Columns, Rows)


def write(
    builder: Builder, block: Any, given: Mapping[str, Any]
) -> tuple[list[Any], tuple[KnownRows, ...]]:
    """Add the builder's groups to `block`; returns the variables of all columns, and the rows.

    given   Pyomo variables that already stand for a group of columns; they get its bounds
    """
    variables: list[Any] = [None] * builder.n_columns
    for name, columns in _by_name(builder.columns).items():
        index = np.concatenate([group.index for group in columns])
        lower = _numbers([group.lower for group in columns])
        upper = _numbers([group.upper for group in columns])
        if name in given:
            found = list(given[name].values())
            for variable, low, up in zip(found, lower, upper, strict=True):
                variable.bounds = (low, up)
        else:
            found = _new_variables(block, name, lower, upper, columns[0].integer)
        for j, variable in zip(index.tolist(), found, strict=True):
            variables[j] = variable
    known = [
        _add_constraints(block, name, rows, variables)
        for name, rows in _by_name(builder.rows).items()
    ]
    return variables, tuple(known)


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


def _new_variables(
    block: Any, name: str, lower: list[float | None], upper: list[float | None], integer: bool
) -> list[Any]:
    component = pyo.Var(
        range(len(lower)),
        domain=pyo.Binary if integer else pyo.Reals,
        bounds=dict(enumerate(zip(lower, upper, strict=True))),
    )
    block.add_component(name, component)
    return list(component.values())


def _add_constraints(block: Any, name: str, groups: list[Rows], variables: list[Any]) -> KnownRows:
    lower = _numbers([rows.lower for rows in groups])
    upper = _numbers([rows.upper for rows in groups])
    bodies = [body for rows in groups for body in _bodies(rows, variables)]
    component = pyo.Constraint(range(len(bodies)))
    block.add_component(name, component)
    for i, (low, body, up) in enumerate(zip(lower, bodies, upper, strict=True)):
        component[i] = (low, body) if low == up else (low, body, up)
    expressions = tuple(row.expr for row in component.values())
    return KnownRows(component, expressions, tuple(groups), variables)


def _bodies(rows: Rows, variables: list[Any]) -> Iterable[Any]:
    """One linear expression per row."""
    values, places = rows.values.tolist(), [variables[j] for j in rows.columns.tolist()]
    for start, end in pairwise(rows.start.tolist()):
        yield LinearExpression(linear_coefs=values[start:end], linear_vars=places[start:end])
