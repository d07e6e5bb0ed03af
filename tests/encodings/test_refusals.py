"""What bad input gets: a clear error or a clear warning, never a wrong model."""

import warnings

import numpy as np
import pyomo.environ as pyo
import pytest
from omlt import OmltBlock

from surrogate.bounds import compute_bounds
from surrogate.box import Box
from surrogate.embedding import BigMWarning, embed
from surrogate.encodings import ENCODINGS, cells, regions
from surrogate.errors import EmbeddingError
from tests.encodings.models import embedded, extremes
from tests.nets import make_net
from tests.oracles import range_of


@pytest.mark.parametrize(
    ("encoding", "n_inputs", "message"),
    [
        ("regions", 10, r"10 inputs vary; .* at most 3.*another encoding"),
        ("cells", 30, r"the network has 30 inputs that vary; cells are for at most 8.*use bigm"),
    ],
)
def test_too_many_inputs_are_refused_and_the_block_stays_free(encoding, n_inputs, message):
    net = make_net((3,), n_inputs, seed=30)
    model = pyo.ConcreteModel()
    model.x = pyo.Var(range(n_inputs), bounds=(-1, 1))
    model.net = pyo.Block()
    with pytest.raises(EmbeddingError, match=message):
        embed(model.net, net, model.x, encoding=encoding)
    assert not list(model.net.component_objects())
    assert embed(model.net, net, model.x, encoding="bigm").encoding == "bigm"


def test_too_many_regions_or_corners_are_refused(monkeypatch):
    monkeypatch.setattr(regions, "MAX_CORNERS", 40)
    with pytest.raises(EmbeddingError, match=r"linear regions.*corners.*limit is\s+40"):
        embedded(make_net((5,), seed=31), "regions")  # 12 regions, 42 corners
    monkeypatch.setattr(regions, "MAX_CORNERS", 15)  # those of 5 triangles
    with pytest.raises(EmbeddingError, match=r"at least \d+ linear regions.*limit is 5;"):
        embedded(make_net((5, 5), seed=31), "regions")


@pytest.mark.parametrize("most", [1, 2, 5])
def test_the_number_of_cells_is_limited(monkeypatch, most):
    monkeypatch.setattr(cells, "MAX_CELLS", most)
    net = make_net((4, 3), seed=32)
    monkeypatch.setattr(cells.split_cells, "__defaults__", (most,))
    model, emb = embedded(net, "cells")
    assert len(emb.block.surrogate.d) <= most
    assert np.allclose(extremes(model), range_of(net, net.box), rtol=0, atol=1e-5)


@pytest.mark.parametrize("encoding", ["omlt", "bigm", "partition", "cells"])
def test_a_large_big_m_warns_and_the_model_is_right(encoding):
    net = make_net((3, 2), seed=33, half_width=1e4)
    with pytest.warns(BigMWarning, match=r"the largest big-M is .*e\+0[345], above 1000"):
        model, emb = embedded(net, encoding, bounds="interval")
    assert emb.activations.largest_m > 1e3
    assert np.allclose(extremes(model), range_of(net, net.box), rtol=1e-6)


def test_regions_have_no_big_m_to_warn_of():
    net = make_net((3, 2), seed=33, half_width=1e4)
    model, emb = embedded(net, "regions")
    assert emb.activations.largest_m == 0.0
    assert np.allclose(extremes(model), range_of(net, net.box), rtol=1e-6)


def test_a_box_that_is_a_point_has_one_region():
    net = make_net((3, 3), 6, seed=34)
    box = Box.of([(0.25, 0.25)] * 6)
    model, _ = embedded(net, "regions", box)
    assert extremes(model) == pytest.approx([net([[0.25] * 6])[0, 0]] * 2)


@pytest.mark.parametrize("bare", [True, False])
@pytest.mark.parametrize("encoding", ["omlt", "bigm", "partition", "cells"])
def test_one_warning_at_the_line_that_builds(encoding, bare):
    net = make_net((3, 2), seed=33, half_width=1e4)
    model, bounds = pyo.ConcreteModel(), compute_bounds(net)
    model.x = pyo.Var(range(2), bounds=(-1e4, 1e4))
    model.bare, model.net = OmltBlock(), pyo.Block()
    formulation = ENCODINGS[encoding](net, bounds)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if bare:
            model.bare.build_formulation(formulation)
        else:
            embed(model.net, net, model.x, encoding=encoding, bounds=bounds)
    assert [(one.category, one.filename) for one in caught] == [(BigMWarning, __file__)]
    assert "[-10000, 10000] x [-10000, 10000]" in str(caught[0].message)
