"""One output of one net over its box, as tasks for `run_fresh`: by surrogate, and by OMLT itself.

All answers are those of minimising: to maximise y is to minimise -y.
"""

from __future__ import annotations

import warnings
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
import pyomo.environ as pyo
from linked_solves import as_minimum, own_answer, tiny_net
from omlt_models import omlt_copies, run_highs
from timing import Answer, Clock, Solve

from surrogate.bounds import Bounds, compute_bounds
from surrogate.box import Box
from surrogate.constraints import LinearConstraints
from surrogate.conventions import Sense
from surrogate.embedding import BigMWarning
from surrogate.encodings import ENCODINGS
from surrogate.encodings.auto import LP_SECONDS
from surrogate.errors import SurrogateError
from surrogate.network import Network
from surrogate.onnx_files import load
from surrogate.problems import box_problem
from surrogate.solving import solve

SENSES: tuple[Sense, ...] = ("minimize", "maximize")
OMLT = "omlt"


@dataclass(frozen=True)
class BoxTask:
    """One solve: `encoding` is one of surrogate's, or `omlt` for OMLT's own pipeline.

    The inputs obey matrix x <= rhs, beside their box; both are empty when there are no such rows.
    """

    encoding: str
    path: str
    box: tuple[tuple[float, float], ...]
    output: int
    sense: Sense
    seed: int
    rel_gap: float
    matrix: tuple[tuple[float, ...], ...] = ()
    rhs: tuple[float, ...] = ()

    @property
    def sign(self) -> int:
        """1 to minimise the output, -1 to minimise its negative."""
        return 1 if self.sense == "minimize" else -1


def prepare(task: BoxTask) -> Solve:
    """Load the net, warm up, and return the solve to be timed."""
    warnings.simplefilter("ignore", BigMWarning)  # the answers are compared with the network
    net = replace(load(task.path), box=Box.of(task.box))
    tiny = tiny_net(net)
    if task.encoding == OMLT:
        omlt_copies(tiny, tiny.domain(), 1)
        return lambda clock: _solve_omlt(task, net, clock)
    with suppress(SurrogateError):  # an encoding may refuse so many inputs: seen again below
        box_problem(tiny, "minimize", encoding=task.encoding)
    return lambda clock: _solve_own(task, net, clock)


def _solve_own(task: BoxTask, net: Network, clock: Clock) -> Answer:
    try:
        problem = box_problem(
            net,
            task.sense,
            output=task.output,
            encoding=task.encoding,
            bounds=_bounds(task, net) if task.rhs else None,
        )
    except SurrogateError as error:
        return Answer("refused", note=str(error))
    solution = solve(
        problem.model,
        time_limit=clock.left(),
        seed=task.seed,
        rel_gap=task.rel_gap,
        strengthen="auto" if task.encoding == "auto" else "off",
    )
    found = own_answer(solution, problem.model.x.values(), problem.embedding.encoding)
    return as_minimum(found, problem.model)


def _bounds(task: BoxTask, net: Network) -> Bounds:
    """Bounds that rest on the rows, by the method that suits the encoding; `lp` for `auto`."""
    method = "lp" if task.encoding == "auto" else ENCODINGS[task.encoding].method
    rows = LinearConstraints(np.array(task.matrix), np.array(task.rhs))
    return compute_bounds(net, method=method, constraints=rows, time_limit=LP_SECONDS)


def _solve_omlt(task: BoxTask, net: Network, clock: Clock) -> Answer:
    model = omlt_copies(net, net.domain(), 1)
    inputs = list(model.net[0].inputs.values())
    model.rows = pyo.Constraint(
        range(len(task.rhs)),
        rule=lambda _, r: (
            pyo.sum_product(task.matrix[r], inputs, index=range(len(inputs))) <= task.rhs[r]
        ),
    )
    model.objective = pyo.Objective(expr=task.sign * model.net[0].outputs[task.output])
    return run_highs(model, clock, task.seed, task.rel_gap)
