"""OMLT as its documentation has it: `OmltBlock`, its big-M formulation, Pyomo, HiGHS.

Nothing of surrogate's embedding or solving is used: this is the pipeline to compare with, and its
solver has its own default options.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

import pyomo.environ as pyo
from omlt import OmltBlock
from omlt.neuralnet import ReluBigMFormulation
from pyomo.contrib.solver.common.results import TerminationCondition
from pyomo.contrib.solver.solvers.highs import Highs
from timing import Answer, Clock

from surrogate.box import Box
from surrogate.encodings.omlt import network_definition
from surrogate.network import Network
from surrogate.problems import LinkedData

ENDINGS = {
    TerminationCondition.convergenceCriteriaSatisfied: "optimal",
    TerminationCondition.maxTimeLimit: "timeout",
}


def omlt_copies(net: Network, box: Box, copies: int) -> pyo.ConcreteModel:
    """A model with `copies` blocks `net[t]`, each with its `inputs` and `outputs`."""
    logging.getLogger("pyomo.core").setLevel(logging.ERROR)  # W1002: OMLT starts variables at 0
    model = pyo.ConcreteModel()
    model.net = OmltBlock(range(copies))
    for t in range(copies):
        model.net[t].build_formulation(ReluBigMFormulation(network_definition(net, box)))
    model.x = pyo.Reference(model.net[:].inputs[:])
    return model


def omlt_linked(net: Network, box: Box, data: LinkedData) -> pyo.ConcreteModel:
    """The linked problem."""
    copies = range(len(data.weights))
    model = omlt_copies(net, box, len(copies))
    x = [v for t in copies for v in model.net[t].inputs.values()]
    model.rows = pyo.Constraint(
        range(len(data.limits)), rule=lambda _, r: dot(data.rows[r], x) <= float(data.limits[r])
    )
    model.tie = pyo.Constraint(expr=dot(data.tie, x) == data.total)
    y = [model.net[t].outputs[0] for t in copies]
    model.objective = pyo.Objective(expr=dot(data.weights, y))
    return model


def run_highs(model: pyo.ConcreteModel, clock: Clock, seed: int, rel_gap: float) -> Answer:
    """Solve with Pyomo's interface to HiGHS, for what is left on the clock."""
    results = Highs().solve(
        model,
        load_solutions=False,
        raise_exception_on_nonoptimal_result=False,
        time_limit=clock.left(),
        threads=1,
        rel_gap=rel_gap,
        solver_options={"random_seed": seed},
    )
    condition, objective = results.termination_condition, results.incumbent_objective
    if objective is not None:
        results.solution_loader.load_vars()
    return Answer(
        ENDINGS.get(condition, condition.name),
        objective,
        results.objective_bound,
        () if objective is None else tuple(float(v.value) for v in model.x.values()),
    )


def load_omlt() -> tuple[Callable[..., Any], Callable[..., Answer]]:
    """`build` and `run`, as `peer_models` has them; the predictor is the `Network`."""
    return omlt_linked, run_highs


def dot(coefficients: Sequence[float], variables: Sequence[Any]) -> Any:
    """The linear expression."""
    return pyo.quicksum(float(c) * v for c, v in zip(coefficients, variables, strict=True))
