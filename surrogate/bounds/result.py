"""`Bounds`: what every bounds method returns, and how many neurons it proves stable."""

from __future__ import annotations

from dataclasses import dataclass, field

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

    lower: tuple[FloatArray, ...] = field(repr=False)
    upper: tuple[FloatArray, ...] = field(repr=False)
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

    def layer_counts(self) -> tuple[Counts, ...]:
        """The stability of the neurons of each hidden layer.

        inactive: upper <= 0 (dead on the box); active: lower >= 0 and not inactive; unstable: the
        rest. A neuron that is 0 on the whole box counts as inactive.
        """
        found = []
        for lower, upper in zip(self.lower[:-1], self.upper[:-1], strict=True):
            inactive = int((upper <= 0.0).sum())
            active = int(((lower >= 0.0) & (upper > 0.0)).sum())
            found.append(Counts(active, inactive, len(lower) - active - inactive))
        return tuple(found)

    def counts(self) -> Counts:
        """The stability of all hidden neurons: the sum of `layer_counts`."""
        layers = self.layer_counts()
        return Counts(
            active=sum(c.active for c in layers),
            inactive=sum(c.inactive for c in layers),
            unstable=sum(c.unstable for c in layers),
        )
