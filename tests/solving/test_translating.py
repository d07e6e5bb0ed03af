"""Pyomo models of every shape against the arrays that they were made from, solved by scipy."""

from dataclasses import replace

import numpy as np
import pyomo.environ as pyo
import pytest

from surrogate.errors import InputError
from surrogate.solving import Status, solve
from surrogate.solving.translating import translate
from tests.programs.random_programs import by_scipy, random_program


def model_of(program, rng):
    """A Pyomo model of the program, each row written in one of the ways that Pyomo has."""
    m = pyo.ConcreteModel()
    lower = [None if np.isinf(v) else float(v) for v in program.lower]
    upper = [None if np.isinf(v) else float(v) for v in program.upper]
    m.x = pyo.Var(
        range(program.n_columns),
        domain=lambda _, j: pyo.Integers if program.integer[j] else pyo.Reals,
        bounds=lambda _, j: (lower[j], upper[j]),
    )
    x = list(m.x.values())
    m.rows = pyo.ConstraintList()
    matrix = program.matrix.toarray()
    for row, low, up in zip(matrix, program.row_lower, program.row_upper, strict=True):
        constant = float(rng.integers(-3, 4))
        body = constant + sum(float(c) * v for c, v in zip(row, x, strict=True) if c)
        if not row.any() or rng.random() < 0.3:  # a variable that cancels
            body = body + 2 * x[0] - 2 * x[0]
        low, up = float(low) + constant, float(up) + constant
        if low == up:
            m.rows.add(pyo.inequality(low, body, up) if rng.random() < 0.5 else body == low)
        elif np.isfinite([low, up]).all():
            m.rows.add(pyo.inequality(low, body, up))
        elif np.isfinite(up):
            m.rows.add(body - x[-1] <= up - x[-1] if rng.random() < 0.5 else up >= body)
        elif np.isfinite(low):
            m.rows.add(body >= low)
    cost = sum(float(c) * v for c, v in zip(program.cost, x, strict=True))
    sense = pyo.maximize if program.maximize else pyo.minimize
    m.objective = pyo.Objective(expr=cost + program.offset, sense=sense)
    return m


@pytest.mark.parametrize("seed", range(80))
def test_random_models_have_the_optimum_of_their_arrays(seed):
    program, rng = random_program(seed), np.random.default_rng(seed)
    m = model_of(program, rng)
    some = rng.random(program.n_columns) < 0.2
    if not some.all():
        for j in np.flatnonzero(some).tolist():  # a fixed variable may leave its bounds
            m.x[j].fix(float(rng.integers(-4, 5)))
            value = np.array([m.x[j].value if i == j else np.nan for i in range(len(some))])
            program = replace(
                program,
                lower=np.where(np.isnan(value), program.lower, value),
                upper=np.where(np.isnan(value), program.upper, value),
            )
    statuses, optimum = by_scipy(program)
    if next(m.component_data_objects(pyo.Constraint), None) is None and not program.cost.any():
        return
    solution = solve(m, rel_gap=0.0)
    if optimum is None:
        assert solution.status in statuses
        assert not solution.has_solution
        return
    assert solution.status is Status.OPTIMAL
    assert solution.objective == pytest.approx(optimum, abs=1e-6)
    assert solution.bound == pytest.approx(optimum, abs=1e-5)
    found = pyo.value(m.objective, exception=False)
    assert found is None or found == pytest.approx(optimum, abs=1e-6)  # None: an unused variable
    for constraint in m.rows.values():
        if (body := pyo.value(constraint.body, exception=False)) is not None:
            assert constraint.lb is None or body >= constraint.lb - 1e-8
            assert constraint.ub is None or body <= constraint.ub + 1e-8
    for variable in m.x.values():
        if variable.is_integer() and variable.value is not None:
            assert variable.value == round(variable.value)


def small():
    """Two variables, and a third that nothing mentions."""
    m = pyo.ConcreteModel()
    m.x = pyo.Var(range(3), bounds=(0, 4))
    m.rows = pyo.ConstraintList()
    m.objective = pyo.Objective(expr=m.x[0] + m.x[1] + 10.0, sense=pyo.maximize)
    return m


def test_each_constraint_is_one_row_and_each_used_variable_one_column():
    m = small()
    m.rows.add(pyo.inequality(-1, m.x[0] - m.x[1] + 2, 3))
    m.rows.add(m.x[0] + m.x[1] == 5)
    m.rows.add(m.x[0] >= 1)
    m.rows.add(2 * m.x[1] <= 3)
    m.rows.add(pyo.inequality(2, m.x[0] + m.x[1], 2))
    found = translate(m)
    program = found.program
    assert found.variables == (m.x[0], m.x[1])
    assert program.matrix.toarray().tolist() == [[1, -1], [1, 1], [1, 0], [0, 2], [1, 1]]
    assert program.row_lower.tolist() == [-3, 5, 1, -np.inf, 2]
    assert program.row_upper.tolist() == [1, 5, np.inf, 3, 2]
    assert (program.cost.tolist(), program.offset, program.maximize) == ([1, 1], 10, True)


def test_a_variable_that_nothing_mentions_has_no_value():
    m = small()
    m.rows.add(m.x[0] + m.x[1] <= 5)
    assert solve(m).objective == 15.0
    assert m.x[2].value is None


def test_domains_are_bounds_and_integrality():
    m = pyo.ConcreteModel()
    domains = [pyo.Reals, pyo.NonNegativeReals, pyo.Binary, pyo.Integers, pyo.PositiveIntegers]
    m.x = pyo.Var(range(5), domain=lambda _, j: domains[j], bounds=(-2.5, 2.5))
    m.row = pyo.Constraint(expr=sum(m.x.values()) <= 100)
    m.objective = pyo.Objective(expr=sum(m.x.values()))
    solve(m)
    assert [v.value for v in m.x.values()] == [-2.5, 0.0, 0, -2, 1]
    m.objective.sense = pyo.maximize
    solve(m)
    assert [v.value for v in m.x.values()] == [2.5, 2.5, 1, 2, 2]


@pytest.mark.parametrize("domain", [pyo.RangeSet(0, 10, 2), pyo.Set(initialize=[1, 5])])
def test_a_domain_with_holes_is_refused(domain):
    m = pyo.ConcreteModel()
    m.x = pyo.Var(domain=domain)
    m.row = pyo.Constraint(expr=m.x <= 7)
    m.objective = pyo.Objective(expr=m.x, sense=pyo.maximize)
    with pytest.raises(InputError, match="'x'"):
        solve(m)


def test_constraints_without_variables_hold_or_make_the_model_infeasible():
    m = small()
    m.x[0].fix(0.5)
    m.rows.add(m.x[0] <= 1)
    assert solve(m).objective == 14.5
    m.rows.add(m.x[0] >= 1)
    solution = solve(m)
    assert (solution.status, solution.objective) == (Status.INFEASIBLE, None)
    assert m.x[1].value is None


def test_a_constraint_whose_variables_cancel_holds_or_not():
    for limit, status in ((1.0, Status.OPTIMAL), (-1.0, Status.INFEASIBLE)):
        m = small()
        m.rows.add(m.x[0] - m.x[0] + 0 * m.x[1] <= limit)
        assert solve(m).status is status


def test_rounding_is_no_contradiction_among_fixed_variables():
    m = pyo.ConcreteModel()
    m.x, m.y = pyo.Var(), pyo.Var(bounds=(0, 1))
    m.x.fix(0.1 + 0.2)
    m.row = pyo.Constraint(expr=m.x == 0.3)
    m.objective = pyo.Objective(expr=m.y)
    assert solve(m).status is Status.OPTIMAL


def test_a_model_of_fixed_variables_has_their_objective():
    m = small()
    m.x.fix(1.0)
    m.rows.add(m.x[0] <= 2)
    solution = solve(m)
    assert (solution.status, solution.objective, solution.bound) == (Status.OPTIMAL, 12.0, 12.0)


def test_inactive_parts_do_not_count():
    m = small()
    m.sub = pyo.Block()
    m.sub.row = pyo.Constraint(expr=m.x[0] <= 1)
    assert solve(m).objective == 15.0
    m.rows.add(m.x[1] <= 2)
    assert solve(m).objective == 13.0
    m.rows[1].deactivate()
    assert solve(m).objective == 15.0
    m.sub.deactivate()
    assert solve(m).objective == 18.0


def test_named_expressions_and_mutable_parameters():
    m = small()
    m.p = pyo.Param(initialize=2.0, mutable=True)
    m.e = pyo.Expression(expr=m.p * m.x[0] + 1)
    m.rows.add(m.e <= m.p + 1)
    assert solve(m).objective == 15.0
    m.p.set_value(0.5)
    m.rows.add(m.x[0] + m.x[1] <= 6 * m.p)
    assert solve(m).objective == 13.0
