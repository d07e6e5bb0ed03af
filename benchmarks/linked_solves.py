"""Problems around copies of one net as tasks for `run_fresh`: by surrogate, and by the peers.

A solver is named `surrogate:ENCODING`, or is a key of `peer_models.PEERS`. `surrogate:auto` is what
surrogate does by itself; with an encoding that is named, HiGHS solves it without branch and price.
All get the same numbers in float64, the net's box as bounds of the inputs, one thread, the same
relative gap and the same seed. Importing, loading and converting the net, and building a tiny model
(which triggers what a package imports on first use) are outside the clock. Bounds, enumeration,
building, translating and solving are inside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np
from peer_models import PEERS
from pyomo.environ import minimize
from timing import Answer, Clock, Solve

from surrogate.errors import SurrogateError
from surrogate.network import Network
from surrogate.onnx_files import load
from surrogate.problems import (
    Instance,
    linked_data,
    linked_instance,
    linked_problem,
    production_data,
    production_instance,
    production_problem,
)
from surrogate.solving import Solution, Status, solve

OWN = "surrogate:"


PROBLEMS: Mapping[str, Callable[..., Any]] = {
    "linked": linked_problem,
    "chain": partial(linked_problem, chained=True),
    "production": production_problem,
}


@dataclass(frozen=True)
class LinkedTask:
    """One solve: the solver, the instance (file, copies, data seed) and the solver's settings.

    problem   a key of `PROBLEMS`; the periods of a production problem are its copies
    """

    solver: str
    path: str
    copies: int
    data_seed: int
    solver_seed: int
    rel_gap: float
    problem: str = "linked"


def instance_of(problem: str, net: Network, copies: int, seed: int) -> Instance:
    """The instance in arrays."""
    if problem in ("linked", "chain"):
        data = linked_data(net.domain(), copies, seed, chained=problem == "chain")
        return linked_instance(net.domain(), data)
    return production_instance(production_data(net, copies, seed))


def prepare(task: LinkedTask) -> Solve:
    """Import and warm up what the solver needs; return the solve to be timed."""
    net = load(task.path)
    tiny = tiny_net(net)
    if task.solver.startswith(OWN):
        with suppress(SurrogateError):  # an encoding may refuse so many inputs: seen again below
            PROBLEMS[task.problem](tiny, 1, encoding=task.solver.removeprefix(OWN))
        return lambda clock: _solve_own(task, net, clock)
    peer = PEERS[task.solver]
    build, run = peer.load()
    build(peer.convert(tiny), instance_of(task.problem, tiny, 1, 0))
    instance = instance_of(task.problem, net, task.copies, task.data_seed)
    predictor = peer.convert(net)
    return lambda clock: run(build(predictor, instance), clock, task.solver_seed, task.rel_gap)


def tiny_net(net: Network) -> Network:
    """A net of one neuron with the inputs of `net`: whatever is cached for it serves nobody."""
    ones = np.ones((net.n_inputs, 1)), np.ones((1, 1))
    return Network(ones, (np.zeros(1), np.zeros(1)), net.domain())


def _solve_own(task: LinkedTask, net: Network, clock: Clock) -> Answer:
    encoding = task.solver.removeprefix(OWN)
    try:
        problem = PROBLEMS[task.problem](net, task.copies, task.data_seed, encoding)
    except SurrogateError as error:
        return Answer("refused", note=str(error))
    built = perf_counter() - clock.start
    solution = solve(
        problem.model,
        time_limit=clock.left(),
        seed=task.solver_seed,
        rel_gap=task.rel_gap,
        strengthen="auto" if encoding == "auto" else "off",
    )
    chosen = sorted({embedding.encoding for embedding in problem.embeddings})
    how = f"{', '.join(chosen)} by {solution.method}"
    found = own_answer(solution, problem.model.x.values(), how)
    first = None if solution.first_solution is None else built + solution.first_solution
    return as_minimum(replace(found, first=first), problem.model)


def as_minimum(answer: Answer, model: Any) -> Answer:
    """The answer of minimising the negative, where the model's objective is maximised."""
    if model.objective.sense == minimize:
        return answer
    objective, bound = (None if v is None else -v for v in (answer.objective, answer.bound))
    return replace(answer, objective=objective, bound=bound)


def own_answer(solution: Solution, inputs: Iterable[Any], note: str = "") -> Answer:
    """A `Solution`, and the values of the inputs, as an `Answer`."""
    limits = (Status.TIME_LIMIT, Status.TIME_LIMIT_NO_SOLUTION)
    status = "timeout" if solution.status in limits else str(solution.status)
    x = tuple(float(v.value) for v in inputs) if solution.has_solution else ()
    return Answer(status, solution.objective, solution.bound, x, note)
