"""What HiGHS would pass over in silence is an error here, and an interrupt is an interrupt."""

import os
import signal
import threading

import pytest

from surrogate.errors import SolverError
from surrogate.solving import highs, solve
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


def test_an_option_that_is_refused_only_by_the_log(monkeypatch):
    monkeypatch.setattr(highs, "check_options", lambda _: None)
    with pytest.raises(SolverError, match=r"HiGHS logged .*\"nonsense\" is unknown"):
        solve(knapsack(), options={"nonsense": 3})


def test_options_reach_highs():
    assert solve(market_split(), options={"mip_max_nodes": 1}).nodes <= 1


def test_a_constraint_that_highs_drops_is_an_error():
    m = knapsack()
    m.rows.add(1e300 * m.x + m.y <= 1)
    with pytest.raises(SolverError, match=r"greater than 1e\+15"):
        solve(m)
    assert values(m) == [None] * 3


def test_a_coefficient_that_highs_ignores_is_a_warning():
    m = knapsack()
    m.rows.add(1e-10 * m.x + m.y <= 1)
    (warning,) = solve(m).warnings
    assert "ignored" in warning
    assert solve(knapsack()).warnings == ()


def test_another_thread_count_in_the_same_process():
    output = in_new_process("""
        from surrogate.errors import SolverError
        from surrogate.solving import solve
        from tests.solving.problems import market_split
        m = market_split()
        solve(m, threads=1, time_limit=0.1)
        try:
            solve(m, threads=2, time_limit=0.1)
        except SolverError as error:
            print("refused:", error)
        print(solve(m, threads=1, time_limit=0.1).status)
    """)
    assert "refused: HiGHS logged \"ERROR:   Option 'threads'" in output
    assert "use the same `threads`, or solve in a new process" in output
    assert output.endswith("time_limit\n")


def test_ctrl_c_stops_the_solve_and_the_process_goes_on():
    m = market_split()
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        solve(m, time_limit=60)
    timer.join()
    assert set(values(m)) == {None}
    assert solve(knapsack()).objective == 5.0


def test_two_solves_at_once_are_refused():
    with highs._LOG_IN_USE, pytest.raises(SolverError, match="another solve is running"):
        solve(knapsack())
    assert solve(knapsack()).objective == 5.0


def test_importing_loads_neither_torch_nor_onnxruntime():
    output = in_new_process("""
        import sys, surrogate.solving
        print(sorted({"torch", "onnxruntime"} & set(sys.modules)))
    """)
    assert output == "[]\n"
