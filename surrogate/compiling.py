"""What can be learned of a network ahead of any model: `compile_network`, and `load` to recall it.

The hull of a network's graph is known by its supports: min over the box of v.f(x) - g.x, for every
direction (v, g). Pricing in many of them cuts the box where this and every later search needs it
(`surrogate.cells`); the cells are kept beside the network's file.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from surrogate import onnx_files
from surrogate.arguments import check_whole
from surrogate.box import Box, FloatArray
from surrogate.cells import CellTree, Cover, Following, Points, known_tree, price, recall
from surrogate.errors import InputError, SolverError
from surrogate.isolation import Failed, Finished, Report, run_isolated
from surrogate.network import Network
from surrogate.programs.program import IntArray

GAP = 1e-3
"""Of the range of v.f - g.x over the box: a support that is known to within this is known."""

TESTING = 0.3
"""Of the time limit, at most, for the supports in the directions that are tested."""

TESTED = 100
"""Directions in which it is measured how much is known; they are not those that are priced."""


@dataclass(frozen=True)
class Compiled:
    """What is known of the hull, before and after.

    known_before, known    the share of `TESTED` random directions in which the best of the points
                           that are remembered is proved to be within `GAP` of the support
    gap_before, gap        the median over these directions of how far it is, in ranges
    directions             priced
    cells                  of the box, now
    """

    known_before: float
    known: float
    gap_before: float
    gap: float
    directions: int
    cells: int
    seconds: float


def load(path: str | os.PathLike[str]) -> Network:
    """The network in an ONNX file: see `surrogate.onnx_files.load`.

    What `compile_network` kept beside the file is recalled, and serves every model of the process;
    a file of another network, or a damaged one, is left alone with a `CellFileWarning`.
    """
    net = onnx_files.load(path)
    recall(net, path)
    return net


@dataclass(frozen=True, eq=False)
class _Task:
    """Price directions, drawn from a seed, on a tree with these cuts: what a process does.

    most      directions, None for as many as there is time for
    seconds   how long
    """

    net: Network
    box: Box
    cuts: tuple[IntArray, IntArray]
    seed: tuple[int, int]
    most: int | None
    seconds: float

    def __str__(self) -> str:
        """The task in a message."""
        return f"learn the hull, part {self.seed[1]}"


@dataclass(frozen=True, eq=False)
class _Learned:
    """Where a tree was cut, and where v.f - g.x was least, the latest last."""

    cuts: tuple[IntArray, IntArray]
    points: FloatArray
    directions: int


def compile_network(
    net: Network,
    box: Box | None = None,
    *,
    time_limit: float = 30.0,
    directions: int | None = None,
    seed: int = 0,
    workers: int = 1,
) -> Compiled:
    """Learn the hull of the network's graph on its box, or on `box`.

    time_limit   seconds
    directions   of pricing, in all; None for as many as there is time for. With a number, and time
                 enough, the same seed and workers learn the same
    workers      processes, each with directions of its own; their cells are put together

    Directions v are uniform on the sphere of the outputs, each scaled by its range; g is the mean
    slope of v.f between two random points, up to twice over or not at all: what models trade at.

    Raises `InputError` when a number is out of its range, `BoxError` without a box.
    """
    if not (math.isfinite(time_limit) and time_limit > 0.0):
        raise InputError(f"time_limit is {time_limit}; give a positive number of seconds")
    check_whole("workers", workers, 1)
    if directions is not None:
        check_whole("directions", directions, 1)
        if directions < workers:
            raise InputError(
                f"directions is {directions} and workers {workers}; give as many directions as "
                "workers at least, or fewer workers"
            )
    start = time.perf_counter()
    tree = known_tree(net, net.domain(box))
    tests = _directions(net, tree.box, TESTED, np.random.default_rng([seed, 1]))
    before, cuts = tree.points, tree.cuts
    tasks = [
        _Task(tree.net, tree.box, cuts, (seed, k), _share(directions, k, workers), time_limit)
        for k in range(workers)
    ]
    done = _learn_in_processes(tree, tasks) if workers > 1 else _learn(tree, tasks[0])
    gap_before, gap = _gaps(tree, tests, (before, tree.points), TESTING * time_limit)
    return Compiled(
        known_before=float((gap_before <= GAP).mean()),
        known=float((gap <= GAP).mean()),
        gap_before=float(np.median(gap_before)),
        gap=float(np.median(gap)),
        directions=done,
        cells=len(tree),
        seconds=time.perf_counter() - start,
    )


def _share(directions: int | None, k: int, workers: int) -> int | None:
    """How many of the directions are worker k's."""
    return None if directions is None else (directions + workers - 1 - k) // workers


def _learn(tree: CellTree, task: _Task) -> int:
    """Price until the task's directions or its time are used up; how many directions that were."""
    cover = Cover.of(tree, tree.box.lower, tree.box.upper)
    touched, deadline = [tree.box.lower[None][:0]], time.perf_counter() + task.seconds
    most = math.inf if task.most is None else task.most
    rng = np.random.default_rng([task.seed[0], 2, task.seed[1]])
    while len(touched) <= most and time.perf_counter() < deadline and not tree.full:
        for v, g, reach in _directions(tree.net, tree.box, 10, rng):
            priced = price(tree, cover, v, g, GAP * reach, deadline=deadline)
            cover = priced.cover
            touched.append(priced.best[None])
            if len(touched) > most or time.perf_counter() > deadline:
                break
    tree.remember(np.concatenate(touched))
    return len(touched) - 1


def _learn_in_processes(tree: CellTree, tasks: Sequence[_Task]) -> int:
    """The same for all tasks at once. What they learn is put into the tree in their order."""
    learned = dict[_Task, _Learned]()
    for event in run_isolated(_learn_alone, tasks, len(tasks)):
        match event:
            case Finished(task=task, result=result):
                learned[task] = result
            case Failed(task=task, reason=reason):
                raise SolverError(f"{task} failed: {reason}")
    for task in tasks:
        Following(tree).follow(learned[task].cuts)
        tree.remember(learned[task].points)
    return sum(one.directions for one in learned.values())


def _learn_alone(task: _Task, report: Report) -> _Learned:  # noqa: ARG001 - nothing to report
    tree = CellTree(task.net, task.box)
    Following(tree).follow(task.cuts)
    done = _learn(tree, task)
    return _Learned(tree.cuts, tree.points.x, done)


def _directions(
    net: Network, box: Box, n: int, rng: np.random.Generator
) -> list[tuple[FloatArray, FloatArray, float]]:
    """v, g, and the range of v.f - g.x over samples."""
    x = box.sample(500, rng)
    y, width = net(x), np.where(box.upper > box.lower, box.upper - box.lower, 1.0)
    spread = np.where(np.ptp(y, axis=0) > 0.0, np.ptp(y, axis=0), 1.0)
    found = []
    for _ in range(n):
        v = rng.standard_normal(net.n_outputs)
        v = v / np.linalg.norm(v) / spread
        rise = np.ptp(y @ v) * rng.uniform(0.0, 2.0) * rng.choice([0.0, 1.0], p=[0.2, 0.8])
        slope = rng.standard_normal(net.n_inputs)
        g = rise * slope / np.linalg.norm(slope) / width
        found.append((v, g, float(np.ptp(y @ v - x @ g)) + 1e-300))
    return found


def _gaps(
    tree: CellTree,
    directions: list[tuple[FloatArray, FloatArray, float]],
    points: Sequence[Points],
    seconds: float,
) -> list[FloatArray]:
    """How far the best of some points is from each support, relative to the range.

    That of the box's centre where there are none. A support that takes longer is below what it is.
    """
    cover, deadline = Cover.of(tree, tree.box.lower, tree.box.upper), time.perf_counter() + seconds
    centre = Points.of(tree.net, (tree.box.lower + tree.box.upper)[None] / 2.0)
    tried, found = [centre.joined(some) for some in points], []
    for v, g, reach in directions:
        least = price(tree, cover, v, g, GAP / 10.0 * reach, deadline=deadline).least
        best = [float(some.costs(v, g).min()) for some in tried]
        found.append([(value - least) / reach for value in best])
    return list(np.array(found).T)
