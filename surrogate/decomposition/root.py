"""The root: the whole problem, its bound with nothing but hulls, and the cuts that prove it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from surrogate.cells import Cover
from surrogate.decomposition.master import Mixture, Points, solve_master
from surrogate.decomposition.node import Cut, Goal, Node, Pool, improve_bound, price_step
from surrogate.decomposition.parts import Parts

SAMPLES = 400
FEWEST = 50
STALLS = 2  # times in a row that column generation may gain nothing
NEW = 1e-3  # weight of points drawn at random, up to which a mixture is made of known ones
FREELY = 100.0  # times the first step of prices: as good as no limit


@dataclass(frozen=True, eq=False)
class Root:
    """What column generation found, as if minimising.

    bound    no solution costs less
    inner    the best mixture that satisfies every row: the bound cannot rise above it; infinite
             where there is none
    cuts     v.f(x) - g.x >= least, for every x in the copy's box
    rounds   of pricing
    """

    bound: float
    inner: float
    cuts: tuple[Cut, ...]
    rounds: int


def root_node(parts: Parts) -> Node:
    """The whole of it, without prices."""
    covers = tuple(Cover.start(copy.tree, copy.lower, copy.upper) for copy in parts.copies)
    prices = np.zeros(len(parts.row_lower))
    return Node(-np.inf, covers, parts.rest.lower, parts.rest.upper, prices)


def priced_root(
    parts: Parts, pool: Pool, scale: float, rng: np.random.Generator
) -> tuple[Node, bool]:
    """The whole of it, with the prices of the best mixture of points; and whether these are sure.

    The points are drawn at random, half of them corners of the box: there hulls often have theirs.
    Those that earlier models found are added. Where nothing else is in the mixture, there is
    little that its prices do not know.
    """
    node, points, drawn = root_node(parts), [], list[int]()
    for t, copy in enumerate(parts.copies):
        known = copy.tree.points
        known = known[((known >= copy.lower) & (known <= copy.upper)).all(axis=1)]
        pool.add(t, known)
        shape = (max(SAMPLES - len(known) // 2, FEWEST), copy.net.n_inputs)
        inside = rng.uniform(copy.lower, copy.upper, shape)
        corners = np.where(rng.random(shape) < 0.5, copy.lower, copy.upper)
        x = np.concatenate([inside, corners, known])
        points.append(Points(x, copy.net(x)))
        drawn.append(2 * shape[0])
    free = FREELY * price_step(parts, node, scale)
    found = solve_master(parts, points, node.lower, node.upper, node.prices, free)
    if found is None or not found.balanced:
        return node, False
    new = 0.0
    for t, (one, weights) in enumerate(zip(points, found.weights, strict=True)):
        pool.add(t, one.x[weights > 0.0])
        new += float(weights[: drawn[t]].sum())
    return replace(node, prices=found.prices), new <= NEW


def objective_scale(parts: Parts) -> float:
    """A size of the objective: how much the copies' costs vary over points of their boxes.

    And the others' between their bounds: the cost may be all in one variable that a row defines.
    """
    rng, rest = np.random.default_rng(0), parts.rest
    width = np.abs(rest.cost) * np.where(rest.cost != 0.0, rest.upper - rest.lower, 0.0)
    total = float(width[np.isfinite(width)].sum())
    for t, copy in enumerate(parts.copies):
        x = rng.uniform(copy.lower, copy.upper, (200, copy.net.n_inputs))
        total += float(np.ptp(parts.points_cost(t, x, copy.net(x))))
    return total + 1e-6


def strengthen_root(parts: Parts, deadline: float, rel_gap: float, rounds: int, seed: int) -> Root:
    """Column generation until bound and mixture meet within the gap, or time or rounds are up."""
    rng, scale = np.random.default_rng(seed), objective_scale(parts)
    pool = Pool(parts, rng)
    (node, sure), inner, done = priced_root(parts, pool, scale, rng), np.inf, 0
    cuts, stalls = list[Cut](), 0
    while done < rounds:
        size = abs(node.bound) if np.isfinite(node.bound) else scale
        goal = Goal(np.inf, rel_gap * size, scale, deadline)
        found = improve_bound(parts, node, pool, goal, rounds - done, sure and not done)
        new = len(found.cuts) // len(parts.copies)
        cuts += found.cuts
        done += new
        if found.mixture is not None and found.mixture.balanced:
            inner = min(inner, found.mixture.value)
            _remember(parts, found.mixture)
        stalls = 0 if found.node.bound > node.bound else stalls + 1
        node = found.node
        if not new or inner - node.bound <= goal.tolerance or stalls == STALLS:
            break
    return Root(node.bound, inner, tuple(cuts), done)


def _remember(parts: Parts, mixture: Mixture) -> None:
    """Keep the points that the mixture uses with their networks."""
    for copy, points, weights in zip(parts.copies, mixture.points, mixture.weights, strict=True):
        copy.tree.remember(points.x[weights > 0.0])
