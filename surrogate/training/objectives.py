"""Objectives other than squares, by weights: each is a sequence of weighted least squares.

    mae   mean of |r_i|: weights 1 / max(|r_i|, small), small falling (iteratively reweighted)
    mse   mean of |r_i|^2: no weights
    max   largest |r_i|: weights multiplied by |r_i| after each fit (Lawson)

r_i is the residual of sample i, |r_i| the mean of its sizes over the outputs, the largest for
`max`. Source: Lawson (1961), "Contributions to the theory of linear least maximum approximation".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

from surrogate.box import FloatArray

Objective = Literal["mae", "mse", "max"]


def error(objective: Objective, residual: FloatArray) -> float:
    """What the objective minimises, of a residual of shape (n, m)."""
    if objective == "mse":
        return float((residual**2).mean())
    sizes = np.abs(residual)
    return float(sizes.max() if objective == "max" else sizes.mean())


class Reweighting:
    """The weights of one objective, fit after fit; `next` gives those of the next fit, or None."""

    def __init__(self, objective: Objective) -> None:
        self._objective = objective
        self._floors = iter([1.0] * 4 + [0.3] * 4 + [0.1] * 4)
        self._lawson: FloatArray = np.ones(1)
        self._left = 40

    def next(self, residual: FloatArray) -> FloatArray | None:
        """Weights (n,) with mean 1 for the residual (n, m) of the last fit; None at the end."""
        if self._objective == "mae":
            return self._mae(residual, self._floors)
        if self._objective == "max" and self._left:
            self._left -= 1
            sizes = np.abs(residual).max(axis=1)
            raised = self._lawson * np.maximum(sizes, 1e-6 * sizes.max() + 1e-300)
            self._lawson = raised / raised.mean()
            return self._lawson
        return None

    def _mae(self, residual: FloatArray, floors: Iterator[float]) -> FloatArray | None:
        floor = next(floors, None)
        sizes = np.abs(residual).mean(axis=1)
        if floor is None or not sizes.any():
            return None
        weights: FloatArray = 1.0 / np.maximum(sizes, floor * sizes.mean())
        weights /= weights.mean()
        return weights
