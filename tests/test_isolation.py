"""Fresh processes: results, failures, crashes, interrupts, and scripts without a main guard."""

import os
import signal
import subprocess
import sys
import textwrap

import pytest

from surrogate.isolation import Failed, Finished, Progressed, run_isolated
from tests import misbehaving


def square(task, report):
    report(0.5)
    return task * task, os.getpid()


def misbehave(task, report):  # noqa: ARG001
    return misbehaving.misbehave(task)


def wait_for_ever(task, report):
    report(0.1)
    signal.pause()
    return task


@pytest.mark.parametrize("workers", [1, 3])
def test_every_task_runs_in_a_process_of_its_own(workers):
    events = list(run_isolated(square, range(7), workers))
    finished = [e for e in events if isinstance(e, Finished)]
    assert sorted(e.task for e in finished) == list(range(7))
    assert all(e.result[0] == e.task**2 for e in finished)
    assert len({e.result[1] for e in finished} | {os.getpid()}) == 8
    assert [e.fraction for e in events if isinstance(e, Progressed)] == [0.5] * 7


def test_a_task_that_fails_takes_no_other_with_it():
    tasks = ["raise", "a", "crash", "exit", "mistake", "b"]
    events = list(run_isolated(misbehave, tasks, 2))
    failed = {e.task: e for e in events if isinstance(e, Failed)}
    assert {e.result for e in events if isinstance(e, Finished)} == {"a", "b"}
    assert failed["raise"].reason == "ValueError: no good"
    assert failed["mistake"].reason == "InputError: a value, its limit, the remedy"
    assert failed["crash"].reason == f"the process ended with exit code {-signal.SIGSEGV}"
    assert failed["exit"].reason == "the process ended with exit code 3"


def test_leaving_the_loop_ends_the_processes_that_still_run():
    events = run_isolated(wait_for_ever, ["a", "b"], 2)
    assert isinstance(next(events), Progressed)
    events.close()  # hangs if the processes were waited for and not ended


def test_nothing_to_do_is_nothing_done():
    assert list(run_isolated(square, [], 2)) == []


def test_a_script_without_a_main_guard_is_not_run_again(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(
            """
            from operator import is_not
            from surrogate.isolation import run_isolated
            print("once")
            for event in run_isolated(is_not, ["task"], 1):
                print(event.result)
            """
        )
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["once", "True"]
