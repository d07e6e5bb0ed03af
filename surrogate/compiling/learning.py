"""Learning the hull of a network's graph: random models are solved, on one core or on several."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from surrogate.box import Box, FloatArray
from surrogate.cells import CellTree, Cuts, Following
from surrogate.compiling.random_models import random_model
from surrogate.decomposition import strengthen_root
from surrogate.errors import SolverError
from surrogate.isolation import Failed, Finished, Report, run_isolated
from surrogate.network import Network

REL_GAP = 1e-3
"""To which a model is solved. With 1e-4 they take longer, so fewer are."""

ROUNDS = 50  # of pricing, that a model may take: few take more than ten


@dataclass(frozen=True, eq=False)
class Task:
    """Solve random models, drawn from a seed, on a tree with these cuts: what a process does.

    most      models, None for as many as there is time for
    seconds   how long
    """

    net: Network
    box: Box
    cuts: Cuts
    seed: tuple[int, int]
    most: int | None
    seconds: float

    def __str__(self) -> str:
        """The task in a message."""
        return f"learn the hull, part {self.seed[1]}"


@dataclass(frozen=True)
class Done:
    """How many models were solved, and how many directions priced for them."""

    models: int
    directions: int


@dataclass(frozen=True, eq=False)
class _Learned:
    """Where a tree was cut, and the points of the hull that were found, the latest last."""

    cuts: Cuts
    points: FloatArray
    done: Done


def learn(tree: CellTree, task: Task) -> Done:
    """Solve random models until the task has no more, or its time is used up."""
    models, directions, deadline = 0, 0, time.perf_counter() + task.seconds
    most = math.inf if task.most is None else task.most
    rng = np.random.default_rng([task.seed[0], 2, task.seed[1]])
    while models < most and time.perf_counter() < deadline and not tree.full:
        parts, seed = random_model(tree, rng), int(rng.integers(2**31))
        rounds = strengthen_root(parts, deadline, REL_GAP, ROUNDS, seed).rounds
        directions += rounds * len(parts.copies)
        models += 1
    return Done(models, directions)


def learn_in_processes(tree: CellTree, tasks: Sequence[Task]) -> Done:
    """The same for all tasks at once. What they learn is put into the tree in their order."""
    learned = dict[Task, _Learned]()
    for event in run_isolated(_learn_alone, tasks, len(tasks)):
        match event:
            case Finished(task=task, result=result):
                learned[task] = result
            case Failed(task=task, reason=reason):
                raise SolverError(f"{task} failed: {reason}")
    for task in tasks:
        Following(tree).follow(learned[task].cuts)
        tree.remember(learned[task].points)
    done = [one.done for one in learned.values()]
    return Done(sum(one.models for one in done), sum(one.directions for one in done))


def _learn_alone(task: Task, report: Report) -> _Learned:  # noqa: ARG001 - nothing to report
    tree = CellTree(task.net, task.box)
    Following(tree).follow(task.cuts)
    done = learn(tree, task)
    return _Learned(tree.cuts, tree.points.x, done)
