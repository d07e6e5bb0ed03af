"""What HiGHS would pass over in silence is an error here, and an interrupt is an interrupt."""

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import pyomo.environ as pyo
import pytest

from surrogate.errors import InputError, SolverError
from surrogate.solving import solve
from tests.solving.problems import in_new_process, knapsack, market_split, values


@pytest.mark.parametrize(
    "options",
    [
        {"nonsense": 3},
        {"mip_feasibility_tolerance": 1e-30},
        {"presolve": 3},
        {"mip_abs_gap": "small"},  # HiGHS logs nothing at all about this one
    ],
)
def test_options_that_highs_refuses(options):
    (name,) = options
    with pytest.raises(SolverError, match=f"HiGHS refuses the option '{name}'"):
        solve(knapsack(), options=options)


def test_options_reach_highs():
    assert solve(market_split(), options={"mip_max_nodes": 1}).nodes <= 1


def test_a_constraint_that_highs_drops_is_an_error():
    m = knapsack()
    m.rows.add(1e300 * m.x + m.y <= 1)
    with pytest.raises(SolverError, match=r"ERROR.* 1e\+15"):
        solve(m)
    assert values(m) == [None] * 3


def test_a_coefficient_that_highs_ignores_is_a_warning():
    m = knapsack()
    m.rows.add(1e-13 * m.x + m.y <= 1)
    (warning,) = solve(m).warnings
    assert "ignored" in warning
    assert solve(knapsack()).warnings == ()


def test_the_thread_count_may_change_between_solves():
    output = in_new_process("""
        import pyomo.environ as pyo
        from surrogate.solving import solve
        from tests.solving.problems import market_split
        m = market_split()
        relaxed = pyo.TransformationFactory("core.relax_integer_vars").create_using(m)
        for threads in (1, 2, 1):
            print(solve(m, threads=threads, time_limit=0.1).status, solve(relaxed).status)
    """)
    assert output == "time_limit optimal\n" * 3


def test_ctrl_c_stops_the_solve_and_the_process_goes_on():
    m = market_split()
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        solve(m, time_limit=60)
    timer.join()
    assert set(values(m)) == {None}
    assert solve(knapsack()).objective == 5.0


def test_solves_in_several_threads_do_not_mix():
    models = [knapsack() for _ in range(8)]
    with ThreadPoolExecutor(2) as pool:
        assert [s.objective for s in pool.map(solve, models)] == [5.0] * 8


@pytest.mark.parametrize("place", ["constraint", "objective", "bound"])
def test_a_nan_is_an_error(place):
    m = knapsack()
    nan = float("nan")
    if place == "constraint":
        m.rows.add(nan * m.x + m.y <= 1)
    elif place == "objective":
        m.objective.set_value(nan * m.x + m.y)
    else:
        m.w = pyo.Var(bounds=(0, nan))
        m.rows.add(m.w + m.x <= 1)
    with pytest.raises(InputError, match=r"NaN|nan"):
        solve(m)


def test_importing_loads_neither_torch_nor_onnxruntime():
    output = in_new_process("""
        import sys, surrogate.solving
        print(sorted({"torch", "onnxruntime"} & set(sys.modules)))
    """)
    assert output == "[]\n"
