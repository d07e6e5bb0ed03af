"""Levenberg and Marquardt's damped Gauss-Newton method, for one network."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from surrogate.box import FloatArray
from surrogate.training.gauss_newton import LeastSquares, Point

FIRST_DAMPING = 1e-2
_LEAST_DAMPING, _MOST_DAMPING = 1e-9, 1e8


@dataclass(frozen=True, eq=False)
class Fit:
    """Where a run of `minimise` ended.

    vector    the parameters (P,)
    loss      F there
    damping   to go on with
    curve     F after each iteration
    """

    vector: FloatArray
    loss: float
    damping: float
    curve: tuple[float, ...]


def minimise(
    problem: LeastSquares,
    vector: FloatArray,
    iterations: int,
    damping: float = FIRST_DAMPING,
    deadline: float = np.inf,
) -> Fit:
    """At most `iterations` steps s of (H + damping D) s = -g from `vector`; F never rises.

    D is the diagonal of H, kept away from 0. A step is taken when it lowers F; then the damping
    follows the ratio of what F fell by to what the quadratic model promised. Otherwise the damping
    is raised. `deadline` is a value of `time.perf_counter`. Source: Marquardt (1963), "An algorithm
    for least-squares estimation of nonlinear parameters"; Nielsen (1999) on the ratio.
    """
    point, curve = problem.at(vector), []
    gradient = curvature = diagonal = np.empty(0)
    fresh = True
    for _ in range(iterations):
        if perf_counter() > deadline or damping >= _MOST_DAMPING:
            break
        if fresh:
            gradient, curvature = problem.gradient(point), problem.curvature(point)
            diagonal = curvature.diagonal() + 1e-6 * curvature.diagonal().mean() + 1e-13
        step = _step(curvature, diagonal, gradient, damping)
        new = problem.at(point.vector + step) if step is not None else point
        fresh = new.loss < point.loss
        if step is not None and fresh:
            promised = float(-2.0 * (gradient @ step) - step @ curvature @ step)
            damping *= _damping_factor((point.loss - new.loss) / max(promised, 1e-300))
            point = new
        else:
            damping *= 4.0
        damping = min(max(damping, _LEAST_DAMPING), _MOST_DAMPING)
        curve.append(point.loss)
    return Fit(point.vector, point.loss, damping, tuple(curve))


def _step(
    curvature: FloatArray, diagonal: FloatArray, gradient: FloatArray, damping: float
) -> FloatArray | None:
    """s, or None where rounding left the damped curvature without a Cholesky factor."""
    damped = curvature.copy()
    damped[np.diag_indices(len(damped))] += damping * diagonal
    try:
        factor = cho_factor(damped, lower=True, overwrite_a=True, check_finite=False)
    except LinAlgError:
        return None
    step: FloatArray = -cho_solve(factor, gradient, check_finite=False)
    return step if np.isfinite(step).all() else None


def _damping_factor(ratio: float) -> float:
    """Trust the model more where it was right, less where it promised too much."""
    if ratio > 0.75:
        return 0.2
    return 0.5 if ratio > 0.25 else 1.5


def last_layer(problem: LeastSquares, point: Point) -> FloatArray:
    """The vector with the output layer that is best for the hidden layers: linear least squares."""
    h = np.hstack([point.activations[-2], np.ones((len(problem.x), 1))])
    y = problem.y
    if problem.weights is not None:
        root = np.sqrt(problem.weights)[:, None]
        h, y = h * root, y * root
    solution = np.linalg.lstsq(h, y, rcond=1e-10)[0]
    vector = point.vector.copy()
    vector[-solution.size :] = solution.ravel()  # weights row by row, then the biases
    better = problem.at(vector)
    return vector if better.loss <= point.loss else point.vector
