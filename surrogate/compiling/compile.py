"""What can be learned of a network ahead of any model: `compile_network`, and `load` to recall it.

The hull of a network's graph is known by its supports: min over the box of v.f(x) - g.x, for every
direction (v, g). Random models ask for them as others do, and cut the box where this and every
later search needs it (`surrogate.cells`); the cells are kept beside the network's file.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from surrogate import onnx_files
from surrogate.arguments import check_time_limit, check_whole
from surrogate.box import Box, FloatArray
from surrogate.cells import CellTree, Cover, Points, known_tree, price, recall
from surrogate.compiling.learning import Task, learn, learn_in_processes
from surrogate.compiling.random_models import Direction, random_directions
from surrogate.errors import InputError
from surrogate.network import Network

GAP = 1e-3
"""Of the range of v.f - g.x over the box: a support that is known to within this is known."""

TESTING = 0.3
"""Of the time limit, at most, for the supports in the directions that are tested."""

TESTED = 100
"""Directions in which it is measured how much is known; drawn for that alone."""


@dataclass(frozen=True)
class Compiled:
    """What is known of the hull, before and after.

    known_before, known    the share of `TESTED` random directions in which the best of the points
                           that are remembered is proved to be within `GAP` of the support
    gap_before, gap        the median over these directions of how far it is, in ranges
    models                 solved, and
    directions             priced for them
    cells                  of the box, now
    """

    known_before: float
    known: float
    gap_before: float
    gap: float
    models: int
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


def compile_network(
    net: Network,
    box: Box | None = None,
    *,
    time_limit: float = 30.0,
    models: int | None = None,
    seed: int = 0,
    workers: int = 1,
) -> Compiled:
    """Learn the hull of the network's graph on its box, or on `box`.

    time_limit   seconds; measuring how much is known then takes up to `TESTING` of it besides
    models       random ones that are solved (see `surrogate.compiling.random_models`), in all; None
                 for as many as there is time for. With a number, and time enough, the same seed and
                 workers learn the same
    workers      processes, each with models of its own; their cells are put together

    Raises `InputError` when a number is out of its range, `BoxError` without a box.
    """
    check_time_limit(time_limit)
    if time_limit is None or math.isinf(time_limit):
        raise InputError(f"time_limit is {time_limit}; there is always more to learn, give seconds")
    check_whole("seed", seed, 0)
    check_whole("workers", workers, 1)
    if models is not None:
        check_whole("models", models, 1)
        if models < workers:
            raise InputError(
                f"models is {models} and workers {workers}; give as many models as workers at "
                "least, or fewer workers"
            )
    start = time.perf_counter()
    tree = known_tree(net, net.domain(box))
    tests = random_directions(net, tree.box, TESTED, np.random.default_rng([seed, 1]))
    before, cuts = tree.points, tree.cuts
    tasks = [
        Task(tree.net, tree.box, cuts, (seed, k), _share(models, k, workers), time_limit)
        for k in range(workers)
    ]
    done = learn_in_processes(tree, tasks) if workers > 1 else learn(tree, tasks[0])
    gap_before, gap = _gaps(tree, tests, (before, tree.points), TESTING * time_limit)
    return Compiled(
        known_before=float((gap_before <= GAP).mean()),
        known=float((gap <= GAP).mean()),
        gap_before=float(np.median(gap_before)),
        gap=float(np.median(gap)),
        models=done.models,
        directions=done.directions,
        cells=len(tree),
        seconds=time.perf_counter() - start,
    )


def _share(models: int | None, k: int, workers: int) -> int | None:
    """How many of the models are worker k's."""
    return None if models is None else (models + workers - 1 - k) // workers


def _gaps(
    tree: CellTree,
    directions: Sequence[Direction],
    points: Sequence[Points],
    seconds: float,
) -> list[FloatArray]:
    """How far the best of some points is from each support, relative to the range.

    That of the box's centre where there are none. A support that takes longer is below what it is.
    """
    cover = Cover.start(tree, tree.box.lower, tree.box.upper)
    deadline = time.perf_counter() + seconds
    centre = Points.of(tree.net, (tree.box.lower + tree.box.upper)[None] / 2.0)
    tried, found = [centre.joined(some) for some in points], []
    for v, g, reach in directions:
        least = price(tree, cover, v, g, GAP / 10.0 * reach, deadline=deadline).least
        best = [float(some.costs(v, g).min()) for some in tried]
        found.append([(value - least) / reach for value in best])
    return list(np.array(found).T)
