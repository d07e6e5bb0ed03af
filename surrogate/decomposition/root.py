"""The root: the whole problem, its bound with nothing but hulls, and the cuts that prove it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from surrogate.cells import Cover
from surrogate.decomposition.master import Mixture, Points, solve_master
from surrogate.decomposition.node import Bounded, Cut, Goal, Node, Pool, improve_bound, price_step
from surrogate.decomposition.parts import Parts
from surrogate.programs.program import BoolArray

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
    known: dict[tuple[int, bytes, bytes], Cover] = {}  # copies of one network on one box share it
    covers = []
    for copy in parts.copies:
        key = id(copy.tree), copy.lower.tobytes(), copy.upper.tobytes()
        if key not in known:
            known[key] = Cover.start(copy.tree, copy.lower, copy.upper)
        covers.append(known[key])
    prices = np.zeros(len(parts.row_lower))
    return Node(-np.inf, tuple(covers), parts.rest.lower, parts.rest.upper, prices)


def priced_root(
    parts: Parts, pool: Pool, scale: float, rng: np.random.Generator
) -> tuple[Node, Mixture | None]:
    """The whole of it, with the prices of the best mixture of points.

    The points are drawn at random, half of them corners of the box: there hulls often have theirs.
    Those that earlier models found are added. Where nothing else is in the mixture, there is
    little that its prices do not know: then it is returned too.
    """
    node, points, new = root_node(parts), list[Points](), list[BoolArray]()
    for t, copy in enumerate(parts.copies):
        known = copy.tree.points
        known = known[((known >= copy.lower) & (known <= copy.upper)).all(axis=1)]
        pool.add(t, known)
        shape = (max(SAMPLES - len(known) // 2, FEWEST), copy.net.n_inputs)
        inside = rng.uniform(copy.lower, copy.upper, shape)
        corners = np.where(rng.random(shape) < 0.5, copy.lower, copy.upper)
        x, first = np.unique(np.concatenate([known, inside, corners]), axis=0, return_index=True)
        points.append(Points(x, copy.net(x)))
        new.append(first >= len(known))
    free = FREELY * price_step(parts, node, scale)
    found = solve_master(parts, points, node.lower, node.upper, node.prices, free)
    if found is None or not found.balanced:
        return node, None
    for t, (one, weights) in enumerate(zip(points, found.weights, strict=True)):
        pool.add(t, one.x[weights > 0.0])
    drawn = sum(float(w[n].sum()) for w, n in zip(found.weights, new, strict=True))
    return replace(node, prices=found.prices), found if drawn <= NEW else None


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
    (node, mixture), inner, done = priced_root(parts, pool, scale, rng), np.inf, 0
    cuts, stalls = list[Cut](), 0
    while done < rounds:
        size = abs(node.bound) if np.isfinite(node.bound) else scale
        goal = Goal(np.inf, rel_gap * size, scale, deadline)
        found = improve_bound(parts, node, pool, goal, rounds - done, mixture)
        new = len(found.cuts) // len(parts.copies)
        cuts += found.cuts
        done += new
        if found.mixture is not None and found.mixture.balanced:
            inner = min(inner, found.mixture.value)
        _remember(parts, found)
        stalls = 0 if found.node.bound > node.bound else stalls + 1
        node, mixture = found.node, None
        if not new or inner - node.bound <= goal.tolerance or stalls == STALLS:
            break
    return Root(node.bound, inner, tuple(cuts), done)


def _remember(parts: Parts, found: Bounded) -> None:
    """Keep the points where cuts touch, and those that the mixture uses, with their networks."""
    for cut in found.cuts:
        parts.copies[cut.copy].tree.remember(cut.point[None])
    mixture = found.mixture
    if mixture is not None and mixture.balanced:
        for copy, points, weights in zip(
            parts.copies, mixture.points, mixture.weights, strict=True
        ):
            copy.tree.remember(points.x[weights > 0.0])
