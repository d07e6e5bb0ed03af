"""Rows that are known in arrays say what the Pyomo model says, whatever the user does to it."""

import numpy as np
import pyomo.environ as pyo
import pytest

from surrogate.encodings import ENCODINGS
from surrogate.problems import linked_problem
from surrogate.solving import Status, solve
from surrogate.solving.hints import hints_in
from surrogate.solving.translating import translate
from tests.nets import make_net

OURS = [name for name in ENCODINGS if name != "omlt"]
pytestmark = pytest.mark.parametrize("encoding", OURS)


def problem(encoding):
    return linked_problem(make_net((3, 2), seed=3), 2, 0, encoding)


def rows_of(translation):
    """The rows as sorted text, free of the order of rows and columns."""
    program, names = translation.program, [v.name for v in translation.variables]
    found = []
    for i in range(program.n_rows):
        row = program.matrix[[i]].tocoo()
        terms = sorted((names[j], float(c)) for j, c in zip(row.coords[1], row.data, strict=True))
        found.append((terms, float(program.row_lower[i]), float(program.row_upper[i])))
    return sorted(found, key=repr)


def columns_of(translation):
    program = translation.program
    return {
        v.name: (program.lower[j], program.upper[j], program.integer[j], program.cost[j])
        for j, v in enumerate(translation.variables)
    }


def assert_same(model, *, some=True):
    """With and without the arrays, one program."""
    known = hints_in(model).known
    assert bool(known) == some
    with_arrays, without = translate(model, known), translate(model)
    ours, theirs = rows_of(with_arrays), rows_of(without)
    assert len(ours) == len(theirs)
    for (terms, *sides), (other_terms, *other_sides) in zip(ours, theirs, strict=True):
        assert [name for name, _ in terms] == [name for name, _ in other_terms]
        assert np.allclose([c for _, c in terms], [c for _, c in other_terms], rtol=1e-14)
        assert np.allclose(sides, other_sides, rtol=1e-12, atol=1e-12)
    assert columns_of(with_arrays) == columns_of(without)


def test_a_model_as_it_is(encoding):
    assert_same(problem(encoding).model)


def test_a_model_that_was_copied(encoding):
    model = problem(encoding).model
    other = model.clone()
    assert_same(other)
    assert solve(other).objective == pytest.approx(solve(model).objective, abs=1e-6)
    other.x[0, 0].fix(0.25)
    assert model.x[0, 0].fixed is False
    assert_same(other)


def test_variables_that_are_fixed(encoding):
    built = problem(encoding)
    block = built.embeddings[0].block.surrogate
    built.model.x[0, 0].fix(0.25)
    for variable in list(block.component_data_objects(pyo.Var))[3:6]:
        variable.fix(0.5)
    assert_same(built.model)


def test_rows_that_are_changed_deactivated_or_deleted(encoding):
    built = problem(encoding)
    first, second = (emb.block.surrogate for emb in built.embeddings)
    rows = list(first.component_objects(pyo.Constraint))
    rows[0].deactivate()
    rows[1][0].deactivate()
    rows[2][0].set_value(rows[2][0].body <= 7.5)
    other = list(second.component_objects(pyo.Constraint))
    second.del_component(other[0])
    del other[1][0]
    assert_same(built.model)


def test_a_block_that_is_inactive(encoding):
    built = problem(encoding)
    built.embeddings[0].block.deactivate()
    assert_same(built.model)
    built.embeddings[1].block.deactivate()
    assert_same(built.model, some=False)


def test_the_rows_are_active_after_a_solve_and_after_an_error(encoding):
    built = problem(encoding)
    rows = list(built.model.component_data_objects(pyo.Constraint))
    assert solve(built.model).status is Status.OPTIMAL
    built.model.bad = pyo.Constraint(expr=built.model.x[0, 0] ** 2 <= 1)
    with pytest.raises(ValueError, match="'bad' is not linear"):
        solve(built.model)
    assert all(row.active for row in rows)


def test_relaxed_binaries_make_no_choice(encoding):
    built = problem(encoding)
    model = built.model
    model.own = pyo.Var(domain=pyo.Binary)
    model.use = pyo.Constraint(expr=model.own >= 0.5)
    for variable in list(model.component_data_objects(pyo.Var)):
        if variable.is_binary() and variable is not model.own:
            variable.domain = pyo.UnitInterval
    with_hints = solve(model).objective
    for emb in built.embeddings:
        emb.block.surrogate.solver_hints = None
    assert with_hints == pytest.approx(solve(model).objective, abs=1e-6)
