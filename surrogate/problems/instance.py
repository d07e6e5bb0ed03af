"""`Instance`: a problem around copies of one network in arrays, for any modelling language.

The columns and rows of everything but the networks, and which columns are the networks' inputs and
outputs. A solver that gets these numbers, and its own way of saying y = f(x), gets the same problem
as every other: benchmarks/peer_models.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import pyomo.environ as pyo

from surrogate.box import FloatArray
from surrogate.network import Network
from surrogate.programs import Builder, Program, Rows, Session
from surrogate.programs.program import IntArray

SLACK = 2e-6  # solvers honour rows to 1e-6 each


@dataclass(frozen=True, eq=False)
class Instance:
    """Everything but the constraints y_t = f(x_t), where f is one output of a network.

    builder    named groups of columns and rows
    cost       one per column
    maximize   the sense
    inputs     (T, d) the columns of x_1 .. x_T; their bounds lie within the network's box
    outputs    (T,) the columns of y_1 .. y_T
    output     which output of the network f is
    offset     of the objective
    """

    builder: Builder
    cost: FloatArray
    maximize: bool
    inputs: IntArray
    outputs: IntArray
    output: int = 0
    offset: float = 0.0

    @cached_property
    def program(self) -> Program:
        """Columns, rows and objective in arrays."""
        program = self.builder.program(self.cost, maximize=self.maximize)
        return replace(program, offset=self.offset)

    @property
    def sign(self) -> float:
        """1, or -1 where the objective is maximised: sign * objective is to be minimised."""
        return -1.0 if self.maximize else 1.0

    def write(self, model: pyo.ConcreteModel, given: Mapping[int, Any]) -> list[Any]:
        """Add the groups to a Pyomo model, each under its name, and the objective.

        given   variables that stand for columns already: all of a group, or none

        Returns the variables of all columns.
        """
        variables = dict(given)
        for group in self.builder.columns:
            if int(group.index[0]) in given:
                continue
            bounds = zip(group.lower.tolist(), group.upper.tolist(), strict=True)
            found = pyo.Var(
                range(len(group.index)),
                domain=pyo.Integers if group.integer else pyo.Reals,
                bounds=dict(enumerate(map(_finite, bounds))),
            )
            model.add_component(group.name, found)
            variables |= zip(group.index.tolist(), found.values(), strict=True)
        for rows in self.builder.rows:
            model.add_component(rows.name, _constraint(rows, variables))
        objective = _dot(range(len(self.cost)), self.cost, variables) + self.offset
        sense = pyo.maximize if self.maximize else pyo.minimize
        model.objective = pyo.Objective(expr=objective, sense=sense)
        return [variables[j] for j in range(self.builder.n_columns)]

    def value(self, net: Network, x: FloatArray) -> float:
        """The best sign * objective of the inputs `x`, (T, d) in one row.

        The outputs are the network's float64 forward pass; the columns that belong to no network
        are optimised by HiGHS, with rows loosened by `SLACK`. NaN when there is no solution.
        """
        points = x.reshape(self.inputs.shape)
        lower, upper = self.program.lower.copy(), self.program.upper.copy()
        lower[self.inputs] = upper[self.inputs] = points
        lower[self.outputs] = upper[self.outputs] = net(points)[:, self.output]
        held = replace(
            self.program,
            lower=lower,
            upper=upper,
            row_lower=self.program.row_lower - SLACK,
            row_upper=self.program.row_upper + SLACK,
        )
        found = Session(held, options={"mip_rel_gap": 1e-9}).solve(np.inf)
        return np.nan if found.objective is None else self.sign * found.objective


def _constraint(rows: Rows, variables: Mapping[int, Any]) -> pyo.Constraint:
    """A group of rows as one indexed constraint."""
    ends = [
        (_dot(rows.columns[start:end], rows.values[start:end], variables), *sides)
        for (start, end), *sides in zip(
            pairwise(rows.start.tolist()), rows.lower.tolist(), rows.upper.tolist(), strict=True
        )
    ]

    def rule(_: Any, i: int) -> Any:
        body, lower, upper = ends[i]
        low, up = _finite((lower, upper))
        return (low, body, up)

    return pyo.Constraint(range(len(ends)), rule=rule)


def _dot(places: Any, values: FloatArray, variables: Mapping[int, Any]) -> Any:
    """The linear expression of the coefficients that are not 0."""
    pairs = zip(places, values, strict=True)
    return pyo.quicksum(float(a) * variables[int(j)] for j, a in pairs if a != 0.0)


def _finite(bounds: tuple[float, float]) -> tuple[float | None, float | None]:
    """As Pyomo has them: None for an infinite one."""
    lower, upper = (None if np.isinf(bound) else bound for bound in bounds)
    return lower, upper
