"""The root: the whole problem, its bound with nothing but hulls, and the cuts that prove it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from surrogate.cells import Cover
from surrogate.decomposition.node import Cut, Goal, Node, Pool, improve_bound
from surrogate.decomposition.parts import Parts


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
    """The whole of it."""
    covers = tuple(Cover.of(copy.tree, copy.lower, copy.upper) for copy in parts.copies)
    rows = np.zeros(len(parts.row_lower))
    return Node(-np.inf, covers, parts.rest.lower, parts.rest.upper, rows)


def objective_scale(parts: Parts) -> float:
    """A size of the objective: how much the copies' costs vary over points of their boxes."""
    rng, total = np.random.default_rng(0), 0.0
    for t, copy in enumerate(parts.copies):
        x = rng.uniform(copy.lower, copy.upper, (200, copy.net.n_inputs))
        total += float(np.ptp(parts.points_cost(t, x, copy.net(x))))
    return total + 1e-6


def strengthen_root(parts: Parts, deadline: float, rel_gap: float, rounds: int, seed: int) -> Root:
    """Column generation until bound and mixture meet within the gap, or time or rounds are up."""
    pool, node = Pool(parts, np.random.default_rng(seed)), root_node(parts)
    scale, inner, done = objective_scale(parts), np.inf, 0
    cuts: list[Cut] = []
    while done < rounds:
        size = abs(node.bound) if np.isfinite(node.bound) else scale
        goal = Goal(np.inf, rel_gap * size, scale, deadline)
        found = improve_bound(parts, node, pool, goal, rounds - done)
        new = len(found.cuts) // len(parts.copies)
        cuts += found.cuts
        done += new
        if found.mixture is not None and found.mixture.balanced:
            inner = min(inner, found.mixture.value)
        gained, node = found.node.bound - node.bound, found.node
        if not new or inner - node.bound <= goal.tolerance or gained <= 0.0:
            break
    return Root(node.bound, inner, tuple(cuts), done)
