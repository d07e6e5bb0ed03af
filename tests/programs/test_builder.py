"""The builder: groups of columns and rows become one program."""

import numpy as np
import pytest
from scipy import sparse

from surrogate.programs import Builder


def test_columns_are_numbered_in_the_order_in_which_they_come():
    builder = Builder()
    assert builder.add_columns("x", [0, 1], [2, 3]).tolist() == [0, 1]
    assert builder.add_columns("none", np.zeros(0), 1.0, integer=True).tolist() == []
    assert builder.add_columns("q", np.zeros(3), 1.0, integer=True).tolist() == [2, 3, 4]
    assert builder.add_columns("one", -np.inf, np.inf).tolist() == [5]
    program = builder.program()
    assert program.n_columns == builder.n_columns == 6
    assert program.lower.tolist() == [0, 1, 0, 0, 0, -np.inf]
    assert program.upper.tolist() == [2, 3, 1, 1, 1, np.inf]
    assert program.integer.tolist() == [False, False, True, True, True, False]
    assert program.cost.tolist() == [0.0] * 6
    assert not program.maximize


def test_terms_may_be_diagonal_dense_or_sparse_and_their_places_in_any_order():
    builder = Builder()
    x, y = builder.add_columns("x", [0] * 3, 1), builder.add_columns("y", [0] * 2, 1)
    dense = np.array([[1.0, 0.0, 2.0], [0.0, 0.0, 3.0]])
    builder.add_rows("first", 0.0, [1.0, 2.0], (x[::-1], dense), (y, [4.0, 0.0]))
    builder.add_rows("none", 0.0, 0.0, (y, np.zeros((0, 2))))
    builder.add_rows(
        "second", -np.inf, 5.0, (y[:1], sparse.csr_array([[6.0]])), (x, np.ones((1, 3)))
    )
    program = builder.program()
    assert program.matrix.toarray().tolist() == [
        [2.0, 0.0, 1.0, 4.0, 0.0],
        [3.0, 0.0, 0.0, 0.0, 0.0],
        [1.0, 1.0, 1.0, 6.0, 0.0],
    ]
    assert program.matrix.nnz == 8
    assert program.row_lower.tolist() == [0.0, 0.0, -np.inf]
    assert program.row_upper.tolist() == [1.0, 2.0, 5.0]


@pytest.mark.parametrize("seed", range(20))
def test_any_terms_add_up_to_the_dense_product(seed):
    rng = np.random.default_rng(seed)
    builder, sizes = Builder(), rng.integers(0, 4, 5)
    groups = [builder.add_columns(f"c{i}", np.zeros(size), 1) for i, size in enumerate(sizes)]
    x = rng.normal(size=builder.n_columns)
    expected = [np.zeros(0)]
    for r in range(4):
        rows, terms = rng.integers(0, 4), []
        total = np.zeros(rows)
        for places in groups:
            matrix = rng.normal(size=(rows, len(places))) * (rng.random((rows, len(places))) < 0.5)
            if len(places) == rows and rng.random() < 0.5:
                matrix = np.diag(matrix)
                total += matrix * x[places]
            else:
                total += matrix @ x[places]
                matrix = sparse.csr_array(matrix) if rng.random() < 0.5 else matrix
            terms.append((places, matrix))
        builder.add_rows(f"r{r}", total, total, *terms)
        expected.append(total)
    program = builder.program()
    np.testing.assert_allclose(program.matrix @ x, np.concatenate(expected), atol=1e-12)
    np.testing.assert_array_equal(program.row_lower, np.concatenate(expected))
    assert (program.matrix.data != 0.0).all()


def test_a_builder_without_rows_or_columns_is_a_program():
    empty = Builder().program()
    assert (empty.n_columns, empty.n_rows, empty.matrix.shape) == (0, 0, (0, 0))
    builder = Builder()
    builder.add_columns("x", [0, 0], 1)
    program = builder.program(np.array([1.0, 2.0]), maximize=True)
    assert (program.n_columns, program.n_rows, program.matrix.shape) == (2, 0, (0, 2))
    assert program.cost.tolist() == [1.0, 2.0]
    assert program.maximize
