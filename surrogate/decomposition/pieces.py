"""`Piece`: a part of a copy's box, and support cuts that hold in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from surrogate.box import FloatArray
from surrogate.cells import CellTree, Cover, price
from surrogate.decomposition.cuts import Cut, best_cuts


@dataclass(frozen=True, eq=False)
class Piece:
    """lower <= x <= upper, (d,), the cells that cover it, and v.f(x) - g.x >= least there.

    cuts   the best one in each direction. Which copy a cut was found for plays no part: it holds
           for every copy of the network
    """

    lower: FloatArray
    upper: FloatArray
    cover: Cover
    cuts: tuple[Cut, ...]

    @classmethod
    def whole(cls, tree: CellTree, lower: FloatArray, upper: FloatArray, cover: Cover) -> Piece:
        """A piece with nothing but bounds of every output."""
        piece = cls(lower, upper, cover, ())
        sides = [v for e in np.eye(tree.net.n_outputs) for v in (e, -e)]
        return piece.priced(tree, [(v, np.zeros(len(lower))) for v in sides], np.inf)

    def holds(self, other: Piece) -> bool:
        """Whether the other piece lies inside, so that these cuts are its own too."""
        return bool((other.lower >= self.lower).all() and (other.upper <= self.upper).all())

    def with_cuts(self, cuts: Iterable[Cut]) -> Piece:
        """The piece with more cuts; of one direction, the better one counts."""
        return replace(self, cuts=best_cuts([*self.cuts, *cuts]))

    def priced(
        self, tree: CellTree, directions: Iterable[tuple[FloatArray, FloatArray]], gap: float
    ) -> Piece:
        """The piece with cuts in these directions (v, g), each to within `gap`."""
        cover, cuts = self.cover, list[Cut]()
        for v, g in directions:
            priced = price(tree, cover, v, g, gap)
            cover = priced.cover
            cuts.append(Cut(0, v, g, priced.least, priced.best))
        return replace(self, cover=cover).with_cuts(cuts)

    def halves(self, axis: int, at: float) -> list[Piece]:
        """The two sides of x_axis = at, with the cuts of the whole."""
        upper, lower = self.upper.copy(), self.lower.copy()
        upper[axis] = lower[axis] = at
        low, high = self.cover.cut(axis, at)
        return [replace(self, upper=upper, cover=low), replace(self, lower=lower, cover=high)]
