"""Processes that stay: state that is kept, failures, crashes, and none that is left running."""

import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap

import pytest

from surrogate.errors import SolverError
from surrogate.isolation import staying
from tests.misbehaving import misbehave


class Counter:
    """Adds up what it is given."""

    def __init__(self, name, total=0):
        self.name, self.total = name, total

    def __str__(self):
        return self.name

    def add(self, n):
        self.total += n
        return self.total, os.getpid()

    def interrupt(self, parent):
        os.kill(parent, signal.SIGINT)
        signal.pause()

    def misbehave(self, how):
        if how == "unpicklable":
            return lambda: None
        if how == "wait":
            signal.pause()
        return misbehave(how)


def asked(staff, do, questions):
    return staff.ask(do, questions)()


def test_each_process_keeps_its_own_object_between_questions():
    mine = [Counter("a"), Counter("b", 10)]
    with staying(mine) as staff:
        first = asked(staff, Counter.add, [1, 2])
        answers = staff.ask(Counter.add, [3, 4])
        mine[0].add(100)  # while they work
        second = answers()
    assert [total for total, _ in first + second] == [1, 12, 4, 16]
    assert [pid for _, pid in first] == [pid for _, pid in second]
    assert len({pid for _, pid in first} | {os.getpid()}) == 3
    assert [one.total for one in mine] == [100, 10]


def test_copies_of_one_object_are_one_object_there():
    shared = [0]
    with staying([Counter("a", shared), Counter("b", shared)]) as staff:
        assert [total for total, _ in asked(staff, Counter.add, [[1], [2]])] == [[0, 1], [0, 2]]
    assert shared == [0]


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("raise", "ValueError: no good"),
        ("mistake", "InputError: a value, its limit, the remedy"),
        ("crash", f"the process ended with exit code {-signal.SIGSEGV}"),
        ("exit", "the process ended with exit code 3"),
        ("unpicklable", "the process ended with exit code 1"),
    ],
)
def test_a_failure_is_an_error_that_names_it_and_ends_the_others(how, reason):
    with (
        pytest.raises(SolverError) as caught,
        staying([Counter("the first"), Counter("the second")]) as staff,
    ):
        asked(staff, Counter.misbehave, ["wait", how])  # hangs if all answers were waited for
    assert str(caught.value) == f"the second failed: {reason}"
    assert multiprocessing.active_children() == []


def test_a_process_that_died_between_questions_is_an_error():
    with staying([Counter("a"), Counter("b")]) as staff:
        pid = asked(staff, Counter.add, [1, 1])[1][1]
        os.kill(pid, signal.SIGKILL)
        next(p for p in multiprocessing.active_children() if p.pid == pid).join()
        with pytest.raises(SolverError, match="b failed: the process ended with exit code -9"):
            asked(staff, Counter.add, [1, 1])
    assert multiprocessing.active_children() == []


def test_leaving_the_block_ends_processes_that_still_work():
    with staying([Counter("a")] * 2) as staff:
        staff.ask(Counter.misbehave, ["wait", "wait"])
        assert len(multiprocessing.active_children()) == 2
    assert multiprocessing.active_children() == []


def test_an_interrupt_passes_through_and_ends_the_processes():
    with pytest.raises(KeyboardInterrupt), staying([Counter("a")]) as staff:
        asked(staff, Counter.interrupt, [os.getpid()])
    assert multiprocessing.active_children() == []


def test_nobody_to_ask_is_nobody_asked():
    with staying([]) as staff:
        assert asked(staff, Counter.add, []) == []


def test_a_parent_that_is_killed_leaves_no_process_behind(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(
            """
            import os, signal, sys
            from collections import deque
            from surrogate.isolation import staying
            with staying([deque()]) as staff:
                staff.ask(deque.count, [1])()
                print("once", flush=True)
                os.kill(os.getpid(), signal.SIGKILL)
            """
        )
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert done.stdout.split() == ["once"]  # and its end: the pipe is open as long as one lives
    assert done.stderr == ""
