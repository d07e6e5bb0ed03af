r"""Pricing: the minimum of v.f(x) - g.x over a cover, from below and from above.

In each cell the plane of v.f less g.x is least at a corner, in closed form. The cells with the
least such values are halved until the least of all is within `gap` of a value that f attains: a
branch and bound on the inputs, some hundred cells at a time. Where few neurons are unstable, the
cell is solved to the end, pattern by pattern (`surrogate.cells.patterns`). Of a direction v, the
planes are made once; another g costs a product. So the pricing that column generation repeats takes
milliseconds, where a mixed-integer program for each takes seconds (benchmarks/higher_dimension.py).

Every value from below is a valid cut v.f(x) >= g.x + value on what the cover covers.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from surrogate.box import FloatArray
from surrogate.cells.cover import Cover
from surrogate.cells.points import Points
from surrogate.cells.price_search import PriceSearch
from surrogate.cells.tree import CellTree

BATCH = 128  # cells halved at once, at least: fewer is more Python, more is cells in vain
SHARE = 8  # and at least one in so many that are open, so that these are not copied too often
ROUNDS = 30
MOST_CELLS = 4000  # that one call makes: beyond, it pays better to branch


@dataclass(frozen=True, eq=False)
class Priced:
    """What pricing found.

    cover    the cover, finer
    bounds   (cells,) lower bounds of v.f - g.x in each of its cells
    points   corners and centres of cells where v.f - g.x is small, and where it is least
    value    the least value found at a point, and
    best     (d,) that point
    """

    cover: Cover
    bounds: FloatArray
    points: Points
    value: float
    best: FloatArray

    @property
    def least(self) -> float:
        """The lower bound over the whole cover."""
        return float(self.bounds.min())


def price(
    tree: CellTree,
    cover: Cover,
    v: FloatArray,
    g: FloatArray,
    gap: float,
    enough: float = np.inf,
    deadline: float = np.inf,
    known: FloatArray | None = None,
    times: float = 1.0,
) -> Priced:
    """Minimise v.f(x) - g.x over the cover, which is not empty, to within `gap`, or in part.

    A lower bound of `enough` ends it at once; `ROUNDS` rounds of cutting whole cells, `MOST_CELLS`
    new ones, a full tree or the deadline (of `time.perf_counter`) end it with what it has. The
    bounds hold all the same.

    known   points (n, d) of the cover where v.f - g.x may be small
    times   so many times `MOST_CELLS` may be made
    """
    search = PriceSearch(tree, cover, v, g, gap, enough)
    if known is not None:
        search.evaluate(known)
    if not np.isfinite(search.value):
        search.try_cells(search.least_of(BATCH))  # a bound that is enough may close all cells
    if np.isfinite(search.sought):
        search.unfold(deadline)
    most, rounds = len(tree) + times * MOST_CELLS, 0
    while rounds < ROUNDS and len(search.open):
        chosen = search.least_of(max(BATCH, len(search.open) // SHARE))
        search.try_cells(chosen[:BATCH])
        if search.done or len(tree) > most or tree.full or time.perf_counter() > deadline:
            break
        whole = tree.axis_of(search.open.cells[chosen]) < 0  # others were cut: that costs little
        rounds += bool(whole.any())
        search.sharpen(chosen[whole])
        if not search.halve(chosen):
            break
    return Priced(*search.result(), search.points, search.value, search.best)
