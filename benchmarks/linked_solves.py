"""The linked problem as tasks for `run_fresh`: by surrogate, and by the peers.

A solver is named `surrogate:ENCODING`, or is a key of `peer_models.PEERS`. All get the same numbers
in float64, the net's box as bounds of the inputs, one thread, the same relative gap and the same
seed. Importing, loading and converting the net, and building a tiny model (which triggers what a
package imports on first use) are outside the clock. Bounds, enumeration, building, translating and
solving are inside.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from peer_models import PEERS
from timing import Answer, Clock, Solve

from surrogate.errors import SurrogateError
from surrogate.network import Network
from surrogate.onnx_files import load
from surrogate.problems import linked_data, linked_problem
from surrogate.solving import Solution, Status, solve

OWN = "surrogate:"


@dataclass(frozen=True)
class LinkedTask:
    """One solve: the solver, the instance (file, copies, data seed) and the solver's settings."""

    solver: str
    path: str
    copies: int
    data_seed: int
    solver_seed: int
    rel_gap: float


def prepare(task: LinkedTask) -> Solve:
    """Import and warm up what the solver needs; return the solve to be timed."""
    net = load(task.path)
    tiny, box = tiny_net(net), net.domain()
    if task.solver.startswith(OWN):
        with suppress(SurrogateError):  # an encoding may refuse so many inputs: seen again below
            linked_problem(tiny, 1, encoding=task.solver.removeprefix(OWN))
        return lambda clock: _solve_own(task, net, clock)
    peer = PEERS[task.solver]
    build, run = peer.load()
    build(peer.convert(tiny), box, linked_data(box, 1))
    predictor, data = peer.convert(net), linked_data(box, task.copies, task.data_seed)
    return lambda clock: run(build(predictor, box, data), clock, task.solver_seed, task.rel_gap)


def tiny_net(net: Network) -> Network:
    """A net of one neuron with the inputs of `net`: whatever is cached for it serves nobody."""
    ones = np.ones((net.n_inputs, 1)), np.ones((1, 1))
    return Network(ones, (np.zeros(1), np.zeros(1)), net.domain())


def _solve_own(task: LinkedTask, net: Network, clock: Clock) -> Answer:
    encoding = task.solver.removeprefix(OWN)
    try:
        problem = linked_problem(net, task.copies, task.data_seed, encoding)
    except SurrogateError as error:
        return Answer("refused", note=str(error))
    solution = solve(
        problem.model, time_limit=clock.left(), seed=task.solver_seed, rel_gap=task.rel_gap
    )
    chosen = sorted({embedding.encoding for embedding in problem.embeddings})
    return own_answer(solution, problem.model.x.values(), " ".join(chosen))


def own_answer(solution: Solution, inputs: Iterable[Any], note: str = "") -> Answer:
    """A `Solution`, and the values of the inputs, as an `Answer`."""
    limits = (Status.TIME_LIMIT, Status.TIME_LIMIT_NO_SOLUTION)
    status = "timeout" if solution.status in limits else str(solution.status)
    x = tuple(float(v.value) for v in inputs) if solution.has_solution else ()
    return Answer(status, solution.objective, solution.bound, x, note)
