"""From arrays to Pyomo: a `Builder`'s groups become indexed variables and constraints of a block.

Names are the groups' names and indices count from 0, so that a model written twice is the same
file. There is no Python work per coefficient: a row is one `LinearExpression` over two lists.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import pyomo.environ as pyo
from pyomo.core.expr.numeric_expr import LinearExpression

from surrogate.programs import Builder, Columns, Rows


def write(builder: Builder, block: Any, given: Mapping[str, Any]) -> list[Any]:
    """Add the builder's groups to `block`; returns the variables of all columns.

    given   Pyomo variables that already stand for a group of columns; they get its bounds
    """
    variables: list[Any] = []
    for columns in builder.columns:
        if not len(columns.index):
            continue
        if columns.name in given:
            component = given[columns.name]
            for variable, low, up in zip(
                component.values(), columns.lower.tolist(), columns.upper.tolist(), strict=True
            ):
                variable.setlb(low)
                variable.setub(up)
        else:
            component = _variable(columns)
            block.add_component(columns.name, component)
        variables += component.values()
    for rows in builder.rows:
        _add_constraints(block, rows, variables)
    return variables


def _variable(columns: Columns) -> Any:
    lower = [None if np.isinf(value) else value for value in columns.lower.tolist()]
    upper = [None if np.isinf(value) else value for value in columns.upper.tolist()]
    return pyo.Var(
        range(len(lower)),
        domain=pyo.Binary if columns.integer else pyo.Reals,
        bounds=lambda _, i: (lower[i], upper[i]),
    )


def _add_constraints(block: Any, rows: Rows, variables: list[Any]) -> None:
    if not rows.matrix.shape[0]:
        return
    constraint = pyo.Constraint(range(rows.matrix.shape[0]))
    block.add_component(rows.name, constraint)
    lower, upper = rows.lower.tolist(), rows.upper.tolist()
    data, starts = rows.matrix.data.tolist(), rows.matrix.indptr.tolist()
    places = rows.columns[rows.matrix.indices].tolist()
    for i, (start, end) in enumerate(pairwise(starts)):
        row = [variables[j] for j in places[start:end]]
        expression = LinearExpression(linear_coefs=data[start:end], linear_vars=row)
        if lower[i] == upper[i]:
            constraint[i] = (lower[i], expression)
        else:
            constraint[i] = (
                None if np.isinf(lower[i]) else lower[i],
                expression,
                None if np.isinf(upper[i]) else upper[i],
            )
