"""Inputs at which the network itself comes close to its bounds: samples, then projected descent.

They bound nothing. They give a search its first solution, and convict a bound that is wrong.
"""

from __future__ import annotations

import numpy as np

from surrogate.bounds.task import Task
from surrogate.box import FloatArray

_SAMPLES = 1000
_STEPS = 0.25 * 0.8 ** np.arange(20)  # fractions of the box


def attained_minima(
    task: Task, layer: int, targets: FloatArray, constants: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """A good input (targets, d) for each of  targets h_layer + constants,  and its value.

    The value is infinite where no input is known that satisfies the constraints.
    """
    samples = task.box.sample(_SAMPLES, np.random.default_rng(0))
    a = task.net.preactivations(samples)[layer - 1]
    values = np.maximum(a, 0.0) @ targets.T + constants
    if task.constraints is not None:
        values[~task.constraints.hold(samples)] = np.inf
    best, least = samples[values.argmin(axis=0)], values.min(axis=0)
    x, width = best, task.box.upper - task.box.lower
    for step in _STEPS:
        move = step * width * np.sign(_gradients(task, layer, targets, x))
        x = np.clip(x - move, task.box.lower, task.box.upper)
        found = values_at(task, layer, targets, constants, x)
        best = np.where((found < least)[:, None], x, best)
        least = np.minimum(found, least)
    return best, least


def values_at(
    task: Task, layer: int, targets: FloatArray, constants: FloatArray, x: FloatArray
) -> FloatArray:
    """Target i at x[i], infinite where that does not satisfy the constraints."""
    h = np.maximum(task.net.preactivations(x)[layer - 1], 0.0)
    values: FloatArray = (targets * h).sum(axis=1) + constants
    if task.constraints is not None:
        values[~task.constraints.hold(x)] = np.inf
    return values


def _gradients(task: Task, layer: int, targets: FloatArray, x: FloatArray) -> FloatArray:
    """The gradient of target i with respect to the inputs, at x[i]."""
    gradient, layers = targets, task.net.preactivations(x)
    for i in range(layer, 0, -1):
        gradient = (gradient * (layers[i - 1] > 0.0)) @ task.net.weights[i - 1].T
    return gradient
