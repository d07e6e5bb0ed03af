"""One pass through the layers that tightens what is known: `crown`, `lp` and `milp` are such.

Each layer is bounded from the tightened bounds of those before: by CROWN, then, where that leaves
a neuron unstable, and for every output, by the method's own minima. The result is intersected with
what was known, so that it is never looser.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from surrogate.bounds.crown import crown_layer
from surrogate.bounds.interval import refuse_overflow
from surrogate.bounds.task import Layers, Task
from surrogate.box import FloatArray

# (task, lower, upper, targets, constants) -> safe minima of  targets h_(k-1) + constants  over the
# inputs' box and the bounds of a_1 .. a_(k-1), -inf where there is none; whether the time sufficed
Minima = Callable[
    [Task, Sequence[FloatArray], Sequence[FloatArray], FloatArray, FloatArray],
    tuple[FloatArray, bool],
]


def tighten(task: Task, known: Layers, minima: Minima | None) -> Layers:
    """`known` tightened by CROWN and by `minima`; after the deadline, by CROWN alone.

    Raises `BoxError` when a bound overflows.
    """
    lower, upper, complete = [task.box.lower], [task.box.upper], known.complete
    for k in range(1, len(task.net.weights) + 1):
        crown = crown_layer(task.net, [a[None] for a in lower], [a[None] for a in upper])
        below = np.maximum(crown[0][0], known.lower[k - 1])
        above = np.minimum(crown[1][0], known.upper[k - 1])
        refuse_overflow(k, below, above)
        if minima is not None:
            complete &= _improve(task, minima, lower, upper, below, above)
        lower.append(below)
        upper.append(above)
    return Layers(tuple(lower[1:]), tuple(upper[1:]), complete)


def _improve(
    task: Task,
    minima: Minima,
    lower: list[FloatArray],
    upper: list[FloatArray],
    below: FloatArray,
    above: FloatArray,
) -> bool:
    """Tighten `below` and `above`, bounds of a_k, in place; whether the time sufficed."""
    net, k = task.net, len(lower)
    chosen = (below < 0.0) & (above > 0.0) | (k == len(net.weights))
    if not chosen.any() or (k == 1 and task.constraints is None):
        return True  # over a box, interval arithmetic is exact for the first layer
    if not task.left():
        return False
    w, b = net.weights[k - 1].T[chosen], net.biases[k - 1][chosen]
    least, in_time = minima(task, lower, upper, np.vstack([w, -w]), np.concatenate([b, -b]))
    below[chosen] = np.maximum(below[chosen], least[: len(b)])
    above[chosen] = np.minimum(above[chosen], -least[len(b) :])
    return in_time
