"""Branch and price can be stopped and go on, and what another search finds is known to it."""

import time

import numpy as np
import pytest

from surrogate.decomposition import BranchAndPrice, search
from surrogate.programs import Session
from tests.decomposition.blind import Blind
from tests.decomposition.test_splitting import taken_apart
from tests.solving.mixed_models import random_model, two_nets


@pytest.fixture
def begun(monkeypatch):
    """How often a search began at its root."""
    calls, priced = [], search.priced_root
    monkeypatch.setattr(search, "priced_root", lambda *a: calls.append(a) or priced(*a))
    return calls


def searched(seed, features):
    """A search, the optimum, and its cost as if minimising."""
    nets = two_nets(seed, 3, widths=((4, 2), (3,)))
    translation, _, parts = taken_apart(random_model(seed, nets, features, "bigm").model)
    optimum = Session(translation.program, options={"mip_rel_gap": 0.0}).solve()
    least = optimum.objective * (-1.0 if translation.program.maximize else 1.0)
    return BranchAndPrice(parts, 1e-4, 1e-6, 0), optimum.x, least


@pytest.mark.parametrize("features", [(), ("ties", "maximize"), ("rows", "integers")])
@pytest.mark.parametrize("seed", range(3))
def test_a_search_that_is_stopped_goes_on_and_its_bound_rises_to_the_optimum(seed, features, begun):
    going, optimum, least = searched(seed, features)
    found = [going.run(Blind(), 0.0)]  # the time is up before the first node
    assert (found[0].nodes, found[0].bound, found[0].proved) == (0, -np.inf, False)
    for _ in range(3):
        found.append(going.run(Blind(), time.perf_counter() + 0.05))
        assert found[-1].solution is None
        assert not found[-1].proved
    going.know((least, optimum))
    while not found[-1].proved:
        found.append(going.run(Blind(), time.perf_counter() + 0.05))
        assert found[-1].solution is optimum
    bounds = [one.bound for one in found]
    assert bounds == sorted(bounds)
    assert all(bound <= least + 1e-6 for bound in bounds)
    assert least - bounds[-1] <= 1e-4 * abs(least) + 1e-6
    assert len(begun) == 1
    assert going.run(Blind(), np.inf).nodes == 0  # nothing is left


def test_a_bound_that_is_known_ends_it_before_it_begins():
    going, optimum, least = searched(1, ("ties",))
    going.know((least, optimum), least - 1e-9)
    found = going.run(Blind(), np.inf)
    assert (found.proved, found.nodes, found.solution is optimum) == (True, 0, True)
    assert found.bound <= found.value


def test_a_bound_that_is_known_is_not_its_own():
    going, optimum, least = searched(1, ("ties",))
    going.know((least, optimum), least - 1.0)
    going.run(Blind(), 0.0)
    assert (going.bound, going.own) == (least - 1.0, -np.inf)
    going.run(Blind(), np.inf)
    assert going.own == going.bound > least - 1.0


def test_a_model_without_a_solution_ends_with_an_infinite_bound():
    model = random_model(0, two_nets(0, 3, widths=((4, 2), (3,))), ("integers",), "bigm").model
    model.rows.add(model.n[0] + model.net[0].surrogate.outputs[0] >= 50.0)
    found = BranchAndPrice(taken_apart(model)[2], 1e-4, 1e-6, 0).run(Blind(), np.inf)
    assert (found.bound, found.proved, found.solution) == (np.inf, True, None)
