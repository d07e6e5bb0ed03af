r"""The pressure vessel: the cheapest cylinder with two half-spheres that holds a given volume.

Shell thickness t and head thickness h are multiples of 1/16 inch; inner radius r and length l are
free, in inches, with 10 <= r, l <= 200. With V0 = 1,296,000 cubic inches (750 cubic feet):

    min  0.6224 t r l + 3.1661 t^2 l + 19.84 t^2 r + 1.7781 h r^2
    subject to   t >= 0.0193 r,   h >= 0.00954 r,   pi r^2 l + 4/3 pi r^3 >= V0

Three surrogates: `shell`, the first three terms of the cost, by (t, r, l); `heads`, the last, by
(h, r); and `fill`, the volume over V0, by (r, l).

**The box** is tight and still holds an optimum. With l <= 200 the volume needs r >= 40.32, hence
t > 12/16 and h > 6/16; with l >= 10 it is reached at r = 65.23, and a larger r only costs more.
There t = 21/16 and h = 10/16 suffice, and more is never cheaper.

The best design, 6059.714335 at t = 13/16, h = 7/16, r = 42.0984, l = 176.6366, is the global
optimum: Yang, Huyck, Karamanoglu and Khan, International Journal of Bio-Inspired Computation 5
(2013). The problem is Sandgren's, Journal of Mechanical Design 112 (1990), with the constants of
Kannan and Kramer, Journal of Mechanical Design 116 (1994).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyomo.environ as pyo
from scipy.optimize import brentq

from surrogate.box import Box, FloatArray
from surrogate.functions import Function
from surrogate.problems.evaluating import Held
from surrogate.problems.problem import Built, Problem, Surrogate

VOLUME = 1_296_000.0
PLATE = 1 / 16
SHELL_PLATES, HEAD_PLATES = (13, 21), (7, 10)
RADIUS, LENGTH = (40.3, 65.3), (10.0, 200.0)
SHELL_PER_RADIUS, HEAD_PER_RADIUS = 0.0193, 0.00954


def _shell(x: FloatArray) -> FloatArray:
    t, r, length = x.T
    y: FloatArray = 0.6224 * t * r * length + 3.1661 * t**2 * length + 19.84 * t**2 * r
    return y


def _heads(x: FloatArray) -> FloatArray:
    h, r = x.T
    y: FloatArray = 1.7781 * h * r**2
    return y


def _fill(x: FloatArray) -> FloatArray:
    r, length = x.T
    y: FloatArray = np.pi * r**2 * (length + 4 / 3 * r) / VOLUME
    return y


def _increasing(
    name: str,
    formula: str,
    rule: Callable[[FloatArray], FloatArray],
    *intervals: tuple[float, float],
) -> Function:
    """A function that increases with every input: its range is that between two corners."""
    box = Box.of(intervals)
    low, high = (float(rule(corner[None])[0]) for corner in (box.lower, box.upper))
    return Function(name, formula, box, Box.of([(low, high)]), rule)


_T = (PLATE * SHELL_PLATES[0], PLATE * SHELL_PLATES[1])
_H = (PLATE * HEAD_PLATES[0], PLATE * HEAD_PLATES[1])
SHELL = _increasing(
    "shell", "0.6224 t r l + 3.1661 t^2 l + 19.84 t^2 r", _shell, _T, RADIUS, LENGTH
)
HEADS = _increasing("heads", "1.7781 h r^2", _heads, _H, RADIUS)
FILL = _increasing("fill", "(pi r^2 l + 4/3 pi r^3) / 1,296,000", _fill, RADIUS, LENGTH)


@dataclass(frozen=True, eq=False, kw_only=True)
class PressureVessel(Problem):
    """See the module."""

    def write(self, *surrogates: Surrogate) -> pyo.ConcreteModel:
        """Variables n_shell and n_heads (sixteenths), t, h, r and l; blocks shell, heads, fill."""
        model = pyo.ConcreteModel()
        model.n_shell = pyo.Var(domain=pyo.Integers, bounds=SHELL_PLATES)
        model.n_heads = pyo.Var(domain=pyo.Integers, bounds=HEAD_PLATES)
        model.t, model.h = pyo.Var(bounds=_T), pyo.Var(bounds=_H)
        model.r, model.l = pyo.Var(bounds=RADIUS), pyo.Var(bounds=LENGTH)
        model.shell, model.heads, model.fill = pyo.Block(), pyo.Block(), pyo.Block()
        (shell,) = surrogates[0](model.shell, [model.t, model.r, model.l])
        (heads,) = surrogates[1](model.heads, [model.h, model.r])
        (fill,) = surrogates[2](model.fill, [model.r, model.l])
        model.shell_plates = pyo.Constraint(expr=model.t == PLATE * model.n_shell)
        model.head_plates = pyo.Constraint(expr=model.h == PLATE * model.n_heads)
        model.shell_holds = pyo.Constraint(expr=model.t >= SHELL_PER_RADIUS * model.r)
        model.heads_hold = pyo.Constraint(expr=model.h >= HEAD_PER_RADIUS * model.r)
        model.volume = pyo.Constraint(expr=fill >= 1)
        model.objective = pyo.Objective(expr=shell + heads)
        return model

    def repair(self, built: Built, held: Sequence[Held]) -> float | None:  # noqa: ARG002
        """The cost with the decision's plates, its radius, and the least length that holds V0.

        The radius gives way where the plates are too thin for it, or 200 inches too short; None
        where no radius is left.
        """
        model = built.model
        t, h = (PLATE * round(n.value) for n in (model.n_shell, model.n_heads))
        most = min(t / SHELL_PER_RADIUS, h / HEAD_PER_RADIUS)
        least = brentq(lambda r: length_for(r) - LENGTH[1], 30.0, 60.0, xtol=1e-12)
        if least > most:
            return None
        r = min(max(model.r.value, least), most)
        return cost(t, h, r, max(length_for(r), LENGTH[0]))


def length_for(r: float) -> float:
    """The length with which a vessel of radius r holds V0."""
    return VOLUME / (math.pi * r**2) - 4 / 3 * r


def cost(t: float, h: float, r: float, length: float) -> float:
    """The true cost of a design."""
    return float(_shell(np.array([[t, r, length]]))[0] + _heads(np.array([[h, r]]))[0])


PRESSURE_VESSEL = PressureVessel(
    name="pressure_vessel",
    title="the cheapest pressure vessel of 750 cubic feet, plates in sixteenths of an inch",
    sense="minimize",
    functions=(SHELL, HEADS, FILL),
    optimum=6059.714335,
    source="Yang et al., International Journal of Bio-Inspired Computation 5 (2013)",
    scale=6059.714335,
)
