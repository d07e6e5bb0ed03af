"""Rows that make their expression late are constraints like any other."""

import pyomo.environ as pyo
import pytest
from pyomo.core.expr.visitor import identify_variables

from surrogate.solving.written import Row, WrittenRow, write_rows

ROWS = (
    Row([0, 1], [2.0, -1.5], None, 3.0),
    Row([1, 2], [1.25, 0.5], 0.25, 0.25),
    Row([2], [4.0], -1.0, None),
    Row([0, 1, 2], [1.5, 2.5, 3.5], -2.0, 2.0),
)
EXPRESSIONS = (
    lambda x: 2.0 * x[0] - 1.5 * x[1] <= 3.0,
    lambda x: 1.25 * x[1] + 0.5 * x[2] == 0.25,
    lambda x: 4.0 * x[2] >= -1.0,
    lambda x: (-2.0, 1.5 * x[0] + 2.5 * x[1] + 3.5 * x[2], 2.0),
)


@pytest.fixture
def model():
    m = pyo.ConcreteModel()
    m.x = pyo.Var(range(3), bounds=(-1, 1), initialize=0.5)
    m.objective = pyo.Objective(expr=m.x[0])
    write_rows(m, "rows", ROWS, list(m.x.values()))
    return m


def plain():
    """The same model, by Pyomo alone."""
    m = pyo.ConcreteModel()
    m.x = pyo.Var(range(3), bounds=(-1, 1), initialize=0.5)
    m.objective = pyo.Objective(expr=m.x[0])
    m.rows = pyo.Constraint(range(4), rule=lambda m, i: EXPRESSIONS[i](m.x))
    return m


def text_of(model, tmp_path):
    model.write(str(tmp_path / "m.lp"))
    return (tmp_path / "m.lp").read_text()


def test_a_file_of_the_model_is_that_of_plain_pyomo(model, tmp_path):
    assert text_of(model, tmp_path) == text_of(plain(), tmp_path)


@pytest.mark.parametrize("i", range(4))
def test_whatever_pyomo_says_of_a_row(model, i):
    ours, theirs = model.rows[i], plain().rows[i]
    for what in ("lb", "ub", "equality", "name", "active"):
        assert getattr(ours, what) == getattr(theirs, what), what
    assert ours.has_lb() == theirs.has_lb()
    assert ours.slack() == pytest.approx(theirs.slack())
    assert pyo.value(ours.body) == ours() == pytest.approx(theirs())
    assert [v.name for v in identify_variables(ours.expr)] == [
        v.name for v in identify_variables(theirs.expr)
    ]
    assert ours.index() == i
    assert ours.parent_component() is model.rows


def test_the_expression_is_made_once_and_does_not_count_as_a_change(model):
    assert model.rows[0].expr is model.rows[0].expr
    assert model.rows[0].get_value() is model.rows[0].expr
    assert model.rows[0].untouched


def test_a_row_with_another_expression_is_no_longer_what_was_written(model):
    model.rows[0] = model.x[0] <= 0.125
    assert not model.rows[0].untouched
    assert model.rows[0].ub == 0.125
    model.rows[1].set_value((0.0, model.x[1], 0.5))
    assert not model.rows[1].untouched
    assert (model.rows[1].lb, model.rows[1].ub) == (0.0, 0.5)


@pytest.mark.parametrize("made", [False, True], ids=["not made", "made"])
def test_a_copy_has_rows_over_its_own_variables(model, made):
    if made:
        assert all(row.expr is not None for row in model.rows.values())
    other = model.clone()
    for row in other.rows.values():
        assert isinstance(row, WrittenRow)
        assert row.untouched
        assert all(v.model() is other for v in identify_variables(row.expr))
    other.rows[0] = other.x[0] <= 0.0
    assert model.rows[0].untouched
