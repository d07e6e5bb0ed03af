"""A session: HiGHS on random programs against scipy, warm starts, limits, and loud failures."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from surrogate.errors import SolverError
from surrogate.programs import TOLERANCES, Program, Session, Status, check_options, highs
from tests.programs.random_programs import by_scipy, random_program


def check(outcome, program, *, relaxed=False):
    """The outcome is the one that scipy finds, and its point is feasible."""
    statuses, optimum = by_scipy(program, relaxed=relaxed)
    assert outcome.status in statuses
    if optimum is None:
        assert (outcome.objective, outcome.bound, outcome.x) == (None, None, None)
        return
    assert outcome.objective == pytest.approx(optimum, abs=1e-6)
    assert outcome.bound == pytest.approx(optimum, rel=1e-4, abs=1e-6)
    x, activity = outcome.x, program.matrix @ outcome.x
    assert program.cost @ x + program.offset == pytest.approx(optimum, abs=1e-6)
    assert (x >= program.lower - 1e-8).all()
    assert (x <= program.upper + 1e-8).all()
    assert (activity >= program.row_lower - 1e-8).all()
    assert (activity <= program.row_upper + 1e-8).all()
    if not relaxed:
        np.testing.assert_allclose(x[program.integer], np.round(x[program.integer]), atol=1e-8)


@pytest.mark.parametrize("seed", range(40))
def test_linear_programs(seed):
    program = random_program(seed, integers=False)
    check(Session(program).solve(), program)


@pytest.mark.parametrize("seed", range(60))
def test_mixed_integer_programs_and_their_relaxations(seed):
    program = random_program(seed)
    check(Session(program).solve(), program)
    check(Session(program, relaxed=True).solve(), program, relaxed=True)


def test_the_random_programs_have_every_kind_of_end():
    ends = {Session(random_program(seed)).solve().status for seed in range(60)}
    assert {Status.OPTIMAL, Status.INFEASIBLE} < ends
    assert ends & {Status.UNBOUNDED, Status.INFEASIBLE_OR_UNBOUNDED}


@pytest.mark.parametrize("maximize", [False, True])
@pytest.mark.parametrize("seed", range(20))
def test_reduced_costs_and_duals_are_slopes_of_the_objective_in_the_programs_sense(seed, maximize):
    program = replace(random_program(seed, integers=False), maximize=maximize)
    outcome = Session(program).solve()
    if outcome.status is not Status.OPTIMAL:
        assert (outcome.reduced_costs, outcome.duals) == (None, None)
        return
    r, duals, x = outcome.reduced_costs, outcome.duals, outcome.x
    np.testing.assert_allclose(r, program.cost - program.matrix.T @ duals, atol=1e-9)
    sign = -1.0 if maximize else 1.0
    for slope, value, low, up in [
        (r, x, program.lower, program.upper),
        (duals, program.matrix @ x, program.row_lower, program.row_upper),
    ]:
        assert (sign * slope[value > low + 1e-7] <= 1e-9).all()  # only a lower side can push up
        assert (sign * slope[value < up - 1e-7] >= -1e-9).all()


def test_a_mixed_integer_program_has_no_reduced_costs():
    outcome = Session(knapsack()).solve()
    assert outcome.objective == 5.0
    assert (outcome.reduced_costs, outcome.duals) == (None, None)
    relaxed = Session(replace(knapsack(), row_upper=np.array([1.5])), relaxed=True).solve()
    assert relaxed.reduced_costs.tolist() == [1.0, 0.0, -1.0]
    assert relaxed.duals.tolist() == [2.0]


@pytest.mark.parametrize("integers", [False, True])
@pytest.mark.parametrize("seed", range(15))
def test_another_cost_and_other_bounds_are_another_program(seed, integers):
    program, other = random_program(seed, integers=integers), random_program(seed + 100)
    rng = np.random.default_rng(seed)
    session = Session(program)
    check(session.solve(), program)
    program = replace(program, cost=rng.normal(size=program.n_columns), maximize=other.maximize)
    session.set_cost(program.cost, maximize=program.maximize)
    check(session.solve(), program)
    some = np.flatnonzero(rng.random(program.n_columns) < 0.5)
    lower, upper = program.lower.copy(), program.upper.copy()
    lower[some], upper[some] = -1.0, 2.0
    session.set_bounds(some, lower[some], upper[some])
    program = replace(program, lower=lower, upper=upper)
    check(session.solve(), program)


@pytest.mark.parametrize("seed", range(6))
def test_arrays_may_be_views_with_strides(seed):
    def strided(values):
        return np.repeat(values, 3)[::3]

    program = random_program(seed)
    names = ("cost", "lower", "upper", "integer", "row_lower", "row_upper")
    view = replace(program, **{name: strided(getattr(program, name)) for name in names})
    check(Session(view).solve(), program)
    session = Session(view)
    other = replace(program, cost=program.cost[::-1], lower=program.lower - 1.0)
    session.set_cost(strided(other.cost), maximize=other.maximize)
    every = np.repeat(np.arange(program.n_columns), 2)[::2]
    session.set_bounds(every, strided(other.lower), strided(other.upper))
    check(session.solve(), other)


def knapsack():
    """max 3 x + 2 y + z, x + y + z <= 2, binary: optimum 5."""
    return Program(
        cost=np.array([3.0, 2.0, 1.0]),
        lower=np.zeros(3),
        upper=np.ones(3),
        integer=np.ones(3, dtype=bool),
        matrix=sparse.csr_array(np.ones((1, 3))),
        row_lower=np.array([-np.inf]),
        row_upper=np.array([2.0]),
        maximize=True,
    )


def market_split(n=40, rows=5):
    """Equality knapsacks with a solution that no search finds, and that solution."""
    rng = np.random.default_rng(0)
    a = rng.integers(0, 100, (rows, n)).astype(float)
    x = (rng.random(n) < 0.5).astype(float)
    program = Program(
        cost=np.arange(n, dtype=float),
        lower=np.zeros(n),
        upper=np.ones(n),
        integer=np.ones(n, dtype=bool),
        matrix=sparse.csr_array(a),
        row_lower=a @ x,
        row_upper=a @ x,
    )
    return program, x


def test_a_start_is_used():
    program, x = market_split()
    few = {"mip_max_nodes": 5, "mip_heuristic_effort": 0.0}
    session = Session(program, options=few)
    assert session.solve().status is Status.OTHER_LIMIT_NO_SOLUTION
    started = Session(program, options=few)
    started.start(x)
    outcome = started.solve()
    assert outcome.status is Status.OTHER_LIMIT
    assert outcome.objective == program.cost @ x
    assert outcome.x.tolist() == x.tolist()
    assert outcome.bound <= outcome.objective


def test_a_start_that_is_not_feasible_does_no_harm():
    session = Session(knapsack())
    session.start(np.array([1.0, 1.0, 1.0]))
    assert session.solve().objective == 5.0


def test_a_time_limit_is_a_result_and_a_session_goes_on():
    program, _ = market_split()
    session = Session(program)
    first = session.solve(time_limit=0.0)
    assert first.status is Status.TIME_LIMIT_NO_SOLUTION
    assert (first.objective, first.x) == (None, None)
    assert first.bound is None or first.bound <= 780.0
    linear = Session(program, relaxed=True)
    optimum = linear.solve().objective
    for _ in range(3):  # the time of the runs before does not count
        assert linear.solve(time_limit=10.0).objective == optimum
    assert linear.solve(time_limit=0.0).status in (Status.OPTIMAL, Status.TIME_LIMIT_NO_SOLUTION)


def test_no_columns_and_no_rows():
    none = np.zeros(0)
    empty = Program(none, none, none, none.astype(bool), sparse.csr_array((0, 0)), none, none, 7.0)
    outcome = Session(empty).solve()
    assert (outcome.status, outcome.objective) == (Status.OPTIMAL, 7.0)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("nonsense", 3),
        ("presolve", 3),
        ("mip_abs_gap", "small"),
        ("mip_feasibility_tolerance", 1e-30),
    ],
)
def test_options_that_highs_refuses_are_errors(name, value):
    for call in (lambda o: Session(knapsack(), options=o), check_options):
        with pytest.raises(SolverError, match=f"HiGHS refuses the option '{name}' = {value!r}"):
            call({name: value})


def test_options_override_the_tolerances():
    check_options({**TOLERANCES, "mip_feasibility_tolerance": 1e-6})
    program = replace(knapsack(), row_upper=np.array([2.0 - 1e-5]))
    assert Session(program).solve().objective == 3.0
    loose = Session(program, options={"mip_feasibility_tolerance": 1e-3, "presolve": "off",
                                      "primal_feasibility_tolerance": 1e-3})  # fmt: skip
    assert loose.solve().objective == pytest.approx(5.0, abs=1e-3)


def test_a_coefficient_that_highs_would_drop_is_an_error():
    program = replace(knapsack(), matrix=sparse.csr_array([[1e300, 1.0, 1.0]]))
    for relaxed in (False, True):
        with pytest.raises(SolverError, match=r"ERROR.* 1e\+15"):
            Session(program, relaxed=relaxed)


def test_a_coefficient_that_highs_ignores_is_a_warning():
    program = replace(knapsack(), matrix=sparse.csr_array([[1e-12, 1.0, 1.0]]))
    (warning,) = Session(program).solve().warnings
    assert "ignored" in warning


@pytest.mark.parametrize("wrong", ["1.14.0", "1.16.0"])
def test_versions_with_wrong_optima_are_refused(wrong, monkeypatch):
    monkeypatch.setattr(highs, "_installed_version", lambda: wrong)
    with pytest.raises(SolverError, match=rf"HiGHS {wrong} is installed.*1\.15\.1"):
        Session(random_program(0, integers=False))
