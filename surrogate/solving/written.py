"""Rows that make their Pyomo expression only when somebody asks for it.

A term of a Pyomo expression is two Python objects, and the garbage collector looks at each of them
again and again while a model grows: for a network's thousands of weights that is most of the time
of building (`benchmarks/building.py`). `solve` reads arrays, not expressions. Whoever does ask,
such as `pprint` or a writer of model files, gets the expression that he expects.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import pyomo.environ as pyo
from pyomo.core.base.constraint import ConstraintData
from pyomo.core.expr.numeric_expr import LinearExpression
from pyomo.core.expr.relational_expr import tuple_to_relational_expr


class Row(NamedTuple):
    """lower <= sum of values times the variables at `places` <= upper; None for an open side."""

    places: list[int]
    values: list[float]
    lower: float | None
    upper: float | None


class WrittenRow(ConstraintData):  # type: ignore[misc]  # Pyomo ships no annotations
    """One constraint of an indexed `pyo.Constraint`, over variables that a list holds.

    Pyomo's own `TemplateConstraintData` makes its expression late in the same way.
    """

    __slots__ = ("_row", "_variables")

    def __init__(self, component: Any, row: Row, variables: Sequence[Any]) -> None:
        super().__init__(component=component)
        self._row: Row | None = row
        self._variables: Sequence[Any] | None = variables

    @property
    def untouched(self) -> bool:
        """Whether the constraint still says what was written."""
        return self._row is not None

    @property
    def expr(self) -> Any:
        """The relational expression, made at the first call."""
        if self._expr is None and self._row is not None and self._variables is not None:
            places, values, lower, upper = self._row
            found = [self._variables[j] for j in places]
            body = LinearExpression(linear_coefs=values, linear_vars=found)
            sides = (lower, body) if lower == upper else (lower, body, upper)
            super().set_value(tuple_to_relational_expr(sides))
        return self._expr

    def set_value(self, expr: Any) -> None:
        """Replace the expression; what was written no longer counts."""
        self._row = self._variables = None
        super().set_value(expr)

    def to_bounded_expression(self, evaluate_bounds: bool = False) -> Any:
        """The lower side, the body and the upper side: see Pyomo's `ConstraintData`."""
        assert self.expr is not None  # now it is made
        return super().to_bounded_expression(evaluate_bounds)


def write_rows(block: Any, name: str, rows: Sequence[Row], variables: Sequence[Any]) -> Any:
    """Add an indexed constraint `name` to the block, a member for each row; returns it."""
    component = pyo.Constraint(pyo.NonNegativeIntegers)  # a set of its own would cost ten rows
    block.add_component(name, component)
    for i, row in enumerate(rows):
        member = component._data[i] = WrittenRow(component, row, variables)
        member._index = i
    return component
