"""Linear constraints among inputs."""

import numpy as np
import pytest

from surrogate.constraints import LinearConstraints
from surrogate.errors import BoxError


def test_they_are_copied_frozen_and_equal_by_content():
    matrix = np.array([[1.5, -1.0]])
    rows = LinearConstraints(matrix, [-5])
    matrix[0, 0] = 7.0
    assert rows.matrix.tolist() == [[1.5, -1.0]]
    assert rows.n_inputs == 2
    with pytest.raises(ValueError, match="read-only"):
        rows.rhs[0] = 0.0
    same, other = LinearConstraints([[1.5, -1.0]], [-5.0]), LinearConstraints([[1.5, -1.0]], [-4.0])
    assert rows == same
    assert hash(rows) == hash(same)
    assert rows != other
    assert rows != "rows"
    assert hash(LinearConstraints([[0.0]], [1.0])) == hash(LinearConstraints([[-0.0]], [1.0]))


def test_which_points_satisfy_them():
    rows = LinearConstraints([[1.0, 1.0], [-1.0, 0.0]], [1.0, 0.0])
    assert rows.hold([[0.5, 0.5], [0.6, 0.5], [-0.1, 0.0]]).tolist() == [True, False, False]


def test_their_names():
    rows = LinearConstraints([[1.5, -1.0], [-1.0, 0.0], [0.0, 0.0]], [-5.0, 0.25, 1.0])
    assert [rows.name(i) for i in range(3)] == [
        "constraint 0 (1.5 x0 - x1 <= -5)",
        "constraint 1 (- x0 <= 0.25)",
        "constraint 2 (0 <= 1)",
    ]


@pytest.mark.parametrize(
    ("matrix", "rhs", "message"),
    [
        ([1.0, 2.0], [1.0, 2.0], r"matrix has shape \(2,\)"),
        ([[1.0, 2.0]], [1.0, 2.0], r"rhs \(2,\)"),
        ([[1.0], [np.nan]], [1.0, 2.0], "row 1 has an infinite or NaN"),
        ([[1.0], [1.0]], [np.inf, 2.0], "row 0 has an infinite or NaN"),
    ],
)
def test_what_makes_no_constraints(matrix, rhs, message):
    with pytest.raises(BoxError, match=message):
        LinearConstraints(matrix, rhs)
