"""`Program`: a mixed-integer linear program in arrays, the form in which HiGHS takes it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from surrogate.box import FloatArray
from surrogate.errors import InputError

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Program:
    """min or max  cost.x + offset  s.t.  row_lower <= matrix x <= row_upper, lower <= x <= upper.

    cost, lower, upper     shape (n,); bounds may be infinite
    integer                shape (n,): whether x_j is integer
    matrix                 (rows, n), sparse by rows
    row_lower, row_upper   shape (rows,); either side may be infinite
    maximize               the sense

    Raises `InputError` when a number is NaN, or a cost or coefficient infinite: HiGHS takes NaN
    without a word, and calls the result optimal (1.15.1).
    """

    cost: FloatArray
    lower: FloatArray
    upper: FloatArray
    integer: BoolArray
    matrix: sparse.csr_array
    row_lower: FloatArray
    row_upper: FloatArray
    offset: float = 0.0
    maximize: bool = False

    def __post_init__(self) -> None:
        """Refuse numbers that HiGHS would take without a word."""
        for name in ("cost", "matrix", "offset"):
            value = getattr(self, name)
            if not np.isfinite(value.data if name == "matrix" else value).all():
                raise InputError(f"the program has a NaN or infinite number in its {name}")
        for name in ("lower", "upper", "row_lower", "row_upper"):
            if np.isnan(getattr(self, name)).any():
                raise InputError(f"the program has a NaN in {name}; give numbers, or infinity")

    @property
    def n_columns(self) -> int:
        """n, the number of variables."""
        return len(self.cost)

    @property
    def n_rows(self) -> int:
        """The number of constraints."""
        return len(self.row_lower)


WHOLE = 1e-6
"""An integer, or a bound of one, this close to a whole number is that number: HiGHS's tolerance."""


def whole_bounds(
    lower: FloatArray, upper: FloatArray, integer: BoolArray
) -> tuple[FloatArray, FloatArray]:
    """Bounds (n,), those of integers rounded inward to whole numbers.

    HiGHS 1.15.1 takes 2.5 for a value of an integer that is at most 2.5, and has called a program
    with such bounds optimal 18 % away from its optimum (tests/solving/test_integer_bounds.py).
    """
    return (
        np.where(integer, np.ceil(lower - WHOLE), lower),
        np.where(integer, np.floor(upper + WHOLE), upper),
    )
