"""`Activations`: where an encoding keeps each neuron's variables, for the audit to read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, eq=False)
class Activations:
    """The Pyomo variables of the hidden neurons: index k is the hidden layer, j the neuron.

    pre        the pre-activation a, or None where the encoding has no variable for it
    post       the activation z = max(0, a), or None
    binary     the binary that is 1 when the neuron is active and 0 when it is not, or None
    largest_m  the largest big-M constant in the constraints, 0 when there is none
    """

    pre: tuple[tuple[Any | None, ...], ...]
    post: tuple[tuple[Any | None, ...], ...]
    binary: tuple[tuple[Any | None, ...], ...]
    largest_m: float
