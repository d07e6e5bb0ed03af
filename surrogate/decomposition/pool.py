"""`Pool`: points of each copy's graph, found so far, and those that a master is given."""

from __future__ import annotations

import numpy as np

from surrogate.box import FloatArray
from surrogate.cells import Cover, Points
from surrogate.decomposition.parts import Parts

POINTS = 150  # a copy's points in the master: those of least reduced cost
LATEST = 150  # and the latest
POOL = 3000  # points that a copy remembers, the latest
CENTRES = 100  # centres of cells among them

Hull = tuple[FloatArray, FloatArray]


class Pool:
    """Points of each copy's graph, found so far."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        empty = [np.zeros((0, copy.net.n_inputs)) for copy in parts.copies]
        self._points = [Points.of(copy.net, x) for x, copy in zip(empty, parts.copies, strict=True)]

    def add(self, t: int, points: Points) -> None:
        """Remember points of copy t."""
        self._points[t] = self._points[t].joined(points).take(slice(-POOL, None))

    def best(self, t: int, hull: Hull, v: FloatArray, g: FloatArray) -> FloatArray:
        """Where v.f - g.x is least in a cover's hull, of the points of copy t: (1 or 0, d)."""
        known = self._points[t].inside(*hull)
        return known.x[np.argsort(known.costs(v, g))[:1]]

    def points(self, t: int, hull: Hull, centres: FloatArray, prices: FloatArray) -> Points:
        """Points of copy t inside the hull of a cover, and centres of its cells (n, d).

        Those of least reduced cost, and the latest.
        """
        copy, known = self._parts.copies[t], self._points[t].inside(*hull)
        found = known.joined(Points.of(copy.net, centres))
        best = np.argsort(found.costs(*copy.reduced(prices)), kind="stable")[:POINTS]
        return found.take(np.union1d(best, np.arange(len(known))[-LATEST:]))


def some_centres(cover: Cover, rng: np.random.Generator) -> FloatArray:
    """Centres of some cells of a cover, drawn at random, (n, d)."""
    some = rng.permutation(len(cover))[:CENTRES]
    return (cover.lower[some] + cover.upper[some]) / 2.0
