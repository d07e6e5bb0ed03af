"""A node of the search: what it still allows, and its Lagrangian bound by column generation.

Each round prices every copy at the trial prices, which gives a bound; keeps the prices if the bound
is the best so far; and asks the master for others. What a solution better than the incumbent
cannot use is left out: cells whose reduced cost alone takes the bound above it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from surrogate.box import FloatArray
from surrogate.cells import Cover, Points, Priced, price
from surrogate.decomposition.master import Mixture, solve_master
from surrogate.decomposition.parts import Parts

ROUNDS = 12
SHARE = 0.03  # of the open gap that pricing may leave, over all copies
LITTLE = 0.02  # of the open gap: a round that gains less is the last
POINTS = 150  # a copy's points in the master: those of least reduced cost
LATEST = 150  # and the latest
POOL = 3000  # points that a copy remembers, the latest
CENTRES = 100  # centres of cells among them


@dataclass(frozen=True, eq=False)
class Node:
    """A part of the search.

    bound          no solution in it costs less
    covers         where each copy may be
    lower, upper   bounds of the columns of no network
    prices         the best of its parent
    """

    bound: float
    covers: tuple[Cover, ...]
    lower: FloatArray
    upper: FloatArray
    prices: FloatArray


@dataclass(frozen=True)
class Goal:
    """What a search is after.

    cutoff      only solutions below it are sought: infinite while there is none
    tolerance   the gap that counts as none
    scale       a size of the objective
    deadline    of `time.perf_counter`
    whole       whether cells that hold nothing below the cutoff stay: cuts are for all of the node
    """

    cutoff: float
    tolerance: float
    scale: float
    deadline: float
    whole: bool = False

    def gap(self, bound: float, mixture: Mixture | None) -> float:
        """What is open: below the cutoff, or else below the best that this node's hulls allow."""
        if np.isfinite(self.cutoff):
            return self.cutoff - bound
        if mixture is not None and mixture.balanced and np.isfinite(bound):
            return max(0.0, mixture.value - bound)
        return 0.1 * self.scale


@dataclass(frozen=True, eq=False)
class Cut:
    """v.f(x) - g.x >= least for a copy's network in the node's part of the box.

    point   (d,) where v.f - g.x is the least that was found
    """

    copy: int
    v: FloatArray
    g: FloatArray
    least: float
    point: FloatArray

    @property
    def direction(self) -> bytes:
        """v and g as one key."""
        return self.v.tobytes() + self.g.tobytes()


@dataclass(frozen=True, eq=False)
class Bounded:
    """A node with a better bound and better prices, its mixture and all its cuts.

    hopeless   whether nothing in it is below the cutoff
    mixture    the last one that satisfies every row, or else the last; None when the node is
               hopeless, or HiGHS found none
    """

    node: Node
    mixture: Mixture | None
    cuts: tuple[Cut, ...] = ()
    hopeless: bool = False


class Pool:
    """Points of each copy's graph, found so far."""

    def __init__(self, parts: Parts, rng: np.random.Generator) -> None:
        self._parts, self._rng = parts, rng
        empty = [np.zeros((0, copy.net.n_inputs)) for copy in parts.copies]
        self._points = [Points.of(copy.net, x) for x, copy in zip(empty, parts.copies, strict=True)]

    def add(self, t: int, points: Points) -> None:
        """Remember points of copy t."""
        self._points[t] = self._points[t].joined(points).take(slice(-POOL, None))

    def best(self, t: int, cover: Cover, v: FloatArray, g: FloatArray) -> FloatArray:
        """Where v.f - g.x is least in the cover's hull, of the points of copy t: (1 or 0, d)."""
        known = self._points[t].inside(*cover.hull)
        return known.x[np.argsort(known.costs(v, g))[:1]]

    def points(self, t: int, cover: Cover, prices: FloatArray) -> Points:
        """Points of copy t inside the hull of the cover, those of least reduced cost."""
        copy, (lower, upper) = self._parts.copies[t], cover.hull
        known = self._points[t].inside(lower, upper)
        some = self._rng.permutation(len(cover))[:CENTRES]
        centres = Points.of(copy.net, (cover.lower[some] + cover.upper[some]) / 2.0)
        found = known.joined(centres)
        best = np.argsort(found.costs(*copy.reduced(prices)), kind="stable")[:POINTS]
        return found.take(np.union1d(best, np.arange(len(known))[-LATEST:]))


def improve_bound(
    parts: Parts,
    node: Node,
    pool: Pool,
    goal: Goal,
    rounds: int = ROUNDS,
    mixture: Mixture | None = None,
) -> Bounded:
    """Raise the node's bound as far as `rounds` of column generation do.

    mixture   nearly the best one, where the node's prices are from: they are worth a fine bound at
              once; others are first tried with a coarse one
    """
    sure, best, centre, trial = mixture is not None, -np.inf, node.prices, node.prices
    delta = np.maximum(np.abs(node.prices) / 3.0, price_step(parts, node, goal.scale))
    cuts: list[Cut] = []
    for count in range(rounds):
        if time.perf_counter() > goal.deadline:
            break
        gap = goal.gap(node.bound, mixture)
        fine = max(0.0 if sure else SHARE * gap, goal.tolerance / 2.0)
        node, priced, value = _priced(parts, node, pool, trial, fine, goal)
        cuts += _cuts(parts, trial, priced)
        node = replace(node, bound=max(node.bound, value))
        if node.bound >= goal.cutoff:
            return Bounded(replace(node, prices=trial), None, tuple(cuts), hopeless=True)
        if not goal.whole:
            node = _without_hopeless(node, priced, goal.cutoff - value)
        if value > best:
            gained, best, centre = value - best, value, trial
            if count > 1 and gained < LITTLE * gap:
                break
        else:
            delta = delta / 3.0
        if sure and mixture is not None and _closed(mixture, node.bound, gap, goal):
            break
        points = [pool.points(t, cover, centre) for t, cover in enumerate(node.covers)]
        found = solve_master(parts, points, node.lower, node.upper, centre, delta)
        if found is None:
            break
        trial = found.prices
        if found.balanced or mixture is None or not mixture.balanced:
            mixture = found
        if not len(trial) or _closed(found, node.bound, gap, goal):
            break
        if not found.balanced and value >= best:
            delta = 2.0 * delta
    return Bounded(replace(node, prices=centre), mixture, tuple(cuts))


def _closed(mixture: Mixture, bound: float, gap: float, goal: Goal) -> bool:
    """Whether the hulls allow little more than the bound: little of what is open below a cutoff."""
    little = LITTLE * gap if np.isfinite(goal.cutoff) else goal.tolerance
    return mixture.balanced and mixture.value - bound < little


def _cuts(parts: Parts, prices: FloatArray, priced: Sequence[Priced]) -> list[Cut]:
    found = []
    for t, (copy, one) in enumerate(zip(parts.copies, priced, strict=True)):
        found.append(Cut(t, *copy.reduced(prices), one.least, one.best))
    return found


def _priced(
    parts: Parts,
    node: Node,
    pool: Pool,
    prices: FloatArray,
    gap: float,
    goal: Goal,
) -> tuple[Node, list[Priced], float]:
    """Every copy priced to within its share of `gap`: the node, finer, and the bound.

    Below a cutoff, first as far as the cells are known, without any work; then, the copy that is
    most in doubt first, no further than it takes the bound to the cutoff.
    """
    costs = [copy.reduced(prices) for copy in parts.copies]
    share = gap / len(costs)

    def priced(
        t: int, gap: float, enough: float = np.inf, known: FloatArray | None = None
    ) -> Priced:
        tree, cover = parts.copies[t].tree, node.covers[t]
        return price(tree, cover, *costs[t], gap, enough, goal.deadline, known)

    if not np.isfinite(goal.cutoff):  # then no cell is left out: points of the hull are in some
        bests = [pool.best(t, cover, *costs[t]) for t, cover in enumerate(node.covers)]
        found = [priced(t, share, known=best) for t, best in enumerate(bests)]
    else:
        found = [priced(t, np.inf) for t in range(len(costs))]
        for t in sorted(range(len(costs)), key=lambda t: found[t].least - found[t].value):
            least = np.array([one.least for one in found])
            value = parts.bound(prices, least, node.lower, node.upper)
            if value >= goal.cutoff:
                break
            enough = found[t].least + (goal.cutoff - value) + 1e-9 * (1.0 + abs(value))
            found[t] = priced(t, share, enough)
    least = np.array([one.least for one in found])
    for t, one in enumerate(found):
        pool.add(t, one.points)
    value = parts.bound(prices, least, node.lower, node.upper)
    return replace(node, covers=tuple(one.cover for one in found)), found, value


def _without_hopeless(node: Node, priced: Sequence[Priced], room: float) -> Node:
    """The node without cells whose bound is more than `room` above the least of their copy."""
    covers = [one.cover.take(one.bounds <= one.least + room) for one in priced]
    return replace(node, covers=tuple(covers))


def price_step(parts: Parts, node: Node, scale: float) -> FloatArray:
    """How far prices may move at first: what a tenth of `scale` is worth in each row."""
    spread = np.zeros(len(parts.row_lower))
    for t, cover in enumerate(node.covers):
        ends = np.stack(cover.hull)
        spread += np.abs(np.ptp(parts.points_rows(t, ends, parts.copies[t].net(ends)), axis=1))
    step: FloatArray = 0.1 * scale / np.where(spread > 0.0, spread, 1.0)
    return step
