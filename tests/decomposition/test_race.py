"""Who runs in a race, for how long, and what is known in the end."""

import numpy as np
import pytest

from surrogate.decomposition import race
from surrogate.decomposition.incumbent import Found
from surrogate.decomposition.race import FIRST, MOST, Race

GAP = 0.01


class Clock:
    """A clock that goes on when a search says so."""

    now = 100.0

    def perf_counter(self):
        return self.now


class Runner:
    """A search whose bound is a function of the seconds that it has had.

    finds      seconds after which it finds a solution, and its value
    gives_up   seconds after which it does
    """

    def __init__(self, clock, log, name, own, finds=(np.inf, np.inf), gives_up=np.inf):
        self.clock, self.log, self.name, self._own = clock, log, name, own
        self.finds, self.gives_up = finds, gives_up
        self.seconds, self.bound, self.own, self.value = 0.0, -np.inf, -np.inf, np.inf

    @property
    def closed(self):
        return self.bound >= self.value - GAP

    def know(self, solution, bound=-np.inf):
        self.value = min(self.value, np.inf if solution is None else solution[0])
        self.bound = max(self.bound, bound)

    def run(self, _helper, deadline, until=np.inf):
        seconds = min(deadline, until) - self.clock.now
        going = max(0.0, min(seconds, self.gives_up - self.seconds))
        self.log.append((self.name, going))
        self.seconds += going
        self.clock.now += going
        self.own = self._own(self.seconds)
        self.know((self.finds[1], None) if self.seconds >= self.finds[0] else None, self.own)
        solution = None if np.isinf(self.value) else np.zeros(1)
        bound = min(self.bound, self.value)
        return Found(self.value, bound, solution, self.closed, 1)


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(race, "time", clock)
    return clock


@pytest.fixture
def log():
    """Who ran, and for how many seconds."""
    return []


def falling(gap, value=0.0):
    """A bound so far from a value, at any time."""
    return lambda _: value - gap


def test_both_have_a_first_turn_and_double_their_time_in_turns(clock, log):
    first, second = (Runner(clock, log, name, falling(1.0)) for name in "ab")
    found = Race([first, second]).run(None, clock.now + 15 * FIRST)
    turns = [("a", 1), ("b", 1), ("a", 1), ("b", 1), ("a", 2), ("b", 2), ("a", 4), ("b", 3)]
    assert [(name, seconds / FIRST) for name, seconds in log] == turns
    assert (found.proved, found.nodes, found.solution, found.bound) == (False, 8, None, -1.0)


@pytest.mark.parametrize(("gap", "share"), [(1.0, 1.0), (3.9, 4.0), (12.0, MOST), (80.0, 20.0)])
def test_who_is_closer_to_a_solution_has_more_time_within_limits(clock, log, gap, share):
    near = Runner(clock, log, "a", falling(1.0), finds=(0.0, 0.0))
    far = Runner(clock, log, "b", falling(gap))
    both = Race([far, near])
    both.run(None, clock.now + 1000.0 * FIRST)
    assert 0.5 * share <= near.seconds / far.seconds <= 2.0 * share
    assert both.name == "a" or gap == 1.0


def test_without_a_solution_the_better_bound_has_more_time(clock, log):
    near, far = Runner(clock, log, "a", falling(1.0)), Runner(clock, log, "b", falling(9.0))
    Race([near, far]).run(None, clock.now + 1000.0 * FIRST)
    assert near.seconds > 2.0 * far.seconds


def test_a_bound_that_both_are_told_does_not_hide_who_has_proved_more(clock, log):
    near = Runner(clock, log, "a", falling(2.0), finds=(0.0, 0.0))
    far = Runner(clock, log, "b", falling(1e6))
    both = Race([far, near])
    both.know((0.0, np.zeros(1)), -1.0)
    found = both.run(None, clock.now + 1000.0 * FIRST)
    assert near.seconds > 2.0 * far.seconds
    assert found.bound == -1.0


def test_a_solution_is_told_to_the_other_whose_bound_may_prove_it(clock, log):
    proves = Runner(clock, log, "a", falling(GAP / 2.0))
    finds = Runner(clock, log, "b", falling(1.0), finds=(0.0, 0.0))
    found = Race([proves, finds]).run(None, clock.now + 1000.0)
    assert log == [("a", FIRST), ("b", FIRST)]
    assert (found.proved, found.value, found.bound) == (True, 0.0, -GAP / 2.0)


def test_what_is_known_before_is_known_to_both_and_time_is_kept_between_calls(clock, log):
    both = Race([Runner(clock, log, name, falling(1.0)) for name in "ab"])
    both.run(None, clock.now + FIRST)
    both.know((0.0, np.zeros(1)), -0.9)
    found = both.run(None, clock.now + FIRST)
    assert log == [("a", FIRST), ("b", FIRST)]
    assert (found.value, found.bound) == (0.0, -0.9)
    both.know(None, -GAP)
    assert both.run(None, clock.now + 1.0).proved


def test_a_solution_that_is_known_counts_from_the_first_turn_of_a_call(clock, log):
    far, near = Runner(clock, log, "a", falling(1.0)), Runner(clock, log, "b", falling(0.8))
    both = Race([far, near])
    both.run(None, clock.now + 5.0 * FIRST)
    assert near.seconds == 4.0 * far.seconds
    log.clear()
    both.know((10.0, np.zeros(1)))  # without it, the other one is next
    both.run(None, clock.now + FIRST)
    assert log == [("a", FIRST)]


def test_who_gives_up_is_out_and_when_both_do_it_ends(clock, log):
    tired = Runner(clock, log, "a", falling(1.0), gives_up=FIRST / 2.0)
    going = Runner(clock, log, "b", falling(2.0), gives_up=4.0 * FIRST)
    both = Race([tired, going])
    found = both.run(None, clock.now + 1000.0)
    assert [name for name, _ in log] == ["a", "b", "b", "b", "b"]
    assert (found.proved, found.bound) == (False, -1.0)
    assert both.name == "a"
    assert both.run(None, clock.now + 1000.0).bound == -1.0  # once more, in vain
