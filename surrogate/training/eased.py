"""`Eased`: the squares of `LeastSquares` and a price on the difficulty, some parameters held."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from surrogate.box import FloatArray
from surrogate.training.difficulty import difficulty, difficulty_and_gradient
from surrogate.training.gauss_newton import LeastSquares, Mask, Point

SMALL = 1e-3
"""A difficulty that does not matter: outputs are in [-1, 1]."""
_LEAST_WEIGHT = 1e-4  # below this a weight is as good as 0


@dataclass(frozen=True, eq=False)
class Eased(LeastSquares):
    """F + price log(G + small), for `minimise`; parameters that are not `free` stay as they are.

    The curvature of the second term is |dG/dv| / |v| on the diagonal: that of the quadratic in
    each v that touches it in value and slope where G is linear in |v|, as an L1 norm is (IRLS).
    """

    price: float = 0.0
    free: Mask | None = None

    def at(self, vector: FloatArray) -> Point:
        """The forward pass, and F + price log(G + small)."""
        point = super().at(vector)
        if not np.isfinite(point.loss):
            return point
        return replace(
            point, loss=point.loss + self.price * np.log(difficulty(vector, self.sizes) + SMALL)
        )

    def gradient(self, point: Point) -> FloatArray:
        """Half the gradient, as in `LeastSquares`; 0 for what is not free."""
        total, slope = difficulty_and_gradient(point.vector, self.sizes)
        found = super().gradient(point) + 0.5 * self.price * slope / (total + SMALL)
        return found if self.free is None else np.where(self.free, found, 0.0)

    def curvature(self, point: Point) -> FloatArray:
        """Half the curvature; what is not free is cut off from the rest."""
        found = super().curvature(point)
        total, slope = difficulty_and_gradient(point.vector, self.sizes)
        sizes = np.maximum(np.abs(point.vector), _LEAST_WEIGHT)
        found[np.diag_indices(len(found))] += (
            0.5 * self.price * np.abs(slope) / sizes / (total + SMALL)
        )
        if self.free is not None:
            held = np.flatnonzero(~self.free)
            found[held] = 0.0
            found[:, held] = 0.0
            found[held, held] = 1.0
        return found


def weighted(problem: LeastSquares, vector: FloatArray) -> LeastSquares:
    """The problem with weights 1 / |residual|, at most 3 times the mean's: nearly absolute."""
    sizes = np.abs(problem.at(vector).residual).mean(axis=1)
    weights = 1.0 / np.maximum(sizes, 0.3 * sizes.mean() + 1e-300)
    return replace(problem, weights=weights / weights.mean())
