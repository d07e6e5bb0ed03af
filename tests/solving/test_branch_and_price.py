"""Branch and price: what it branches on, and how few nodes that takes."""

import pytest

from surrogate.decomposition import search
from surrogate.solving import Status, whole_program
from tests.solving.agreeing import SMALL, compare
from tests.solving.mixed_models import two_nets

pytestmark = pytest.mark.usefixtures("small_models_too")


@pytest.mark.parametrize("features", [("integers",), ("integers", "maximize", "ties"), ("rows",)])
@pytest.mark.parametrize("seed", range(4))
def test_no_part_is_lost_where_solutions_are_found_in_small_nodes_alone(
    monkeypatch, features, seed
):
    # Local search would find the optimum whatever part of the search was left out.
    monkeypatch.setattr(whole_program.WholeProgram, "improve", lambda *_: None)
    nets = two_nets(seed, 2, widths=((4, 3), (4,)), n_outputs=1)
    solution, found = compare(seed, nets, features, few_neurons=4)
    assert len(found) == 1
    assert solution.status in (Status.OPTIMAL, Status.INFEASIBLE)


def test_an_integer_whose_bounds_are_no_integers_takes_few_nodes(monkeypatch):
    # The part with n >= 3 of n <= 2.5 is empty: it was halved on, and on.
    monkeypatch.setattr(search, "FEW_NEURONS", 6)
    features = ("given outputs", "integers", "rows", "shared", "ties")
    solution, _ = compare(936710, two_nets(710, 4, widths=SMALL), features, 6, "bigm")
    assert solution.nodes <= 20


def test_an_objective_that_is_one_free_variable_takes_few_nodes():
    # No network has a cost of its own then, and prices began, and stayed, near 0.
    features = ("given outputs", "offset", "profit", "rows", "shared", "ties")
    solution, _ = compare(659924, two_nets(924, 5, widths=SMALL), features, 6, "bigm")
    assert solution.nodes <= 20


def test_an_infeasible_model_takes_few_nodes():
    # Its bounds grow without end, and there is no solution that they could pass.
    features = ("offset", "output rows", "rows", "shared", "singletons", "ties")
    solution, found = compare(506266, two_nets(266, 2, widths=SMALL), features, 1, "bigm")
    assert solution.status is Status.INFEASIBLE
    assert found[0].nodes <= 5
