"""Branch and price finds what HiGHS finds on another encoding, and its bound is a bound."""

import numpy as np
import pyomo.environ as pyo
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surrogate.bounds import compute_bounds
from surrogate.constraints import LinearConstraints
from surrogate.decomposition import search
from surrogate.solving import Status, decomposing, highs, solve
from tests.nets import DEGENERATE, make_net
from tests.solving.mixed_models import FEATURES, random_model, two_nets, without_hints

GAP = 1e-4  # of `solve`
LIMITED = (Status.TIME_LIMIT, Status.TIME_LIMIT_NO_SOLUTION)


@pytest.fixture
def searches(monkeypatch):
    """Every search by branch and price."""
    return counted(monkeypatch)


def counted(patch):
    made, whole = [], highs.solve_decomposed

    def record(*arguments):
        made.append(whole(*arguments))
        return made[-1]

    patch.setattr(highs, "solve_decomposed", record)
    return made


@pytest.fixture
def small_nodes_only(monkeypatch):
    """HiGHS ends a node only where next to nothing is left to decide."""
    monkeypatch.setattr(search, "FEW_NEURONS", 1)


def check(solution, expected, *, maximize=False, gap=GAP):
    """Status and optimum of HiGHS on another encoding; the bound is on the right side of it."""
    sign = -1.0 if maximize else 1.0
    assert solution.status is expected.status
    if expected.objective is None:
        assert not solution.has_solution
        return
    optimum = sign * expected.objective
    slack = 2e-6 + gap * max(1.0, abs(optimum))  # HiGHS's own gap is 1e-6 or rel_gap
    assert sign * solution.objective == pytest.approx(optimum, abs=slack)
    assert sign * solution.bound <= optimum + 2e-6
    assert sign * solution.bound <= sign * solution.objective + 1e-9
    assert sign * solution.objective - sign * solution.bound <= gap * abs(optimum) + 1.1e-6


def check_audits(made):
    for emb in made.embeddings:
        audit = emb.audit()
        assert audit.error <= 1e-6
        assert audit.passed


def compare(seed, nets, features, few_neurons=None, reference="omlt"):
    """Solve one random model both ways."""
    maximize = "maximize" in features
    expected = solve(
        without_hints(random_model(seed, nets, features, reference).model), rel_gap=0.0
    )
    made = random_model(seed, nets, features, "bigm")
    with pytest.MonkeyPatch.context() as patch:
        if few_neurons is not None:
            patch.setattr(search, "FEW_NEURONS", few_neurons)
        found = counted(patch)
        solution = solve(made.model)
    check(solution, expected, maximize=maximize)
    if solution.has_solution:
        check_audits(made)
    return solution, found


feature_sets = st.sets(st.sampled_from(FEATURES), max_size=6).map(lambda s: tuple(sorted(s)))


@settings(max_examples=40)
@given(
    features=feature_sets,
    seed=st.integers(0, 10**6),
    n_inputs=st.sampled_from([2, 4, 5]),
    few_neurons=st.sampled_from([None, 6, 1]),
)
def test_random_models_have_the_optimum_that_highs_finds(features, seed, n_inputs, few_neurons):
    nets = two_nets(seed % 1000, n_inputs, widths=((4, 3), (5,)))
    compare(seed, nets, features, few_neurons)
