r"""Branch and price: the optimum of a program with networks, by splitting on their inputs.

A node is a part of each copy's box and bounds for everything else. Its bound is that of column
generation, where each network is the convex hull of its graph *on that part*: as the parts shrink,
so does what the hull adds. The best mixture of a node uses several points of some copy, or a
fraction of an integer; the copy whose hull is furthest below its network is cut in two, across the
input in which its points differ most, at their mean; or the integer is rounded down and up. With
few rows few copies are mixtures (the Shapley-Folkman theorem), so that the depth depends on the
rows, not on the number of copies.

Source: C. Barnhart et al., Branch-and-Price: Column Generation for Solving Huge Integer Programs,
Operations Research 46 (1998); M. Tawarmalani, N. Sahinidis, A polyhedral branch-and-cut approach to
global optimization, Mathematical Programming 103 (2005), for the points of cutting.
"""

from __future__ import annotations

import heapq
import time
from dataclasses import replace
from itertools import count

import numpy as np

from surrogate.box import FloatArray
from surrogate.decomposition.branching import hull_gaps, place_of_cut, widest
from surrogate.decomposition.in_turn import InTurn
from surrogate.decomposition.incumbent import Best, Found, Helper, Solution
from surrogate.decomposition.node import Bounded, Node, Pricer, improve_bound
from surrogate.decomposition.parts import Parts
from surrogate.decomposition.pool import Pool
from surrogate.decomposition.root import ceiling, objective_scale, priced_root

FEW_NEURONS = 16
"""Unstable neurons up to which a node is small: a mixed-integer program ends it sooner."""

WHOLE = 1e-6  # an integer this close to a whole number is one


def branch_and_price(
    parts: Parts,
    helper: Helper,
    deadline: float,
    rel_gap: float,
    abs_gap: float,
    seed: int,
    known: Solution | None = None,
    known_bound: float = -np.inf,
) -> Found:
    """Search until the gap is closed or `time.perf_counter` reaches the deadline.

    known, known_bound   a solution, and a bound, that are known already
    """
    rng, scale, number = np.random.default_rng(seed), objective_scale(parts), count()
    pool, nodes = Pool(parts), 0
    pricer = InTurn(parts, pool, rng)
    root = replace(priced_root(parts, pool, scale, rng)[0], bound=known_bound)
    best = Best(rel_gap, abs_gap, scale, ceiling(parts, root), deadline)
    best.offer(known)
    queue: list[tuple[float, int, Node]] = [(known_bound, next(number), root)]
    while queue and queue[0][0] < best.goal.cutoff and time.perf_counter() < deadline:
        node = heapq.heappop(queue)[2]
        nodes += 1
        for child in _branches(parts, node, pricer, helper, best):
            heapq.heappush(queue, (child.bound, next(number), child))
    cutoff = best.goal.cutoff
    bound = min(queue[0][0] if queue else np.inf, cutoff)
    return Found(best.value, bound, best.solution, bound >= cutoff, nodes)


def _branches(parts: Parts, node: Node, pricer: Pricer, helper: Helper, best: Best) -> list[Node]:
    """What is left of a node, in parts; solutions on the way are offered to `best`."""
    done = improve_bound(parts, node, pricer, best.goal)
    if done.hopeless or done.node.bound > best.ceiling:
        return []
    if done.mixture is not None:
        best.offer(helper.improve(done.mixture))
    if done.node.bound < best.goal.cutoff and _unstable(parts, done.node) <= FEW_NEURONS:
        bound, found = helper.finish(done.node)
        best.offer(found)
        done = replace(done, node=replace(done.node, bound=max(bound, done.node.bound)))
    return _children(parts, done) if done.node.bound < best.goal.cutoff else []


def _unstable(parts: Parts, node: Node) -> int:
    """Neurons that may be on either side in what is left of their copy's box."""
    hulls = [cover.hull for cover in node.covers]
    return sum(c.tree.unstable(*hull) for c, hull in zip(parts.copies, hulls, strict=True))


def _children(parts: Parts, done: Bounded) -> list[Node]:
    """The node in two parts."""
    node, mixture = done.node, done.mixture
    if mixture is None:
        return _halves(node)
    integers = np.flatnonzero(parts.rest.integer)
    away = np.abs(mixture.rest[integers] - np.round(mixture.rest[integers]))
    if away.max(initial=0.0) > WHOLE:
        return _rounded(node, int(integers[away.argmax()]), mixture.rest)
    t = int(np.argmax(hull_gaps(parts, mixture)))
    return _cut(node, t, *place_of_cut(mixture, t, *node.covers[t].hull))


def _halves(node: Node) -> list[Node]:
    """Cut where a copy's part is widest, when there is nothing else to go by."""
    hulls = [cover.hull for cover in node.covers]
    t, axis, middle, _ = widest(hulls, [np.ones(len(lower)) for lower, _ in hulls])
    return _cut(node, t, axis, middle)


def _cut(node: Node, t: int, axis: int, at: float) -> list[Node]:
    """The node with copy t on either side."""
    return [
        replace(node, covers=(*node.covers[:t], part, *node.covers[t + 1 :]))
        for part in node.covers[t].cut(axis, at)
        if len(part)
    ]


def _rounded(node: Node, j: int, rest: FloatArray) -> list[Node]:
    """Column j at most, and at least, the whole numbers beside its value, where it may be so."""
    upper, lower = node.upper.copy(), node.lower.copy()
    upper[j], lower[j] = np.floor(rest[j]), np.ceil(rest[j])
    children = [replace(node, upper=upper), replace(node, lower=lower)]
    return [child for child in children if child.lower[j] <= child.upper[j]]
