"""`Hull`: the convex hull of the data that a surrogate was made of.

A network is fitted where there are samples, and says anything elsewhere. The box around the samples
may be nearly all elsewhere: of inputs that vary together only a thin part of it was ever seen.
Every convex combination of samples is taken to be known.

Source: P. Courrieu, Three algorithms for estimating the domain
of validity of feedforward neural networks, Neural Networks 7 (1994).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from surrogate.box import Box, FloatArray
from surrogate.constraints import LinearConstraints
from surrogate.errors import InputError
from surrogate.validity.extremes import extreme_points
from surrogate.validity.facets import facet_rows, padded_maxima
from surrogate.validity.membership import distances, meets, supporting_row
from surrogate.validity.spans import Span

MOST_POINTS = 500
"""Of inputs, and as many again of inputs with outputs: each is a variable where facets are many."""

MOST_NUMBERS = 50_000
"""In all points together: half a megabyte to a megabyte in a file."""

NEAR = 1e-6
"""Relative to the ranges of the data: what is outside by less is inside, and on the boundary."""

LOST = 1e-3
"""Relative to the ranges: samples that lie outside by less are not counted as left out."""

_ASKED = 100  # samples by which it is estimated how many lie outside
_LARGEST = 1e100


@dataclass(frozen=True, eq=False, repr=False)
class Hull:
    """The convex hull of `points`: make it with `Hull.of`, which chooses them.

    points     (k, n), in the caller's units; the first `n_inputs` columns are inputs, further ones
               outputs
    n_inputs   d
    left_out   the share of the data that lie outside by more than `LOST`, because there were too
               many extreme points: 0 in few dimensions
    inputs_left_out   the same of the inputs alone

    Raises `InputError` when shapes do not fit, there are too many points, numbers are infinite or
    NaN, or the points have one input.
    """

    points: FloatArray
    n_inputs: int
    left_out: float = 0.0
    inputs_left_out: float = 0.0

    def __post_init__(self) -> None:
        """Copy, check and freeze the points."""
        points = _rows("points", self.points)
        if not 1 <= self.n_inputs <= points.shape[1]:
            raise InputError(
                f"hull: {self.n_inputs} of {points.shape[1]} columns are inputs; give at least 1, "
                "and a column for each"
            )
        if points.size > MOST_NUMBERS or len(points) > 2 * MOST_POINTS:
            raise InputError(
                f"hull: {len(points)} points of {points.shape[1]} numbers; at most "
                f"{2 * MOST_POINTS} points and {MOST_NUMBERS} numbers are kept: "
                "surrogate.Hull.of(inputs) chooses them"
            )
        for share in (self.left_out, self.inputs_left_out):
            if not 0.0 <= share <= 1.0:
                raise InputError(f"hull: {share} of the data left out; give a share, from 0 to 1")
        _check_varies(points[:, : self.n_inputs])
        points.setflags(write=False)
        object.__setattr__(self, "points", points)

    @classmethod
    def of(cls, inputs: npt.ArrayLike, outputs: npt.ArrayLike | None = None) -> Hull:
        """The hull of samples: `inputs` (k, d), or of these together with `outputs` (k, m).

        It is exact in few dimensions. Where more than `MOST_POINTS` points are extreme, it is the
        hull of some that are so in many directions: inside the hull of all, and `left_out` says how
        much of the data it loses. Samples may be repeated, on a line, or constant in a column.

        Raises `InputError`, naming the row, when a number is infinite or NaN, and when there are
        fewer than two distinct inputs, or another number of outputs.
        """
        x = _rows("inputs", inputs)
        _check_varies(x)
        y = np.empty((len(x), 0)) if outputs is None else _rows("outputs", outputs)
        if len(y) != len(x):
            raise InputError(
                f"hull: {len(x)} rows of inputs and {len(y)} of outputs; "
                "give as many of one as of the other"
            )
        both = np.column_stack([x, y])
        most = min(MOST_POINTS, MOST_NUMBERS // (2 * both.shape[1]))
        if most < 2:
            raise InputError(
                f"hull: {both.shape[1]} columns are more than {MOST_NUMBERS // 4}; use the box"
            )
        chosen, exact = extreme_points(x, most)
        lost = inputs_lost = 0.0 if exact else _share_outside(x, x[chosen])
        if y.shape[1]:
            more, exact = extreme_points(both, most)
            chosen = np.append(chosen, np.setdiff1d(more, chosen))
            lost = 0.0 if exact else _share_outside(both, both[chosen])
        return cls(both[chosen], x.shape[1], lost, inputs_lost)

    @property
    def n_outputs(self) -> int:
        """m, 0 when the hull is one of inputs alone."""
        return int(self.points.shape[1]) - self.n_inputs

    @cached_property
    def inputs(self) -> Hull:
        """The hull of the inputs alone."""
        if not self.n_outputs:
            return self
        x = self.points[:, : self.n_inputs]
        chosen = extreme_points(x, len(x))[0]
        return Hull(x[chosen], self.n_inputs, self.inputs_left_out, self.inputs_left_out)

    @property
    def box(self) -> Box:
        """The smallest box around the points, outputs too."""
        return Box(self.points.min(axis=0), self.points.max(axis=0))

    @cached_property
    def facets(self) -> LinearConstraints | None:
        """Rows that leave the hull of what `box` and `flat` allow; None where they are too many."""
        return facet_rows(self.points, self._span)

    @cached_property
    def flat(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Matrix, lower and upper sides of the rows that hold where all points are on a subspace.

        Columns that are constant have none: `box` says it.
        """
        rows = self._span.flat
        return rows, -padded_maxima(-rows, self.points), padded_maxima(rows, self.points)

    def contains(self, x: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Which of the points `x` (k, n) are in the hull, to `NEAR` of its ranges."""
        points = _rows("points", x)
        if points.shape[1] != self.points.shape[1]:
            raise InputError(
                f"hull: points of {points.shape[1]} numbers, the hull is one of "
                f"{self.points.shape[1]}; give {self.n_inputs} inputs and {self.n_outputs} outputs"
            )
        if self.facets is None:
            return np.asarray(distances(self.points, self._span, points) <= NEAR)
        sides, (rows, lower, upper), slack = self.box, self.flat, NEAR * self._span.scale
        inside = ((points >= sides.lower - slack) & (points <= sides.upper + slack)).all(axis=1)
        along = points @ rows.T
        inside &= ((along >= lower - NEAR) & (along <= upper + NEAR)).all(axis=1)
        excess = points @ self.facets.matrix.T - self.facets.rhs
        return np.asarray(inside & (excess <= NEAR).all(axis=1))

    def sides_at(self, x: FloatArray) -> LinearConstraints:
        """The facets on which the point `x` (n,) lies, none when it is inside.

        Without `facets`, one facet that it lies on, if any.
        """
        if self.facets is None:
            outward, row = supporting_row(self.points, self._span, x)
            rows = row[None][: int(outward >= 1.0 - NEAR)]
            return LinearConstraints(rows, padded_maxima(rows, self.points))
        on = self.facets.matrix @ x >= self.facets.rhs - NEAR
        return LinearConstraints(self.facets.matrix[on], self.facets.rhs[on])

    def meets(self, box: Box) -> bool:
        """Whether some point of the hull has its inputs in `box`."""
        return meets(self.points, self._span, box)

    @cached_property
    def _span(self) -> Span:
        return Span.of(self.points)

    def __eq__(self, other: object) -> bool:
        """Whether both have the same points in the same order."""
        return isinstance(other, Hull) and self._key() == other._key()

    def __hash__(self) -> int:
        """A hash that agrees with equality."""
        return hash(self._key())

    def _key(self) -> tuple[object, ...]:
        shares = (self.left_out, self.inputs_left_out)
        return (self.points.shape, (self.points + 0.0).tobytes(), self.n_inputs, *shares)

    def __repr__(self) -> str:
        """One line: what it is the hull of."""
        outputs = f" and {self.n_outputs} outputs" if self.n_outputs else ""
        lost = f", {self.left_out:.0%} of the data outside" if self.left_out else ""
        return f"Hull({len(self.points)} points of {self.n_inputs} inputs{outputs}{lost})"


def _rows(what: str, given: npt.ArrayLike) -> FloatArray:
    """A float64 copy of (rows, columns), finite."""
    try:
        array = np.array(given, dtype=np.float64)
    except (TypeError, ValueError) as exc:
        raise InputError(
            f"hull: {what} are no array of numbers ({exc}); give numbers in (rows, columns)"
        ) from None
    if what == "outputs" and array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2 or 0 in array.shape:
        raise InputError(
            f"hull: {what} have shape {array.shape}; give (rows, columns), none of them 0"
        )
    bad = np.flatnonzero(~(np.abs(array) <= _LARGEST).all(axis=1))
    if bad.size:
        raise InputError(
            f"hull: {what} row {bad[0]} is {array[bad[0]].tolist()}; remove rows with NaN or "
            f"infinity, and choose a unit in which numbers are at most {_LARGEST:g}"
        )
    return array


def _check_varies(x: FloatArray) -> None:
    """Refuse inputs that are all one point."""
    if (x == x[0]).all():
        raise InputError(
            f"hull: all {len(x)} inputs are {x[0].tolist()}; "
            "give samples of at least 2 distinct inputs"
        )


def _share_outside(data: FloatArray, corners: FloatArray) -> float:
    """The share of the data that lie outside the hull of the corners, of every so many rows."""
    asked = data[:: max(1, len(data) // _ASKED)]
    return float((distances(corners, Span.of(corners), asked) > LOST).mean())
