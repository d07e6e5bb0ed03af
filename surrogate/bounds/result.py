"""`Bounds`: what every bounds method returns, and how many neurons it proves stable."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from surrogate.box import Box, FloatArray
from surrogate.errors import InputError


@dataclass(frozen=True)
class Counts:
    """How many hidden neurons are stable-active, stable-inactive and unstable on the box."""

    active: int
    inactive: int
    unstable: int


@dataclass(frozen=True, eq=False)
class Bounds:
    """Pre-activation bounds: lower[k] <= a_(k+1)(x) <= upper[k] for every x in the box.

    lower, upper   one array of shape (width,) per layer, in the caller's units; the last pair
                   bounds the outputs
    method         the method's name
    box            the inputs for which the bounds hold
    seconds        what computing them took

    Raises `InputError` when lower and upper differ in shape, or a lower bound is above its upper.
    """

    lower: tuple[FloatArray, ...]
    upper: tuple[FloatArray, ...]
    method: str
    box: Box
    seconds: float

    def __post_init__(self) -> None:
        """Copy and freeze the arrays, and check that they are intervals."""
        for name in ("lower", "upper"):
            arrays = tuple(np.array(array, dtype=np.float64) for array in getattr(self, name))
            for array in arrays:
                array.setflags(write=False)
            object.__setattr__(self, name, arrays)
        if [a.shape for a in self.lower] != [a.shape for a in self.upper]:
            raise InputError("bounds: lower and upper differ in shape; give one of each per neuron")
        for k, (lower, upper) in enumerate(zip(self.lower, self.upper, strict=True), start=1):
            if not (lower <= upper).all():
                j = int(np.argmin(lower <= upper))
                raise InputError(
                    f"bounds: layer {k}, neuron {j} has lower bound {lower[j]} and upper bound "
                    f"{upper[j]}; both must be numbers, the lower one not above the upper one"
                )

    def counts(self) -> Counts:
        """Count the hidden neurons by stability.

        inactive: upper <= 0 (dead on the box); active: lower >= 0 and not inactive; unstable: the
        rest. A neuron that is 0 on the whole box counts as inactive.
        """
        lower = np.concatenate([np.empty(0), *self.lower[:-1]])
        upper = np.concatenate([np.empty(0), *self.upper[:-1]])
        inactive = upper <= 0.0
        active = (lower >= 0.0) & ~inactive
        return Counts(
            active=int(active.sum()),
            inactive=int(inactive.sum()),
            unstable=int((~active & ~inactive).sum()),
        )
