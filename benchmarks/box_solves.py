"""One output of one net over its box, as tasks for `run_fresh`: by surrogate, and by OMLT itself.

All answers are those of minimising: to maximise y is to minimise -y.
"""

from __future__ import annotations

import warnings
from contextlib import suppress
from dataclasses import dataclass, replace

import pyomo.environ as pyo
from linked_solves import as_minimum, own_answer, tiny_net
from omlt_models import omlt_copies, run_highs
from timing import Answer, Clock, Solve

from surrogate.box import Box
from surrogate.embedding import BigMWarning
from surrogate.errors import SurrogateError
from surrogate.network import Network
from surrogate.onnx_files import load
from surrogate.problems import Sense, box_problem
from surrogate.solving import solve

SENSES: tuple[Sense, ...] = ("minimize", "maximize")
OMLT = "omlt"


@dataclass(frozen=True)
class BoxTask:
    """One solve: `encoding` is one of surrogate's, or `omlt` for OMLT's own pipeline."""

    encoding: str
    path: str
    box: tuple[tuple[float, float], ...]
    output: int
    sense: Sense
    seed: int
    rel_gap: float

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
        problem = box_problem(net, task.sense, output=task.output, encoding=task.encoding)
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


def _solve_omlt(task: BoxTask, net: Network, clock: Clock) -> Answer:
    model = omlt_copies(net, net.domain(), 1)
    model.objective = pyo.Objective(expr=task.sign * model.net[0].outputs[task.output])
    return run_highs(model, clock, task.seed, task.rel_gap)
