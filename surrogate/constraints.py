"""`LinearConstraints`: what else the inputs of a network obey, beside their box."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from surrogate.box import FloatArray
from surrogate.errors import BoxError


@dataclass(frozen=True, eq=False)
class LinearConstraints:
    """The set {x : matrix x <= rhs}, in the caller's units.

    matrix   (rows, d)
    rhs      (rows,)

    Raises `BoxError` when shapes do not fit, or a number is infinite or NaN.
    """

    matrix: FloatArray
    rhs: FloatArray

    def __post_init__(self) -> None:
        """Copy, check and freeze the two arrays."""
        matrix = np.array(self.matrix, dtype=np.float64)
        rhs = np.array(self.rhs, dtype=np.float64)
        if matrix.ndim != 2 or rhs.shape != matrix.shape[:1]:
            raise BoxError(
                f"constraints: matrix has shape {matrix.shape} and rhs {rhs.shape}; "
                "give (rows, inputs) and (rows,)"
            )
        for i, row in enumerate(np.column_stack([matrix, rhs])):
            if not np.isfinite(row).all():
                raise BoxError(
                    f"constraints: row {i} has an infinite or NaN number; leave out a row that "
                    "bounds nothing, and give numbers in the others"
                )
        for name, array in (("matrix", matrix), ("rhs", rhs)):
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    @property
    def n_inputs(self) -> int:
        """How many inputs the constraints are about."""
        return int(self.matrix.shape[1])

    def hold(self, x: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Which of the points `x` (n, d) satisfy every row."""
        satisfied = np.asarray(x, dtype=np.float64) @ self.matrix.T <= self.rhs
        return np.asarray(satisfied.all(axis=1))

    def name(self, i: int) -> str:
        """Row `i` in words: `constraint 0 (1.5 x0 - x1 <= -5)`."""
        signs = [
            ("- " if c < 0 else "+ ", f"{abs(c):g} ".removeprefix("1 ")) for c in self.matrix[i]
        ]
        terms = [f"{sign}{size}x{j}" for j, (sign, size) in enumerate(signs) if self.matrix[i, j]]
        left = " ".join(terms).removeprefix("+ ") or "0"
        return f"constraint {i} ({left} <= {self.rhs[i]:g})"

    def __eq__(self, other: object) -> bool:
        """Whether both have the same rows in the same order."""
        return (
            isinstance(other, LinearConstraints)
            and np.array_equal(self.matrix, other.matrix)
            and np.array_equal(self.rhs, other.rhs)
        )

    def __hash__(self) -> int:
        """A hash that agrees with equality."""
        return hash((self.matrix.shape, (self.matrix + 0.0).tobytes(), (self.rhs + 0.0).tobytes()))
