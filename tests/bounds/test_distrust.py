"""What HiGHS says is checked: wrong answers cost tightness, never truth."""

from dataclasses import replace

import numpy as np
import pytest

import surrogate.bounds.lp as lp
import surrogate.bounds.milp as milp
from surrogate.bounds import compute_bounds
from surrogate.bounds.compute import _kept
from surrogate.bounds.task import Task
from surrogate.network import Network
from surrogate.programs import Session, Status
from tests.nets import make_net, net_of


@pytest.fixture(autouse=True)
def _nothing_is_kept():
    _kept.cache_clear()
    yield
    _kept.cache_clear()  # nor is what a lying solver made us believe


def liar(lie):
    class Liar(Session):
        def solve(self, *arguments):
            return lie(super().solve(*arguments))

    return Liar


def assert_inside(net, bounds):
    for k, a in enumerate(net.preactivations(net.box.sample(5000, np.random.default_rng(0)))):
        assert (a >= bounds.lower[k]).all()
        assert (a <= bounds.upper[k]).all()


@pytest.mark.parametrize("factor", [-1.0, 0.0, 0.5, 3.0, 1e300, np.inf])
def test_wrong_duals_of_linear_programs(factor, monkeypatch):
    net = make_net((6, 6, 6), seed=4)
    crown = compute_bounds(net, method="crown")
    monkeypatch.setattr(lp, "Session", liar(lambda o: replace(o, duals=factor * (o.duals + 0.1))))
    bounds = compute_bounds(net, method="lp")
    assert_inside(net, bounds)
    for k in range(4):
        assert (bounds.lower[k] >= crown.lower[k]).all()


def test_linear_programs_without_an_optimum(monkeypatch):
    net = make_net((6, 6, 6), seed=4)
    crown = compute_bounds(net, method="crown")
    monkeypatch.setattr(
        lp, "Session", liar(lambda o: replace(o, status=Status.UNKNOWN, duals=None))
    )
    bounds = compute_bounds(net, method="lp")
    assert [a.tolist() for a in bounds.lower] == [a.tolist() for a in crown.lower]


def test_a_wrong_bound_of_a_search(monkeypatch):
    net = make_net((6, 6), seed=4)
    before = compute_bounds(net, method="lp")
    monkeypatch.setattr(milp, "Session", liar(lambda o: replace(o, bound=o.bound + 0.01)))
    bounds = compute_bounds(net, method="milp")
    assert_inside(net, bounds)
    assert [a.tolist() for a in bounds.lower] == [a.tolist() for a in before.lower]


def test_a_search_without_a_bound(monkeypatch):
    net = make_net((6, 6), seed=4)
    before = compute_bounds(net, method="lp")
    monkeypatch.setattr(milp, "Session", liar(lambda o: replace(o, bound=None, x=None)))
    bounds = compute_bounds(net, method="milp")
    assert [a.tolist() for a in bounds.lower] == [a.tolist() for a in before.lower]


def test_rows_that_lose_their_digits_are_not_searched(monkeypatch):
    # 1e9 h0 - 1e9 h1 with h0 = h1: a row of 1e9 for a value near 1 has seven digits left
    net = make_net((4, 4), seed=4)
    w, b, v = net.weights[0].copy(), net.biases[0].copy(), net.weights[1].copy()
    w[:, 1], b[1] = w[:, 0], b[0]
    v[0], v[1] = 1e9, -1e9
    cancels = Network((w, v, net.weights[2]), (b, *net.biases[1:]), net.box)
    bounds = compute_bounds(cancels, method="milp")
    assert_inside(cancels, bounds)
    lower, upper = [net.box.lower, bounds.lower[0]], [net.box.upper, bounds.upper[0]]
    monkeypatch.setattr(milp, "Session", None)  # to call it would fail
    least, in_time = milp.milp_minima(
        Task(cancels, net.box),
        [*lower, np.full(4, -5.0)],
        [*upper, np.full(4, 5.0)],
        cancels.weights[2].T,
        cancels.biases[2],
    )
    assert in_time
    assert least.tolist() == [-np.inf]


def test_coefficients_that_highs_refuses():
    # h is at most 1e-17 while a reaches -1: in units of 1, the next neuron's row has 2e17
    net = net_of([[[1.0]], [[1.0]], [[1.0]]], [[-1.0], [-0.5e-17], [0.0]], [(0.0, 1.0 + 1e-17)])
    lower = [net.box.lower, np.array([-1.0]), np.array([-0.5e-17])]
    upper = [net.box.upper, np.array([1e-17]), np.array([0.5e-17])]
    least, in_time = lp.lp_minima(Task(net, net.box), lower, upper, np.ones((1, 1)), np.zeros(1))
    assert in_time
    assert least.tolist() == [-np.inf]
