"""`auto`: what it chooses, and that it says why."""

import numpy as np
import pytest

from surrogate.bounds import compute_bounds
from surrogate.box import Box
from surrogate.encodings import auto, choose, regions
from tests.encodings.models import embedded, extremes
from tests.nets import make_net
from tests.oracles import range_of


@pytest.mark.parametrize("n_inputs", [1, 2, 3])
def test_few_inputs_and_few_regions(n_inputs):
    model, emb = embedded(make_net((3, 3), n_inputs, seed=20), "auto")
    assert (emb.encoding, emb.bounds.method) == ("regions", "crown")
    varies = "1 input varies" if n_inputs == 1 else f"{n_inputs} inputs vary"
    n_regions = len(regions.linear_regions(emb.network, emb.box, None, 10_000))
    assert emb.reason.startswith(f"{varies}, and there are only {n_regions} linear regions")
    if n_inputs < 3:
        assert np.allclose(extremes(model), range_of(emb.network, emb.box), rtol=0, atol=1e-5)


def test_few_inputs_and_too_many_regions(monkeypatch):
    monkeypatch.setattr(auto, "FEW_CORNERS", 20)
    model, emb = embedded(make_net((4, 4), seed=21), "auto")
    assert (emb.encoding, emb.bounds.method) == ("bigm", "lp")
    assert emb.reason.startswith(
        "2 inputs vary, and linear regions would have more than 20 corners; lp bounds leave "
    )
    assert np.allclose(extremes(model), range_of(emb.network, emb.box), rtol=0, atol=1e-5)


def test_many_inputs_and_few_neurons():
    _, few = embedded(make_net((3, 3), 12, seed=22), "auto")
    assert (few.encoding, few.bounds.method) == ("bigm", "lp")
    _, emb = embedded(make_net((3, 3), 13, seed=22), "auto")
    assert (emb.encoding, emb.bounds.method) == ("bigm", "milp")
    unstable = emb.bounds.counts().unstable
    assert emb.reason == (
        f"13 inputs vary, too many for linear regions; "
        f"milp bounds leave {unstable} neurons unstable"
    )


def test_many_inputs_and_many_neurons(monkeypatch):
    monkeypatch.setattr(auto, "MILP_NEURONS", 2)
    _, emb = embedded(make_net((4, 4), 13, seed=23), "auto")
    assert (emb.encoding, emb.bounds.method) == ("bigm", "lp")
    assert "lp bounds leave" in emb.reason


def test_inputs_that_cannot_vary_do_not_count():
    net = make_net((3, 3), 5, seed=24)
    box = Box.of([(-1, 1), (0.5, 0.5), (-1, 1), (0, 0), (1, 1)])
    model, emb = embedded(net, "auto", box)
    assert (emb.encoding, emb.box) == ("regions", box)
    assert emb.reason.startswith("2 inputs vary")
    assert np.allclose(extremes(model), extremes(embedded(net, "omlt", box)[0]), atol=1e-5)
    _, point = embedded(net, "auto", Box.of([(0.5, 0.5)] * 5))
    assert point.encoding == "regions"


@pytest.mark.parametrize("n_inputs", [2, 5])
def test_bounds_that_are_given_are_used(n_inputs):
    net = make_net((3, 3), n_inputs, seed=25)
    bounds = compute_bounds(net, method="interval")
    assert choose(net, net.box, "auto", bounds).bounds is bounds
    assert choose(net, net.box, "cells", bounds).bounds is bounds


@pytest.mark.parametrize(
    ("encoding", "method"), [("omlt", "interval"), ("bigm", "lp"), ("regions", "crown")]
)
def test_an_encoding_that_is_asked_for(encoding, method):
    net = make_net((3, 3), seed=26)
    chosen = choose(net, net.box, encoding)
    assert (chosen.encoding, chosen.bounds.method, chosen.reason) == (encoding, method, "asked for")


def test_copies_share_the_work_also_where_a_limit_cut_it_short(monkeypatch):
    monkeypatch.setattr(auto, "MILP_SECONDS", 1e-6)
    net = make_net((4, 4), 13, seed=27)
    first, second = (choose(net, net.box, "auto").bounds for _ in range(2))
    assert not first.complete
    assert first is second


def test_copies_do_not_try_in_vain_again(monkeypatch):
    monkeypatch.setattr(auto, "FEW_CORNERS", 20)
    tried = []
    enumerate_regions = regions.enumerate_regions

    def counted(*arguments, **options):
        tried.append(1)
        return enumerate_regions(*arguments, **options)

    monkeypatch.setattr(regions, "enumerate_regions", counted)
    net = make_net((4, 4), seed=28)
    assert [choose(net, net.box, "auto").encoding for _ in range(3)] == ["bigm"] * 3
    assert len(tried) == 1
