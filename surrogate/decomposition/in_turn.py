"""`InTurn`: one copy is priced after the other, in this process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from surrogate.box import FloatArray
from surrogate.cells import Points, Priced, price
from surrogate.decomposition.node import Goal, Node, Round
from surrogate.decomposition.parts import Parts
from surrogate.decomposition.pool import Pool, some_centres

BELOW_CUTOFF = 0.25
"""Of the cells that a price may make: below a cutoff it pays sooner to branch.

Re-measure with benchmarks/higher_dimension.py --only "T = 2": with 1, branch and price with ten
inputs takes 1.6 times as long.
"""


class InTurn:
    """A `Pricer`: where the copies may be, and how finely that is known, is all in the node."""

    def __init__(self, parts: Parts, pool: Pool, rng: np.random.Generator) -> None:
        self._parts, self._pool, self._rng = parts, pool, rng

    def price(self, node: Node, prices: FloatArray, gap: float, goal: Goal) -> Round:
        """Every copy, to within its share of `gap`; the node gets finer covers."""
        found = self._priced(node, prices, gap, goal)
        for t, one in enumerate(found):
            self._pool.add(t, one.points)
        node = replace(node, covers=tuple(one.cover for one in found))
        least, bests = [one.least for one in found], [one.best for one in found]
        done = Round.of(self._parts, node, prices, least, bests)
        if goal.whole or done.node.bound >= goal.cutoff:
            return done
        return replace(done, node=_without_hopeless(done.node, found, goal.cutoff - done.value))

    def points(self, node: Node, prices: FloatArray) -> list[Points]:
        """Points of each copy in the node, for the master: those of least reduced cost."""
        return [
            self._pool.points(t, cover.hull, some_centres(cover, self._rng), prices)
            for t, cover in enumerate(node.covers)
        ]

    def _priced(self, node: Node, prices: FloatArray, gap: float, goal: Goal) -> list[Priced]:
        """Below a cutoff, first as far as the cells are known, without any work; then, the copy
        that is most in doubt first, no further than it takes the bound to the cutoff."""
        parts = self._parts
        costs = [copy.reduced(prices) for copy in parts.copies]
        share = gap / len(costs)

        times = BELOW_CUTOFF if np.isfinite(goal.cutoff) else 1.0

        def priced(
            t: int, gap: float, enough: float = np.inf, known: FloatArray | None = None
        ) -> Priced:
            tree, cover = parts.copies[t].tree, node.covers[t]
            return price(tree, cover, *costs[t], gap, enough, goal.deadline, known, times)

        if not np.isfinite(goal.cutoff):  # then no cell is left out: points of the hull are in some
            hulls = [cover.hull for cover in node.covers]
            bests = [self._pool.best(t, hull, *costs[t]) for t, hull in enumerate(hulls)]
            return [priced(t, share, known=best) for t, best in enumerate(bests)]
        found = [priced(t, np.inf) for t in range(len(costs))]
        for t in sorted(range(len(costs)), key=lambda t: found[t].least - found[t].value):
            least = np.array([one.least for one in found])
            value = parts.bound(prices, least, node.lower, node.upper)
            if value >= goal.cutoff:
                break
            enough = found[t].least + (goal.cutoff - value) + 1e-9 * (1.0 + abs(value))
            found[t] = priced(t, share, enough)
        return found


def _without_hopeless(node: Node, priced: Sequence[Priced], room: float) -> Node:
    """The node without cells whose bound is more than `room` above the least of their copy."""
    covers = [one.cover.take(one.bounds <= one.least + room) for one in priced]
    return replace(node, covers=tuple(covers))
