"""`Bounds`: what every bounds method returns, and how many neurons it proves stable."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from surrogate.bounds.files import read_arrays, write_arrays
from surrogate.box import Box, FloatArray
from surrogate.constraints import LinearConstraints
from surrogate.errors import InputError
from surrogate.network import Network


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
    seconds        what computing them took, with the methods that they start from
    complete       False when a time limit ended the work on some neurons, which have the looser
                   bounds of the method before
    constraints    further rows that the inputs obey, or None
    network_hash   `Network.content_hash` of the network, or None when unknown

    Raises `InputError` when lower and upper differ in shape, or a lower bound is above its upper.
    """

    lower: tuple[FloatArray, ...] = field(repr=False)
    upper: tuple[FloatArray, ...] = field(repr=False)
    method: str
    box: Box
    seconds: float
    complete: bool = True
    constraints: LinearConstraints | None = None
    network_hash: str | None = None

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

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write everything to the .npz file `path`; `Bounds.load` returns equal bounds.

        Raises `StoreError` when the file cannot be written. It appears whole or not at all.
        """
        arrays = {f"lower_{k}": a for k, a in enumerate(self.lower)}
        arrays |= {f"upper_{k}": a for k, a in enumerate(self.upper)}
        if self.constraints is not None:
            arrays |= {"matrix": self.constraints.matrix, "rhs": self.constraints.rhs}
        arrays["box"] = np.stack([self.box.lower, self.box.upper])
        facts = (self.method, repr(self.seconds), str(self.complete), self.network_hash or "")
        write_arrays(path, {**arrays, "facts": np.array(facts)})

    @classmethod
    def load(cls, path: str | os.PathLike[str], net: Network | None = None) -> Bounds:
        """The bounds that `save` wrote to `path`.

        net   when given, the network for which the bounds must have been computed

        Raises `InputError` when the file is missing, damaged, no file of bounds, or about another
        network.
        """
        arrays = read_arrays(path)
        try:
            bounds = cls._of(arrays)
        except (KeyError, TypeError, ValueError) as exc:
            raise InputError(
                f"{os.fspath(path)!r} is damaged ({exc}); save the bounds again"
            ) from exc
        if net is not None and bounds.network_hash != net.content_hash:
            raise InputError(
                f"{os.fspath(path)!r} has bounds of another network (content hash "
                f"{bounds.network_hash or 'unknown'}, not {net.content_hash}); "
                "compute the bounds of this one"
            )
        return bounds

    @classmethod
    def _of(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Bounds:
        """The bounds in the arrays of a file; raises whatever goes wrong."""
        n = sum(name.startswith("lower_") for name in arrays)
        method, seconds, complete, network_hash = arrays["facts"].tolist()
        constraints = None
        if "matrix" in arrays:
            constraints = LinearConstraints(arrays["matrix"], arrays["rhs"])
        return cls(
            lower=tuple(arrays[f"lower_{k}"] for k in range(n)),
            upper=tuple(arrays[f"upper_{k}"] for k in range(n)),
            method=method,
            box=Box(*arrays["box"]),
            seconds=float(seconds),
            complete={"True": True, "False": False}[complete],
            constraints=constraints,
            network_hash=network_hash or None,
        )
