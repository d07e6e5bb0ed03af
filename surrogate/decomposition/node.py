"""A node of the search: what it still allows, and its Lagrangian bound by column generation.

Each round prices every copy at the trial prices, which gives a bound; keeps the prices if the bound
is the best so far; and asks the master for others. What a solution better than the incumbent
cannot use is left out: cells whose reduced cost alone takes the bound above it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from surrogate.box import FloatArray
from surrogate.cells import Cover, Points
from surrogate.decomposition.cuts import Cut
from surrogate.decomposition.master import Mixture, solve_master
from surrogate.decomposition.parts import Parts

ROUNDS = 12
SHARE = 0.03  # of the open gap that pricing may leave, over all copies
LITTLE = 0.02  # of the open gap: a round that gains less is the last


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


@dataclass(frozen=True, eq=False)
class Round:
    """What pricing every copy at the same prices found.

    node    its bound raised; below a cutoff, without what is hopeless, where the goal allows it
    value   the bound at these prices
    cuts    one for each copy
    """

    node: Node
    value: float
    cuts: tuple[Cut, ...]

    @classmethod
    def of(
        cls,
        parts: Parts,
        node: Node,
        prices: FloatArray,
        least: Sequence[float],
        bests: Sequence[FloatArray],
    ) -> Round:
        """From a lower bound of each copy's reduced cost, and the best point found."""
        value = parts.bound(prices, np.array(least), node.lower, node.upper)
        cuts = tuple(
            Cut(t, *copy.reduced(prices), least[t], bests[t]) for t, copy in enumerate(parts.copies)
        )
        return cls(replace(node, bound=max(node.bound, value)), value, cuts)

    def left(self, parts: Parts) -> float:
        """By how much the value would at most be higher, had every copy been priced exactly."""
        return sum(
            -cut.violation(cut.point, parts.copies[cut.copy].net(cut.point[None])[0])
            for cut in self.cuts
        )


class Pricer(Protocol):
    """What prices the copies, and remembers points of their graphs."""

    def price(self, node: Node, prices: FloatArray, gap: float, goal: Goal) -> Round:
        """Every copy, to within its share of `gap`."""

    def points(self, node: Node, prices: FloatArray) -> list[Points]:
        """Points of each copy in the node, for the master: those of least reduced cost."""


def improve_bound(
    parts: Parts,
    node: Node,
    pricer: Pricer,
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
    cuts, share = list[Cut](), SHARE
    for count in range(rounds):
        if time.perf_counter() > goal.deadline:
            break
        gap = goal.gap(node.bound, mixture)
        fine = max(0.0 if sure else share * gap, goal.tolerance / 2.0)
        done = pricer.price(node, trial, fine, goal)
        node, value = done.node, done.value
        cuts += done.cuts
        if node.bound >= goal.cutoff:
            return Bounded(replace(node, prices=trial), None, tuple(cuts), hopeless=True)
        if value > best:
            gained, best, centre = value - best, value, trial
            if count > 1 and gained < LITTLE * gap:
                break
        elif max(best - value, goal.tolerance) <= done.left(parts):
            share = share / 3.0  # it may be no worse: a closer look is wanted, not a smaller step
        else:
            delta = delta / 3.0
        if sure and mixture is not None and _closed(mixture, node.bound, gap, goal):
            break
        points = pricer.points(node, centre)
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


def price_step(parts: Parts, node: Node, scale: float) -> FloatArray:
    """How far prices may move at first: what a tenth of `scale` is worth in each row."""
    spread = np.zeros(len(parts.row_lower))
    for t, cover in enumerate(node.covers):
        ends = np.stack(cover.hull)
        spread += np.abs(np.ptp(parts.points_rows(t, ends, parts.copies[t].net(ends)), axis=1))
    step: FloatArray = 0.1 * scale / np.where(spread > 0.0, spread, 1.0)
    return step
