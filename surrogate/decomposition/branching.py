"""Where a part of the search is cut in two: at the copy furthest from its network, at its mean."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from surrogate.box import FloatArray
from surrogate.decomposition.master import Mixture
from surrogate.decomposition.parts import Parts

INSIDE = 0.2  # a cut keeps this share of the width away from both ends


def hull_gaps(parts: Parts, mixture: Mixture) -> FloatArray:
    """By how much each copy's reduced cost at its mean input is above that of its mixture."""
    found = []
    for copy, points, weights in zip(parts.copies, mixture.points, mixture.weights, strict=True):
        v, _ = copy.reduced(mixture.prices)
        found.append(abs(float((copy.net((weights @ points.x)[None])[0] - weights @ points.y) @ v)))
    return np.array(found)


def place_of_cut(
    mixture: Mixture, t: int, lower: FloatArray, upper: FloatArray
) -> tuple[int, float]:
    """The input in which copy t's points differ most, and their mean there, inside a box (d,)."""
    points, weights, width = mixture.points[t], mixture.weights[t], upper - lower
    mean = weights @ points.x
    axis = int((weights @ (points.x - mean) ** 2 + 1e-6 * width**2).argmax())
    inside = INSIDE * width[axis]
    return axis, float(np.clip(mean[axis], lower[axis] + inside, upper[axis] - inside))


def widest(
    boxes: Sequence[tuple[FloatArray, FloatArray]], units: Sequence[FloatArray]
) -> tuple[int, int, float, float]:
    """Of the copies' boxes the widest input, in units (d,): copy, input, its middle, its width."""
    widths = [(upper - lower) / unit for (lower, upper), unit in zip(boxes, units, strict=True)]
    t = int(np.argmax([width.max() for width in widths]))
    axis = int(widths[t].argmax())
    lower, upper = boxes[t]
    return t, axis, float((lower[axis] + upper[axis]) / 2.0), float(widths[t][axis])
