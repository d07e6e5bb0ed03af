"""A program refuses what HiGHS would take without a word."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from surrogate.errors import InputError
from surrogate.programs import Program

PROGRAM = Program(
    cost=np.ones(2),
    lower=np.array([-np.inf, 0.0]),
    upper=np.array([1.0, np.inf]),
    integer=np.zeros(2, dtype=bool),
    matrix=sparse.csr_array(np.ones((1, 2))),
    row_lower=np.array([-np.inf]),
    row_upper=np.array([np.inf]),
)


@pytest.mark.parametrize(
    "name", ["cost", "matrix", "offset", "lower", "upper", "row_lower", "row_upper"]
)
@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_nan_is_refused_everywhere_and_infinity_where_it_is_no_bound(name, wrong):
    value = wrong
    if name == "matrix":
        value = sparse.csr_array(np.array([[1.0, wrong]]))
    elif name != "offset":
        value = np.full_like(getattr(PROGRAM, name), wrong)
    if name in ("cost", "matrix", "offset") or np.isnan(wrong):
        with pytest.raises(InputError, match=rf"NaN.*in (its )?{name}"):
            replace(PROGRAM, **{name: value})
    else:
        replace(PROGRAM, **{name: value})
