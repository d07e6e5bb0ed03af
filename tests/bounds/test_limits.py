"""Time, threads, and what is kept."""

import time
from dataclasses import replace

import numpy as np
import pytest

from surrogate.bounds import METHODS, LinearConstraints, compute_bounds
from surrogate.bounds.compute import _kept
from surrogate.bounds.layers import tighten
from surrogate.bounds.task import Task
from surrogate.errors import InputError
from surrogate.network import Network
from surrogate.programs import Session
from tests.nets import make_net


@pytest.fixture(autouse=True)
def _nothing_is_kept():
    _kept.cache_clear()


@pytest.fixture(params=METHODS)
def method(request):
    return request.param


def arrays(bounds):
    return [a.tolist() for a in (*bounds.lower, *bounds.upper)]


def assert_inside(net, bounds):
    for k, a in enumerate(net.preactivations(net.box.sample(2000, np.random.default_rng(0)))):
        assert (a >= bounds.lower[k]).all()
        assert (a <= bounds.upper[k]).all()


@pytest.mark.parametrize("method", ["lp", "milp"])
@pytest.mark.parametrize("steps", [0, 1, 2, 20, 40])
def test_the_bounds_so_far_are_sound(method, steps, monkeypatch):
    # time runs out after so many looks at the clock
    net = make_net((6, 6, 6), seed=7)
    looks = iter(range(steps))
    monkeypatch.setattr(Task, "left", lambda _: 100.0 if next(looks, None) is not None else 0.0)
    bounds = compute_bounds(net, method=method, time_limit=100.0)
    crown = compute_bounds(net, method="crown")
    assert not bounds.complete
    assert crown.complete
    assert_inside(net, bounds)
    for k in range(4):
        assert (bounds.lower[k] >= crown.lower[k]).all()
        assert (bounds.upper[k] <= crown.upper[k]).all()
    if not steps:
        assert arrays(bounds) == arrays(crown)
    if steps >= 20:
        assert bounds.lower[1].sum() > crown.lower[1].sum()


@pytest.mark.parametrize(("time_limit", "most"), [(None, 10.0), (5.0, 5.0)])
def test_no_search_has_more_than_its_own_limit_or_what_is_left(time_limit, most, monkeypatch):
    limits = []

    class Recorder(Session):
        def solve(self, seconds):
            limits.append(seconds)
            return super().solve(seconds)

    monkeypatch.setattr("surrogate.bounds.milp.Session", Recorder)
    compute_bounds(make_net((4, 4), seed=1), method="milp", time_limit=time_limit)
    assert len(limits) > 5
    assert 0.0 < min(limits) <= max(limits) <= most


def test_searches_that_reach_their_limit(monkeypatch):
    monkeypatch.setattr("surrogate.bounds.milp._SECONDS", 1e-6)
    net = make_net((8, 8, 8), n_inputs=3, seed=7)
    before, bounds = (compute_bounds(net, method=method) for method in ("lp", "milp"))
    assert before.complete
    assert not bounds.complete
    assert_inside(net, bounds)
    for k in range(4):
        assert (bounds.lower[k] >= before.lower[k]).all()
        assert (bounds.upper[k] <= before.upper[k]).all()
    assert compute_bounds(net, method="milp") is bounds  # as far as the method goes: kept


def test_a_time_limit_ends_the_work_of_many_threads():
    net = make_net((24, 24, 24), n_inputs=6, seed=7)
    bounds = compute_bounds(net, method="milp", time_limit=0.3, workers=2)
    assert not bounds.complete
    assert bounds.seconds < 10.0
    assert_inside(net, bounds)


def test_what_a_time_limit_cut_short_is_not_kept():
    net = make_net((4, 4), seed=1)
    cut = compute_bounds(net, method="lp", time_limit=1e-9)
    whole = compute_bounds(net, method="lp")
    assert (cut.complete, whole.complete) == (False, True)
    assert compute_bounds(net, method="lp", time_limit=1e-9) is whole
    assert compute_bounds(net, method="crown", time_limit=1e-9).complete


def test_a_limit_that_suffices_changes_nothing(method):
    net = make_net((4, 4), seed=1)
    limited = compute_bounds(net, method=method, time_limit=100.0)
    assert limited.complete
    assert compute_bounds(net, method=method) is limited


@pytest.mark.parametrize("rows", [None, LinearConstraints([[1.0, 1.0, 0.0]], [0.5])])
def test_the_number_of_workers_does_not_matter(method, rows, monkeypatch):
    monkeypatch.setattr("surrogate.bounds.lp._CHUNK", 4)
    net = make_net((8, 8), n_inputs=3, seed=2)
    alone = compute_bounds(net, method=method, constraints=rows)
    _kept.cache_clear()
    together = compute_bounds(net, method=method, constraints=rows, workers=3)
    assert together is not alone
    assert arrays(together) == arrays(alone)


def test_equal_content_is_computed_once(method, net):
    first = compute_bounds(net, method=method)
    copy = Network(net.weights, net.biases, None, ("a", "b"), ("c",), {"from": "elsewhere"})
    assert compute_bounds(copy, net.box.pairs(), method, workers=2) is first
    assert first.network_hash == net.content_hash
    assert compute_bounds(net, [(-1, 1), (-1, 0.5)], method) is not first
    rows = LinearConstraints([[1.0, 1.0]], [0.5])
    with_rows = compute_bounds(net, method=method, constraints=rows)
    assert with_rows is not first
    again = LinearConstraints([[1.0, 1.0]], [0.5])
    assert compute_bounds(net, method=method, constraints=again) is with_rows
    assert compute_bounds(make_net((3, 3), seed=1), method=method) is not first


def test_a_method_starts_from_what_is_kept_of_the_one_before(net):
    milp = compute_bounds(net, method="milp")
    kept = [compute_bounds(net, method=method) for method in METHODS]
    assert kept[-1] is milp


def test_the_time_includes_the_methods_before(net, monkeypatch):
    def slow(*arguments):
        time.sleep(0.03)
        return tighten(*arguments)

    monkeypatch.setattr("surrogate.bounds.compute.tighten", slow)
    milp = compute_bounds(net, method="milp")
    assert milp.seconds >= 0.09


def test_what_is_kept_cannot_be_changed(method, net):
    bounds = compute_bounds(net, method=method)
    with pytest.raises(AttributeError):
        bounds.method = "other"
    changed = replace(bounds, method="other")
    assert compute_bounds(net, method=method) is bounds
    assert changed.lower[0] is not bounds.lower[0]


@pytest.mark.parametrize("seconds", [0, -1.0, float("nan")])
def test_time_limits_that_are_none(method, net, seconds):
    with pytest.raises(InputError, match=r"time_limit is .*; give seconds, more than 0, or None"):
        compute_bounds(net, method=method, time_limit=seconds)


def test_no_workers(method, net):
    with pytest.raises(InputError, match="workers is 0; give a whole number, at least 1"):
        compute_bounds(net, method=method, workers=0)
