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
from collections.abc import Sequence
from dataclasses import replace
from itertools import count

import numpy as np

from surrogate.box import FloatArray
from surrogate.decomposition.branching import hull_gaps, place_of_cut, widest
from surrogate.decomposition.incumbent import Found, Helper
from surrogate.decomposition.node import Bounded, Node, improve_bound
from surrogate.decomposition.parts import Parts
from surrogate.decomposition.resumable import ResumableSearch
from surrogate.decomposition.root import ceiling, priced_root
from surrogate.programs import WHOLE

FEW_NEURONS = 16
"""Unstable neurons up to which a node is small: a mixed-integer program ends it sooner."""


class BranchAndPrice(ResumableSearch):
    """The search."""

    name = "branch and price"

    def __init__(self, parts: Parts, rel_gap: float, abs_gap: float, seed: int) -> None:
        super().__init__(parts, rel_gap, abs_gap, seed)
        self._number, self._told = count(), -np.inf
        self._queue: list[tuple[float, int, Node]] | None = None

    def run(self, helper: Helper, deadline: float, until: float = np.inf) -> Found:
        """See `ResumableSearch`."""
        self._best.deadline, nodes = min(deadline, until), 0
        queue = self._begin() if self._queue is None else self._queue
        while self._open(queue) and time.perf_counter() < self._best.deadline:
            node = heapq.heappop(queue)[2]
            nodes += 1
            for child in self._branches(node, helper):
                heapq.heappush(queue, (child.bound, next(self._number), child))
        return self._found(nodes)

    def _open(self, queue: Sequence[tuple[float, int, Node]]) -> bool:
        """Whether something better than the best solution may be left; the bound is raised."""
        bound = min(queue[0][0] if queue else np.inf, self._best.goal.cutoff)
        if bound > self._told:
            self._raise(bound)
        return not self.closed

    def _begin(self) -> list[tuple[float, int, Node]]:
        """The queue, with the root in it."""
        root = priced_root(self._parts, self._pool, self._best.scale, self._rng)[0]
        self._best.ceiling = ceiling(self._parts, root)
        self._told = self.bound  # nodes begin with it: it is not this search's own
        self._queue = [(self.bound, next(self._number), replace(root, bound=self.bound))]
        return self._queue

    def _branches(self, node: Node, helper: Helper) -> list[Node]:
        """What is left of a node, in parts; solutions on the way are kept."""
        best = self._best
        done = improve_bound(self._parts, node, self._pricer, best.goal)
        if done.hopeless or done.node.bound > best.ceiling:
            return []
        if done.mixture is not None:
            best.offer(helper.improve(done.mixture, best.deadline))
        if done.node.bound < best.goal.cutoff and self._unstable(done.node) <= FEW_NEURONS:
            bound, found = helper.finish(done.node, best.deadline)
            best.offer(found)
            done = replace(done, node=replace(done.node, bound=max(bound, done.node.bound)))
        return _children(self._parts, done) if done.node.bound < best.goal.cutoff else []

    def _unstable(self, node: Node) -> int:
        """Neurons that may be on either side in what is left of their copy's box."""
        hulls = [cover.hull for cover in node.covers]
        return sum(
            copy.tree.unstable(*hull) for copy, hull in zip(self._parts.copies, hulls, strict=True)
        )


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
