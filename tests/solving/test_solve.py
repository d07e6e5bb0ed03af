"""Solving: statuses, what is loaded, refused arguments, and HiGHS's silent failures."""

import math

import pyomo.environ as pyo
import pytest
from pyomo.gdp import Disjunction

from surrogate.errors import InputError
from surrogate.solving import Solution, Status, solve
from tests.solving.problems import knapsack, market_split, values


def test_optimal():
    m = knapsack()
    solution = solve(m)
    assert solution.status == "optimal"
    assert solution.status is Status.OPTIMAL
    assert solution.has_solution
    assert (solution.objective, solution.bound, solution.gap) == (5.0, 5.0, 0.0)
    assert values(m) == [1, 1, 0]
    assert solution.seconds >= solution.solver_seconds > 0
    assert "Audit" in solution.advice


def test_linear_program_and_offset():
    m = pyo.ConcreteModel()
    m.x = pyo.Var(bounds=(1, 4))
    m.c = pyo.Constraint(expr=2 * m.x <= 5)
    m.objective = pyo.Objective(expr=m.x + 10, sense=pyo.maximize)
    solution = solve(m)
    assert (solution.objective, solution.bound, solution.nodes) == (12.5, 12.5, 0)


def test_maximum_and_bound_have_the_models_sense():
    m = market_split()
    m.objective.set_value(-m.objective.expr)
    m.objective.sense = pyo.maximize
    solution = solve(m, options={"mip_max_nodes": 20})
    assert solution.objective <= solution.bound <= 0


def test_nodes_and_iterations_are_counted():
    solution = solve(market_split(), options={"mip_max_nodes": 50})
    assert solution.status is Status.OTHER_LIMIT
    assert solution.nodes >= 50
    assert solution.iterations > 50
    assert solution.gap == pytest.approx((solution.objective - solution.bound) / solution.objective)


def test_the_seed_reaches_highs_and_a_seed_repeats():
    runs = [solve(market_split(), seed=s, options={"mip_max_nodes": 50}) for s in (0, 0, 1)]
    assert runs[0].iterations == runs[1].iterations != runs[2].iterations


def test_time_limit_with_and_without_a_solution():
    m = market_split()
    with_solution = solve(m, time_limit=0.5)
    assert with_solution.status is Status.TIME_LIMIT
    assert with_solution.objective == pytest.approx(pyo.value(m.objective))
    assert with_solution.gap > 0
    m.s.fix(0)
    m.t.fix(0)
    without = solve(m, time_limit=0.5)
    assert without.status is Status.TIME_LIMIT_NO_SOLUTION
    assert (without.objective, without.gap, without.has_solution) == (None, None, False)
    assert {v.value for v in m.x.values()} == {None}
    assert "time_limit" in without.advice


def test_no_time_at_all_is_a_result_and_reaches_highs():
    solution = solve(market_split(), time_limit=0)
    assert solution.status in (Status.TIME_LIMIT, Status.TIME_LIMIT_NO_SOLUTION)
    assert solution.nodes <= 1  # thousands, when HiGHS has seconds


def test_infeasible_clears_the_old_solution():
    m = knapsack()
    solve(m)
    m.rows.add(m.x + m.y + m.z >= 3)
    solution = solve(m)
    assert solution.status is Status.INFEASIBLE
    assert (solution.objective, solution.bound) == (None, None)
    assert values(m) == [None] * 3


def test_fixed_variables_keep_their_values():
    m = knapsack()
    m.x.fix(0)
    assert solve(m).objective == 3.0
    assert values(m) == [0, 1, 1]
    m.rows.add(m.y >= 2)
    solve(m)
    assert values(m) == [0, None, None]


def test_unbounded():
    m = pyo.ConcreteModel()
    m.x, m.y = pyo.Var(), pyo.Var(bounds=(0, 1))
    m.c = pyo.Constraint(expr=m.x >= m.y)
    m.objective = pyo.Objective(expr=m.x, sense=pyo.maximize)
    solution = solve(m)
    assert solution.status in (Status.UNBOUNDED, Status.INFEASIBLE_OR_UNBOUNDED)
    assert (solution.objective, m.x.value) == (None, None)


@pytest.mark.parametrize("status", Status)
def test_every_status_gives_advice(status):
    solution = Solution(status, None, None, 0.0, 0.0, 0, 0)
    assert solution.advice == status.advice
    assert str(status) == status.value
    assert solution.advice.endswith(".")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"time_limit": -1}, "time_limit is -1"),
        ({"time_limit": math.nan}, "time_limit is nan"),
        ({"threads": 0}, "threads is 0"),
        ({"threads": 1.5}, "threads is 1.5"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": 2**31}, "seed is 2147483648"),
        ({"rel_gap": -1e-4}, "rel_gap is -0.0001"),
        ({"options": {"threads": 2}}, "option 'threads' is not free"),
        ({"options": {"output_flag": False}}, "option 'output_flag' is not free"),
    ],
)
def test_arguments_out_of_range(arguments, message):
    m = knapsack()
    m.x.value = 1
    with pytest.raises(InputError, match=message):
        solve(m, **arguments)
    assert m.x.value == 1


def test_models_that_cannot_be_solved():
    with pytest.raises(InputError, match="not a constructed Pyomo model"):
        solve(pyo.AbstractModel())
    m = knapsack()
    m.second = pyo.Objective(expr=m.x)
    with pytest.raises(InputError, match=r"2 active objectives \(objective, second\)"):
        solve(m)
    m.second.deactivate()
    m.objective.deactivate()
    with pytest.raises(InputError, match=r"0 active objectives \(none\)"):
        solve(m)
    empty = pyo.ConcreteModel()
    empty.objective = pyo.Objective(expr=1.0)
    with pytest.raises(InputError, match="the model is empty"):
        solve(empty)


def test_components_that_are_not_linear_are_named():
    m = knapsack()
    m.product = pyo.Constraint(expr=m.x * m.y <= 1)
    with pytest.raises(InputError, match="constraint 'product' is not linear"):
        solve(m)
    m.product.deactivate()
    m.objective.set_value(m.x**3)
    with pytest.raises(InputError, match="objective 'objective' is not linear"):
        solve(m)


def test_a_disjunction_is_not_left_out():
    m = knapsack()
    m.either = Disjunction(expr=[m.x == 0, m.y == 0])
    with pytest.raises(InputError, match=r"Disjunct.*is not linear; transform"):
        solve(m)


def test_fixed_without_a_value():
    m = knapsack()
    m.x.fixed = True
    with pytest.raises(InputError, match="'x' is fixed without a value"):
        solve(m)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"time_limit": "60"}, "time_limit is '60'; give a number"),
        ({"time_limit": None}, "time_limit is None"),
        ({"rel_gap": "small"}, "rel_gap is 'small'"),
        ({"rel_gap": True}, "rel_gap is True"),
        ({"options": "presolve"}, "options is 'presolve'; give a mapping"),
    ],
)
def test_arguments_of_the_wrong_kind(arguments, message):
    with pytest.raises(InputError, match=message):
        solve(knapsack(), **arguments)
