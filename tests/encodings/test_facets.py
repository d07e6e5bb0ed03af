"""The facets of the hull: valid for every input, and tight."""

import numpy as np
import pyomo.environ as pyo
import pytest

from surrogate.encodings import facets
from surrogate.errors import EmbeddingError
from surrogate.network import Network
from surrogate.regions import enumerate_regions
from surrogate.solving import solve
from tests.encodings.models import embedded
from tests.nets import DEGENERATE, make_net
from tests.oracles import range_of


@pytest.mark.parametrize("n_inputs", [1, 2, 3])
@pytest.mark.parametrize("seed", range(4))
def test_every_point_of_the_graph_is_inside_and_every_facet_is_touched(n_inputs, seed):
    net = make_net((5, 3), n_inputs, seed=seed)
    found = enumerate_regions(net)
    normals = facets.hull_normals(found.vertices, found.values[:, 0])
    sides = (np.column_stack([found.vertices, found.values]) @ normals.T).max(axis=0)
    x = net.box.sample(2000, np.random.default_rng(0))
    inside = np.column_stack([x, net(x)]) @ normals.T
    assert (inside <= sides + 1e-9).all()
    touching = np.column_stack([found.vertices, found.values]) @ normals.T >= sides - 1e-9
    assert (touching.sum(axis=0) > n_inputs).all()  # a facet has at least as many corners


@pytest.mark.parametrize("seed", range(4))
def test_the_relaxation_has_the_networks_own_range(seed):
    net = make_net((4, 4), n_outputs=2, seed=seed)
    model, emb = embedded(net, "facets")
    relaxed = pyo.TransformationFactory("core.relax_integer_vars")
    for j, output in enumerate(emb.outputs):
        for sense, value in zip((1, -1), range_of(net, net.box, j), strict=True):
            model.objective.set_value(output)
            model.objective.sense = sense
            copy = relaxed.create_using(model)
            assert solve(copy).objective == pytest.approx(value, abs=1e-6)


@pytest.mark.parametrize("name", DEGENERATE)
def test_graphs_that_are_flat(name):
    net = DEGENERATE[name]
    found = enumerate_regions(net)
    varying = np.ptp(found.vertices, axis=0) > 0
    normals = facets.hull_normals(found.vertices[:, varying], found.values[:, 0])
    assert np.isfinite(normals).all()
    assert len(normals) >= 2


def test_too_many_facets_are_refused(monkeypatch):
    monkeypatch.setattr(facets, "MAX_FACETS", 5)
    net = make_net((6,), seed=77)
    with pytest.raises(EmbeddingError, match=r"output 0 has \d+ facets, the limit is 5; use"):
        embedded(Network(net.weights, net.biases, net.box), "facets")
