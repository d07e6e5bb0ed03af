"""`Cut`: a support cut of a network, and cuts as rows that a solver can be trusted with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from surrogate.box import FloatArray

PAD = 1e-9
"""By how much, relatively, a cut of size 1 is loosened: solvers meet rows within 1e-9."""


@dataclass(frozen=True, eq=False)
class Cut:
    """v.f(x) - g.x >= least for a copy's network in a part of its box.

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
        return direction_of(self.v, self.g)

    @property
    def size(self) -> float:
        """The largest coefficient."""
        return float(max(np.abs(self.v).max(), np.abs(self.g).max(initial=0.0)))

    def violation(self, x: FloatArray, y: FloatArray) -> float:
        """By how much x (d,), y (m,) violates it; negative where it does not."""
        return float(self.least - self.v @ y + self.g @ x)


def direction_of(v: FloatArray, g: FloatArray) -> bytes:
    """v and g as one key."""
    return v.tobytes() + g.tobytes()


def best_cuts(cuts: Iterable[Cut]) -> tuple[Cut, ...]:
    """Of each direction the cut with the largest `least`; none where v is 0, which says nothing."""
    found: dict[bytes, Cut] = {}
    for cut in cuts:
        old = found.get(cut.direction)
        if cut.v.any() and (old is None or old.least < cut.least):
            found[cut.direction] = cut
    return tuple(found.values())


def rows_of(cuts: Sequence[Cut]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """v (n, m), g (n, d) and least (n,) of the cuts, each of size 1 and a little loosened.

    Prices can be of any size, as those of a penalty, and solvers' tolerances are absolute.
    """
    v = np.array([cut.v / cut.size for cut in cuts])
    g = np.array([cut.g / cut.size for cut in cuts])
    least = np.array([cut.least / cut.size for cut in cuts])
    return v, g, least - PAD * (1.0 + np.abs(least))
