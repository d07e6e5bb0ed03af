"""OMLT as its documentation has it: `OmltBlock`, its big-M formulation, Pyomo, HiGHS.

Nothing of surrogate's embedding or solving is used: this is the pipeline to compare with, and its
solver has its own default options.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
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
from surrogate.problems import Instance

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


def omlt_instance(net: Network, instance: Instance) -> pyo.ConcreteModel:
    """The problem; where it is a maximisation, its negative."""
    copies = range(len(instance.outputs))
    first, program = instance.inputs[0], instance.program
    box = Box(program.lower[first], program.upper[first])
    model = omlt_copies(net, box, len(copies))
    x = [v for t in copies for v in model.net[t].inputs.values()]
    y = [model.net[t].outputs[instance.output] for t in copies]
    places = [*instance.inputs.ravel().tolist(), *instance.outputs.tolist()]
    least = replace(instance, cost=instance.sign * instance.cost, maximize=False)
    least = replace(least, offset=instance.sign * instance.offset)
    least.write(model, dict(zip(places, [*x, *y], strict=True)))
    return model


def run_highs(
    model: pyo.ConcreteModel,
    clock: Clock,
    seed: int,
    rel_gap: float,
    inputs: Iterable[Any] | None = None,
) -> Answer:
    """Solve with Pyomo's interface to HiGHS, for what is left on the clock.

    inputs   the variables whose values the answer has; all x of the model when None
    """
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
    inputs = model.x.values() if inputs is None else inputs
    if objective is not None:
        results.solution_loader.load_vars()
    return Answer(
        ENDINGS.get(condition, condition.name),
        objective,
        results.objective_bound,
        () if objective is None else tuple(float(v.value) for v in inputs),
    )


def load_omlt() -> tuple[Callable[..., Any], Callable[..., Answer]]:
    """`build` and `run`, as `peer_models` has them; the predictor is the `Network`."""
    return omlt_instance, run_highs
