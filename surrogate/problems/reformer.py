"""The reformer: as much hydrogen as a limit on nitrogen allows, learned from a table alone.

    max  y_H2   subject to   y = net(x),   y_N2 <= 0.34,   x in the box of the table

There is no truth, only the rows of `surrogate.datasets.reformer`, which lie near a surface. The
network's optimum over the box is far from all of them: so the validity domain is the data's hull
unless the caller says "box".
"""

from __future__ import annotations

from dataclasses import dataclass

import pyomo.environ as pyo

from surrogate.datasets import Dataset
from surrogate.datasets.reformer import reformer_table
from surrogate.problems.problem import Problem, Surrogate, check_shape

NITROGEN_LIMIT = 0.34


@dataclass(frozen=True, eq=False, kw_only=True)
class Reformer(Problem):
    """See the module; `table` is there."""

    table: Dataset

    def write(self, *surrogates: Surrogate) -> pyo.ConcreteModel:
        """Variables x by the names of the inputs, and the surrogate in the block `net`.

        Raises `InputError` when the network has not the table's inputs and outputs.
        """
        names, outputs = self.table.input_names, self.table.output_names
        check_shape(surrogates[0].network, "the reformer's table", len(names), len(outputs))
        model = pyo.ConcreteModel()
        pairs = self.table.box.pairs()
        model.x = pyo.Var(names, bounds=dict(zip(names, pairs, strict=True)))
        model.net = pyo.Block()
        y = dict(zip(outputs, surrogates[0](model.net, model.x), strict=True))
        model.nitrogen = pyo.Constraint(expr=y["N2"] <= NITROGEN_LIMIT)
        model.objective = pyo.Objective(expr=y["H2"], sense=pyo.maximize)
        return model


REFORMER = Reformer(
    name="reformer",
    title=f"the most hydrogen with at most {NITROGEN_LIMIT:.0%} nitrogen, from a table of rows",
    sense="maximize",
    table=reformer_table(),
    validity="hull",
)
