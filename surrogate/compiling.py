"""What can be learned of a network ahead of any model: `compile_network`, and `load` to recall it.

The hull of a network's graph is known by its supports: min over the box of v.f(x) - g.x, for every
direction (v, g). Pricing in many of them cuts the box where this and every later search needs it
(`surrogate.cells`); the cells are kept beside the network's file.
"""

from __future__ import annotations

import math
import os
import time
from dataclasses import dataclass

import numpy as np

from surrogate import onnx_files
from surrogate.box import Box, FloatArray
from surrogate.cells import CellTree, Cover, known_tree, price, recall
from surrogate.errors import InputError
from surrogate.network import Network

GAP = 1e-3
"""Of the range of v.f - g.x over the box: a support that is known to within this is known."""

TESTED = 100
"""Directions in which it is measured how much is known; they are not those that are priced."""


@dataclass(frozen=True)
class Compiled:
    """What is known of the hull, before and after.

    known_before, known    the share of `TESTED` random directions in which the support is known to
                           within `GAP` of its range
    gap_before, gap        the median over these directions of the relative gap
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


def compile_network(
    net: Network, box: Box | None = None, *, time_limit: float = 30.0, seed: int = 0
) -> Compiled:
    """Learn the hull of the network's graph on its box, or on `box`, for `time_limit` seconds.

    Directions v are uniform on the sphere of the outputs, each scaled by its range; g is the mean
    slope of v.f between two random points, up to twice over or not at all: what models trade at.

    Raises `InputError` when the time limit is no positive number, `BoxError` without a box.
    """
    if not (math.isfinite(time_limit) and time_limit > 0.0):
        raise InputError(f"time_limit is {time_limit}; give a positive number of seconds")
    start = time.perf_counter()
    tree = known_tree(net, net.domain(box))
    cover = Cover.of(tree, tree.box.lower, tree.box.upper)
    tests = _directions(net, tree.box, TESTED, np.random.default_rng([seed, 1]))
    before = _gaps(tree, tests)
    rng, done, deadline = np.random.default_rng([seed, 0]), 0, start + time_limit
    while time.perf_counter() < deadline and not tree.full:
        for v, g, reach in _directions(net, tree.box, 10, rng):
            cover = price(tree, cover, v, g, GAP * reach, deadline=deadline).cover
            done += 1
            if time.perf_counter() > deadline:
                break
    after = _gaps(tree, tests)
    return Compiled(
        known_before=float((before <= GAP).mean()),
        known=float((after <= GAP).mean()),
        gap_before=float(np.median(before)),
        gap=float(np.median(after)),
        directions=done,
        cells=len(tree),
        seconds=time.perf_counter() - start,
    )


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


def _gaps(tree: CellTree, directions: list[tuple[FloatArray, FloatArray, float]]) -> FloatArray:
    """How far each support is known, relative to the range: the cells stay as they are."""
    cover = Cover.of(tree, tree.box.lower, tree.box.upper)
    found = []
    for v, g, reach in directions:
        priced = price(tree, cover, v, g, math.inf)
        found.append((priced.value - priced.least) / reach)
    return np.array(found)
