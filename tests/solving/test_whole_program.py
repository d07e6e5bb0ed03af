"""Solutions near a mixture: regions between its points hold one where that of its mean may not."""

import numpy as np
import pyomo.environ as pyo
import pytest

from surrogate.decomposition import node
from surrogate.embedding import embed
from surrogate.solving import Status, solve, whole_program
from surrogate.solving.hints import hints_in
from surrogate.solving.starting import LocalSearch
from surrogate.solving.translating import translate
from tests.nets import make_net
from tests.solving.agreeing import counted
from tests.solving.mixed_models import random_model, two_nets


def local_search(model):
    """Local search in a model, and the column of each of its variables."""
    hints = hints_in(model)
    translation = translate(model, hints.known)
    places = {id(v): j for j, v in enumerate(translation.variables)}
    return LocalSearch(translation.program, hints.patterns, places), places


@pytest.mark.parametrize("seed", range(5))
def test_the_binaries_that_agree_are_those_of_neurons_with_one_sign_at_all_points(seed):
    net = make_net((6, 5), n_inputs=3, seed=seed)
    model = pyo.ConcreteModel()
    model.x = pyo.Var(range(3), bounds=(-1, 1))
    emb = embed(model, net, model.x, encoding="bigm")
    model.objective = pyo.Objective(expr=emb.outputs[0])
    search, places = local_search(model)
    (pattern,) = hints_in(model).patterns
    inputs = [places[id(x)] for x in pattern.inputs]
    rng = np.random.default_rng(seed)
    points = np.zeros((3, 1 + max(places.values())))
    points[:, inputs] = rng.uniform(-1.0, 1.0, (3, 3))
    columns, values = search.agreed(points)
    states = np.array([pattern.at(x)[0] for x in points[:, inputs]])
    expected = {
        places[id(binary)]: column[0]
        for binary, column in zip(pattern.binaries, states.T, strict=True)
        if len(set(column)) == 1
    }
    assert dict(zip(columns.tolist(), values.tolist(), strict=True)) == expected
    assert 0 < len(expected) < len(pattern.binaries)


@pytest.mark.usefixtures("small_models_too")
@pytest.mark.parametrize("seed", range(4))
def test_where_no_region_of_a_mean_has_a_solution_those_between_points_do(seed, monkeypatch):
    monkeypatch.setattr(LocalSearch, "hop", lambda *_: (None, np.inf))
    monkeypatch.setattr(whole_program.WholeProgram, "finish", lambda *_: (-np.inf, None))
    found, between = [], whole_program.WholeProgram._between
    monkeypatch.setattr(
        whole_program.WholeProgram,
        "_between",
        lambda *a: found.append(between(*a)) or found[-1],
    )
    searches, asked, agreed = counted(monkeypatch), [], LocalSearch.agreed
    monkeypatch.setattr(LocalSearch, "agreed", lambda self, x: asked.append(x) or agreed(self, x))
    nets = two_nets(seed, 3, widths=((6, 4), (5,)), n_outputs=1)
    made = random_model(seed, nets, ("integers", "ties"), "bigm")
    solution = solve(made.model, rel_gap=1e-3)
    assert solution.status is Status.OPTIMAL
    assert searches
    assert found[0] is not None  # in the first node
    assert np.ptp(asked[0], axis=0).max() > 0.0  # not the same point in every row
    assert all(emb.audit().passed for emb in made.embeddings)


@pytest.mark.usefixtures("small_models_too")
def test_a_solution_of_a_small_node_is_the_first_one_where_there_is_no_mixture(monkeypatch):
    monkeypatch.setattr(node, "solve_master", lambda *_: None)
    nets = two_nets(1, 3, widths=((4, 2), (3,)), n_outputs=1)
    solution = solve(random_model(1, nets, ("ties",), "bigm").model)
    assert solution.method.endswith("branch and price")
    assert 0.0 < solution.first_solution <= solution.seconds
