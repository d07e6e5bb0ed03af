"""`Box`: the input domain, one closed interval per input, in the caller's units."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from surrogate.errors import BoxError

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class Box:
    """The set {x : lower <= x <= upper}; `lower` and `upper` have shape (d,) and are finite.

    A box may be a point (lower == upper). Raises `BoxError` when a bound is missing, infinite or
    NaN, or when lower > upper; the message names the input by its position.
    """

    lower: FloatArray
    upper: FloatArray

    def __post_init__(self) -> None:
        """Copy, check and freeze the two arrays."""
        lower = np.array(self.lower, dtype=np.float64)
        upper = np.array(self.upper, dtype=np.float64)
        if lower.ndim != 1 or lower.shape != upper.shape:
            raise BoxError(
                f"box: lower has shape {lower.shape} and upper {upper.shape}; "
                "give one lower and one upper bound per input"
            )
        for i, (lo, up) in enumerate(zip(lower, upper, strict=True)):
            if not (np.isfinite(lo) and np.isfinite(up)):
                raise BoxError(
                    f"box: input {i} has bounds [{lo}, {up}]; both must be finite numbers"
                )
            if lo > up:
                raise BoxError(
                    f"box: input {i} has lower bound {lo:g} above its upper bound {up:g}; "
                    "swap them or widen the box"
                )
        for name, array in (("lower", lower), ("upper", upper)):
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    @classmethod
    def of(cls, pairs: Box | Iterable[Sequence[float]]) -> Box:
        """A box from (lower, upper) pairs, one per input; a `Box` is returned as it is."""
        if isinstance(pairs, Box):
            return pairs
        try:
            rows = [tuple(float(bound) for bound in pair) for pair in pairs]
        except (TypeError, ValueError):
            raise BoxError(
                f"box: {pairs!r} is no list of intervals; give one (lower, upper) pair per input"
            ) from None
        for i, row in enumerate(rows):
            if len(row) != 2:
                raise BoxError(f"box: input {i} has {len(row)} values; give (lower, upper)")
        return cls(np.array([r[0] for r in rows]), np.array([r[1] for r in rows]))

    @property
    def n_inputs(self) -> int:
        """How many inputs the box bounds."""
        return len(self.lower)

    @property
    def n_varying(self) -> int:
        """How many inputs are not fixed to a point."""
        return int((self.upper > self.lower).sum())

    def pairs(self) -> list[tuple[float, float]]:
        """The box as (lower, upper) pairs of plain floats."""
        return [(float(lo), float(up)) for lo, up in zip(self.lower, self.upper, strict=True)]

    def intersect(self, other: Box) -> Box:
        """The points in both boxes. Raises `BoxError`, naming the input, when there are none."""
        lower, upper = np.maximum(self.lower, other.lower), np.minimum(self.upper, other.upper)
        if (lower > upper).any():
            i = int(np.argmax(lower > upper))
            mine, theirs = self.pairs()[i], other.pairs()[i]
            raise BoxError(
                f"box: input {i} is in [{mine[0]:g}, {mine[1]:g}] and in "
                f"[{theirs[0]:g}, {theirs[1]:g}], which have no common point; "
                "give boxes that overlap"
            )
        return Box(lower, upper)

    def sample(self, n: int, rng: np.random.Generator) -> FloatArray:
        """`n` points drawn uniformly from the box, shape (n, d)."""
        return rng.uniform(self.lower, self.upper, (n, self.n_inputs))

    def spread(self, n: int) -> FloatArray:
        """`n` points that fill the box evenly, (n, d), the same at every call.

        A scrambled Sobol' sequence with a fixed seed: every input takes `n` different values. It is
        even where `n` is a power of two.
        """
        from scipy.stats import qmc  # here, because scipy.stats is slow to import

        unit = qmc.Sobol(self.n_inputs, scramble=True, rng=0).random(n)
        points: FloatArray = self.lower + (self.upper - self.lower) * unit
        return points

    def __eq__(self, other: object) -> bool:
        """Whether two boxes have the same bounds, bit for bit."""
        return (
            isinstance(other, Box)
            and np.array_equal(self.lower, other.lower)
            and np.array_equal(self.upper, other.upper)
        )

    def __hash__(self) -> int:
        """A hash that agrees with equality."""
        return hash((self.lower.tobytes(), self.upper.tobytes()))

    def __repr__(self) -> str:
        """The type and the intervals."""
        return f"Box({self})"

    def __str__(self) -> str:
        """The intervals, joined by ' x '."""
        return " x ".join(f"[{lo:g}, {up:g}]" for lo, up in self.pairs())
